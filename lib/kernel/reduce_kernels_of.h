/* Included by reduce_kernels.c for each KIND of reduction and dtype, of C type T: gives the
   constant KIND_NAME of kernels. Vectors have 16 bytes whatever the processor, so that the order of
   the additions is everywhere the same. */

#define LOCAL(name) PASTE(KIND, NAME, name)
#define LANES       (16 / (int)sizeof(T))
#define vec         LOCAL(vec)
#define mask        LOCAL(mask)

enum { LOCAL(SUMS) = 8 }; /* vectors that are filled side by side */
#define SUMS LOCAL(SUMS)

typedef T vec __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));

#ifdef BEATS
typedef MASK mask __attribute__((vector_size(16)));
static inline T LOCAL(step)(T a, T x, T c) { return (void)c, ((BEATS(x, a)) | IS_NAN(x)) ? x : a; }
static inline vec LOCAL(choose)(mask m, vec a, vec b) {
  return (vec)((m & (mask)a) | (~m & (mask)b));
}
/* BEST, where it is there, is an instruction for the first choice. Without SSE4, gcc takes a choice
   by two comparisons apart, lane by lane. */
static inline vec LOCAL(steps)(vec a, vec x, vec c) {
#ifdef BEST
  const vec best = BEST(x, a);
#else
  const vec best = LOCAL(choose)((mask)(BEATS(x, a)), x, a);
#endif
  return (void)c, LOCAL(choose)((mask)IS_NAN(x), x, best);
}
static inline T LOCAL(join)(T a, T b) { return LOCAL(step)(a, b, b); }
static inline vec LOCAL(joins)(vec a, vec b) { return LOCAL(steps)(a, b, b); }
#else
static inline T LOCAL(step)(T a, T x, T c) { return (void)c, (T)STEP(a, x, c); }
static inline vec LOCAL(steps)(vec a, vec x, vec c) { return (void)c, STEPS(a, x, c); }
static inline T LOCAL(join)(T a, T b) { return (T)FOLD(a, b); }
static inline vec LOCAL(joins)(vec a, vec b) { return FOLD(a, b); }
#endif

static inline vec LOCAL(all)(T value) {
  vec v;
  for (int q = 0; q < LANES; q++) v[q] = value;
  return v;
}

static inline T LOCAL(at)(const char *x) { return *(const T *)(const void *)x; }
static inline vec LOCAL(vec_at)(const char *x) { return *(const vec *)(const void *)x; }

/* sum[q] = reduction over n rows of `vectors` vectors, a constant wherever it is called. Rows that
   are `far`, pages apart, are beyond what a processor fetches ahead by itself. */
static inline void LOCAL(all_rows)(int vectors, int64_t n, const char *x, int64_t row, bool far,
                                   const vec cs[], vec sum[]) {
  for (int q = 0; q < vectors; q++) sum[q] = LOCAL(all)((T)(IDENTITY));
  for (int64_t i = 0; i < n; i++, x += row) {
    if (far && i + AHEAD < n)
      __builtin_prefetch(x + AHEAD * row), __builtin_prefetch(x + AHEAD * row + 64);
    for (int q = 0; q < vectors; q++)
      sum[q] = LOCAL(steps)(sum[q], LOCAL(vec_at)(x + q * 16), cs[q]);
  }
}

/* NaNs are rare, and without them a choice is one instruction: only where one was met are the rows
   walked again, with an eye on each element. */
#ifdef EITHER_NAN
static inline bool LOCAL(rows_without_nan)(int vectors, int64_t n, const char *x, int64_t row,
                                           bool far, vec sum[]) {
  mask nan = {0};
  for (int q = 0; q < vectors; q++) sum[q] = LOCAL(all)((T)(IDENTITY));
  for (int64_t i = 0; i < n; i++, x += row) {
    if (far && i + AHEAD < n)
      __builtin_prefetch(x + AHEAD * row), __builtin_prefetch(x + AHEAD * row + 64);
    for (int q = 0; q < vectors; q += 2) {
      const int other = q + 1 < vectors ? q + 1 : q;
      const vec a = LOCAL(vec_at)(x + q * 16), b = LOCAL(vec_at)(x + other * 16);
      nan |= (mask)EITHER_NAN(a, b);
      sum[q] = BEST(a, sum[q]);
      if (other != q) sum[other] = BEST(b, sum[other]);
    }
  }
  bool any = false;
  for (int lane = 0; lane < LANES; lane++) any |= nan[lane] != 0;
  return !any;
}
static inline void LOCAL(rows)(int vectors, int64_t n, const char *x, int64_t row, bool far,
                               const vec cs[], vec sum[]) {
  if (!LOCAL(rows_without_nan)(vectors, n, x, row, far, sum))
    LOCAL(all_rows)(vectors, n, x, row, far, cs, sum);
}
#else
static inline void LOCAL(rows)(int vectors, int64_t n, const char *x, int64_t row, bool far,
                               const vec cs[], vec sum[]) {
  LOCAL(all_rows)(vectors, n, x, row, far, cs, sum);
}
#endif

/* One column, its elements side by side. */
static T LOCAL(along)(int64_t n, const char *x, T c) {
  const vec none = LOCAL(all)((T)(IDENTITY));
  vec sum[SUMS], cs[SUMS];
  for (int q = 0; q < SUMS; q++) cs[q] = LOCAL(all)(c);
  const int64_t rows = n / (SUMS * LANES);
  LOCAL(rows)(SUMS, rows, x, SUMS * 16, false, cs, sum);
  int64_t i = rows * SUMS * LANES;
  x += rows * SUMS * 16;
  const bool is_short = i == 0; /* all sums but the first are still the identity */
  for (; i + LANES <= n; i += LANES, x += 16)
    sum[0] = LOCAL(steps)(sum[0], LOCAL(vec_at)(x), cs[0]);
  if (is_short) sum[0] = LOCAL(joins)(sum[0], none);
  for (int half = is_short ? 0 : SUMS / 2; half > 0; half /= 2)
    for (int q = 0; q < half; q++) sum[q] = LOCAL(joins)(sum[q], sum[q + half]);
  T total = sum[0][0];
  for (int q = 1; q < LANES; q++) total = LOCAL(join)(total, sum[0][q]);
  for (; i < n; i++, x += sizeof(T)) total = LOCAL(step)(total, LOCAL(at)(x), c);
  return total;
}

/* One column, its elements `row` bytes apart. */
static T LOCAL(apart)(int64_t n, const char *x, int64_t row, T c) {
  T sum[4];
  for (int q = 0; q < 4; q++) sum[q] = (T)(IDENTITY);
  int64_t i = 0;
  for (; i + 4 <= n; i += 4, x += 4 * row)
    for (int q = 0; q < 4; q++) sum[q] = LOCAL(step)(sum[q], LOCAL(at)(x + q * row), c);
  for (; i < n; i++, x += row) sum[0] = LOCAL(step)(sum[0], LOCAL(at)(x), c);
  return LOCAL(join)(LOCAL(join)(sum[0], sum[1]), LOCAL(join)(sum[2], sum[3]));
}

/* `vectors` vectors of columns that lie side by side; a constant wherever it is called. */
static inline void LOCAL(beside)(int vectors, int64_t n, const char *x, int64_t row, const T *c,
                                 T *to) {
  vec sum[SUMS], cs[SUMS];
  for (int q = 0; q < vectors; q++) cs[q] = *(const vec *)(c + q * LANES);
  LOCAL(rows)(vectors, n, x, row, true, cs, sum);
  for (int q = 0; q < vectors; q++) *(vec *)(to + q * LANES) = sum[q];
}

static void LOCAL(leaf)(int64_t w, int64_t n, const char *x, int64_t col, int64_t row,
                        const void *about, void *to) {
  const T *c = about;
  T *y = to;
  int64_t j = 0;
  if (row == sizeof(T) && col != sizeof(T)) {
    for (; j < w; j++) y[j] = LOCAL(along)(n, x + j * col, c[j]);
  } else if (col == sizeof(T)) {
    for (; j + SUMS * LANES <= w; j += SUMS * LANES)
      LOCAL(beside)(SUMS, n, x + j * col, row, c + j, y + j);
    for (; j + LANES <= w; j += LANES) LOCAL(beside)(1, n, x + j * col, row, c + j, y + j);
  }
  for (; j < w; j++) y[j] = LOCAL(apart)(n, x + j * col, row, c[j]);
}

static void LOCAL(fold)(int64_t w, void *to, const void *from) {
  T *y = to;
  const T *x = from;
  for (int64_t j = 0; j < w; j++) y[j] = LOCAL(join)(y[j], x[j]);
}

static void LOCAL(store)(int64_t w, const void *from, char *dst, int64_t stride, bool accumulate) {
  const T *x = from;
  for (int64_t j = 0; j < w; j++) {
    T *y = (T *)(void *)(dst + j * stride);
    *y = accumulate ? LOCAL(join)(*y, x[j]) : x[j];
  }
}

/* One row of w columns: their totals go on, and into y. */
static inline void LOCAL(scan_row)(int64_t w, T *restrict total, const T *restrict x, int64_t step,
                                   T *restrict y, int64_t to_step, bool accumulate) {
  for (int64_t j = 0; j < w; j++) {
    total[j] = LOCAL(join)(total[j], x[j * step]);
    y[j * to_step] = accumulate ? LOCAL(join)(y[j * to_step], total[j]) : total[j];
  }
}

/* dst[i] = x[0] o ... o x[i] in w columns, which advance together. w and the steps, in elements,
   are constants where they can be. */
static inline void LOCAL(scan_some)(int64_t w, int64_t n, const char *x, int64_t step, int64_t row,
                                    char *dst, int64_t to_step, int64_t to_row, bool accumulate) {
  T total[TGI_REDUCE_WIDTH];
  for (int64_t j = 0; j < w; j++) total[j] = (T)(IDENTITY);
  for (int64_t i = 0; i < n; i++, x += row, dst += to_row) LOCAL(scan_row)
  (w, total, (const T *)(const void *)x, step, (T *)(void *)dst, to_step, accumulate);
}

static void LOCAL(scan)(int64_t w, int64_t n, const char *x, int64_t col, int64_t row, char *dst,
                        int64_t to_col, int64_t to_row, bool accumulate) {
  const int64_t size = sizeof(T), step = col / size, to_step = to_col / size, few = TGI_LINES_FEW;
  int64_t j = 0;
  if (w >= few && step == 1 && to_step == 1) {
    LOCAL(scan_some)(w, n, x, 1, row, dst, 1, to_row, accumulate);
    return;
  }
  for (; j + few <= w; j += few)
    LOCAL(scan_some)(few, n, x + j * col, step, row, dst + j * to_col, to_step, to_row, accumulate);
  for (; j < w; j++)
    LOCAL(scan_some)(1, n, x + j * col, step, row, dst + j * to_col, to_step, to_row, accumulate);
}

#define KERNELS_(kind, name) kind##_##name
#define KERNELS(kind, name)  KERNELS_(kind, name)
static const tgi_reduce_kernels KERNELS(KIND, NAME) = {LOCAL(leaf), LOCAL(fold), LOCAL(store),
                                                       LOCAL(scan)};

#undef KERNELS_
#undef KERNELS
#undef LOCAL
#undef LANES
#undef SUMS
#undef vec
#undef mask
#undef BEST
#undef EITHER_NAN
#undef T
#undef NAME
#undef MASK
