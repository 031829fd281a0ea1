#!/usr/bin/env bash
# TLS as each persona opens it, counted by a server of TLS 1.2 and one of TLS 1.3: a device that keeps its connection makes one
# handshake, one that opens a connection per request makes one each; nobody takes up a session again that another device made,
# and nobody's request travels on another device's connection.
#   tls.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout relay.key -out relay.pem -days 2 \
  -subj /CN=relay -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
"$scepstorm" keygen keys.pool --count 8 >/dev/null 2>&1
simulate --auth none
port=${base##*:}

# count NAME VERSION PERSONA DEVICES: a run through the relay; what the relay counted is in NAME.json.
count() {
  python3 "$here/tls_relay.py" relay.pem relay.key "$2" "$port" "$1.json" >"$1.port" 2>"$1.err" &
  relay=$!
  children+=("$relay")
  cat >"$1.yaml" <<YAML
name: $1
target: {url: "https://127.0.0.1:$(first_line "$1.port")/certsrv/mscep/mscep.dll", tls: {ca_file: relay.pem}}
devices: {count: $4, key: {pool: keys.pool, reuse: true}, profiles: [{name: $3}]}
load: [{phase: push, rate: 20/s}]
challenge: {source: mscep_admin, url: "http://127.0.0.1:$port/certsrv/mscep_admin/", auth: none}
YAML
  run 0 "$1" "$1.yaml"
  kill "$relay"
  wait "$relay" || fail "$1: the relay failed: $(cat "$1.err")"
}

# holds NAME PYTHON-EXPRESSION: over the connections c, and over the summary s
holds() {
  python3 -c 'import json, sys
c = json.load(open(sys.argv[1] + ".json"))
s = json.load(open(sys.argv[1] + "/summary.json"))
assert eval(sys.argv[2]), json.dumps([c, s["devices"], s["steps"]], indent=1)' "$1" "$2" || fail "$1: $2"
}

for version in 1.2 1.3; do
  for persona in rfc8894 ios; do
    name=$persona-$version
    count "$name" "$version" "$persona" 12
    holds "$name" 's["devices"]["enrolled"] == 12'
    holds "$name" "all(not one['failed'] and one['version'] == 'TLSv$version' for one in c)"
    holds "$name" 'not any(one["resumed"] for one in c)'
    holds "$name" 's["steps"]["tls"]["count"] == len(c) == len({one["port"] for one in c})'
    holds "$name" 'sum(one["enrollments"] for one in c) == 12'
  done
  holds "rfc8894-$version" 'len(c) == 12 and all(one["enrollments"] == one["caps"] == 1 for one in c)'
  holds "ios-$version" 'len(c) > 24 and all(one["requests"] == 1 for one in c)'
done
echo "tls: as many handshakes as the personas open"
