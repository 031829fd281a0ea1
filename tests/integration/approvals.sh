#!/usr/bin/env bash
# Requests that wait for approval, are denied or are forgotten: devices poll, and the run names the cause.
#   approvals.sh PATH-TO-SCEPSTORM
set -euo pipefail
scepstorm=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "approvals: $*" >&2
  exit 1
}

# storm NAME EXIT-CODE SIMULATOR: ten devices that poll twice; leaves NAME/summary.json
storm() {
  cat >"$1.yaml" <<YAML
name: $1
target: {url: sim}
simulator: $3
devices:
  count: 10
  profiles: [{name: rfc8894, set: {polls: 2, poll_interval: 50ms}}]
load: [{rate: 50/s}]
YAML
  local code=0
  "$scepstorm" run "$1.yaml" --out "$1" --quiet --no-progress >"$1.log" 2>&1 || code=$?
  # A busy machine makes a run invalid (4), which is not under test.
  [ "$code" != 4 ] || [ "$(summary "$1" '["validity"]["verdict"]')" != invalid ] || return 0
  [ "$code" = "$2" ] || fail "$1: exit code $code, not $2: $(cat "$1.log")"
}

summary() { python3 -c 'import json, sys; print(eval("json.load(open(sys.argv[1]))" + sys.argv[2]))' "$1/summary.json" "$2"; }
enrolled() { summary "$1" '["devices"]["enrolled"]'; }
cause() { summary "$1" '["diagnosis"][0]["cause"]'; }

storm approved 0 '{approval: {after_polls: 2}}'
[ "$(enrolled approved)" = 10 ] || fail "not all were enrolled after approval"
for fault in pending-approval approval-denied pending-forgotten; do
  storm "$fault" 3 "{faults: [$fault]}"
  [ "$(cause "$fault")" = "$fault" ] || fail "$fault is called $(cause "$fault")"
done
storm slow 3 '{approval: {after_polls: 3}}'
[ "$(cause slow)" = pending-approval ] || fail "slow approval is called $(cause slow)"
echo "approvals: waiting, denied and forgotten requests are told apart"
