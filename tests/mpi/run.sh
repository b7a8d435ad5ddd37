#!/bin/bash
# A study under mpirun: 2 and 4 ranks leave the bytes of one process; a rank that is killed is
# reported, and its points are resumed.
#   run.sh PROGRAM FOLDER
set -eu -o pipefail
program=$1
folder=$2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
launch=(mpirun --oversubscribe --mca btl_base_warn_component_unused 0)

rm -rf "$folder"
mkdir -p "$folder"
cat > "$folder/study.yaml" <<'YAML'
title: Ranks
network: [zoo:ds_cnn, zoo:resnet8, zoo:mobilenet_v1_025_96]
axes:
  - dram.bandwidth: {from: 0.5, to: 4, step: 0.25}
  - dram.read_latency: [100, 200, 300, 400]
YAML

fail() { echo "FAILED: $*" >&2; exit 1; }

"$program" study "$folder/study.yaml" -o "$folder/one" >/dev/null
for ranks in 2 4; do
  "${launch[@]}" -n $ranks "$program" study "$folder/study.yaml" -o "$folder/ranks$ranks" >/dev/null
  diff -r "$folder/one" "$folder/ranks$ranks" || fail "$ranks ranks leave other bytes"
done

# Layers of a front are handed out one behind the other.
cat > "$folder/front.yaml" <<'YAML'
title: A front
network: zoo:mobilenet_v1_025_96
set: {weights.modelled: true}
axes:
  - network.width: {from: 0.5, to: 2, step: 0.25}
  - network.resolution: [48, 64, 96]
pareto: [latency_ms, {macs: largest}]
simulate: front
YAML
"$program" study "$folder/front.yaml" -o "$folder/front-one" >/dev/null
"${launch[@]}" -n 3 "$program" study "$folder/front.yaml" -o "$folder/front-ranks" >/dev/null
diff -r "$folder/front-one" "$folder/front-ranks" || fail "ranks find another front"
"${launch[@]}" -n 3 "$program" study "$folder/front.yaml" -o "$folder/front-ranks" --resume >/dev/null
diff -r "$folder/front-one" "$folder/front-ranks" || fail "a front that was known changes"

"${launch[@]}" -n 3 "$program" study "$folder/study.yaml" -o "$folder/killed" \
  >"$folder/out" 2>"$folder/err" &
mpirun=$!
for _ in $(seq 200); do
  [ "$(cat "$folder/killed/points.jsonl" 2>/dev/null | wc -l)" -gt 5 ] && break
  sleep 0.02
done
victim=$(pgrep -P $mpirun | tail -n 1)
kill -9 "$victim"
if wait $mpirun; then fail "mpirun did not report the rank that was killed"; fi
grep -q "signal 9" "$folder/err" || fail "no word of the killed rank: $(cat "$folder/err")"
[ ! -e "$folder/killed/results.csv" ] || fail "the study ended before the rank was killed"
"${launch[@]}" -n 2 "$program" study "$folder/study.yaml" -o "$folder/killed" --resume >/dev/null
diff -r "$folder/one" "$folder/killed" || fail "a resumed study leaves other bytes"
echo "2 and 4 ranks agree with one process; a killed rank is reported and its points resumed"
