#!/usr/bin/env bash
# Every form that a run is told in, held against what others read: the JSON Schema by python3-jsonschema over runs of all kinds,
# JUnit by a schema and python3-junitparser, CSV by Python's strict reader, the queries of results/README.md by sqlite3.
#   forms.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
judge() { /usr/bin/python3 "$@"; } # Debian's, which has the packages that judge

# ---- runs of all kinds ----

"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1
cat >any.yaml <<'YAML'
name: any
target: {url: sim}
simulator: {operations: [get-cert, get-crl, get-next-ca-cert]}
devices: {count: 24, key: {pool: keys.pool}, profiles: [{name: ios}, {name: android}], then: [renew, get_crl]}
load: [{phase: warm, rate: 20/s, for: 300ms, warm_up: true}, {phase: push, rate: 20/s}]
limits: {error_budget: 100%}
slo: [enrolled >= 50%, latency.enrollment.p95 < 20s, "steps.pki_operation.p99 < 20s over 10s"]
YAML
run 0 healthy any.yaml
run 3 faults any.yaml --set 'simulator.faults=["template-permission-denied:fraction=0.5,of=devices", "app-pool-stopped:from=700ms,for=200ms"]' \
  --set 'slo=[enrolled >= 99%, "phases.push.latency.enrollment.p95 < 1us", latency.enrollment.p999 < 1ms]'
run 3 page any.yaml --set 'simulator.faults=["otp-cache-full"]' --set limits.device_timeout=1s
sed '/^simulator/d; s/url: sim/url: "http:\/\/127.0.0.1:9\/certsrv\/mscep\/mscep.dll"/' any.yaml >closed.yaml
run 3 closed closed.yaml --set challenge.source=none
sed '/^slo/d; s/, then: .*}/}/' any.yaml >plain.yaml
run 0 refused plain.yaml --set 'simulator.faults=["template-permission-denied"]' --set devices.expect=refused
run 0 probed any.yaml --set 'conformance.probes=[string]' --set conformance.every=4
run 0 whole any.yaml --workers 2
ends 0 merge half whole/shard-1
"$scepstorm" run any.yaml --set devices.count=2000 --out interrupted --no-progress >interrupted.txt 2>&1 &
pid=$!
children+=("$pid")
for _ in $(seq 600); do [ "$( (cat interrupted/issued.csv 2>/dev/null || true) | wc -l)" -lt 5 ] || break; sleep 0.1; done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[ "$code" -eq 130 ] || fail "an interrupted run ended with $code: $(cat interrupted.txt)"
runs=(healthy faults page closed refused probed whole whole/shard-1 half interrupted)

# ---- the schema ----

ends 0 report --schema
mv stdout schema.json
cmp schema.json "$root/src/report/summary.schema.json" || fail 'the schema is another one than that of the source'
ends 0 diagnose faults --json
mv stdout diagnose-run.json
mkdir logs
simulate --auth none --fault app-pool-stopped --logs logs
"$scepstorm" check "$base" --json >check-broken.json 2>/dev/null || true
ends 0 diagnose --evidence logs --json
mv stdout diagnose-logs.json
simulate --auth none
"$scepstorm" check "$base" --enroll --probe --conformance=string --json >check-healthy.json 2>/dev/null || true
judge - "${runs[@]}" <<'PY' || fail 'schema and documents disagree'
import copy, json, sys, jsonschema
schema = json.load(open("schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
def validator(part=None):
    return jsonschema.Draft202012Validator({"$ref": "#/$defs/" + part, "$defs": schema["$defs"]} if part else schema)
def valid(document, part=None):
    errors = sorted(validator(part).iter_errors(document), key=str)
    return ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:300]) for e in errors]
summaries = {name: json.load(open(name + "/summary.json")) for name in sys.argv[1:]}
for name, summary in summaries.items():
    assert not valid(summary), (name, valid(summary))
for name, part in (("diagnose-run", "diagnose_output"), ("diagnose-logs", "diagnose_output"), ("check-healthy", "check_output"), ("check-broken", "check_output")):
    document = json.load(open(name + ".json"))
    assert not valid(document, part), (name, valid(document, part))
    assert not valid(document["diagnosis"], "diagnosis")
assert json.load(open("check-broken.json"))["diagnosis"] and json.load(open("diagnose-run.json"))["diagnosis"]

# What it must have seen to be worth its word, and what it must refuse.
s = summaries["faults"]
assert s["failures"] and s["diagnosis"] and s["personas"] and s["follow_ups"]["renewal"]["tried"] and s["otp"]["capacity"]
assert summaries["closed"]["devices"]["enrolled"] == 0 and summaries["interrupted"]["interrupted"]
assert summaries["probed"]["conformance"] and summaries["whole"]["shards"] and summaries["whole/shard-1"]["shard"]
assert summaries["half"]["shards"]["missing"] == 1 and summaries["refused"]["devices"]["refused_as_expected"] > 0
def change(path, value):
    out = copy.deepcopy(s)
    at = out
    for key in path[:-1]:
        at = at[key]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return out
step = next(iter(s["steps"]))
wrong = [(["schema"], "scepstorm/summary/2"), (["devices"], KeyError), (["devices", "planned"], -1), (["devices", "planned"], "24"),
    (["devices", "more"], 1), (["surprise"], 1), (["started_at"], "yesterday"), (["duration_s"], None), (["validity", "verdict"], "fine"),
    (["validity"], {"verdict": "valid", "reasons": ["but"]}), (["validity"], {"verdict": "invalid", "reasons": []}), (["slo", "verdict"], True),
    (["slo", "checks", 0, "ok"], "yes"), (["steps", "coffee"], s["steps"][step]), (["steps", step, "latency_ms", "p95"], None),
    (["steps", step, "latency_ms", "p75"], 1), (["latency_ms", "enrollment", "count"], 1.5), (["failures", 0, "stage"], "lunch"),
    (["failures", 0, "share"], 1.1), (["failures", 0, "hresult"], 2147944592), (["failures", 0, "count"], 0),
    (["failures", 0, "exemplar"], "../../etc/passwd"), (["diagnosis", 0, "confidence"], 80), (["diagnosis", 0, "cause"], "No Such Cause"),
    (["diagnosis", 0, "device_symptoms", "ios"], 1), (["correctness", "serials_unique"], 0), (["otp", "held_back"], 0),
    (["follow_ups", "renewal", "ok"], KeyError), (["target", "capabilities"], "POSTPKIOperation"), (["shard"], {}), (["notes"], "none"),
    (["verdicts", "strict"], 3), (["tool", "openssl"], 3), (["scenario", "seed"], "42"), (["phases", "push", "warm_up"], 0)]
for path, value in wrong:
    assert valid(change(path, value)), ("taken", path, value)
assert valid([]) and valid({}) and valid(None)
print("schema: %d documents, %d wrong ones" % (len(summaries) + 4, len(wrong)))
PY

# ---- JUnit ----

for one in "${runs[@]}"; do
  xmllint --noout --nonet --schema "$here/junit.xsd" "$one/junit.xml" 2>xmllint.txt || fail "$one/junit.xml: $(cat xmllint.txt)"
done
judge - "${runs[@]}" <<'PY' || fail 'junit.xml does not say what summary.json says'
import json, sys, junitparser
for name in sys.argv[1:]:
    s = json.load(open(name + "/summary.json"))
    xml = junitparser.JUnitXml.fromfile(name + "/junit.xml")
    tests, failures = xml.tests, xml.failures
    xml.update_statistics()
    assert (tests, failures) == (xml.tests, xml.failures) and tests > 10, (name, tests, failures)
    suites = {suite.name: {case.name: case for case in suite} for suite in xml}
    failed = lambda suite: {n for n, c in suites.get(suite, {}).items() if any(isinstance(r, junitparser.Failure) for r in c.result)}
    assert failed("slo") == {c["expression"] for c in s["slo"]["checks"] if not c["ok"]}, name
    assert bool(failed("validity")) == (s["validity"]["verdict"] == "invalid"), name
    assert ("not interrupted" in failed("run")) == s["interrupted"], name
    assert ("any device enrolled" in failed("run")) == (s["devices"]["enrolled"] == 0), name
    assert all(r.type and r.text for suite in suites.values() for c in suite.values() for r in c.result if isinstance(r, junitparser.Failure))
PY

# ---- CSV and Markdown ----

# The name of a phase, and the words of a server, come from somebody else.
run 0 hostile plain.yaml --set 'load=[{phase: "@SUM(1,2)|<b>x</b>", rate: 20/s}]' --set devices.count=5
python3 - "${runs[@]}" hostile <<'PY' || fail 'a CSV is not what it should be'
import csv, json, subprocess, sys
for name in sys.argv[1:]:
    rows = list(csv.reader(open(name + "/issued.csv", newline=""), strict=True))
    assert rows[0][0] == "serial" and {len(r) for r in rows} == {7}, name
    assert not any(cell[:1] in "=+-@" and cell for row in rows for cell in row), name
PY
for one in "${runs[@]}" hostile; do
  ends 0 report "$one" --csv=latencies.csv --markdown=run.md --hdr=run.hlog
  cmp run.hlog "$one/histograms.hlog" || fail "$one: another log of histograms"
  python3 - "$one" <<'PY' || fail "$one: a form is wrong"
import csv, json, re, sys
rows = list(csv.reader(open("latencies.csv", newline=""), strict=True))
assert rows[0][:3] == ["figure", "count", "min_ms"] and {len(r) for r in rows} == {10}
assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row), rows
s = json.load(open(sys.argv[1] + "/summary.json"))
figures = {r[0]: r for r in rows[1:]}
if s["latency_ms"]["enrollment"]["count"]:
    row = figures["latency_ms.enrollment"]
    assert int(row[1]) == s["latency_ms"]["enrollment"]["count"] and abs(float(row[6]) - s["latency_ms"]["enrollment"]["p95"]) < 0.001
text = open("run.md").read()
lines = text.splitlines()
assert re.match(r"## (Passed|Failed|Invalid|Interrupted): .*devices", lines[0]), lines[0]
assert len(lines) < 120 and "<b>" not in re.sub(r"`[^`]*`", "", text) and not re.search(r"[\x00-\x09\x0b-\x1f]", text)
for i, line in enumerate(lines):  # every row of a table has as many cells as its head
    if re.match(r"\|[-:|]+\|$", line):
        cells = lambda row: len(re.sub(r"\\.", "", row).split("|"))
        rest = [row for row in lines[i + 1:]]
        table = rest[:next((n for n, row in enumerate(rest) if not row.startswith("|")), len(rest))]
        assert all(cells(row) == cells(line) == cells(lines[i - 1]) for row in table), table
PY
done

# ---- run.sqlite: every query that results/README.md prints, and every view ----

python3 - "$root/results/README.md" faults <<'PY' || fail 'a query of results/README.md does not run'
import re, sqlite3, sys
queries = re.findall(r"```sql\n(.*?)```", open(sys.argv[1]).read(), re.S)
assert len(queries) >= 12, len(queries)
db = sqlite3.connect("file:%s/run.sqlite?mode=ro" % sys.argv[2], uri=True)
for query in queries:
    rows = db.execute(query).fetchall()
    assert rows or "otp_second" in query or "strict_ok" in query, "nothing comes out of: " + query
views = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
text = open(sys.argv[1]).read()
for view in views:
    db.execute("SELECT * FROM %s" % view).fetchall()
    assert "`%s`" % view in text, view + " is not told"
for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
    columns = [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)]
    assert re.search(r"^\| `%s` \|" % table, text, re.M), table + " is not told"
q = lambda sql: db.execute(sql).fetchall()
assert q("SELECT sum(devices) FROM failure_by_minute")[0] == q("SELECT count(*) FROM not_enrolled")[0]
assert q("SELECT sum(enrollments) FROM latency_by_minute")[0] == q("SELECT count(*) FROM enrollment")[0]
assert q("SELECT max(latency_ms) FROM enrollment")[0] == q("SELECT latency_ms FROM slowest LIMIT 1")[0]
assert q("SELECT cause FROM diagnosis ORDER BY rank LIMIT 1")
PY
echo "forms: what others read is what was meant"
