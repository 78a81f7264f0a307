#!/bin/sh
# Measures the packages of Julia and R beside C and beside R's own packages: benches/bindings/bindings.py. Arguments are passed on
# (--rounds N). IMAGEIO_HOME is an installed libimageio, else it is built and installed into build/prefix. What is not here (Julia,
# R, R's packages png, jpeg, tiff and magick) is left out.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
unset IMAGEIO_PLUGIN_PATH
scripts/setup.sh build julia r
if [ -z "${IMAGEIO_HOME:-}" ]; then
  "${MAKE:-make}" --no-print-directory build
  cmake --install build/cmake --prefix "$PWD/build/prefix" >build/install.log || { cat build/install.log; exit 1; }
  IMAGEIO_HOME=$PWD/build/prefix
fi
export IMAGEIO_HOME
work=$PWD/build/bench/bindings
mkdir -p "$work/library"
PKG_CONFIG_PATH=$(dirname "$(find "$IMAGEIO_HOME" -name imageio.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
"${CC:-cc}" -std=c11 -O2 -Wall -Wextra benches/bindings/read.c -o "$work/read" $(pkg-config --cflags --libs imageio) \
  -Wl,-rpath,"$(pkg-config --variable=libdir imageio)"

julia=${IIO_JULIA:-$(command -v julia || echo build/julia/bin/julia)}
in_julia="" in_r=""
if "$julia" --version >/dev/null 2>&1; then
  export JULIA_LOAD_PATH="$PWD/bindings/julia:@stdlib" JULIA_DEPOT_PATH="$work/depot"
  in_julia="$julia --startup-file=no --project=$PWD/bindings/julia benches/bindings/read.jl"
else
  echo "bench: goes on without Julia" >&2
fi
if command -v R >/dev/null; then
  rm -rf "$work/src" && cp -r bindings/r "$work/src"
  R CMD INSTALL --library="$work/library" "$work/src" >"$work/r.log" 2>&1 || { cat "$work/r.log"; exit 1; }
  export R_LIBS="$work/library"
  in_r="Rscript benches/bindings/read.R"
else
  echo "bench: goes on without R" >&2
fi
exec python3 benches/bindings/bindings.py "$work" "$work/read" "$in_julia" "$in_r" "$@"
