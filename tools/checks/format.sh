#!/bin/sh
# Every C file is as clang-format 14 (Debian 12's) writes it. Other versions differ: 77, skipped.
# tests/golden* are numbers that scripts wrote.
set -eu
if [ $# -ne 1 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/format.sh ROOT"
  [ "${1-}" = --help ]
  exit
fi
cd "$1"
for tool in clang-format-14 clang-format none; do
  case $("$tool" --version 2>/dev/null || true) in *"version 14."*) break ;; esac
done
if [ "$tool" = none ]; then
  echo "no clang-format 14"
  exit 77
fi
folders=
for folder in include lib examples tests tools; do [ ! -d "$folder" ] || folders="$folders $folder"; done
# shellcheck disable=SC2086  # a list of words
find $folders \( -name '*.c' -o -name '*.h' \) ! -path 'tests/golden*' -print0 | xargs -0 "$tool" --dry-run --Werror
echo "format: as it should be"
