#!/usr/bin/env bash
# The whole protocol, from scenario file to results: a fleet of personas, what comes after the enrollment, rows from a file,
# defects that only a renewal shows, and refusals that are wanted. All against the built-in simulator.
#   protocol.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

# Without their objectives: a slow machine must not fail a test.
run 0 personas "$root/scenarios/personas.yaml" --set devices.count=60 --set slo=[]
expect personas 's["devices"]["enrolled"] == 60 and set(s["personas"]) == {"ios", "android", "windows", "cisco"}'
expect personas 'sum(p["planned"] for p in s["personas"].values()) == 60 and s["verdicts"]["strict"]["accepted"] == 60'
expect personas 'any("pause between requests" in n for n in s["notes"])'
expect personas 'q("SELECT count(*) FROM device WHERE san LIKE \"dns:%.example.test\"") == 60'

run 0 renewal "$root/scenarios/renewal.yaml" --set devices.count=20 --set slo=[]
expect renewal 'all(f["ok"] == 20 and f["failed"] == 0 for f in s["follow_ups"].values())'
expect renewal 'q("SELECT count(DISTINCT serial) FROM follow_up WHERE step = \"renewal\"") == 20'
expect renewal 'not any("pause between requests" in n for n in s["notes"])'
[ "$(grep -c ',renewed,' renewal/issued.csv)" -eq 20 ]

# As NDES is: it renews, and knows no GetCRL. The enrollments stand, the cause is named.
run 0 plain "$root/scenarios/renewal.yaml" --set devices.count=10 --set slo=[] --set 'simulator={otp: {cache: 5}}' --set 'devices.then=[renew, get_crl]'
expect plain 's["devices"]["enrolled"] == 10 and s["devices"]["failed"] == 0 and s["follow_ups"]["get_crl"]["failed"] == 10'
expect plain 's["diagnosis"][0]["cause"] == "unsupported-message-type" and s["failures"][0]["follow_up"] == "get_crl"'

# The same key, and a server that then returns the old certificate: a defect that outranks everything.
run 3 same "$root/scenarios/renewal.yaml" --set devices.count=10 --set slo=[] --set devices.renewal.key=same \
  --set 'simulator={quirks: [same-key-returns-old]}' --set 'devices.then=[renew]'
expect same 's["correctness"]["renewal_same_certificate"] == 10 and s["correctness"]["serials_unique"]'
head -1 same.txt | grep -q '^CORRECTNESS DEFECTS: 10 renewals'

# A certificate that is over signs its renewal nevertheless, in whatever message, and NDES takes none of them. Enrolling anew helps.
over=(--set devices.count=5 --set slo=[] --set 'devices.then=[renew]' --set 'simulator={validity: 602s, otp: {cache: 20}}' --set devices.renewal.after=4s)
for how in renewal_req pkcs_req_signed; do
  run 0 "over-$how" "$root/scenarios/renewal.yaml" "${over[@]}" --set devices.renewal.how=$how
  expect "over-$how" 's["devices"]["enrolled"] == 5 and s["follow_ups"]["renewal"]["failed"] == 5 and s["failures"][0]["hresult"] == "0x800b0101"'
  expect "over-$how" 's["diagnosis"][0]["cause"] == "renewal-signer-expired"'
done
run 0 over-anew "$root/scenarios/renewal.yaml" "${over[@]}" --set devices.renewal.how=re_enroll
expect over-anew 's["follow_ups"]["renewal"]["ok"] == 5 and s["latency_ms"]["enrollment"]["max"] < 4000'

# EC keys, names from a file, a changed habit.
printf 'serial,user\nA1,ada\nB2,bob\n' >rows.csv
cat >ec.yaml <<'YAML'
target: {url: sim}
simulator: {otp: {cache: 20}}
challenge: {outstanding: 15}
devices:
  count: 12
  csv: rows.csv
  csv_reuse: true
  subject: "CN={serial}-{index}"
  san: ["upn:{user}@example.test"]
  key: {type: ec}
  profiles: [{name: rfc8894, set: {digests: [sha512]}}, {name: rfc8894}]
  then: [renew]
  renewal: {how: re_enroll}
load: [{rate: 20/s}]
YAML
run 0 ec ec.yaml
expect ec 's["devices"]["enrolled"] == 12 and s["follow_ups"]["renewal"]["ok"] == 12 and set(s["personas"]) == {"rfc8894", "rfc8894-2"}'
expect ec 'q("SELECT count(*) FROM device WHERE subject LIKE \"CN=B2-%\" AND san LIKE \"upn:bob@example.test%\"") == 6'

# What is expected is held against the server.
run 3 short "$root/scenarios/renewal.yaml" --set devices.count=30 --set slo=[] --set limits.error_budget=100% --set 'devices.expect={min_validity: 1000d}'
expect short 's["devices"]["enrolled"] == 0 and s["correctness"]["expectation_failures"] == 30 and s["failures"][0]["reason"] == "expectation"'

# An NDES with the Intune module and no way to mint challenges: refusals are the wanted end.
cat >refused.yaml <<'YAML'
target: {url: sim}
simulator: {mode: intune}
devices: {count: 15, expect: refused}
load: [{rate: 20/s}]
YAML
run 0 refused refused.yaml
expect refused 's["devices"]["refused_as_expected"] == 15 and s["devices"]["enrolled"] == 15 and s["failures"] == []'
grep -q '15 of 15 devices refused as expected' refused.txt
grep -q 'proves nothing' refused.txt
[ "$(wc -l <refused/issued.csv)" -eq 1 ]

# Not wanted, the same refusals have a cause, and it is not the connector: what was sent could never be taken.
sed 's/, expect: refused//' refused.yaml >blobless.yaml
run 3 blobless blobless.yaml --set devices.count=5
expect blobless 's["diagnosis"][0]["cause"] == "intune-challenge-missing" and "connector-stopped" in s["diagnosis"][0]["look_alikes"]'
run 3 granted refused.yaml --set devices.count=5 --set simulator.mode=standalone
expect granted 's["devices"]["enrolled"] == 0 and s["correctness"]["expectation_failures"] == 5'
echo "protocol: personas, follow-ups, expectations and wanted refusals end as they should"
