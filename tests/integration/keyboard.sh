#!/usr/bin/env bash
# A load steered by keys on a terminal: paused, quicker, slower, stopped; what was done is told, and the terminal is given back
# however the run ends.
#   keyboard.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

"$scepstorm" keygen keys.pool --count 4 >/dev/null 2>&1
cat >load.yaml <<'YAML'
name: keyboard
target: {url: sim}
devices: {count: 60, key: {pool: keys.pool}}
load: [{phase: all, rate: 10/s}]
limits: {rate: 20/s}
YAML
timeout --kill-after=5 250 python3 "$here/keyboard.py" "$scepstorm" load.yaml "$work"
