#!/usr/bin/env bash
# scepstorm check: the read-only part, and conformance probes against the simulator, Debian's scepserver, and a server that
# answers everything with a page. Verdicts differ, and each is right about its server.
# scepserver listens on every address, so all of this happens in a network namespace of its own.
#   conformance.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/network.bash"
own_network "$0" "$@"
source "$(dirname "$0")/lib.bash"
export PAGE_PASSWORD=correct-horse CHALLENGE=s3cret-challenge

check() { # check CODE OPTIONS...: into out.txt, or out.json
  local want=$1 code=0 out=out.txt
  shift
  case " $* " in *" --json "*) out=out.json ;; esac
  "$scepstorm" check "$@" >"$out" 2>err.txt || code=$?
  [ "$code" -eq "$want" ] || { echo "check $*: exit code $code, not $want"; cat "$out" err.txt; exit 1; }
  [ ! -s err.txt ] || { echo "check $*: on stderr:"; cat err.txt; exit 1; }
}

expect() { # expect PYTHON-EXPRESSION: over out.json as s, verdicts by probe as v
  python3 - "$1" <<'PY'
import json, sys
s = json.load(open("out.json"))
v = {p["probe"]: p["verdict"] for p in s["conformance"]}
if not eval(sys.argv[1]):
    sys.exit("not true: %s\n%s" % (sys.argv[1], json.dumps(s, indent=1)[:20000]))
PY
}

first_line() { # first_line WORDS
  head -1 out.txt | grep -qF -- "$1" || { echo "no '$1' in the first line:"; cat out.txt; exit 1; }
}

wait_for() { # wait_for PID URL
  for _ in $(seq 200); do
    curl -s -o /dev/null "$2" && return
    kill -0 "$1" || { echo "no server at $2"; exit 1; }
    sleep 0.05
  done
}

# ---- the simulator: an NDES as installed ----

"$scepstorm" sim --listen 127.0.0.1:8081 --auth basic --user mdm --password-env PAGE_PASSWORD >sim.log &
children+=($!)
ndes=http://127.0.0.1:8081
wait_for $! $ndes/certsrv/mscep/mscep.dll

check 0 $ndes
first_line 'SCEP OK - '
first_line 'days_left='
check 1 $ndes --warn-days 36000
first_line 'SCEP WARNING - the ra_signing certificate expires in'
check 2 $ndes --warn-days 36000 --crit-days 36000
check 2 $ndes --crit-days 36000 # above the days of the warning

check 1 $ndes --conformance --user mdm --password-env PAGE_PASSWORD --json
expect 'all(v[p] == "skipped" for p in ("corrupted-envelope", "wrong-recipient"))'
expect 'sum(1 for p in v.values() if p == "passed") == len(v) - 2 and len(v) == 57'
expect 's["diagnosis"] == [] and s["status"] == "WARNING"'
expect 'all(p["control"] == "enrolled" for p in s["conformance"])'

check 0 $ndes --conformance=wrong-challenge,reused-challenge,replay,algorithms --user mdm --password-env PAGE_PASSWORD --out results
first_line 'enrolled=1 passed=35 failed=0 odd=0 skipped=0'
[ -s results/report.html ] && [ "$(grep -c ',control,' results/issued.csv)" -eq 35 ]
! grep -rqF "$PAGE_PASSWORD" results out.txt

# A refused logon is no reason to try 57 times.
PAGE_PASSWORD=wrong check 2 $ndes --conformance --user mdm --password-env PAGE_PASSWORD --json
expect 'set(v.values()) == {"skipped"} and "nothing enrolled" in s["message"]'
expect 's["diagnosis"][0]["stage"] == "otp"'

# ---- Debian's scepserver: another server, with habits of its own ----

scepserver ca -depot depot -init -keySize 2048 >/dev/null
scepserver -depot depot -port 8080 -challenge "$CHALLENGE" -allowrenew 0 >server.log 2>&1 &
children+=($!)
micromdm=http://127.0.0.1:8080/scep
wait_for $! "$micromdm?operation=GetCACaps"

check 0 $micromdm
code=0
"$scepstorm" check $micromdm --conformance --challenge-env CHALLENGE --json >out.json || code=$?
[ "$code" -eq 1 ] || [ "$code" -eq 2 ] || { echo "exit code $code"; cat out.json; exit 1; }
expect 'len(v) == 57 and all(p["control"] == "enrolled" for p in s["conformance"])'
expect 'v["wrong-challenge"] != "failed" and v["no-challenge"] != "failed" and v["reused-challenge"] == "skipped"'
expect 'v["wrong-recipient"] == "skipped"'
expect 'all(v[p] != "failed" for p in ("corrupted-signature", "wrong-digest", "corrupted-envelope", "malformed-csr", "empty-subject"))'
expect 'v["algorithms-aes128-sha256-pkcs1"] == "passed"'
expect 'not all(p == "passed" for p in v.values())'
python3 -c '
import collections, json
s = json.load(open("out.json"))
print("scepserver:", dict(collections.Counter(p["verdict"] for p in s["conformance"])))
for p in s["conformance"]:
    if p["verdict"] != "passed":
        print("  %-8s %-28s %s" % (p["verdict"], p["probe"], p["observed"]))'

# ---- a server that knows no SCEP ----

mkdir page && echo '<html><body>Welcome</body></html>' >page/index.html
python3 -m http.server --bind 127.0.0.1 --directory page 8082 >/dev/null 2>&1 &
children+=($!)
wait_for $! http://127.0.0.1:8082/

check 2 http://127.0.0.1:8082/index.html
check 2 http://127.0.0.1:8082/index.html --conformance --challenge-env CHALLENGE --json
expect 'len(v) == 57 and set(v.values()) == {"skipped"}'

# ---- what cannot be looked at ----

check 2 http://127.0.0.1:1/scep # a server that is down must wake somebody
first_line 'SCEP CRITICAL - not reached'
check 3 http://192.0.2.1/scep
first_line '--authorized'
check 3 $ndes --conformance=replai
first_line "did you mean 'replay'?"
check 3
echo "conformance: 57 probes against three servers"
