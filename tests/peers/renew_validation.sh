#!/usr/bin/env bash
# Writes docs/validation.md anew: every row of configs/validation but those of boards (renew_silicon.sh), and at its head how far the
# constants foretell a network that they were not fitted to. Run by hand, from the project's folder.
#
#   U65SIM_MODELS=... U65SIM_STREAMS=STREAMS tests/peers/renew_validation.sh build/release/bin/u65sim
#
# STREAMS is what tests/peers/make_streams.sh wrote.
set -euo pipefail
shopt -s extglob

if [ $# -ne 1 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" validate configs/validation/!(boards).yaml --format md >"$work/rows.md"
{
    echo "## On networks the constants were not fitted to"
    echo
    echo "\`tests/peers/calibrate.py\`: mean absolute errors of NPU_ACTIVE on Vela 5.0.0's streams, adapters on and off;"
    echo "what the fits can and cannot show is told in [calibration.md](calibration.md)."
    echo
    "$(dirname "$0")/calibrate.py" "$1" configs/validation/fvp-*.yaml |
        sed -n '/^| network/,/^$/p' | sed '/^$/d'
    echo
} >"$work/left_out.md"
awk -v table="$work/left_out.md" '/^## By group$/ && !done {
    while ((getline line < table) > 0) print line
    done = 1
} { print }' "$work/rows.md" >docs/validation.md
