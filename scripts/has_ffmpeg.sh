#!/bin/sh
# Whether the module for video can be built: FFmpeg's libraries, and libclang with its headers for their bindings. Says
# what is missing.
for name in libavcodec libavdevice libavfilter libavformat libavutil libswscale; do
  pkg-config --exists "$name" 2>/dev/null || { echo "$name is missing (Debian: $name-dev)"; exit 1; }
done
for dir in "${LIBCLANG_PATH:-}" /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib64 /usr/lib /usr/local/lib; do
  for file in "$dir"/libclang.so* "$dir"/libclang-[0-9]*.so*; do
    [ -e "$file" ] || continue
    for header in /usr/lib/llvm-*/lib/clang/*/include/limits.h /usr/lib/clang/*/include/limits.h /usr/lib64/clang/*/include/limits.h /usr/local/lib/clang/*/include/limits.h; do
      [ -e "$header" ] && exit 0
    done
    [ -z "${BINDGEN_EXTRA_CLANG_ARGS:-}" ] || exit 0
    echo "clang's own headers are missing (Debian: libclang-common-NN-dev of the version of libclang1-NN)"
    exit 1
  done
done
echo "libclang is missing (Debian: libclang1-NN and libclang-common-NN-dev of one version)"
exit 1
