# shellcheck shell=bash disable=SC2034,SC2154 # names from here and there
# Many devices in flight at once on this machine: four shards, each a process with a simulator of its own that takes its time for
# PKIOperation, until all have come. Stable: all enroll in the end, and no shard calls itself invalid. Replies take minutes, and
# the SLO says so: what a late start weighs follows from that.

row_fleet() { # row_fleet IN-FLIGHT
  local shards=4 rate=160 wanted=$1 devices hold start i pids=() servers=() code
  devices=$((wanted + wanted / 50)) # some come late, and some leave early
  hold=$((devices / rate + 30))
  keys
  for i in $(seq $shards); do
    simulator "sim-$i" --latency "pki_operation:fixed=${hold}s"
    servers+=("$child")
    urls[i]=$url
  done
  start=$(($(date +%s) + 5))
  for i in $(seq $shards); do
    begin timeout --kill-after=10 3000 "$scepstorm" run tests/bench/waiting.yaml --quiet --out "$work/part-$i" --shard "$i/$shards" \
      --start-at "$start" --set "target.url=${urls[i]}/certsrv/mscep/mscep.dll" --set "devices.key.pool=$work/keys.pool" \
      --set "devices.count=$devices" --set "load.0.rate=$rate/s" --set "limits.in_flight=$devices" --set challenge.source=mscep_admin \
      --set challenge.auth=none --set challenge.outstanding=80000 --set 'slo=[enrolled >= 100%, latency.enrollment.p95 < 1h]'
    pids+=("$child")
  done </dev/null
  for i in $(seq $shards); do
    code=0
    wait "${pids[i - 1]}" || code=$?
    [ "$code" -eq 0 ] || tell "shard $i ended with $code: $(figure "$work/part-$i" 'validity.reasons')"
  done
  for i in "${servers[@]}"; do end "$i"; done
  "$scepstorm" merge "$work/fleet" "$work"/part-* --quiet >/dev/null || [ $? -ge 3 ] || die "merge failed"
  fleet_row "$wanted" "$devices"
}

fleet_row() { # fleet_row WANTED DEVICES
  local most enrolled valid connections rss stable=no
  most=$(sqlite3 "file:$work/fleet/run.sqlite?mode=ro" 'SELECT max(in_flight) FROM second')
  enrolled=$(figure "$work/fleet" devices.enrolled)
  valid=$(figure "$work/fleet" validity.verdict)
  connections=$(figure "$work/fleet" generator.open_connections_max)
  rss=$(figure "$work/fleet" generator.peak_rss_bytes)
  if [ "$enrolled" = "$2" ] && [ "$valid" != invalid ]; then stable=$(met "$most >= $1"); fi
  row "devices in flight at once, 4 shards with a simulator each" "$most" "" ">= $1" "$stable" \
    "$(printf '%s of %s enrolled, %s open connections, %.0f MiB of scepstorm, run %s' "$enrolled" "$2" "$connections" \
      "$(of "$rss / 1048576")" "$valid")"
}
