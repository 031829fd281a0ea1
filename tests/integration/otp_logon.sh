#!/usr/bin/env bash
# Whole runs that log on for their one-time passwords: at Apache with mod_auth_gssapi in front of the simulator's page, by Kerberos
# and by NTLM, and at the simulator itself with a KDC of MIT's.
#   otp_logon.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/network.bash"
own_network "$0" "$@"
source "$(dirname "$0")/lib.bash"
source "$here/kdc.bash"
source "$here/apache.bash"
sim=
trap 'apache_stop; kdc_stop; clean_up' EXIT
export KERBEROS=$KDC_PASSWORD NTLM=Ntlm-7-secret WRONG=not-this-one
mkdir htdocs
kdc_make
kdc_start
echo "LAB:mdm:$NTLM" >ntlm.users
NTLM_USER_FILE=$PWD/ntlm.users APACHE_BEHIND=8080 apache_start

sim_start() { # sim_start OPTION...: in place of the one before
  [ -z "$sim" ] || { kill "$sim" 2>/dev/null || true; wait "$sim" || true; }
  simulate --listen 127.0.0.1:8080 "$@"
}

"$scepstorm" keygen keys.pool --count 4 >keygen.txt 2>&1 || fail "$(cat keygen.txt)"
cat >run.yaml <<'YAML'
name: logons
target: {url: "http://127.0.0.1:8080"}
challenge: {source: mscep_admin}
devices: {count: 20, subject: "CN=phone-{index}", key: {type: rsa, pool: keys.pool}}
load: [{phase: all, rate: 20/s}]
YAML

# enroll EXIT-CODE FOLDER PAGE SETTING...
enroll() {
  local want=$1 folder=$2 page=$3 settings=()
  shift 3
  for setting in url="$page" "$@"; do settings+=(--set "challenge.$setting"); done
  : >access.log
  run "$want" "$folder" run.yaml "${settings[@]}"
}

served() { # served COUNT PATTERN: that many lines of Apache's log
  local n
  n=$(grep -Ec "$2" access.log || true)
  [ "$n" -eq "$1" ] || fail "$n lines like '$2', not $1: $(cut -c1-160 access.log | head -20)"
}

behind=certsrv/mscep_admin/
enrolled='s["devices"]["enrolled"] == 20 and s["otp"]["cache_full"] == 0 and s["otp"]["failed"] == 0'
sim_start --auth none

# Kerberos: twenty pages, twenty tokens, no request without.
enroll 0 keytab "http://localhost:8880/by-kerberos/$behind" auth=negotiate user=mdm keytab=mdm.keytab
expect keytab "$enrolled and s['otp']['scheme'] == 'negotiate'"
served 20 '^200 mdm@TEST.REALM Negotiate .*mscep_admin'
served 0 '^401'
enroll 0 password "http://localhost:8880/by-kerberos/$behind" auth=negotiate 'user=mdm@TEST.REALM' password_env=KERBEROS
expect password "$enrolled and s['otp']['scheme'] == 'negotiate'"
served 0 '^401'

# NTLM: three fetchers log on once each, on the connections that they keep.
enroll 0 ntlm "http://localhost:8880/by-ntlm/$behind" auth=ntlm 'user=LAB\mdm' password_env=NTLM
expect ntlm "$enrolled and s['otp']['scheme'] == 'ntlm'"
served 0 '^401 - - '
[ "$(grep -c '^401 - NTLM' access.log)" -le 3 ] || fail "more than three logons: $(cut -c1-80 access.log)"

# any: asks first, then takes the best that both sides can.
enroll 0 any-keytab "http://localhost:8880/by-any/$behind" auth=any user=mdm keytab=mdm.keytab
expect any-keytab "$enrolled and s['otp']['scheme'] == 'negotiate'"
served 1 '^401 - - '
enroll 0 any-password "http://localhost:8880/by-any/$behind" auth=any 'user=LAB\mdm' password_env=NTLM
expect any-password "$enrolled and s['otp']['scheme'] == 'ntlm'"
served 1 '^401 - - '

# A wrong password: two refused logons, and no more.
enroll 3 wrong "http://localhost:8880/by-ntlm/$behind" auth=ntlm 'user=LAB\mdm' password_env=WRONG
expect wrong 's["devices"]["enrolled"] == 0 and s["failures"][0]["reason"] == "otp_auth_refused"'
served 2 '^401 - NTLM TlRMTVNTUAAD'
served 0 '^200'

# The simulator as the acceptor.
sim_start --auth negotiate --keytab web.keytab
enroll 0 at-sim "http://localhost:8080/$behind" auth=negotiate user=mdm keytab=mdm.keytab
expect at-sim "$enrolled and s['otp']['scheme'] == 'negotiate'"
sim_start --auth any --user 'LAB\mdm' --password-env NTLM
enroll 0 at-sim-ntlm "http://localhost:8080/$behind" auth=any 'user=LAB\mdm' password_env=NTLM
expect at-sim-ntlm "$enrolled and s['otp']['scheme'] == 'ntlm'"

# No ticket, no run: said before the clock starts.
kdc_stop
enroll 2 no-kdc "http://localhost:8880/by-kerberos/$behind" auth=negotiate user=mdm keytab=mdm.keytab
says no-kdc 'no KDC answers'

if grep -rlaE "$KERBEROS|$NTLM|$WRONG" --include='*' keytab password ntlm any-keytab any-password wrong at-sim at-sim-ntlm ./*.txt; then
  fail "a password got into the results"
fi
echo "otp_logon: 20 of 20 by Kerberos and by NTLM, behind Apache and at the simulator; a wrong password is tried twice"
