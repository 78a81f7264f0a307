#!/bin/bash
# Brings Julia 1.5.3, the last that Debian packaged (bullseye), into a private prefix on a Debian or Ubuntu machine:
# 60 MB to download, 340 MB unpacked. Touches neither /etc/apt nor dpkg's database.
#
# usage: get-julia.sh PREFIX     then: PREFIX/bin/julia
#        IIO_DEBIAN_MIRROR       where to fetch from; else the mirror that apt on this machine uses, else deb.debian.org
set -euo pipefail

say() { echo "get-julia.sh: $*" >&2; }
prefix=${1:?usage: get-julia.sh PREFIX}
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || { say "only for Debian or Ubuntu on amd64"; exit 1; }
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
if [ -x "$prefix/bin/julia" ] && "$prefix/bin/julia" --startup-file=no -e 'exit(0)' >/dev/null 2>&1; then
  exit 0
fi

mirror=${IIO_DEBIAN_MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  grep -oE 'https?://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ' || true)}
mirror=${mirror:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || { say "needs the package debian-archive-keyring"; exit 1; }

apt=$prefix/.apt root=$prefix/root debs=$prefix/debs
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$debs" "$root" "$prefix/bin"
echo "deb [signed-by=$keyring] $mirror bullseye main" > "$apt/sources.list"
: > "$apt/status"
options=(-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State="$apt"
  -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt"
  -o Dir::Cache::Archives="$apt/archives" -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
  -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
apt-get "${options[@]}" -qq update

# What later releases do not carry under the same soname. libmpfr6 and libgmp10 are the ones it was built against: with
# MPFR 4.2 its big floats print wrongly. libc, libstdc++, pcre2, curl, ssh2 … are the machine's own.
packages=(julia julia-common libjulia1 libllvm9 libgit2-1.1 libhttp-parser2.9 libmbedcrypto3 libmbedx509-0 libmbedtls12
  libdsfmt-19937-1 libopenlibm3 libutf8proc2 libunwind8 libffi7 libz3-4 libmpfr6 libgmp10 libgfortran5 libquadmath0)
(cd "$debs" && apt-get "${options[@]}" -qq download "${packages[@]}")
for deb in "$debs"/*.deb; do dpkg -x "$deb" "$root"; done
rm -rf "$apt" "$debs"

# Its private links point at ../libfoo.so.N: they get the machine's own libraries where the prefix has none.
triplet=usr/lib/x86_64-linux-gnu
for link in "$root/$triplet"/julia/*.so*; do
  if [ -L "$link" ] && [ ! -e "$link" ]; then
    name=$(basename "$(readlink "$link")")
    if [ -e "/$triplet/$name" ]; then ln -sf "/$triplet/$name" "$root/$triplet/$name"; else say "not on this machine: $name"; fi
  fi
done
printf '#!/bin/sh\nLD_LIBRARY_PATH=%s${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec %s/usr/bin/julia "$@"\n' \
  "$root/$triplet" "$root" > "$prefix/bin/julia"
chmod +x "$prefix/bin/julia"
"$prefix/bin/julia" --startup-file=no -e 'println("julia ", VERSION)'
