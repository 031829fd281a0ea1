#!/usr/bin/env bash
# Fuzzes every parser for a long time: one libFuzzer program per target, all cores, findings kept in a folder.
#   scripts/fuzz.sh [SECONDS-PER-TARGET] [TARGET...]      default: 600 s each, all targets
# Prints executions and findings per target; exit 1 when there is a finding.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
shift || true
build=${BUILD:-build-fuzz}
scripts/deps.sh test
cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSCEPSTORM_FUZZ=ON \
  -DSCEPSTORM_SANITIZE=ON >/dev/null
cmake --build "$build" >/dev/null
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || for file in "$build"/tests/fuzz-*; do [ -x "$file" ] && [ -f "$file" ] && targets+=("${file##*/fuzz-}"); done

fuzz_one() { # fuzz_one TARGET
  local work="$build/findings/$1" log code=0
  mkdir -p "$work/corpus"
  log="$work/log.txt"
  "$build/tests/fuzz-$1" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/" "$work/corpus" "tests/fuzz/corpus/$1" >"$log" 2>&1 || code=$?
  local executions
  executions=$(grep -oE 'stat::number_of_executed_units: *[0-9]+' "$log" | grep -oE '[0-9]+$' || echo '?')
  if [ "$code" -eq 0 ]; then
    printf '%-16s %12s executions, no finding\n' "$1" "$executions"
  else
    printf '%-16s %12s executions, FINDING: %s\n' "$1" "$executions" "$log"
    touch "$build/findings/FOUND"
  fi
}
export -f fuzz_one
export build seconds
rm -f "$build/findings/FOUND"
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {}'
[ ! -e "$build/findings/FOUND" ]
