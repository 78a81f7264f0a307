#!/bin/sh
# Installs what is missing for the sets named: build, test, ffmpeg, pictures, bench, julia, r. Says nothing and takes no time when nothing is.
# With apt, as root or through `sudo -n`; where that cannot be, prints what to run and fails.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"

missing=""   # packages without which it cannot go on
wished=""    # packages that only widen what is tested or compared
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
compiles() { echo "$1" | cc -xc - -o /dev/null $2 >/dev/null 2>&1; }
has_header() { echo "#include <$1>" | cc -xc -E - >/dev/null 2>&1; }
# A Python that reads the TIFF that is written: the system's, or one of build/test.
has_tifffile() {
  [ -e build/test/venv/ready ] || python3 -c 'import tifffile, imagecodecs; assert tifffile.__version__ >= "2025"' 2>/dev/null
}

[ $# -gt 0 ] || set -- build
case " $* " in *" test "*) set -- "$@" ffmpeg pictures ;; esac
for set in "$@"; do
  case $set in
    build)
      compiles 'int main(void){return 0;}' '' || missing="$missing gcc libc6-dev"
      need g++ g++
      need make make
      need cmake cmake
      need nasm nasm
      need pkg-config pkg-config
      ;;
    test)
      need bash bash
      need readelf binutils
      command -v dpkg-shlibdeps >/dev/null || ! command -v apt-get >/dev/null || wished="$wished dpkg-dev"
      command -v mmdebstrap >/dev/null || ! command -v apt-get >/dev/null || wished="$wished mmdebstrap"
      need python3 python3       # the tests of the tool read its JSON with it
      command -v tiffinfo >/dev/null || wished="$wished libtiff-tools"   # reads the TIFF that is written
      # Opens the hyperstacks that are written.
      [ -e /usr/share/java/ij.jar ] && command -v javac >/dev/null || wished="$wished imagej default-jdk-headless"
      ldconfig -p 2>/dev/null | grep -q 'libLerc' || wished="$wished liblerc4"
      has_tifffile || python3 -c 'import venv, ensurepip' 2>/dev/null || wished="$wished python3-venv"
      if command -v cc >/dev/null; then
        # gcc's own, in a package that is named after its version.
        compiles 'int main(void){return 0;}' '-fsanitize=address,undefined' ||
          missing="$missing libgcc-$(cc -dumpversion | cut -d. -f1)-dev"
      fi
      has_header iio.h || wished="$wished libiio-dev"
      has_header eigen3/Eigen/src/Core/util/Macros.h || wished="$wished libeigen3-dev"
      ;;
    ffmpeg)
      # The module for video; its bindings are made with libclang, whose headers must be of its version.
      command -v ffmpeg >/dev/null || wished="$wished ffmpeg"
      if ! scripts/has_ffmpeg.sh >/dev/null; then
        wished="$wished libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswscale-dev"
        wished="$wished libclang"
      fi
      ;;
    pictures)
      # The modules for AVIF, HEIF and lossy JPEG XL, and the tools that read what they write.
      scripts/has_module.sh avif >/dev/null || wished="$wished libavif-dev"
      scripts/has_module.sh heif >/dev/null || wished="$wished libheif-dev"
      scripts/has_module.sh jxl >/dev/null || wished="$wished libjxl-dev"
      command -v avifdec >/dev/null || wished="$wished libavif-bin"
      command -v heif-convert >/dev/null || wished="$wished libheif-examples"
      # Newer releases have the codecs of HEVC in packages of their own.
      heif-enc --list-encoders 2>/dev/null | grep -q x265 || wished="$wished libheif-plugin-x265 libheif-plugin-libde265"
      command -v djxl >/dev/null || wished="$wished libjxl-tools"
      ;;
    bench)
      # Peers. What is not there is not measured; see scripts/bench.sh.
      need python3 python3
      has_header spng.h || wished="$wished libspng-dev"
      has_header png.h || wished="$wished libpng-dev"
      has_header turbojpeg.h || wished="$wished libturbojpeg0-dev"
      has_header webp/decode.h || wished="$wished libwebp-dev"
      has_header tiffio.h || wished="$wished libtiff-dev"
      has_header libdeflate.h || wished="$wished libdeflate-dev"
      has_header isa-l/igzip_lib.h || wished="$wished libisal-dev"
      has_header stb/stb_image.h || wished="$wished libstb-dev"
      pkg-config --exists libopenjp2 || wished="$wished libopenjp2-7-dev"
      pkg-config --exists libavif || wished="$wished libavif-dev"
      python3 -c 'import venv, ensurepip' 2>/dev/null || wished="$wished python3-venv"
      ;;
    r)
      command -v R >/dev/null || wished="$wished r-base-core r-base-dev"
      command -v qpdf >/dev/null || wished="$wished qpdf"                    # R CMD check looks with these
      command -v checkbashisms >/dev/null || wished="$wished devscripts"
      # The vignette; without them it is not built.
      if ! command -v Rscript >/dev/null || ! Rscript -e 'stopifnot(requireNamespace("knitr"), requireNamespace("rmarkdown"))' >/dev/null 2>&1; then
        wished="$wished r-cran-knitr r-cran-rmarkdown pandoc"
      fi
      ;;
    julia)
      # Below: it is no package, but it comes from Debian's archive, whose keys Ubuntu does not have by itself.
      if [ -z "${IIO_JULIA:-}" ] && ! command -v julia >/dev/null && [ ! -x build/julia/bin/julia ]; then
        [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || wished="$wished debian-archive-keyring"
      fi
      ;;
    *) echo "setup: no set is called '$set': build, test, ffmpeg, pictures, bench, julia, r" >&2; exit 2 ;;
  esac
done

if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
apt() {
  log=$(mktemp)
  # shellcheck disable=SC2086
  if $sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$log" 2>&1; then rm -f "$log"; else cat "$log" >&2; rm -f "$log"; return 1; fi
}
can_apt() { command -v apt-get >/dev/null && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; }

# Without what is here, but in a version that is too old: apt has no other.
absent() {
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf ' %s' "$package"
  done
}
# libclang and its headers are in packages that are named after their version.
by_version() {
  for package in "$@"; do
    case $package in
      libclang) apt-cache depends libclang-dev 2>/dev/null | sed -n 's/.*Depends: libclang-\([0-9]*\)-dev.*/ libclang1-\1 libclang-common-\1-dev/p' | head -n 1 | tr -d '\n' ;;
      *) printf ' %s' "$package" ;;
    esac
  done
}
# Without what this release does not have at all, which would keep apt from all the others.
known() { for package in "$@"; do if apt-cache show "$package" >/dev/null 2>&1; then printf ' %s' "$package"; fi; done; }

if [ -n "$missing$wished" ]; then
  if can_apt; then
    # shellcheck disable=SC2046,SC2086
    if [ -n "$missing$(known $(absent $(by_version $wished)))" ] || ! apt-cache show libc6 >/dev/null 2>&1; then
      apt update -qq || echo "setup: apt-get update failed; going on with the lists that are there" >&2
      wished=$(known $(absent $(by_version $wished)))
      [ -z "$missing$wished" ] || echo "setup: installing$missing$wished" >&2
      if [ -n "$missing" ] && ! apt install -qq -y --no-install-recommends $missing; then
        echo "setup: could not install$missing" >&2
        exit 1
      fi
      if [ -n "$wished" ] && ! apt install -qq -y --no-install-recommends $wished 2>/dev/null; then
        for package in $wished; do
          apt install -qq -y --no-install-recommends "$package" 2>/dev/null || echo "setup: going on without $package (optional)" >&2
        done
      fi
    fi
  elif [ -n "$missing" ]; then
    # shellcheck disable=SC2046,SC2086
    wished=$(by_version $wished)
    echo "setup: these are missing:$missing. Install them, on Debian and Ubuntu with" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing$wished" >&2
    exit 1
  fi
fi

# Julia is no package of Debian's any more: one of its last is unpacked into the build folder.
case " $* " in *" julia "*)
  if [ -z "${IIO_JULIA:-}" ] && ! command -v julia >/dev/null && [ ! -x build/julia/bin/julia ]; then
    echo "setup: bringing Julia 1.5.3 into build/julia" >&2
    scripts/get-julia.sh build/julia >&2 || { rm -rf build/julia; echo "setup: going on without Julia (optional)" >&2; }
  fi
  ;;
esac

# Rust is rustup's.
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
if ! command -v cargo >/dev/null || ! version=$(rustc --version 2>/dev/null | cut -d' ' -f2); then
  echo "setup: Rust $wanted or newer is missing; https://rustup.rs tells how to install it" >&2
  exit 1
fi
if [ "$(printf '%s\n' "$wanted" "$version" | sort -V | head -n 1)" != "$wanted" ]; then
  echo "setup: Rust $version is too old, $wanted is needed: rustup update stable" >&2
  exit 1
fi
case " $* " in *" test "*)
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    if ! command -v rustup >/dev/null || ! rustup component add rustfmt clippy; then
      echo "setup: rustfmt and clippy are missing: rustup component add rustfmt clippy" >&2
      exit 1
    fi
  fi
  ;;
esac
case " $* " in *" test "*)
  if ! has_tifffile; then
    echo "setup: bringing tifffile and imagecodecs into build/test/venv" >&2
    mkdir -p build/test
    if python3 -m venv build/test/venv && build/test/venv/bin/pip install --quiet numpy 'tifffile>=2025' imagecodecs; then
      build/test/venv/bin/pip install --quiet ome-types lxml || true   # has the schema of OME-XML
      touch build/test/venv/ready
    else
      rm -rf build/test/venv
      echo "setup: going on without tifffile and imagecodecs (optional)" >&2
    fi
  fi
  ;;
esac
# The Python peers, in an environment of their own unless the system has them.
case " $* " in *" bench "*)
  if ! python3 -c 'import PIL, numpy, imagecodecs, cv2, imageio, tifffile' 2>/dev/null && [ ! -e build/bench/venv/ready ]; then
    mkdir -p build/bench
    python3 -m venv build/bench/venv
    build/bench/venv/bin/pip install --quiet numpy pillow imagecodecs opencv-python-headless imageio tifffile OpenEXR
    build/bench/venv/bin/pip install --quiet OpenImageIO || true
    touch build/bench/venv/ready
  fi
  ;;
esac
