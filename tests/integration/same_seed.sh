#!/usr/bin/env bash
# The same seed twice gives the same fleet: arrivals, profiles, subjects and names of each device.
#   same_seed.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# The closed phase goes on with the next devices, though nobody knows when those come.
cat >fleet.yaml <<'YAML'
name: fleet
target: {url: sim}
simulator: {otp: {cache: 50}}
devices:
  count: 50
  profiles: [{name: ios, weight: 3}, {name: android, weight: 2}, {name: windows, weight: 1}]
  subject: "CN={profile}-{index}"
  san: ["dns:{name}-{index}.example.test"]
load:
  - {phase: push, rate: 40/s, for: 1s, arrivals: poisson}
  - {phase: hammer, closed: 10}
challenge: {outstanding: 50}
YAML
choices() {
  python3 - "$1/run.sqlite" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row in db.execute("select device, phase, case phase when 0 then scheduled_us end, profile, subject, san from device order by 1"):
    print(*row)
PY
}
run 0 first fleet.yaml --seed 11
run 0 second fleet.yaml --seed 11
run 0 third fleet.yaml --seed 12
[ "$(choices first | wc -l)" -eq 50 ] || fail "not 50 devices"
[ "$(choices first)" = "$(choices second)" ] || fail "the same seed gave another fleet"
[ "$(choices first)" != "$(choices third)" ] || fail "another seed gave the same fleet"
[ "$(choices first | cut -d' ' -f4 | sort -u | wc -l)" -eq 3 ] || fail "a profile is missing"
echo "same_seed: the same seed gives the same fleet"
