#!/usr/bin/env bash
# The client's logons against acceptors that we did not write: a KDC of MIT's, Apache with mod_auth_gssapi (Negotiate, and NTLM by
# gss-ntlmssp) and with Basic. Every request is counted at the server: none goes out without credentials.
#   logon.sh PATH-TO-SCEPSTORM, with helper-logon in $HELPERS (default: tests/ beside the program)
source "$(dirname "$0")/network.bash"
own_network "$0" "$@"
source "$(dirname "$0")/lib.bash"
source "$here/kdc.bash"
source "$here/apache.bash"
logon=${HELPERS:-$(dirname "$scepstorm")/tests}/helper-logon
trap 'apache_stop; kdc_stop; clean_up' EXIT
export KERBEROS=$KDC_PASSWORD NTLM=Ntlm-7-secret BASIC=Basic-5-secret WRONG=not-this-one
kdc_make
kdc_start
mkdir htdocs
printf 'The enrollment challenge password is: <B> 0123456789ABCDEF </B>' | iconv -t UTF-16LE >htdocs/page.html
echo "LAB:mdm:$NTLM" >ntlm.users
echo "mdm:{SHA}$(printf '%s' "$BASIC" | openssl dgst -sha1 -binary | base64)" >htpasswd
NTLM_USER_FILE=$PWD/ntlm.users apache_start
at=http://localhost:8880
page=page.html

# expect LINE... -- ARGUMENT...: every line that the client prints matches its pattern, and there is no further one.
expect() {
  local patterns=() n=0
  while [ "$1" != -- ]; do patterns+=("$1"); shift; done
  shift
  timeout 100 "$logon" "$@" >said || true
  while IFS= read -r line; do
    [[ $n -lt ${#patterns[@]} && $line =~ ${patterns[n]} ]] || { echo "unexpected: $line"; n=-1; break; }
    n=$((n + 1))
  done <said
  [ "$n" -eq "${#patterns[@]}" ] || { printf 'helper-logon %s\nexpected:\n' "$*"; printf '  %s\n' "${patterns[@]}"; cat said; exit 1; }
}
tickets='^tickets for [0-9]+ s$'
page_after() { echo "^status=200 legs=$1 complete=$2 new=$3 reason=none .*body=126"; }
no_ticket() { echo "^failed stage=otp reason=otp_ticket .*$1"; }
refused() { echo "^failed stage=otp reason=otp_auth_refused .*$1"; }

# A KDC that takes everything and never answers costs half a minute: meanwhile the rest goes on.
python3 -c 'import socket, time
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 8889))
t = socket.socket(); t.bind(("127.0.0.1", 8889)); t.listen(); print("ready", flush=True); time.sleep(120)' >silent.ready &
children+=($!)
for _ in $(seq 200); do grep -q ready silent.ready && break; sleep 0.05; done
(timeout 100 "$logon" negotiate http://silent.test/ user mdm@SILENT.REALM password-env KERBEROS >silent.said || true) &
slow=$!
children+=("$slow")

# Negotiate, by every way to a ticket; each request carries its own token, none goes out without.
expect "$tickets" "$(page_after 1 yes yes)" "$(page_after 1 yes no)" -- negotiate $at/kerberos/$page keytab mdm.keytab times 2
expect "$tickets" "$(page_after 1 yes yes)" -- negotiate $at/any/$page keytab mdm.keytab user mdm@TEST.REALM
for user in mdm mdm@TEST.REALM 'LAB\mdm' 'test.realm\mdm'; do
  expect "$tickets" "$(page_after 1 yes yes)" -- negotiate $at/kerberos/$page user "$user" password-env KERBEROS
done
expect "$(no_ticket 'there is no ticket cache: get tickets with kinit')" -- negotiate $at/kerberos/$page tickets
kinit mdm <<<"$KERBEROS" >/dev/null
expect "$tickets" "$(page_after 1 yes yes)" -- negotiate $at/kerberos/$page tickets
expect "$tickets" "$(page_after 1 yes yes)" -- negotiate $at/kerberos/$page ticket-cache "FILE:$PWD/default.cc"
expect "$tickets" "$(page_after 1 yes yes)" -- negotiate $at/kerberos/$page keytab mdm.keytab post 200000

# And what may be wrong with tickets, in plain words.
expect "$(no_ticket 'mdm@TEST.REALM.s, not svc@TEST.REALM.s')" -- negotiate $at/kerberos/$page tickets user svc
expect "$(refused 'the password is wrong')" -- negotiate $at/kerberos/$page user mdm password-env WRONG
expect "$(refused 'default realm.*the password is wrong')" -- negotiate $at/kerberos/$page user 'LAB\mdm' password-env WRONG
expect "$(no_ticket 'knows no such account')" -- negotiate $at/kerberos/$page user nobody password-env WRONG
expect "$(refused 'locked or disabled')" -- negotiate $at/kerberos/$page user locked password-env KERBEROS
expect "$(no_ticket 'no KDC is known for that realm')" -- negotiate $at/kerberos/$page user mdm@OTHER.REALM password-env KERBEROS
expect "$(no_ticket 'HTTP/127.0.0.1: the KDC knows no such service.*setspn')" -- negotiate http://127.0.0.1:8880/ keytab mdm.keytab
expect "$(no_ticket 'the keytab has no key for that name')" -- negotiate $at/kerberos/$page keytab mdm.keytab user svc
expect "$(no_ticket 'there is no such file')" -- negotiate $at/kerberos/$page keytab missing.keytab
expect "$(no_ticket 'this is no keytab')" -- negotiate $at/kerberos/$page keytab krb5.conf
kinit -l 1s mdm <<<"$KERBEROS" >/dev/null
sleep 2 # more than the second that it lives
expect "$(no_ticket 'the tickets have expired')" -- negotiate $at/kerberos/$page tickets
kdc_admin -q 'cpw -randkey mdm'
expect "$(no_ticket 'made before the last change of password')" -- negotiate $at/kerberos/$page keytab mdm.keytab

# The service's key is another than the KDC's: the ticket is there, the server refuses it.
kdc_admin -q "ktadd -norandkey -k $PWD/mdm2.keytab mdm"
kdc_admin -q 'cpw -randkey HTTP/localhost'
expect "$tickets" '^status=401 legs=1 complete=yes .*reason=none offers=\[Negotiate' -- negotiate $at/kerberos/$page keytab mdm2.keytab
kdc_stop
expect "$(no_ticket 'no KDC answers')" -- negotiate $at/kerberos/$page keytab mdm2.keytab

# NTLM: two legs, then the connection is known. A refused one is left.
expect "$(page_after 2 yes yes)" "$(page_after 1 no no)" "$(page_after 1 no no)" -- ntlm $at/ntlm/$page user 'LAB\mdm' password-env NTLM times 3
expect "$(page_after 2 yes yes)" "$(page_after 1 no no)" -- ntlm $at/any/$page user 'LAB\mdm' password-env NTLM times 2 post 200000
refused_401='^status=401 legs=2 complete=yes new=yes reason=none offers=\[Negotiate, NTLM\]'
expect "$refused_401" "$refused_401" -- ntlm $at/ntlm/$page user 'LAB\mdm' password-env WRONG times 2
expect '^status=401 legs=1 complete=no .*offers=\[Basic realm="OTP"\]' -- ntlm $at/basic/$page user 'LAB\mdm' password-env NTLM

expect "$(page_after 1 yes yes)" "$(page_after 1 yes no)" -- basic $at/basic/$page user mdm password-env BASIC times 2
expect '^status=401 legs=1 complete=yes' -- basic $at/basic/$page user mdm password-env WRONG

# Of all these requests none was anonymous, but those on connections that NTLM had logged on: their lines name the account.
anonymous=$(grep -c '^401 - - ' access.log || true)
[ "$anonymous" -eq 0 ] || { grep '^401 - - ' access.log; exit 1; }

wait "$slow"
[[ $(cat silent.said) =~ $(no_ticket 'no KDC answers') ]] || fail "$(cat silent.said)"
echo "logon: Negotiate by keytab, cache and password, NTLM and Basic against Apache; every refusal has its words"
