#!/bin/sh
# Public headers compile alone, as C11, C17 and C++17, with every compiler that is there; and
# tapegrad.h includes them all.
set -eu
if [ $# -ne 1 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/headers.sh INCLUDE_FOLDER"
  [ "${1-}" = --help ]
  exit
fi
include=$1
status=0

compile() { # compiler language standard header
  echo "#include \"tapegrad/$4\"" |
    "$1" -x "$2" -std="$3" -I"$include" -Wall -Wextra -Wpedantic -Werror -fsyntax-only - ||
    { echo "$4 does not compile alone: $1 -std=$3"; status=1; }
}

have() { command -v "$1" >/dev/null; }

check_there=false
if have gcc && echo '#include <check.h>' | gcc -x c -fsyntax-only - 2>/dev/null; then check_there=true; fi

for header in "$include"/tapegrad/*.h; do
  header=${header##*/}
  case $header in
  tapegrad.h | picture.h) ;; # pictures are a library of their own
  gradcheck_assert.h) $check_there || continue ;;
  *)
    umbrella=tapegrad.h
    case $header in ops_*) umbrella=ops.h ;; esac
    grep -q "^#include \"$header\"" "$include/tapegrad/$umbrella" ||
      { echo "$umbrella does not include $header"; status=1; }
    ;;
  esac
  for compiler in gcc clang; do
    if have $compiler; then
      for standard in c11 c17; do compile $compiler c $standard "$header"; done
    fi
  done
  for compiler in g++ clang++; do
    if have $compiler; then compile $compiler c++ c++17 "$header"; fi
  done
done
[ $status -ne 0 ] || echo "headers: as they should be"
exit $status
