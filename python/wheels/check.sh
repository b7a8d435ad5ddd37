#!/usr/bin/env bash
# Tries a wheel as somebody without a compiler has it: in a fresh Debian 12 with Python alone.
#
#   python/wheels/check.sh WHEEL PROGRAM [FOLDER]
#
# Installs the wheel into a bare virtual environment of the Debian in FOLDER (made there by debootstrap, so
# this needs root), takes the time from `pip install` to the first report, compares reports with those of
# PROGRAM, a native u65sim of the same commit, to the byte, and runs the tests of the package on it. A wheel
# for aarch64 does so under qemu-user-static.
set -euo pipefail
wheel=$(realpath "$1")
program=$(realpath "$2")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
case $wheel in
  *aarch64*) arch=arm64 ;;
  *) arch=amd64 ;;
esac
debian=$(realpath -m "${3:-$root/build/wheels/debian-$arch}")
mirror=$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources | head -n 1)
networks=(mobilenet_v2_224 mobilenet_v1_025_96 ds_cnn resnet8 autoencoder rnnoise)

if [ ! -x "$debian/usr/bin/python3" ]; then
  debootstrap --arch="$arch" --variant=minbase --include=python3,python3-venv bookworm "$debian" "$mirror"
fi
inside() { chroot "$debian" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root "$@"; }
for tool in gcc g++ cc c++ clang cmake; do
  if inside sh -c "command -v $tool" >/dev/null; then
    echo "check.sh: $tool is there: not a machine without compilers" >&2
    exit 1
  fi
done
rm -rf "$debian/try"
mkdir "$debian/try"
cp "$wheel" "$debian/try/"
cp -r "$root/tests/python" "$debian/try/"
mkdir -p "$debian/try/source/docs" "$debian/try/source/examples"
cp "$root/docs/python.md" "$debian/try/source/docs/"
cp "$root/README.md" "$debian/try/source/"
cp -r "$root/examples/python" "$debian/try/source/examples/"

inside python3 -m venv /try/venv
start=$(date +%s.%N)
inside /try/venv/bin/pip install -q --no-index "/try/$(basename "$wheel")"
inside /try/venv/bin/u65sim run mobilenet_v2_224 >"$debian/try/first.txt"
printf 'from pip install to the first report: %.1f s\n' "$(echo "$(date +%s.%N) - $start" | bc)"

for network in "${networks[@]}"; do
  inside /try/venv/bin/python -c "
import sys, u65sim
oracle = u65sim.Oracle(u65sim.Target.preset('u65-256'))
sys.stdout.write(oracle.estimate(u65sim.Graph.zoo('$network')).to_json())" >"$debian/try/$network.json"
  "$program" run "$network" --format json | cmp - "$debian/try/$network.json"
  inside /try/venv/bin/python -m u65sim run "$network" | cmp - <("$program" run "$network")
done
echo "${#networks[@]} networks: reports equal to the byte"

installed=$(inside /try/venv/bin/python -c 'import os, u65sim; print(os.path.dirname(u65sim.__file__))')
for module in "$root"/tests/python/test_*.py; do
  inside U65SIM_SOURCE_DIR=/try/source "U65SIM_PROGRAM=$installed/bin/u65sim" \
    /try/venv/bin/python "/try/python/$(basename "$module")"
done
