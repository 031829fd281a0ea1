#!/usr/bin/env bash
# What a run leaves behind about its failures: request and response decoded, of enrollments and of follow-ups, and the password in
# none of it, whatever its dress.
#   evidence.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

simulate --auth none
export EVIDENCE_PASSWORD='Gr8SecretPassword-4711'
scenario() { # scenario NAME DEVICES: a static password, which this server never made; by POST and by GET
  printf 'target: {url: "%s"}\nchallenge: {source: static, password_env: EVIDENCE_PASSWORD}\nload: [{rate: 20/s}]\ndevices: %s\n' \
    "$base" "$2" >"$1.yaml"
}
storm() { # storm NAME OPTION...: whether it went well is not under test
  local name=$1 code=0
  shift
  "$scepstorm" run "$name.yaml" --no-progress --out "$name" "$@" >"$name.txt" 2>&1 || code=$?
  case $code in 0 | 3 | 4) ;; *) echo "$name: exit code $code"; cat "$name.txt"; exit 1 ;; esac
}

scenario refused '{count: 6, profiles: [{name: rfc8894}, {name: rfc8894, set: {post: never, failure_retries: 1}}], san: ["dns:a.example"]}'
storm refused
scenario stopped '{count: 6}'
storm stopped --set target.url=http://127.0.0.1:1/

cat >followed.yaml <<'YAML'
target: {url: sim}
simulator: {otp: {cache: 5}}
devices: {count: 5, then: [renew, get_crl, get_next_ca_cert, get_cert]}
load: [{rate: 5/s}]
YAML
storm followed

python3 - <<'PY'
import base64, glob, json, os

def exemplars(run):
    return [json.load(open(f)) for f in sorted(glob.glob(run + "/evidence/*.json"))]

found = exemplars("refused")
assert found, "the refused run has no evidence"
request = found[0]["request"]
message, csr = request["message"], request["csr"]
assert request["method"] in ("GET", "POST") and any(h.startswith("Host: ") for h in request["headers"])
assert message["type"] == "PKCSReq (19)" and message["transaction_id"] and message["digest"] and message["cipher"], message
assert message["key_transport"] == "rsa-pkcs1" and message["recipient"]["issuer"] and message["signer"]["self_signed"] == "yes", message
assert csr["subject"].startswith("CN=rfc8894-") and csr["san"] == "dns:a.example" and "challengePassword" in csr["attributes"], csr
assert csr["challenge_password"].startswith("[redacted], 22 bytes of "), csr

kinds = {e["follow_up"]: e for e in exemplars("followed")}
for kind, operation in (("get_crl", "GetCRL (22)"), ("get_cert", "GetCert (21)")):
    assert kinds[kind]["request"]["message"]["type"] == operation, kinds[kind]
    assert "csr" not in kinds[kind]["request"] and kinds[kind]["decoded"]["body"] != "none"

assert exemplars("stopped")[0]["reason"] == "connection_refused"

# In clear, in hex, and in base64 at each of its three alignments; of UTF-16, too.
secret = os.environ["EVIDENCE_PASSWORD"]
forms = set()
for raw in (secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")):
    forms |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(3):
        padded = base64.b64encode(b"\0" * shift + raw)
        forms.add(padded[4 if shift else 0 : -4])
def holds(data):
    return [f for f in forms if f in data or f in data.replace(b"\n", b"")]
for run in ("refused", "stopped"):
    for folder, _, files in os.walk(run):
        for name in files:
            data = open(os.path.join(folder, name), "rb").read()
            assert not holds(data), "%s/%s holds the password as %s" % (folder, name, holds(data)[0])
            try:
                tree = json.loads(data) if name.endswith(".json") else {}
            except ValueError:
                tree = {}
            body = base64.b64decode(tree.get("body_base64") or "")
            assert not holds(body), "%s/%s: the body holds the password" % (folder, name)
PY
echo "evidence: requests and responses are told, the password is not"
