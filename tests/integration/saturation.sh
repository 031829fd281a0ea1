#!/usr/bin/env bash
# Too much load on purpose: nobody may read such a run as the server's figures. It ends invalid, with exit code 4, and says what
# was short on this side.
#   saturation.sh PATH-TO-SCEPSTORM
set -euo pipefail
scepstorm=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "saturation: $*" >&2
  exit 1
}

# saturate NAME [COMMAND...]: runs NAME.yaml, below COMMAND; must end invalid, whatever the server did.
saturate() {
  local name=$1 code=0
  shift
  "$@" "$scepstorm" run "$name.yaml" --out "$name" --no-progress >"$name.log" 2>&1 </dev/null || code=$?
  [ "$code" = 4 ] || fail "$name: exit code $code, not 4: $(cat "$name.log")"
  grep -qi 'run invalid' "$name.log" || fail "$name: the summary does not say so: $(cat "$name.log")"
}

# holds NAME PYTHON-EXPRESSION: over its summary s, and all reasons in one text
holds() {
  python3 -c 'import json, sys
s = json.load(open(sys.argv[1] + "/summary.json"))
v, d = s["validity"], s["devices"]
why = " | ".join(str(r) for r in v["reasons"])
assert eval(sys.argv[2]), json.dumps([v, d], indent=1)' "$1" "$2" || fail "$1: $2"
}

# All sums are kept, however little was carried.
kept() {
  holds "$1" 'v["verdict"] == "invalid"'
  holds "$1" 'd["planned"] == d["started"] + d["unsent"]'
  holds "$1" 'd["started"] == d["enrolled"] + d["failed"] + d["abandoned"]'
}

# 20,000 devices within a fifth of a second, ten at a time, and half a second of patience: no machine does that.
cat >capped.yaml <<'YAML'
name: capped
target: {url: sim}
devices: {count: 20000}
load: [{phase: flood, rate: 100000/s}]
limits: {rate: 100000/s, in_flight: 10, device_timeout: 500ms, error_budget: 100%}
challenge: {source: none}
YAML
saturate capped
kept capped
holds capped 'd["planned"] == 20000 and d["unsent"] > 1000'
holds capped '"started late" in why and "limits.in_flight" in why and "never sent" in why'

# 1500 devices at once, with no cap in the way, on one core that is the simulator's too.
cat >core.yaml <<'YAML'
name: core
target: {url: sim}
devices: {count: 1500}
load: [{phase: flood, rate: 100000/s}]
limits: {rate: 100000/s, device_timeout: 4s, error_budget: 100%}
challenge: {source: none}
YAML
core=$(taskset -pc $$ | sed -E 's/.*: *([0-9]+).*/\1/')
saturate core taskset -c "$core"
kept core
holds core 'd["started"] == 1500'
holds core '"started late" in why and ("processor" in why or "cores" in why or "stood still" in why or "busy" in why)'
echo "saturation: too much load ends invalid, and says what was short"
