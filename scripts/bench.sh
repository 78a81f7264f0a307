#!/bin/sh
# Compares an installed libimageio (in build/prefix) with what C programs use without it.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
unset DESTDIR IMAGEIO_PLUGIN_PATH

scripts/setup.sh build bench
"${MAKE:-make}" --no-print-directory build
rm -rf build/prefix
cmake --install build/cmake --prefix "$PWD/build/prefix" >build/install.log || { cat build/install.log; exit 1; }
pkgconfig=$(dirname "$(find build/prefix -name imageio.pc)")
libdir=$(dirname "$pkgconfig")
mkdir -p build/bench

flags() { PKG_CONFIG_PATH="$PWD/$pkgconfig" pkg-config --cflags --libs "$@"; }
# shellcheck disable=SC2046
compile() {
  program=$1
  shift
  ${CC:-cc} -std=gnu11 -O2 -Wall -Wextra "benches/$program.c" -o "build/bench/$program" -Wl,-rpath,"$PWD/$libdir" $(flags "$@")
}
if ! pkg-config --exists spng; then
  echo "bench: libspng is missing, with which small images are compared (apt-get install libspng-dev)" >&2
  exit 1
fi
compile first_imageio imageio
compile first_spng spng
compile small_png imageio spng
rm -f build/bench/64.png
build/bench/small_png build/bench/64.png build/bench/first_imageio build/bench/first_spng
