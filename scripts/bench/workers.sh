# shellcheck shell=bash disable=SC2034,SC2154 # names from here and there
# Two processes with half the devices each over one process with all, crypto workers = cores, at a simulator beside: one, two,
# two, one, so that what drifts meanwhile (the machine) does not count.

workers_once() { # workers_once FOLDER DEVICES OPTION...: adds its rate
  local folder=$1 devices=$2
  shift 2
  enroll_all "$folder" "$devices" "$@"
  sum=$(of "$sum + $rate")
}

row_workers() { # row_workers DEVICES
  local one two ratio sum=0
  simulator workers
  workers_once "$work/one-1" "$1"
  one=$sum sum=0
  workers_once "$work/two-1" "$1" --workers 2
  workers_once "$work/two-2" "$1" --workers 2
  two=$(of "$sum / 2") sum=0
  workers_once "$work/one-2" "$1"
  one=$(of "($one + $sum) / 2")
  end "$child"
  ratio=$(of "$two / $one")
  row "two processes with half the devices each over one" "$ratio" "" "0.9 to 1.1" "$(met "$ratio >= 0.9 && $ratio <= 1.1")" \
    "$(printf '%.0f/s over %.0f/s, %s cores, mean of two runs each' "$two" "$one" "$cores")"
}
