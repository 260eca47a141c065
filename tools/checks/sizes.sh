#!/bin/sh
# No function past 60 lines and no file past 500 (800 for tests, which are lists), so that each can
# be read in one piece. Relies on the format: a function opens with a line that ends in "{" and closes with "}" in column 1.
# tests/golden* are numbers that scripts wrote.
set -eu
if [ $# -ne 1 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/sizes.sh ROOT"
  [ "${1-}" = --help ]
  exit
fi
cd "$1"
folders=
for folder in include lib examples tests tools; do [ ! -d "$folder" ] || folders="$folders $folder"; done
# shellcheck disable=SC2086  # a list of words
find $folders \( -name '*.c' -o -name '*.h' \) ! -path 'tests/golden*' -print | LC_ALL=C sort | xargs awk '
  function file_ends() {
    files++
    if (lines > longest_file) { longest_file = lines; longest_file_name = file }
    if (lines > (file ~ /^tests\// ? 800 : 500)) { print file ": " lines " lines"; bad = 1 }
  }
  FNR == 1 { if (file) file_ends(); file = FILENAME; opened = 0 }
  { lines = FNR }
  /^[A-Za-z_].*\($/ || /^[A-Za-z_].*[(]/ { head = FNR; name = $0 }
  /^[A-Za-z_ ].*\) \{$/ && !/^ *(if|for|while|switch|else)/ { if (!opened) { opened = head; title = name } }
  /^\}/ && opened {
    n = FNR - opened + 1
    functions++
    if (n > longest) { longest = n; longest_name = file ": " title }
    if (n > 60) { print file ":" opened ": " n " lines: " title; bad = 1 }
    opened = 0
  }
  END {
    if (file) file_ends()
    print files " files, " functions " functions"
    print "longest function: " longest " lines, " longest_name
    print "longest file: " longest_file " lines, " longest_file_name
    exit bad
  }'
