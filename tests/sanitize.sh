#!/usr/bin/env bash
# Tests under AddressSanitizer and UndefinedBehaviorSanitizer (preset `sanitize`):
#   tests/sanitize.sh lower      the unit tests of the lower layers, a few minutes
#   tests/sanitize.sh            every test
# Further arguments go to ctest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=() labels=()
if [ "${1:-}" = lower ]; then
    shift
    programs=(base target stream weights arith ir timing)
    targets=(--target "${programs[@]/#/test_}")
    labels=(-L "^test_($(IFS='|' && echo "${programs[*]}"))\$")
fi
cmake --preset sanitize
cmake --build --preset sanitize "${targets[@]}"
ctest --preset sanitize --parallel "$(nproc)" "${labels[@]}" "$@"
