# What the tests of the simulator's logs share; after lib.bash.

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
load: [{rate: 25/s, for: 1500ms}]
YAML
  local code=0
  timeout 120 "$scepstorm" run "$1.yaml" --no-progress --out "$1" >"$1.txt" 2>&1 </dev/null || code=$?
  case $code in 0 | 3 | 4) ;; *) fail "$1: exit code $code: $(cat "$1.txt")" ;; esac
}
