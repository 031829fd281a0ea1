#!/bin/sh
# scepstorm causes: the list, one cause, questions, JSON, the page, causes of one's own.
set -eu
scepstorm=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() { echo "FAIL: $*"; exit 1; }
says() { # WORDS ARGUMENT...: the command succeeds and says the words
    words=$1
    shift
    "$scepstorm" causes "$@" >"$tmp/out" 2>"$tmp/err" || fail "causes $* exits $?: $(cat "$tmp/err")"
    grep -qF -e "$words" "$tmp/out" || fail "causes $* does not say '$words'"
}
refuses() { # WORDS ARGUMENT...: exit code 2 and a line on standard error
    words=$1
    shift
    code=0
    "$scepstorm" causes "$@" >"$tmp/out" 2>"$tmp/err" || code=$?
    [ "$code" -eq 2 ] || fail "causes $* exits $code"
    grep -qF -e "$words" "$tmp/err" || fail "causes $* says $(cat "$tmp/err")"
}

says "otp-cache-full"
says "The password cache of NDES is full" otp-cache-full
! grep -q '`' "$tmp/out" || fail "a terminal needs no backticks"
says "template-permission-denied" 0x80094012
says "template-permission-denied" -2146877422
for code in 0x80070490 0X80070490 80070490 -2147023728 2147943568 "HRESULT 0x80070490"; do says "password-wrong" "$code"; done
for event in "event 29" "Event ID: 29" "NDES 29" "NDES event 29" 29; do says "password-expired" "$event"; done
for status in 500.19 "500 19" "IIS 500.19" "HTTP 500.19"; do says "iis-config-invalid" "$status"; done
says "app-pool-stopped" "HTTP 503"
says "otp-account-locked" 0x80070775
says "Intune" 0x87D13B67
says "iis-url-too-long" 404.14
says "impersonation-right-missing" "500 0 1346"
says "service-account-locked" "event 5057"
says "Every refusal" 22013
says "# Why SCEP enrollments at NDES fail" --markdown
says "### otp-cache-full" --markdown otp-cache-full
says "--causes FILE" --help
refuses "did you mean otp-cache-full?" otp-cache-ful
refuses "there is no cause 'nonsense-of-all-kinds'" nonsense-of-all-kinds
refuses "one cause at a time" otp-cache-full ra-cert-expired
refuses "either --json or --markdown" --json --markdown
refuses "--causes needs a file" --causes
refuses "there is no option" --xml

cat >"$tmp/own.txt" <<END
[our-waf]
title: Our WAF cuts POSTs
class: L10
signature: a page of the WAF
decided_by: rule 4711
code: text Rule 4711
step: look
resolution: exempt it
END
says "our-waf" --causes "$tmp/own.txt"
says "exempt it" --causes "$tmp/own.txt" our-waf
says "malformed-pkimessage" --causes "$tmp/own.txt" our-waf
says "our-waf" --causes "$tmp/own.txt" "rule 4711"
says "## Your own" --causes "$tmp/own.txt" --markdown
says '"our-waf"' --causes "$tmp/own.txt" --json
python3 - "$tmp/out" <<'END'
import json, sys
causes = json.load(open(sys.argv[1]))["causes"]
assert causes[-1]["id"] == "our-waf" and len({c["id"] for c in causes}) == len(causes)
END
sed 's/our-waf/otp-cache-full/' "$tmp/own.txt" >"$tmp/clash.txt"
refuses "clash.txt:1: 'otp-cache-full' is in the catalogue already" --causes "$tmp/clash.txt"
refuses "$tmp/none.txt" --causes "$tmp/none.txt"
