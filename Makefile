# Thin names for what CMake presets and scripts/ do; each first installs what the machine lacks.
# The presets that `make test` builds and runs, in order; TEST_PRESETS="release wasm" chooses some.
TEST_PRESETS ?= release asan tsan wasm
# A benchmark suite (tree, store, register or sync); empty for all.
SUITE ?=
# Seconds that `make fuzz` gives to each target.
FUZZ_SECONDS ?= 60
# How many times the work of `make test` that `make soak` does.
SOAK_SCALE ?= 100

.DEFAULT_GOAL := build
.PHONY: help setup build test lint format demo bench fuzz soak install clean

help:
	@echo 'make build    the program and the libraries, optimized, in build/release'
	@echo 'make test     all suites, also under sanitizers, without exceptions and as WebAssembly'
	@echo 'make lint     format, layers, sizes, headers alone, clang-tidy'
	@echo 'make format   rewrite the sources as clang-format wants them'
	@echo 'make demo     synchronize two devices over a server, on real data'
	@echo 'make bench    SUITE=tree|store|register|sync; adds to build/bench/results.jsonl'
	@echo 'make fuzz     FUZZ_SECONDS=60 for each fuzz target'
	@echo 'make soak     SOAK_SCALE=100 times the work of the long suites'
	@echo 'make install  DESTDIR= and PREFIX=/usr/local, as usual'
	@echo 'make setup    install the packages that are missing; every other target does it first'
	@echo 'make clean    remove build/'

setup:
	@scripts/setup.sh

build: setup
	@scripts/build.sh release

test: setup
	@scripts/test.sh $(TEST_PRESETS)

lint: setup
	@scripts/lint.sh

format: setup
	@scripts/format.sh --fix

demo: setup
	@scripts/build.sh program
	@scripts/demo.sh

bench:
	@scripts/setup.sh bench
	@scripts/build.sh bench
	@bench/run.sh $(SUITE)

fuzz: setup
	@scripts/fuzz.sh $(FUZZ_SECONDS)

soak: build
	@DIALOG_SOAK_SCALE=$(SOAK_SCALE) ctest --test-dir build/release --output-on-failure --timeout 0 -L soak

PREFIX ?= /usr/local
install: build
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

clean:
	rm -rf build
