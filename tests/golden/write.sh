#!/bin/sh
# Writes every golden text of this folder into a folder: write.sh PROGRAM FOLDER.
set -eu
program=$1
to=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$to"
cd "$here"
"$program" graph network.yaml > "$to/graph.txt"
number=0
for pass in $("$program" passes); do
  number=$((number + 1))
  "$program" compile network.yaml --dump-after "$pass" > "$to/pass-$number-$pass.txt"
done
"$program" compile network.yaml -o "$to/network.tflite" > /dev/null
"$program" disasm "$to/network.tflite" > "$to/disassembly.txt"
rm "$to/network.tflite"
"$program" run network.yaml > "$to/report.txt"

# NAME SRAM: the plan of NAME.yaml in that much SRAM, and what it takes.
small() {
  "$program" compile "$1.yaml" --set "sram.size=$2" --dump-after place > "$to/$1-plan.txt"
  "$program" run "$1.yaml" --set "sram.size=$2" > "$to/$1-report.txt"
}
small cascade 48KiB
small slices 48KiB
small spill 20KiB
