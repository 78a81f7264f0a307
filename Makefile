# The everyday commands. `make install` takes PREFIX, LIBDIR and DESTDIR; PREFIX and LIBDIR are remembered in build/cmake.
BUILD := build/cmake
CONFIGURE = cmake -S . -B $(BUILD) $(if $(PREFIX),-DCMAKE_INSTALL_PREFIX:PATH="$(PREFIX)") $(if $(LIBDIR),-DCMAKE_INSTALL_LIBDIR="$(LIBDIR)")
# The one place that knows cargo where rustup has put it but not the PATH.
export PATH := $(PATH):$(HOME)/.cargo/bin
MAKEFLAGS += --no-print-directory

.PHONY: build demo test install install-strip packages header readme third-party exports bench clean
.NOTPARALLEL:

build:
	@mkdir -p build
	@$(CONFIGURE) >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@sed -n 's/^-- \(libimageio: no module\)/\1/p' build/configure.log
	+@cmake --build $(BUILD)

demo:
	+@scripts/demo.sh

# TEST="lint rust …" runs only these parts.
test:
	+@scripts/test.sh $(TEST)

# Under sudo, which seldom finds cargo, what `make` has built is installed as it stands.
install install-strip:
	+@if [ -n "$$SUDO_USER" ] && [ -e $(BUILD)/lib/libimageio.so ]; then $(CONFIGURE) >/dev/null; else $(MAKE) build; fi
	@cmake --install $(BUILD) $(if $(filter install-strip,$@),--strip)

# Debian packages in build/cmake/packages: `make packages PREFIX=/usr`.
packages: build
	@cd $(BUILD) && cpack -G DEB

# include/libimageio/*.h are what src/capi generates; the test that compares them can also write them.
header:
	IIO_UPDATE_HEADER=1 cargo test --release --locked -p libimageio --test documents header::

# The parts of README.md and docs/ that the registry, the headers and the examples give; its test also compares them.
readme:
	IIO_UPDATE_README=1 cargo test --release --locked -p libimageio --test documents readme::

# THIRD-PARTY.md: the crates and C libraries that are linked into libimageio, and their licences.
third-party:
	scripts/third_party.sh >THIRD-PARTY.md.new && mv THIRD-PARTY.md.new THIRD-PARTY.md

# The symbols that libimageio.so exports; a changed line is a changed ABI and belongs in CHANGELOG.md.
exports: build
	@mkdir -p tests/abi
	nm -D --defined-only $(BUILD)/lib/libimageio.so | awk '{ print $$3 }' | LC_ALL=C sort > tests/abi/exports.txt

bench:
	+@scripts/bench.sh

clean:
	rm -rf build
	cargo clean
