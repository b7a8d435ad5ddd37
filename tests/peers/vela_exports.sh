#!/usr/bin/env bash
# Lets Vela compile a network for every target and board, by the .ini that 'u65sim targets export'
# writes, and u65sim simulate what came of it. Run by hand.
#
#   tests/peers/vela_exports.sh build/release/bin/u65sim VELA NETWORK.tflite
set -euo pipefail

if [ $# -ne 3 ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
program=$1 vela=$2 network=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for target in $("$program" targets list --format json | sed -n 's/^ *"name": "\(.*\)",$/\1/p'); do
    # Vela looks for FOLDER/FILE.ini among its own files: paths are absolute here.
    "$program" targets export "$target" --vela-ini -o "$work/$target.ini"
    read -ra words <<<"$(sed -n '1s/^; vela //p' "$work/$target.ini")"
    if ! "$vela" "$network" --config "$work/$target.ini" "${words[@]}" --output-dir "$work/$target" >"$work/log" 2>&1; then
        echo "$target: Vela refuses it: $(tail -1 "$work/log")"
        failed=1
        continue
    fi
    ours=$("$program" run "$work/$target"/*_vela.tflite --target "$target" |
        sed -n 's/^  latency .*= \([0-9,]*\) cycles.*/\1/p')
    echo "$target: compiled, $ours cycles on the target"
done
exit $failed
