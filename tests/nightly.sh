#!/usr/bin/env bash
# nightly.sh [SECONDS]: every test under the sanitizers, each fuzzer for SECONDS (600) from the corpus, and the
# program on ten thousand damaged inputs of each kind; then all figures of the pages made again. Findings stay in
# build/fuzz/findings and build/sanitize/hostile.
set -euo pipefail

seconds=${1:-600}
cd "$(dirname "$0")/.."
U65SIM_MUTANTS=20000 tests/sanitize.sh
cmake --preset fuzz && cmake --build --preset fuzz

findings=build/fuzz/findings
mkdir -p "$findings"
inputs=$(find build/fuzz -name write_inputs -type f -perm -u+x | head -n 1)
for fuzzer in build/fuzz/bin/fuzz_*; do
    name=${fuzzer##*/fuzz_}
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    case $name in
        model | tflite) "$inputs" models 0 0 "$corpus" ;;
        compiled | stream) "$inputs" compiled 0 0 "$corpus" ;;
        foreign) "$inputs" foreign 0 0 "$corpus" ;;
        text) "$inputs" texts 0 0 "$corpus" ;;
    esac
    "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
        -max_len=65536 -artifact_prefix="$findings/$name-" "$corpus"
done

cmake --preset release && cmake --build --preset release
tests/hostile.sh build/release 10000
tests/docs.py build/release/bin/u65sim
