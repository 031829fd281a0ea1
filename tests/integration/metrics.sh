#!/usr/bin/env bash
# --metrics-listen: valid for promtool, scraped by a real Prometheus whose last figures are those of summary.json, alone and as a
# crew; check leaves the same for node_exporter; wrong addresses are said before anything is written.
#   metrics.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
command -v promtool >/dev/null || fail "promtool is missing: scripts/deps.sh test"

valid() { promtool check metrics <"$1" >promtool.txt 2>&1 || fail "promtool on $1: $(cat promtool.txt)"; }

# address FILE: where a run said that it serves
address() {
  local n
  for n in $(seq 600); do
    if grep -qs '^metrics on http' "$1"; then
      grep -m1 -o 'http://[^ ]*' "$1"
      return
    fi
    sleep 0.1
  done
  fail "it does not say where it serves: $(cat "$1")"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# prometheus PORT URL: scrapes it five times a second, as long as the test lasts
prometheus() {
  local target=${2#http://}
  cat >"prometheus-$1.yml" <<YAML
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - {job_name: scepstorm, static_configs: [{targets: ["${target%/}"]}]}
YAML
  command prometheus --config.file="prometheus-$1.yml" --storage.tsdb.path="tsdb-$1" --web.listen-address="127.0.0.1:$1" \
    --log.level=warn >"prometheus-$1.log" 2>&1 &
  children+=($!)
}

# compare PORT FOLDER: what Prometheus has of the run, and summary.json
compare() {
  python3 - "$1" "$2" <<'PY' || fail "Prometheus and summary.json differ ($2): $(tail -3 "prometheus-$1.log")"
import json, sys, urllib.parse, urllib.request
port, folder = sys.argv[1:]
s = json.load(open(folder + "/summary.json"))
def ask(query):
    url = "http://127.0.0.1:%s/api/v1/query?query=%s" % (port, urllib.parse.quote(query))
    rows = json.load(urllib.request.urlopen(url, timeout=10))["data"]["result"]
    assert len(rows) == 1, (query, rows)
    return float(rows[0]["value"][1])
# last_over_time: the run has ended, and so has the series
last = lambda selector: ask("sum(last_over_time(%s[5m]))" % selector)
d, lat = s["devices"], s["latency_ms"]["enrollment"]
wanted = {
    'scepstorm_run_state{state="ended"}': 1,
    'scepstorm_devices_started_total': d["started"],
    'scepstorm_devices_ended_total{end="enrolled"}': d["enrolled"],
    'scepstorm_devices_ended_total{end="failed"}': d["failed"],
    'scepstorm_devices_ended_total{end="unsent"}': d["unsent"],
    'scepstorm_devices_in_flight': 0,
    'scepstorm_enrollment_duration_seconds_count': lat["count"],
    'scepstorm_enrollment_duration_seconds_bucket{le="+Inf"}': lat["count"],
    'scepstorm_step_duration_seconds_count{step="pki_operation"}': s["steps"]["pki_operation"]["latency_ms"]["count"],
    'scepstorm_received_bytes_total{step="pki_operation"}': s["steps"]["pki_operation"]["bytes_received"],
    'scepstorm_otp_fetched_total': s["otp"]["fetched"],
    'scepstorm_run_validity{verdict="%s"}' % s["validity"]["verdict"]: 1,
    'scepstorm_slo_verdict{verdict="%s"}' % s["slo"]["verdict"]: 1,
    'scepstorm_watch_dropped_facts_total': 0,
}
for f in s["failures"]:
    selector = 'scepstorm_failures_total{stage="%s",reason="%s"}' % (f["stage"], f["reason"])
    wanted[selector] = wanted.get(selector, 0) + f["count"]
wrong = {k: (last(k), v) for k, v in wanted.items() if last(k) != v}
assert not wrong, wrong
mean = last("scepstorm_enrollment_duration_seconds_sum") / lat["count"] * 1e3
assert abs(mean - lat["mean"]) < 0.01 * lat["mean"] + 0.001, (mean, lat["mean"])
requests = s["rates"]["requests_per_s"] * s["duration_s"]
assert abs(last("scepstorm_requests_total") - requests) <= 0.01 * requests + 1, (last("scepstorm_requests_total"), requests)
# the objective's own bound is a bucket, and its share counts what the percentile says
met = last('scepstorm_enrollment_duration_seconds_bucket{le="1.3"}')
assert (met >= 0.95 * lat["count"]) == (lat["p95"] <= 1300), (met, lat)
causes = [c["cause"] for c in s["diagnosis"]]
assert not causes or last('scepstorm_cause_confidence_ratio{cause="%s"}' % causes[0]) > 0, causes
assert ask("count(last_over_time(scepstorm_certificate_expiry_timestamp_seconds[5m]))") >= 2
# it was watched while it went, not only at its end
assert ask('max_over_time(scepstorm_run_state{state="running"}[5m])') == 1
PY
}

"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1
cat >faults.yaml <<'YAML'
name: watched
target: {url: sim}
simulator: {otp: {cache: 40}, faults: ["app-pool-stopped:from=3s,for=1s", "template-permission-denied:from=4s,fraction=30%"]}
challenge: {outstanding: 30}
devices: {count: 150, key: {pool: keys.pool}}
load:
  - {phase: warm-up, rate: 10/s, for: 1s, warm_up: true}
  - {phase: push, rate: 25/s}
limits: {error_budget: 100%}
slo: [enrolled >= 99%, latency.enrollment.p95 < 1300ms]
YAML

# ---- one process, and as a crew ----

for workers in 1 2; do
  "$scepstorm" run faults.yaml --workers "$workers" --metrics-listen 0 --no-progress --out "out-$workers" >"run-$workers.txt" 2>"run-$workers.err" &
  run=$!
  children+=("$run")
  url=$(address "run-$workers.err")
  port=$(free_port)
  prometheus "$port" "$url"
  for n in $(seq 100); do
    curl -s "${url}metrics" >"scrape-$workers.prom"
    ! grep -q 'devices_ended_total{end="failed"} [1-9]' "scrape-$workers.prom" || break
    sleep 0.2
  done
  grep -q 'scepstorm_run_state{state="running"} 1' "scrape-$workers.prom" || fail "it does not say that it runs: $(head -20 "scrape-$workers.prom")"
  valid "scrape-$workers.prom"
  curl -s -H 'Accept: application/openmetrics-text' "${url}metrics" | tail -1 | grep -qx '# EOF' || fail "no OpenMetrics"
  code=0
  wait "$run" || code=$?
  [ "$code" -eq 3 ] || [ "$code" -eq 4 ] || fail "the run ended with $code: $(cat "run-$workers.err")"
  compare "$port" "out-$workers"
done

# ---- an interrupted run tells so, and does not wait for scrapers ----

"$scepstorm" run faults.yaml --set load.1.rate=1/s --metrics-listen 0 --quiet --out cut 2>cut.err &
run=$!
children+=("$run")
url=$(address cut.err)
for n in $(seq 300); do curl -s "${url}metrics" | grep -q 'devices_started_total [1-9]' && break || sleep 0.1; done
kill -INT "$run"
code=0
wait "$run" || code=$?
[ "$code" -eq 130 ] || fail "interrupted, but exit code $code"
[ -s cut/summary.json ] || fail "interrupted, and no results"

# ---- said before anything is written ----

python3 -c 'import socket, time; s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(250)' >taken &
children+=($!)
taken=$(first_line taken)
ends 1 run faults.yaml --metrics-listen "127.0.0.1:$taken" --out none
grep -q "cannot listen on http://127.0.0.1:$taken/" stderr || fail "a port in use is told badly"
ends 1 run faults.yaml --workers 2 --metrics-listen "$taken" --out none
for wrong in nonsense 127.0.0.1 127.0.0.1:70000 example.com:80 '' '::1:9464'; do
  ends 2 run faults.yaml --metrics-listen "$wrong" --out none
  [ "$(wc -l <stderr)" -eq 1 ] || fail "more than one line about '$wrong'"
done
ends 2 run faults.yaml --metrics-listen 0 --dry-run
[ ! -e none ] || fail "a folder was made although nothing could be served"
cat >plain.yaml <<'YAML'
name: plain
target: {url: sim}
devices: {count: 2, key: {pool: keys.pool}}
load: [{rate: 5/s}]
YAML
ends 0 run plain.yaml --metrics-listen 0.0.0.0:0 --quiet --out open
grep -q 'may read along' stderr || fail "it does not say that others can read along"

# ---- check, for node_exporter ----

simulate --auth none
ends 0 check "$scep" --textfile node.prom --crit-days 1 --warn-days 1
valid node.prom
python3 - <<'PY' || fail "the text file is wrong"
import re, time
text = open("node.prom").read()
value = lambda pattern: float(re.search(pattern + r".*\} (\S+)$", text, re.M).group(1))
assert value(r"scepstorm_check_status\{") == 0
assert abs(value(r"scepstorm_check_timestamp_seconds\{") - time.time()) < 600
assert 0 < value(r'scepstorm_check_stage_duration_seconds\{.*stage="get_ca_cert"') < 60
assert value(r'scepstorm_check_stage_ok\{.*stage="GetCACert"') == 1
for role in ("ca", "ra_signing", "ra_encryption"):
    assert value(r'scepstorm_certificate_expiry_timestamp_seconds\{.*role="%s"' % role) > time.time(), text
assert 'node="127.0.0.1"' in text
PY
[ "$(stat -c %a node.prom)" = 644 ] || fail "node_exporter may not read it"
kill "$sim" && wait "$sim" 2>/dev/null || true
ends 2 check "$scep" --textfile node.prom
valid node.prom
grep -q '^scepstorm_check_status{.*} 2$' node.prom || fail "it is not critical"
ls node.prom.* 2>/dev/null && fail "half a file was left"
simulate --auth none
ends 3 check "$scep" --textfile /nowhere/node.prom --crit-days 1 --warn-days 1
grep -q 'UNKNOWN - --textfile' stdout || fail "it does not say that the file could not be written"
ends 3 check "$scep" --metrics-listen "$taken"
ends 0 check "$scep" --metrics-listen 0 --crit-days 1 --warn-days 1
grep -q '^metrics on http' stderr || fail "check does not say where it serves"
