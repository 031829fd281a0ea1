#!/usr/bin/env bash
# scenarios/micromdm.yaml against Debian's scepserver: 200 devices enroll; a wrong challenge is told as such; certificates
# are renewed in every way it takes. What it does not support: GetCert and GetCRL (HTTP 500, "not implemented" in its log),
# UpdateReq and GetNextCACert (not announced), renewal by the certificate alone while it has a challenge.
# The server listens on every address, so all of this happens in a network namespace of its own.
#   micromdm.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/network.bash"
own_network "$0" "$@"
source "$(dirname "$0")/lib.bash"
server=

scepserver ca -depot depot -init -keySize 2048 >/dev/null

serve() { # serve OPTION...: in place of the server before
  [ -z "$server" ] || { kill "$server"; wait "$server" || true; }
  scepserver -depot depot -port 8080 -allowrenew 0 "$@" >server.log 2>&1 &
  server=$!
  children+=("$server")
  for _ in $(seq 200); do
    curl -sf -o /dev/null 'http://127.0.0.1:8080/scep?operation=GetCACaps' && return
    kill -0 "$server" || break
    sleep 0.05
  done
  fail "$(cat server.log)"
}

# enroll EXIT-CODE CHALLENGE FOLDER OPTION...
enroll() {
  local want=$1 folder=$3
  export SCEP_CHALLENGE=$2
  shift 3
  run "$want" "$folder" "$root/scenarios/micromdm.yaml" "$@"
}

serve -challenge s3cret-challenge
enroll 0 s3cret-challenge right
expect right 's["devices"]["enrolled"] == 200 and s["devices"]["failed"] == 0'
expect right 's["correctness"]["serials_unique"] and not any(v for k, v in s["correctness"].items() if k != "serials_unique")'
[ "$(wc -l <right/issued.csv)" -eq 201 ]

# The certificates are the server's, not our word for it.
issued=$(find depot -name 'CN=*' -o -name 'scepstorm*' -o -name '*.pem' | grep -v '/ca\.' | wc -l)
[ "$issued" -ge 200 ] || { echo "the depot holds only $issued certificates"; ls depot | head; exit 1; }

enroll 3 not-the-challenge wrong --set devices.count=5
expect wrong 's["devices"]["enrolled"] == 0 and s["failures"][0]["stage"] == "pki_operation"'

follow() { # follow FOLDER WAY-TO-RENEW: ten devices enroll, renew, and ask for what the server lacks; still one at a time
  enroll 0 s3cret-challenge "$1" --set devices.count=10 --set slo=[] --set devices.renewal.how="$2" \
    --set 'devices.then=[renew, get_cert, get_crl, get_next_ca_cert]'
  expect "$1" 's["devices"]["enrolled"] == 10 and s["correctness"]["serials_unique"]'
  expect "$1" 'not any(v for k, v in s["correctness"].items() if k != "serials_unique")'
  expect "$1" 'all(s["follow_ups"][f]["failed"] == 10 for f in ("get_cert", "get_crl"))'
  expect "$1" '{f["http_status"] for f in s["failures"] if f["stage"] in ("get_cert", "get_crl")} == {500}'
  expect "$1" 's["follow_ups"]["get_next_ca_cert"]["not_announced"] == 10'
}

# With a challenge set, the old certificate does not stand for it: only a new enrollment renews.
follow re_enroll re_enroll
expect re_enroll 's["follow_ups"]["renewal"]["ok"] == 10'
follow signed renewal_req
expect signed 's["follow_ups"]["renewal"]["failed"] == 10 and s["failures"][0]["fail_info"] == 2'
expect signed '[d["cause"] for d in s["diagnosis"] if d["stage"] == "renewal"][0] == "renewal-needs-challenge"'

# Without one it takes every renewal but the drafts' UpdateReq, which it does not announce.
serve
for how in renewal_req pkcs_req_signed re_enroll; do
  follow "open-$how" "$how"
  expect "open-$how" 's["follow_ups"]["renewal"]["ok"] == 10'
  [ "$(grep -c ',renewed,' "open-$how/issued.csv")" -eq 10 ]
done
follow update update_req
expect update 's["follow_ups"]["renewal"]["not_announced"] == 10'
echo "micromdm: 200 of 200 enrolled; a wrong challenge is refused; renewed in three ways; no GetCert, no GetCRL"
