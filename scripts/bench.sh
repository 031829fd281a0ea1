#!/usr/bin/env bash
# Three figures, taken in one run: CPU per enrollment of the device side and of the simulator, as multiples of the RSA operations
# that an enrollment needs, and enrollments per second on this machine. The machine's own speed cancels out of the ratios.
#   scripts/bench.sh [DEVICES]
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh test
cmake -S . -B build-bench -G Ninja -DCMAKE_BUILD_TYPE=Release -DSCEPSTORM_TESTS=ON >/dev/null
cmake --build build-bench --target bench_enroll >/dev/null
build-bench/tests/bench_enroll tests/bench/bench.yaml "${1:-3000}"
