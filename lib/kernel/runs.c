/* Strided runs made dense, by the size of their elements alone. */
#include "kernel/runs.h"

#include <string.h>

#define GATHER(type)                                                                               \
  static void gather_##type(int64_t n, char *to, const char *from, int64_t stride) {               \
    for (int64_t i = 0; i < n; i++)                                                                \
      memcpy(to + i * (int64_t)sizeof(type), from + i * stride, sizeof(type));                     \
  }                                                                                                \
  static void fill_##type(int64_t n, char *to, const char *from) {                                 \
    type x, *y = (void *)to;                                                                       \
    memcpy(&x, from, sizeof x);                                                                    \
    for (int64_t i = 0; i < n; i++) y[i] = x;                                                      \
  }
GATHER(uint8_t)
GATHER(uint32_t)
GATHER(uint64_t)
#undef GATHER

void tgi_fill_run(size_t size, int64_t n, void *to, const char *from) {
  if (size == sizeof(uint64_t))
    fill_uint64_t(n, to, from);
  else if (size == sizeof(uint32_t))
    fill_uint32_t(n, to, from);
  else
    fill_uint8_t(n, to, from);
}

void tgi_gather_run(size_t size, int64_t n, void *to, const char *from, int64_t stride) {
  if (stride == 0)
    tgi_fill_run(size, n, to, from);
  else if (stride == (int64_t)size)
    memcpy(to, from, (size_t)n * size);
  else if (size == sizeof(uint64_t))
    gather_uint64_t(n, to, from, stride);
  else if (size == sizeof(uint32_t))
    gather_uint32_t(n, to, from, stride);
  else
    gather_uint8_t(n, to, from, stride);
}
