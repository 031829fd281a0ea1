#!/usr/bin/env bash
# What scepstorm costs, each figure a ratio or a slope taken in one run, so that the machine's own speed cancels out. The lines
# without indent are the table: name, value, target, met or missed. Exit code 1: something was missed.
#   scripts/bench.sh [enroll|memory|tls|polling|scale ...] [NUMBER]     all of them without a name
#   enroll   CPU per enrollment over that of its RSA operations, device and simulator; NUMBER of devices, 3000
#   memory   memory per device that waits for the reply to PKIOperation, from 100 to NUMBER of them, 15000
#   tls      the same over TLS 1.3, 8000
#   polling  memory per device that waits for a poll, 20000
#   scale    CPU per device with NUMBER in flight, 10000, over 100
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh test
cmake -S . -B build-bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DSCEPSTORM_TESTS=ON >/dev/null
cmake --build build-bench --target bench >/dev/null

number=()
names=()
for word in "$@"; do
  if [[ $word =~ ^[0-9]+$ ]]; then number=("$word"); else names+=("$word"); fi
done
[ "${#names[@]}" -gt 0 ] || names=(enroll memory tls polling scale)

bench=build-bench/tests/bench
waiting=tests/bench/waiting.yaml
missed=0
for name in "${names[@]}"; do
  case $name in
    enroll) "$bench" enroll tests/bench/bench.yaml "${number[@]}" || missed=1 ;;
    memory) "$bench" waiting "$waiting" "${number[@]:-15000}" || missed=1 ;;
    tls) "$bench" waiting "$waiting" "${number[@]:-8000}" tls || missed=1 ;;
    polling) "$bench" polling "$waiting" "${number[@]}" || missed=1 ;;
    scale) "$bench" scale "$waiting" "${number[@]}" || missed=1 ;;
    *) echo "bench.sh: no benchmark '$name'; there are enroll, memory, tls, polling, scale" >&2 && exit 2 ;;
  esac
done
exit $missed
