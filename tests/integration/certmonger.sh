#!/usr/bin/env bash
# certmonger, with its own SCEP code, enrolls at `scepstorm sim` with a one-time password from its page, then again for a new key.
# It runs on a message bus of its own, and its state stays in a temporary folder.
#   certmonger.sh PATH-TO-SCEPSTORM
set -euo pipefail

if [ -z "${CERTMONGER_TEST_FOLDER:-}" ]; then
  scepstorm=$(realpath "$1")
  CERTMONGER_TEST_FOLDER=$(mktemp -d)
  trap 'rm -rf "$CERTMONGER_TEST_FOLDER"' EXIT
  cd "$CERTMONGER_TEST_FOLDER"
  mkdir cas requests config local
  export CERTMONGER_TEST_FOLDER HOME=$PWD
  export CERTMONGER_CAS_DIR=$PWD/cas CERTMONGER_REQUESTS_DIR=$PWD/requests
  export CERTMONGER_CONFIG_DIR=$PWD/config CERTMONGER_LOCAL_CA_DIR=$PWD/local
  touch config/certmonger.conf
  dbus-run-session -- "$(realpath "$OLDPWD/$0" 2>/dev/null || realpath "$0")" "$scepstorm"
  exit
fi

sim=
trap '[ -z "$sim" ] || kill "$sim" 2>/dev/null || true' EXIT
export SIM_PASSWORD=open-sesame
"$1" sim --listen 127.0.0.1:0 --auth basic --user mdm --password-env SIM_PASSWORD >sim.out &
sim=$!
for _ in $(seq 400); do grep -q '^listening ' sim.out && break; sleep 0.05; done
url=$(sed -n 's/^listening //p' sim.out)
scep=$url/certsrv/mscep/mscep.dll

/usr/lib/certmonger/scep-submit -u "$scep" -c | grep -q POSTPKIOperation
[ "$(/usr/lib/certmonger/scep-submit -u "$scep" -C | grep -c 'BEGIN CERTIFICATE')" -ge 3 ]

one_time_password() {
  curl -sf -u mdm:open-sesame "$url/certsrv/mscep_admin/" | iconv -f UTF-16LE -t UTF-8 |
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
