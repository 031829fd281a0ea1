# shellcheck shell=bash disable=SC2034,SC2154 # names from here and there
# How late devices start at half of what this machine can carry (run and simulator on it). A bare timer, due as often and doing
# nothing else, runs beside: what it suffers is the machine's.

row_lag() { # row_lag DEVICES SECONDS
  local capacity half lag offered achieved timer p99 worst verdict
  simulator lag
  enroll_all "$work/capacity" "$1"
  capacity=$rate
  half=$(of "int($capacity / 2)")
  begin "$bench" timer "$half" "$2" >"$work/timer"
  timer=$child
  storm "$work/half" tests/bench/bench.yaml --set "target.url=$url/certsrv/mscep/mscep.dll" \
    --set "devices.count=$(of "int($half * $2)")" --set "load.0.rate=$half/s" --set limits.in_flight=10000 \
    --set challenge.outstanding=1000
  wait "$timer" || die "the timer failed"
  end "$child"
  read -r _ p99 worst <"$work/timer"
  lag=$(figure "$work/half" latency_ms.start_lag.p99)
  offered=$(figure "$work/half" rates.offered_per_s)
  achieved=$(figure "$work/half" rates.achieved_per_s)
  p99=$(of "$p99 / 1000")
  verdict=$(met "$lag <= 3 || $lag <= 2 * $p99")
  row "start lag p99 at half of capacity" "$lag" " ms" "<= 3 ms or 2 x the timer" "$verdict" \
    "$(printf 'capacity %.0f/s, load %s/s; bare timer p99 %.2f ms, worst %.1f ms; validity %s' "$capacity" "$half" "$p99" \
      "$(of "$worst / 1000")" "$(figure "$work/half" validity.verdict)")"
  row "achieved over offered rate there" "$(of "100 * $achieved / $offered")" " %" ">= 99.5 %" \
    "$(met "$achieved >= 0.995 * $offered")" "$(printf '%.2f/s of %.2f/s' "$achieved" "$offered")"
}
