/* Sums of columns: some vectors side by side, whose sums stay in registers while all rows are read.
   The build names T (float, double), LANES, DTYPE, ISA, and SUFFIX (of libm). What is `const bool`
   in an inline function is known where it is called. */
#include "kernel/columns_names.h"
#include "kernel/vector.h"

enum { SIDE = 8 };

static inline V term(const bool squares, V x, V about) {
  const V off = squares ? x - about : x;
  return squares ? off * off : off;
}

/* `vectors` of them; a constant wherever it is called. Loops are unrolled early, since gcc would
   take them for copies of memory, and keep the sums there. */
static inline void sum_vectors(const int vectors, const bool squares, int64_t n, const T *x,
                               int64_t row, const T *about, T *to) {
  V sum[SIDE], c[SIDE];
#pragma GCC unroll 8
  for (int q = 0; q < vectors; q++) {
    sum[q] = load(to + q * LANES, LANES);
    c[q] = squares ? load(about + q * LANES, LANES) : sum[q];
  }
  for (int64_t i = 0; i < n; i++, x += row)
#pragma GCC unroll 8
    for (int q = 0; q < vectors; q++)
      sum[q] = sum[q] + term(squares, load(x + q * LANES, LANES), c[q]);
#pragma GCC unroll 8
  for (int q = 0; q < vectors; q++) store(to + q * LANES, LANES, sum[q]);
}

/* m columns, at most a vector, which are not stored yet. */
static inline V sum_first(const int m, const bool squares, int64_t n, const T *x, int64_t row,
                          const T *about, const T *to) {
  V sum = load(to, m);
  const V c = squares ? load(about, m) : sum;
  for (int64_t i = 0; i < n; i++, x += row) sum = sum + term(squares, load(x, m), c);
  return sum;
}

/* Less than a vector at the end is summed with columns before it, once more, before those are
   changed. */
static inline void columns(const bool squares, int64_t w, int64_t n, const T *x, int64_t row,
                           const T *about, T *to) {
#define BESIDE(vectors)                                                                            \
  for (; j + (vectors)*LANES <= w; j += (vectors)*LANES)                                           \
    sum_vectors(vectors, squares, n, x + j, row, squares ? about + j : NULL, to + j);
  if (w < LANES) {
    if (w > 0) store(to, (int)w, sum_first((int)w, squares, n, x, row, about, to));
    return;
  }
  const int64_t end = w - LANES;
  V last = all(0);
  if (w % LANES != 0)
    last = sum_first(LANES, squares, n, x + end, row, squares ? about + end : NULL, to + end);
  int64_t j = 0;
  BESIDE(SIDE)
  BESIDE(SIDE / 2)
  BESIDE(1)
  if (j < w) store(to + end, LANES, last);
#undef BESIDE
}

static void sum(int64_t w, int64_t n, const void *x, int64_t row, const void *about, void *to) {
  columns(false, w, n, x, row, about, to);
}

static void squares(int64_t w, int64_t n, const void *x, int64_t row, const void *about, void *to) {
  columns(true, w, n, x, row, about, to);
}

const tgi_columns TGI_COLUMNS(DTYPE, ISA) = {sum, squares};
