#!/usr/bin/env bash
# scepstorm check, reading only: what it says about servers that are ill, and which causes it names.
#   check.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# serve COMMAND...: sets url to what its first line says
serve() {
  local log
  log=$(mktemp -p .)
  "$@" >"$log" 2>&1 &
  children+=($!)
  for _ in $(seq 100); do
    url=$(sed -nE "s,^(listening )?(https?:),\2,p" "$log" | head -1)
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  fail "$* does not serve: $(cat "$log")"
}

# check CODE URL CAUSE: both outputs name the cause first (or, with "", none)
check() {
  local code=0
  "$scepstorm" check "$2" >out.txt 2>err.txt || code=$?
  [ "$code" = "$1" ] && [ ! -s err.txt ] || fail "$2: exit code $code, not $1: $(cat out.txt err.txt)"
  "$scepstorm" check "$2" --json >out.json || true
  python3 - "$3" <<'PY' || fail "$2: $(cat out.txt out.json)"
import json, sys
d = json.load(open("out.json"))["diagnosis"]
text = open("out.txt").read()
if not sys.argv[1]:
    sys.exit(d != [] or "likely cause" in text)
keys = {"cause", "class", "title", "confidence", "share", "stage", "evidence", "look_alikes", "decided_by", "steps", "resolution",
        "device_symptoms", "sources"}
sys.exit(not (d and d[0]["cause"] == sys.argv[1] and keys <= set(d[0]) and d[0]["evidence"]
              and ("(scepstorm causes %s)" % sys.argv[1]) in text.split("likely cause")[1]))
PY
}

serve "$scepstorm" sim --auth none --listen 127.0.0.1:0
check 0 "$url" ""
check 2 "${url%/certsrv*}/nowhere/mscep.dll" wrong-scep-url
serve "$scepstorm" sim --auth none --listen 127.0.0.1:0 --fault app-pool-stopped
check 2 "$url" service-account-password-expired
grep -q 'more that look the same' out.txt || fail "look-alikes are not counted: $(cat out.txt)"
serve "$scepstorm" sim --auth none --listen 127.0.0.1:0 --fault ra-cert-expired
check 2 "$url" ra-cert-expired
serve "$scepstorm" sim --auth none --listen 127.0.0.1:0 --tls
check 2 "$url" tls-chain-untrusted
serve python3 -u "$here/bad_server.py" 404
check 2 "$url" wrong-scep-url
check 2 http://127.0.0.1:1/certsrv/mscep/mscep.dll network-path-blocked
echo "check: a healthy server has no cause, each ill one has its own"
