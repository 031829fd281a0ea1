#!/usr/bin/env bash
# In a network namespace of its own (scepserver listens on every address): SIZE processes of scepclient enroll at scepserver for
# SECONDS, with keys and CSRs that exist. Prints enrollments per second, and how many were refused.
#   pool.sh SIZE SECONDS
set -euo pipefail
size=$1 seconds=$2
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
ip link set lo up
scepserver ca -depot depot -init -keySize 2048 >/dev/null
scepserver -depot depot -port 8080 -allowrenew 0 -challenge secret >server.log 2>&1 &
server=$!
for _ in $(seq 200); do
  curl -sf -o /dev/null 'http://127.0.0.1:8080/scep?operation=GetCACaps' && break
  sleep 0.05
done

enroll() { # enroll WHO FILE
  scepclient -server-url http://127.0.0.1:8080/scep -challenge secret -cn "phone-$1" -private-key key.pem -certificate "$2" >log 2>&1 &&
    [ -s "$2" ]
}

one() { # one WHO: a loop without any other process
  local made=0 refused=0
  cd "$1"
  while [ "$EPOCHREALTIME" \< "$until" ]; do
    if enroll "$1" "$made.pem"; then made=$((made + 1)); else refused=$((refused + 1)); fi
  done
  echo "$made $refused" >../made-"$1"
}

for i in $(seq "$size"); do
  mkdir "$i"
  (cd "$i" && enroll "$i" first.pem) || { cat "$i/log" >&2; exit 1; }
done
LC_ALL=C
until=$((EPOCHSECONDS + seconds)).${EPOCHREALTIME#*.}
pids=()
for i in $(seq "$size"); do
  one "$i" &
  pids+=($!)
done
wait "${pids[@]}"
cat made-* | awk -v seconds="$seconds" '{ made += $1; refused += $2 } END { print made / seconds, refused }'
