#!/usr/bin/env bash
# scepstorm check: what it says about servers that are ill, and which causes it names; reading only, with --otp, --enroll and
# --probe; several servers, certificates that end soon, baselines. scepserver listens on every address, hence the network namespace.
#   check.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/network.bash"
own_network "$0" "$@"
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

# look CODE OPTION...: in out.txt and, as JSON, out.json
look() {
  local want=$1 code=0
  shift
  "$scepstorm" check "$@" >out.txt 2>err.txt || code=$?
  [ "$code" = "$want" ] && [ ! -s err.txt ] || fail "check $*: exit code $code, not $want: $(cat out.txt err.txt)"
  "$scepstorm" check "$@" --json >out.json || true
}
# tells WORDS: on some line;  begins WORDS: on the first one;  holds PYTHON-EXPRESSION over out.json as s
tells() { grep -qF -- "$1" out.txt || fail "does not say '$1': $(cat out.txt)"; }
begins() { head -1 out.txt | grep -qF -- "$1" || fail "does not begin with '$1': $(cat out.txt)"; }
holds() { python3 -c 'import json, sys; s = json.load(open("out.json")); sys.exit(not eval(sys.argv[1]))' "$1" || fail "not true: $1: $(cat out.json)"; }
# takes URL: a password of the page; 1 when it had one
takes() { curl -s "$1/certsrv/mscep_admin/" | tr -d '\0' | grep -c 'challenge password is:' || true; }

# ---- nothing is taken unasked, and what was not done is said ----

simulate --auth none --otp-cache 2
for _ in 1 2 3; do look 0 "$base"; done
holds 'len(s["not_tried"]) == 3 and {"tcp", "url", "GetCACaps", "GetCACert", "clock"} <= {x["stage"] for x in s["stages"]}'
holds 'all(c["days_left"] > 60 and len(c["sha256"]) == 64 for c in s["certificates"])'
[ "$(takes "$base")" -eq 1 ] && [ "$(takes "$base")" -eq 1 ] || fail "looking took passwords"
look 2 "$base" --otp
begins 'the OTP page says that the password cache is full'
holds 's["diagnosis"][0]["cause"] in ("otp-cache-full", "mdm-otp-bottleneck")'
kill "$sim"

# A mistyped URL, where the real one is in its usual place: asked for in a way that makes no password.
simulate --auth none --otp-cache 1
look 2 "$base/scep/mscep.dll"
tells '/certsrv/mscep/mscep.dll: HTTP 200'
[ "$(takes "$base")" -eq 1 ] || fail "looking for the URL took a password"
kill "$sim"

# ---- all of it on a healthy server ----

export PAGE_PASSWORD=correct-horse
simulate --auth any --user mdm --password-env PAGE_PASSWORD
look 0 "$base" --otp --enroll --probe --user mdm --password-env PAGE_PASSWORD
begins 'passwords=1 enrolled=1'
tells 'NTLM: a password of 16 characters, for one use, for the CA of GetCACert'
tells 'a password that nobody gave out is refused'
tells 'queries of up to 30000 bytes get through'
tells 'enroll       pki_operation'
holds 's["limits"] == {"get_query_bytes": 30000} and s["diagnosis"] == []'
! grep -qF "$PAGE_PASSWORD" out.txt out.json || fail "the password is told"
look 3 "$base" --otp --challenge-env PAGE_PASSWORD
look 3 "$base" --user mdm
PAGE_PASSWORD=wrong look 2 "$base" --otp --user mdm --password-env PAGE_PASSWORD
begins 'OTP page by NTLM: the OTP page refused the credentials'
kill "$sim"

# ---- where messages break, and who says so ----

# breaks FAULT CAUSE WORDS
breaks() {
  simulate --auth none --fault "$1"
  look 1 "$base" --probe
  tells "$3"
  holds "s['diagnosis'][0]['cause'] == '$2'"
  kill "$sim"
}
breaks iis-query-too-long iis-query-too-long 'a query of 2048 bytes gets through, one more is HTTP 404 (iis) by IIS'
breaks iis-url-too-long iis-url-too-long "by IIS: the default of IIS's maxUrl"
breaks proxy-url-too-long:limit=3000 proxy-url-too-long 'HTTP 414 (html) by nginx'
breaks post-not-accepted post-not-accepted 'HTTP 405 (iis) by IIS'
breaks double-escape-blocked double-escape-blocked 'the escaped + / = of base64 are refused'

# A request that is as it should be, and gets no answer of SCEP: found without a password. And what only looks well.
simulate --auth none --fault malformed-pkimessage
look 2 "$base" --probe
begins 'a well-formed request gets no SCEP answer'
holds 's["diagnosis"][0]["cause"] in ("malformed-pkimessage", "message-encrypted-to-wrong-cert")'
kill "$sim"
simulate --auth none --fault proxy-strips-query-or-body
look 2 "$base"
tells 'a page, no capabilities'
holds 's["diagnosis"][0]["cause"] == "proxy-strips-query-or-body"'
kill "$sim"
simulate --auth none --fault clock-skew
look 1 "$base"
begins 'the clocks of server and client are'
kill "$sim"

# ---- is the password looked at? ----

scepserver ca -depot depot -init -keySize 2048 >/dev/null
scepserver -depot depot -port 8080 -allowrenew 0 >server.log 2>&1 &
children+=($!)
for _ in $(seq 100); do
  curl -sf -o /dev/null 'http://127.0.0.1:8080/scep?operation=GetCACaps' && break
  sleep 0.1
done
look 2 http://127.0.0.1:8080/scep --probe
begins 'the password is not checked'

# ---- several servers behind one name ----

simulate --auth none
one=$base
port=${base##*:}
"$scepstorm" sim --auth none --listen "127.0.0.2:$port" >two.log 2>&1 &
children+=($!)
first_line two.log >/dev/null
look 0 "$one" --addresses 127.0.0.1
look 1 "$one" --addresses 127.0.0.1,127.0.0.2
begins '127.0.0.1 and 127.0.0.2 are different servers'
tells '127.0.0.2 has other certificates than 127.0.0.1'
look 2 "$one" --addresses 127.0.0.3,127.0.0.1
begins 'one of 2 servers does not answer: 127.0.0.3'
look 0 "http://127.0.0.9:$port" --addresses 127.0.0.2 # the one that is named, not the URL's

# ---- baselines ----

look 0 "$one" --baseline base.json
tells 'saved in base.json'
holds 's["drift"] == [] and any(x["text"].startswith("as it was at") for x in s["stages"])'
[ "$(stat -c %a base.json)" = 644 ] || fail "mode of base.json: $(stat -c %a base.json)"
python3 - <<'PY'
import json
b = json.load(open("base.json"))
b["certificates"][0].update(sha256="0" * 64, not_after="2020-01-01")
b["capabilities"][0:1] = ["GetNextCACert"]
b["headers"]["server"] = "Microsoft-IIS/8.5"
b["limits"] = {"get_query_bytes": 2048}
json.dump(b, open("other.json", "w"))
PY
cp other.json before.json
look 1 "$one" --baseline other.json --probe
begins '5 differences from the baseline'
tells 'certificate was renewed: until'
tells 'the capability GetNextCACert is gone'
tells 'the capability POSTPKIOperation is new'
tells "the Server header is 'Microsoft-IIS/10.0', before 'Microsoft-IIS/8.5'"
tells 'the limit get_query_bytes is 30000, before 2048'
holds 'len(s["drift"]) == 5'
cmp other.json before.json || fail "the baseline was overwritten"
for damage in '{}' '[]' '{"schema":"scepstorm/baseline/1","url":7}' "$(head -c 300 base.json)" ''; do
  printf '%s' "$damage" >damaged.json
  look 3 "$one" --baseline damaged.json
  begins 'is no baseline of scepstorm check, or damaged: delete it'
  [ "$(cat damaged.json)" = "$damage" ] || fail "a damaged baseline was overwritten"
done
look 3 "$one" --baseline nowhere/base.json

# ---- a TLS certificate that ends soon ----

openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj /CN=ndes.example -addext subjectAltName=IP:127.0.0.1,DNS:ndes.example \
  -keyout tls.key -out tls.pem 2>/dev/null
python3 "$here/tls_relay.py" tls.pem tls.key 1.2 "$port" counts.json >relay.log 2>&1 &
children+=($!)
relay=https://127.0.0.1:$(first_line relay.log)
look 1 "$relay" --ca-file tls.pem --crit-days 5
begins 'the tls certificate expires in'
tells 'speaks TLS 1.2 and refuses TLS 1.3'
tells 'for ndes.example over TLSv1.2: trusted'
look 2 "$relay" --ca-file tls.pem
look 2 "$relay"
tells 'self-signed certificate'
holds 's["diagnosis"][0]["cause"] == "tls-chain-untrusted"'
echo "check: a healthy server has no cause, each ill one has its own"
