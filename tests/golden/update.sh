#!/bin/sh
# Renews the golden texts with a built program: update.sh [PROGRAM]. Read `git diff` afterwards: a
# golden text is right because somebody read it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "${1:-$here/../../build/release/bin/u65sim}")
rm -f "$here"/*.txt
"$here/write.sh" "$program" "$here"
