#!/bin/sh
# scepstorm diagnose: logs alone, a run alone, a run held against its logs; options that are wrong.
set -eu
scepstorm=$1
vectors=$(dirname "$0")/../vectors/logs
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() { echo "FAIL: $*"; exit 1; }
says() { # WORDS ARGUMENT...: the command succeeds and says the words
    words=$1
    shift
    "$scepstorm" diagnose "$@" >"$tmp/out" 2>"$tmp/err" || fail "diagnose $* exits $?: $(cat "$tmp/err")"
    grep -qF -e "$words" "$tmp/out" || fail "diagnose $* does not say '$words': $(head -20 "$tmp/out")"
}
refuses() { # WORDS ARGUMENT...: exit code 2 and a line on standard error
    words=$1
    shift
    code=0
    "$scepstorm" diagnose "$@" >"$tmp/out" 2>"$tmp/err" || code=$?
    [ "$code" -eq 2 ] || fail "diagnose $* exits $code"
    grep -qF -e "$words" "$tmp/err" || fail "diagnose $* says $(cat "$tmp/err")"
}
first() { # CAUSE: the last JSON names it first
    grep -m 1 '"cause"' "$tmp/out" | grep -qF "\"$1\"" || fail "not $1 first: $(grep '"cause"' "$tmp/out")"
}

# logs alone
says "The SCEP application pool is stopped" --evidence "$vectors/app-pool-stopped"
grep -q "What was read" "$tmp/out" || fail "what was read is missing"
grep -q "devices show" "$tmp/out" || fail "what devices show is missing"
! grep -q '`' "$tmp/out" || fail "a terminal needs no backticks"
says '"schema": "scepstorm/diagnosis/1"' --json --evidence "$vectors/german-csv"
first service-account-locked
says '"utc_offset_minutes": 60' --json --evidence "$vectors/german-csv"
says "iis-url-too-long" --iis-log "$vectors/iis-url-too-long/u_ex260310.log.gz"
says "Nothing is wrong that these logs show." --evidence "$vectors/healthy-noisy"
says "what would settle it" --evidence "$vectors/pool-down-undecided"

# a run, and what the server logged meanwhile
cat >"$tmp/s.yaml" <<END
name: refused
target: {url: sim}
simulator: {logs: logs, noise: light, faults: [template-permission-denied]}
challenge: {source: mscep_admin, outstanding: 3}
devices: {count: 12, subject: "CN=d-{index}", key: {type: rsa, bits: 2048, reuse: true}}
load: [{phase: p, rate: 10/s}]
limits: {error_budget: 100%}
END
code=0
"$scepstorm" run "$tmp/s.yaml" --out "$tmp/run" --quiet --no-progress >/dev/null 2>"$tmp/err" || code=$?
[ "$code" -eq 3 ] || fail "the run exits $code: $(cat "$tmp/err")"
says "template-permission-denied" "$tmp/run"
says '"evidence_read": null' "$tmp/run" --json
first template-permission-denied
says '"evidence_read": {' "$tmp/run" --evidence "$tmp/run/logs" --json
first template-permission-denied
grep -q 'NDES event 31' "$tmp/out" || fail "the server's event is no evidence"

# the same run against another server's logs of another time: the run speaks alone
says "template-permission-denied" "$tmp/run" --evidence "$vectors/app-pool-stopped"

# what is wrong
refuses "a results folder, logs (--evidence DIR), or both"
refuses "there is no option --no-such" --no-such
refuses "--iis-log needs a file" --iis-log
refuses "--evidence needs a folder" --evidence
refuses "one results folder" "$tmp/run" "$tmp/run"
mkdir "$tmp/empty" "$tmp/others"
cp "$vectors/healthy-noisy/"* "$tmp/others"
cp "$0" "$tmp/others/stranger.log"
: >"$tmp/nothing.log"
refuses "$tmp/empty holds no file: wanted are IIS logs" --evidence "$tmp/empty"
refuses "none of 2 files holds a log that can be read: wanted are" --evidence "$vectors/nothing-known"
grep -q "no log was recognised" "$tmp/out" || fail "what was found is not told: $(cat "$tmp/out")"
refuses "none of 2 files" --json --evidence "$vectors/nothing-known"
grep -q '"kind": "unknown"' "$tmp/out" || fail "what was found is not in the JSON: $(cat "$tmp/out")"
refuses "nothing.log is empty" --iis-log "$tmp/nothing.log"
refuses "no iis log" --iis-log "$0"
says "Nothing is wrong" --evidence "$tmp/others"
says "Nothing is wrong" --evidence "$vectors/healthy-noisy" --iis-log "$0"
grep -q "no iis log" "$tmp/err" || fail "the stranger is not mentioned: $(cat "$tmp/err")"
says "template-permission-denied" "$tmp/run" --evidence "$tmp/empty"
grep -q "holds no file" "$tmp/err" || fail "the empty folder is not mentioned: $(cat "$tmp/err")"
refuses "no-such-folder" --evidence "$tmp/no-such-folder"
refuses "no-such-file" --events "$tmp/no-such-file"
refuses "" --httperr "$vectors/two-at-once/s.xml"
refuses "" "$tmp/s.yaml"
echo "diagnose: ok"
