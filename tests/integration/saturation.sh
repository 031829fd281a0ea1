#!/usr/bin/env bash
# Too much load on purpose: nobody may read such a run as the server's figures. It ends invalid, with exit code 4, and says what
# was short on this side.
#   saturation.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# saturate NAME [COMMAND...]: runs NAME.yaml, below COMMAND; must end invalid, whatever the server did.
saturate() {
  local name=$1 code=0
  shift
  "$@" "$scepstorm" run "$name.yaml" --out "$name" --no-progress >"$name.log" 2>&1 </dev/null || code=$?
  [ "$code" = 4 ] || fail "$name: exit code $code, not 4: $(cat "$name.log")"
  grep -qi 'run invalid' "$name.log" || fail "$name: the summary does not say so: $(cat "$name.log")"
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
expect capped 'v["verdict"] == "invalid"'
expect capped 'd["planned"] == 20000 and d["unsent"] > 1000'
expect capped '"started late" in why and "limits.in_flight" in why and "never sent" in why'

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
expect core 'v["verdict"] == "invalid"'
expect core 'd["started"] == 1500'
expect core '"started late" in why and ("processor" in why or "cores" in why or "stood still" in why or "busy" in why)'
echo "saturation: too much load ends invalid, and says what was short"
