#!/usr/bin/env bash
# The evidence bundle: one archive that says everything and no secret, the same bytes each time, opened again anywhere; and archives
# that somebody made up do no harm.
#   bundle.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
export PAGE_PASSWORD='Correct-Horse-9!' TMPDIR=$work/tmp
mkdir tmp

# ---- a run with failures of several kinds, all of whose secrets are known ----

simulate --user mdm-account --password-env PAGE_PASSWORD --otp-cache 100
for _ in $(seq 30); do
  curl -s --ntlm -u "mdm-account:$PAGE_PASSWORD" "$base/certsrv/mscep_admin/" | tr -d '\000' | grep -oE '\b[0-9A-F]{16}\b' | tail -1
done >known
[ "$(sort -u known | wc -l)" -eq 30 ] || fail 'the page gave out no passwords'
printf 'F00DFACE0000%04d\n' $(seq 10) >>known # of no server: refused
chmod 600 known
cat >run.yaml <<YAML
name: to-a-vendor
target: {url: "$scep"}
challenge: {source: file, file: known}
devices: {count: 40, profiles: [{name: ios}, {name: android}, {name: rfc8894}]}
load: [{rate: 40/s}]
limits: {error_budget: 100%}
slo: [enrolled >= 99%]
YAML
run 3 run run.yaml
expect run 'd["enrolled"] == 30 and d["failed"] == 10'

cat >page.yaml <<YAML
target: {url: "$base"}
challenge: {source: mscep_admin, auth: ntlm, user: mdm-account, password_env: PAGE_PASSWORD, outstanding: 5}
devices: {count: 6}
limits: {error_budget: 100%}
load: [{rate: 10/s}]
YAML
run 3 page page.yaml --set challenge.url="$base/certsrv/nothing-here/"

# ---- what is in it ----

touch run/core run/notes.txt # somebody else's
ends 0 report run --bundle
name=$(cat stdout)
[[ $name =~ ^scepstorm-[0-9]{8}T[0-9]{6}Z-to-a-vendor\.tar\.gz$ && -s $name ]] || fail "an odd name: $name"
ends 0 report page --bundle=page.tar.gz
mkdir unpacked
tar -xzf "$name" -C unpacked
tar -xzf page.tar.gz -C unpacked
one=unpacked/${name%.tar.gz}
for file in MANIFEST README.txt histograms.hlog issued.csv junit.xml report.html report.md run.sqlite scenario.yaml summary.json; do
  [ -s "$one/$file" ] || fail "$file is not in it"
done
[ ! -e "$one/core" ] && [ ! -e "$one/notes.txt" ] || fail 'what is nobody'\''s is in it'
(cd "$one" && sha256sum --quiet --strict -c MANIFEST) || fail 'the MANIFEST is wrong'
[ "$(find "$one" -type f | wc -l)" -eq "$(($(wc -l <"$one/MANIFEST") + 1))" ] || fail 'the MANIFEST lacks files'
cmp "$one/summary.json" run/summary.json || fail 'its summary is another one'
grep -q 'user: withheld' unpacked/*/scenario.yaml || fail 'the account is named'

# ---- evidence, decoded by others ----

request=$(ls "$one"/evidence/*-pki_operation-*.request.der | head -1)
openssl cms -cmsout -print -inform DER -in "$request" >request.txt 2>&1 || fail "openssl cannot read the request: $(cat request.txt)"
grep -q 'pkcs7-envelopedData\|pkcs7-data' request.txt || fail 'the request is none'
openssl req -noout -text -inform DER -in "${request%.request.der}.csr.der" >csr.txt 2>&1 || fail "openssl cannot read the CSR: $(cat csr.txt)"
grep -q 'challengePassword *:\**$' csr.txt || fail "the CSR's challenge is not blotted: $(cat csr.txt)"
openssl cms -cmsout -print -inform DER -in "${request%.request.der}.answer.der" >answer.txt 2>&1 || fail "openssl cannot read the answer: $(cat answer.txt)"

# ---- no secret, in whatever form ----

python3 - known mdm-account "$PAGE_PASSWORD" <<'PY' || fail 'a secret is in a bundle'
import base64, gzip, json, pathlib, re, sys
def forms(raw):
    yield raw
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)
        yield whole[(4 if shift else 0):len(whole) - 4]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
words = pathlib.Path(sys.argv[1]).read_text().split() + sys.argv[2:]
needles = [(form, word) for word in words for code in ("utf-8", "utf-16-le", "utf-16-be") for form in forms(word.encode(code))]
needles += [(b"PRIVATE KEY", "a key")]
def look(data, where):
    for needle, word in needles:
        if needle in data:
            sys.exit("%s holds %s" % (where, word))
looked = 0
for path in pathlib.Path("unpacked").rglob("*"):
    if path.is_file():
        data, looked = path.read_bytes(), looked + 1
        look(data, path)
        for text in re.findall(rb"[A-Za-z0-9+/=]{24,}", data):  # base64 within it
            try:
                look(base64.b64decode(text + b"=" * (-len(text) % 4)), "%s, decoded," % path)
            except ValueError:
                pass
for path in pathlib.Path(".").glob("*.tar.gz"):
    look(gzip.decompress(path.read_bytes()), path)
assert looked > 20, looked
PY

# ---- the same bytes each time ----

sleep 1.1
cp -r run copy
ends 0 report copy --bundle=again.tar.gz
cmp "$name" again.tar.gz || fail 'a second bundle differs'

# ---- opened again, where the folder is not ----

mkdir elsewhere
cp "$name" elsewhere/b.tar.gz
for form in json html markdown junit csv hdr; do
  ends 0 report run --$form=folder.$form
  ends 0 report elsewhere/b.tar.gz --$form=bundle.$form
  cmp folder.$form bundle.$form || fail "--$form of the bundle differs from that of the folder"
done
ends 0 report elsewhere/b.tar.gz
grep -q '30 of 40 devices enrolled' stdout || fail 'the words do not come out of the bundle'
ends 0 diagnose elsewhere/b.tar.gz --json
mv stdout bundle.json
ends 0 diagnose run --json
python3 -c 'import json; a, b = json.load(open("bundle.json")), json.load(open("stdout")); assert a["diagnosis"] == b["diagnosis"] and a["diagnosis"]' ||
  fail 'the diagnosis of the bundle is another one'
ends 0 report elsewhere/b.tar.gz --bundle=third.tar.gz
cmp "$name" third.tar.gz || fail 'the bundle of a bundle differs'
tar -czf plain.tgz run
ends 0 report plain.tgz --json
cmp stdout run/summary.json || fail 'a folder that somebody packed himself is not read'
[ -z "$(ls tmp)" ] || fail "left behind: $(ls tmp)"

# ---- archives that somebody made up ----

python3 - "$name" <<'PY'
import gzip, io, sys, tarfile
good = tarfile.open(sys.argv[1])
files = [(m.name, good.extractfile(m).read()) for m in good if m.isfile()]
def make(to, change=lambda name, data: (name, data), *more):
    with tarfile.open(to, "w:gz", format=tarfile.USTAR_FORMAT) as out:
        for name, data in files:
            name, data = change(name, data)
            head = tarfile.TarInfo(name)
            head.size = len(data)
            out.addfile(head, io.BytesIO(data))
        for head, data in more:
            out.addfile(head, io.BytesIO(data))
def entry(name, data=b"x", **how):
    head = tarfile.TarInfo(name)
    head.size = len(data)
    for key, value in how.items():
        setattr(head, key, value)
    return head, data
top = files[0][0].split("/")[0]
make("tampered.tar.gz", lambda name, data: (name, data.replace(b"enrolled", b"unrolled") if name.endswith("summary.json") else data))
make("up.tar.gz", lambda n, d: (n, d), entry("../escaped"))
make("up2.tar.gz", lambda n, d: (n, d), entry(top + "/evidence/../../../escaped"))
make("root.tar.gz", lambda n, d: (n, d), entry("/tmp/scepstorm-escaped"))
make("link.tar.gz", lambda n, d: (n, d), entry(top + "/evidence/x", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"))
make("twice.tar.gz", lambda n, d: (n, d), entry(top + "/summary.json"))
raw = gzip.decompress(open(sys.argv[1], "rb").read())
open("cut.tar.gz", "wb").write(open(sys.argv[1], "rb").read()[:2000])
open("endless.tar.gz", "wb").write(gzip.compress(raw[:-2048]))
open("huge.tar.gz", "wb").write(gzip.compress(raw[:124] + b"77777777777\0" + raw[136:]))
open("empty.tar.gz", "wb").write(gzip.compress(b"\0" * 1024))
open("nothing.tar.gz", "wb").write(gzip.compress(b"hello " * 1000))
PY
for made_up in tampered up up2 root link twice cut endless huge empty nothing; do
  ends 2 report $made_up.tar.gz --json
  [ "$(wc -l <stderr)" -eq 1 ] && [ ! -s stdout ] || fail "$made_up.tar.gz is refused with other words"
done
[ ! -e escaped ] && [ ! -e tmp/escaped ] && [ ! -e /tmp/scepstorm-escaped ] || fail 'something was written elsewhere'
[ -z "$(ls tmp)" ] || fail "left behind: $(ls tmp)"
ends 1 report run --bundle=/nowhere/at/all.tar.gz
[ "$(wc -l <stderr)" -eq 1 ] || fail 'an archive that cannot be written is told badly'
echo "bundle: it says everything but secrets, and opens again"
