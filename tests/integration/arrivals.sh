#!/usr/bin/env bash
# Arrivals as a user meets them: thinking a run through without sending anything, what the machine lacks said beforehand, the
# same seed twice, closed phases, several source addresses.
#   arrivals.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# holds PYTHON-EXPRESSION: over the JSON on stdout, s
holds() {
  python3 -c 'import json, sys
s = json.load(open("stdout"))
need = {n["what"]: n for n in s.get("needs", [])}
assert eval(sys.argv[1]), json.dumps(s, indent=1)' "$1" || fail "$1"
}

cat >small.yaml <<'YAML'
target: {url: sim}
devices: {count: 60}
load:
  - {phase: push, shape: policy_push, devices: 20, for: 1s, arrivals: poisson}
  - {phase: stairs, from: 20/s, to: 40/s, steps: 2, for: 1s}
  - {phase: rest, shape: check_in, for: 500ms, arrivals: poisson}
challenge: {outstanding: 5}
YAML

# A dry run sends nothing, makes no folder and needs no leave; its figures are those of the plan.
cat >far.yaml <<'YAML'
target: {url: "https://192.0.2.1/scep"}
load:
  - {phase: a, rate: 20/s, for: 10s}
  - {phase: b, pause: 5s}
  - {phase: c, base: 1/s, peak: 50/s, peak_for: 2s, for: 10s}
YAML
ends 0 run far.yaml --dry-run --json --service-time 2s
holds 's["phases"][0]["devices"] == 200 and s["phases"][1]["devices"] == 0 and s["phases"][2]["devices"] == 108'
holds 's["phases"][2]["first_s"] == 15 and s["phases"][2]["in_flight"] == 100 and s["all"]["in_flight"] == 100'
holds 's["ok"] and need["ports"]["ok"] and "password_cache" not in need'
ends 0 run far.yaml --dry-run
grep -q '^assumed .*--service-time' stdout || fail "the assumption is not told"
[ ! -e results ] || fail "a dry run left a folder"
ends 2 run far.yaml --dry-run --set limits.in_flight=50 --service-time 2s
grep -q 'no   in flight .*100 of' stdout || fail "the missing is not told"
grep -q 'change: raise limits.in_flight to 100' stdout || fail "what to change is not told"
ends 2 run small.yaml --dry-run --service-time 10s
grep -q 'no   passwords ' stdout || fail "the password budget is not told"
ends 2 run small.yaml --dry-run --service-time 0s
ends 2 run small.yaml --dry-run --service-time soon
for file in quickstart mdm-day closed personas renewal; do
  ends 0 run "$root/scenarios/$file.yaml" --dry-run
done

# Keys: no more devices than keys where none may be used twice.
"$scepstorm" keygen keys.pool --count 3 --quiet >stdout 2>stderr || "$scepstorm" keygen keys.pool --count 3 >stdout 2>stderr
ends 2 run small.yaml --dry-run --set 'devices.key={reuse: false, pool: keys.pool}'
grep -q 'no   keys .* 60 of .* 3 ' stdout || fail "missing keys are not told"

# Before the clock starts: what is lacking for certain ends the run, what may be lacking is a warning.
ends 2 run small.yaml --set target.source_addresses=[203.0.113.7] --out never
grep -q '203.0.113.7 is no address of this machine' stderr || fail "a foreign source address was not found"
[ ! -e never ] || fail "a folder was made for a run that could not begin"
(
  ulimit -n 100
  ends 2 run small.yaml --set 'load=[{closed: 50, for: 1s}]' --set devices={} --out never
)
grep -q 'needs 119 open files' stderr || fail "missing descriptors were not found"
(
  ulimit -n 100
  ends 0 run small.yaml --service-time 5s --no-progress --out warned
)
grep -q '^warning: descriptors may not suffice' stderr || fail "no warning"

# The soft limit is raised to the hard one.
(
  ulimit -Sn 40
  ends 0 run small.yaml --no-progress --out raised
)
[ ! -s stderr ] || fail "a run within the hard limit warns"

# The same seed twice: the same devices at the same times.
list() {
  python3 - "$1/run.sqlite" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row in db.execute("select device, scheduled_us, phase, profile, subject from device order by device"):
    print(*row)
PY
}
ends 0 run small.yaml --no-progress --out one --seed 5
ends 0 run small.yaml --no-progress --out two --seed 5
ends 0 run small.yaml --no-progress --out other --seed 6
[ "$(list one | wc -l)" -eq 60 ] || fail "not 60 devices"
[ "$(list one)" = "$(list two)" ] || fail "the same seed gave other arrivals"
[ "$(list one)" != "$(list other)" ] || fail "another seed gave the same arrivals"

# Several source addresses, and a closed phase that says what it is.
ends 0 run small.yaml --no-progress --out closed --set target.source_addresses=[127.0.0.2,127.0.0.3] \
  --set 'load=[{closed: 5, pause: 10ms..20ms}]' --set devices.count=40
grep -q '40 of 40 devices enrolled' stdout || fail "the closed phase did not enroll 40"
grep -q 'phases were closed' stdout || fail "the summary does not say that a phase was closed"
ends 0 validate closed/scenario.yaml
grep -q 'closed: 5 at a time, 10 ms to 20 ms between two' stdout || fail "validate does not tell the closed phase"
echo "arrivals: thought through, counted and kept"
