#!/bin/bash
# usage: run.sh PACKAGES DIR. Looks at the Debian packages in the folder PACKAGES, unpacks them into an empty folder and
# uses them there, and installs them with apt into a clean system, where one can be made. DIR is for what it makes.
set -eu -o pipefail
packages=$(cd "$1" && pwd)
mkdir -p "$2"
dir=$(cd "$2" && pwd)
cd "$(dirname "$0")/../.."
fail() { echo "packages: $*" >&2; exit 1; }
one() { local found=("$packages/$1"_*.deb); [ -e "${found[0]}" ] || fail "there is no package $1"; echo "${found[0]}"; }
field() { dpkg-deb -f "$(one "$1")" "$2"; }

# --- what they say
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
all=(libimageio0 libimageio-dev imageio-tools)
for module in ffmpeg avif heif jxl lerc; do
  if compgen -G "$packages/libimageio-module-${module}_*.deb" >/dev/null; then all+=("libimageio-module-$module"); fi
done
for package in "${all[@]}"; do
  [ "$(field "$package" Version)" = "$version-1" ] || fail "$package has another version"
done
[[ $(field libimageio0 Depends) == *libc6* && $(field libimageio0 Depends) != *libstdc++* ]] || fail "libimageio0 depends on: $(field libimageio0 Depends)"
[[ $(field libimageio-dev Depends) == *"libimageio0 (= $version-1)"* ]] || fail "libimageio-dev does not need its library"
[[ $(field imageio-tools Depends) == *"libimageio0 (= $version-1)"* ]] || fail "imageio-tools does not need its library"
# Two packages with one file cannot be installed together.
for package in "${all[@]}"; do dpkg-deb -c "$(one "$package")" | awk '$1 !~ /^d/ { print $6 }'; done | sort | uniq -d >"$dir/twice.txt"
[ ! -s "$dir/twice.txt" ] || fail "in two packages: $(cat "$dir/twice.txt")"

# --- unpacked: a program is built against it, and runs
rm -rf "$dir/root" && mkdir -p "$dir/root"
for package in "${all[@]}"; do dpkg-deb -x "$(one "$package")" "$dir/root"; done
pkgconfig=$(dirname "$(find "$dir/root" -name imageio.pc)")
libdir=$(dirname "$pkgconfig")
# shellcheck disable=SC2046
${CC:-cc} examples/read.c -o "$dir/read" $(PKG_CONFIG_PATH=$pkgconfig pkg-config --cflags --libs imageio)
LD_LIBRARY_PATH=$libdir "$dir/read" tests/data/rgb8.png
"$dir/root/usr/bin/iio" formats >/dev/null || fail "the unpacked tool does not run"
echo "packages: ${all[*]}: unpacked, and used there"

# --- installed
clean() {
  [ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null || return 1
  # shellcheck disable=SC1091
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ -n "$suite" ] || return 1
  rm -rf "$dir/clean"
  # The machine's own sources, in either of apt's two languages, so that it needs no other server.
  local sources=$dir/here.list
  { cat /etc/apt/sources.list 2>/dev/null; } >"$sources" || true
  if ! grep -q '^deb ' "$sources"; then
    sources=$dir/here.sources
    # Others than the distribution's want keys that a clean system does not have.
    cat /etc/apt/sources.list.d/{debian,ubuntu}.sources >"$sources" 2>/dev/null || [ -s "$sources" ] || return 1
  fi
  mmdebstrap --variant=apt --mode=root --quiet --skip=check/qemu "$suite" "$dir/clean" "$sources" >"$dir/clean.log" 2>&1
}
if clean; then
  mkdir "$dir/clean/packages"
  for package in "${all[@]}"; do cp "$(one "$package")" "$dir/clean/packages/"; done
  cp tests/data/rgb8.png tests/cmake/consumer/main.c "$dir/clean/packages/"
  # shellcheck disable=SC2016
  chroot "$dir/clean" sh -euc '
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    apt-get install -y --no-install-recommends /packages/*.deb gcc libc6-dev pkg-config
    iio info /packages/rgb8.png
    cc /packages/main.c -o /packages/main $(pkg-config --cflags --libs imageio)
    /packages/main '"$version"'
    apt-get remove -y libimageio0
    [ ! -e /usr/bin/iio ]
  ' >"$dir/clean.log" 2>&1 || { tail -n 30 "$dir/clean.log" >&2; fail "they cannot be installed or used in a clean system"; }
  rm -rf "$dir/clean"
  echo "packages: installed into a clean system, used there, and removed"
else
  rm -rf "$dir/clean"
  echo "SKIPPED: packages: installing them into a clean system, for mmdebstrap cannot make one here; they were unpacked and used"
fi
