#!/bin/sh
# `meson install` gives what users need: installs into a temporary root, builds README.md's first
# example against it by pkg-config, shared and static, and runs both.
set -eu
if [ $# -ne 2 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/install.sh ROOT BUILD_FOLDER"
  [ "${1-}" = --help ]
  exit
fi
root=$1
build=$2
dest=$build/install-test
CC=${CC:-cc}

fail() {
  echo "install: $*"
  exit 1
}

rm -rf "$dest"
meson install -C "$build" --no-rebuild --quiet --destdir "$dest"

pc=$(find "$dest" -name tapegrad.pc)
[ -n "$pc" ] || fail "no tapegrad.pc"
libdir=$(dirname "$(dirname "$pc")")
prefix=$(sed -n 's/^prefix=//p' "$pc")
[ -d "$dest$prefix/include/tapegrad" ] || fail "no headers in include/tapegrad"
for header in "$root"/include/tapegrad/*.h; do
  [ -f "$dest$prefix/include/tapegrad/${header##*/}" ] || fail "${header##*/} is not installed"
done
[ -z "$(find "$dest$prefix/include/tapegrad" -type f ! -name '*.h')" ] || fail "more than headers"
[ -f "$libdir/libtapegrad.a" ] || fail "no static library"
[ -f "$libdir/libtapegrad.so" ] || fail "no shared library"
soname=$(objdump -p "$libdir/libtapegrad.so" | awk '$1 == "SONAME" { print $2 }')
[ -n "$soname" ] || fail "no SONAME"
[ -f "$libdir/$soname" ] || fail "no file of the name $soname"

package() {
  PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --define-variable=prefix="$dest$prefix" "$@" tapegrad
}

cat >"$dest/version.c" <<'END'
#include <stdio.h>
#include <string.h>
#include <tapegrad/tapegrad.h>
int main(void) {
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", TG_VERSION_MAJOR, TG_VERSION_MINOR, TG_VERSION_PATCH);
  puts(text);
  return strcmp(text, TG_VERSION) != 0 || strcmp(text, tg_version()) != 0;
}
END
"$root/tools/checks/readme.py" example "$root" >"$dest/example.c"
"$root/tools/checks/readme.py" example "$root" 1 >"$dest/program.c"

static=$(package --static --libs | sed 's/-ltapegrad/-l:libtapegrad.a/')
# shellcheck disable=SC2046,SC2086  # lists of words
for program in version example program; do
  $CC -std=c11 -Wall -Wextra -Wpedantic -Werror "$dest/$program.c" -o "$dest/$program" \
    $(package --cflags --libs)
  $CC -std=c11 "$dest/$program.c" -o "$dest/$program-static" $(package --cflags) $static
done
objdump -p "$dest/example" | grep -q "NEEDED *$soname" || fail "the example is not linked to $soname"
objdump -p "$dest/example-static" | grep -q "NEEDED *$soname" && fail "static, yet needs $soname"

run() { LD_LIBRARY_PATH=$libdir "$dest/$1"; }
version=$(run version) || fail "the version's numbers and texts differ"
[ "$version" = "$(package --modversion)" ] || fail "version $version, tapegrad.pc says otherwise"
[ "$(run version-static)" = "$version" ] || fail "the static library has another version"
shared=$(run example)
[ "$(run example-static)" = "$shared" ] || fail "shared and static give different results"
[ "$(run program | sed 's/.*loss//')" = "$(printf '%s\n' "$shared" | sed 's/.*loss//')" ] ||
  fail "README.md's two examples have different losses"
printf 'the example of README.md says:\n%s\n' "$shared"
rm -rf "$dest"
