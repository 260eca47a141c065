/* Sums of columns: some vectors side by side, whose sums stay in registers while all rows are read.
   The build names T (float, double), LANES, DTYPE, ISA, and SUFFIX (of libm). */
#include "kernel/columns_names.h"
#include "kernel/vector.h"

enum { SIDE = 8 };

/* `vectors` of them; a constant wherever it is called. Loops are unrolled early, since gcc would
   take them for copies of memory, and keep the sums there. */
static inline void sum_vectors(const int vectors, int64_t n, const T *x, int64_t row, T *to) {
  V sum[SIDE];
#pragma GCC unroll 8
  for (int q = 0; q < vectors; q++) sum[q] = load(to + q * LANES, LANES);
  for (int64_t i = 0; i < n; i++, x += row)
#pragma GCC unroll 8
    for (int q = 0; q < vectors; q++) sum[q] = sum[q] + load(x + q * LANES, LANES);
#pragma GCC unroll 8
  for (int q = 0; q < vectors; q++) store(to + q * LANES, LANES, sum[q]);
}

/* m columns, at most a vector, which are not stored yet. */
static inline V sum_first(const int m, int64_t n, const T *x, int64_t row, const T *to) {
  V sum = load(to, m);
  for (int64_t i = 0; i < n; i++, x += row) sum = sum + load(x, m);
  return sum;
}

/* Less than a vector at the end is summed with columns before it, once more, before those are
   changed. */
void TGI_COLUMNS(DTYPE, ISA)(int64_t w, int64_t n, const void *x, int64_t row, void *to) {
  const T *from = x;
  T *y = to;
  if (w < LANES) {
    if (w > 0) store(y, (int)w, sum_first((int)w, n, from, row, y));
    return;
  }
  const int64_t end = w - LANES;
  const V last = w % LANES ? sum_first(LANES, n, from + end, row, y + end) : all(0);
  int64_t j = 0;
  for (; j + SIDE * LANES <= w; j += SIDE * LANES) sum_vectors(SIDE, n, from + j, row, y + j);
  for (; j + SIDE / 2 * LANES <= w; j += SIDE / 2 * LANES)
    sum_vectors(SIDE / 2, n, from + j, row, y + j);
  for (; j + LANES <= w; j += LANES) sum_vectors(1, n, from + j, row, y + j);
  if (j < w) store(y + end, LANES, last);
}
