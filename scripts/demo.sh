#!/usr/bin/env bash
# The main job on real data: Debian's package index, imported on device A, published, cloned on device B,
# edited offline on both, and synchronized. Ends with `converged: <root>` only where A, B and the register agree.
#
# DIALOGDB names the program; by default the one that `make build` makes.
set -euo pipefail
cd "$(dirname "$0")/.."

dialogdb=$(realpath "${DIALOGDB:-build/release/apps/dialogdb/dialogdb}")
[ -x "$dialogdb" ] || { echo "demo: $dialogdb is missing; run make build" >&2; exit 1; }
work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# One field of a JSON document on standard input; dots lead into it.
field() { python3 -c 'import functools, json, sys
print(functools.reduce(lambda document, name: document[name], sys.argv[1].split("."), json.load(sys.stdin)))' "$1"; }

say() { printf '\n%s\n' "$*"; }
header() { printf '  %-28s %12s %9s %11s %11s %14s %9s\n' step 'round trips' requests up down 'blocks up/down' time; }

# step NAME ARGUMENT...: runs a verb and shows what moved.
step() {
  local name=$1
  shift
  "$dialogdb" "$@" --json --stats=json >"$work/step.json"
  python3 - "$name" "$work/step.json" <<'PY'
import json, sys

def size(count):
    for unit in ("B", "KiB", "MiB"):
        if count < 1024 or unit == "MiB":
            return f"{count:.1f} {unit}" if unit != "B" else f"{count} B"
        count /= 1024

document = json.load(open(sys.argv[2]))
stats = document["stats"]
blocks = f"{stats['blocks_up']}/{stats['blocks_down']}"
print(f"  {sys.argv[1]:<28} {stats['round_trips']:>12} {stats['requests']:>9} {size(stats['bytes_up']):>11} "
      f"{size(stats['bytes_down']):>11} {blocks:>14} {stats['milliseconds']:>6} ms")
merge = document.get("merge") or document.get("pull", {}).get("merge", {})
if merge.get("conflicts"):
    print(f"    {merge['conflicts']} keys in conflict: {merge['took_local']} as here, {merge['took_remote']} as there")
PY
}

# edit DEVICE AWK-CONDITION WORD: on that device, writes WORD into the records of the chosen lines.
edit() {
  awk "$2" "$work/packages.ndjson" | sed "s/\"Priority\":\"[^\"]*\"/\"Priority\":\"$3\"/" |
    "$dialogdb" --quiet -C "$work/$1" import --key-field Package -
}

compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || {
  say 'apt has no package lists yet: apt-get update'
  if [ "$(id -u)" -eq 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi
}

say 'Server: one register and one archive, on a free port of this machine'
"$dialogdb" serve --listen 127.0.0.1:0 --data "$work/server" --port-file "$work/port" 2>"$work/server.log" &
server=$!
for _ in $(seq 100); do
  [ -s "$work/port" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.1
done
url=http://127.0.0.1:$(cat "$work/port")

say "Device A: the distribution's package index"
scripts/packages_to_ndjson.py >"$work/packages.ndjson"
"$dialogdb" init "$work/a" --json >"$work/init.json"
subject=$(field subject <"$work/init.json")
start=$(date +%s%N)
"$dialogdb" -C "$work/a" import --key-field Package "$work/packages.ndjson"
printf '  in %d ms, from %s\n' $((($(date +%s%N) - start) / 1000000)) "$(du -h "$work/packages.ndjson" | cut -f1)"
"$dialogdb" --quiet -C "$work/a" remote add origin "$url"
header
step 'A: push' -C "$work/a" push

say 'Device B: a clone'
header
step 'B: clone' clone "$url/$subject" "$work/b"
step 'B: sync, nothing to do' -C "$work/b" sync

say 'Both offline: different packages, the same packages differently, and deletions'
edit a 'NR % 100 == 1' from-a
edit b 'NR % 100 == 2' from-b
edit a 'NR % 1000 == 3' both-a
edit b 'NR % 1000 == 3' both-b
"$dialogdb" --quiet -C "$work/a" del --prefix 0ad
"$dialogdb" --quiet -C "$work/b" del --prefix zsnes
"$dialogdb" --quiet -C "$work/b" put '0ad' 'kept by B, deleted by A'
for device in a b; do
  printf '  %s has to push: %s\n' "${device^^}" "$("$dialogdb" -C "$work/$device" diff --count)"
done

say 'Online again'
header
step 'A: sync' -C "$work/a" sync
step 'B: sync' -C "$work/b" sync
step 'A: sync' -C "$work/a" sync
step 'B: sync, nothing to do' -C "$work/b" sync

root_a=$("$dialogdb" -C "$work/a" status --json | field revision)
root_b=$("$dialogdb" -C "$work/b" status --json | field revision)
etag=$(curl -sfI "$url/$subject" | tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
"$dialogdb" -C "$work/a" verify >"$work/verify-a"
"$dialogdb" -C "$work/b" verify >"$work/verify-b"
printf '\n  A         %s, %s entries\n' "$root_a" "$("$dialogdb" -C "$work/a" count)"
printf '  B         %s, %s entries\n' "$root_b" "$("$dialogdb" -C "$work/b" count)"
printf '  register  %s\n\n' "$etag"
if [ "$root_a" != "$root_b" ] || [ "$root_a" != "$etag" ]; then
  echo 'demo: the roots differ' >&2
  exit 1
fi
echo "converged: $root_a"
