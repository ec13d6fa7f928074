#!/usr/bin/env bash
# scripts/test.sh <preset>...: builds and runs each preset's tests, all of them even where one fails, and ends
# with the sum of what ctest counted. A test that did not run counts as failed. Writes the seconds of each row
# to build/rows.tsv.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0
failed=0
status=0
mkdir -p build
rows=${DIALOG_ROWS:-build/rows.tsv}
[ -n "${DIALOG_ROWS:-}" ] || : >"$rows"

row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$rows"; }

# What an attribute of the report's root element says.
attribute() { sed -n "s/^<testsuite.*[[:space:]]$1=\"\([0-9]*\)\".*/\1/p; s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -1; }

for preset in "$@"; do
  start=$SECONDS
  echo "== $preset: build"
  if ! scripts/build.sh "$preset" >"build/build-$preset.log" 2>&1; then
    tail -n 100 "build/build-$preset.log"
    row "build $preset" $((SECONDS - start)) failed
    failed=$((failed + 1))
    status=1
    continue
  fi
  row "build $preset" $((SECONDS - start)) ok

  start=$SECONDS
  echo "== $preset: test"
  report=$PWD/build/$preset/junit.xml
  rm -f "$report"
  outcome=ok
  ctest --preset "$preset" -j "$(nproc)" --output-junit "$report" || outcome=failed
  if [ ! -f "$report" ]; then
    failed=$((failed + 1))
    outcome=failed
  else
    tests=$(attribute tests "$report")
    bad=$(($(attribute failures "$report") + $(attribute disabled "$report") + $(attribute skipped "$report")))
    passed=$((passed + tests - bad))
    failed=$((failed + bad))
    [ "$bad" -eq 0 ] || outcome=failed
  fi
  [ "$outcome" = ok ] || status=1
  row "test $preset" $((SECONDS - start)) "$outcome"
done

echo
echo "$passed passed, $failed failed"
exit $status
