#!/usr/bin/env bash
# The simulator's OTP page and a client that we did not write: curl logs on by NTLM, by NTLM inside Negotiate and by Basic.
#   sim_logons.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
export SIM_PASSWORD='cor:rect h0rse' GUEST_PASSWORD='guest word'

# start OPTION...: the simulator; its pages go into $page
start() {
  local line pipe
  pipe=$(mktemp -u)
  mkfifo "$pipe"
  "$scepstorm" sim --listen 127.0.0.1:0 "$@" >"$pipe" 2>stderr &
  children+=($!)
  read -r line <"$pipe" || fail "the simulator did not start: $*"
  root=${line##* }
  page=$root/certsrv/mscep_admin/
}

# get STATUS CURL-OPTION...: the last status; headers go into head, the page as UTF-8 into body
get() {
  local want=$1 code
  shift
  code=$(curl -sS --max-time 30 -D head -o raw -w '%{http_code}' "$@") || fail "curl $*"
  iconv -f utf-16le -t utf-8 raw >body 2>/dev/null || cp raw body
  [ "$code" = "$want" ] || fail "HTTP $code instead of $want: curl $*"
}
shows() { grep -q "$1" body || fail "the page does not show '$1'"; }
announces() { # in the last answer
  diff <(tr -d '\r' <head | awk '/^HTTP/ { n = 0 } sub(/^WWW-Authenticate: /, "") { line[n++] = $0 }
    END { for (i = 0; i < n; i++) print line[i] }' | sort) <(printf '%s\n' "$@" | sort) ||
    fail "schemes other than: $*"
}
# refuses CODE TEXT OPTION...: the simulator ends with this code and this one line
refuses() {
  local code=0 want=$1 text=$2
  shift 2
  timeout 60 "$scepstorm" sim --listen 127.0.0.1:0 "$@" >/dev/null 2>refused </dev/null || code=$?
  [ "$code" -eq "$want" ] || fail "exit code $code instead of $want: $*"
  grep -qF -- "$text" refused || fail "'$text' is not in: $(cat refused)"
}
mdm='CONTOSO\mdm'

# The default is what a real NDES offers.
start --user "$mdm" --password-env SIM_PASSWORD --no-enroll-user guest --password-env GUEST_PASSWORD --otp-cache 20
get 401 "$page"
announces Negotiate NTLM
get 401 --basic -u "$mdm:$SIM_PASSWORD" "$page"
announces Negotiate NTLM
get 200 --ntlm -u "$mdm:$SIM_PASSWORD" "$page"
shows 'The enrollment challenge password is: <B> [0-9A-F]\{16\} </B>'
get 200 --ntlm -u "contoso\\MDM:$SIM_PASSWORD" "$page"
get 200 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
get 200 -L --ntlm -u "$mdm:$SIM_PASSWORD" "$root/certsrv/mscep_admin"
shows 'The enrollment challenge password is'
get 401 --ntlm -u "$mdm:wrong" "$page"
announces Negotiate NTLM
get 401 --ntlm -u "LAB\\mdm:$SIM_PASSWORD" "$page"
get 401 --ntlm -u "CONTOSO\\nobody:$SIM_PASSWORD" "$page"
get 200 --ntlm -u "guest:$GUEST_PASSWORD" "$page"
shows 'You do not have sufficient permission to enroll with SCEP'

# Only the connection that logged on is logged on.
curl -sS --max-time 30 -o raw -w '%{http_code} %{num_connects}\n' --ntlm -u "$mdm:$SIM_PASSWORD" "$page" -o raw2 "$page" >codes
[ "$(tr '\n' ' ' <codes)" = '200 1 200 0 ' ] || fail "two pages on one connection: $(cat codes)"
get 401 "$page"

# NTLM inside Negotiate, by gss-ntlmssp on curl's side too; it knows no password with a colon.
if curl -V | grep -q SPNEGO; then
  (umask 077 && printf 'CONTOSO:guest:%s\n' "$GUEST_PASSWORD" >users)
  NTLM_USER_FILE=$work/users get 200 --negotiate -u : "$page"
  shows 'You do not have sufficient permission'
  printf 'CONTOSO:guest:wrong\n' >users
  NTLM_USER_FILE=$work/users get 401 --negotiate -u : "$page"
fi

# A restart of the application pool forgets what was handed out.
get 200 -X POST "$root/scepstorm/admin/restart"
get 405 "$root/scepstorm/admin/restart"

# A full cache, longer passwords, a locked account.
start --user mdm --password-env SIM_PASSWORD --auth ntlm --otp-cache 2 --otp-length 16 --lock-after 2
get 200 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
shows '<B> [0-9A-F]\{32\} </B>'
get 200 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
get 200 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
shows 'The password cache is full'
get 200 -X POST "$root/scepstorm/admin/restart"
get 200 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
shows '<B> [0-9A-F]\{32\} </B>'
get 401 --ntlm -u mdm:wrong "$page"
get 401 --ntlm -u mdm:wrong "$page"
get 401 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
announces NTLM

# A static password, and Basic when it is asked for.
(umask 077 && printf '%s\n' "$SIM_PASSWORD" >secret)
start --user mdm --password-file secret --auth basic --otp-static
get 401 "$page"
announces 'Basic realm="NDES"'
get 200 --basic -u "mdm:$SIM_PASSWORD" "$page"
cp body first
get 200 --basic -u "mdm:$SIM_PASSWORD" "$page"
cmp -s first body || fail "two passwords from a server with a single one"

# What is wrong with the page or the account.
start --user mdm --password-env SIM_PASSWORD --fault otp-auth-scheme-mismatch:offers=basic
get 401 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
announces 'Basic realm="NDES"'
start --user mdm --password-env SIM_PASSWORD --fault otp-account-password-expired
get 401 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
start --user mdm --password-env SIM_PASSWORD --fault otp-page-blank
get 200 --ntlm -u "mdm:$SIM_PASSWORD" "$page"
[ ! -s body ] || fail "a blank page has a body"
start --user mdm --password-env SIM_PASSWORD --fault app-proxy-preauth-enabled
get 302 --ntlm -u "mdm:$SIM_PASSWORD" "$page"

# Options that do not go together, in one line each.
refuses 2 'needs one --password-env or --password-file' --user mdm
refuses 2 'have no use' --auth none --user mdm --password-env SIM_PASSWORD
refuses 2 '--keytab has no use' --auth ntlm --keytab "$work/http.keytab"
refuses 2 "cannot read the keytab '$work/http.keytab'" --auth negotiate --keytab "$work/http.keytab"
refuses 2 'is none of any, negotiate, ntlm, basic, none' --auth digest

# Nobody reads a password off the process.
pid=${children[0]}
for secret in "$SIM_PASSWORD" "$GUEST_PASSWORD"; do
  ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$secret" || fail "a password is on the command line"
  for fd in "/proc/$pid/fd"/*; do
    case $(readlink "$fd") in
      /memfd:*) ! grep -qaF -- "$secret" "$fd" || fail "a password is in a file in memory" ;;
    esac
  done
done
echo "sim_logons: all as on IIS"
