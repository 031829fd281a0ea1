#!/usr/bin/env bash
# Everything that users and servers get wrong: one clear line each, the exit code of the contract, finished devices kept, no hang.
#   bad_input.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# says TEXT: stderr is one line, and it has this text
says() {
  [ "$(wc -l <stderr)" -eq 1 ] || fail "$(wc -l <stderr) lines on stderr instead of one"
  grep -qF -- "$1" stderr || fail "stderr does not say '$1'"
}

# start VARIABLE COMMAND...: in the background; the last word of its first line goes into the variable
start() {
  local -n first=$1
  local line pipe
  shift
  pipe=$(mktemp -u)
  mkfifo "$pipe"
  "$@" >"$pipe" 2>child.log &
  children+=($!)
  read -r line <"$pipe" || fail "$* did not start: $(cat child.log)"
  first=${line##* }
}

cat >good.yaml <<'YAML'
name: good
target: {url: sim}
devices: {count: 4}
load: [{rate: 20/s}]
YAML
away() { # a scenario for URL, four devices that give up soon
  cat <<YAML
target: {url: "$1"}
devices: {count: 4}
load: [{rate: 20/s}]
limits: {request_timeout: 1s, device_timeout: 3s}
YAML
}
storm() { # storm CODE SCENARIO FOLDER [OPTION...]: a run, its words in stdout and stderr; invalid is fine on a busy machine
  local want=$1 scenario=$2 folder=$3 code=0
  shift 3
  timeout --kill-after=5 60 "$scepstorm" run "$scenario" --no-progress --out "$folder" "$@" >stdout 2>stderr </dev/null || code=$?
  if [ "$code" -eq 4 ] && { [ "$want" -eq 3 ] || [ "$want" -eq 0 ]; }; then
    expect "$folder" 's["validity"]["verdict"] == "invalid"'
    return
  fi
  [ "$code" -eq "$want" ] || fail "exit code $code instead of $want: run $scenario $*"
}

# --- what is refused before anything is sent: exit code 2, one line, no folder
printf 'target: {url: sim}\nload:\n- {rate: 5/s, fro: 10s}\n' >typo.yaml
storm 2 typo.yaml none
says "typo.yaml:3:15: unknown key 'fro' in load[0]; did you mean 'from'?"
ends 2 validate typo.yaml
says "typo.yaml:3:15: unknown key 'fro' in load[0]; did you mean 'from'?"
storm 2 missing.yaml none
says 'cannot open missing.yaml: No such file or directory'
storm 2 good.yaml none --set devices.count=many
says "--set devices.count: devices.count: 'many' is not a whole number"
storm 2 good.yaml none --set load.0.rate=900/s
says 'limits.rate'
away https://ndes.example.com >authorized.yaml
storm 2 authorized.yaml none
says '--authorized'
away http://127.0.0.1@ndes.example.com/ >tricky.yaml
storm 2 tricky.yaml none
says 'user names and passwords do not belong into URLs'
ends 2 run good.yaml --nonsense
says '--nonsense'
ends 2 run
says 'which scenario?'
ends 2 ruin good.yaml
says "'ruin'"
[ ! -e none ] || fail 'a refused run left a folder'

mkdir full && touch full/something
storm 2 good.yaml full
says full
[ "$(ls full)" = something ] || fail 'a folder that is not empty was touched'

# --- where this machine is the trouble: exit code 1
storm 1 good.yaml /dev/null/results
says /dev/null/results

start base "$scepstorm" sim --listen 127.0.0.1:0 --auth none
port=${base##*:}
ends 1 sim --listen "127.0.0.1:$port" --auth none
says "$port"
[ ! -s stdout ] || fail 'a simulator that cannot listen says it does'

# --- where the server is the trouble: the run ends by itself, exit code 3, and the results say why
closed=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
away "http://127.0.0.1:$closed/certsrv/mscep/mscep.dll" >closed.yaml
storm 3 closed.yaml closed
expect closed 'd["failed"] == 4 and f["reason"] == "connection_refused" and f["stage"] == "tcp"'

start bad python3 "$here/bad_server.py" 404
away "$bad/certsrv/mscep/mscep.dll" >wrong.yaml
storm 3 wrong.yaml wrong
expect wrong 'd["failed"] == 4 and f["http_status"] == 404'

for mode in garbage empty; do
  start bad python3 "$here/bad_server.py" "$mode" "$base/certsrv/mscep/mscep.dll"
  away "$bad/scep" >"$mode.yaml"
  storm 3 "$mode.yaml" "$mode"
  expect "$mode" 'd["failed"] == 4 and f["reason"] == "not_scep" and f["stage"] == "pki_operation"'
done

start bad python3 "$here/bad_server.py" silent
away "$bad/scep" >silent.yaml
storm 3 silent.yaml silent
expect silent 'd["failed"] == 4 and f["reason"] in ("request_timeout", "device_timeout")'

start bad python3 "$here/bad_server.py" drip
away "$bad/scep" >drip.yaml
storm 3 drip.yaml drip
expect drip 'd["failed"] == 4 and f["reason"] in ("request_timeout", "device_timeout")'

start bad python3 "$here/bad_server.py" huge
away "$bad/scep" >huge.yaml
storm 3 huge.yaml huge
expect huge 'd["failed"] == 4 and f["reason"] == "body_too_large"'

start secure "$scepstorm" sim --listen 127.0.0.1:0 --auth none --tls
away "$secure/certsrv/mscep/mscep.dll" >secure.yaml
storm 3 secure.yaml secure
expect secure 'd["failed"] == 4 and f["reason"] == "tls_untrusted"'

# --- the OTP page: a wrong password is tried twice and no more
PAGE_PASSWORD=Zx9-correct-7k start guarded "$scepstorm" sim --listen 127.0.0.1:0 --auth basic --user mdm --password-env PAGE_PASSWORD
{
  away "$guarded/certsrv/mscep/mscep.dll"
  echo 'challenge: {source: mscep_admin, user: mdm, password_env: PAGE_PASSWORD}'
} >guarded.yaml
storm 2 guarded.yaml unset
says PAGE_PASSWORD
PAGE_PASSWORD=Zx9-mistyped-7k storm 3 guarded.yaml refused
expect refused 'd["enrolled"] == 0 and d["failed"] + d["unsent"] == 4 and all(f["reason"] == "otp_auth_refused" for f in s["failures"])'
expect refused 's["steps"]["otp"]["failed"] <= 2'
PAGE_PASSWORD=Zx9-correct-7k storm 0 guarded.yaml accepted
expect accepted 'd["enrolled"] == 4'
if grep -rl Zx9- refused accepted; then fail 'a password is in the results'; fi

# --- faults of the simulator: expired RA certificates, and a stop in the middle of the load
storm 3 good.yaml expired --set 'simulator.faults=[ra-cert-expired]'
expect expired 'd["enrolled"] == 0 and s["diagnosis"][0]["cause"] == "ra-cert-expired"'
grep -q . stdout || fail 'no words about expired RA certificates'
storm 2 good.yaml none --set 'simulator.faults=[no-such-fault]'
says "good.yaml: simulator.faults: fault 'no-such-fault'"
storm 2 good.yaml none --set 'devices.subject=no name'
says 'a subject has the form'

storm 3 good.yaml half --set devices.count=60 --set 'simulator.faults=["app-pool-stopped:from=1s"]' --set limits.error_budget=100% --set 'slo=[enrolled >= 99%]'
expect half 'd["enrolled"] >= 5 and d["failed"] >= 5'
rows=$(($(wc -l <half/issued.csv) - 1))
expect half "d['enrolled'] == $rows"

# --- the results cannot be written any more: no certificates that no ledger lists
long='CN={index}'
for _ in $(seq 7); do long+=",OU=$(printf 'x%.0s' $(seq 60))"; done
code=0
(ulimit -f 320 && exec "$scepstorm" run good.yaml --no-progress --out crowded --set devices.count=1000 --set 'load=[{rate: 100/s}]' \
  --set "devices.subject=$long" >stdout 2>stderr </dev/null) || code=$?
[ "$code" -eq 1 ] || fail "exit code $code instead of 1 with results that cannot be written"
says 'issued.csv'
grep -q 'the results can no longer be written' stdout || fail 'the run did not stop'

# --- the simulator dies: the words for it are not left to the diagnosis
"$scepstorm" run good.yaml --no-progress --out orphaned --set devices.count=40 --set limits.error_budget=100% >stdout 2>stderr </dev/null &
pid=$!
children+=("$pid")
for _ in $(seq 300); do
  [ -s orphaned/issued.csv ] && [ "$(wc -l <orphaned/issued.csv)" -gt 5 ] && break
  sleep 0.1
done
child=$(cat "/proc/$pid/task/$pid/children")
kill -KILL $child
wait "$pid" || true
says 'the simulator ended before the run did'
expect orphaned 'd["enrolled"] >= 5 and d["failed"] >= 1'

# --- standard error is closed: no file takes its number and gets the messages
code=0
"$scepstorm" run good.yaml --out unheard 2>&- >stdout </dev/null || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 4 ] || fail "exit code $code with standard error closed"
[ "$(wc -l <unheard/issued.csv)" -eq 5 ] || fail 'issued.csv holds more than certificates'

# --- nobody reads the memory of a process that holds keys and passwords
"$scepstorm" sim --listen 127.0.0.1:0 --auth none >child.log 2>&1 &
pid=$!
children+=("$pid")
for _ in $(seq 300); do grep -q listening child.log && break; sleep 0.1; done
grep -qE '^Max core file size +0 +0 ' "/proc/$pid/limits" || fail 'core dumps are not forbidden'

# --- more --set options than there is room for
many=()
for _ in $(seq 64); do many+=(--set devices.count=4); done
storm 2 good.yaml none "${many[@]}" --seed 1
says 'more than 64'

# --- input that cannot be read is the user's trouble, and found before keys are made
storm 2 good.yaml none --set devices.key.pool=/nonexistent/pool
says '/nonexistent/pool'

# --- Ctrl-C before the first device: every device is told as unsent
python3 - "$scepstorm" <<'PY' || fail 'interrupted early'
import os, signal, subprocess, sys, time
for number in signal.SIGINT, signal.SIGTERM:
    run = subprocess.Popen([sys.argv[1], "run", "good.yaml", "--no-progress", "--out", "early-%d" % number,
                            "--set", "devices.key.bits=4096"], stdout=subprocess.DEVNULL)
    while not os.path.exists("early-%d/scenario.yaml" % number):
        time.sleep(0.01)
    run.send_signal(number)
    code = run.wait(60)
    assert code == 130, code
PY
expect early-2 'd["planned"] == 4 and d["unsent"] == 4 and s["interrupted"]'
expect early-15 'd["planned"] == 4 and d["unsent"] == 4 and s["interrupted"]'

# --- Ctrl-C in the middle: 130, readable results, finished devices kept
"$scepstorm" run good.yaml --no-progress --out stopped --set devices.count=1000 >stdout 2>stderr </dev/null &
pid=$!
children+=("$pid")
for _ in $(seq 300); do
  [ -s stopped/issued.csv ] && [ "$(wc -l <stopped/issued.csv)" -gt 5 ] && break
  sleep 0.1
done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[ "$code" -eq 130 ] || fail "exit code $code instead of 130 after Ctrl-C"
expect stopped 'd["enrolled"] >= 5 and d["planned"] == 1000 and d["unsent"] > 0'

echo "bad_input: every mistake has its line and its exit code"
