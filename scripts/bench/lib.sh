# shellcheck shell=bash disable=SC2034,SC2154 # names from here and there
# What the rows of scripts/bench.sh share. Sourced; sets work, a folder that is removed in the end.

cores=$(nproc)
work=$(mktemp -d "${TMPDIR:-/tmp}/scepstorm-bench-XXXXXX")
children=()

# begin COMMAND...: in the background, ended with this script; sets child.
begin() {
  "$@" &
  child=$!
  children+=("$child")
}

forget() { # forget PID
  local rest=() pid
  for pid in "${children[@]}"; do [ "$pid" = "$1" ] || rest+=("$pid"); done
  children=("${rest[@]}")
}

# end PID: asks it to stop and waits until it has.
end() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  forget "$1"
}

# limited SECONDS COMMAND...: its exit code; ended after that time. In the background, so that Ctrl-C is heard at once.
limited() {
  local before=${child:-} pid code=0 seconds=$1
  shift
  begin timeout --kill-after=10 "$seconds" "$@"
  pid=$child
  child=$before
  wait "$pid" || code=$?
  forget "$pid"
  return "$code"
}

clean_up() {
  local pid
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

die() {
  echo "bench.sh: $*" >&2
  exit 1
}

tell() { echo "  $*"; }

# of EXPRESSION: arithmetic with fractions.
of() { awk "BEGIN { print $1 }"; }

# is EXPRESSION: whether it holds.
is() { awk "BEGIN { exit !($1) }"; }

# row WHAT VALUE UNIT TARGET MET(yes|no) BESIDE: a row of the table, as tests/bench prints them too; remembers what was missed.
row() {
  local met=met value
  [ "$5" = yes ] || { met='**MISSED**'; missed=1; }
  value=$2
  [[ $value != *.* ]] || value=$(printf '%.2f' "$value")
  printf '| %s | %s%s | %s | %s | %s |\n' "$1" "$value" "$3" "$4" "$met" "$6"
}

# met EXPRESSION: "yes" or "no"
met() { if is "$1"; then echo yes; else echo no; fi; }

# figure FOLDER PATH: of its summary.json, "$.devices.enrolled"
figure() { sqlite3 :memory: "SELECT json_extract(CAST(readfile('$1/summary.json') AS TEXT), '\$.$2')"; }

# serve NAME COMMAND...: a server that says "listening URL" first; sets child, url.
serve() {
  local name=$1
  shift
  rm -f "$work/$name.ready"
  mkfifo "$work/$name.ready"
  "$@" >"$work/$name.ready" & # opens it in the child: each side waits for the other one
  child=$!
  children+=("$child")
  url=
  read -r -t 60 _ url <"$work/$name.ready" || die "$1 did not begin to serve"
}

# keys: a pool of RSA keys that exist before anything is timed
keys() {
  [ -e "$work/keys.pool" ] || "$scepstorm" keygen "$work/keys.pool" --count 8 >/dev/null 2>&1 || die "keygen failed"
}

# storm FOLDER SCENARIO OPTION...: one run with those keys. A run that is invalid (4) is judged by who asked for it.
storm() {
  local folder=$1 code=0
  shift
  keys
  limited 1800 "$scepstorm" run "$@" --set "devices.key.pool=$work/keys.pool" --out "$folder" --quiet 2>"$work/stderr" || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || [ "$code" -eq 3 ] || die "run ended with $code: $(cat "$work/stderr")"
}

# simulator NAME OPTION...: a healthy one with an open OTP page that is never full; sets child, url.
simulator() {
  local name=$1
  shift
  serve "$name" "$scepstorm" sim --listen 127.0.0.1:0 --auth none --otp-cache 100000 "$@"
}

# enroll_all FOLDER DEVICES [OPTION...]: as many per second as there can be, at $url; sets rate, enrollments per second.
enroll_all() {
  local folder=$1 devices=$2
  shift 2
  storm "$folder" tests/bench/bench.yaml --set "target.url=$url/certsrv/mscep/mscep.dll" --set "devices.count=$devices" "$@"
  [ "$(figure "$folder" devices.enrolled)" = "$devices" ] ||
    die "only $(figure "$folder" devices.enrolled) of $devices devices enrolled"
  rate=$(of "$devices / $(figure "$folder" duration_s)")
}
