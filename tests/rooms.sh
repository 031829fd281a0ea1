#!/usr/bin/env bash
# Holds every #include "room/..." line below src/, and every foreign header, against the tables in src/README.md.
#   | `room` | its story | rooms it may use |        and      | foreign header | rooms that may include it |
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A may story
while IFS='|' read -r _ room _ uses _; do
  room=$(tr -d ' `' <<<"$room")
  may[$room]=$(tr -d '`' <<<"$uses")
done < <(grep -E '^\| `[a-z]+` \|' src/README.md)

wrong=0
complain() { echo "$*"; wrong=1; }

for folder in src/*/; do
  room=$(basename "$folder")
  [ -n "${may[$room]+known}" ] || { complain "room $room is not in the table of src/README.md"; continue; }
  while IFS=: read -r file line text; do
    used=$(sed -E 's/.*#include "([a-z]+)\/.*/\1/' <<<"$text")
    [ "$used" = "$room" ] && continue
    [[ " ${may[$room]} " == *" $used "* ]] || complain "$file:$line: $room may not use $used"
  done < <(grep -nE '^#include "[a-z]+/' "$folder"*.[ch] /dev/null)
done
for room in "${!may[@]}"; do
  [ -d "src/$room" ] || complain "the table names the room $room, which does not exist"
done

# Foreign headers have homes.
while IFS='|' read -r _ header homes _; do
  header=$(tr -d ' `' <<<"$header")
  homes=" $(tr -d '`' <<<"$homes") "
  while IFS=: read -r file line _; do
    room=$(cut -d/ -f2 <<<"$file")
    [[ "$homes" == *" $room "* ]] || complain "$file:$line: <$header...> does not belong into $room"
  done < <(grep -nE "^#include <$header" src/*/*.[ch] /dev/null)
done < <(grep -E '^\| `<[a-z0-9_./]+` ' src/README.md | sed 's/`</`/')

[ "$wrong" -eq 0 ] && echo "rooms: every include follows the table"
exit "$wrong"
