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

# Every block of a program, wherever it stands, is one of those: whole and built above; an excerpt, generated from a file that is
# built above; CMake, built below; Julia or R on a page that the tests of that binding run through.
documents="README.md $(echo docs/*.md) bindings/julia/README.md bindings/r/README.md"
for document in $documents; do
  awk -v name="$document" '
    function bad(why) { print name ":" FNR ": " why > "/dev/stderr"; failed = 1 }
    /^<!-- generated: /{ generated = FNR }
    /^```[a-z]+$/ {
      language = substr($0, 4)
      start = FNR
      has_main = 0
      if (language == "c" || language == "cpp") excerpt = generated == FNR - 1
      else if (language == "julia") { if (name !~ /^(docs\/julia|bindings\/julia\/README)\.md$/) bad("a program in Julia that nothing runs") }
      else if (language == "r") { if (name !~ /^(docs\/r|bindings\/r\/README)\.md$/) bad("a program in R that nothing runs") }
      else if (language != "cmake") bad("a block in " language ", which nothing runs")
      next
    }
    /^```$/ {
      if (language == "cpp" && !excerpt || language == "c" && !excerpt && !has_main) bad("a block that nothing compiles, from line " start)
      if (!language && !plain) plain = 1
      else { language = ""; plain = 0 }
      next
    }
    /^int main\(/ { has_main = 1 }
    END { exit failed }' "$document"
done

# What the documents call exists.
cat include/libimageio/*.h >"$dir/headers.txt"
# shellcheck disable=SC2086
for name in $(cat $documents | grep -ohE '\b(iio_[a-z0-9_]*[a-z0-9]|IIO_[A-Z0-9_]*[A-Z0-9])\b' | sort -u); do
  grep -qw -e "$name" "$dir/headers.txt" || grep -qE "^iio_[a-z]+_$|\\b$name" "$dir/headers.txt" || case $name in
    IIO_DUMP | IIO_ANSWERS | IIO_JULIA | IIO_SHARED | IIO_DATA | IIO_SANITIZE) ;; # variables of the tests
    *) echo "docs: $name is in no header" >&2; exit 1 ;;
  esac
done
# shellcheck disable=SC2013
for name in $(sed -n '/^| magick/,$p; /^| imageio | Julia/,/^$/p' docs/migration.md | grep -oE '\bim[a-z]+\(' | tr -d '(' | sort -u); do
  grep -qw "$name" bindings/r/NAMESPACE || grep -q "^export.*\b$name\b" bindings/julia/src/LibImageIO.jl || { echo "docs: $name is in no binding" >&2; exit 1; }
done

# The blocks of CMake: each is the CMakeLists.txt of a project with one program.
blocks=0
for document in README.md docs/*.md; do
  awk -v out="$dir/block-$(basename "$document" .md)" '
    /^```cmake$/ { file = out "-" ++n ".cmake"; print "cmake_minimum_required(VERSION 3.16)\nproject(block C)\nset(CMAKE_C_STANDARD 11)\nfind_package(imageio 0.1 CONFIG REQUIRED)\nadd_executable(program program.c)" > file; next }
    /^```$/ { if (file) close(file); file = "" }
    file { print > file }' "$document"
done
prefix=$(dirname "$(pkg-config --variable=includedir imageio)")
for block in "$dir"/block-*.cmake; do
  [ -e "$block" ] || continue
  project=${block%.cmake}.project
  rm -rf "$project" && mkdir -p "$project"
  cp "$block" "$project/CMakeLists.txt"
  cp examples/read.c "$project/program.c"
  cp examples/plugin.c "$project/glyph.c"      # of docs/plugins.md
  grep -q 'target_link_libraries(program' "$block" || echo 'int main(void) { return 0; }' >"$project/program.c"
  { cmake -S "$project" -B "$project/build" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$project/build"; } >"$project.log" 2>&1 ||
    { cat "$project.log" >&2; exit 1; }
  "$project/build/program" tests/data/rgb8.png
  blocks=$((blocks + 1))
done

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
echo "docs: the examples, $programs program and $blocks projects of the documents are built and run; every block is accounted for"
