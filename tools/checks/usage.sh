#!/bin/sh
# Every script says with --help how it is called, from any folder, and does nothing else.
set -eu
if [ $# -ne 1 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/usage.sh ROOT"
  [ "${1-}" = --help ]
  exit
fi
cd /
status=0
for script in "$1"/tools/* "$1"/tools/checks/* "$1"/tools/bench/*; do
  [ -f "$script" ] && [ -x "$script" ] || continue
  case $("$script" --help </dev/null 2>&1) in
  usage:*) ;;
  *)
    echo "$script --help does not begin with usage:"
    status=1
    ;;
  esac
done
exit $status
