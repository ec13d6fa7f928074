#!/usr/bin/env bash
# scripts/lint.sh: every check of the sources, all of them even where one fails. What it takes is what
# docs/ci.md grants it. Writes the seconds of each row to build/rows.tsv.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0
mkdir -p build
rows=${DIALOG_ROWS:-build/rows.tsv}
[ -n "${DIALOG_ROWS:-}" ] || : >"$rows"

check() {
  local name=$1 start=$SECONDS outcome=ok
  shift
  echo "== lint: $name"
  "$@" || {
    outcome=failed
    status=1
  }
  printf '%s\t%s\t%s\n' "lint $name" $((SECONDS - start)) "$outcome" >>"$rows"
}

configure() { cmake --preset lint >build/configure-lint.log 2>&1 || { cat build/configure-lint.log && return 1; }; }
headers() { scripts/build.sh headers >build/build-headers.log 2>&1 || { tail -n 60 build/build-headers.log && return 1; }; }

check configure configure
check format scripts/format.sh
check sources python3 scripts/check_sources.py
check headers headers
check tidy python3 scripts/tidy.py
exit $status
