#!/usr/bin/env bash
# Requests that wait for approval, are denied or are forgotten: devices poll, and the run names the cause.
#   approvals.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

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
  run "$2" "$1" "$1.yaml"
}

storm approved 0 '{approval: {after_polls: 2}}'
expect approved 'd["enrolled"] == 10'
for fault in pending-approval approval-denied pending-forgotten; do
  storm "$fault" 3 "{faults: [$fault]}"
  expect "$fault" "s['diagnosis'][0]['cause'] == '$fault'"
done
storm slow 3 '{approval: {after_polls: 3}}'
expect slow 's["diagnosis"][0]["cause"] == "pending-approval"'
echo "approvals: waiting, denied and forgotten requests are told apart"
