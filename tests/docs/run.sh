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
# folder_of HEADER NAME: where the headers of a library lie that stands in /usr/include/NAME or in the compiler's own folders.
folder_of() {
  for folder in "/usr/include/$2" /usr/include /usr/local/include "/usr/local/include/$2"; do
    if [ -e "$folder/$1" ]; then echo "$folder"; return; fi
  done
  return 1
}

# shellcheck disable=SC2046,SC2086
for source in examples/*.c examples/cpp/*.cpp; do
  # Two examples show libimageio beside other libraries, whose headers are not held to our warnings.
  other="" libraries=""
  case $source in
    */eigen.cpp) other=$(folder_of Eigen/Core eigen3) || { echo "SKIPPED: docs: $source, for Eigen is not installed (libeigen3-dev)"; continue; } ;;
    */opencv.cpp)
      other=$(folder_of opencv2/core.hpp opencv4) || { echo "SKIPPED: docs: $source, for OpenCV is not installed (libopencv-core-dev)"; continue; }
      libraries=-lopencv_core
      ;;
  esac
  case $source in
    *.c) ${CC:-cc} -std=c11 $warnings "$source" -o "$dir/$(basename "$source" .c)" $(pkg-config --cflags --libs imageio) -lm ;;
    *) ${CXX:-c++} -std=c++17 $warnings ${other:+-isystem "$other"} "$source" -o "$dir/cpp-$(basename "$source" .cpp)" $(pkg-config --cflags --libs imageio) $libraries ;;
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
"$dir/tasks" tests/data/orientation6.jpg tests/data/skip.gif "$dir"
"$dir/cpp-read" tests/data/skip.gif "$dir/mean.png"
"$dir/cpp-tasks" tests/data/orientation6.jpg tests/data/skip.gif "$dir"
made="gradient.png mean.png tasks.jpg tasks++.jpg"
if [ -e "$dir/cpp-eigen" ]; then "$dir/cpp-eigen" tests/data/rgb8.png "$dir/turned.png"; made="$made turned.png"; fi
if [ -e "$dir/cpp-opencv" ]; then "$dir/cpp-opencv" tests/data/rgb8.png "$dir/half.png"; made="$made half.png"; fi
for file in $made; do
  "$dir/read" "$dir/$file"
done
echo "docs: the examples and $programs program of the documents are built and run"
