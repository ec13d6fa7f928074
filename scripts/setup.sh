#!/usr/bin/env bash
# scripts/setup.sh [bench]: installs what the build needs and the machine lacks, from Debian's packages; with
# `bench`, also the servers that benchmarks compare with. Prints nothing and takes no time where nothing is missing.
set -euo pipefail

packages=(
  # tools
  build-essential cmake ninja-build ccache mold pkg-config git python3
  clang-19 libclang-rt-19-dev llvm-19 clang-tidy-19 clang-format-19
  # libraries
  libexpected-dev librust-blake3-dev libsodium-dev nlohmann-json3-dev libxxhash-dev
  liblmdb-dev libzstd-dev libcurl4-openssl-dev libssl-dev libboost1.81-dev libfmt-dev
  libcli11-dev prometheus-cpp-dev
  # tests and benchmarks
  googletest libgtest-dev libgmock-dev libbenchmark-dev librocksdb-dev libsqlite3-dev curl strace nginx-light
  etcd-server iproute2 openssl
  # WebAssembly
  emscripten
)

[ "${1:-}" != bench ] || packages+=(redis-server postgresql)

missing=()
while read -r package; do
  missing+=("$package")
done < <(comm -23 <(printf '%s\n' "${packages[@]}" | sort) \
  <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p' | sort -u))

# Node and npm may come from anywhere, and do not have to be packages.
node_version=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
[ "$node_version" -ge 18 ] || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)

# The object store of the tests (scripts/s3_server.sh) is built with Go, which may come from anywhere, and comes from PyPI
# where it is missing.
command -v go >/dev/null || python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)

[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "setup: install as root: apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"

# Servers are started by who uses them, in folders of their own. Their packages are not to start any, neither now
# nor when the machine starts.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod +x $policy
  made_policy=1
fi
trap '[ -z "$made_policy" ] || "${as_root[@]}" rm -f $policy' EXIT
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
for service in nginx redis-server etcd postgresql; do
  case " ${missing[*]} " in
    *" $service"*) "${as_root[@]}" systemctl disable "$service.service" >/dev/null 2>&1 || true ;;
  esac
done
