/* Included by gemm_kernel.c once per T: inner products of rows by rows, vectors along k. */

/* Sums of ROWS x COLUMNS products are held in registers. */
#define COLUMNS 4
#if defined(__AVX512F__)
#define ROWS 4
#else
#define ROWS 2
#endif

/* Vector q's elements are added up in to[q]: they are turned over, LANES vectors at a time. */
static inline __attribute__((always_inline)) void LOCAL(add_across)(int count, const vec *sum,
                                                                    T *to) {
  UNROLLED
  for (int q = 0; q < count; q += LANES) {
    vec x[LANES];
    UNROLLED
    for (int i = 0; i < LANES; i++) x[i] = q + i < count ? sum[q + i] : (vec){0};
    LOCAL(square)(x);
    UNROLLED
    for (int half = LANES / 2; half > 0; half /= 2) {
      UNROLLED
      for (int i = 0; i < half; i++) x[i] += x[i + half];
    }
    *(vec *)(to + q) = x[0];
  }
}

/* to[i * cols + j] = sum over l of a(i,l) b(j,l). rows and cols are constants wherever it is
   called. */
static inline __attribute__((always_inline)) void LOCAL(inner)(int rows, int cols, int64_t k,
                                                               const T *a, int64_t a_row,
                                                               const T *b, int64_t b_row, T *to) {
  vec sum[ROWS * COLUMNS], x[COLUMNS], y;
  int rest = (int)(k % LANES);
  UNROLLED
  for (int q = 0; q < rows * cols; q++) sum[q] = (vec){0};
  for (int64_t l = k / LANES; l > 0; l--, a += LANES, b += LANES) {
    UNROLLED
    for (int j = 0; j < cols; j++) x[j] = *(const vec *)(b + j * b_row);
    UNROLLED
    for (int i = 0; i < rows; i++) {
      y = *(const vec *)(a + i * a_row);
      UNROLLED
      for (int j = 0; j < cols; j++) sum[i * cols + j] += y * x[j];
    }
  }
  if (rest > 0) {
    UNROLLED
    for (int j = 0; j < cols; j++) x[j] = LOCAL(load_part)(b + j * b_row, rest);
    UNROLLED
    for (int i = 0; i < rows; i++) {
      y = LOCAL(load_part)(a + i * a_row, rest);
      UNROLLED
      for (int j = 0; j < cols; j++) sum[i * cols + j] += y * x[j];
    }
  }
  LOCAL(add_across)(rows * cols, sum, to);
}

typedef void LOCAL(inner_fn)(int64_t k, const T *a, int64_t a_row, const T *b, int64_t b_row,
                             T *to);
#define DEFINE(r, s)                                                                               \
  static void LOCAL(inner_##r##_##s)(int64_t k, const T *a, int64_t a_row, const T *b,             \
                                     int64_t b_row, T *to) {                                       \
    LOCAL(inner)(r, s, k, a, a_row, b, b_row, to);                                                 \
  }
#define DEFINE_ROW(r) DEFINE(r, 1) DEFINE(r, 2) DEFINE(r, 3) DEFINE(r, 4)
DEFINE_ROW(1)
#if defined(__AVX512F__)
DEFINE_ROW(4)
#define WHOLE(s) LOCAL(inner_4_##s)
#else
DEFINE_ROW(2)
#define WHOLE(s) LOCAL(inner_2_##s)
#endif
/* By whether there are ROWS rows or one, and columns. */
static LOCAL(inner_fn) *const LOCAL(inners)[2][COLUMNS] = {
    {LOCAL(inner_1_1), LOCAL(inner_1_2), LOCAL(inner_1_3), LOCAL(inner_1_4)},
    {WHOLE(1), WHOLE(2), WHOLE(3), WHOLE(4)}};
#undef DEFINE
#undef DEFINE_ROW
#undef WHOLE

static void LOCAL(dots)(const tgi_product *p) {
  T sums[ROWS * COLUMNS + LANES];
  int64_t rows, cols;
  for (int64_t i = 0; i < p->m; i += rows) {
    rows = p->m - i < ROWS ? 1 : ROWS;
    for (int64_t j = 0; j < p->n; j += cols) {
      cols = tgi_least(COLUMNS, p->n - j);
      LOCAL(inners)
      [rows > 1][cols - 1](p->k, (const T *)p->a.data + i * p->a.row, p->a.row,
                           (const T *)p->b.data + j * p->b.col, p->b.col, sums);
      T *c = (T *)p->c.data + i * p->c.row + j * p->c.col;
      const T *add = p->add.data ? (const T *)p->add.data + i * p->add.row + j * p->add.col : NULL;
      for (int64_t q = 0; q < rows * cols; q++) {
        int64_t r = q / cols, s = q % cols;
        c[r * p->c.row + s * p->c.col] =
            add ? add[r * p->add.row + s * p->add.col] + sums[q] : sums[q];
      }
    }
  }
}
#undef ROWS
#undef COLUMNS
