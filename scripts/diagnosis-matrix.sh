#!/usr/bin/env bash
# Holds diagnosis against every fault of the simulator, each under load with healthy traffic around it: named from outside only, with
# the logs that settle it, and with logs that lack what settles it; pairs of faults; healthy servers; and whether confidence means
# what it says. Prints a line for each figure: what, measured, target, ok or MISSED. Exit code 1: a target was missed.
#   scripts/diagnosis-matrix.sh [--quick] [--only ID]... [--jobs N] [--seed N] [--scepstorm FILE] [--out NAME] [--keep DIR | --again DIR]
#   --quick     a seeded sample, under two minutes; without it some 400 runs, half an hour of two cores
#   --only ID   a fault with its variants, a pair, a healthy server; a regular expression
#   --keep DIR  leaves scenarios, results and logs of each run there; --again DIR diagnoses these, and runs nothing
# Tables go to build/diagnosis-matrix.csv, .md and .json. What clients can see by themselves is in matrix/visible.tsv, which files
# hold what settles a cause in matrix/artefacts.tsv, what a fault wants of devices in matrix/setups.py.
set -euo pipefail
exec python3 "$(dirname "$0")/matrix/matrix.py" "$@"
