/* IDX: two zero bytes, a type byte, the rank, rank big-endian 32-bit dims, the elements. */
#include "data/array.h"

static const struct idx_type {
  unsigned char code;
  tgi_stored stored;
} types[] = {
    {0x08, TGI_STORED_U8},  {0x09, TGI_STORED_I8},  {0x0B, TGI_STORED_I16},
    {0x0C, TGI_STORED_I32}, {0x0D, TGI_STORED_F32}, {0x0E, TGI_STORED_F64},
};

static bool find_type(unsigned char code, tgi_stored *stored) {
  for (size_t k = 0; k < sizeof types / sizeof types[0]; k++)
    if (types[k].code == code) {
      *stored = types[k].stored;
      return true;
    }
  return false;
}

static tg_status parse_header(const char *path, const tgi_bytes *bytes, tgi_promise *p,
                              tg_error *error) {
  const unsigned char *x = (const unsigned char *)bytes->data;
  if (bytes->size < 4 || x[0] != 0 || x[1] != 0)
    return tgi_file_error(error, TG_FORMAT, path,
                          "not an IDX file: %s, expected 0, 0, type and rank in the first 4 bytes",
                          bytes->size < 4 ? "it is too short" : "it begins with other bytes");
  if (!find_type(x[2], &p->stored))
    return tgi_file_error(error, TG_FORMAT, path,
                          "IDX type 0x%02x, expected 0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e", x[2]);
  if (x[3] > TG_MAX_RANK)
    return tgi_file_error(error, TG_FORMAT, path, "IDX rank %d, expected at most %d", x[3],
                          TG_MAX_RANK);
  p->rank = x[3];
  p->offset = 4 + 4 * (size_t)p->rank;
  if (bytes->size < p->offset)
    return tgi_file_error(error, TG_FORMAT, path,
                          "an IDX header of rank %d takes %zu bytes, the file has %zu", p->rank,
                          p->offset, bytes->size);
  for (int k = 0; k < p->rank; k++) {
    const unsigned char *d = x + 4 + 4 * k;
    p->dims[k] = (int64_t)d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3];
  }
  return TG_OK;
}

tg_array *tg_idx_read(const char *path, const tg_runtime *runtime, tg_error *error) {
  tgi_bytes bytes;
  if (tgi_file_read(runtime, path, &bytes, error)) return NULL;
  tgi_promise promise = {.big_endian = true};
  if (!parse_header(path, &bytes, &promise, error))
    return tgi_array_of(path, bytes, &promise, error);
  tgi_bytes_free(&bytes);
  return NULL;
}
