#!/usr/bin/env bash
# Challenges from other sources, in whole runs: passwords that are used once, and secrets that stay where they belong.
#   challenges.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
export NDES_PASSWORD='Correct-Horse-9!'

# ---- file: once, also across a kill ----

simulate --auth none --otp-cache 200
umask 077
for _ in $(seq 120); do
  curl -s "$base/certsrv/mscep_admin/" | tr -d '\000' | grep -oE '\b[0-9A-F]{16}\b' | tail -1
done >passwords
[ "$(sort -u passwords | wc -l)" -eq 120 ]
cat >file.yaml <<YAML
target: {url: "$base"}
challenge: {source: file, file: passwords}
devices: {count: 200}
limits: {error_budget: 100%}
load: [{rate: 30/s}]
YAML
"$scepstorm" run file.yaml --no-progress --out killed >killed.txt 2>&1 &
pid=$!
for _ in $(seq 400); do
  [ "$( (cat passwords.used 2>/dev/null || true) | wc -l)" -lt 30 ] || break
  sleep 0.05
done
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
grep -q 'challenge.file has 120 unused passwords for 200 devices' killed.txt
run 0 restart file.yaml
# One that was used before would be refused: nobody was, and only those that the first run took are missing.
expect restart 'd["failed"] == 0 and 0 < d["enrolled"] <= 90 and d["enrolled"] + d["unsent"] == 200'
expect restart 'o["used"] == d["enrolled"] and o["left"] == 0'
expect restart '[f["reason"] for f in s["failures"]] == ["otp_exhausted"]'

# ---- command, http, intune ----

cat >fetch.sh <<SH
#!/bin/sh
curl -s "$base/certsrv/mscep_admin/" | tr -d '\\000' | grep -oE '[0-9A-F]{16}' | tail -1
SH
chmod 700 fetch.sh
cat >command.yaml <<YAML
target: {url: "$base"}
challenge: {source: command, command: [./fetch.sh], connections: 4}
devices: {count: 40}
load: [{rate: 40/s}]
YAML
run 0 command command.yaml
expect command 'd["enrolled"] == 40 and o["fetched"] == o["used"] == 40 and o["source"] == "command"'

cat >webhook.py <<'PY'
"""A webhook that hands out NDES's passwords to whoever knows the token."""
import http.server, json, re, sys, urllib.request
page = sys.argv[1]
class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = self.headers["Authorization"] == "Bearer A-tok3n-of-ours" and asked["device"].startswith("CN=")
        text = urllib.request.urlopen(page).read().replace(b"\0", b"").decode("latin-1")
        answer = {"result": {"otp": re.findall(r"\b[0-9A-F]{16}\b", text)[-1]}} if good else {"error": "no"}
        body = json.dumps(answer).encode()
        self.send_response(200 if good else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
print(server.server_port, flush=True)
server.serve_forever()
PY
python3 webhook.py "$base/certsrv/mscep_admin/" >port &
children+=($!)
for _ in $(seq 200); do [ -s port ] && break; sleep 0.05; done
cat >http.yaml <<YAML
target: {url: "$base"}
challenge:
  source: http
  url: "http://127.0.0.1:$(cat port)/hook"
  method: POST
  headers: ["Authorization: Bearer {secret}"]
  body: '{"device": "{subject}"}'
  json: \$.result.otp
  password_env: HOOK_TOKEN
devices: {count: 40}
load: [{rate: 40/s}]
YAML
HOOK_TOKEN=A-tok3n-of-ours run 0 http http.yaml
expect http 'd["enrolled"] == 40 and o["used"] == 40 and o["source"] == "http"'

cat >intune.yaml <<'YAML'
target: {url: sim}
simulator: {mode: intune}
challenge: {source: intune}
devices: {count: 60, san: ["dns:{name}-{index}.example.test"]}
load: [{rate: 60/s}]
YAML
run 0 intune intune.yaml
expect intune 'd["enrolled"] == 60 and o["used"] == 60'

# ---- secrets ----

mkdir secrets
simulate --user mdm --password-env NDES_PASSWORD --otp-cache 100
cat >secrets.yaml <<YAML
target: {url: "$base"}
challenge: {source: mscep_admin, auth: ntlm, user: mdm, password_env: NDES_PASSWORD, outstanding: 5}
devices: {count: 60}
load: [{rate: 30/s}]
YAML
under_way() { # under_way NAME: some devices of that run have enrolled
  for _ in $(seq 1000); do
    [ "$( (cat "$1/issued.csv" 2>/dev/null || true) | wc -l)" -lt 5 ] || return 0
    sleep 0.02
  done
  echo "$1 does not get going"; exit 1
}
ulimit -c unlimited 2>/dev/null || true
look() { # look PID NAME: what /proc shows of it, while it runs
  for what in cmdline environ status maps stat comm; do
    cat "/proc/$1/$what" >"secrets/$2.$what" 2>/dev/null || true
  done
}
"$scepstorm" run secrets.yaml --no-progress --out secrets/results >secrets/out 2>secrets/err &
pid=$!
under_way secrets/results
look "$pid" page
wait "$pid" || [ $? -eq 4 ]

for _ in $(seq 40); do
  curl -s --ntlm -u "mdm:$NDES_PASSWORD" "$base/certsrv/mscep_admin/" | tr -d '\000' | grep -oE '\b[0-9A-F]{16}\b' | tail -1
done >known
head -30 known >listed
# The last ones are no passwords of this server: refusals and their evidence are looked at, too.
printf 'F00DFACE0000%04d\n' $(seq 10) >>listed
cat >listed.yaml <<YAML
target: {url: "$base"}
challenge: {source: file, file: listed}
devices: {count: 40}
limits: {error_budget: 100%}
load: [{rate: 30/s}]
YAML
env -u NDES_PASSWORD "$scepstorm" run listed.yaml --no-progress --out secrets/listed >secrets/listed.out 2>secrets/listed.err &
pid=$!
under_way secrets/listed
look "$pid" listed
wait "$pid" || [ $? -le 4 ]
expect secrets/listed 'd["enrolled"] == 30 and d["failed"] == 10'

# A crash leaves no core, whatever the limits of the shell are.
"$scepstorm" run secrets.yaml --no-progress --out secrets/crashed >secrets/crashed.out 2>secrets/crashed.err &
pid=$!
under_way secrets/crashed
kill -ABRT "$pid"
wait "$pid" 2>/dev/null || true
find . -maxdepth 1 -name 'core*' | grep . && { echo 'a core was left'; exit 1; }
cp listed.used secrets/journal

{ printf '%s\n' "$NDES_PASSWORD"; cat listed; } >words
python3 - <<'PY'
import base64, pathlib, sys
def forms(word):
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield raw
        for text in (raw.hex(), raw.hex().upper()):
            yield text.encode()
        for shift in range(3):  # base64 of a text that has the word somewhere in it
            whole = base64.b64encode(b"\0" * shift + raw)
            yield whole[(4 if shift else 0):len(whole) - 4]
words = pathlib.Path("words").read_text().split()
needles = {form: word for word in words for form in forms(word)}
looked = found = 0
for path in pathlib.Path("secrets").rglob("*"):
    if not path.is_file():
        continue
    data = path.read_bytes()
    looked += 1
    for needle, word in needles.items():
        if needle in data:
            found += 1
            print("%s holds %s" % (path, word))
if found or looked < 20:
    sys.exit("%d files looked at, %d secrets found" % (looked, found))
PY
echo 'challenges: all as it should be'
