#!/bin/sh
# Whether the module for video can be built: FFmpeg's libraries, from version 5.1 on, and libclang with its headers for
# their bindings. Says what is missing.
for name in libavcodec libavdevice libavfilter libavformat libavutil libswscale; do
  pkg-config --exists "$name" 2>/dev/null || { echo "$name is missing (Debian: $name-dev)"; exit 1; }
done
pkg-config --exists 'libavcodec >= 59.37' ||
  { echo "FFmpeg 5.1 or newer is missing: libavcodec here is $(pkg-config --modversion libavcodec), and that of 5.1 is 59.37"; exit 1; }
for dir in "${LIBCLANG_PATH:-}" /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib64 /usr/lib /usr/local/lib; do
  for file in "$dir"/libclang.so* "$dir"/libclang-[0-9]*.so*; do
    [ -e "$file" ] || continue
    for header in /usr/lib/llvm-*/lib/clang/*/include/limits.h /usr/lib/clang/*/include/limits.h /usr/lib64/clang/*/include/limits.h /usr/local/lib/clang/*/include/limits.h; do
      [ -e "$header" ] && exit 0
    done
    [ -z "${BINDGEN_EXTRA_CLANG_ARGS:-}" ] || exit 0
    echo "clang's own headers are missing (Debian: libclang-dev)"
    exit 1
  done
done
echo "libclang is missing (Debian: libclang-dev)"
exit 1
