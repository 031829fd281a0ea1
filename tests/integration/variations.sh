#!/usr/bin/env bash
# Folders of logs, gathered by somebody else: variations.py tells how.
#   variations.sh PATH-TO-SCEPSTORM
source "$(dirname "$0")/lib.bash"
logs=$root/tests/vectors/logs
python3 "$here/variations.py" "$scepstorm" "$logs"/incident-* "$logs"/{app-pool-stopped,template-permission-denied,ca-service-stopped} \
  "$logs"/{password-expired,iis-url-too-long,lb-node-affinity-missing,healthy-noisy,healthy-intune,healthy-patch-day} >told.txt || fail "$(cat told.txt)"
cat told.txt
