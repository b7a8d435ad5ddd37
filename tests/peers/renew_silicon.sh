#!/usr/bin/env bash
# Writes what boards' measurements came out as anew: docs/silicon-rows.md for people and
# configs/records/boards.json for 'u65sim targets show'. Run by hand, from the project's folder.
#
#   U65SIM_MODELS=... U65SIM_BOARDS=... tests/peers/renew_silicon.sh build/release/bin/u65sim
set -euo pipefail

if [ $# -ne 1 ]; then
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
: "${U65SIM_MODELS:?must name the folder of the networks}" "${U65SIM_BOARDS:?must name the folder of the boards}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" validate configs/validation/boards.yaml --format md |
    sed '1s/.*/# How do the boards'"'"' rows come out?/; s/^This page is what `u65sim validate /This page is what `u65sim validate configs\/validation\/boards.yaml /' >"$work/rows.md"
"$1" validate configs/validation/boards.yaml --format json >"$work/boards.json"
mkdir -p configs/records
mv "$work/rows.md" docs/silicon-rows.md
mv "$work/boards.json" configs/records/boards.json
