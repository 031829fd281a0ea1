# shellcheck shell=bash disable=SC2034,SC2154 # names from here and there
# How many enrollments per second scepstorm makes at its simulator, over what Debian's scepclient makes at Debian's scepserver
# (package scep) on the same cores: a pool of processes, each with its own key and CSR made before, one enrollment after the other.
# The best of several sizes of the pool counts. Two of its requests that overlap can spoil scepserver's list of serial numbers: it
# refuses some then, which do not count.

row_foreign() { # row_foreign DEVICES SECONDS
  local best=0 best_size=0 size line made first ratio told=
  unshare "${unshare_map[@]}" --net true 2>/dev/null || die "no network namespace to be had (unshare --net): run as root"
  simulator foreign
  enroll_all "$work/before" "$1"
  first=$rate
  for size in 1 2 3 4 8; do
    limited 120 unshare "${unshare_map[@]}" --net scripts/bench/pool.sh "$size" "$2" >"$work/pool" || die "the pool of $size failed"
    line=$(cat "$work/pool")
    made=${line% *}
    told+="$size: $made/s (${line#* } refused); "
    if is "$made > $best"; then best=$made best_size=$size; fi
  done
  enroll_all "$work/after" "$1"
  end "$child"
  tell "scepclient, by processes: $told"
  is "$best > 0" || die "scepclient enrolled nothing"
  ratio=$(of "($first + $rate) / 2 / $best")
  row "enrollments/s over a pool of scepclient at scepserver" "$ratio" "" ">= 8" "$(met "$ratio >= 8")" \
    "$(printf '%.0f/s before and %.0f/s after; %s processes of scepclient: %.0f/s' "$first" "$rate" "$best_size" "$best")"
}
