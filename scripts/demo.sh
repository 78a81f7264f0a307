#!/bin/sh
# Builds libimageio, installs it into build/prefix, builds examples/ against that as any user would, and runs the demo.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
unset DESTDIR IMAGEIO_PLUGIN_PATH

scripts/setup.sh build ffmpeg pictures
"${MAKE:-make}" --no-print-directory build
rm -rf build/prefix
cmake --install build/cmake --prefix "$PWD/build/prefix" >build/install.log || { cat build/install.log; exit 1; }
{ cmake -S examples -B build/examples -DCMAKE_PREFIX_PATH="$PWD/build/prefix" && cmake --build build/examples; } \
  >build/examples.log 2>&1 || { cat build/examples.log; exit 1; }
mkdir -p build/demo
echo
exec build/examples/demo build/demo
