#!/usr/bin/env bash
# Tries a wheel as somebody without a compiler has it: in a fresh Debian 12 with Python alone.
#
#   python/wheels/check.sh WHEEL PROGRAM [NETWORK.tflite ...]
#
# PROGRAM is a native u65sim of the same commit. The wheel is installed into a bare virtual environment of a Debian
# that debootstrap makes (so this needs root) in build/wheels, or in $U65SIM_CHECK_DEBIAN; there it takes the time
# from `pip install` to the first report, compares reports with PROGRAM's to the byte (the zoo's networks and those
# given, three targets, three ways to answer), and runs the package's tests. A wheel for aarch64 does so under
# qemu-user-static, whose interpreter the kernel must know (binfmt_misc). Of a wheel for macOS, which cannot run
# here, it checks what its files say of themselves (llvm-objdump): they are for arm64 and macOS 11, signed ad hoc, as
# the system demands of every program there, and import the system's libraries alone.
set -euo pipefail
wheel=$(realpath "$1")
program=$(realpath "$2")
shift 2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
python3 -m zipfile -e "$wheel" "$unpacked"
if grep -rl "$root" "$unpacked"; then
  echo "check.sh: names of the folder it was built in are in the wheel" >&2
  exit 1
fi

check_imports() {
  local file library headers wanted
  for file in "$unpacked/u65sim/libu65sim_python.dylib" "$unpacked/u65sim/bin/u65sim"; do
    headers=$(llvm-objdump --macho --private-headers "$file")
    for wanted in ARM64 'minos 11.0' LC_CODE_SIGNATURE; do
      grep -q "$wanted" <<<"$headers" || { echo "${file##*/}: no $wanted in its header" >&2; exit 1; }
    done
    llvm-objdump --macho --dylibs-used "$file" | tail -n +2 | awk '{print $1}' | while read -r library; do
      case $library in
        /usr/lib/libSystem.B.dylib | /usr/lib/libc++.1.dylib | @rpath/libu65sim_python.dylib) echo "${file##*/}: $library" ;;
        *)
          echo "${file##*/}: $library is not one of the system's" >&2
          exit 1
          ;;
      esac
    done
  done
  echo "for arm64 and macOS 11, signed ad hoc, imports the system's libraries; not run"
}
case $wheel in
  *macosx*)
    check_imports
    exit 0
    ;;
esac
case $wheel in
  *aarch64*) arch=arm64 ;;
  *) arch=amd64 ;;
esac
debian=$(realpath -m "${U65SIM_CHECK_DEBIAN:-$root/build/wheels/debian-$arch}")
mirror=$(sed -n 's/^URIs: //p' /etc/apt/sources.list.d/debian.sources | head -n 1)

if [ ! -x "$debian/usr/bin/python3" ]; then
  debootstrap --arch="$arch" --variant=minbase --include=python3,python3-venv bookworm "$debian" "$mirror"
fi
inside() { chroot "$debian" /usr/bin/env -i PATH=/try/venv/bin:/usr/bin:/bin HOME=/root "$@"; }
for tool in gcc g++ cc c++ clang cmake; do
  if inside sh -c "command -v $tool" >/dev/null; then
    echo "check.sh: $tool is there: not a machine without compilers" >&2
    exit 1
  fi
done

# Some of the programs need /proc; nothing is left mounted.
rm -rf "$debian/try"
mkdir -p "$debian/try/networks" "$debian/try/source/docs" "$debian/try/source/examples"
mount -t proc none "$debian/proc"
trap 'umount "$debian/proc"; rm -rf "$unpacked"' EXIT
cp "$wheel" "$debian/try/"
cp "$root/tests/golden/network.yaml" "$@" "$debian/try/networks/"
cp -r "$root/tests/python" "$root/python/wheels/reports.py" "$debian/try/"
cp "$root/docs/python.md" "$debian/try/source/docs/"
cp "$root/README.md" "$debian/try/source/"
cp -r "$root/examples/python" "$debian/try/source/examples/"

inside python3 -m venv /try/venv
start=$(date +%s%N)
inside pip install -q --no-index "/try/$(basename "$wheel")"
inside u65sim run mobilenet_v2_224 >"$debian/try/first.txt"
echo "from pip install to the first report: $((($(date +%s%N) - start) / 1000000)) ms"

# The program that came with the package, by both of its names.
"$program" run mobilenet_v2_224 | cmp - "$debian/try/first.txt"
inside python -m u65sim run mobilenet_v2_224 | cmp - "$debian/try/first.txt"

# Reports from Python.
inside python /try/reports.py /try/reports $(cd "$debian/try" && printf '/try/%s ' networks/*)
mkdir "$debian/try/native"
cd "$debian/try/networks"
for network in $("$program" zoo list | cut -d' ' -f1) *; do
  for target in u65-256 u65-512 u55-128; do
    for way in normal quick like-vela; do
      case $way in
        like-vela) options=--like-vela ;;
        *) options="--effort $way" ;;
      esac
      "$program" run "$network" --target "$target" $options --format json \
        >"../native/${network%.*} $target $way" 2>../error || cp ../error "../native/${network%.*} $target $way"
    done
  done
done
diff -rq ../native ../reports
echo "$(ls ../native | wc -l) reports equal to the byte"

installed=$(inside python -c 'import os, u65sim; print(os.path.dirname(u65sim.__file__))')
for module in "$root"/tests/python/test_*.py; do
  inside U65SIM_SOURCE_DIR=/try/source "U65SIM_PROGRAM=$installed/bin/u65sim" python "/try/python/$(basename "$module")"
done
