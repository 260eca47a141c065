/* The JSON header of safetensors, to and from a list of entries. header.c is the only file that
   knows jansson. */
#ifndef TGI_HEADER_H
#define TGI_HEADER_H

#include "base/file.h"
#include "tapegrad/io.h"
#include "tensor/stored.h"

enum { TGI_HEADER_LIMIT = 100000000 }; /* bytes; the limit of the reference implementation */

/* One tensor of a file. */
typedef struct tgi_entry {
  const char *name;
  tgi_stored stored;
  tg_tensor tensor;   /* shape and our dtype; data later */
  int64_t begin, end; /* bytes of the data part */
} tgi_entry;

typedef struct tgi_header {
  tgi_entry *entries;
  tg_named_text *metadata;
  int64_t count, metadata_count;
} tgi_header;

/* JSON text to entries in the arena, each right by itself: shape, dtype, and an extent that has the
   shape's size and lies within data_size. Names differ. */
tg_status tgi_header_parse(const char *path, const char *json, size_t size, int64_t data_size,
                           tgi_arena *arena, tgi_header *header, tg_error *error);

/* Entries to compact JSON, keys in the order of the lists. A name given twice is TG_ARGUMENT. */
tg_status tgi_header_format(const char *path, const tgi_header *header, tgi_bytes *json,
                            tg_error *error);

#endif
