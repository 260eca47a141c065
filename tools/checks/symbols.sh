#!/bin/sh
# What the library's objects may call, hold and export.
# - Only base/ calls the allocator; nobody prints, aborts, exits, reads the environment, or calls a
#   function with hidden state; only tape/apply.c makes nodes.
# - No mutable globals and no thread-locals: no data outside read-only sections.
# - The shared library exports only tg_.
set -eu
if [ $# -ne 2 ] || [ "$1" = --help ]; then
  echo "usage: tools/checks/symbols.sh LIBTAPEGRAD.a LIBTAPEGRAD.so"
  [ "${1-}" = --help ]
  exit
fi
export LC_ALL=C
problems=$(
  nm -A "$1" | awk '
    BEGIN {
      n = split("printf vprintf __printf_chk __vprintf_chk puts putchar perror stdout stderr stdin " \
                "abort exit _exit _Exit quick_exit atexit getenv secure_getenv setenv system popen " \
                "rand srand random srandom drand48 time clock strtok asctime localtime gmtime " \
                "setlocale signal raise", names)
      for (i = 1; i <= n; i++) forbidden[names[i]] = "is forbidden in lib/"
      n = split("malloc calloc realloc reallocarray free aligned_alloc posix_memalign memalign " \
                "valloc strdup strndup asprintf vasprintf mmap munmap", names)
      for (i = 1; i <= n; i++) allocator[names[i]] = 1
    }
    { objects++ }
    $(NF - 1) == "U" {
      object = $1; sub(/:$/, "", object); sub(/.*:/, "", object)
      name = $NF; sub(/@.*/, "", name)
      if (name in forbidden) print object ": " name " " forbidden[name]
      if (name in allocator && object !~ /^base_/) print object ": " name ": only base/ allocates"
      if (name == "tgi_node_push" && object != "tape_apply.c.o")
        print object ": " name ": only tape/apply.c makes nodes"
    }
    END { if (!objects) print "no objects found" }'
  # Constants that hold addresses live in .data.rel.ro, which is read-only once loaded.
  objdump -t "$1" | awk '
    /:[ \t]+file format/ { object = $1; sub(/:$/, "", object) }
    $0 ~ /^[0-9a-f]+ / {
      for (i = 2; i <= NF; i++)
        if ($i ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $i !~ /^\.data\.rel\.ro/ && $NF != $i)
          print object ": " $NF " in " $i ": a mutable global"
    }'
  nm -D --defined-only "$2" | awk '$NF !~ /^tg_/ { print "exported, and not tg_: " $NF }'
)
if [ -n "$problems" ]; then
  printf '%s\n' "$problems"
  exit 1
fi
echo "symbols: as they should be"
