#!/usr/bin/env bash
# Reads src/ without running it. Ends with an error when there is a finding.
#   scripts/analyze.sh tidy DIR     clang-tidy, by the compile commands of a build with Clang in DIR
#   scripts/analyze.sh cppcheck
set -euo pipefail
cd "$(dirname "$0")/.."

# The file that defines these functions cannot be read after a header that says what they return.
errors=src/base/err.c

tidy() { # tidy DIR OPTION...: over the files named on standard input
  local dir=$1
  shift
  xargs -r -P "$(nproc)" -n 4 clang-tidy -p "$dir" --quiet "$@" 2>/dev/null
}

case "${1:-}" in
  tidy)
    dir=${2:?"analyze.sh: tidy needs a build folder"}
    [ -r "$dir/compile_commands.json" ] || { echo "analyze.sh: no compile_commands.json in $dir" >&2; exit 2; }
    tidy "$dir" <<<"$errors"
    git ls-files 'src/*.c' | grep -vxF "$errors" | tidy "$dir" --extra-arg=-include --extra-arg="$PWD/scripts/analyzer.h"
    ;;
  cppcheck)
    cppcheck --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet --std=c11 -j "$(nproc)" \
      -Isrc -D_GNU_SOURCE -DSCEPSTORM_VERSION='""' --suppress=missingIncludeSystem src
    ;;
  *) echo "usage: scripts/analyze.sh tidy DIR | cppcheck" >&2; exit 2 ;;
esac
