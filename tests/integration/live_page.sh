#!/usr/bin/env bash
# The page of --metrics-listen in a real browser: it follows the run without being asked to, keeps what the reader did to it, and
# says how the run ended or that it is gone.
#   live_page.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
command -v chromium >/dev/null || fail "chromium is missing: scripts/deps.sh test"

"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1
cat >watched.yaml <<'YAML'
name: watched
target: {url: sim}
simulator: {otp: {cache: 40}, faults: ["template-permission-denied:from=2s,fraction=30%"]}
challenge: {outstanding: 30}
devices: {count: 250, key: {pool: keys.pool}}
load: [{phase: push, rate: 15/s}]
limits: {error_budget: 100%}
slo: [enrolled >= 99%]
YAML
python3 "$here/live_page.py" "$scepstorm" watched.yaml || fail "see above"
