#!/bin/sh
# usage: run.sh DIR. Builds every example, and every whole C program in the documents, against the libimageio that
# pkg-config finds, with warnings as errors; runs the examples on files of tests/data. DIR is for what it makes.
set -eu
mkdir -p "$1"
dir=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
LD_LIBRARY_PATH=$(pkg-config --variable=libdir imageio)
export LD_LIBRARY_PATH
warnings="-Wall -Wextra -Wpedantic -Werror"

# shellcheck disable=SC2046,SC2086
for source in examples/*.c examples/cpp/*.cpp; do
  case $source in
    *.c) ${CC:-cc} -std=c11 $warnings "$source" -o "$dir/$(basename "$source" .c)" $(pkg-config --cflags --libs imageio) -lm ;;
    *) ${CXX:-c++} -std=c++17 $warnings "$source" -o "$dir/cpp-$(basename "$source" .cpp)" $(pkg-config --cflags --libs imageio) ;;
  esac
done

# What stands between ```c and ``` and has a main. Excerpts have none: tests/rust/documents/readme.rs compares them with their files.
programs=0
for document in README.md docs/*.md; do
  awk -v out="$dir/block-$(basename "$document" .md)" '
    /^```c$/ { file = out "-" ++n ".c"; next }
    /^```$/ { if (file) close(file); file = "" }
    file { print > file }' "$document"
done
for block in "$dir"/block-*.c; do
  if grep -q '^int main(' "$block"; then
    # shellcheck disable=SC2046,SC2086
    ${CC:-cc} -std=c11 $warnings "$block" -o "${block%.c}" $(pkg-config --cflags --libs imageio) -lm
    programs=$((programs + 1))
  fi
done
[ "$programs" -gt 0 ] || { echo "docs: README.md has lost its program" >&2; exit 1; }

"$dir/read" tests/data/rgb8.png
"$dir/write" "$dir/gradient.png"
"$dir/iterate" tests/data/skip.gif
"$dir/stream" "$dir/gradient.png"
"$dir/plugin"
"$dir/cpp-read" tests/data/skip.gif "$dir/mean.png"
for file in gradient.png mean.png; do
  "$dir/read" "$dir/$file"
done
echo "docs: the examples and $programs program of the documents are built and run"
