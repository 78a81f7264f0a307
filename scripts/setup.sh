#!/bin/sh
# Installs what is missing for the sets named: build, test, bench. Says nothing and takes no time when nothing is.
# With apt, as root or through `sudo -n`; where that cannot be, prints what to run and fails.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"

missing=""   # packages without which it cannot go on
wished=""    # packages that only widen what is tested or compared
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
compiles() { echo "$1" | cc -xc - -o /dev/null $2 >/dev/null 2>&1; }
has_header() { echo "#include <$1>" | cc -xc -E - >/dev/null 2>&1; }

[ $# -gt 0 ] || set -- build
for set in "$@"; do
  case $set in
    build)
      compiles 'int main(void){return 0;}' '' || missing="$missing gcc libc6-dev"
      need g++ g++
      need make make
      need cmake cmake
      need nasm nasm
      need pkg-config pkg-config
      ;;
    test)
      need bash bash
      need readelf binutils
      need python3 python3       # the tests of the tool read its JSON with it
      if command -v cc >/dev/null; then
        # gcc's own, in a package that is named after its version.
        compiles 'int main(void){return 0;}' '-fsanitize=address,undefined' ||
          missing="$missing libgcc-$(cc -dumpversion | cut -d. -f1)-dev"
        has_header iio.h || wished="$wished libiio-dev"
      fi
      ;;
    bench)
      has_header spng.h || wished="$wished libspng-dev"
      ;;
    *) echo "setup: no set is called '$set': build, test, bench" >&2; exit 2 ;;
  esac
done

if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
apt() {
  log=$(mktemp)
  # shellcheck disable=SC2086
  if $sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$log" 2>&1; then rm -f "$log"; else cat "$log" >&2; rm -f "$log"; return 1; fi
}
can_apt() { command -v apt-get >/dev/null && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; }

if [ -n "$missing$wished" ]; then
  if can_apt; then
    echo "setup: installing$missing$wished" >&2
    apt update -qq || echo "setup: apt-get update failed; going on with the lists that are there" >&2
    # shellcheck disable=SC2086
    if [ -n "$missing" ] && ! apt install -qq -y --no-install-recommends $missing; then
      echo "setup: could not install$missing" >&2
      exit 1
    fi
    # shellcheck disable=SC2086
    if [ -n "$wished" ] && ! apt install -qq -y --no-install-recommends $wished 2>/dev/null; then
      echo "setup: going on without$wished (optional)" >&2
    fi
  elif [ -n "$missing" ]; then
    echo "setup: these are missing:$missing. Install them, on Debian and Ubuntu with" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing$wished" >&2
    exit 1
  fi
fi

# Rust is rustup's.
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
if ! command -v cargo >/dev/null || ! version=$(rustc --version 2>/dev/null | cut -d' ' -f2); then
  echo "setup: Rust $wanted or newer is missing; https://rustup.rs tells how to install it" >&2
  exit 1
fi
if [ "$(printf '%s\n' "$wanted" "$version" | sort -V | head -n 1)" != "$wanted" ]; then
  echo "setup: Rust $version is too old, $wanted is needed: rustup update stable" >&2
  exit 1
fi
case " $* " in *" test "*)
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    if ! command -v rustup >/dev/null || ! rustup component add rustfmt clippy; then
      echo "setup: rustfmt and clippy are missing: rustup component add rustfmt clippy" >&2
      exit 1
    fi
  fi
  ;;
esac
