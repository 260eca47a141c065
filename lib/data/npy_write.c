/* The writer of .npy files. */
#include "data/array.h"

#include <string.h>

enum { HEADER = 384, ALIGN = 64 }; /* 8 dims of 19 digits take less than HEADER */

/* magic, version, length and dict, padded so that the elements begin at a multiple of 64. */
static size_t make_header(const tg_tensor *x, char header[HEADER]) {
  tgi_stored_info info = tgi_stored_of(tgi_stored_as(x->dtype));
  memset(header, ' ', HEADER);
  tgi_text dict = {header + 10, HEADER - 10, 0};
  tgi_text_add(&dict, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': (",
               info.size == 1 ? '|' : '<', info.letter, info.size);
  for (int k = 0; k < x->rank; k++)
    tgi_text_add(&dict, "%lld%s", (long long)x->dims[k],
                 x->rank == 1      ? ","
                 : k + 1 < x->rank ? ", "
                                   : "");
  tgi_text_add(&dict, "), }");
  header[10 + dict.length] = ' '; /* the ending 0 */
  size_t size = (10 + dict.length + ALIGN) / ALIGN * ALIGN;
  header[size - 1] = '\n';
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  header[8] = (char)((size - 10) & 255);
  header[9] = (char)((size - 10) >> 8);
  return size;
}

static tg_status write_npy(void *user, tgi_writer *w, tg_error *error) {
  (void)error; /* what fails is the writing alone */
  const tg_tensor *x = user;
  char header[HEADER];
  tgi_write(w, header, make_header(x, header));
  tgi_write_tensor(w, x);
  return TG_OK;
}

tg_status tg_npy_write(const char *path, tg_tensor x, tg_error *error) {
  if (!x.data || !tg_dtype_size(x.dtype))
    return tgi_error(error, TG_ARGUMENT, "npy: the tensor to write has no data");
  return tgi_file_replace(path, write_npy, &x, error);
}
