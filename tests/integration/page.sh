#!/usr/bin/env bash
# report.html in a real browser: it renders without a complaint and without asking anybody; colours, keys, pointer and folds work;
# nothing scrolls sideways on a phone; contrast and names are there; a hostile server's words stay words.
source "$(dirname "$0")/lib.bash"
command -v chromium >/dev/null || fail "chromium is missing: scripts/deps.sh test"

# Three faults at once, two kinds of devices, three phases, a small cache of passwords.
cat >sample.yaml <<'EOT'
name: sample
target: {url: sim}
simulator:
  otp: {cache: 40}
  faults: ["app-pool-stopped:from=4s,for=2s", "template-permission-denied:from=7s,for=3s,fraction=30%", "password-wrong:from=9s,for=1s"]
challenge: {outstanding: 30}
devices:
  profiles: [{name: ios, weight: 60}, {name: windows, weight: 40}]
load:
  - {phase: warm-up, rate: 5/s, for: 1s, warm_up: true}
  - {phase: morning, rate: 10/s, for: 5s}
  - {phase: push, rate: 20/s, for: 5s}
limits: {error_budget: 100%}
slo: [enrolled >= 99%, latency.enrollment.p95 < 5s]
EOT
run 3 sample sample.yaml

# Whatever a server says where it may say anything.
cat >enemy.py <<'EOT'
from http.server import BaseHTTPRequestHandler, HTTPServer
BAD = "<script>hacked=1</script><img src=x onerror=hacked=1><svg onload=hacked=1>'\"--></pre></details></style></main>"
class Enemy(BaseHTTPRequestHandler):
    server_version, sys_version = BAD, ""
    def do_GET(self):
        self.send_response(500, BAD)
        self.send_header("X-" + BAD.replace(":", ""), BAD)
        self.end_headers()
        self.wfile.write((BAD * 50).encode())
    do_POST = do_GET
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", 0), Enemy)
print("http://127.0.0.1:%d/scep" % server.server_port, flush=True)
server.serve_forever()
EOT
python3 enemy.py >enemy.url 2>enemy.err &
children+=($!)
cat >enemy.yaml <<EOT
name: enemy
target: {url: $(first_line enemy.url)}
devices: {count: 3}
load: [{rate: 10/s}]
EOT
run 3 enemy enemy.yaml --authorized '<script>hacked=1</script><img src=x onerror=hacked=1>'

# As long as a page stays small, a million devices make no other.
[ "$(wc -c <sample/report.html)" -lt 600000 ] || fail "report.html is $(wc -c <sample/report.html) bytes long"
python3 "$here/page.py" sample/report.html enemy/report.html || fail "see above"
[ -z "${PICTURES:-}" ] || cp sample/report.html "$PICTURES/"
