#!/usr/bin/env bash
# The simulator's logs with faults under load; read by programs that are not ours.
#   traces_faults.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
source "$here/traces.bash"

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
