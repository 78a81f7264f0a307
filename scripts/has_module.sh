#!/bin/sh
# usage: has_module.sh ffmpeg|avif|heif|jxl|lerc. Whether the module can be built: the libraries that it is made on, with their
# headers. Says what is missing.
cd "$(dirname "$0")" || exit 1
# wants LIBRARY VERSION PACKAGE: by pkg-config.
wants() {
  pkg-config --exists "$1 >= $2" 2>/dev/null && return
  if have=$(pkg-config --modversion "$1" 2>/dev/null); then
    echo "$1 $2 or newer is missing: it is $have here"
  else
    echo "$1 $2 or newer is missing (Debian: $3)"
  fi
  exit 1
}
case $1 in
  ffmpeg) exec ./has_ffmpeg.sh ;;
  avif) wants libavif 0.11 libavif-dev ;;
  heif) wants libheif 1.15 libheif-dev ;;
  jxl) wants libjxl 0.7 libjxl-dev && wants libjxl_threads 0.7 libjxl-dev ;;
  lerc) ;;   # Esri's library is looked for when the module is loaded
  *) echo "no module is called '$1'" >&2; exit 2 ;;
esac
