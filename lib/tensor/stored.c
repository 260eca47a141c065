/* Stored numbers become ours, and back. */
#include "tensor/stored.h"

#include <string.h>

/* ---- the table ---- */

static const tgi_stored_info infos[TGI_STORED_COUNT] = {
#define INFO(name, size, dtype, text, letter) {size, dtype, text, letter},
    TGI_STORED_MAP(INFO)
#undef INFO
};

tgi_stored_info tgi_stored_of(tgi_stored stored) { return infos[stored]; }

tgi_stored tgi_stored_named(const char *name) {
  int k = 0;
  while (k < TGI_STORED_COUNT && strcmp(infos[k].name, name) != 0) k++;
  return (tgi_stored)k;
}

tgi_stored tgi_stored_lettered(char letter, int64_t size) {
  int k = 0;
  while (k < TGI_STORED_COUNT && (infos[k].letter != letter || (int64_t)infos[k].size != size)) k++;
  return (tgi_stored)k;
}

tgi_stored tgi_stored_as(tg_dtype dtype) {
  int k = 0;
  while (k < TGI_STORED_COUNT && (infos[k].dtype != dtype || infos[k].size != tg_dtype_size(dtype)))
    k++;
  return (tgi_stored)k;
}

/* ---- decoding ---- */

/* The stored bytes as an unsigned number. */
static inline uint64_t load(const unsigned char *from, size_t size, bool big_endian) {
  uint64_t bits = 0;
  for (size_t k = 0; k < size; k++) bits = bits << 8 | from[big_endian ? k : size - 1 - k];
  return bits;
}

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* IEEE binary16: sign, 5 bits of exponent, 10 of fraction; every value is a float. */
static float half_of(uint32_t bits) {
  uint32_t sign = (bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 0) { /* zero or denormal: fraction units of 2^-24 */
    float value = (float)fraction * 0x1p-24F;
    return sign ? -value : value;
  }
  if (exponent == 31) return float_of(sign | 0x7f800000 | fraction << 13);
  return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

/* One element of each stored dtype whose form differs from ours. */
static void widen(tgi_stored stored, uint64_t bits, void *to) {
  float f = 0;
  int32_t i = 0;
  switch (stored) {
  case TGI_STORED_I8: i = (int32_t)(bits ^ 0x80) - 0x80; break;
  case TGI_STORED_I16: i = (int32_t)(bits ^ 0x8000) - 0x8000; break;
  case TGI_STORED_U16: i = (int32_t)bits; break;
  case TGI_STORED_F16: f = half_of((uint32_t)bits); break;
  case TGI_STORED_BF16: f = float_of((uint32_t)bits << 16); break;
  default: memcpy(to, &(int64_t){(int64_t)bits}, sizeof(int64_t)); return; /* U32 */
  }
  if (infos[stored].dtype == TG_F32)
    memcpy(to, &f, sizeof f);
  else
    memcpy(to, &i, sizeof i);
}

static inline void swap(const unsigned char *from, size_t size, unsigned char *to) {
  unsigned char element[8];
  for (size_t k = 0; k < size; k++) element[k] = from[size - 1 - k];
  memcpy(to, element, size);
}

static int64_t bad_bool(const unsigned char *x, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (x[i] > 1) return i;
  return -1;
}

int64_t tgi_decode(tgi_stored stored, bool big_endian, const void *from, int64_t n, void *to) {
  size_t size = infos[stored].size, width = tg_dtype_size(infos[stored].dtype), count = (size_t)n;
  const unsigned char *x = from;
  unsigned char *y = to;
  if (n == 0) return -1;
  if (size != width) {
    for (size_t i = 0; i < count; i++)
      widen(stored, load(x + i * size, size, big_endian), y + i * width);
  } else if (size == 1 || big_endian == tgi_big_endian()) {
    if (x != y) memmove(y, x, count * size);
  } else if (size == 4) {
    for (size_t i = 0; i < count; i++) swap(x + i * 4, 4, y + i * 4);
  } else {
    for (size_t i = 0; i < count; i++) swap(x + i * 8, 8, y + i * 8);
  }
  return stored == TGI_STORED_BOOL ? bad_bool(y, n) : -1;
}

/* ---- writing ---- */

/* A run of n elements, `stride` bytes apart. */
static void write_run(tgi_writer *w, const char *x, int64_t n, int64_t stride, size_t size) {
  bool turn = tgi_big_endian() && size > 1;
  if (stride == (int64_t)size && !turn) {
    tgi_write(w, x, (size_t)n * size);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    unsigned char element[8];
    memcpy(element, x + i * stride, size);
    if (turn) swap(element, size, element);
    tgi_write(w, element, size);
  }
}

bool tgi_write_tensor(tgi_writer *w, const tg_tensor *x) {
  tgi_walk walk;
  tgi_walk_init(&walk, 1, (const tg_tensor *const[]){x});
  size_t size = tg_dtype_size(x->dtype);
  for (int64_t r = 0; r < walk.runs && !w->failure; r++) {
    char *at;
    tgi_walk_run(&walk, r, &at);
    write_run(w, at, walk.n, walk.strides[0][walk.rank - 1], size);
  }
  return !w->failure;
}
