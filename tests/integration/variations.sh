#!/usr/bin/env bash
# Folders of logs, gathered by somebody else: variations.py tells how.
#   variations.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
logs=$root/tests/vectors/logs
python3 "$here/variations.py" "$scepstorm" "$logs"/incident-{01,04,06,09} "$logs"/{template-permission-denied,ca-service-stopped} \
  "$logs"/{lb-node-affinity-missing,healthy-noisy} >told.txt || fail "$(cat told.txt)"
cat told.txt
