#!/usr/bin/env bash
# What real servers answered and logged, brought back by a server that knows nothing else: each is told as what it is.
#   captures.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
vectors=$root/tests/vectors

# replay ROUTE...: before the simulator; $scep is its URL
replay() {
  local out
  out=$(mktemp -p .)
  python3 "$here/replay.py" "$upstream" "$@" >"$out" 2>"$out.err" &
  children+=($!)
  scep=$(first_line "$out")/certsrv/mscep/mscep.dll
}
# storm FOLDER [SETTING...]: four devices; what they are told is under test, not whether it is well
storm() {
  local folder=$1 code=0
  shift
  printf 'target: {url: "%s"}\ndevices: {count: 4}\nload: [{rate: 10/s}]\nlimits: {error_budget: 100%%}\n' "$scep" >storm.yaml
  "$scepstorm" run storm.yaml --no-progress --out "$folder" "$@" >"$folder.txt" 2>&1 || code=$?
  [[ $code =~ ^[034]$ ]] || fail "$folder: exit code $code: $(cat "$folder.txt")"
}
# first FOLDER CAUSE...: one of these is the first, and nothing else is above one half
first() {
  local folder=$1
  shift
  python3 - "$folder" "$@" <<'PY' || fail "$folder: $(cat "$folder.txt")"
import json, sys
found = [(d["cause"], d["confidence"]) for d in json.load(open(sys.argv[1] + "/summary.json"))["diagnosis"]]
print(sys.argv[1], found[:4])
fair = set(sys.argv[2:])
assert not [d for d in found if d[1] > 0.5 and d[0] not in fair], found
assert not fair or (found and found[0][0] in fair), found
PY
}

simulate --auth none
upstream=$base

# ---- CertReps of NDES ----
der=application/x-pki-message
replay "PKIOperation=$vectors/ndes-certrep-failure.der,200,$der"
storm refused
expect refused 'f["hresult"] == "0x80070057" and f["fail_info"] == 2'
first refused unsupported-message-type
replay "PKIOperation=$vectors/ndes-certrep-success.der,200,$der"
storm others_certificate
expect others_certificate 'd["enrolled"] == 0'
first others_certificate

# ---- pages where passwords should be ----

# sent FILE: with which type, and by whom
sent() {
  case $1 in
    *utf16*) echo "text/html" ;;
    httpsys*) echo "text/html; charset=us-ascii,Microsoft-HTTPAPI/2.0" ;;
    *) echo "text/html; charset=utf-8" ;;
  esac
}
# page FILE STATUS CAUSE...: at the place of the OTP page; without a cause nothing may be sure
page() {
  local file=$1 status=$2 name=${1%.html}-$2
  shift 2
  replay "otp=$vectors/pages/$file,$status,$(sent "$file")"
  storm "$name" --set challenge.source=mscep_admin --set challenge.auth=none
  expect "$name" 'd["enrolled"] == 0'
  first "$name" "$@"
}
page cache-full-utf16.html 200 otp-cache-full mdm-otp-bottleneck
page cache-full-raised-utf8.html 200 otp-cache-full
page no-permission-utf16.html 200 template-permission-denied otp-insufficient-permission template-not-published
page no-permission-utf8.html 200 template-permission-denied otp-insufficient-permission template-not-published
page blank-empty.html 200 otp-page-blank
page blank-spaces-utf16.html 200 otp-page-blank
for login in proxy-login login-saml login-adfs login-entra login-okta login-tmg; do page "$login.html" 200 app-proxy-preauth-enabled; done
page httpsys-503.html 503 otp-endpoint-503 app-pool-stopped service-account-password-expired
page iis-401.html 401 otp-auth-failed otp-auth-scheme-mismatch anonymous-disabled
page iis-500.html 500 otp-page-blank ra-cert-expired service-account-password-expired
page unknown-maintenance.html 200

# ---- and where SCEP should be ----

# door FILE STATUS SERVER CAUSE...: every URL answers so
door() {
  local file=$1 status=$2 server=$3 name=door-${1%.html}-$2
  shift 3
  replay $(for route in GetCACaps GetCACert PKIOperation otp bare; do echo "$route=$vectors/pages/$file,$status,,$server"; done)
  storm "$name"
  first "$name" "$@"
}
pool="app-pool-stopped service-account-password-expired app-pool-identity-mismatch service-account-locked app-pool-crashing"
door httpsys-503.html 503 Microsoft-HTTPAPI/2.0 $pool
door iis-500.html 500 Microsoft-IIS/10.0 ra-cert-expired ra-key-access-denied ra-cert-missing registry-inconsistent crl-unreachable ra-cert-wrong-ca
door iis-401.html 401 Microsoft-IIS/10.0 anonymous-disabled
door login-entra.html 200 '' app-proxy-preauth-enabled
door unknown-maintenance.html 200 nginx
echo "captures: each is told as what it is"
