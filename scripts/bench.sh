#!/usr/bin/env bash
# What scepstorm costs, each figure a ratio or a slope taken in one run, so that the machine's own speed cancels out. Prints a
# table in Markdown (the lines that begin with "|"): what, measured, target, met or not, and what was timed beside it.
#   scripts/bench.sh [full] [ROW ...]     all rows without a name; some minutes, or with `full` at the sizes of the targets, an hour
#   enroll    CPU per enrollment over that of its RSA operations, device and simulator, and enrollments per second
#   foreign   enrollments per second over Debian's scepclient at Debian's scepserver
#   lag       how late devices start at half of capacity, beside a bare timer
#   memory    memory per device that waits for the reply to PKIOperation, from 100 to 15,000 of them
#   tls       the same over TLS 1.3, 8,000
#   polling   memory per device that waits for a poll, 200,000
#   planned   memory per device that has not started yet, 1,000,000
#   fleet     devices in flight at once, 50,000 in four shards
#   scale     CPU per enrollment with 10,000 in flight over the same with 100
#   workers   throughput of two processes over one
#   evidence  how fast a log of IIS is read, 1 GB, beside wc and grep
#   report    time and memory of the report of a finished run, 1,000,000 devices
# Exit code 1: a target was missed. It builds in BENCH_BUILD, build-bench by default.
set -euo pipefail
cd "$(dirname "$0")/.."

rows=(enroll foreign lag memory tls polling planned fleet scale workers evidence report)
form=short
names=()
for word in "$@"; do
  if [ "$word" = full ]; then
    form=full
  elif [[ " ${rows[*]} " == *" $word "* ]]; then
    names+=("$word")
  else
    echo "bench.sh: no row '$word'; there are ${rows[*]}" >&2
    exit 2
  fi
done
[ "${#names[@]}" -gt 0 ] || names=("${rows[@]}")

build=${BENCH_BUILD:-build-bench}
scripts/deps.sh test
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSCEPSTORM_TESTS=ON >/dev/null
built=$(cmake --build "$build" --target bench scepstorm 2>&1) || { tail -n 30 <<<"$built" >&2; exit 1; }
scepstorm=$(realpath "$build/scepstorm")
bench=$(realpath "$build/tests/bench")
unshare_map=()
[ "$(id -u)" -eq 0 ] || unshare_map=(--map-root-user)
missed=0

. scripts/bench/lib.sh
. scripts/bench/enroll.sh
. scripts/bench/foreign.sh
. scripts/bench/lag.sh
. scripts/bench/fleet.sh
. scripts/bench/workers.sh
. scripts/bench/report.sh

# size SHORT FULL
size() { if [ "$form" = full ]; then echo "$2"; else echo "$1"; fi; }

# crowd COMMAND NUMBER [tls]: those that tests/bench does alone
crowd() {
  local command=$1
  shift
  limited 3600 "$bench" "$command" tests/bench/waiting.yaml "$@" || missed=1
}

one_row() {
  case $1 in
    enroll) row_enroll "$(size 2000 10000)" ;;
    foreign) row_foreign "$(size 2000 5000)" "$(size 4 10)" ;;
    lag) row_lag "$(size 3000 10000)" "$(size 20 120)" ;;
    memory) crowd waiting "$(size 3000 15000)" ;;
    tls) crowd waiting "$(size 2000 8000)" tls ;;
    polling) crowd polling "$(size 10000 200000)" ;;
    planned) crowd planned 1000000 ;;
    fleet) row_fleet "$(size 5000 50000)" ;;
    scale) crowd scale "$(size 1500 10000)" ;;
    workers) row_workers "$(size 3000 10000)" ;;
    evidence) "$bench" logs "$(size 256 1024)" || missed=1 ;;
    report) row_report "$(size 100000 1000000)" ;;
  esac
}

echo "scepstorm $(git rev-parse --short HEAD 2>/dev/null || echo '(no git)'), $form form, $(date -u +%Y-%m-%dT%H:%MZ): $cores cores" \
  "($(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -1)), $(ulimit -Hn) descriptors, load average $(cut -d' ' -f1 /proc/loadavg) before"
echo
echo '| what | measured | target | | timed beside |'
echo '|---|---|---|---|---|'
for name in "${names[@]}"; do one_row "$name"; done
exit "$missed"
