#!/usr/bin/env bash
# How often does scepstorm compare cry wolf, and how often does it see a server that is a fifth slower? Made-up runs with the noise of
# real ones (tests/helpers/power.c), written and read as real ones are, 200 pairs of sides in each setting. Prints a table in
# Markdown, and whether the targets are met: at most 1 % false alarms, where runs of one server differ by up to 5 % (standard
# deviation); 95 % found where they differ by up to 2 %: of servers whose every answer is slower with 3,000 devices a side, of those
# whose slow answers are with 15,000.
#   scripts/compare-power.sh [quick]      more than an hour on two quiet cores; quick: 50 pairs of the middle settings, some minutes
# It builds in POWER_BUILD, build-power by default; runs are made below TMPDIR, fastest in memory (/dev/shm). Exit code 1: a target
# was missed.
set -euo pipefail
cd "$(dirname "$0")/.."

pairs=200 runs=(3 5) devices=(200 1000 5000) scatters=(0 0.02 0.05 0.10)
case ${1:-} in
  '') ;;
  quick) pairs=50 runs=(3 5) devices=(1000) scatters=(0.02 0.05) ;;
  *) echo "compare-power.sh: no option '$1'; there is quick" >&2; exit 2 ;;
esac

build=${POWER_BUILD:-build-power}
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DSCEPSTORM_TESTS=ON >/dev/null
cmake --build "$build" --target helper-power -j "$(nproc)" >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

settings() {
  local n d s
  for n in "${runs[@]}"; do
    for d in "${devices[@]}"; do
      for s in "${scatters[@]}"; do echo "$n $d $s"; done
    done
  done
}

# Some settings at a time, each in a folder of its own, with its own seed.
settings | nl -w1 -s' ' | xargs -P "$(nproc)" -L1 sh -c \
  '"$0" '"$pairs"' "$3" "$4" "$5" 1.2 "$2" "$1/pairs-$2" >>"$1/lines"' "$build/tests/helper-power" "$work"

python3 - "$work/lines" <<'PY'
import sys

rows = sorted((line.split() for line in open(sys.argv[1])), key=lambda r: (int(r[1]), int(r[2]), float(r[3])))
missed = False
alarms, tries = {}, {}
print("| runs a side | devices | between runs | false alarms | found: all slower | found: the tail slower | no verdict | smallest p95 |")
print("|---:|---:|---:|---:|---:|---:|---:|---:|")
for pairs, runs, devices, scatter, _, alarm, everything, tail, blind, smallest in rows:
    n = int(pairs)
    alarms[scatter] = alarms.get(scatter, 0) + int(alarm)
    tries[scatter] = tries.get(scatter, 0) + n
    a_side = int(runs) * int(devices) if float(scatter) <= 0.02 else 0
    weak = (a_side >= 3000 and int(everything) < 0.95 * n) or (a_side >= 15000 and int(tail) < 0.95 * n)
    missed |= weak
    print(f"| {runs} | {int(devices):,} | {float(scatter):.0%} | {int(alarm) / n:.1%} | {int(everything) / n:.1%} | {int(tail) / n:.1%} | "
          f"{int(blind) / n:.1%} | {float(smallest):.0%} |{' MISSED' if weak else ''}")
print()
for scatter in sorted(alarms, key=float):
    share = alarms[scatter] / tries[scatter]
    bad = float(scatter) <= 0.05 and share > 0.01
    missed |= bad
    print(f"runs that differ by {float(scatter):.0%}: {alarms[scatter]} false alarms in {tries[scatter]:,} comparisons ({share:.2%})"
          f"{' MISSED' if bad else ''}")
print("targets MISSED" if missed else "targets met")
sys.exit(missed)
PY
