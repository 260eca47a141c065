/* Files: read whole (unpacked where they are gzip), written whole or not at all. The only place
   that opens one. What it reads is anybody's text: it is shown only through tgi_shown. */
#ifndef TGI_FILE_H
#define TGI_FILE_H

#include "base/base.h"

/* ---- bytes that grow ---- */

typedef struct tgi_bytes {
  const tg_runtime *runtime;
  char *data; /* NULL while nothing was added */
  size_t size, capacity;
} tgi_bytes;

/* False: no memory, nothing changed. */
bool tgi_bytes_reserve(tgi_bytes *b, size_t more);
bool tgi_bytes_add(tgi_bytes *b, const void *data, size_t size);
void tgi_bytes_free(tgi_bytes *b);

/* ---- errors about files ---- */

/* As tgi_error, with the path before the sentence; of a long path the end is shown. */
tg_status tgi_file_error(tg_error *error, tg_status status, const char *path, const char *format,
                         ...) TG_PRINTF(4, 5);

/* Foreign text fit for a message: cut to what the buffer holds ("..." at the end), control
   characters and bytes beyond ASCII as '?'. */
typedef struct tgi_shown {
  char text[48];
} tgi_shown;
tgi_shown tgi_show(const char *text, size_t length);

/* ---- reading ---- */

/* The whole file, unpacked where it begins with gzip's magic bytes (several members too), with one
   0 after the end that `size` does not count. On failure *bytes is empty. */
tg_status tgi_file_read(const tg_runtime *runtime, const char *path, tgi_bytes *bytes,
                        tg_error *error);
/* Unpacks `packed` onto the end of `bytes`; TG_UNSUPPORTED without zlib. In gzip.c. */
tg_status tgi_gunzip(const char *path, const tgi_bytes *packed, tgi_bytes *bytes, tg_error *error);

/* ---- writing ---- */

/* A buffered file descriptor. After a failure every write is refused. */
typedef struct tgi_writer {
  int fd, failure; /* failure: 0, or the errno */
  size_t used;
  char buffer[8192];
} tgi_writer;

bool tgi_write(tgi_writer *w, const void *data, size_t size);

/* Writes the content. It need not look at what tgi_write returns: that failure is kept and
   reported. A status that is not TG_OK gives up; then it has filled `error`. */
typedef tg_status tgi_write_fn(void *user, tgi_writer *w, tg_error *error);
/* Replaces the file at `path` (through symbolic links) by what `write` writes: into a temporary
   beside it, flushed to disk, renamed, the folder flushed. On failure the old file is as it was and
   the temporary is gone. An existing file's mode is kept. */
tg_status tgi_file_replace(const char *path, tgi_write_fn *write, void *user, tg_error *error);

#endif
