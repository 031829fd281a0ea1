#!/usr/bin/env bash
# Our histograms, read by HdrHistogram's reference implementation (Debian's Java port): every figure that it tells of
# histograms.hlog is the one that our own buckets tell. The other way round, tests/vectors/hdrhistogram.txt, which the
# unit tests read, is what it writes.
#   hdr.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
jar=/usr/share/java/hdrhistogram.jar

cat >storm.yaml <<'YAML'
name: hdr
target: {url: sim}
simulator: {faults: ["template-permission-denied:fraction=0.2,of=devices"]}
challenge: {source: mscep_admin, outstanding: 5}
load:
  - {phase: warm-up, rate: 10/s, for: 1s, warm_up: true}
  - {phase: push, rate: 20/s, for: 12s}
limits: {error_budget: 100%}
YAML
# A busy machine makes a run invalid (4), and the fault may miss no SLO at all: neither is under test.
code=0
"$scepstorm" run storm.yaml --out run --quiet --no-progress >log 2>&1 || code=$?
[ "$code" = 0 ] || [ "$code" = 3 ] || [ "$code" = 4 ] || fail "exit code $code: $(cat log)"

ecj -proc:none -17 -cp "$jar" -d . "$here/HdrPeer.java" || fail "HdrPeer.java does not compile"
java -cp "$jar:." HdrPeer log run/histograms.hlog >theirs || fail "the log cannot be read: $(cat theirs)"

# Percentiles by hand from the table of buckets; the reference implementation tells a bucket's upper edge.
python3 - <<'PY' >ours
import math, sqlite3
db = sqlite3.connect('run/run.sqlite')
def figures(tag, name):
    rows = db.execute('SELECT lower_us, upper_us, count FROM histogram WHERE name = ? ORDER BY lower_us', (name,)).fetchall()
    count = sum(row[2] for row in rows)
    out = [count, rows[0][0], rows[-1][1]]
    for share in (0.5, 0.9, 0.95, 0.99, 0.999):
        rank, seen = max(1, math.ceil(share * count - 1e-9)), 0
        for _, upper, n in rows:
            seen += n
            if seen >= rank:
                out.append(upper)
                break
    print(tag, *out)
figures('-', 'enrollment')
PY
grep -- '^- ' theirs | diff - ours || fail "the latency of enrollments is told differently (above: theirs, ours)"

# Steps have a tag per outcome: their counts add up.
python3 - <<'PY' || fail "counts differ"
import json, sys
summary = json.load(open('run/summary.json'))
theirs = {line.split()[0]: int(line.split()[1]) for line in open('theirs')}
for step, figures in summary['steps'].items():
    told = sum(n for tag, n in theirs.items() if tag.startswith(f'step.{step}.'))
    if told != figures['count']:
        sys.exit(f'{step}: {told} in the log, {figures["count"]} in the summary')
    for outcome, h in figures['outcomes_ms'].items():
        if theirs.get(f'step.{step}.{outcome}', 0) != h['count']:
            sys.exit(f'{step}, {outcome}: not {h["count"]}')
PY

# The same values today, whatever zlib made the bytes: figures, and counts once inflated.
java -cp "$jar:." HdrPeer write >written
python3 - "$here/../vectors/hdrhistogram.txt" <<'PY' || fail "hdrhistogram.txt is not what HdrHistogram writes"
import base64, sys, zlib
def plain(line):
    *figures, encoded = line.split()
    return figures, zlib.decompress(base64.b64decode(encoded)[8:])
assert [plain(l) for l in open('written')] == [plain(l) for l in open(sys.argv[1])]
PY
echo "hdr: HdrHistogram reads $(wc -l <theirs) histograms as we mean them"
