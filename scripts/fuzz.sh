#!/usr/bin/env bash
# scripts/fuzz.sh <seconds>: runs each fuzz target for that long, from its kept corpus. New inputs stay in
# build/fuzz/corpus; what fails is named and kept in build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
scripts/build.sh fuzz
status=0
while IFS=$'\t' read -r program corpus; do
  [ -n "$program" ] || continue
  name=$(basename "$program")
  found=build/fuzz/corpus/$name
  mkdir -p "$found" build/fuzz/findings
  seeds=()
  [ ! -d "$corpus" ] || seeds=("$corpus")
  echo "== fuzz: $name"
  "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/findings/$name-" "$found" "${seeds[@]}" || status=1
done <build/fuzz/fuzz-targets.tsv
exit $status
