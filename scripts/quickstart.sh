#!/usr/bin/env bash
# From a fresh clone to a thousand simulated phones that enroll, with one command: installs, builds, starts the built-in
# NDES simulator, runs scenarios/quickstart.yaml against it. Options go to `scepstorm run`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh build
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building scepstorm (Release)"
if ! { cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build -j "$(nproc)" --target scepstorm; } >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "quickstart.sh: the build failed; the lines above say where" >&2
  exit 1
fi
build/scepstorm run scenarios/quickstart.yaml "$@"
