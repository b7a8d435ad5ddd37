#!/usr/bin/env bash
# From a fresh Debian 12 with git to the report of MobileNetV2 at 224x224:
#   examples/quickstart.sh [further arguments of `u65sim run`]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh
u65sim_install "${u65sim_packages[@]}"

# Only the program: tests, benchmarks and examples are switched off where nothing was configured yet.
if [ ! -f build/release/CMakeCache.txt ]; then
  cmake --preset release -DU65SIM_BUILD_TESTS=OFF -DU65SIM_BUILD_BENCH=OFF \
    -DU65SIM_BUILD_EXAMPLES=OFF >&2
fi
cmake --build --preset release --target u65sim_program >&2
exec build/release/bin/u65sim run mobilenet_v2_224 "$@"
