#!/usr/bin/env bash
# scripts/build.sh <build preset>: configures where that has not been done, then builds.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
case $preset in
  bench | program) configure=release ;;
  headers) configure=lint ;;
  *) configure=$preset ;;
esac
mkdir -p build
if [ ! -f "build/$configure/build.ninja" ]; then
  log=build/configure-$configure.log
  cmake --preset "$configure" >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
  }
fi
jobs=${JOBS:-$(nproc)}
exec cmake --build --preset "$preset" -j "$jobs" -- -k 0
