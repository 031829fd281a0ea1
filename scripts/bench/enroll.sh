# shellcheck shell=bash disable=SC2034,SC2154 # names from here and there
# What one enrollment costs, as multiples of the RSA operations that it cannot do without: OTP page, GetCACaps, GetCACert,
# PKIOperation; plain HTTP, an own connection per device. At a server with the capabilities of Windows Server 2012 to 2022, which
# lead to Triple DES, and at one that offers AES.
#
# RSA is timed in three ways in each run: with nothing else of ours; with every core at RSA and nothing else, before and after the
# load; and beside the load, an operation now and then. Under load an operation costs more CPU time than in the quiet (frequency,
# a core's other thread, neighbours), and so does everything that is compared with it. The verdict is on the second: as many cores
# are busy as under load, but what scepstorm does to the caches is scepstorm's. The others are told, so that nobody takes one for
# the other.

# over COST PRIVATE PUBLIC: "x (y, z)", over RSA on full cores (in the quiet, beside the load); sets value
over() {
  local full quiet beside
  value=$(of "$1 * 1000 / ($2 * ${rsa_full% *} + $3 * ${rsa_full#* })")
  full=$(of "($2 * ${rsa_full% *} + $3 * ${rsa_full#* }) / 1000")
  quiet=$(of "$1 * 1000 / ($2 * ${rsa_quiet% *} + $3 * ${rsa_quiet#* })")
  beside=$(of "$1 * 1000 / ($2 * ${rsa_beside% *} + $3 * ${rsa_beside#* })")
  note=$(printf '%.3f ms over %.3f ms of RSA with all cores at it; %.2f over RSA in the quiet, %.2f over RSA beside the load' \
    "$1" "$full" "$quiet" "$beside")
}

# CPU of a process so far, milliseconds
cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / hz }' "/proc/$1/stat"; }

enroll_at() { # enroll_at CIPHER DEVICES SIM-OPTION...
  local cipher=$1 devices=$2 sim sampler run sim_ms before own user system after
  shift 2
  rsa_quiet=$("$bench" rsa quiet)
  rsa_full=$("$bench" rsa full)
  simulator "sim-$cipher" "$@"
  sim=$child
  before=$(cpu_ms "$sim")
  begin "$bench" rsa beside >"$work/rsa"
  sampler=$child
  keys
  limited 900 "$bench" cost "$work/cost" "$scepstorm" run tests/bench/bench.yaml --quiet --out "$work/$cipher" \
    --set "target.url=$url/certsrv/mscep/mscep.dll" --set "devices.count=$devices" --set "devices.key.pool=$work/keys.pool" \
    2>"$work/stderr" || [ $? -eq 4 ] || die "run failed: $(cat "$work/stderr")"
  own=$(of "$(cpu_ms "$sim") - $before")
  end "$sampler"
  end "$sim"
  rsa_beside=$(cat "$work/rsa")
  after=$("$bench" rsa full)
  rsa_full="$(of "(${rsa_full% *} + ${after% *}) / 2") $(of "(${rsa_full#* } + ${after#* }) / 2")"
  [ "$(figure "$work/$cipher" devices.enrolled)" = "$devices" ] || die "not all of $devices devices enrolled"
  read -r user system _ <"$work/cost"
  run=$(of "($user + $system) * 1000 / $devices")
  sim_ms=$(of "$own / $devices")
  rate=$(of "$devices / $(figure "$work/$cipher" duration_s)")
  machine=$(of "$rate * ($run + $sim_ms) / 10 / $cores")
  tell "$(printf '%s: %.3f ms user + %.3f ms system per enrollment, all of the run as wait4 reports it' "$cipher" \
    "$(of "$user * 1000 / $devices")" "$(of "$system * 1000 / $devices")")"
  over "$run" 3 2
  row "device CPU over 3 private + 2 public ($cipher)" "$value" "" "<= 1.5" "$(met "$value <= 1.5")" "$note"
  over "$sim_ms" 3 1
  row "simulator CPU over 3 private + 1 public ($cipher)" "$value" "" "<= 1.5" "$(met "$value <= 1.5")" "$note"
  rate_row "$cipher"
}

# On a machine that others use, too, the rate falls with what they take, so what was left is told.
rate_row() { # rate_row CIPHER
  local full quiet beside
  full=$(of "$rate * 6 * ${rsa_full% *} / 1000000 / $cores")
  quiet=$(of "$rate * 6 * ${rsa_quiet% *} / 1000000 / $cores")
  beside=$(of "$rate * 6 * ${rsa_beside% *} / 1000000 / $cores")
  row "enrollments/s over cores / (6 private) ($1)" "$full" "" ">= 0.6" "$(met "$full >= 0.6")" \
    "$(printf '%.0f/s with %.0f %% of this machine, one private operation %.3f ms with all cores at it; %.2f by RSA in the quiet, %.2f by RSA beside the load' \
      "$rate" "$machine" "$(of "${rsa_full% *} / 1000")" "$quiet" "$beside")"
}

row_enroll() { # row_enroll DEVICES
  enroll_at 3DES "$1"
  enroll_at AES "$1" --caps POSTPKIOperation,Renewal,SHA-512,SHA-256,SHA-1,AES,SCEPStandard
}
