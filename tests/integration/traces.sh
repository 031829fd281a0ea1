#!/usr/bin/env bash
# The simulator's logs: healthy under load, with noise, by hand, on a full disk; read by programs that are not ours.
#   traces.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
source "$here/traces.bash"
export NDES_PASSWORD='Correct-Horse-9!'

# ---- healthy ----

storm healthy 'noise: none' 'auth: any'
holds healthy/logs 'well and len([l for l in scep if "PKIOperation" in l["cs-uri-query"]]) >= 36'
holds healthy/logs 'codes >= {(200, 0, 0)} | legs and any("\\" in l["cs-username"] for l in scep)'
holds healthy/logs 'ndes == [1, 3] and [e for e in events if e.provider != NDES] == [] and httperr == []'
holds healthy/logs 'len([c for c in state["certificates"].values() if c["Store"] == "My"]) == 2 and len(state) == 16'

storm noisy 'noise: heavy' 'auth: ntlm'
holds noisy/logs 'well and len(events) > 100 and len(iis) > len(scep) + 100 and len(httperr) > 20'
holds noisy/logs 'any(l["sc-status"] == "404" for l in iis) and any(e.id == 10016 for e in events)'

storm module 'mode: intune' 'source: intune'
holds module/logs 'well and plugin.count("Verify challenge returns true") == ids("Microsoft-Intune-CertificateConnectors").count(4004) >= 36'
holds module/logs '{(l["sc-status"], l["cs-uri-stem"].split("/")[-1]) for l in iis if "RegistrationSvc" in l["cs-uri-stem"]}
  == {("201", "VerifyRequest"), ("204", "Notify")}'

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

# ---- a run's simulator keeps its logs beside the run's own files ----

cat >own.yaml <<'YAML'
target: {url: sim}
simulator: {logs: issued.csv}
devices: {count: 1}
load: [{rate: 1/s}]
YAML
ends 2 run own.yaml --out own
grep -q "simulator.logs: 'issued.csv' is no folder of its own" stderr || fail "a run's own file is taken for a folder"

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
