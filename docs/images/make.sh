#!/bin/bash
# Draws the pictures of the compiler's pages anew.
#   make.sh PROGRAM
set -eu
program=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" passes mobilenet_v2_224 --arenas "$folder/large" >/dev/null
"$program" passes rnnoise --arenas "$folder/small" >/dev/null
cp "$folder/small/without-fuse.svg" "$here/fuse-without.svg"
cp "$folder/small/all.svg" "$here/fuse-with.svg"
cp "$folder/large/without-form_cascades.svg" "$here/cascades-without.svg"
cp "$folder/large/without-merge_in_place.svg" "$here/in-place-without.svg"
cp "$folder/large/without-stream_weights.svg" "$here/weights-without.svg"
cp "$folder/large/all.svg" "$here/arena-mobilenet_v2.svg"
