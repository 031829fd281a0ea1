#!/usr/bin/env bash
# A load in parts: three shards merged are the same devices as one run; shards that are missing, doubled or late are named;
# --workers does it on one machine; and what a run left can be told again in every form.
#   shards.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

says() {
  grep -qi "$1" "$2" || fail "$2 does not say '$1'"
}

# devices FOLDER: what the plan decided about each
devices() {
  python3 - "$1" <<'PY'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}/run.sqlite?mode=ro", uri=True)
for row in db.execute("SELECT device, phase, profile, warm_up, scheduled_us, subject FROM device ORDER BY device"):
    print(*row)
PY
}

"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1
simulate --auth none --otp-cache 12
cat >parts.yaml <<YAML
name: parts
seed: 9
target: {url: $scep}
challenge: {source: mscep_admin, auth: none, outstanding: 9}
devices:
  count: 61
  subject: "CN={profile}-{index}"
  key: {pool: keys.pool}
  profiles: [{name: ios, weight: 1}, {name: android, weight: 1}]
load:
  - {phase: warm, rate: 20/s, for: 1s, warm_up: true}
  - {phase: go, rate: 30/s, for: 2s, arrivals: poisson}
limits: {in_flight: 100}
slo: [enrolled >= 99%]
YAML

# ---- three shards are one run ----

ends 0 run parts.yaml --out whole --quiet
start=$(($(date +%s) + 12))
pids=
for k in 1 2 3; do
  "$scepstorm" run parts.yaml --shard "$k/3" --start-at "$start" --out "part-$k" --quiet 2>"stderr-$k" &
  pids="$pids $!"
done
for pid in $pids; do
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "a shard ended with $code: $(cat stderr-*)"
done
expect part-2 's["shard"]["index"] == 2 and s["shard"]["count"] == 3 and s["slo"]["verdict"] == "none" and s["devices"]["planned"] == 20'
ends 0 merge all part-3 part-1 part-2
says '61 of 61 devices enrolled; SLO passed' stdout
devices whole >whole.txt
devices all >all.txt
cmp whole.txt all.txt || fail "three shards are not the devices of one run"
[ "$(wc -l <all.txt)" -eq 61 ] || fail "not every device is there once"
expect all 's["devices"]["planned"] == s["devices"]["enrolled"] == 61 and s["shards"]["missing"] == 0 and s["shard"] is None'
expect all 's["latency_ms"]["enrollment"]["count"] == 41 and s["correctness"]["serials_unique"] and s["otp"]["limit"] == 9'
expect all 's["otp"]["used"] == 61 and len(s["shards"]["parts"]) == 3 and s["slo"]["verdict"] == "pass"'
[ "$(wc -l <all/issued.csv)" -eq 62 ] || fail "issued.csv does not list every certificate"

# ---- what does not fit together ----

ends 0 merge missing part-1 part-3
head -4 stdout | tr '\n' ' ' | grep -q 'shard 2 of 3 is missing' || fail "the missing shard is not named at the top"
expect missing 's["validity"]["verdict"] != "valid" and s["shards"]["missing"] == 1 and s["devices"]["planned"] == 41'
ends 2 merge twice part-1 part-3 part-1
says 'shard 1 is there twice' stderr
ends 2 merge wrong part-1 whole
says 'no shard but a whole run' stderr
ends 2 merge all part-1 part-2 part-3
says 'not empty' stderr
ends 2 merge none nowhere
says 'no results' stderr
ends 2 run parts.yaml --shard 1/3 --out bad
says 'needs --start-at' stderr
ends 2 run parts.yaml --shard 4/3 --start-at "$start" --out bad
ends 2 run parts.yaml --shard 1/3 --start-at "$start" --out bad
says 's ago' stderr
ends 2 run parts.yaml --shard 1/10 --start-at "$(($(date +%s) + 60))" --out bad
says 'use at most 9 shards' stderr
ends 2 run parts.yaml --workers 2 --shard 1/2 --out bad
[ ! -e bad ] && [ ! -e twice ] && [ ! -e wrong ] || fail "a refused command left a folder"

# ---- told again ----

ends 0 report all --json=again.json --html=again.html --junit=again.xml --csv=again.csv --markdown=again.md
cmp again.json all/summary.json && cmp again.html all/report.html && cmp again.xml all/junit.xml ||
  fail "a replayed run is not the run"
xmllint --noout again.xml
grep -q '^latency_ms.enrollment,41,' again.csv || fail "no enrollments in CSV"
grep -q '^## .*61 devices enrolled' again.md && grep -q '^- scenario: parts' again.md || fail "no heading in Markdown"
ends 0 report all
says '61 of 61 devices enrolled' stdout
ends 0 report whole --json
cmp stdout whole/summary.json || fail "a replayed run is not the run"
ends 2 report all --json --html
says 'only one form' stderr
ends 2 report nowhere
printf 'no database' >all/run.sqlite
ends 2 report all
kill "$sim" && wait "$sim"

# ---- workers ----

cat >crew.yaml <<'YAML'
name: crew
target: {url: sim}
challenge: {source: mscep_admin, outstanding: 4}
devices: {count: 40, key: {pool: keys.pool}}
load: [{phase: go, rate: 20/s, for: 2s}]
slo: [enrolled == 100%]
YAML
ends 0 run crew.yaml --workers 2 --out crew
says '40 of 40 devices enrolled; SLO passed' stdout
says 'workers 2' stdout
expect crew 's["devices"]["planned"] == 40 and s["shards"]["count"] == 2 and [p["planned"] for p in s["shards"]["parts"]] == [20, 20]'
expect crew 's["otp"]["fetched"] == 40 and s["otp"]["limit"] == 4 and not any("SHARD_SALT" in n for n in s["notes"])'
[ -s crew/shard-1/run.sqlite ] && [ -s crew/shard-2/run.sqlite ] || fail "the shards' own results are missing"
if pgrep -f "$work/crew\|crew/shard-" >/dev/null; then fail "a worker is still there"; fi
ends 2 run crew.yaml --workers 5 --out few
says 'use at most 4 shards' stderr
ends 2 run crew.yaml --workers 2 --set devices.key.pool=none.pool --out nokeys
[ ! -e few ] && [ ! -e nokeys ] || fail "a refused run left a folder"

"$scepstorm" run crew.yaml --workers 2 --out cut --set load.0.rate=2/s --set devices.count=400 >stdout 2>stderr </dev/null &
run=$!
for _ in $(seq 300); do
  grep -q 'started [1-9]' stderr && break
  sleep 0.2
done
kill -INT "$run"
code=0
wait "$run" || code=$?
[ "$code" -eq 130 ] || fail "interrupted workers end with $code"
says 'INTERRUPTED' stdout
expect cut 's["interrupted"] and s["devices"]["planned"] == 400 and s["devices"]["unsent"] > 0'
echo "shards: parts are one run again; what is missing or late is named"
