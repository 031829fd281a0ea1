# shellcheck shell=bash disable=SC2154 # names from here and there
# A finished run of a million devices, told again as a page; tests/bench/folder.c makes it through the sink that a run writes through.

row_report() { # row_report DEVICES
  limited 1800 "$bench" report "$scepstorm" "$work/million" "$1" || missed=1
  rm -rf "$work/million"
}
