#!/usr/bin/env bash
# A regression gate: equal servers pass, a slower one does not; what cannot be compared is refused; baselines; every form. With made-up
# runs, which no busy machine spoils, and with some of the simulator; and a short form of scripts/compare-power.sh.
#   compare.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# ---- made-up runs: base, an equal server, one that is slower by half ----
POWER_KEEP=1 "$HELPERS/helper-power" 1 3 1000 0.02 1.5 5 made >made.txt
for n in 1 2 3; do
  mv "made/0-0-$((n - 1))" "base$n"
  mv "made/0-1-$((n - 1))" "equal$n"
  mv "made/0-2-$((n - 1))" "slow$n"
done
base=(base1 base2 base3) equal=(equal1 equal2 equal3) slow=(slow1 slow2 slow3)

ends 0 compare "${base[@]}" --against "${equal[@]}"
grep -q '^No regression' stdout || fail "equal servers"
grep -q 'would have been found' stdout || fail "what could have been seen is not told"

ends 5 compare "${base[@]}" --against "${slow[@]}" --html=c.html --markdown=c.md --junit=c.xml --json=c.json
grep -q '^REGRESSION: enrollment p' stdout || fail "a server that takes half as long again"
python3 - <<'PY' || fail "a form is wrong"
import json
import xml.etree.ElementTree as xml
c = json.load(open("c.json"))
assert c["schema"] == "scepstorm/comparison/1" and c["verdict"] == "regression", c["verdict"]
rows = {f["figure"]: f for f in c["figures"]}
p95 = rows["latency.enrollment.p95"]
assert p95["verdict"] == "worse" and 0.3 < p95["change"] < 0.7, p95
assert p95["interval"][0] < p95["change"] < p95["interval"][1], p95
assert rows["steps.tcp.latency.p95"]["verdict"] == "small" # slower by half, but of 1 ms
assert rows["enrolled"]["base_interval"][0] < rows["enrolled"]["base"] < rows["enrolled"]["base_interval"][1]
suites = {s.get("name"): s for s in xml.parse("c.xml").getroot()}
assert suites["verdict"].get("failures") == "1"
cases = suites["figures"].findall("testcase")
assert int(suites["figures"].get("tests")) == len(cases)
assert int(suites["figures"].get("failures")) == len(suites["figures"].findall("testcase/failure")) > 0
page = open("c.html").read()
assert "REGRESSION" in page and "<svg" in page and "src=" not in page
assert open("c.md").read().startswith("## power")
PY
ends 5 compare "${base[@]}" --against "${slow[@]}" --json
cmp -s stdout c.json || fail "the same runs, another comparison"

ends 0 compare "${slow[@]}" --against "${base[@]}"
grep -q 'better' stdout || fail "a faster server is not told"
ends 0 compare "${base[@]}" --against "${slow[@]}" --min-change 90%

# ---- a baseline is as good as its runs ----
cp -r base1 kept
ends 0 compare --save before "${base[@]}"
rm -r base1
ends 2 compare --save before base2
grep -q 'is there already' stderr || fail "a baseline was written over"
ends 5 compare @before --against "${slow[@]}" --json
python3 -c 'import json; a, b = json.load(open("stdout")), json.load(open("c.json")); assert a["figures"] == b["figures"]' ||
  fail "the baseline says something else than its runs"
ends 0 compare results/baselines/before.json --against "${equal[@]}"
mv kept base1

# ---- no verdict is no pass ----
ends 2 compare base1 base2 --against slow1 slow2
grep -q '^NO VERDICT' stdout || fail "two runs a side"
grep -q 'enrollment p95' stdout || fail "the figures are not shown"
ends 2 compare "${base[@]}" --against "${equal[@]}" --detect 5%
grep -q '^INCONCLUSIVE' stdout || fail "a change of 5 % cannot be seen with these"

# ---- refused ----
ends 2 compare base1 base2 --against base2 equal1
grep -q 'are the same run' stderr || fail "a run against itself"
sed -i 's/50/60/' equal2/scenario.yaml
ends 2 compare "${base[@]}" --against "${equal[@]}"
grep -q 'rate: 50/s.* there, .*rate: 60/s' stderr || fail "another load"
ends 2 compare "${base[@]}" --against "${equal[@]}" --force
grep -q '^NO VERDICT' stdout || fail "a verdict by force"
ends 2 compare base1 --against nowhere
ends 2 compare base1
ends 2 compare @nothing --against base1
grep -q 'no baseline @nothing' stderr || fail "a baseline that is not there"
echo '{"schema": "scepstorm/runs/9"}' >odd.json
ends 2 compare odd.json --against base1
ends 2 compare --save ../up base1
ends 2 compare base1 --against base2 --html --json
ends 2 compare base1 --against base2 --min-change much
ends 0 compare --help

# ---- runs of the simulator, which takes twice as long after the change ----
"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1

# take FOLDER SEED MEDIAN P99 OPTION...
take() {
  cat >"$1.yaml" <<YAML
name: gate
seed: $2
target: {url: sim}
simulator:
  otp: {cache: 60}
  latency: {pki_operation: {median: $3, p99: $4}}
challenge: {source: mscep_admin, outstanding: 40}
devices: {count: 120, key: {type: rsa, bits: 2048, pool: keys.pool}}
load: [{phase: go, rate: 40/s}]
YAML
  run 0 "$1" "$1.yaml" "${@:5}"
}

for n in 1 2 3; do
  take "before$n" "$n" 80ms 160ms
  take "after$n" "$n" 160ms 320ms
done
code=0 # on a busy machine some are invalid, and then there is nothing to compare
"$scepstorm" compare before{1..3} --against after{1..3} >stdout 2>stderr || code=$?
if grep -q 'is invalid, this machine was the limit' stderr; then
  [ "$code" -eq 2 ] || fail "exit code $code for invalid runs"
else
  [ "$code" -eq 5 ] || fail "exit code $code: a simulator that takes twice as long"
  grep -q '^REGRESSION' stdout || fail "no words about it"
fi
run 0 part before1.yaml --shard 1/2 --start-at $(($(date +%s) + 1))
ends 2 compare before1 before2 before3 --against after1 after2 part
grep -q 'is a shard' stderr || fail "a shard"

# ---- false alarms and power, briefly ----
read -r pairs _ _ _ _ alarms all tail blind _ < <("$HELPERS/helper-power" 6 3 1000 0.02 1.3 5 power)
[ "$pairs" -eq 6 ] && [ "$alarms" -eq 0 ] && [ "$all" -eq 6 ] && [ "$tail" -ge 4 ] && [ "$blind" -eq 0 ] ||
  fail "of $pairs pairs: $alarms false alarms, $all and $tail found, $blind blind"
