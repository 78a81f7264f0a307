#!/bin/sh
# Measures an installed libimageio (in build/prefix) beside what programs use without it: `scripts/bench.sh` for everything,
# with arguments (see benches/bench.py) for a part, as `scripts/bench.sh --only "PNG decode" --rounds 31`.
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

# The peers that are installed, as two libraries: codecs in C, and Rust crates.
peers=""
libraries="-lm"
with() {
  if pkg-config --exists "$2" 2>/dev/null; then
    peers="$peers -DHAVE_$1 $(pkg-config --cflags "$2")"
    libraries="$libraries $(pkg-config --libs "$2")"
  else
    echo "bench: goes on without $2" >&2
  fi
}
with SPNG spng
with PNG libpng
with TURBOJPEG libturbojpeg
with WEBP libwebp
with ISAL libisal
with TIFF libtiff-4
with OPENJPEG libopenjp2
with AVIF libavif
if echo '#include <libdeflate.h>' | ${CC:-cc} -xc -E - >/dev/null 2>&1; then
  peers="$peers -DHAVE_DEFLATE" libraries="$libraries -ldeflate"
fi
if [ -e /usr/include/stb/stb_image.h ]; then peers="$peers -DHAVE_STB -I/usr/include/stb"; fi
# shellcheck disable=SC2086
${CC:-cc} -std=gnu11 -O2 -Wall -Wextra -Wno-unused-function -fPIC -shared -fvisibility=hidden benches/peers.c \
  -o build/bench/libpeers_c.so $peers $libraries
cargo build --quiet --release --manifest-path benches/peers/Cargo.toml --target-dir build/bench/rust
cp build/bench/rust/release/libpeers.so build/bench/

python=python3
if [ -x build/bench/venv/bin/python ]; then python=build/bench/venv/bin/python; fi
"$python" benches/bench.py "$libdir/libimageio.so" build/bench "$@"

if pkg-config --exists spng; then
  compile first_imageio imageio
  compile first_spng spng
  compile small_png imageio spng
  rm -f build/bench/64.png
  build/bench/small_png build/bench/64.png build/bench/first_imageio build/bench/first_spng
fi

# Video, where its module was built: `scripts/bench.sh` runs it last; by itself benches/video.py does.
if [ -e "$libdir/imageio/modules/libimageio_ffmpeg.so" ] && [ $# -eq 0 ]; then
  compile video imageio libavcodec libavformat libavutil libswscale
  "$python" benches/video.py build/bench/video "$libdir/libimageio.so" build/bench/clips
fi
