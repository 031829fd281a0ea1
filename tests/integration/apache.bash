# For integration tests: Apache with mod_auth_gssapi on 127.0.0.1:8880, in the current folder. Sourced, not run; needs web.keytab
# (kdc.bash) for Negotiate and $NTLM_USER_FILE (lines DOMAIN:user:password) for NTLM.
#   /kerberos/ /ntlm/ /any/ /basic/   the pages in htdocs/, each behind that logon; any: Negotiate and NTLM offered, as IIS does
#   /by-kerberos/ /by-ntlm/ /by-any/  http://127.0.0.1:$APACHE_BEHIND/ (when set) behind that logon
apache=

apache_gssapi() { # apache_gssapi FOLDER MECHANISM...: all in one section, since the module does not merge them
  local store=
  [ "$*" != "$1 krb5" ] || store="GssapiCredStore keytab:$PWD/web.keytab" # with it the module gives NTLM no credential
  cat <<CONF
<Location /$1>
  AuthType GSSAPI
  AuthName OTP
  GssapiConnectionBound On
  $store
$(printf '  GssapiAllowedMech %s\n' "${@:2}")
  Require valid-user
</Location>
CONF
}

# curl writes NTLM as old Windows did, without the version field, and IIS takes it so; gss-ntlmssp 1.2.0 does not. The first message
# gets eight zero bytes for it; the third loses the flag that promises it: 2 in the byte after 63 others, a bit of one base64 digit.
apache_mend_ntlm() {
  local digits=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv i
  echo 'RequestHeader edit Authorization "^(NTLM TlRMTVNTUAAB.*)AAA=$" "$1AAAAAAAAAAAAAA==" early'
  for i in $(seq 0 15); do
    echo "RequestHeader edit Authorization \"^(NTLM TlRMTVNTUAAD.{73})${digits:32+i:1}\" \"\$1${digits:i:1}\" early"
  done
}

apache_start() {
  local modules=/usr/lib/apache2/modules owner=() scheme
  [ "$(id -u)" -ne 0 ] || owner=('User www-data' 'Group www-data')
  mkdir -p htdocs
  chmod 755 . && chmod -R a+rX htdocs
  [ "$(id -u)" -ne 0 ] || chown www-data web.keytab ${NTLM_USER_FILE:+"$NTLM_USER_FILE"}
  for scheme in kerberos ntlm any basic; do ln -sfn . "htdocs/$scheme"; done
  cat >apache.conf <<CONF
ServerRoot $PWD
ServerName localhost
PidFile $PWD/apache.pid
ErrorLog $PWD/apache.log
LogLevel warn auth_gssapi:debug
Listen 127.0.0.1:8880
Mutex file:$PWD
$(printf '%s\n' "${owner[@]}")
$(for module in mpm_event authn_core authn_file authz_core authz_user auth_basic auth_gssapi headers alias proxy proxy_http; do
    echo "LoadModule ${module}_module $modules/mod_$module.so"
  done)
$(apache_mend_ntlm)
LogFormat "%>s %u %{Authorization}i %r" legs
CustomLog $PWD/access.log legs
DocumentRoot $PWD/htdocs
<Directory $PWD/htdocs>
  Options FollowSymLinks
  Require all granted
</Directory>
$(apache_gssapi kerberos krb5)
$(for prefix in '' by-; do
    apache_gssapi "${prefix}kerberos" krb5
    apache_gssapi "${prefix}ntlm" ntlmssp
    apache_gssapi "${prefix}any" krb5 ntlmssp
    [ -z "$prefix" ] || [ -z "${APACHE_BEHIND:-}" ] || printf "ProxyPass /by-%s/ http://127.0.0.1:$APACHE_BEHIND/\n" kerberos ntlm any
  done)
<Location /basic>
  AuthType Basic
  AuthName OTP
  AuthUserFile $PWD/htpasswd
  Require valid-user
</Location>
CONF
  KRB5_KTNAME=$PWD/web.keytab apache2 -f "$PWD/apache.conf" -D FOREGROUND &
  apache=$!
  for _ in $(seq 200); do
    curl -s -o /dev/null http://127.0.0.1:8880/ && return
    kill -0 "$apache" 2>/dev/null || break
    sleep 0.05
  done
  cat apache.log || true
  exit 1
}

apache_stop() {
  [ -z "$apache" ] || { kill "$apache" 2>/dev/null || true; wait "$apache" || true; }
  apache=
}
