#!/usr/bin/env bash
# certmonger, with its own SCEP code, enrolls at `scepstorm sim` with a one-time password from its page, then again for a new key.
# It runs on a message bus of its own, and its state stays in a temporary folder.
#   certmonger.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# Once more, with a bus: the bus starts the daemon, in the environment that it was itself started in.
if [ -z "${CERTMONGER_CAS_DIR:-}" ]; then
  mkdir cas requests config local
  touch config/certmonger.conf
  export HOME=$work CERTMONGER_CAS_DIR=$work/cas CERTMONGER_REQUESTS_DIR=$work/requests
  export CERTMONGER_CONFIG_DIR=$work/config CERTMONGER_LOCAL_CA_DIR=$work/local
  dbus-run-session -- "$here/certmonger.sh" "$scepstorm"
  exit
fi

export SIM_PASSWORD=open-sesame
simulate --auth basic --user mdm --password-env SIM_PASSWORD

/usr/lib/certmonger/scep-submit -u "$scep" -c | grep -q POSTPKIOperation
[ "$(/usr/lib/certmonger/scep-submit -u "$scep" -C | grep -c 'BEGIN CERTIFICATE')" -ge 3 ]

one_time_password() {
  curl -sf -u mdm:open-sesame "$base/certsrv/mscep_admin/" | iconv -f UTF-16LE -t UTF-8 |
    sed -n 's/.*challenge password is: <B> \([0-9A-F]*\).*/\1/p'
}
password=$(one_time_password)
[ "${#password}" -eq 16 ]

# The bus starts the daemon with the first command. It fetches the CA's certificates by itself.
getcert add-scep-ca -s -c sim -u "$scep"
for _ in $(seq 300); do getcert list-cas -s -c sim | grep -q thumbprint && break; sleep 0.1; done
getcert request -s -c sim -I test -k "$PWD/key.pem" -f "$PWD/cert.pem" -L "$password" -N CN=certmonger-1,O=lab -g 2048 -w -v
getcert list -s | grep -q 'status: MONITORING'
[ "$(openssl x509 -in cert.pem -noout -subject -nameopt RFC2253 | tr -d ' ')" = 'subject=O=lab,CN=certmonger-1' ] ||
  [ "$(openssl x509 -in cert.pem -noout -subject -nameopt RFC2253 | tr -d ' ')" = 'subject=CN=certmonger-1,O=lab' ]
first=$(openssl x509 -in cert.pem -noout -serial)
cmp <(openssl x509 -in cert.pem -noout -pubkey) <(openssl rsa -in key.pem -pubout 2>/dev/null)

# A new key, in a PKCSReq signed by the certificate it holds. certmonger sends the challenge along, so it needs a fresh one.
getcert rekey -s -i test -L "$(one_time_password)" -w -v
getcert list -s | grep -q 'status: MONITORING'
[ "$(openssl x509 -in cert.pem -noout -serial)" != "$first" ]
echo "certmonger: enrolled, and again for a new key"
