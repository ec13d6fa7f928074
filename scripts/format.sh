#!/usr/bin/env bash
# scripts/format.sh [--fix]: says which sources clang-format would change, or changes them.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(--dry-run --Werror)
[ "${1:-}" != --fix ] || mode=(-i)
git ls-files -z --cached --others --exclude-standard '*.hpp' '*.cpp' '*.h' '*.c' |
  while IFS= read -r -d '' file; do
    [ ! -f "$file" ] || printf '%s\0' "$file"
  done |
  xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 "${mode[@]}"
