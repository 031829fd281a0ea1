#!/usr/bin/env bash
# A regression gate: equal servers pass, a slower one does not; what cannot be compared is refused; baselines; every form. With runs of
# the real simulator, and a short form of scripts/compare-power.sh.
#   compare.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1

# take FOLDER SEED OPTION...: a run of 120 devices at a simulator of its own
take() {
  local folder=$1 seed=$2
  shift 2
  cat >"$folder.yaml" <<YAML
name: gate
seed: $seed
target: {url: sim}
simulator:
  latency: {pki_operation: {median: $median, p99: $p99}}
challenge: {source: none}
devices: {count: 120, key: {type: rsa, bits: 2048, pool: keys.pool}}
load: [{phase: go, rate: 30/s}]
YAML
  run 0 "$folder" "$folder.yaml" "$@"
}

# valid FOLDER...: on a busy machine some are not, and then there is nothing to compare
valid() {
  local folder
  for folder in "$@"; do
    grep -q '"verdict": "invalid"' "$folder/summary.json" && return 1
  done
  return 0
}

median=60ms p99=120ms
for n in 1 2 3 4 5 6; do take "base$n" "$n"; done
median=120ms p99=240ms
for n in 1 2 3; do take "slow$n" "$n"; done

# The verdicts need valid runs; everything else is asked with what there is.
if valid base{1..6} slow{1..3}; then
  ends 0 compare base1 base2 base3 --against base4 base5 base6
  grep -q '^No regression' stdout || fail "equal servers"
  grep -q 'would have been found' stdout || fail "what could have been seen is not told"

  ends 5 compare base1 base2 base3 --against slow1 slow2 slow3 --html=c.html --markdown=c.md --junit=c.xml --json=c.json
  grep -q '^REGRESSION: enrollment p' stdout || fail "a server that takes twice as long"
  python3 - <<'PY' || fail "a form is wrong"
import json
import xml.etree.ElementTree as xml
c = json.load(open("c.json"))
assert c["schema"] == "scepstorm/comparison/1" and c["verdict"] == "regression", c["verdict"]
rows = {f["figure"]: f for f in c["figures"]}
p95 = rows["latency.enrollment.p95"]
assert p95["verdict"] == "worse" and 0.5 < p95["change"] < 1.3, p95
assert p95["interval"][0] < p95["change"] < p95["interval"][1], p95
assert rows["latency.enrollment.p99"]["verdict"] == "too_few"
assert rows["steps.csr.latency.p50"]["verdict"] == "local"
assert rows["enrolled"]["base_interval"][0] > 0.98, rows["enrolled"]
suites = {s.get("name"): s for s in xml.parse("c.xml").getroot()}
assert suites["verdict"].get("failures") == "1"
cases = suites["figures"].findall("testcase")
assert int(suites["figures"].get("tests")) == len(cases)
assert int(suites["figures"].get("failures")) == len(suites["figures"].findall("testcase/failure")) > 0
page = open("c.html").read()
assert "REGRESSION" in page and "<svg" in page and "src=" not in page
assert open("c.md").read().startswith("## gate")
PY

  ends 0 compare slow1 slow2 slow3 --against base1 base2 base3 # faster is no regression
  grep -q 'better' stdout || fail "a faster server is not told"

  # ---- a baseline is as good as its runs ----
  ends 0 compare --save before base1 base2 base3
  rm -r base1
  ends 2 compare --save before base2
  grep -q 'is there already' stderr || fail "a baseline was written over"
  ends 5 compare @before --against slow1 slow2 slow3 --json
  python3 -c 'import json; a, b = json.load(open("stdout")), json.load(open("c.json")); assert a["figures"] == b["figures"]' ||
    fail "the baseline says something else than its runs"
  ends 5 compare results/baselines/before.json --against slow1 slow2 slow3
fi

# ---- no verdict is no pass ----
ends 2 compare base2 base3 --against slow1 slow2 --force
grep -q '^NO VERDICT' stdout || fail "two runs a side"
grep -q 'enrollment p95' stdout || fail "the figures are not shown"

# ---- refused ----
ends 2 compare base2 base3 --against base3 base4
grep -q 'are the same run' stderr || fail "a run against itself"
median=60ms p99=120ms
take other 1 --set devices.count=90
ends 2 compare base2 base3 base4 --against base5 base6 other
grep -q "'count: 120' there, 'count: 90' here" stderr || fail "another load"
run 0 part base2.yaml --shard 1/2 --start-at $(($(date +%s) + 1))
ends 2 compare base2 base3 base4 --against base5 base6 part
grep -q 'is a shard' stderr || fail "a shard"
ends 2 compare base2 --against nowhere
ends 2 compare base2
ends 2 compare @nothing --against base2
grep -q 'no baseline @nothing' stderr || fail "a baseline that is not there"
echo '{"schema": "scepstorm/runs/9"}' >odd.json
ends 2 compare odd.json --against base2
ends 2 compare --save ../up base2
ends 2 compare base2 --against base3 --html --json
ends 0 compare --help

# ---- false alarms and power, briefly: 12 pairs of made-up servers ----
read -r pairs _ _ _ _ _ alarms found blind _ < <("$HELPERS/helper-power" 12 3 1000 0.02 1.3 all 5 "$work/power")
[ "$pairs" -eq 12 ] && [ "$alarms" -eq 0 ] && [ "$found" -eq 12 ] && [ "$blind" -eq 0 ] ||
  fail "of $pairs pairs: $alarms false alarms, $found found, $blind blind"
