#!/usr/bin/env bash
# bench/run.sh [tree|store|register|sync]: runs one suite or all; results go to build/bench/results.jsonl.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/bench
exec build/release/bench/dialog-bench --suite "${1:-all}" --folder build/bench --out build/bench/results.jsonl
