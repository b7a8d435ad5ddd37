#!/usr/bin/env bash
# Fails, and names the files, when a source is not as clang-format (14, Debian 12) would lay it out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format --dry-run --Werror
