#!/usr/bin/env bash
# Evidence that is damaged, hostile, or somebody else's.
#   bad_evidence.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
python3 "$here/bad_evidence.py" "$scepstorm" "$root/tests/vectors/evidence" >bad.txt || fail "$(grep -v '^[^F]' bad.txt || cat bad.txt)"
tail -1 bad.txt
