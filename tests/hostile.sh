#!/usr/bin/env bash
# hostile.sh BUILD [COUNT] [FIRST]: runs the program on COUNT damaged inputs of each kind (1000), numbered
# from FIRST on (0), each within 10 s of CPU time and 1 GiB of addresses, and counts how they end. Fails when one
# ends otherwise than with 0 (done), 2 (bad input) or 3 (does not fit), leaves a file behind, or says something
# that is not for people. Inputs that did are kept in BUILD/hostile.
set -euo pipefail

build=$(cd "$1" && pwd); count=${2:-1000}; first=${3:-0}
program=$build/bin/u65sim
inputs=$(find "$build" -name write_inputs -type f -perm -u+x | head -n 1)
kept=$build/hostile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/empty" "$kept"
cd "$work/empty"
failures=0

# run KIND FILE ARGUMENTS...
run() {
    local kind=$1 file=$2 code=0
    shift 2
    (ulimit -t 10 -v 1048576; exec "$program" "$@") >"$work/out" 2>"$work/err" || code=$?
    ends[$code]=$((${ends[$code]:-0} + 1))
    local wrong=''
    case $code in 0 | 2 | 3) ;; *) wrong="exit code $code" ;; esac
    if grep -qE '_M_|std::|vector::|basic_string|out of memory|error: action [0-9]' "$work/err"; then
        wrong="$wrong message"
    fi
    if LC_ALL=C grep -q $'[\x1b\x07]' "$work/out" "$work/err"; then wrong="$wrong escape"; fi
    if [ -n "$(ls -A .)" ]; then wrong="$wrong file left"; rm -rf ./* ./.[!.]*; fi
    if [ -n "$wrong" ]; then
        failures=$((failures + 1))
        cp "$file" "$kept/$kind-${file##*/}"
        echo "$kind ${file##*/}: $wrong: $* : $(head -c 200 "$work/err")"
    fi
}

for kind in models compiled foreign texts; do
    declare -A ends=()
    rm -rf "$work/in"
    "$inputs" "$kind" "$count" "$first" "$work/in"
    for file in "$work"/in/*; do
        case $kind in
            models | foreign) run "$kind" "$file" run "$file" --check ;;
            compiled)
                target=${file##*_}
                run "$kind" "$file" run "$file" --check --target "${target%.tflite}"
                ;;
            texts)
                run "$kind" "$file" run "$file"
                run "$kind" "$file" targets show "$file"
                run "$kind" "$file" study "$file" --check
                ;;
        esac
    done
    for code in "${!ends[@]}"; do echo "$kind: ${ends[$code]} ended with $code"; done
    unset ends
done
echo "$failures failures"
[ "$failures" = 0 ]
