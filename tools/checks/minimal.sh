#!/bin/sh
# The library builds and works with a C compiler alone: a build with every optional dependency off,
# and the tests named. CI runs all of them so (.ci/run).
set -eu
if [ $# -lt 3 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/minimal.sh ROOT BUILD_FOLDER TEST..."
  [ "${1-}" = --help ]
  exit
fi
root=$1
build=$2
shift 2

rm -rf "$build"
meson setup "$build" "$root" --auto-features=disabled -Dtests=enabled -Dbuildtype=debug
targets=
for name in "$@"; do targets="$targets tests/test_$name"; done
# shellcheck disable=SC2086  # a list of words
ninja -C "$build" $targets
linked=$(ldd "$build/tests/test_$1")
for library in libmvec openblas libz jansson gvc; do
  case $linked in *$library*) echo "linked all the same: $library"; exit 1 ;; esac
done
for name in "$@"; do "$build/tests/test_$name"; done
rm -rf "$build"
