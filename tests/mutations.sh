#!/usr/bin/env bash
# mutations.sh [PATTERN]: puts the mistakes of tests/mutations.txt into the last commit's sources, one at a time (those whose
# line has PATTERN), and expects the test program named beside each to fail. Works in a worktree of its own, which it keeps in
# build/mutations for the next time; prints a table, and fails when a mistake is missed.
#   mutations.sh --places      only checks that each mistake still has exactly one place in the working tree
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pattern=${1:-}
table=$PWD/tests/mutations.txt

# mutate FILE FROM TO: replaces the only place of FROM; spaces and line ends in between are alike.
mutate() {
    FROM=$2 TO=$3 perl -0pi -e '
        my $from = join "\\s+", map { quotemeta } split " ", $ENV{FROM};
        my $places = () = /$from/g;
        if ($places != 1) { print STDERR "$ARGV: $places places of: $ENV{FROM}\n"; exit 1 }
        s/$from/$ENV{TO}/;' "$1"
}
trim() { sed 's/^ *//; s/ *$//' <<<"$1"; }

if [ "$pattern" = --places ]; then
    copy=$(mktemp)
    trap 'rm -f "$copy"' EXIT
    misplaced=0
    while IFS='|' read -r file from to program; do
        cp "$(trim "$file")" "$copy"
        mutate "$copy" "$(trim "$from")" "$(trim "$to")" || { trim "$file"; misplaced=1; }
    done < <(grep -v '^#' "$table")
    exit "$misplaced"
fi

tree=$PWD/build/mutations
log=$tree/build/mutation.log
launcher=$(command -v ccache || true)

git worktree prune
if [ -d "$tree" ]; then
    git -C "$tree" checkout --quiet --force --detach "$(git rev-parse HEAD)"
else
    git worktree add --quiet --force --detach "$tree" HEAD
fi
cd "$tree"
mkdir -p build
cmake --preset release -DU65SIM_BUILD_TESTS=ON -DU65SIM_BUILD_BENCH=OFF -DU65SIM_BUILD_EXAMPLES=OFF \
    -DU65SIM_BUILD_PYTHON=OFF ${launcher:+-DCMAKE_CXX_COMPILER_LAUNCHER="$launcher"} >"$log.configure"

missed=0
# What fails without a mistake says nothing about one.
for program in $(grep -v '^#' "$table" | grep -F -- "$pattern" | sed 's/.*| *//' | sort -u); do
    cmake --build --preset release --target "$program" >"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }
    build/release/tests/"$program" >"$log" 2>&1 || { echo "$program fails as it is"; exit 1; }
done
printf '%-10s %-14s %-40s %s\n' result program file mistake
while IFS='|' read -r file from to program; do
    file=$(trim "$file") from=$(trim "$from") to=$(trim "$to") program=$(trim "$program")
    if ! mutate "$file" "$from" "$to"; then
        result=unplaced
    elif ! cmake --build --preset release --target "$program" >"$log" 2>&1; then
        result=unbuilt
    elif timeout 600 build/release/tests/"$program" >"$log" 2>&1; then
        result=missed
    else
        result=caught
    fi
    [ "$result" = caught ] || missed=$((missed + 1))
    printf '%-10s %-14s %-40s %s\n' "$result" "$program" "$file" "$to"
    git checkout --quiet -- "$file"
done < <(grep -v '^#' "$table" | grep -F -- "$pattern")
[ "$missed" = 0 ] || { echo "$missed not caught"; exit 1; }
