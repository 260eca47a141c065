/* Reductions against plain loops in long double: every kind and dtype, any shape and strides, the
   same bits on any number of threads. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/reduce.h"
#include "support.h"

static uint64_t seed;
static int64_t draw_below(int64_t n) {
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return (int64_t)((seed >> 33) % (uint64_t)n);
}

static const tg_runtime *plain(void) { return tgi_runtime(NULL); }

static const tg_dtype dtypes[] = {TG_F32, TG_F64, TG_I64, TG_I32, TG_U8, TG_BOOL};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

/* A tensor with axes in any order in memory, with gaps, steps backward and repeated elements; free
   `memory`. Without `repeats` no two elements share memory. */
typedef struct strided {
  tg_tensor x;
  void *memory;
} strided;

static strided strided_of(tg_dtype dtype, int rank, const int64_t dims[], bool repeats) {
  strided s = {.x = {.dtype = dtype, .rank = rank}};
  int order[TG_MAX_RANK] = {0};
  for (int k = 0; k < rank; k++) {
    int at = (int)draw_below(k + 1);
    order[k] = order[at];
    order[at] = k;
  }
  int64_t size = 1 + draw_below(2), start = 0;
  for (int k = 0; k < rank; k++) {
    int axis = order[k];
    int64_t dim = s.x.dims[axis] = dims[axis];
    int way = (int)draw_below(repeats ? 8 : 7);
    s.x.strides[axis] = way == 7 ? 0 : way == 6 ? -size : size;
    if (way == 6 && dim > 0) start += (dim - 1) * size;
    if (way != 7) size *= (dim > 0 ? dim : 1) + (way == 5);
  }
  size_t bytes = tg_dtype_size(dtype);
  s.memory = calloc((size_t)size + 1, bytes);
  s.x.data = (char *)s.memory + start * (int64_t)bytes;
  return s;
}

/* Integers of few values, so that there are ties, and fractions for floats. */
static void fill(const tg_tensor *x) {
  bool fraction = tg_dtype_is_float(x->dtype);
  int64_t n = tg_tensor_numel(x), values = x->dtype == TG_BOOL ? 2 : 15;
  for (int64_t i = 0; i < n; i++)
    tg_tensor_put(x, i,
                  fraction ? (double)draw_below(4001) / 1000 - 2 : (double)draw_below(values));
}

/* Mostly short axes, some long and some empty; at most a few ten thousand elements. */
static int draw_dims(int64_t dims[]) {
  int rank = (int)draw_below(5), wide = 2;
  for (int k = 0; k < rank; k++) {
    bool is_wide = draw_below(4) == 0 && wide-- > 0;
    dims[k] = draw_below(12) == 0 ? draw_below(2) : 1 + draw_below(is_wide ? 90 : 7);
  }
  return rank;
}

/* The position in dst of what element i of x is reduced to. */
static int64_t place_in(const tg_tensor *dst, const tg_tensor *x, int64_t i) {
  int64_t place = 0, size = 1;
  for (int k = x->rank - 1; k >= 0; k--) {
    int at = k - (x->rank - dst->rank);
    if (at >= 0) {
      if (dst->dims[at] != 1) place += i % x->dims[k] * size;
      size *= dst->dims[at];
    }
    i /= x->dims[k];
  }
  return place;
}

/* ---- the kinds ---- */

typedef struct kind {
  const char *name;
  const tgi_reduction *reduction;
  long double start, (*step)(long double a, long double x);
} kind;

static long double sum_step(long double a, long double x) { return a + x; }
static long double prod_step(long double a, long double x) { return a * x; }
static long double max_step(long double a, long double x) { return x > a ? x : a; }
static long double min_step(long double a, long double x) { return x < a ? x : a; }

static const kind kinds[] = {{"sum", &tgi_sum, 0, sum_step},
                             {"prod", &tgi_prod, 1, prod_step},
                             {"max", &tgi_max, -1e30L, max_step},
                             {"min", &tgi_min, 1e30L, min_step}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What a dtype makes of a value that fits an i64: integers wrap. */
static long double as_dtype(tg_dtype dtype, long double value) {
  if (dtype == TG_U8) return (uint8_t)(int64_t)value;
  return dtype == TG_I32 ? (int32_t)(uint32_t)(uint64_t)(int64_t)value : value;
}

/* dst [rank <= x's] of x's dtype where some axes are 1. */
static strided target_of(const tg_tensor *x) {
  int64_t dims[TG_MAX_RANK];
  int cut = x->rank > 0 ? (int)draw_below(3) * (int)draw_below(2) : 0;
  if (cut > x->rank) cut = x->rank;
  for (int k = cut; k < x->rank; k++) dims[k - cut] = draw_below(2) ? 1 : x->dims[k];
  return strided_of(x->dtype, x->rank - cut, dims, false);
}

static void check_reduce(const kind *how, const tg_tensor *x, const tg_tensor *dst, double beta) {
  int64_t n = tg_tensor_numel(x), results = tg_tensor_numel(dst);
  long double *expected = calloc((size_t)results + 1, sizeof *expected);
  long double *size = calloc((size_t)results + 1, sizeof *size);
  for (int64_t i = 0; i < results; i++)
    expected[i] = beta == 0 ? how->start : (long double)tg_tensor_at(dst, i);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = place_in(dst, x, i);
    long double element = tg_tensor_at(x, i);
    expected[at] = how->step(expected[at], element);
    size[at] += how->reduction == &tgi_sum ? fabsl(element) : 0;
  }
  ck_assert_int_eq(tgi_reduce(plain(), how->reduction, dst, x, beta), TG_OK);
  double eps = x->dtype == TG_F32 ? FLT_EPSILON : x->dtype == TG_F64 ? DBL_EPSILON : 0;
  for (int64_t i = 0; i < results; i++) {
    long double e = as_dtype(x->dtype, expected[i]), got = tg_tensor_at(dst, i);
    if (n == 0 && how->reduction != &tgi_sum && how->reduction != &tgi_prod) continue;
    long double scale = size[i] + fabsl(e);
    ck_assert_msg(fabsl(got - e) <= 40 * eps * scale,
                  "%s %s beta %g, %lld elements: %.9Lg at %lld, expected %.9Lg", how->name,
                  tg_dtype_name(x->dtype), beta, (long long)n, got, (long long)i, e);
  }
  free(expected), free(size);
}

START_TEST(test_random_shapes) {
  const kind *how = &kinds[_i / DTYPES];
  tg_dtype dtype = dtypes[_i % DTYPES];
  /* At most 14^16 fits an i64. */
  bool product = how->reduction == &tgi_prod;
  if (dtype == TG_BOOL && (how->reduction == &tgi_sum || product)) return;
  seed = (uint64_t)_i + 1;
  for (int trial = 0; trial < 300; trial++) {
    int64_t dims[TG_MAX_RANK];
    int rank = draw_dims(dims);
    for (int k = 0; product && k < rank; k++)
      if (dims[k] > 2) dims[k] = 2;
    strided x = strided_of(dtype, rank, dims, true), dst = target_of(&x.x);
    double beta = (double)draw_below(2) * !product;
    fill(&x.x), fill(&dst.x);
    for (int64_t i = 0; beta == 0 && tg_dtype_is_float(dtype) && i < tg_tensor_numel(&dst.x); i++)
      tg_tensor_put(&dst.x, i, (double)NAN);
    check_reduce(how, &x.x, &dst.x, beta);
    free(x.memory), free(dst.memory);
  }
}
END_TEST

/* ---- large ones ---- */

static const int64_t large[][2] = {{1, 300000}, {300000, 1}, {5000, 67}, {67, 5000}, {3, 70001},
                                   {70001, 3},  {900, 700},  {1, 33},    {171, 3}};
enum { LARGE = sizeof large / sizeof *large };

/* Rows and columns; longer than leaves, tiles, parts and groups. */
START_TEST(test_large) {
  seed = 9;
  for (int way = 0; way < 6; way++) {
    tg_dtype dtype = dtypes[way % 2];
    tg_tensor x = {.dtype = dtype,
                   .rank = 2,
                   .dims = {large[_i][0], large[_i][1]},
                   .strides = {large[_i][1], 1}};
    x.data = calloc((size_t)tg_tensor_numel(&x), 8);
    fill(&x);
    int64_t dims[2] = {way / 2 == 1 ? x.dims[0] : 1, way / 2 == 2 ? x.dims[1] : 1};
    void *memory = calloc((size_t)(dims[0] * dims[1]), 8);
    tg_tensor dst = tg_tensor_of(memory, dtype, 2, dims);
    for (int k = 0; k < KINDS; k++)
      if (kinds[k].reduction != &tgi_prod) check_reduce(&kinds[k], &x, &dst, 0);
    free(x.data), free(memory);
  }
}
END_TEST

START_TEST(test_same_bits_on_any_threads) {
  seed = 10;
  tg_tensor x = {.dtype = TG_F32,
                 .rank = 2,
                 .dims = {large[_i][0], large[_i][1]},
                 .strides = {large[_i][1], 1}};
  x.data = calloc((size_t)tg_tensor_numel(&x), sizeof(float));
  fill(&x);
  for (int way = 0; way < 3; way++) {
    int64_t dims[2] = {way == 1 ? x.dims[0] : 1, way == 2 ? x.dims[1] : 1};
    float *y[3];
    for (int threads = 1; threads <= 3; threads++) {
      tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.threads = threads}, NULL);
      y[threads - 1] = calloc((size_t)(dims[0] * dims[1]), sizeof(float));
      tg_tensor dst = tg_tensor_of(y[threads - 1], TG_F32, 2, dims);
      ck_assert_int_eq(tgi_reduce(r, &tgi_sum, &dst, &x, 0), TG_OK);
      tg_runtime_free(r);
    }
    ck_assert_mem_eq(y[0], y[1], (size_t)(dims[0] * dims[1]) * sizeof(float));
    ck_assert_mem_eq(y[0], y[2], (size_t)(dims[0] * dims[1]) * sizeof(float));
    free(y[0]), free(y[1]), free(y[2]);
  }
  free(x.data);
}
END_TEST

/* A million times 0.1 in f32: added one by one it is off by 1e-2, in a tree by 1e-7. */
START_TEST(test_sum_is_accurate) {
  enum { N = 1000000 };
  float *data = malloc(N * sizeof *data), row = 0, column = 0, apart = 0;
  for (int i = 0; i < N; i++) data[i] = 0.1F;
  tg_tensor y = tg_tensor_of(&row, TG_F32, 0, NULL);
  tg_tensor x = tg_tensor_of(data, TG_F32, 1, (const int64_t[]){N});
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 0), TG_OK);
  ck_assert_float_eq_tol(row, 1e5F, 0.05F);
  float columns[2];
  y = tg_tensor_of(columns, TG_F32, 1, (const int64_t[]){2});
  x = tg_tensor_of(data, TG_F32, 2, (const int64_t[]){N / 2, 2});
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 0), TG_OK);
  column = columns[1];
  ck_assert_float_eq_tol(column, 5e4F, 0.03F);
  x.rank = 1, x.strides[0] = 2, y = tg_tensor_of(&apart, TG_F32, 0, NULL);
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 0), TG_OK);
  ck_assert_float_eq_tol(apart, 5e4F, 0.03F);
  free(data);
}
END_TEST

/* ---- columns side by side ---- */

/* Each column from its first element to its last, whatever w is, and nothing beside it. */
static void check_columns(const tgi_columns *columns, bool squares, int64_t w, int64_t n) {
  enum { ROW = 150, MOST = 5 };
  float f[MOST * ROW], f_to[ROW], f_expected[ROW];
  double d[MOST * ROW], d_to[ROW], d_expected[ROW];
  for (int64_t i = 0; i < MOST * ROW; i++) f[i] = (float)(d[i] = (double)draw_below(1000) / 999);
  for (int64_t j = 0; j < ROW; j++) {
    f_to[j] = f_expected[j] = f[j] / 3, d_to[j] = d_expected[j] = d[j] / 3;
    for (int64_t i = 0; i < n && j < w; i++) {
      const float u = f[i * ROW + j], u_off = u - f[j];
      const double v = d[i * ROW + j], v_off = v - d[j];
      f_expected[j] += squares ? u_off * u_off : u;
      d_expected[j] += squares ? v_off * v_off : v;
    }
  }
  (squares ? columns[TG_F32].squares : columns[TG_F32].sum)(w, n, f, ROW, f, f_to);
  (squares ? columns[TG_F64].squares : columns[TG_F64].sum)(w, n, d, ROW, d, d_to);
  ck_assert_mem_eq(f_to, f_expected, sizeof f_to);
  ck_assert_mem_eq(d_to, d_expected, sizeof d_to);
}

START_TEST(test_columns) {
  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.isa = (tg_isa)_i}, NULL);
  const tgi_columns columns[] = {[TG_F32] = *tgi_columns_for(tg_runtime_isa(r), TG_F32),
                                 [TG_F64] = *tgi_columns_for(tg_runtime_isa(r), TG_F64)};
  seed = 50;
  for (int64_t w = 0; w < 150; w++)
    for (int64_t n = 0; n <= 5; n++)
      for (int squares = 0; squares < 2; squares++) check_columns(columns, squares, w, n);
  tg_runtime_free(r);
}
END_TEST

/* ---- conventions ---- */

/* Wherever a NaN stands in a row, a column or a strided line of n, it is the result. */
START_TEST(test_nan_is_extreme) {
  enum { N = 150 };
  float data[2 * N], y = 0;
  tg_tensor dst = tg_tensor_of(&y, TG_F32, 1, (const int64_t[]){1});
  for (int at = 0; at < N; at++) {
    for (int step = 1; step <= 2; step++) {
      for (int i = 0; i < 2 * N; i++) data[i] = (float)((i * 7) % 31);
      data[at * step] = NAN;
      tg_tensor x = tg_tensor_of(data, TG_F32, 1, (const int64_t[]){N});
      x.strides[0] = step;
      ck_assert_int_eq(tgi_reduce(plain(), &tgi_max, &dst, &x, 0), TG_OK);
      ck_assert(isnan(y));
      ck_assert_int_eq(tgi_reduce(plain(), &tgi_min, &dst, &x, 0), TG_OK);
      ck_assert(isnan(y));
    }
  }
}
END_TEST

/* Columns side by side, in vectors and beyond them: one of them has the NaN. */
START_TEST(test_nan_is_extreme_in_its_column) {
  enum { ROWS = 70, COLUMNS = 41 };
  static float data[ROWS * COLUMNS];
  float y[COLUMNS];
  const tg_tensor x = tg_tensor_of(data, TG_F32, 2, (const int64_t[]){ROWS, COLUMNS}),
                  dst = tg_tensor_of(y, TG_F32, 1, (const int64_t[]){COLUMNS});
  for (int at = 0; at < ROWS * COLUMNS; at += 13) {
    for (int i = 0; i < ROWS * COLUMNS; i++) data[i] = (float)(i / COLUMNS + i % COLUMNS);
    data[at] = NAN;
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_max, &dst, &x, 0), TG_OK);
    for (int j = 0; j < COLUMNS; j++)
      ck_assert(j == at % COLUMNS ? isnan(y[j]) : y[j] == (float)(ROWS - 1 + j));
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_min, &dst, &x, 0), TG_OK);
    for (int j = 0; j < COLUMNS; j++) ck_assert(j == at % COLUMNS ? isnan(y[j]) : y[j] == (float)j);
  }
}
END_TEST

START_TEST(test_nothing) {
  for (int d = 0; d < DTYPES; d++) {
    tg_dtype dtype = dtypes[d];
    double memory[3] = {0};
    tg_tensor x = tg_tensor_of(memory, dtype, 2, (const int64_t[]){0, 3});
    tg_tensor y = tg_tensor_of(memory, dtype, 2, (const int64_t[]){1, 3});
    const double ends[][2] = {{-INFINITY, INFINITY},
                              {-INFINITY, INFINITY},
                              {(double)INT64_MIN, (double)INT64_MAX},
                              {INT32_MIN, INT32_MAX},
                              {0, 255},
                              {0, 1}};
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_max, &y, &x, 0), TG_OK);
    ck_assert(tg_tensor_at(&y, 2) == ends[d][0]);
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_min, &y, &x, 0), TG_OK);
    ck_assert(tg_tensor_at(&y, 2) == ends[d][1]);
    if (dtype == TG_BOOL) continue;
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_prod, &y, &x, 0), TG_OK);
    ck_assert(tg_tensor_at(&y, 2) == 1);
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 1), TG_OK);
    ck_assert(tg_tensor_at(&y, 2) == 1);
    ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 0), TG_OK);
    ck_assert(tg_tensor_at(&y, 2) == 0);
  }
}
END_TEST

START_TEST(test_integers_wrap) {
  int64_t a[70], b = 0;
  int32_t c[] = {INT32_MAX, 3, 2}, d = 0;
  uint64_t product = 1;
  for (int i = 0; i < 70; i++) a[i] = INT64_MAX - i, product *= (uint64_t)a[i] | 1;
  for (int i = 0; i < 70; i++) a[i] |= 1;
  tg_tensor x = tg_tensor_of(a, TG_I64, 1, (const int64_t[]){70}),
            y = tg_tensor_of(&b, TG_I64, 0, NULL);
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_prod, &y, &x, 0), TG_OK);
  ck_assert_int_eq(b, (int64_t)product);
  x = tg_tensor_of(c, TG_I32, 1, (const int64_t[]){3}), y = tg_tensor_of(&d, TG_I32, 0, NULL);
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 0), TG_OK);
  ck_assert_int_eq(d, INT32_MIN + 4);
}
END_TEST

START_TEST(test_refused) {
  double memory[12] = {0};
  tg_tensor x = tg_tensor_of(memory, TG_F64, 2, (const int64_t[]){3, 4});
  tg_tensor y = tg_tensor_of(memory, TG_F64, 2, (const int64_t[]){3, 2});
  tg_tensor z = tg_tensor_of(memory, TG_F64, 3, (const int64_t[]){1, 1, 4});
  tg_tensor f = tg_tensor_of(memory, TG_F32, 1, (const int64_t[]){4});
  tg_tensor b = tg_tensor_of(memory, TG_BOOL, 1, (const int64_t[]){4});
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &y, &x, 0), TG_SHAPE);
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &z, &x, 0), TG_SHAPE);
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &f, &x, 0), TG_DTYPE);
  ck_assert_int_eq(tgi_reduce(plain(), &tgi_sum, &b, &b, 0), TG_DTYPE);
  ck_assert_int_eq(tgi_reduce_squares(plain(), &f, &f, &y), TG_DTYPE);
  ck_assert_int_eq(tgi_reduce_squares(plain(), &y, &x, &z), TG_SHAPE);
  ck_assert_int_eq(tgi_argreduce(plain(), true, &f, &x, 1), TG_DTYPE);
  ck_assert_int_eq(tgi_cumulate(plain(), &tgi_sum, &y, &x, 1, 0), TG_SHAPE);
  ck_assert_int_eq(tgi_cumulate(plain(), &tgi_sum, &f, &x, 1, 0), TG_DTYPE);
}
END_TEST

/* ---- squares about a mean ---- */

START_TEST(test_squares) {
  seed = (uint64_t)_i + 20;
  tg_dtype dtype = dtypes[_i];
  for (int trial = 0; trial < 200; trial++) {
    int64_t dims[TG_MAX_RANK];
    strided x = strided_of(dtype, draw_dims(dims), dims, true), dst = target_of(&x.x);
    strided mean = strided_of(dtype, dst.x.rank, dst.x.dims, true);
    fill(&x.x), fill(&mean.x);
    int64_t results = tg_tensor_numel(&dst.x);
    long double *expected = calloc((size_t)results + 1, sizeof *expected);
    for (int64_t i = 0; i < tg_tensor_numel(&x.x); i++) {
      int64_t at = place_in(&dst.x, &x.x, i);
      long double off = (long double)tg_tensor_at(&x.x, i) - tg_tensor_at(&mean.x, at);
      expected[at] += off * off;
    }
    ck_assert_int_eq(tgi_reduce_squares(plain(), &dst.x, &x.x, &mean.x), TG_OK);
    for (int64_t i = 0; i < results; i++)
      ck_assert(fabsl(tg_tensor_at(&dst.x, i) - expected[i]) <=
                40 * (_i == 0 ? FLT_EPSILON : DBL_EPSILON) * expected[i]);
    free(expected), free(x.memory), free(dst.memory), free(mean.memory);
  }
}
END_TEST

/* ---- how many equal a number ---- */

START_TEST(test_equals) {
  seed = (uint64_t)_i + 50;
  for (int trial = 0; trial < 200; trial++) {
    int64_t dims[TG_MAX_RANK];
    strided x = strided_of(dtypes[_i], draw_dims(dims), dims, true), dst = target_of(&x.x);
    strided y = strided_of(dtypes[_i], dst.x.rank, dst.x.dims, true);
    for (int64_t i = 0; i < tg_tensor_numel(&x.x); i++)
      tg_tensor_put(&x.x, i, (double)draw_below(3));
    for (int64_t i = 0; i < tg_tensor_numel(&y.x); i++)
      tg_tensor_put(&y.x, i, draw_below(9) ? (double)draw_below(3) : (double)NAN);
    int64_t results = tg_tensor_numel(&dst.x);
    double *expected = calloc((size_t)results + 1, sizeof *expected);
    for (int64_t i = 0; i < tg_tensor_numel(&x.x); i++) {
      int64_t at = place_in(&dst.x, &x.x, i);
      expected[at] += tg_tensor_at(&x.x, i) == tg_tensor_at(&y.x, at);
    }
    ck_assert_int_eq(tgi_reduce_equals(plain(), &dst.x, &x.x, &y.x), TG_OK);
    for (int64_t i = 0; i < results; i++) ck_assert_double_eq(tg_tensor_at(&dst.x, i), expected[i]);
    free(expected), free(x.memory), free(dst.memory), free(y.memory);
  }
}
END_TEST

/* ---- along an axis ---- */

/* x's element `i` along the axis in the line to which position `at` of its first elements leads. */
static double along(const tg_tensor *x, int axis, int64_t at, int64_t i) {
  tg_tensor line = *x;
  line.data = (char *)x->data + i * x->strides[axis] * (int64_t)tg_dtype_size(x->dtype);
  line.dims[axis] = 1;
  return tg_tensor_at(&line, at);
}

START_TEST(test_argreduce) {
  seed = (uint64_t)_i + 30;
  tg_dtype dtype = dtypes[_i];
  for (int trial = 0; trial < 300; trial++) {
    int64_t dims[TG_MAX_RANK];
    int rank = draw_dims(dims);
    if (rank == 0) continue;
    int axis = (int)draw_below(rank);
    bool largest = draw_below(2) != 0, nans = tg_dtype_is_float(dtype) && trial % 3 == 0;
    strided x = strided_of(dtype, rank, dims, true);
    fill(&x.x);
    for (int64_t i = 0; nans && i < tg_tensor_numel(&x.x); i += 7)
      tg_tensor_put(&x.x, i, (double)NAN);
    int64_t n = dims[axis];
    dims[axis] = 1;
    strided dst = strided_of(TG_I64, rank, dims, false);
    ck_assert_int_eq(tgi_argreduce(plain(), largest, &dst.x, &x.x, axis), n > 0 ? TG_OK : TG_SHAPE);
    for (int64_t at = 0; n > 0 && at < tg_tensor_numel(&dst.x); at++) {
      int64_t place = (int64_t)tg_tensor_at(&dst.x, at);
      double best = along(&x.x, axis, at, place);
      for (int64_t i = 0; i < n; i++) {
        double a = along(&x.x, axis, at, i);
        if (isnan(best))
          ck_assert(i >= place || !isnan(a));
        else
          ck_assert(i < place ? (largest ? a < best : a > best)
                              : (largest ? a <= best : a >= best));
      }
    }
    free(x.memory), free(dst.memory);
  }
}
END_TEST

START_TEST(test_cumulate) {
  seed = (uint64_t)_i + 40;
  tg_dtype dtype = dtypes[_i];
  for (int trial = 0; trial < 200; trial++) {
    int64_t dims[TG_MAX_RANK];
    int rank = draw_dims(dims);
    if (rank == 0) continue;
    int axis = (int)draw_below(rank);
    const kind *how = &kinds[draw_below(2)];
    if (how->reduction == &tgi_prod && dims[axis] > 5) dims[axis] = 5;
    strided x = strided_of(dtype, rank, dims, true), dst = strided_of(dtype, rank, dims, false);
    bool onto = trial % 2 != 0; /* what is there, which is 2 */
    fill(&x.x);
    for (int64_t i = 0; i < tg_tensor_numel(&dst.x); i++) tg_tensor_put(&dst.x, i, 2);
    ck_assert_int_eq(tgi_cumulate(plain(), how->reduction, &dst.x, &x.x, axis, onto), TG_OK);
    int64_t lines = dims[axis] > 0 ? tg_tensor_numel(&x.x) / dims[axis] : 0;
    for (int64_t at = 0; at < lines; at++) {
      long double total = how->start, size = 0;
      for (int64_t i = 0; i < dims[axis]; i++) {
        total = how->step(total, (long double)along(&x.x, axis, at, i));
        size += fabsl(total) + 2;
        long double e = as_dtype(dtype, onto ? how->step(2, total) : total),
                    got = along(&dst.x, axis, at, i);
        ck_assert(fabsl(e - got) <= (dtype == TG_F32   ? FLT_EPSILON
                                     : dtype == TG_F64 ? DBL_EPSILON
                                                       : 0) *
                                        size);
      }
    }
    free(x.memory), free(dst.memory);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("reduce");
  TCase *tests = tcase_create("reduce");
  tcase_set_timeout(tests, 200);
  tcase_add_loop_test(tests, test_random_shapes, 0, KINDS * DTYPES);
  tcase_add_loop_test(tests, test_large, 0, LARGE);
  tcase_add_loop_test(tests, test_same_bits_on_any_threads, 0, LARGE);
  tcase_add_test(tests, test_sum_is_accurate);
  tcase_add_loop_test(tests, test_columns, 0, TG_ISA_COUNT);
  tcase_add_test(tests, test_nan_is_extreme);
  tcase_add_test(tests, test_nan_is_extreme_in_its_column);
  tcase_add_test(tests, test_nothing);
  tcase_add_test(tests, test_integers_wrap);
  tcase_add_test(tests, test_refused);
  tcase_add_loop_test(tests, test_squares, 0, 2);
  tcase_add_loop_test(tests, test_equals, 0, 2);
  tcase_add_loop_test(tests, test_argreduce, 0, DTYPES);
  tcase_add_loop_test(tests, test_cumulate, 0, DTYPES - 1);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
