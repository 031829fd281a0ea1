#!/usr/bin/env bash
# A sample of scripts/diagnosis-matrix.sh: every case runs, and most faults are named from what their server logged. The whole catalogue,
# against its targets, is the script's own.
#   matrix.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"

"$root/scripts/diagnosis-matrix.sh" --quick --jobs 4 --scepstorm "$scepstorm" --out "$work/matrix" >matrix.txt || true
python3 - <<'PY' || fail "$(cat matrix.txt)"
import json
cases = json.load(open("matrix.json"))
faults = [c for c in cases if c["kind"] == "single"]
assert len(faults) == 15 and len(cases) == 20, len(cases)
assert sum(c["ok"]["decisive"] for c in faults) >= 12
assert all(all(c["ok"].values()) for c in cases if c["kind"] == "healthy")
PY
echo "matrix: $(tail -8 matrix.txt | grep 'decisive artefact' | tr -s ' ')"
