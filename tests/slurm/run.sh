#!/bin/bash
# examples/cluster/study.sbatch as Slurm runs it: eight jobs of an array, of which two are killed and
# submitted again, leave the bytes of one process.
#   run.sh PROGRAM SBATCH FOLDER [STUDY [AT_A_TIME]]
set -eu -o pipefail
export U65SIM=$1
sbatch=$2
folder=$3
at_a_time=${5:-2}
shards=8

rm -rf "$folder"
mkdir -p "$folder"
study=${4:-$folder/study.yaml}
[ $# -ge 4 ] || cat > "$study" <<'YAML'
title: An array of jobs
network: [zoo:ds_cnn, zoo:resnet8]
axes:
  - dram.bandwidth: {from: 0.5, to: 4, step: 0.25}
  - dram.read_latency: {from: 100, to: 400, step: 10}
YAML

fail() { echo "FAILED: $*" >&2; exit 1; }
lines() { cat "$1" 2>/dev/null | wc -l; }

# One job of the array, in the environment that Slurm makes.
job() {
  exec env SLURM_ARRAY_TASK_ID="$1" SLURM_ARRAY_TASK_COUNT=$shards SLURM_CPUS_PER_TASK=1 \
    bash "$sbatch" "$study" "$folder/parts" >"$folder/job-$1.log" 2>&1
}

time "$U65SIM" study "$study" -o "$folder/one" >/dev/null

start=$(date +%s.%N)
items=$(($(lines "$folder/one/points.jsonl") - 1))
for victim in 3 7; do
  job $victim &
  pid=$!
  # At work on its share, and not yet through.
  for _ in $(seq 3000); do
    [ "$(lines "$folder/parts/points-$victim-of-$shards.jsonl")" -gt 2 ] && break
    sleep 0.01
  done
  kill -9 $pid
  wait $pid 2>/dev/null && fail "job $victim ended before it was killed"
  [ "$(lines "$folder/parts/points-$victim-of-$shards.jsonl")" -le $((items / shards)) ] ||
    fail "job $victim was through before it was killed"
done
if "$U65SIM" study-merge "$study" "$folder/parts" -o "$folder/early" >/dev/null 2>"$folder/err"; then
  fail "study-merge took a part of the items for all"
fi
grep -q "are in no journal" "$folder/err" || fail "study-merge: $(cat "$folder/err")"

# The others, and those two again.
running=0
for task in $(seq $shards); do
  job "$task" &
  running=$((running + 1))
  if [ $running -ge "$at_a_time" ]; then
    wait -n || fail "a job failed: $(cat "$folder"/job-*.log)"
    running=$((running - 1))
  fi
done
while [ $running -gt 0 ]; do
  wait -n || fail "a job failed: $(cat "$folder"/job-*.log)"
  running=$((running - 1))
done
"$U65SIM" study-merge "$study" "$folder/parts" -o "$folder/joined" >/dev/null
echo "array and merge: $(echo "$(date +%s.%N) $start" | awk '{printf "%.1f", $1 - $2}') s"
diff -r "$folder/one" "$folder/joined" || fail "the array leaves other bytes"
echo "8 jobs, two of them killed and submitted again, leave the bytes of one process"
