#!/usr/bin/env bash
# Sets a Debian 12 machine up, builds everything, runs every test:
#   tests/run.sh [further arguments of ctest]
# Where the real networks are at hand (U65SIM_MODELS, or shared/models beside the source tree), no test may be skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/debian-packages.sh
u65sim_install "${u65sim_packages[@]}" "${u65sim_test_packages[@]}"

if [ -d "${U65SIM_MODELS:-../shared/models}" ]; then
  export U65SIM_REQUIRE_MODELS=${U65SIM_REQUIRE_MODELS:-1}
fi
cmake --preset release -DU65SIM_BUILD_TESTS=ON -DU65SIM_BUILD_BENCH=ON \
  -DU65SIM_BUILD_EXAMPLES=ON -DU65SIM_BUILD_PYTHON=ON
cmake --build --preset release
ctest --preset release --parallel "$(nproc)" "$@"
