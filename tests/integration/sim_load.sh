#!/usr/bin/env bash
# How long the simulator takes, how many it serves at a time, a whole server from a file, and faults that come and go while it serves.
#   sim_load.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# start NAME OPTION...: a simulator; $url is where, $pid which
start() {
  local name=$1
  shift
  "$scepstorm" sim "$@" >"$name.url" 2>"$name.err" &
  pid=$!
  children+=($pid)
  url=$(first_line "$name.url")
  url=${url##* }
}
caps=certsrv/mscep/mscep.dll?operation=GetCACaps

# ---- a station with one server: who comes last waits for all others. Whatever the machine does, that is the least it takes ----

cat >narrow.yaml <<'YAML'
target: {url: sim}
simulator:
  otp: {cache: 20}
  latency:
    pki_operation: {fixed: 100ms, servers: 1}
    get_ca_cert: {median: 20ms, p99: 60ms}
devices: {count: 15}
challenge: {outstanding: 15}
load: [{rate: 1000/s}]
limits: {rate: 1000/s}
YAML
run 0 narrow narrow.yaml
expect narrow 'd["enrolled"] == 15'
expect narrow 's["steps"]["pki_operation"]["latency_ms"]["min"] >= 99'
expect narrow 's["duration_s"] >= 1.5'
grep -q 'pki_operation:' narrow/scenario.yaml || fail "the effective scenario lost the latency"
run 0 again narrow/scenario.yaml --set devices.count=2
expect again 's["steps"]["pki_operation"]["latency_ms"]["min"] >= 99'

# ---- a full queue is HTTP.sys's 503, and answers that are not due hold no thread ----

start queue --listen 127.0.0.1:0 --auth none --latency get_ca_caps:fixed=600s,servers=100,queue=50
python3 - "$url/$caps" "$pid" <<'PY' || fail "the queue, or the threads"
import os, select, socket, sys, time
from urllib.parse import urlsplit
url = urlsplit(sys.argv[1])
def ask():
    s = socket.create_connection((url.hostname, url.port))
    s.sendall(b"GET %s?%s HTTP/1.1\r\nHost: h\r\n\r\n" % (url.path.encode(), url.query.encode()))
    return s
def files():
    return len(os.listdir("/proc/%s/fd" % sys.argv[2]))
before = files()
waiting = [ask() for _ in range(153)]  # three too many, whichever they are
for _ in range(3):
    ready = select.select(waiting, [], [], 60)[0]
    assert ready, "too few are turned away"
    late = ready[0].recv(4096)
    assert late.startswith(b"HTTP/1.1 503 ") and b"HTTP Error 503. The service is unavailable." in late, late
    waiting.remove(ready[0])
    ready[0].close()
assert not select.select(waiting, [], [], 0)[0]
threads = len(os.listdir("/proc/%s/task" % sys.argv[2]))
assert threads < os.cpu_count() + 8, threads
for s in waiting:  # who hangs up is let go of, long before its time
    s.close()
for _ in range(600):
    if files() <= before + 3:
        break
    time.sleep(0.1)
else:
    sys.exit("%d descriptors are still open, %d before" % (files(), before))
PY
kill -TERM "$pid"
wait "$pid" || fail "it did not end well"

# ---- a whole server from a file; options win ----

cat >server.yaml <<'YAML'
listen: 127.0.0.1:0
mode: standalone
auth: basic
accounts: [{user: mdm, password_env: MDM_PASSWORD}]
otp: {cache: 1}
latency: {otp: {fixed: 50ms}}
faults: ["otp-cache-full:from=1h"]
YAML
export MDM_PASSWORD=geheim
start server --config server.yaml --otp-cache 2
page=$url/certsrv/mscep_admin/
[ "$(curl -s -o /dev/null -w '%{http_code}' "$page")" = 401 ] || fail "the page is open"
for n in 1 2 3; do
  time=$(curl -s -u mdm:geheim -o "page$n" -w '%{http_code} %{time_total}' "$page")
  [[ $time == "200 "* ]] || fail "page $n: $time"
  awk -v t="${time#* }" 'BEGIN { exit !(t >= 0.05) }' || fail "page $n came after $time, too early"
done
iconv -f utf-16le -t utf-8 page2 | grep -q 'challenge password is' || fail "--otp-cache did not win"
iconv -f utf-16le -t utf-8 page3 | grep -q 'password cache is full' || fail "the third password"
kill -TERM "$pid"
echo 'otp: {cach: 3}' >wrong.yaml
ends 2 sim --config wrong.yaml
grep -q "^scepstorm sim: wrong.yaml:1:7: unknown key 'cach' in otp; did you mean 'cache'?" stderr || fail "the error is not located"
ends 2 sim --config nowhere.yaml
ends 2 sim --listen 127.0.0.1:0 --latency otp:fixed=1
grep -q "latency 'otp:fixed=1': fixed: " stderr || fail "a wrong latency is not explained"

# ---- faults on and off ----

start switch --listen 127.0.0.1:0 --auth none
faults=$url/scepstorm/admin/faults
status() { curl -s -o /dev/null -w '%{http_code}' "$url/$caps"; }
switch() { # STATUS CURL-OPTION...: the answer is in `switched`
  local want=$1 got
  shift
  got=$(curl -s -o switched -w '%{http_code}' "$@") || fail "curl $*"
  [ "$got" = "$want" ] || fail "HTTP $got instead of $want: $(cat switched)"
}
[ "$(status)" = 200 ] || fail "not well at the start"
switch 200 -d app-pool-stopped "$faults"
[ "$(status)" = 503 ] || fail "the fault does not bite"
switch 200 "$faults"
python3 -c 'import json; f = json.load(open("switched"))["faults"]; assert [x["id"] for x in f] == ["app-pool-stopped"] and f[0]["holds"]' ||
  fail "the list: $(cat switched)"
switch 200 -X DELETE "$faults/app-pool-stopped"
[ "$(status)" = 200 ] || fail "the fault did not end"
switch 403 -d app-pool-stopped -H 'Origin: https://elsewhere.example' "$faults" # a browser's page, on this machine
switch 403 -d app-pool-stopped -H 'Host: elsewhere.example' "$faults"           # and by a name that came to mean this machine
switch 200 -H "Host: localhost:${url##*:}" "$faults"
switch 400 -d 'app-pool-stoped' "$faults"
grep -q "did you mean 'app-pool-stopped'" switched || fail "no suggestion: $(cat switched)"
[ "$(wc -l <switched)" = 1 ] || fail "more than a line"
switch 400 -X DELETE "$faults/app-pool-stopped"
switch 200 -d 'network-path-blocked:for=3s' "$faults" # takes this URL along
code=0
for n in $(seq 200); do
  code=0
  curl -s -o /dev/null "$url/$caps" || code=$?
  [ "$code" != 7 ] || break
done
[ "$code" = 7 ] || fail "the port did not close: $code"
for n in $(seq 300); do [ "$(status || true)" = 200 ] && break; sleep 0.1; done
[ "$(status)" = 200 ] || fail "the port did not open again"

# ---- load makes faults ----

switch 200 --data-binary $'ca-slow:each=80ms,at-once=1' "$faults"
cat >slow.yaml <<YAML
target: {url: "$url"}
challenge: {source: mscep_admin, auth: none, outstanding: 5}
devices: {count: 5}
load: [{rate: 1000/s}]
limits: {rate: 1000/s}
YAML
run 0 slow slow.yaml
expect slow 'd["enrolled"] == 5 and s["steps"]["pki_operation"]["latency_ms"]["min"] >= 79 and s["duration_s"] >= 0.4'
echo "sim_load: operations take their time, queues fill, servers come from files, faults come and go"
