#!/usr/bin/env bash
# scenarios/micromdm.yaml against Debian's scepserver: 200 devices enroll; a wrong challenge is told as such.
# The server listens on every address, so all of this happens in a network namespace of its own.
#   micromdm.sh PATH-TO-SCEPSTORM
set -euo pipefail
scepstorm=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")

if [ "${IN_NAMESPACE:-}" != yes ]; then
  map=()
  [ "$(id -u)" -eq 0 ] || map=(--map-root-user)
  exec env IN_NAMESPACE=yes unshare "${map[@]}" --net "$0" "$scepstorm"
fi
ip link set lo up

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

scepserver ca -depot depot -init -keySize 2048 >/dev/null
scepserver -depot depot -port 8080 -challenge s3cret-challenge -allowrenew 0 >server.log 2>&1 &
server=$!
for _ in $(seq 200); do
  curl -sf -o /dev/null 'http://127.0.0.1:8080/scep?operation=GetCACaps' && break
  kill -0 "$server" || { cat server.log; exit 1; }
  sleep 0.05
done

expect() { # expect FOLDER PYTHON-EXPRESSION: over the summary s
  python3 - "$1/summary.json" "$2" <<'PY'
import json, sys
s = json.load(open(sys.argv[1]))
if not eval(sys.argv[2]):
    sys.exit("not true: %s\n%s" % (sys.argv[2], json.dumps(s, indent=1)[:6000]))
PY
}

SCEP_CHALLENGE=s3cret-challenge "$scepstorm" run "$root/scenarios/micromdm.yaml" --no-progress --out right
expect right 's["devices"]["enrolled"] == 200 and s["devices"]["failed"] == 0'
expect right 's["correctness"]["serials_unique"] and not any(v for k, v in s["correctness"].items() if k != "serials_unique")'
[ "$(wc -l <right/issued.csv)" -eq 201 ]

# The certificates are the server's, not our word for it.
issued=$(find depot -name 'CN=*' -o -name 'scepstorm*' -o -name '*.pem' | grep -v '/ca\.' | wc -l)
[ "$issued" -ge 200 ] || { echo "the depot holds only $issued certificates"; ls depot | head; exit 1; }

code=0
SCEP_CHALLENGE=not-the-challenge "$scepstorm" run "$root/scenarios/micromdm.yaml" --no-progress --set devices.count=5 --out wrong || code=$?
[ "$code" -eq 3 ]
expect wrong 's["devices"]["enrolled"] == 0 and s["failures"][0]["stage"] == "pki_operation"'
echo "micromdm: 200 of 200 enrolled; a wrong challenge is refused"
