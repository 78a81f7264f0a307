#!/usr/bin/env bash
# Every check of this repository. With arguments, only these parts of it:
#   format lint library rust install headers pkgconfig consumer subproject packages programs sanitizers tool docs video pictures lerc julia r parity
# From `install` on they look at the library as users get it: linked as delivered, installed, and moved.
set -eu -o pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:$HOME/.cargo/bin"
unset DESTDIR IMAGEIO_PLUGIN_PATH LD_LIBRARY_PATH
export LC_ALL=C

parts=(format lint library rust install headers pkgconfig consumer subproject packages programs sanitizers tool docs video pictures lerc julia r parity)
if [[ $# -gt 0 ]]; then wanted=("$@"); else wanted=("${parts[@]}"); fi
for part in "${wanted[@]}"; do
  [[ " ${parts[*]} " == *" $part "* ]] || { echo "test: no part is called '$part': ${parts[*]}" >&2; exit 2; }
done

# What looks at the installed tree wants it fresh.
if [[ " ${wanted[*]} " =~ \ (install|headers|pkgconfig|consumer|packages|programs|sanitizers|tool|docs|video|pictures|lerc|julia|r|parity)\  ]]; then wanted+=(library install); fi

sets=(build test ffmpeg pictures)
for part in julia r; do [[ " ${wanted[*]} " != *" $part "* ]] || sets+=("$part"); done
scripts/setup.sh "${sets[@]}"

work=$PWD/build/test
tree=$work/moved          # what was installed, away from where it was installed to
cc=${CC:-cc} cxx=${CXX:-c++}
warnings=(-Wall -Wextra -Wpedantic -Werror)
mkdir -p "$work"

# --- telling what happened

results=() failed=0 began=$SECONDS
skips=$work/skips
: >"$skips"
skip() { echo "SKIPPED: $*" | tee -a "$skips"; }
fail() { echo "FAILED: $*" >&2; return 1; }

# run PART: its function in a shell of its own, where the first failing command ends it.
run() {
  local part=$1 start=$SECONDS result=passed
  printf '\n=== %s\n' "$part"
  set +e
  (set -e; "part_$part")
  [[ $? = 0 ]] || { result=FAILED; failed=1; }
  set -e
  results+=("$(printf '%-10s %s  %4d s' "$part" "$result" $((SECONDS - start)))")
}

# --- the parts

part_format() {
  cargo fmt --all --check
}

part_lint() {
  # shellcheck disable=SC2046
  cargo clippy --release --workspace $(without) --all-targets --locked --quiet -- -D warnings
}

part_rust() {
  IIO_PYTHON=$(tiff_python) && export IIO_PYTHON
  "$IIO_PYTHON" -c 'import tifffile, imagecodecs; assert tifffile.__version__ >= "2025"' 2>/dev/null ||
    skip "rust: TIFF that is written, as tifffile reads it, for tifffile of 2025 or later and imagecodecs are not installed"
  command -v tiffinfo >/dev/null || skip "rust: TIFF that is written, as libtiff reads it, for tiffinfo is not installed"
  "$IIO_PYTHON" -c 'import ome_types, lxml' 2>/dev/null ||
    skip "rust: OME-XML that is written, beside its schema, for ome-types and lxml are not installed"
  { [[ -e ${IIO_IMAGEJ:-/usr/share/java/ij.jar} ]] && command -v javac >/dev/null; } ||
    skip "rust: hyperstacks that are written, as ImageJ reads them, for imagej and a JDK are not installed"
  # shellcheck disable=SC2046
  cargo test --release --workspace $(without) --locked --no-fail-fast
}

# Modules that cannot be built here.
without() {
  local why module
  for module in ffmpeg avif heif jxl; do
    why=$(scripts/has_module.sh $module) || { skip "the module $module: $why" >&2; echo "--exclude imageio-$module"; }
  done
}

# The delivered library: what it exports and what it asks of the system that loads it.
part_library() {
  rm -rf "$work/built" "$tree"
  cmake -S . -B "$work/cmake" -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_C_FLAGS="-Werror" >"$work/configure.log" 2>&1 ||
    { cat "$work/configure.log"; fail "cmake"; }
  cmake --build "$work/cmake"
  touch "$work/built"
  local so=$work/cmake/lib/libimageio.so dynamic soname bad
  dynamic=$(readelf -dW "$so")

  nm -D --defined-only "$so" | awk '{ print $3 }' | sort >"$work/exports.txt"
  bad=$(grep -v '^iio_' "$work/exports.txt" || true)
  [[ -z $bad ]] || fail "only iio_* may be exported, not:" $bad
  diff -u tests/abi/exports.txt "$work/exports.txt" ||
    fail "the exported symbols are not those of tests/abi/exports.txt; if that is meant: make exports, and a line in CHANGELOG.md"

  soname=$(soname)
  [[ -n $soname && $dynamic == *"Library soname: [$soname]"* ]] || fail "the soname is not $soname"
  # glibc before 2.34 keeps libdl, libpthread and librt apart.
  bad=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" |
    grep -Ev '^(lib(c|m|gcc_s|dl|pthread|rt)\.so\.[0-9]+|ld-linux.*)$' || true)
  [[ -z $bad ]] || fail "it needs more than libc, libm and libgcc_s:" $bad
  grep -q 'FLAGS_1.*NODELETE' <<<"$dynamic" || fail "it is not linked with -z nodelete"
  ! grep -E 'TEXTREL|RPATH|RUNPATH' <<<"$dynamic" || fail "these have no place in it"
  ! readelf -lW "$so" | grep 'GNU_STACK.*E' || fail "it asks for an executable stack"
  ! nm -D "$so" | grep -E '__(asan|ubsan|tsan|msan)' || fail "it is built under a sanitizer"
  echo "$soname: $(wc -l <"$work/exports.txt") symbols, $(stat -Lc %s "$so") bytes," \
    "$(objcopy --strip-unneeded "$so" "$work/stripped.so" && stat -c %s "$work/stripped.so") stripped"
}

# DESTDIR, the layout of Debian's own packages, and that the tree may lie anywhere.
part_install() {
  [[ -e $work/built ]] || fail "the library was not built, see above"
  local stage=$work/stage bin file
  rm -rf "$stage" "$tree"
  DESTDIR=$stage cmake --install "$work/cmake" >"$work/install.log" || { cat "$work/install.log"; fail "cmake --install"; }
  [[ $(cd "$stage" && echo *) = usr ]] || fail "DESTDIR was not honoured"
  mv "$stage/usr" "$tree"

  local libdir version
  libdir=$(libdir)
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
  for file in bin/iio include/libimageio/{imageio.h,plugin.h,imageio.hpp} share/doc/libimageio/LICENSE-{MIT,APACHE} \
    "$libdir"/{libimageio.a,libimageio.so,"$(soname)",libimageio.so."$version",imageio/modules,pkgconfig/imageio.pc} \
    "$libdir"/cmake/imageio/imageioConfig{,Version}.cmake; do
    [[ -e $tree/$file ]] || fail "$file is not installed"
  done
  ! grep -rlE "$PWD|$stage" "$tree"/include "$tree"/bin "$tree/$libdir"/{cmake,pkgconfig} || fail "these name the build or staging folder"

  bin=$(readelf -dW "$tree/bin/iio")
  [[ $bin == *"RUNPATH) "*"[\$ORIGIN/../$libdir]"* || $bin == *"RPATH) "*"[\$ORIGIN/../$libdir]"* ]] || fail "iio has no relocatable RPATH"
  [[ $(ldd "$tree/bin/iio") == *"=> $tree/"*libimageio.so.* ]] || fail "iio does not find the library installed with it"
  "$tree/bin/iio" formats >"$work/formats.txt" || fail "iio formats: exit code $?"
  [[ -s $work/formats.txt ]] || fail "iio formats says nothing"
  find "$tree" ! -type d | sort | sed "s|^$tree/||"
}
soname() { sed -n 's/.*-Wl,-soname,\([^"]*\)".*/\1/p' dist/build.rs; }
libdir() { sed -n 's/^CMAKE_INSTALL_LIBDIR:[A-Z]*=//p' "$work/cmake/CMakeCache.txt"; }
export_pkgconfig() { PKG_CONFIG_PATH=$tree/$(libdir)/pkgconfig; export PKG_CONFIG_PATH; }

# The headers by themselves: in each language, twice over, in two translation units, in any company.
part_headers() {
  local dir=$work/headers std header headers=(imageio.h plugin.h)
  # The initialisers are part of the header, and must not bring warnings into other people's programs.
  local use='int main(void) {
    iio_props props = IIO_PROPS_INIT;
    iio_array array = IIO_ARRAY_INIT;
    iio_callbacks callbacks = IIO_CALLBACKS_INIT;
    return !(props.struct_size == sizeof props && array.struct_size == sizeof array && callbacks.struct_size == sizeof callbacks);
  }'
  rm -rf "$dir" && mkdir -p "$dir"
  include() { local h; for h in "$@"; do echo "#include <$h>"; done; }
  # compile COMPILER STANDARD SOURCE: alone, and linked with itself under another name of main.
  compile() {
    echo "  $2 $(grep -c . "$3") lines: $(tr '\n' ' ' <"$3" | sed 's/#include //g')"
    "$1" "-std=$2" "${warnings[@]}" -I"$tree/include" -c "$3" -o "$dir/a.o"
    { cat "$3"; echo "$use"; } >"$dir/main.${3##*.}"
    "$1" "-std=$2" "${warnings[@]}" -I"$tree/include" "$dir/main.${3##*.}" "$dir/a.o" "$tree/$(libdir)/libimageio.so" -o "$dir/a.out"
    LD_LIBRARY_PATH=$tree/$(libdir) "$dir/a.out" || fail "an initialiser is wrong"
  }
  for header in "${headers[@]}"; do
    include "libimageio/$header" "libimageio/$header" | tee "$dir/alone.c" >"$dir/alone.cpp"
    for std in c11 c17; do compile "$cc" $std "$dir/alone.c"; done
    for std in c++17 c++20; do compile "$cxx" $std "$dir/alone.cpp"; done
  done
  include libimageio/imageio.hpp libimageio/imageio.hpp libimageio/plugin.h >"$dir/hpp.cpp"
  for std in c++17 c++20; do compile "$cxx" $std "$dir/hpp.cpp"; done

  # Debian's libiio is another library with the same prefix.
  if ! echo '#include <iio.h>' | "$cc" -xc -E - >/dev/null 2>&1; then
    skip "headers: beside <iio.h>, for libiio-dev is not installed"
    return
  fi
  # (its own headers are not pedantic)
  warnings=(-Wall -Wextra -Werror)
  include iio.h libimageio/imageio.h libimageio/plugin.h | tee "$dir/after.c" >"$dir/after.cpp"
  include libimageio/imageio.h libimageio/plugin.h iio.h | tee "$dir/before.c" >"$dir/before.cpp"
  compile "$cc" c11 "$dir/after.c"
  compile "$cc" c11 "$dir/before.c"
  compile "$cxx" c++17 "$dir/after.cpp"
  compile "$cxx" c++17 "$dir/before.cpp"
}

# One program by pkg-config alone: shared, with libimageio.a, and wholly static.
part_pkgconfig() {
  export_pkgconfig
  local dir=$work/pkgconfig main=tests/cmake/consumer/main.c version
  mkdir -p "$dir"
  pkg-config --validate imageio
  version=$(pkg-config --modversion imageio)
  # shellcheck disable=SC2046
  "$cc" -std=c11 "${warnings[@]}" $main -o "$dir/shared" $(pkg-config --cflags --libs imageio)
  LD_LIBRARY_PATH=$(pkg-config --variable=libdir imageio) "$dir/shared" "$version"
  # shellcheck disable=SC2046
  "$cc" -std=c11 "${warnings[@]}" $main -o "$dir/archive" $(pkg-config --cflags imageio) $(pkg-config --variable=static_libs imageio)
  ! readelf -dW "$dir/archive" | grep -F libimageio || fail "static_libs did not link the archive"
  "$dir/archive" "$version"
  # (glibc warns that dlopen and getaddrinfo in a static program still want its shared libraries)
  # shellcheck disable=SC2046
  "$cc" -static -std=c11 "${warnings[@]}" $main -o "$dir/static" $(pkg-config --static --cflags --libs imageio) 2>"$dir/static.log" ||
    { cat "$dir/static.log"; fail "cc -static"; }
  ! readelf -dW "$dir/static" | grep -F NEEDED || fail "--static did not make a static program"
  "$dir/static" "$version"
}

# cmake_tests SOURCE NAME [CMAKE ARGUMENT …]: configure, build and run a project against the installed tree.
cmake_tests() {
  [[ -d $tree ]] || fail "nothing is installed, see above"
  local source=$1 dir=$work/$2 log=$work/$2.log
  cmake -S "$source" -B "$dir" -DCMAKE_PREFIX_PATH="$tree" "${@:3}" >"$log" 2>&1 || { cat "$log"; fail "cmake $source"; }
  cmake --build "$dir" -j 2 >"$log" 2>&1 || { cat "$log"; fail "building $source"; }
  # Even the cache of an earlier run must not lead elsewhere.
  grep -q "^imageio_DIR:PATH=$tree/" "$dir/CMakeCache.txt" || fail "find_package found another imageio"
  (cd "$dir" && ctest -j 2 --output-on-failure --no-tests=error) | tee "$log"
  sed -n 's/.* - \(.*\) (Skipped)$/\1/p' "$log" | while read -r name; do
    skip "$2: $name: $(said "$name" "$dir/Testing/Temporary/LastTest.log" | tail -n 1)"
  done
}

# What a test printed, by ctest's log.
said() { awk -v name="$1" '/Testing: /{ mine = $3 == name } /<end of output>/{ on = 0 } on > 1; on == 1 { on = 2 } mine && /^Output:/{ on = 1 }' "$2"; }

# A project of a user's.
part_consumer() {
  cmake_tests tests/cmake/consumer consumer
}

# A project that has libimageio as a part of itself, by add_subdirectory and by FetchContent; it installs its own things only.
part_subproject() {
  local way dir
  for way in OFF ON; do
    dir=$work/subproject-$way
    cmake -S tests/cmake/subdirectory -B "$dir" -DFETCH=$way -DCMAKE_INSTALL_PREFIX="$dir/prefix" >"$dir.log" 2>&1 ||
      { cat "$dir.log"; fail "cmake tests/cmake/subdirectory -DFETCH=$way"; }
    cmake --build "$dir" >"$dir.log" 2>&1 || { cat "$dir.log"; fail "building the subproject, FETCH=$way"; }
    (cd "$dir" && ctest --output-on-failure --no-tests=error)
    cmake --install "$dir" >"$dir.log"
    [[ $(cd "$dir/prefix" && find . -type f) = ./bin/shared ]] || fail "a project that uses libimageio installed more than its own"
  done
}

# Debian packages, installed into a clean system where one can be made, and unpacked into an empty folder in any case.
part_packages() {
  if ! command -v dpkg-shlibdeps >/dev/null; then skip "packages: dpkg-dev is not installed"; return; fi
  rm -rf "$work/cmake/packages"
  (cd "$work/cmake" && cpack -G DEB) >"$work/packages.log" 2>&1 || { cat "$work/packages.log"; fail "cpack"; }
  tests/packages/run.sh "$work/cmake/packages" "$work/packages" | tee "$work/packages.log"
  sed -n 's/^SKIPPED: //p' "$work/packages.log" | while read -r line; do echo "SKIPPED: $line" >>"$skips"; done
}

# tests/c and tests/cpp.
part_programs() {
  cmake_tests tests programs
  mdspan_of_libcxx
}

# GCC's standard library has no std::mdspan before version 16; LLVM's has one.
mdspan_of_libcxx() {
  local other= name out=$work/programs/mdspan
  for name in clang++ clang++-{22,21,20,19,18}; do
    if echo '#include <mdspan>' | "$name" -std=c++23 -stdlib=libc++ -fsyntax-only -xc++ - 2>/dev/null; then other=$name; break; fi
  done
  [[ -n $other ]] || { skip "programs: mdspan: no clang with a libc++ that has it"; return 0; }
  export_pkgconfig
  # shellcheck disable=SC2046
  "$other" -std=c++23 -stdlib=libc++ "${warnings[@]}" tests/cpp/mdspan.cpp -o "$out" $(pkg-config --cflags --libs imageio) \
    -Wl,-rpath,"$(pkg-config --variable=libdir imageio)"
  mkdir -p "$out.scratch"
  "$out" "$out.scratch" "$PWD/tests/data"
}

# The same under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
part_sanitizers() {
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  # That they look at all: a program that leaks must fail.
  echo 'int main(void) { void *volatile p = __builtin_malloc(10); p = 0; return p != 0; }' >"$work/leak.c"
  "$cc" -fsanitize=address,undefined "$work/leak.c" -o "$work/leak"
  ! "$work/leak" 2>/dev/null || fail "LeakSanitizer does not work here"
  cmake_tests tests sanitizers -DIIO_SANITIZE=ON
}

# The installed command-line tool.
part_tool() {
  rm -rf "$work/tool" && mkdir -p "$work/tool"
  tests/tool/run.sh "$tree/bin/iio" "$work/tool" "$PWD/tests/data"
}

# The programs in the documents, and the examples.
part_docs() {
  export_pkgconfig
  tests/docs/run.sh "$work/docs" | tee "$work/docs.log"
  grep '^SKIPPED: ' "$work/docs.log" >>"$skips" || true
}

# What C gets, and a plugin that fails as it is told, for the tests of the bindings.
dump() {
  export_pkgconfig
  local out=$work/bindings
  mkdir -p "$out"
  # shellcheck disable=SC2046
  "$cc" -std=c11 "${warnings[@]}" tests/bindings/dump.c -o "$out/dump" $(pkg-config --cflags --libs imageio) \
    -Wl,-rpath,"$(pkg-config --variable=libdir imageio)" || fail "tests/bindings/dump.c"
  # shellcheck disable=SC2046
  "$cc" -std=c11 "${warnings[@]}" -fPIC -shared tests/modules/answers.c -o "$out/answers.so" $(pkg-config --cflags imageio) ||
    fail "tests/modules/answers.c"
}
binding_skips() { sed -n 's/^SKIPPED: //p' "$1" | while read -r why; do skip "$why"; done; }

# The package of Julia, installed and tested by Julia's own Pkg in a depot of its own, without the network.
part_julia() {
  local julia=${IIO_JULIA:-} depot=$work/julia log=$work/julia.log
  [[ -n $julia ]] || julia=$(command -v julia || true)
  [[ -n $julia ]] || julia=$PWD/build/julia/bin/julia
  if ! "$julia" --version >/dev/null 2>&1; then skip "julia: there is none here, and scripts/get-julia.sh could not bring one"; return; fi
  dump
  rm -rf "$depot" && mkdir -p "$depot/registries/General" "$depot/project"
  # An empty registry: older versions would fetch the public one for nothing.
  cat >"$depot/registries/General/Registry.toml" <<'END'
name = "General"
uuid = "23338594-aafe-5451-b93e-139f81909106"
repo = "https://example.invalid/none.git"
[packages]
END
  JULIA_DEPOT_PATH=$depot JULIA_PROJECT=$depot/project JULIA_NUM_THREADS=2 JULIA_PKG_OFFLINE=true IMAGEIO_HOME=$tree \
    IIO_DUMP=$work/bindings/dump IIO_ANSWERS=$work/bindings/answers.so IIO_SHARED=${IIO_SHARED:-$PWD/../shared} IIO_DATA=$PWD/tests/data \
    "$julia" --startup-file=no -e 'using Pkg; Pkg.develop(PackageSpec(path = ARGS[1])); Pkg.test("LibImageIO")' "$PWD/bindings/julia" \
    >"$log" 2>&1 || { cat "$log"; fail "the tests of the Julia package"; }
  grep -A1 '^Test Summary' "$log" | tail -n 2
  binding_skips "$log"
}

# The package of R: R CMD check, and what needs the fixtures.
part_r() {
  if ! command -v R >/dev/null; then skip "r: R is not installed"; return; fi
  dump
  local dir=$work/r log=$work/r.log vignette=() ignore=() status tolerated=0
  rm -rf "$dir" && mkdir -p "$dir/library"
  if ! command -v pandoc >/dev/null || ! Rscript -e 'stopifnot(requireNamespace("knitr"), requireNamespace("rmarkdown"))' >/dev/null 2>&1; then
    skip "r: the vignette, for knitr, rmarkdown or pandoc is not installed"
    vignette=(--no-build-vignettes) ignore=(--ignore-vignettes)
  fi
  export IMAGEIO_HOME=$tree _R_CHECK_CRAN_INCOMING_=false _R_CHECK_FORCE_SUGGESTS_=false
  export LC_ALL=C.UTF-8   # else R looks for en_US.UTF-8, and warns where that is not
  # R warns of each tool that it misses; that is no warning of the package.
  command -v checkbashisms >/dev/null || { skip "r: bashisms in configure, for checkbashisms (devscripts) is not installed"; tolerated=$((tolerated + 1)); }
  R_QPDF=$(command -v qpdf) && export R_QPDF ||   # Debian's R was built without knowing one
  { skip "r: sizes of PDFs, for qpdf is not installed"; tolerated=$((tolerated + 1)); }
  (cd "$dir" && R CMD build "${vignette[@]}" "$OLDPWD/bindings/r") >"$log" 2>&1 || { cat "$log"; fail "R CMD build"; }
  (cd "$dir" && R CMD check --as-cran --no-manual "${ignore[@]}" imageio_*.tar.gz) >"$log" 2>&1 || { cat "$log"; fail "R CMD check"; }
  status=$(grep '^Status:' "$log")
  echo "R CMD check: $status"
  [[ $status != *ERROR* && $(grep -c 'WARNING$' "$log" || true) -le $tolerated ]] || { cat "$log"; fail "R CMD check warns"; }
  R CMD INSTALL --library="$dir/library" "$dir"/imageio_*.tar.gz >"$log" 2>&1 || { cat "$log"; fail "R CMD INSTALL"; }
  R_LIBS=$dir/library Rscript tests/bindings/more.R "$PWD" "$work/bindings/dump" "$work/bindings/answers.so" "${IIO_SHARED:-$PWD/../shared}" >"$log" 2>&1 ||
    { cat "$log"; fail "tests/bindings/more.R"; }
  cat "$log"
  binding_skips "$log"
}

# The module for video beside the ffmpeg tool.
part_video() {
  local module=$tree/$(libdir)/imageio/modules/libimageio_ffmpeg.so status=0 why
  if ! why=$(scripts/has_ffmpeg.sh); then skip "video: $why"; return; fi
  [[ -e $module ]] || fail "the module is not installed"
  [[ $(nm -D --defined-only "$module" | awk '{ print $3 }') = iio_plugin_entry ]] || fail "the module exports more than its entry"
  [[ -d ${IIO_SHARED:-../shared}/images ]] || skip "video: there is no folder of real films, IIO_SHARED"
  python3 tests/modules/ffmpeg.py "$tree/$(libdir)/libimageio.so" "$work/video" || status=$?
  if [[ $status = 77 ]]; then skip "video: ffmpeg is not installed"; return; fi
  return $status
}

# The module for LERC, and LERC inside TIFF, beside imagecodecs.
part_lerc() {
  local module=$tree/$(libdir)/imageio/modules/libimageio_lerc.so status=0 log=$work/lerc.log
  [[ -e $module ]] || fail "the module is not installed"
  [[ $(nm -D --defined-only "$module" | awk '{ print $3 }') = iio_plugin_entry ]] || fail "the module exports more than its entry"
  "$(tiff_python)" tests/modules/lerc.py "$tree/$(libdir)/libimageio.so" >"$log" 2>&1 || status=$?
  if [[ $status = 77 ]]; then skip "lerc: $(tail -n 1 "$log")"; return; fi
  cat "$log"
  return $status
}

# A Python with tifffile and imagecodecs, which scripts/setup.sh makes where the system's has none.
tiff_python() { if [[ -x build/test/venv/bin/python ]]; then echo build/test/venv/bin/python; else echo python3; fi; }

# The modules for pictures beside the tools of the libraries that they are made on.
part_pictures() {
  local module path status
  for module in avif heif jxl; do
    if ! why=$(scripts/has_module.sh $module); then skip "pictures: the module $module: $why"; continue; fi
    path=$tree/$(libdir)/imageio/modules/libimageio_$module.so
    [[ -e $path ]] || fail "the module $module is not installed"
    [[ $(nm -D --defined-only "$path" | awk '{ print $3 }') = iio_plugin_entry ]] || fail "the module $module exports more than its entry"
    status=0
    python3 tests/modules/pictures.py "$tree/$(libdir)/libimageio.so" "$work/pictures" $module | tee "$work/pictures.log" || status=$?
    sed -n 's/^SKIPPED: //p' "$work/pictures.log" | while read -r why; do skip "pictures: $why"; done
    [[ $status = 0 ]] || return $status
  done
}

# Real files beside what imageio gives for them, where a folder of such files is at hand: IIO_SHARED, or ../shared.
part_parity() {
  local shared=${IIO_SHARED:-../shared} so=$tree/$(libdir)/libimageio.so log=$work/parity.log ending
  if [[ ! -e $shared/tools/parity/parity.py ]]; then skip "parity: there is no folder of real files, IIO_SHARED"; return; fi
  if ! python3 -c 'import numpy' 2>/dev/null; then skip "parity: python3 has no numpy"; return; fi
  for ending in png apng jpg jpeg mpo gif webp bmp dib avif heic heif; do
    case $ending in
      avif) scripts/has_module.sh avif >/dev/null || { skip "parity: *.$ending: there is no module for it"; continue; } ;;
      hei[cf]) scripts/has_module.sh heif >/dev/null || { skip "parity: *.$ending: there is no module for it"; continue; } ;;
    esac
    python3 "$shared/tools/parity/parity.py" "$so" "$shared/images" "$shared/reference/goldens.json" --only "*.$ending" |
      tail -n 1 | tee "$log"
    grep -q 'opened 100.0%.* crashed 0, hung 0' "$log" || fail "parity: *.$ending"
  done
}

for part in "${parts[@]}"; do
  [[ " ${wanted[*]} " != *" $part "* ]] || run "$part"
done

printf '\n=== summary\n'
printf '%s\n' "${results[@]}"
cat "$skips"
if [[ ${#results[@]} -lt ${#parts[@]} ]]; then echo "only what was asked for was run, of: ${parts[*]}"; fi
if [[ $failed = 0 ]]; then echo "make test: all passed in $((SECONDS - began)) s"; else echo "make test: FAILED after $((SECONDS - began)) s"; fi
exit $failed
