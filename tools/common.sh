# Shared by the scripts of tools/ and .ci/: sourced, never run. Sets `root`, the top of the checkout.
# shellcheck shell=sh disable=SC2034

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# configure FOLDER OPTION...: makes or updates a build folder; a broken one is made anew.
configure() {
  folder=$1
  shift
  if [ -f "$folder/meson-private/coredata.dat" ]; then
    meson setup --reconfigure "$@" "$folder" "$root" ||
      meson setup --wipe "$@" "$folder" "$root"
  else
    meson setup "$@" "$folder" "$root"
  fi
}
