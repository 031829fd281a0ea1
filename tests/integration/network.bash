# For integration tests that take fixed ports, or start servers that listen on every address. Sourced before lib.bash.

# own_network SCRIPT ARGUMENT...: begins the script anew with a loopback of its own, unless it has one.
own_network() {
  if [ "${IN_NAMESPACE:-}" != yes ]; then
    local map=()
    [ "$(id -u)" -eq 0 ] || map=(--user --map-current-user --keep-caps)
    exec env IN_NAMESPACE=yes unshare "${map[@]}" --net "$@"
  fi
  ip link set lo up
}
