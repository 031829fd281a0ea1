#!/usr/bin/env bash
# The way to the target: nodes of a farm by their addresses, in place of the one that their name has; and a proxy.
#   way.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# start NAME OPTION...: a simulator; $url is where
start() {
  local name=$1
  shift
  "$scepstorm" sim --auth none "$@" >"$name.url" 2>"$name.err" &
  children+=($!)
  url=$(first_line "$name.url")
  url=${url##* }
}

# ---- two nodes behind one name, one port: the second refuses everything ----

start one --listen 127.0.0.2:0
port=${url##*:}
start two --listen "127.0.0.3:$port" --fault app-pool-stopped
cat >farm.yaml <<YAML
target: {url: "http://localhost:$port", addresses: [127.0.0.2, 127.0.0.3]}
challenge: {source: mscep_admin, url: "http://localhost:$port/certsrv/mscep_admin/", auth: none, outstanding: 5}
devices: {count: 20}
load: [{rate: 40/s}]
limits: {error_budget: 100%}
YAML
run 0 farm farm.yaml
expect farm 'd["enrolled"] == 10 and d["failed"] == 10 and o["fetched"] >= 10'
expect farm 'q("SELECT count(*) FROM device WHERE result = '"'enrolled'"' AND address = '"'127.0.0.2'"'") == 10'
expect farm 'q("SELECT count(*) FROM device WHERE http_status = 503 AND address = '"'127.0.0.3'"'") == 10'
expect farm 'q("SELECT count(*) FROM step WHERE stage = '"'dns'"'") == 0'
ends 2 run farm.yaml --set 'target.addresses=[127.0.0.2, 192.0.2.7]' --out no
grep -q 'the address 192.0.2.7 is not this machine' stderr || fail "another machine's address is not refused"
ends 0 validate farm.yaml
grep -q '127.0.0.3' stdout || fail "validate does not name the addresses"

# ---- a proxy: every request goes through it, and it says which ----

python3 "$here/proxy.py" >proxy.log 2>proxy.err &
children+=($!)
proxy=$(first_line proxy.log)
export http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 no_proxy=127.0.0.2
cat >proxied.yaml <<YAML
target: {url: "http://127.0.0.2:$port", proxy: "$proxy"}
challenge: {source: mscep_admin, auth: none}
devices: {count: 5}
load: [{rate: 20/s}]
YAML
run 0 proxied proxied.yaml
expect proxied 'd["enrolled"] == 5'
expect proxied 'q("SELECT count(*) FROM device WHERE address <> '"''"'") == 0'
[ "$(grep -c "GET http://127.0.0.2:$port/certsrv/mscep_admin/" proxy.log)" -ge 5 ] || fail "password pages went around the proxy"
[ "$(grep -c "operation=GetCACert" proxy.log)" -ge 5 ] || fail "requests went around the proxy"
[ "$(grep -c "POST http://127.0.0.2:$port/.*PKIOperation" proxy.log)" -eq 5 ] || fail "PKIOperations went around the proxy"

start tls --listen 127.0.0.2:0 --tls
curl -sk --noproxy '*' "$url/certsrv/mscep/mscep.dll?operation=GetCACert" -o ca.p7
openssl pkcs7 -inform DER -in ca.p7 -print_certs >ca.pem
cat >tunnel.yaml <<YAML
target: {url: "$url", proxy: "$proxy", tls: {ca_file: ca.pem}}
challenge: {source: mscep_admin, auth: none}
devices: {count: 3}
load: [{rate: 20/s}]
limits: {error_budget: 100%}
YAML
run 0 tunnel tunnel.yaml
expect tunnel 'd["enrolled"] == 3'
grep -q "CONNECT ${url#https://}" proxy.log || fail "no tunnel was asked for"
run 3 refused tunnel.yaml --set "target.url=https://127.0.0.9:$port"
expect refused 'f["reason"] == "unreachable" and "proxy made no tunnel: HTTP 403" in json.dumps(s)'
ends 2 run proxied.yaml --set target.proxy=http://192.0.2.7:3128 --out no
grep -q 'the proxy http://192.0.2.7:3128 is not this machine' stderr || fail "another machine's proxy is not refused"
echo "way: pinned nodes and a proxy get what they should"
