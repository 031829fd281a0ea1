# For integration tests: a KDC of MIT's for the realm TEST.REALM, in the current folder, on loopback. Sourced, not run.
#   kdc_make                     database, krb5.conf, HTTP/localhost in web.keytab, mdm in mdm.keytab, password $KDC_PASSWORD
#   kdc_start, kdc_stop
# It takes fixed ports: enter a network namespace first (own_network).

KDC_PASSWORD=Kerberos-9-secret
kdc=

kdc_make() {
  cat >krb5.conf <<CONF
[libdefaults]
  default_realm = TEST.REALM
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  default_ccache_name = FILE:$PWD/default.cc
[realms]
  TEST.REALM = {
    kdc = 127.0.0.1:8888
  }
  SILENT.REALM = {
    kdc = 127.0.0.1:8889
  }
[domain_realm]
  localhost = TEST.REALM
  silent.test = SILENT.REALM
CONF
  cat >kdc.conf <<CONF
[kdcdefaults]
  kdc_listen = 127.0.0.1:8888
  kdc_tcp_listen = 127.0.0.1:8888
[realms]
  TEST.REALM = {
    database_name = $PWD/principal
    key_stash_file = $PWD/stash
    acl_file = $PWD/kadm5.acl
    max_life = 10h
    supported_enctypes = aes256-cts:normal
  }
[logging]
  kdc = FILE:$PWD/kdc.log
CONF
  export KRB5_CONFIG=$PWD/krb5.conf KRB5_KDC_PROFILE=$PWD/kdc.conf
  unset KRB5CCNAME KRB5_KTNAME KRB5_CLIENT_KTNAME
  kdb5_util create -s -r TEST.REALM -P master-key >/dev/null
  kdc_admin <<CMD
addprinc -pw $KDC_PASSWORD +requires_preauth mdm
addprinc -pw $KDC_PASSWORD -allow_tix locked
addprinc -randkey HTTP/localhost
ktadd -k $PWD/web.keytab HTTP/localhost
ktadd -norandkey -k $PWD/mdm.keytab mdm
CMD
}

# kdc_admin [-q COMMAND]: a name is given since the user of this process may have none
kdc_admin() {
  kadmin.local -r TEST.REALM -p admin@TEST.REALM "$@" >kadmin.log 2>&1 || { cat kadmin.log; exit 1; }
}

kdc_start() {
  krb5kdc -n -P "$PWD/kdc.pid" >kdc.out 2>&1 &
  kdc=$!
  for _ in $(seq 200); do
    grep -q 'commencing operation' kdc.log 2>/dev/null && return
    kill -0 "$kdc" || break
    sleep 0.05
  done
  cat kdc.out kdc.log || true
  exit 1
}

kdc_stop() {
  [ -z "$kdc" ] || { kill "$kdc" 2>/dev/null || true; wait "$kdc" || true; }
  kdc=
  rm -f kdc.log
}
