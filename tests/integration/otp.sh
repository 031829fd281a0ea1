#!/usr/bin/env bash
# One-time passwords of NDES's page, in whole runs: the budget, a full cache, refused logons.
#   otp.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
export NDES_PASSWORD='Correct-Horse-9!' WRONG_PASSWORD='Tr0ub4dor-and-3'

page() { # page USER:PASSWORD: the status of the OTP page
  curl -s -o page.out -w '%{http_code}' --ntlm -u "$1" "$base/certsrv/mscep_admin/" || true
}

# ---- the budget: NDES's five places, by NTLM ----

cat >budget.yaml <<'YAML'
target: {url: sim}
challenge: {auth: ntlm, outstanding: 5}
devices: {count: 2000}
limits: {device_timeout: 2m}
load: [{rate: 150/s}]
YAML
run 0 budget budget.yaml
expect budget 'd["enrolled"] == 2000 and o["cache_full"] == 0 and o["failed"] == 0'
expect budget 'o["scheme"] == "ntlm" and o["fetched"] == o["used"] == 2000 and o["outstanding_max"] <= 5'
expect budget 's["correctness"]["duplicate_otp"] == 0'

run 0 greedy budget.yaml --set challenge.outstanding=20 --set devices.count=400 --set limits.error_budget=100% \
  --set limits.rate=4000/s --set load.0.rate=2000/s
expect greedy 'o["cache_full"] > 0 and o["cache_full_onsets"] > 0 and o["limit"] == 20'
expect greedy 'any(f["reason"] == "otp_cache_full" for f in s["failures"])'
expect greedy 's["diagnosis"][0]["cause"] == "otp-cache-full"'
says greedy 'cache'

# It recovers: what was full for a while is no defect afterwards.
run 0 recovers budget.yaml --set devices.count=100 --set load.0.rate=50/s --set limits.error_budget=100% \
  --set 'simulator.faults=["otp-cache-full:for=1s"]' --set challenge.prefetch=2
expect recovers 'd["enrolled"] > 20 and o["cache_full"] > 0 and o["cache_full_onsets"] == 1'

# ---- logons ----

cat >logon.yaml <<'YAML'
challenge: {source: mscep_admin, user: mdm, password_env: WRONG_PASSWORD, outstanding: 5}
devices: {count: 60}
load: [{rate: 60/s}]
YAML
simulate --user mdm --password-env NDES_PASSWORD --lock-after 3
run 3 wrong logon.yaml --set target.url="$base"
expect wrong 'd["failed"] == 2 and d["unsent"] == 58 and d["enrolled"] == 0'
expect wrong 'all(f["reason"] == "otp_auth_refused" for f in s["failures"])'
says wrong 'refused two logons'
[ "$(page "mdm:$NDES_PASSWORD")" = 200 ] || { echo 'the account is locked after two refused logons'; exit 1; }

simulate --user mdm --password-env NDES_PASSWORD --lock-after 3
run 3 wrong2 logon.yaml --set target.url="$base" --set challenge.auth=ntlm
[ "$(page "mdm:$WRONG_PASSWORD")" = 401 ]
[ "$(page "mdm:$NDES_PASSWORD")" = 401 ] || { echo 'the run made fewer than two logons'; exit 1; }
# Now it is locked, and the right password does no better: again two, and no more.
run 3 locked logon.yaml --set target.url="$base" --set challenge.password_env=NDES_PASSWORD
expect locked 'd["failed"] == 2 and d["unsent"] == 58'

simulate --auth negotiate --user mdm --password-env NDES_PASSWORD
run 3 mismatch logon.yaml --set target.url="$base" --set challenge.password_env=NDES_PASSWORD --set challenge.auth=ntlm
expect mismatch 'd["failed"] == 2 and d["unsent"] == 58 and all(f["reason"] == "otp_scheme" for f in s["failures"])'
says mismatch 'NTLM is not offered'

simulate --no-enroll-user mdm --password-env NDES_PASSWORD
run 3 forbidden logon.yaml --set target.url="$base" --set challenge.password_env=NDES_PASSWORD
expect forbidden 'any(f["reason"] == "otp_no_permission" for f in s["failures"])'
echo 'otp: all as it should be'
