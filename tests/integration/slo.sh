#!/usr/bin/env bash
# Objectives in whole runs: one that cannot be met any more ends the run, windows find a bad moment that the whole hides.
#   slo.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# From the third second on nobody enrolls: after two more percent of the devices it is hopeless.
cat >hopeless.yaml <<'YAML'
name: hopeless
target: {url: sim}
simulator: {faults: ["template-permission-denied:from=3s"]}
devices: {count: 2000}
load: [{phase: push, rate: 50/s}]
limits: {error_budget: 100%}
slo: [{expression: enrolled >= 98%, abort: true}]
YAML
run 3 hopeless hopeless.yaml
python3 - <<'PY' || fail "the hopeless run is not told well"
import json
s = json.load(open('hopeless/summary.json'))
assert 'cannot be met any more' in s['stopped_early'], s['stopped_early']
assert 40 < s['devices']['failed'] < 1000 and s['devices']['unsent'] > 900, s['devices']
unsent = [f for f in s['failures'] if f['reason'] == 'aborted']
assert unsent[0]['count'] == s['devices']['unsent'] and 'enrolled >= 98%' in unsent[0]['text'], unsent
assert s['slo']['verdict'] == 'fail'
PY

# Ten bad seconds of thirty: over all of them, a third of the devices; in their window, nearly all.
cat >moment.yaml <<'YAML'
name: moment
target: {url: sim}
simulator: {faults: ["template-permission-denied:from=10s,for=10s"]}
load: [{phase: push, rate: 10/s, for: 30s}]
limits: {error_budget: 100%}
slo:
  - enrolled >= 50%
  - phases.push.enrolled >= 50% over 10s
  - latency.enrollment.p50 < 30s over 10s
YAML
run 3 moment moment.yaml
python3 - <<'PY' || fail "windows are wrong"
import json
checks = json.load(open('moment/summary.json'))['slo']['checks']
assert [c['ok'] for c in checks] == [True, False, True], checks
assert checks[1]['value'] < 0.2 and checks[1]['worst_from_s'] == 10, checks
PY
echo "slo: hopeless runs end early, bad moments are found"
