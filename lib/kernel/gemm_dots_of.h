/* Included by gemm_kernel.c once per T: inner products of rows by rows, vectors along k. */

/* Sums of ROWS x COLUMNS products are held in registers; fewer rows are two, or one. */
#define COLUMNS 4
#if defined(__AVX512F__)
#define ROWS 6
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
DEFINE_ROW(2)
#if ROWS > 2
DEFINE_ROW(6)
#define WHOLE(s) LOCAL(inner_6_##s)
#else
#define WHOLE(s) LOCAL(inner_2_##s)
#endif
/* By rows (one, two, ROWS) and columns. */
static LOCAL(inner_fn) *const LOCAL(inners)[3][COLUMNS] = {
    {LOCAL(inner_1_1), LOCAL(inner_1_2), LOCAL(inner_1_3), LOCAL(inner_1_4)},
    {LOCAL(inner_2_1), LOCAL(inner_2_2), LOCAL(inner_2_3), LOCAL(inner_2_4)},
    {WHOLE(1), WHOLE(2), WHOLE(3), WHOLE(4)}};
#undef DEFINE
#undef DEFINE_ROW
#undef WHOLE

/* c = add + sums [rows, cols]; add NULL: 0. */
static void LOCAL(store_each)(int64_t rows, int64_t cols, const T *sums, tgi_matrix add,
                              tgi_matrix to) {
  T *c = to.data;
  const T *start = add.data;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t s = 0; s < cols; s++) {
      T sum = *sums++;
      c[r * to.row + s * to.col] = start ? start[r * add.row + s * add.col] + sum : sum;
    }
  }
}

/* The same for COLUMNS columns that are contiguous. */
static void LOCAL(store_rows)(int64_t rows, const T *sums, tgi_matrix add, tgi_matrix to) {
  const T *start = add.data;
  for (int64_t r = 0; r < rows; r++, sums += COLUMNS) {
    quad sum = *(const quad *)sums;
    if (start) sum = *(const quad *)(start + r * add.row) + sum;
    *(quad *)((T *)to.data + r * to.row) = sum;
  }
}

/* C's rows from i: all their columns. */
static void LOCAL(dots_of_rows)(const tgi_product *p, int64_t i, int64_t rows,
                                LOCAL(inner_fn) *const *inners) {
  T sums[ROWS * COLUMNS + LANES];
  const T *a = (const T *)p->a.data + i * p->a.row;
  for (int64_t j = 0, cols; j < p->n; j += cols) {
    cols = tgi_least(COLUMNS, p->n - j);
    inners[cols - 1](p->k, a, p->a.row, (const T *)p->b.data + j * p->b.col, p->b.col, sums);
    tgi_matrix c = p->c, add = p->add;
    c.data = tgi_matrix_at(c, sizeof(T), i, j);
    if (add.data) add.data = tgi_matrix_at(add, sizeof(T), i, j);
    if (cols == COLUMNS && c.col == 1)
      LOCAL(store_rows)(rows, sums, add, c);
    else
      LOCAL(store_each)(rows, cols, sums, add, c);
  }
}

static void LOCAL(dots)(const tgi_product *p) {
  int64_t i = 0;
  for (; i + ROWS <= p->m; i += ROWS) LOCAL(dots_of_rows)(p, i, ROWS, LOCAL(inners)[2]);
  for (; i + 2 <= p->m; i += 2) LOCAL(dots_of_rows)(p, i, 2, LOCAL(inners)[1]);
  if (i < p->m) LOCAL(dots_of_rows)(p, i, 1, LOCAL(inners)[0]);
}
#undef ROWS
#undef COLUMNS
