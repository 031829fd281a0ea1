#!/usr/bin/env bash
# How often does scepstorm compare cry wolf, and how often does it see a server that is a fifth slower? Made-up runs with the noise of real ones
# (tests/helpers/power.c), written and read as real ones are, 200 pairs of sides in each setting. Prints a table in Markdown, and
# whether the targets are met: at most 1 % false alarms in every setting; 95 % found where the servers' runs differ by 2 % (standard
# deviation) and a run has 1,000 devices or more.
#   scripts/compare-power.sh [quick]      half an hour on two quiet cores; quick: 40 pairs of the middle settings, some minutes
# It builds in POWER_BUILD, build-power by default. Exit code 1: a target was missed.
set -euo pipefail
cd "$(dirname "$0")/.."

pairs=200 runs=(3 5) devices=(200 1000 5000) scatters=(0 0.02 0.05 0.10)
case ${1:-} in
  '') ;;
  quick) pairs=40 runs=(3) devices=(1000) scatters=(0 0.02 0.05) ;;
  *) echo "compare-power.sh: no option '$1'; there is quick" >&2; exit 2 ;;
esac

build=${POWER_BUILD:-build-power}
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DSCEPSTORM_TESTS=ON >/dev/null
cmake --build "$build" --target helper-power -j "$(nproc)" >/dev/null

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

settings() {
  local n d s shape
  for n in "${runs[@]}"; do
    for d in "${devices[@]}"; do
      for s in "${scatters[@]}"; do
        for shape in all tail; do echo "$n $d $s $shape"; done
      done
    done
  done
}

# Some settings at a time, each in a folder of its own, with its own seed.
settings | nl -w1 -s' ' | xargs -P "$(nproc)" -L1 sh -c \
  '"$0" '"$pairs"' "$3" "$4" "$5" 1.2 "$6" "$2" "$1/pairs-$2" >>"$1/lines"' "$build/tests/helper-power" "$work"

python3 - "$work/lines" <<'PY'
import sys

rows = sorted((line.split() for line in open(sys.argv[1])), key=lambda r: (r[5], int(r[1]), int(r[2]), float(r[3])))
missed = 0
print("| slower | runs a side | devices | between runs | false alarms | found | no verdict | smallest change of p95 |")
print("|---|---:|---:|---:|---:|---:|---:|---:|")
for pairs, runs, devices, scatter, _, shape, alarms, found, blind, smallest in rows:
    pairs, share, power = int(pairs), int(alarms) / int(pairs), int(found) / int(pairs)
    wanted = float(scatter) <= 0.02 and int(devices) >= 1000
    ok = share <= 0.01 and (not wanted or power >= 0.95)
    missed += not ok
    print(f"| {'everything' if shape == 'all' else 'the tail'} | {runs} | {int(devices):,} | {float(scatter):.0%} | {share:.1%} | "
          f"{power:.1%}{'' if wanted else ' (no target)'} | {int(blind) / pairs:.1%} | {float(smallest):.0%} |{'' if ok else ' MISSED'}")
alarms, all_pairs = sum(int(r[6]) for r in rows), sum(int(r[0]) for r in rows)
print(f"\n{alarms} false alarms in {all_pairs:,} comparisons of equal servers ({alarms / all_pairs:.2%}); targets {'met' if not missed else 'MISSED'}")
sys.exit(missed > 0)
PY
