/* Bytes into a file, whole or not at all. */
#include "base/file.h"
#include "tapegrad/io.h"

typedef struct bytes {
  const void *data;
  size_t size;
} bytes;

static tg_status write_bytes(void *user, tgi_writer *w, tg_error *error) {
  const bytes *b = user;
  (void)error;
  tgi_write(w, b->data, b->size);
  return TG_OK;
}

tg_status tg_file_write(const char *path, const void *data, size_t size, tg_error *error) {
  return tgi_file_replace(path, write_bytes, &(bytes){data, size}, error);
}
