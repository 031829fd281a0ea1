/* Bad scenarios: one line each that says where, what and what to do. */
#include "scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SIM       "target: {url: sim}\n"
#define LOAD      "load: [{rate: 5/s, for: 10s}]\n"
#define NDES      "target: {url: \"https://h/certsrv/mscep/mscep.dll\"}\n"
#define URL(more) "target: {url: \"http://127.0.0.1/x\"" more "}\n"
#define X         "t.yaml:"

static const struct {
    const char *text;
    const char *expected;
} cases[] = {
    /* not YAML, or not one map */
    {"", X "1:1: there is nothing in it"},
    {"# only a comment\n", X "1:1: there is nothing in it"},
    {"- a\n- b\n", X "1:1: a scenario is a map: lines such as 'name: monday-morning'"},
    {"just words", X "1:1: a scenario is a map: lines such as 'name: monday-morning'"},
    {"~", X "1:1: a scenario is a map: lines such as 'name: monday-morning'"},
    {"name: a\n---\nname: b\n", X "2:1: a second document begins here; one file holds one scenario"},
    {"devices:\n\tcount: 5\n", X "2:1: a tab indents this line; YAML wants spaces"},
    {"name: [a\n",
     X "2:1: did not find expected ',' or ']' (while parsing a flow sequence that begins in line 1)"},
    {"name: a: b\n", X "1:8: mapping values are not allowed in this context"},
    {"name: *nowhere\n", X "1:7: found undefined alias"},
    {"name: \"a\n",
     X "2:1: found unexpected end of stream (while scanning a quoted scalar that begins in line 1)"},
    {"name: a\x01\n", X "1:8: control characters are not allowed; a scenario is plain text in UTF-8"},
    {"name: ab\nseed: \xff\n", X "2:7: invalid leading UTF-8 octet; a scenario is plain text in UTF-8"},
    {"name: !!str a\n", X "1:7: YAML tags (!...) are not used in scenarios"},
    {"a: [[[[[[[[[[[[[[[[[[[[[[[[[[", X "1:27: nested too deeply for a scenario"},
    {"? [a]\n: b\n", X "1:3: a key must be a word"},

    /* unknown and repeated keys */
    {"nmae: x\n", X "1:1: unknown key 'nmae'; did you mean 'name'?"},
    {"devices: {count: 5, subjct: a}\n", X "1:21: unknown key 'subjct' in devices; did you mean 'subject'?"},
    {"devices:\n  bits: 2048\n", X "2:3: unknown key 'bits' in devices; it is known as 'devices.key.bits'"},
    {"xyzzyxyzzy: 1\n", X "1:1: unknown key 'xyzzyxyzzy'; scenarios/README.md lists all keys"},
    {"devices.count: 5\n", X "1:1: unknown key 'devices.count'; scenarios/README.md lists all keys"},
    {"load:\n- {rate: 5/s, rtae: 5/s}\n", X "2:15: unknown key 'rtae' in load[0]; did you mean 'rate'?"},
    {"<<: {seed: 1}\n", X "1:1: unknown key '<<'; scenarios/README.md lists all keys"},
    {"seed: 1\nname: a\nseed: 2\n", X "3:1: 'seed' stands here a second time"},
    {"load:\n- {rate: 5/s, rate: 6/s}\n", X "2:15: 'rate' stands here a second time"},

    /* wrong types */
    {"devices: 5\n", X "1:10: devices must be a map: 'key: value' lines, or {key: value}"},
    {"devices:\nload: []\n",
     X "1:9: devices is empty: it must be a map: 'key: value' lines, or {key: value}"},
    {"load: {rate: 5/s}\n", X "1:7: load must be a list: lines that begin with '- '"},
    {"load: [5/s]\n", X "1:8: load[0] must be a map: 'key: value' lines, or {key: value}"},
    {"load: []\n", X "1:7: load has 0 entries; 1 to 200 are allowed"},
    {"slo: enrolled > 5\n", X "1:6: slo must be a list: lines that begin with '- '"},
    {"name: [a]\n", X "1:7: name must be a single value"},
    {"name:\n", X "1:6: name is empty: it must be given a value, or left out"},
    {"seed: ~\n", X "1:7: seed is empty: it must be given a value, or left out"},
    {"name: \"a\\0b\"\n", X "1:7: name: it contains a NUL character"},
    {"slo: [[a]]\n", X "1:7: slo must be a single value"},

    /* values */
    {"seed: -1\n", X "1:7: seed: '-1' is not a whole number from 0 to 9007199254740991"},
    {"seed: 1.5\n", X "1:7: seed: '1.5' is not a whole number from 0 to 9007199254740991"},
    {"devices: {count: 0}\n", X "1:18: devices.count: '0' is not a whole number from 1 to 10000000"},
    {"devices: {key: {bits: 1024}}\n", X "1:23: devices.key.bits: '1024' is not one of 2048, 3072, 4096"},
    {"devices: {key: {reuse: yes}}\n", X "1:24: devices.key.reuse: 'yes' is neither true nor false"},
    {"devices: {profiles: [{weight: 0}]}\n",
     X "1:31: devices.profiles[0].weight: '0' is outside 0.001 to 1e+06"},
    {"devices: {profiles: [{weight: 1x}]}\n", X "1:31: devices.profiles[0].weight: '1x' is not a number"},
    {"load: [{rate: 5}]\n", X "1:15: load[0].rate: '5' is not a rate: write 5/s, 12/m or 300/h"},
    {"load: [{rate: 5/s, for: 5}]\n",
     X "1:25: load[0].for: '5' is not a duration: write 300ms, 10s, 5m, 8h or 2d"},
    {"limits: {request_timeout: 2h}\n",
     X "1:27: limits.request_timeout: '2h' is outside 1.0 ms to 1 h 00 min"},
    {"limits: {error_budget: 130%}\n",
     X "1:24: limits.error_budget: '130%' is not a share: write 30% or 0.3"},
    {"load: [{rate: 5/s, arrivals: poison}]\n",
     X "1:30: load[0].arrivals: 'poison' is not one of even, poisson; did you mean 'poisson'?"},
    {"name: \"a\\nb\"\n", X "1:7: name: 'a?b' contains a control character"},
    {"name: \"a\\u2028b\"\n", X "1:7: name: 'a\xe2\x80\xa8"
                                "b' contains a control character"},
    {"name: '  '\n", X "1:7: name: '  ' is blank"},
    {"name: ''\n", X "1:7: name: it has 0 characters; 1 to 64 are allowed"},
    {SIM LOAD "name: ../up\n",
     X "3:7: name: letters, digits, '-', '_' and '.' only: a folder is named after it"},

    /* the way to the target */
    {"target: {url: sim, proxy: \"http://127.0.0.1:3128\"}\n" LOAD,
     X "1:27: target.proxy says nothing with target.url: sim; remove it"},
    {URL(", proxy: \"http://me:secret@127.0.0.1:3128\"") LOAD,
     X "1:44: target.proxy: user names and passwords do not belong into URLs"},
    {URL(", proxy: \"http://127.0.0.1\"") LOAD,
     X "1:44: target.proxy: the port is missing, as in http://proxy.example:3128"},
    {URL(", proxy: \"http://127.0.0.1:3128/x\"") LOAD,
     X "1:44: target.proxy: host and port only, as in http://proxy.example:3128"},
    {URL(", addresses: [127.0.0.2, ndes-2]") LOAD, X "1:60: target.addresses[1]: 'ndes-2' is no IP address"},
    {URL(", addresses: [127.0.0.2], proxy: \"http://127.0.0.1:3128\"") LOAD,
     X "1:68: target.proxy: a proxy finds the address itself: addresses or proxy"},
    {"target: {urls: [\"http://127.0.0.1/a\"], addresses: [127.0.0.2]}\n" LOAD,
     X "1:51: target.addresses: they are those of one url, not of urls"},

    /* how long the simulator's operations take */
    {SIM LOAD "simulator: {latency: {}}\n",
     X "3:22: simulator.latency says nothing without fixed, median and p99, or file; remove it"},
    {SIM LOAD "simulator: {latency: {opt: {fixed: 1s}}}\n",
     X "3:23: unknown key 'opt' in simulator.latency; did you mean 'otp'?"},
    {SIM LOAD "simulator: {latency: {otp: {servers: 1}}}\n",
     X "3:22: simulator.latency says nothing without fixed, median and p99, or file; remove it"},
    {SIM LOAD "simulator: {latency: {otp: {fixed: 1s, median: 1s, p99: 2s}}}\n",
     X "3:28: simulator.latency.otp: one of fixed, median with p99, and file"},
    {SIM LOAD "simulator: {latency: {otp: {median: 1s}}}\n",
     X "3:28: simulator.latency.otp.p99: missing; median and p99 go together"},
    {SIM LOAD "simulator: {latency: {otp: {median: 1s, p99: 10ms}}}\n",
     X "3:46: simulator.latency.otp.p99: below the median"},
    {SIM LOAD "simulator: {latency: {otp: {fixed: 1s, queue: 10}}}\n",
     X "3:47: simulator.latency.otp.queue: without servers nobody waits; add servers, or remove it"},
    {SIM LOAD "simulator: {latency: {otp: {fixed: 0s}}}\n",
     X "3:36: simulator.latency.otp.fixed: '0s' is outside 1 us to 1 h 00 min"},
    {SIM LOAD "simulator: {tls: true}\n",
     X "3:18: simulator.tls says nothing outside of a file for scepstorm sim --config; remove it"},
    {SIM LOAD "simulator: {accounts: [{user: a, password_env: P}]}\n",
     X "3:23: simulator.accounts says nothing outside of a file for scepstorm sim --config; remove it"},
    {"simulator: {mode: inntune}\n",
     X "1:19: simulator.mode: 'inntune' is not one of standalone, intune, proxy; did you mean 'intune'?"},
    {"target: {url: sim}\nsimulator: {approval: {after_polls: 2, after: 3s}}\nload: [{rate: 1/s, for: 1s}]\n",
     X "2:47: simulator.approval.after: either after_polls or after, not both"},
    {"target: {url: sim}\nsimulator: {noise: heavy}\nload: [{rate: 1/s, for: 1s}]\n",
     X "2:20: simulator.noise: no use without simulator.logs; add that, or remove it"},
    {"target: {url: sim}\nsimulator: {approval: {then: deny}}\nload: [{rate: 1/s, for: 1s}]\n",
     X "2:23: simulator.approval says nothing without after_polls or after; remove it"},
    {"target: {url: sim}\nsimulator: {operations: [get-cert, get-it]}\nload: [{rate: 1/s, for: 1s}]\n",
     X "2:36: simulator.operations: 'get-it' is not one of get-cert, get-crl, get-next-ca-cert, update"},
    {"target: {url: sim}\nsimulator: {caps: 'AES, DES3'}\nload: [{rate: 1/s, for: 1s}]\n",
     X "2:19: simulator.caps: words like AES,SHA-256, without blanks"},
    {"target: {url: sim}\nsimulator: {reply: {cipher: rot13}}\nload: [{rate: 1/s, for: 1s}]\n",
     X "2:29: simulator.reply.cipher: 'rot13' is not one of mirror, des-cbc, 3des-cbc, aes128-cbc, "
       "aes192-cbc, aes256-cbc"},

    /* target */
    {LOAD, X "1:1: target.url: missing; give the SCEP URL, or sim for the built-in simulator"},
    {"target: {authorized: me}\n" LOAD,
     X "1:9: target.url: missing; give the SCEP URL, or sim for the built-in simulator"},
    {"target: {url: ndes.example.com}\n" LOAD, X "1:15: target.url: a URL begins with http:// or https://"},
    {"target: {url: \"https://u:p@h/x\"}\n" LOAD,
     X "1:15: target.url: user names and passwords do not belong into URLs"},
    {"target: {url: \"https:///x\"}\n" LOAD, X "1:15: target.url: the host name is missing or malformed"},
    {"target: {url: \"https://h:99999/x\"}\n" LOAD,
     X "1:15: target.url: the port is not a number from 1 to 65535"},
    {"target: {url: \"https://h/x?operation=a\"}\n" LOAD,
     X "1:15: target.url: write it without '?' and '#': the SCEP query is added for each request"},
    {"target: {url: sim, urls: [\"https://h/x\"]}\n" LOAD,
     X "1:26: target.urls: either url or urls, not both"},
    {"target: {urls: [\"https://h/x\", sim]}\n" LOAD,
     X "1:32: target.urls[1]: a URL begins with http:// or https://"},
    {"target: {urls: []}\n" LOAD, X "1:16: target.urls has 0 entries; 1 to 16 are allowed"},
    {NDES LOAD "simulator: {}\n", X "3:12: simulator: only with target.url: sim"},

    /* devices */
    {SIM LOAD "devices: {subject: \"CN={idx}\"}\n",
     X "3:20: devices.subject: there is no variable {idx}; did you mean {index}?"},
    {SIM LOAD "devices: {subject: \"CN={index\"}\n",
     X "3:20: devices.subject: after '{' a variable must follow: {index} {profile} {run} {name}"},
    {SIM LOAD "devices: {subject: phone}\n",
     X "3:20: devices.subject: a subject has the form CN={profile}-{index},O=Example"},
    {SIM LOAD "devices: {marker: scepstorm}\n",
     X "3:19: devices.marker: the marker is one attribute such as OU=scepstorm; it stands in every subject"},
    {SIM LOAD "devices: {key: {reuse: false}}\n",
     X "3:24: devices.key.reuse: a key for each device needs devices.key.pool (scepstorm keygen)"},
    {SIM LOAD "devices: {key: {curve: p384}}\n",
     X "3:24: devices.key.curve says nothing without type: ec; remove it"},
    {SIM LOAD "devices: {key: {type: ec, curve: p521}}\n",
     X "3:34: devices.key.curve: 'p521' is not one of p256, p384"},
    {SIM LOAD "devices: {profiles: [{name: rfc8894}, {name: iso}]}\n",
     X "3:46: devices.profiles[1].name: there is no persona 'iso'; is ios meant? (scepstorm personas lists "
       "them)"},
    {SIM LOAD "devices: {profiles: [{set: {pols: 5}}]}\n",
     X "3:35: devices.profiles[0].set: no persona has 'pols'; is polls meant? (scepstorm personas rfc8894 "
       "lists all)"},
    {SIM LOAD "devices: {profiles: [{set: {polls: many}}]}\n",
     X "3:36: devices.profiles[0].set: polls: 'many' is no whole number from 0 to 100000"},
    {SIM LOAD "devices: {profiles: [{set: {polls: }}]}\n",
     X "3:36: polls must be a value, or a list of values"},
    {SIM LOAD "devices: {profiles: [{set: {polls: {a: b}}}]}\n",
     X "3:36: polls must be a value, or a list of values"},
    {SIM LOAD "devices: {profiles: [{set: [polls]}]}\n",
     X "3:28: devices.profiles[0].set must be a map: {user_agent: \"phone\", polls: 5}"},
    {SIM LOAD "devices: {profiles: [{set: {}}]}\n", X "3:28: set has 0 entries; 1 to 63 are allowed"},
    {SIM LOAD "devices: {profiles: [{set: {polls: 5, polls: 6}}]}\n",
     X "3:39: 'polls' stands here a second time"},
    {SIM LOAD "devices: {then: renew}\n", X "3:17: devices.then must be a list of words: [a, b]"},
    {SIM LOAD "devices: {then: []}\n", X "3:17: devices.then: an empty list says nothing; remove it"},
    {SIM LOAD "devices: {then: [renew, renwe]}\n",
     X "3:25: devices.then: 'renwe' is not one of renew, get_cert, get_crl, get_next_ca_cert; did you mean "
       "'renew'?"},
    {SIM LOAD "devices: {then: [renew, renew]}\n", X "3:25: devices.then: 'renew' stands here a second time"},
    {SIM LOAD "devices: {then: [get_crl], renewal: {key: same}}\n",
     X "3:37: devices.renewal says nothing without renew in devices.then; remove it"},
    {SIM LOAD "devices: {then: [renew], renewal: {how: update}}\n", X
     "3:41: devices.renewal.how: 'update' is not one of renewal_req, update_req, pkcs_req_signed, re_enroll"},
    {SIM LOAD "devices: {key: {type: ec}, then: [renew]}\n",
     X "3:34: devices.then: a certificate with an EC key cannot sign its renewal: set devices.renewal.how: "
       "re_enroll, or RSA keys"},
    {SIM LOAD "devices: {expect: granted}\n", X "3:19: devices.expect: 'granted' is not one of refused"},
    {SIM LOAD "devices: {expect: {eku: [clientAuht]}}\n",
     X "3:26: devices.expect.eku: 'clientAuht' is not one of clientAuth, serverAuth, emailProtection, "
       "smartcardLogon, ipsecIKE, any; did you mean 'clientAuth'?"},
    {SIM LOAD "devices: {expect: {san: as_wanted}}\n",
     X "3:25: devices.expect.san: 'as_wanted' is not one of any, as_requested"},
    {SIM LOAD "devices: {expect: {min_validity: 30d, max_validity: 1d}}\n",
     X "3:53: devices.expect.max_validity: it is below min_validity"},
    {SIM LOAD "devices: {san: [a.example]}\n",
     X "3:17: devices.san[0]: 'a.example' does not begin with dns: email: uri: ip: or upn: and a name"},
    {SIM LOAD "devices: {san: [\"dns:a\", \"dns:{idx}\"]}\n",
     X "3:26: devices.san[1]: there is no variable {idx}; did you mean {index}?"},
    {SIM LOAD "devices: {san: [\"ip:999.1.1.1\"]}\n",
     X "3:17: devices.san[0]: alternative name \"ip:999.1.1.1\": an IP address has the form 192.0.2.1 or "
       "2001:db8::1"},
    {SIM LOAD "devices: {san: [\"dns:b\xc3\xbc"
              "cher-{index}.example\"]}\n",
     X "3:17: devices.san[0] of device 0: alternative name \"dns:b\xc3\xbc"
       "cher-0.example\": a DNS name is ASCII; "
       "write it in punycode (xn--...)"},
    {SIM LOAD "devices: {san: [\"dns:\"]}\n",
     X "3:17: devices.san[0]: 'dns:' does not begin with dns: email: uri: ip: or upn: and a name"},
    {SIM LOAD "devices: {san: [\"email:{index}\"]}\n",
     X "3:17: devices.san[0] of device 0: alternative name \"email:0\": a mail address has the form "
       "somebody@example.com"},
    {SIM LOAD "devices: {count: 257, san: [\"dns:a\", \"ip:10.0.0.{index}\"]}\n",
     X "3:38: devices.san[1] of device 256: alternative name \"ip:10.0.0.256\": an IP address has the form "
       "192.0.2.1 or 2001:db8::1"},
    {SIM LOAD "devices: {subject: \"CN={index},XX=a\"}\n",
     X "3:20: devices.subject of device 0: name \"CN=0,XX=a,OU=scepstorm\", character 6: unknown attribute "
       "type (CN OU O C ST L DC UID E ..., or a dotted OID)"},
    {SIM LOAD "devices: {sid: S-2-5}\n",
     X "3:16: devices.sid: a SID has the form S-1-5-21-1004336348-1177238915-{index}"},
    {SIM LOAD "devices: {sid: \"S-1-5-21-1-2-3-{index}\", profiles: [{name: cisco}]}\n",
     X "3:16: devices.sid: no profile sends a SID; add  set: {csr_sid: extension}  to one"},
    {SIM LOAD "devices: {csv_reuse: true}\n",
     X "3:22: devices.csv_reuse says nothing without devices.csv; remove it"},
    {SIM LOAD "devices: {csv: /nowhere.csv}\n",
     X "3:16: devices.csv: cannot open /nowhere.csv: No such file or directory"},
    {SIM LOAD "devices: {count: 100001}\n",
     X "3:18: 100001 devices are more than limits.devices (100000); raise that limit on purpose"},

    {"target: {url: sim, source_addresses: [127.0.0.2, localhost]}\n" LOAD,
     X "1:50: target.source_addresses[1]: 'localhost' is no IP address"},

    /* load */
    {SIM, X "1:1: load: missing; for example  load: [{rate: 5/s, for: 1m}]"},
    {SIM "load: [{for: 10s}]\n", X "2:8: load[0] needs a rate, or from and to, peak, pause, closed or shape"},
    {SIM "load: [{from: 5/s, for: 10s}]\n", X "2:8: load[0]: a ramp needs 'to'"},
    {SIM "load: [{rate: 5/s, to: 5/s, for: 10s}]\n",
     X "2:15: load[0]: 'rate' says nothing in a ramp; remove it"},
    {SIM "load: [{steps: 4, for: 10s}]\n", X "2:8: load[0]: a staircase needs 'from'"},
    {SIM "load: [{from: 1/s, to: 5/s, steps: 1, for: 10s}]\n",
     X "2:36: load[0].steps: '1' is not a whole number from 2 to 1000"},
    {SIM "load: [{peak: 50/s, for: 10s}]\n", X "2:8: load[0]: a spike needs 'peak_for'"},
    {SIM "load: [{base: 50/s, peak: 5/s, peak_for: 1s, for: 10s}]\n",
     X "2:8: load[0]: the peak must be above the base"},
    {SIM "load: [{peak: 5/s, peak_for: 11s, for: 10s}]\n",
     X "2:8: load[0]: the peak must fit into the phase"},
    {SIM "load: [{pause: 1s..2s}]\n", X "2:8: load[0]: a pause is one duration, above 0s"},
    {SIM "load: [{pause: 0s}]\n", X "2:8: load[0]: a pause is one duration, above 0s"},
    {SIM "load: [{rate: 1/s, for: 1s}]\nchallenge: {source: mscep_admin, outstanding: 1}\nconformance: "
         "{probes: [all]}\n",
     X "3:47: challenge.outstanding: a probe may keep a password while devices want theirs: with conformance "
       "probes it "
       "must be at least 2"},
    {SIM "load: [{closed: 5, pause: 5s..2s, for: 10s}]\n",
     X "2:27: load[0].pause: '5s..2s' goes from a longer to a shorter time"},
    {SIM "load: [{closed: 5, pause: 2s.5s, for: 10s}]\n",
     X "2:27: load[0].pause: '2s.5s' is not a duration: write 300ms, 10s, 5m, 8h or 2d"},
    {SIM "load: [{closed: 5, pause: 0000000000000000000000000000002s, for: 10s}]\n", X
     "2:27: load[0].pause: '0000000000000000000000000000002s' is no duration, nor two of them as in 2s..5s"},
    {SIM "load: [{closed: 5, arrivals: poisson, for: 10s}]\n",
     X "2:30: load[0]: 'arrivals' says nothing in a closed phase; remove it"},
    {SIM "load: [{closed: 5}]\n",
     X "2:8: load[0] needs 'for'; only the last phase may do without, with devices.count"},
    {SIM "load: [{closed: 5, devices: 9}, {rate: 1/s, for: 1s}]\n",
     X "2:8: load[0] needs 'for'; only the last phase may do without, with devices.count"},
    {SIM "load: [{closed: 10001, for: 1s}]\n",
     X "2:8: load[0]: more devices at a time than limits.in_flight; raise that limit on purpose"},
    {SIM "load: [{shape: policy_pushed, devices: 5, for: 1m}]\n",
     X "2:16: load[0].shape: 'policy_pushed' is not one of policy_push, check_in, renewal_cliff, "
       "backlog_flush, retry_storm; did you mean 'policy_push'?"},
    {SIM "load: [{shape: check_in, for: 1m}]\n",
     X "2:8: load[0] needs 'devices'; only the last phase may do without, with devices.count"},
    {SIM "load: [{shape: check_in, devices: 5, median: 1s, for: 1m}]\n",
     X "2:46: load[0]: 'median' says nothing in check_in; remove it"},
    {SIM "load: [{shape: renewal_cliff, devices: 5, batch: 2m, for: 1m}]\n",
     X "2:8: load[0]: the batch must fit into the phase"},
    {SIM "load: [{shape: backlog_flush, devices: 500, peak: 5/s, for: 1m}]\n",
     X "2:8: load[0]: at this peak the queue is not empty at the end: make the peak higher or the phase "
       "longer"},
    {SIM "load: [{shape: retry_storm, devices: 500, every: 1s, jitter: 2s, for: 1m}]\n",
     X "2:8: load[0]: the jitter of the waves must be shorter than the time between them"},
    {SIM "load: [{shape: policy_push, devices: 5000, median: 10s, for: 1m}]\n",
     X "2:8: load[0]: 352.075/s is above limits.rate (200/s); raise that limit on purpose"},
    {SIM "devices: {count: 99}\nload: [{shape: check_in, devices: 50, for: 1m}]\n",
     X "3:7: load: it ends before devices.count is reached; leave 'devices' out of the last phase, and it "
       "takes "
       "the rest"},
    {SIM "load: [{rate: 5/s}]\n",
     X "2:8: load[0] needs 'for'; only the last phase may do without, with devices.count"},
    {SIM "devices: {count: 5}\nload:\n- {rate: 5/s}\n- {rate: 6/s}\n",
     X "4:3: load[0] needs 'for'; only the last phase may do without, with devices.count"},
    {SIM "devices: {count: 5}\nload: [{from: 5/s, to: 6/s}]\n", X "3:8: load[0]: a ramp needs 'for'"},
    {SIM "load: [{rate: 201/s, for: 1s}]\n",
     X "2:8: load[0]: 201/s is above limits.rate (200/s); raise that limit on purpose"},
    {SIM "load: [{phase: a, rate: 1/s, for: 1s}, {phase: a, rate: 1/s, for: 1s}]\n",
     X "2:40: load[1]: another phase is called 'a' too"},
    {SIM "load: [{rate: 0/s, for: 10s}]\n", X "2:7: load: every phase is a pause: no device would start"},
    {SIM "devices: {count: 99}\nload: [{rate: 1/s, for: 10s}, {rate: 0/s, for: 1s}]\n",
     X "3:7: load: it ends at rate 0 before devices.count is reached"},
    {SIM "devices: {count: 100000}\nload: [{rate: 1/h}]\n",
     X "3:7: load: at its last rate devices.count is not reached within a year"},
    {SIM "load: [{rate: 100/s, for: 1h}]\n",
     X "2:7: load: it starts more devices than limits.devices; raise that limit on purpose"},
    {SIM "load: [{rate: 1/s, for: 1h, warm_up: true}]\n",
     X "2:7: load: every phase is a warm-up: nothing would be measured"},

    /* slo */
    {SIM LOAD "slo: [personas.ios.p95 < 3s]\n",
     X "3:7: slo[0]: there is no such profile in devices.profiles"},
    {SIM LOAD
     "devices: {then: [get_crl]}\nslo: [follow_ups.get_crl.failed == 0, follow_ups.renewal.ok > 5]\n",
     X "4:39: slo[1]: no device does that: add renew to devices.then"},
    {SIM LOAD "slo: [conformance.failed == 0]\n",
     X "3:7: slo[0]: no probes are made: add  conformance: {probes: [all]}"},
    {SIM LOAD "slo: [phases.ramp.enrolled > 5]\n", X "3:7: slo[0]: no phase in load is called 'ramp'"},
    {SIM "load: [{rate: 1/s, for: 1m, phase: push}]\nslo: [{expression: phases.pusch.p95 < 3s}]\n",
     X "3:7: slo[0]: 'phases.pusch.p95' is no figure of the results; try enrolled, latency.enrollment.p95 or "
       "steps.pki_operation.p99"},
    {SIM "load: [{rate: 1/s, for: 1m, phase: push}]\nslo: [{expression: phases.pusch.enrolled > 3}]\n",
     X "3:7: slo[0]: no phase in load is called 'pusch'; did you mean 'push'?"},
    {SIM LOAD "slo: [{expression: enrolled > 5, abrot: true}]\n",
     X "3:34: unknown key 'abrot' in slo[0]; did you mean 'abort'?"},
    {SIM LOAD "slo: [{expression: enrolled > 5, abort: maybe}]\n",
     X "3:41: slo[0].abort: 'maybe' is neither true nor false"},
    {SIM LOAD "slo: [{expression: enrolled > 5, abort: true, abort: false}]\n",
     X "3:47: 'abort' stands here a second time"},
    {SIM LOAD "slo: [{abort: true}]\n",
     X "3:7: slo[0]: expression is missing: {expression: enrolled >= 99%, abort: true}"},
    {SIM LOAD "slo: [{expression: [a]}]\n", X "3:20: slo[0].expression must be a single value"},
    {SIM LOAD "slo: [{expression: otp.used > 5, abort: true}]\n",
     X "3:7: slo[0]: otp.used is known at the end of a run only: leave the abort out"},
    {SIM LOAD "slo: [latency.enrollment.p95 < 3s over 1s]\n",
     X "3:7: slo[0]: a window of at least 10s must follow 'over', such as 60s"},
    {SIM LOAD "slo: [enrolled >= 99%, latency.enrolment.p95 < 3s]\n",
     X "3:24: slo[1]: 'latency.enrolment.p95' is no figure of the results; did you mean "
       "'latency.enrollment.p95'?"},
};

static void bad_scenarios(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario *s = NULL;
        struct err e = {0};
        if (scenario_parse("t.yaml", span_of_text(cases[i].text), NULL, 0, &s, &e)) {
            scenario_free(s);
            fail_msg("accepted: %s", cases[i].text);
        }
        assert_null(s);
        assert_int_equal(e.reason, REASON_SCENARIO);
        if (strcmp(e.text, cases[i].expected) == 0)
            continue;
        print_error("for %s\ngot      %s\nexpected %s\n", cases[i].text, e.text, cases[i].expected);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *path;
    const char *value;
    const char *expected;
} options[] = {
    {"devices.cuont", "5", "--set devices.cuont: unknown key 'cuont' in devices; did you mean 'count'?"},
    {"devices.count", "many",
     "--set devices.count: devices.count: 'many' is not a whole number from 1 to 10000000"},
    {"load.5.rate", "5/s",
     "--set load.5.rate: a list is counted from 0, and only its next element can be added"},
    {"load.x", "5/s", "--set load.x: a list is counted from 0, and only its next element can be added"},
    {"target.url.x", "5", "--set target.url.x: 'url' holds a value, no keys"},
    {"seed", "", "--set seed: there is nothing in it"},
    {"seed", "[1", "--set seed: did not find expected ',' or ']'"},
    {"a..b", "1", "--set a..b: no path of keys such as devices.count or load.0.rate"},
    {"lo\xa2", "1", "--set lo\xa2: no path of keys such as devices.count or load.0.rate"},
    {"", "1", "--set : no path of keys such as devices.count or load.0.rate"},
    {"slo", "&a [*a]", "--set slo: the value is nested too deeply"},
    {"slo",
     "[&a [x,x,x,x,x,x,x,x,x,x], &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a], &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b], "
     "[*c,*c,*c,*c,*c,*c]]",
     "--set slo: the value has too many parts"},
    {"load.0.rate", "900/s",
     "t.yaml:2:8: load[0]: 900/s is above limits.rate (200/s); raise that limit on purpose"},
};

static void bad_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct scenario *s = NULL;
        struct err e = {0};
        struct scenario_override o = {.path = options[i].path, .value = options[i].value};
        if (scenario_parse("t.yaml", span_of_text(SIM LOAD), &o, 1, &s, &e)) {
            scenario_free(s);
            fail_msg("accepted: --set %s=%s", options[i].path, options[i].value);
        }
        if (strcmp(e.text, options[i].expected) != 0)
            fail_msg("for --set %s\ngot      %s\nexpected %s", options[i].path, e.text, options[i].expected);
    }
}

static void expect_refused(struct span text, const char *expected)
{
    struct scenario *s = NULL;
    struct err e = {0};
    assert_false(scenario_parse("t.yaml", text, NULL, 0, &s, &e));
    assert_string_equal(e.text, expected);
}

static void nul_bytes(void **state)
{
    (void)state;
    static const char text[] = "name: a\nseed\0: 1\n";
    expect_refused(span_of(text, sizeof text - 1),
                   "t.yaml:2:5: control characters are not allowed; a scenario is plain text in UTF-8");
}

static void huge_files(void **state)
{
    (void)state;
    size_t len = ((size_t)1 << 20) + 1;
    char *text = malloc(len);
    memset(text, '#', len);
    expect_refused(span_of(text, len), "t.yaml:1:1: larger than 1 MiB; that is no scenario");
    expect_refused(span_of(text, len - 1), "t.yaml:1:1: there is nothing in it");
    memset(text, '[', len);
    expect_refused(span_of(text, len - 1), "t.yaml:1:25: nested too deeply for a scenario");
    memset(text, '?', len);
    struct scenario *s = NULL;
    struct err e = {0};
    assert_false(scenario_parse("t.yaml", span_of(text, len - 1), NULL, 0, &s, &e));
    for (size_t i = 0; i + 1 < len; i += 2)
        memcpy(text + i, "? ", 2);
    memset(&e, 0, sizeof e);
    assert_false(scenario_parse("t.yaml", span_of(text, len - 1), NULL, 0, &s, &e));
    free(text);
}

/* Laughs that share their nodes cost nothing, wherever they stand they are of the wrong type. */
static void billion_laughs(void **state)
{
    (void)state;
    expect_refused(span_of_text("name: a\nslo: [&a [x,x], &b [*a,*a], &c [*b,*b], &d [*c,*c]]\n"),
                   "t.yaml:2:7: slo must be a single value");
    expect_refused(span_of_text("name: a\nslo: &a [*a]\n"), "t.yaml:2:6: slo must be a single value");
    expect_refused(span_of_text("devices: &a {key: *a}\n"),
                   "t.yaml:1:14: unknown key 'key' in devices.key; it is known as 'devices.key'");
}

static void long_file_names_are_cut(void **state)
{
    (void)state;
    char name[400];
    memset(name, 'x', sizeof name);
    memcpy(name + sizeof name - 10, "/end.yaml", 10);
    struct scenario *s = NULL;
    struct err e = {0};
    assert_false(scenario_parse(name, span_of_text("nmae: 1\n"), NULL, 0, &s, &e));
    assert_non_null(strstr(e.text, "/end.yaml:1:1: unknown key 'nmae'; did you mean 'name'?"));
    assert_int_equal(strncmp(e.text, "...x", 4), 0);
}

static void unreadable_files(void **state)
{
    (void)state;
    struct scenario *s = NULL;
    struct err e = {0};
    assert_false(scenario_load("no/such/file.yaml", NULL, 0, &s, &e));
    assert_int_equal(e.reason, REASON_SCENARIO);
    assert_string_equal(e.text, "cannot open no/such/file.yaml: No such file or directory");
    struct err folder = {0};
    assert_false(scenario_load("vectors", NULL, 0, &s, &folder));
    assert_string_equal(folder.text, "vectors is not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_scenarios),    cmocka_unit_test(bad_options),
        cmocka_unit_test(nul_bytes),        cmocka_unit_test(huge_files),
        cmocka_unit_test(billion_laughs),   cmocka_unit_test(long_file_names_are_cut),
        cmocka_unit_test(unreadable_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
