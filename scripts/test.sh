#!/usr/bin/env bash
# Installs what is missing, builds with sanitizers, runs every test; then the second compiler, the fuzzers for a few seconds
# each, the thread sanitizer, clang-tidy and cppcheck, the format, the rooms, and a look at whether the tree stayed clean.
# Ends with "N passed, N failed".
#
#   BUILD=DIR      where to build (default build-test)
#   FUZZ_SECONDS=N per fuzz target (default 5)
set -uo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build-test}
fuzz_seconds=${FUZZ_SECONDS:-5}
passed=0 failed=0
before=$(git status --porcelain 2>/dev/null)

# check NAME COMMAND...: one counted check; its output is shown only when it fails.
check() {
  local name=$1 log
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    tail -n 60 "$log" | sed 's/^/        /'
  fi
  rm -f "$log"
}

# stop_here: without a build nothing else makes sense.
stop_here() {
  echo "$passed passed, $((failed > 0 ? failed : 1)) failed"
  exit 1
}

configure() { # configure DIR COMPILER OPTIONS...
  local dir=$1 compiler=$2
  shift 2
  cmake -S . -B "$dir" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DSCEPSTORM_WERROR=ON "$@" && cmake --build "$dir"
}

scripts/deps.sh test || { echo "0 passed, 1 failed"; exit 1; }

check 'build: GCC, sanitizers, -Werror' \
  configure "$build" gcc -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSCEPSTORM_TESTS=ON -DSCEPSTORM_SANITIZE=ON
[ "$failed" -eq 0 ] || stop_here

# total FILE ATTRIBUTE: of a whole run of tests; the first such line of the JUnit file.
total() { grep -sm1 -oE "^[[:space:]]*$2=\"[0-9]+\"" "$build/$1" | grep -oE '[0-9]+'; }

# Machines are shared: a test that failed gets one second try with nothing beside it, and is named if only that one passed.
rm -f "$build/ctest.xml" "$build/again.xml"
ctest --test-dir "$build" --output-on-failure --no-tests=error --output-junit ctest.xml
ctest_code=$?
counted=$(total ctest.xml tests)
broken=$(total ctest.xml failures)
if [ "${broken:-0}" -gt 0 ] && [ "$broken" -le 5 ]; then
  cp "$build/Testing/Temporary/LastTestsFailed.log" "$build/unsteady.log"
  ctest --test-dir "$build" --rerun-failed --output-on-failure --output-junit again.xml
  ctest_code=$?
  broken=$(total again.xml failures)
  echo "unsteady: ${broken:-all} of these failed again, the others passed at the second try: $(cut -d: -f2 "$build/unsteady.log" | tr '\n' ' ')"
fi
passed=$((passed + ${counted:-0} - ${broken:-0}))
failed=$((failed + ${broken:-0}))
[ "$ctest_code" -eq 0 ] || [ "${broken:-0}" -gt 0 ] || failed=$((failed + 1)) # it could not even run them

check 'build: Clang, fuzz targets, -Werror' \
  configure "$build-clang" clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSCEPSTORM_FUZZ=ON -DSCEPSTORM_SANITIZE=ON
for target in "$build-clang"/tests/fuzz-*; do
  [ -x "$target" ] && [ -f "$target" ] || continue
  name=$(basename "$target")
  work=$(mktemp -d)
  check "$name, $fuzz_seconds s" "$target" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$work/" -print_final_stats=1 "$work" "tests/fuzz/corpus/${name#fuzz-}"
  rm -rf "$work"
done

# Whoever works beside the loop: the engine, its workers and clients, who watches a run, the simulator's port.
threads_build() {
  cmake -S . -B "$build-threads" -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSCEPSTORM_WERROR=ON \
    -DSCEPSTORM_TESTS=ON -DSCEPSTORM_SANITIZE_THREADS=ON &&
    grep -hoE 'unit-[a-z]+-test_[a-z_]+' "$build-threads/tests/CTestTestfile.cmake" | grep -E "$threaded" | sort -u |
    xargs cmake --build "$build-threads" --target
}
threaded='^unit-(engine|workers|http|live|sim-test_listener|logon-test_gss)'
check 'build: thread sanitizer' threads_build
check 'threads: no race in the tests of engine, workers, http, live, sim and logon' \
  ctest --test-dir "$build-threads" -R "$threaded" -j "$(nproc)" --output-on-failure --no-tests=error

check 'clang-tidy' scripts/analyze.sh tidy "$build-clang"
check 'cppcheck' scripts/analyze.sh cppcheck

check 'build: Release, as README says' configure "$build-release" gcc -DCMAKE_BUILD_TYPE=Release
check 'format' bash -c 'git ls-files -z "*.c" "*.h" | xargs -0 clang-format --dry-run --Werror'
check 'rooms: includes match the table' tests/rooms.sh
check 'the tree is as clean as before' test "$before" = "$(git status --porcelain 2>/dev/null)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
