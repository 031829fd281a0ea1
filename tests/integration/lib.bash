# For integration tests: sourced first, with the path to scepstorm as $1. The test works in a folder of its own, which goes away at its end
# together with every program in `children`.
#   $scepstorm  $here (this folder)  $root (the repository)
set -euo pipefail
scepstorm=$(realpath "$1")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
root=$(realpath "$here/../..")
work=$(mktemp -d)
children=()
clean_up() {
  local pid
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done # they may write until they end
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

# fail WORDS...: with what `ends` caught last
fail() {
  local log
  echo "$(basename "$0" .sh): $*" >&2
  for log in stderr stdout; do [ ! -s "$log" ] || sed "s/^/  $log: /" "$log" >&2; done
  exit 1
}

# ends EXIT-CODE ARGUMENT...: scepstorm ends by itself with this code; its words are in stdout and stderr. What should go well may be
# invalid (4) on a busy machine, which is not under test.
ends() {
  local want=$1 code=0
  shift
  timeout --kill-after=5 120 "$scepstorm" "$@" >stdout 2>stderr </dev/null || code=$?
  if [ "$code" -eq 4 ] && [ "$want" -eq 0 ] && [[ $1 =~ ^(run|merge)$ ]]; then return; fi
  [ "$code" -eq "$want" ] || fail "exit code $code instead of $want: $*"
}

# run EXIT-CODE FOLDER ARGUMENT...: a run into FOLDER, its words in FOLDER.txt; invalid is fine, as above
run() {
  local want=$1 folder=$2 code=0
  shift 2
  timeout --kill-after=5 280 "$scepstorm" run "$@" --no-progress --out "$folder" >"$folder.txt" 2>&1 </dev/null || code=$?
  if [ "$code" -eq 4 ] && [ "$want" -ne 4 ]; then
    expect "$folder" 'v["verdict"] == "invalid"'
    return
  fi
  [ "$code" -eq "$want" ] || fail "$folder: exit code $code instead of $want: $(cat "$folder.txt")"
}

# expect FOLDER PYTHON-EXPRESSION: over its summary s, that one's otp o, devices d, validity v and reasons in one text why, its most
# frequent failure f, and its database q(SQL)
expect() {
  python3 - "$1" "$2" <<'PY' || fail "$1: not true: $2"
import json, sqlite3, sys
s = json.load(open(sys.argv[1] + "/summary.json"))
o, d, v = s["otp"], s["devices"], s["validity"]
why = " | ".join(str(r) for r in v["reasons"])
f = (s["failures"] or [{"stage": None, "reason": None, "http_status": None}])[0]
db = sqlite3.connect("file:%s/run.sqlite?mode=ro" % sys.argv[1], uri=True)
q = lambda sql: db.execute(sql).fetchone()[0]
assert d["planned"] == d["started"] + d["unsent"], d
assert d["started"] == d["enrolled"] + d["failed"] + d["abandoned"], d
if not eval(sys.argv[2]):
    sys.exit(json.dumps(s, indent=1)[:8000])
PY
}

# says FOLDER WORDS: in what the run printed, however the lines break
says() {
  tr -s ' \n' '  ' <"$1.txt" | grep -qF -- "$2" || fail "$1 does not say '$2': $(cat "$1.txt")"
}

# first_line FILE: waits until a program has written it
first_line() {
  local n
  for n in $(seq 600); do
    if [ -s "$1" ] && [ "$(wc -l <"$1")" -gt 0 ]; then
      head -1 "$1"
      return
    fi
    sleep 0.1
  done
  fail "nothing in $1 after a minute: $(cat ./*.err 2>/dev/null)"
}

# simulate OPTION...: one more simulator; $base is its URL, $scep that of its SCEP server, $sim its process
simulate() {
  local out
  out=$(mktemp -p .)
  "$scepstorm" sim --listen 127.0.0.1:0 "$@" >"$out" 2>"$out.err" &
  sim=$!
  children+=("$sim")
  base=$(first_line "$out")
  base=${base#listening }
  scep=$base/certsrv/mscep/mscep.dll
}
