#!/usr/bin/env bash
# The live view of a run, on terminals of many sizes, resized, stopped, interrupted; and the plain lines where there is no such terminal.
#   terminal.sh PATH-TO-SCEPSTORM
# SHOW_SCREENS=1 prints what a person would see.
source "$(dirname "$0")/lib.bash"

"$scepstorm" keygen keys.pool --count 4 >/dev/null 2>&1
cat >load.yaml <<'YAML'
name: terminal
target: {url: sim}
simulator:
  faults: ["app-pool-stopped:from=2s,for=1s"]
  latency: {pki_operation: {median: 200ms, p99: 500ms, servers: 8}}
devices: {count: 120, key: {pool: keys.pool}}
load: [{phase: all, rate: 12/s}]
limits: {rate: 30/s, error_budget: 100%}
YAML
timeout --kill-after=5 280 python3 "$here/terminal.py" "$scepstorm" load.yaml "$work"
