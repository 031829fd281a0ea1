#!/usr/bin/env bash
# Clients that we did not write enroll at `scepstorm sim` with one-time passwords read from its page: micromdm's scepclient
# (Debian's package scep) and strongSwan's pki. Their certificates verify, and a password works once.
#   foreign_clients.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
server=
stop() {
  [ -n "$server" ] || return 0
  kill "$server" && wait "$server" # exit status 0 or the script ends here
  server=
}

# serve [OPTION...]: starts the simulator; sets url, ra-sign.pem, ra-encrypt.pem, ca.pem
serve() {
  SIM_PASSWORD='correct horse' simulate --user 'LAB\mdm' --password-env SIM_PASSWORD "$@"
  server=$sim url=$scep
  curl -sf "$url?operation=GetCACert&message=ca" -o bundle.p7
  openssl pkcs7 -inform DER -in bundle.p7 -print_certs | awk '/BEGIN/ {n++} n {print > ("cert" n ".pem")}'
  for cert in cert1.pem cert2.pem cert3.pem; do
    case $(openssl x509 -in "$cert" -noout -ext keyUsage) in
    *"Certificate Sign"*) mv "$cert" ca.pem ;;
    *"Key Encipherment"*) mv "$cert" ra-encrypt.pem ;;
    *"Digital Signature"*) mv "$cert" ra-sign.pem ;;
    *) fail "$cert has no usage" ;;
    esac
  done
}

password() {
  curl -sf --ntlm -u 'LAB\mdm:correct horse' "$base/certsrv/mscep_admin/" | python3 -c '
import re, sys
page = sys.stdin.buffer.read().decode("utf-16-le")
print(re.search(r"The enrollment challenge password is: <B> ([0-9A-F]{16}) </B>", page).group(1))'
}

# certificate FILE SUBJECT: issued by the simulated CA, for client authentication, for this subject
certificate() {
  openssl verify -CAfile ca.pem -purpose sslclient "$1" >/dev/null || fail "$1 does not verify"
  openssl x509 -in "$1" -noout -subject -nameopt RFC2253 | grep -q "$2" || fail "$1 is not for $2"
}

serve
status=$(curl -s -o /dev/null -w '%{http_code}' "$base/certsrv/mscep_admin/")
[ "$status" = 401 ] || fail "the OTP page without credentials gives $status"

otp=$(password)
# It sends single DES and SHA-1 whatever the capabilities say, and BER with constructed strings.
scepclient -server-url "$url" -challenge "$otp" -cn phone-1 -private-key first.key -certificate first.pem >first.log 2>&1 ||
  fail "scepclient: $(cat first.log)"
certificate first.pem CN=phone-1
mkdir second # beside its earlier csr.pem it would send that one again
if (cd second && scepclient -server-url "$url" -challenge "$otp" -cn phone-2 -private-key second.key -certificate second.pem) >second.log 2>&1; then
  fail "scepclient enrolled twice with one password"
fi
[ ! -e second/second.pem ] || fail "scepclient has a certificate for a used password"
stop

# strongSwan 5.9.8 takes 3DES only from servers that list AES as well, as an NDES with CACapabilitiesAlgorithms does.
serve --caps POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,AES,DES3
otp=$(password)
openssl genrsa -out swan.key 2048 2>/dev/null
swan() { # swan KEY [OPTION...]
  local key=$1
  shift
  pki --scep --url "$url" --in "$key" --dn "O=lab, CN=phone-3" --cacert-enc ra-encrypt.pem --cacert-sig ra-sign.pem \
    --cacert ca.pem --cipher des3 --outform pem "$@"
}
serial() { openssl x509 -in "$1" -noout -serial; }
openssl genrsa -out other.key 2048 2>/dev/null
swan swan.key --password "$otp" >swan.pem 2>swan.log || fail "strongSwan: $(cat swan.log)"
certificate swan.pem CN=phone-3
if swan swan.key --password "$otp" >again.pem 2>again.log; then
  fail "strongSwan enrolled twice with one password"
fi
grep -q badMessageCheck again.log || fail "strongSwan saw no badMessageCheck: $(cat again.log)"
# RenewalReq: another key, no password. Another subject is refused.
swan other.key --cert swan.pem --key swan.key >renewed.pem 2>renewed.log || fail "strongSwan, renewal: $(cat renewed.log)"
certificate renewed.pem CN=phone-3
[ "$(serial renewed.pem)" != "$(serial swan.pem)" ] || fail "the renewal returned the old certificate"
openssl genrsa -out third.key 2048 2>/dev/null
if swan third.key --cert swan.pem --key swan.key --dn "O=lab, CN=somebody" >stolen.pem 2>stolen.log; then
  fail "strongSwan renewed for another subject"
fi
grep -q badRequest stolen.log || fail "strongSwan saw no badRequest: $(cat stolen.log)"
stop

# Its transactionID is made of the key: a server that knows requests by it answers the same one with the same certificate.
serve --caps POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,AES,DES3 --repeats same
otp=$(password)
swan swan.key --password "$otp" >swan.pem 2>swan.log || fail "strongSwan: $(cat swan.log)"
swan swan.key --password "$otp" >repeated.pem 2>repeated.log || fail "strongSwan, repeated: $(cat repeated.log)"
[ "$(serial repeated.pem)" = "$(serial swan.pem)" ] || fail "a repeated request got another certificate"
stop

# CertPoll: the second one gets the certificate, or the denial.
serve --caps POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,AES,DES3 --approval after-polls=2
swan swan.key --password "$(password)" --interval 1 >polled.pem 2>polled.log || fail "strongSwan, polls: $(cat polled.log)"
certificate polled.pem CN=phone-3
stop
serve --caps POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,AES,DES3 --approval after-polls=1,then=deny
if swan swan.key --password "$(password)" --interval 1 >denied.pem 2>denied.log; then
  fail "strongSwan has a certificate that was denied"
fi
grep -q badRequest denied.log || fail "strongSwan saw no badRequest: $(cat denied.log)"
stop
echo "foreign_clients: scepclient and strongSwan enrolled, renewed and polled; used passwords and denied requests are refused"
