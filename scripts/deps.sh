#!/usr/bin/env bash
# The one place that knows Debian's package names.
#   scripts/deps.sh build    what a Release build needs (default)
#   scripts/deps.sh test     that, and what the tests need
# Does nothing (and asks for no root) when everything is installed already.
set -euo pipefail

build=(build-essential cmake ninja-build pkg-config
  libssl-dev libcurl4-openssl-dev libuv1-dev libyaml-dev libjansson-dev
  libsqlite3-dev libmicrohttpd-dev zlib1g-dev libkrb5-dev gss-ntlmssp
  libevtx-dev libbfio-dev)
test=(libcmocka-dev clang libclang-rt-dev clang-format clang-tidy cppcheck git curl openssl python3 sqlite3 iproute2 libxml2-utils chromium
  python3-jsonschema python3-junitparser
  libhdrhistogram-java default-jre-headless ecj
  scep strongswan-pki libstrongswan-extra-plugins certmonger dbus
  krb5-kdc krb5-admin-server krb5-user apache2 libapache2-mod-auth-gssapi prometheus)

case "${1:-build}" in
  build) want=("${build[@]}") ;;
  test) want=("${build[@]}" "${test[@]}") ;;
  *) echo "deps.sh: unknown set '$1': use build or test" >&2; exit 2 ;;
esac

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }
missing=()
for package in "${want[@]}"; do installed "$package" || missing+=("$package"); done
[ "${#missing[@]}" -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps.sh: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi

# Debian starts a daemon as soon as its package is installed; a policy-rc.d that says no keeps it from that.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
  "${root[@]}" chmod 755 "$policy"
  trap '"${root[@]}" rm -f "$policy"' EXIT
fi

echo "deps.sh: installing ${missing[*]}"
# Package mirrors can be slow to answer for a moment: three tries, then give up.
for try in 1 2 3; do
  if "${root[@]}" apt-get -qq update &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null; then
    exit 0
  fi
  echo "deps.sh: try $try failed" >&2
done
echo "deps.sh: could not install: ${missing[*]}" >&2
exit 1
