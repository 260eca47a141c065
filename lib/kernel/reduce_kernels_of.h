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
static inline vec LOCAL(steps)(vec a, vec x, vec c) { return (void)c, STEP(a, x, c); }
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

/* One column, its elements side by side. */
static T LOCAL(along)(int64_t n, const char *x, T c) {
  const vec cs = LOCAL(all)(c), none = LOCAL(all)((T)(IDENTITY));
  vec sum[SUMS];
  for (int q = 0; q < SUMS; q++) sum[q] = none;
  int64_t i = 0;
  for (; i + SUMS * LANES <= n; i += SUMS * LANES, x += SUMS * 16)
    for (int q = 0; q < SUMS; q++) sum[q] = LOCAL(steps)(sum[q], LOCAL(vec_at)(x + q * 16), cs);
  const bool is_short = i == 0; /* all sums but the first are still the identity */
  for (; i + LANES <= n; i += LANES, x += 16) sum[0] = LOCAL(steps)(sum[0], LOCAL(vec_at)(x), cs);
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

/* `vectors` vectors of columns that lie side by side; a constant wherever it is called. Rows that
   are pages apart are beyond what a processor fetches ahead by itself. */
static inline void LOCAL(beside)(int vectors, int64_t n, const char *x, int64_t row, const T *c,
                                 T *to) {
  vec sum[SUMS], cs[SUMS];
  for (int q = 0; q < vectors; q++) sum[q] = LOCAL(all)((T)(IDENTITY));
  for (int q = 0; q < vectors; q++) cs[q] = *(const vec *)(c + q * LANES);
  for (int64_t i = 0; i < n; i++, x += row) {
    if (i + AHEAD < n)
      __builtin_prefetch(x + AHEAD * row), __builtin_prefetch(x + AHEAD * row + 64);
    for (int q = 0; q < vectors; q++)
      sum[q] = LOCAL(steps)(sum[q], LOCAL(vec_at)(x + q * 16), cs[q]);
  }
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

static void LOCAL(scan)(int64_t n, const char *x, int64_t stride, char *dst, int64_t dst_stride) {
  T total = (T)(IDENTITY);
  for (int64_t i = 0; i < n; i++) {
    total = LOCAL(join)(total, LOCAL(at)(x + i * stride));
    *(T *)(void *)(dst + i * dst_stride) = total;
  }
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
#undef T
#undef NAME
#undef MASK
