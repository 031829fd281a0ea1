#!/usr/bin/env bash
# The simulator's logs: healthy under load, with noise, with faults, on a full disk; read by programs that are not ours.
#   traces.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
export NDES_PASSWORD='Correct-Horse-9!'

# holds FOLDER EXPRESSION: of traces.py, after xmllint has read every export
holds() {
  local file
  for file in "$1"/*.xml; do xmllint --noout "$file" || fail "$file is no XML"; done
  python3 "$here/traces.py" "$1" "$2" || fail "$1: not true: $2"
}

# storm NAME SIMULATOR-KEYS CHALLENGE-KEYS: a run whose simulator keeps logs in NAME/logs
storm() {
  cat >"$1.yaml" <<YAML
target: {url: sim}
simulator: {logs: logs, $2}
challenge: {$3}
limits: {error_budget: 100%, device_timeout: 3s, request_timeout: 2s}
load: [{rate: 20/s, for: 2s}]
YAML
  local code=0
  timeout 120 "$scepstorm" run "$1.yaml" --no-progress --out "$1" >"$1.txt" 2>&1 </dev/null || code=$?
  case $code in 0 | 3 | 4) ;; *) fail "$1: exit code $code: $(cat "$1.txt")" ;; esac
}

# ---- healthy ----

storm healthy 'noise: none' 'auth: any'
holds healthy/logs 'well and len([l for l in scep if "PKIOperation" in l["cs-uri-query"]]) >= 40'
holds healthy/logs 'codes >= {(200, 0, 0)} | legs and any("\\" in l["cs-username"] for l in scep)'
holds healthy/logs 'ndes == [1, 3] and [e for e in events if e.provider != NDES] == [] and httperr == []'
holds healthy/logs 'len([c for c in state["certificates"].values() if c["Store"] == "My"]) == 2 and len(state) == 16'

storm noisy 'noise: heavy' 'auth: ntlm'
holds noisy/logs 'well and len(events) > 100 and len(iis) > len(scep) + 100 and len(httperr) > 20'
holds noisy/logs 'any(l["sc-status"] == "404" for l in iis) and any(e.id == 10016 for e in events)'

storm module 'mode: intune' 'source: intune'
holds module/logs 'well and plugin.count("Verify challenge returns true") == ids("Microsoft-Intune-CertificateConnectors").count(4004) >= 40'
holds module/logs '{(l["sc-status"], l["cs-uri-stem"].split("/")[-1]) for l in iis if "RegistrationSvc" in l["cs-uri-stem"]}
  == {("201", "VerifyRequest"), ("204", "Notify")}'

# ---- faults ----

storm stopped 'faults: ["app-pool-stopped:from=600ms"]' 'auth: any'
holds stopped/logs 'reasons == {"AppOffline"} and 5059 in was and ndes == [1, 3] and state["apppools"]["SCEP"]["State"] == "Stopped"'
holds stopped/logs 'all(l["sc-status"] != "503" for l in iis)'

storm back 'faults: ["app-pool-stopped:from=400ms,for=400ms"]' 'auth: any'
holds back/logs '[n for n in ndes if n != 29] == [1, 3, 1, 3] and state["apppools"]["SCEP"]["State"] == "Started"'

storm refused 'faults: ["template-permission-denied:fraction=50%"]' 'auth: any'
holds refused/logs 'ndes.count(31) == ids("Microsoft-Windows-CertificationAuthority").count(53) > 5 and codes <= {(200, 0, 0)} | legs'
holds refused/logs 'all(e.data["ErrorMessage"] == "0x80004005" for e in events if e.id == 31)'
holds refused/logs 'all("CN=" in e.data["SubjectName"] and e.computer.startswith("CA01") for e in events if e.id == 53)'

storm crashing 'faults: ["app-pool-crashing:from=400ms"]' 'auth: any'
holds crashing/logs 'ids("Application Error") and was.count(5002) == 1 and "Connection_Abandoned_By_AppPool" in reasons'

storm locked 'faults: ["service-account-locked:from=400ms"]' 'auth: any'
holds locked/logs '5057 in was and 4740 in ids("Microsoft-Windows-Security-Auditing")'

storm untrusted 'mode: intune, faults: ["crp-client-cert-untrusted"]' 'source: intune'
holds untrusted/logs '("403", "16", "2148204809") in {(l["sc-status"], l["sc-substatus"], l["sc-win32-status"]) for l in iis}
  and "returns true" not in plugin'

storm nodes 'faults: ["lb-node-affinity-missing"]' 'auth: any'
holds nodes/logs/NDES01 'all(e.computer.startswith("NDES01") for e in events if e.file != "ca.xml")'
holds nodes/logs/NDES02 'ndes[0] == 1'
[ "$(cat nodes/logs/NDES0?/application.xml | grep -c '<EventID>29<')" -gt 0 ] || fail "no node has event 29"

storm mdm 'mode: proxy, faults: ["app-pool-stopped:from=600ms"]' 'source: http'
holds mdm/logs 'reasons == {"AppOffline"} and {l["c-ip"] for l in scep} == {"10.20.4.60"} and codes == {(200, 0, 0)} | legs'

# ---- by hand ----

simulate --logs kept/logs --state kept/state --noise light --user 'CONTOSO\svc-mdm' --password-env NDES_PASSWORD
password=$(curl -s --ntlm -u "CONTOSO\\svc-mdm:$NDES_PASSWORD" "$base/certsrv/mscep_admin/" | tr -d '\0' | grep -oE '[0-9A-F]{16}' | tail -1)
curl -s -o /dev/null --ntlm -u 'CONTOSO\svc-mdm:wrong' "$base/certsrv/mscep_admin/"
curl -s -o /dev/null "$scep/pkiclient.exe?operation=PKIOperation&message=$(printf 'A%.0s' {1..5000})"
curl -s -o /dev/null -A $'Mozilla/5.0 (odd;\u00e4gent)' "$base/certsrv/%6dscep/mscep.dll?operation=GetCACaps"
curl -s -o /dev/null -X POST "$base/scepstorm/admin/restart"
[ "$(curl -s -X POST "$base/scepstorm/admin/flush")" = $'flushed\r' ] || fail "flush does not say so"
ln -s ../state kept/logs/state # where traces.py looks
holds kept/logs 'ndes.count(1) == 2 and {16, 17} & set(ndes) and (401, 1, 1326) in codes and "..." in {l["cs-uri-query"] for l in scep}'
holds kept/logs 'any(l["cs-uri-stem"] == "/certsrv/mscep/mscep.dll" and "gent)" in l["cs(User-Agent)"] for l in scep)'
holds kept/logs 'any(e.id == 4625 and e.data["TargetUserName"] == "svc-mdm" and e.data["SubStatus"].lower() == "0xc000006a" for e in events)'
holds kept/logs 'not any("scepstorm/admin" in l["cs-uri-stem"] for l in iis)'
[ "${#password}" -eq 16 ] || fail "no password on the page"
if grep -rqF -e "$password" -e "$NDES_PASSWORD" kept; then fail "a password is in the logs"; fi
ends 2 sim --listen 127.0.0.1:0 --logs kept/logs
grep -q 'not empty' stderr || fail "nothing about the folder"
kill "$sim"
wait "$sim" || fail "the simulator did not end well"
holds kept/logs 'ndes[-1] == 3'

# ---- a full disk: told once, and it serves on ----

trap '' XFSZ
(
  ulimit -f 40
  exec "$scepstorm" sim --listen 127.0.0.1:0 --logs full --noise heavy --auth none
) >full.out 2>full.err &
sim=$!
children+=("$sim")
base=$(first_line full.out)
base=${base#listening }
for n in $(seq 400); do
  curl -s "$base/certsrv/mscep/mscep.dll?operation=GetCACaps" | grep -q POSTPKIOperation || fail "it does not serve any more"
  curl -s -o /dev/null "$base/certsrv/nowhere"
  [ ! -s full.err ] || break
  [ "$((n % 50))" -ne 0 ] || curl -s -o /dev/null -X POST "$base/scepstorm/admin/flush"
done
[ "$(curl -s "$base/certsrv/mscep/mscep.dll?operation=GetCACaps" | head -c 4)" = POST ] || fail "it does not serve any more"
kill "$sim"
code=0
wait "$sim" || code=$?
[ "$code" -eq 1 ] || fail "exit code $code instead of 1: $(cat full.err)"
[ "$(grep -c 'cannot write full/' full.err)" -eq 1 ] || fail "not one error: $(cat full.err)"
