/* Matrix products against their definition in long double: every library and instruction set, any
   strides, the same bits on any number of threads. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel/gemm_parts.h"
#include "support.h"

/* ---- what is multiplied ---- */

static uint64_t seed;
static uint64_t draw(void) {
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return seed >> 33;
}
static int64_t draw_below(int64_t n) { return (int64_t)(draw() % (uint64_t)n); }

static double get(tg_dtype dtype, const void *data, int64_t i) {
  return dtype == TG_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}
static void put(tg_dtype dtype, void *data, int64_t i, double value) {
  if (dtype == TG_F32)
    ((float *)data)[i] = (float)value;
  else
    ((double *)data)[i] = value;
}

/* `count` elements of at most 8 bytes in [-1, 1). */
static void *numbers(tg_dtype dtype, int64_t count) {
  void *data = malloc((size_t)count * 8 + 8);
  for (int64_t i = 0; i < count; i++) put(dtype, data, i, (double)draw() / 0x1p30 - 1.0);
  return data;
}

/* The ways in which a matrix [rows, cols] can lie in memory. */
enum { ROWS, COLUMNS, WIDE, UPWARD, BACKWARD, SAME_ROW, SAME_COLUMN, SPREAD, LAYOUTS };

typedef struct operand {
  void *memory;
  tgi_matrix x;
} operand;

static operand operand_of(tg_dtype dtype, int64_t rows, int64_t cols, int layout) {
  operand o = {.memory = numbers(dtype, 6 * (rows + 1) * (cols + 1))};
  const int64_t row[] = {cols, 1, cols + 3, -cols, cols, 0, 1, 2 * cols + 1};
  const int64_t col[] = {1, rows, 1, 1, -1, 1, 0, 2};
  int64_t start = layout == UPWARD     ? (rows > 0 ? rows - 1 : 0) * cols
                  : layout == BACKWARD ? cols
                                       : 0;
  o.x = (tgi_matrix){(char *)o.memory + start * (int64_t)tg_dtype_size(dtype), row[layout],
                     col[layout]};
  return o;
}

/* ---- who multiplies ---- */

typedef struct server {
  const char *name;
  tg_gemm_backend gemm;
  tg_isa isa;
} server;

static const server servers[] = {{"auto", TG_GEMM_AUTO, TG_ISA_BEST},
                                 {"base", TG_GEMM_PORTABLE, TG_ISA_BASE},
                                 {"avx2", TG_GEMM_PORTABLE, TG_ISA_AVX2},
                                 {"avx512", TG_GEMM_PORTABLE, TG_ISA_AVX512},
                                 {"blas", TG_GEMM_BLAS, TG_ISA_BEST}};
enum { SERVERS = sizeof servers / sizeof *servers };

/* NULL where this build or processor has no such thing. */
static tg_runtime *runtime_of(const server *s, int threads, size_t budget) {
  tg_error error = {0};
  tg_runtime *r = tg_runtime_new(
      &(tg_runtime_options){
          .gemm = s->gemm, .isa = s->isa, .threads = threads, .byte_budget = budget},
      &error);
  ck_assert_msg(r || error.status == TG_UNSUPPORTED, "%s: %s", s->name, error.message);
  return r;
}

/* ---- the check ---- */

typedef struct product {
  tg_dtype dtype;
  int64_t m, n, k;
  int layout_a, layout_b;
  int start; /* what C begins with */
} product;

enum { NOTHING, ITSELF, BIAS, OTHER, STARTS };

/* |error| <= (k + 2) eps (sum |a| |b| + |add|), and nothing written between C's rows. */
static void check_result(const server *s, const product *p, tgi_matrix a, tgi_matrix b,
                         tgi_matrix add, const void *before, const void *after, int64_t row) {
  double eps = p->dtype == TG_F32 ? FLT_EPSILON : DBL_EPSILON;
  for (int64_t i = 0; i < p->m; i++) {
    for (int64_t j = 0; j < row; j++) {
      double was = get(p->dtype, before, i * row + j), is = get(p->dtype, after, i * row + j);
      bool from_0 = p->start == NOTHING || j >= p->n;
      double start = from_0 ? 0 : get(p->dtype, add.data, i * add.row + j);
      long double sum = start, size = fabs(start);
      for (int64_t l = 0; j < p->n && l < p->k; l++) {
        long double term = (long double)get(p->dtype, a.data, i * a.row + l * a.col) *
                           get(p->dtype, b.data, l * b.row + j * b.col);
        sum += term, size += fabsl(term);
      }
      bool good = j < p->n ? fabsl(is - sum) <= (long double)(p->k + 2) * eps * size
                           : memcmp(&is, &was, sizeof is) == 0;
      ck_assert_msg(good,
                    "%s %s m %lld n %lld k %lld layouts %d %d start %d: %.9g at [%lld,%lld], "
                    "expected %.9Lg",
                    s->name, tg_dtype_name(p->dtype), (long long)p->m, (long long)p->n,
                    (long long)p->k, p->layout_a, p->layout_b, p->start, is, (long long)i,
                    (long long)j, sum);
    }
  }
}

static void check_product(const server *s, const tg_runtime *r, const product *p) {
  operand a = operand_of(p->dtype, p->m, p->k, p->layout_a);
  operand b = operand_of(p->dtype, p->k, p->n, p->layout_b);
  int64_t row = p->n + draw_below(3);
  void *before = numbers(p->dtype, p->m * row), *after = numbers(p->dtype, p->m * row);
  for (int64_t i = 0; p->start != ITSELF && i < p->m; i++)
    for (int64_t j = 0; j < p->n; j++) put(p->dtype, before, i * row + j, (double)NAN);
  memcpy(after, before, (size_t)(p->m * row) * tg_dtype_size(p->dtype));
  tgi_arena scratch;
  tgi_arena_init(&scratch, r, 0);
  tgi_arena_mark mark = tgi_arena_mark_of(&scratch);
  tgi_matrix c = {after, row, 1}, add = c;
  void *start = numbers(p->dtype, (p->m + 1) * (p->n + 1));
  if (p->start >= BIAS) add = (tgi_matrix){start, p->start == BIAS ? 0 : p->n + 1, 1};
  if (p->start < BIAS)
    ck_assert_int_eq(tgi_gemm(r, &scratch, p->dtype, p->m, p->n, p->k, a.x, b.x, p->start, c),
                     TG_OK);
  else
    ck_assert_int_eq(tgi_multiply(&(tgi_product){.runtime = r,
                                                 .scratch = &scratch,
                                                 .dtype = p->dtype,
                                                 .m = p->m,
                                                 .n = p->n,
                                                 .k = p->k,
                                                 .a = a.x,
                                                 .b = b.x,
                                                 .add = add,
                                                 .c = c}),
                     TG_OK);
  if (p->start == ITSELF) add.data = before;
  tgi_arena_mark end = tgi_arena_mark_of(&scratch);
  ck_assert(end.chunk == mark.chunk && end.used == mark.used);
  check_result(s, p, a.x, b.x, add, before, after, row);
  tgi_arena_free(&scratch);
  free(a.memory), free(b.memory), free(before), free(after), free(start);
}

START_TEST(test_random_shapes) {
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 0);
  seed = 1;
  for (int trial = 0; r && trial < 400; trial++) {
    int64_t most = trial % 4 == 0 ? 150 : 24;
    product p = {.dtype = trial % 2 ? TG_F64 : TG_F32,
                 .m = draw_below(most),
                 .n = draw_below(most),
                 .k = draw_below(most),
                 .layout_a = (int)draw_below(LAYOUTS),
                 .layout_b = (int)draw_below(LAYOUTS),
                 .start = (int)draw_below(STARTS)};
    check_product(s, r, &p);
  }
  tg_runtime_free(r);
}
END_TEST

/* Past every block and tile, one beside them, vectors, nothing. */
START_TEST(test_edge_shapes) {
  static const int64_t shapes[][3] = {
      {0, 5, 5},     {5, 0, 5},      {5, 5, 0},     {1, 1, 1},    {1, 1, 5000},  {1, 700, 90},
      {700, 1, 90},  {1, 90, 700},   {257, 1, 129}, {8, 32, 385}, {9, 33, 384},  {97, 129, 17},
      {13, 31, 907}, {1601, 3, 4},   {3, 3101, 5},  {2, 2, 3000}, {193, 257, 2}, {300, 140, 50},
      {96, 128, 32}, {600, 5, 700},  {5, 600, 700}, {2, 70, 131}, {67, 3, 130},  {8, 9, 515},
      {130, 4, 258}, {133, 11, 259}, {9, 130, 300}, {67, 12, 260}};
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 0);
  seed = 2;
  for (size_t i = 0; r && i < sizeof shapes / sizeof *shapes; i++) {
    for (int variant = 0; variant < 8; variant++) {
      product p = {.dtype = variant % 2 ? TG_F64 : TG_F32,
                   .m = shapes[i][0],
                   .n = shapes[i][1],
                   .k = shapes[i][2],
                   .layout_a = variant / 2 % 2 ? COLUMNS : ROWS,
                   .layout_b = variant / 4 ? COLUMNS : ROWS,
                   .start = (variant + (int)i) % STARTS};
      check_product(s, r, &p);
    }
  }
  tg_runtime_free(r);
}
END_TEST

/* Enough work for threads, by columns: B packed strip by strip, and in place but for a few; by rows
   where the columns are few. */
START_TEST(test_strips) {
  static const int64_t shapes[][3] = {{70, 1030, 240}, {60, 1190, 240}, {2100, 9, 900}};
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 0);
  seed = 6;
  for (int variant = 0; r && variant < 5; variant++) {
    const int64_t *shape = shapes[variant / 2];
    check_product(s, r,
                  &(product){.dtype = variant % 3 ? TG_F64 : TG_F32,
                             .m = shape[0],
                             .n = shape[1],
                             .k = shape[2],
                             .layout_a = variant % 2 ? COLUMNS : ROWS,
                             .layout_b = variant % 2 ? ROWS : COLUMNS,
                             .start = variant % STARTS});
  }
  tg_runtime_free(r);
}
END_TEST

/* ---- whole numbers, whose sums are exact ---- */

static int whole_a(int64_t i, int64_t l) { return (int)((5 * i + 3 * l + i * l) % 7) - 3; }
static int whole_b(int64_t l, int64_t j) { return (int)((2 * l + 5 * j + l * j) % 7) - 3; }

/* Just as much memory as the elements need, from `offset` elements on, so that a sanitizer sees
   what is read or written beside them. By columns if turned. */
static operand tight(tg_dtype dtype, int64_t rows, int64_t cols, bool turned, int64_t offset,
                     int (*value)(int64_t, int64_t)) {
  size_t size = tg_dtype_size(dtype);
  operand o = {.memory = malloc((size_t)(rows * cols + offset) * size)};
  o.x =
      (tgi_matrix){(char *)o.memory + offset * (int64_t)size, turned ? 1 : cols, turned ? rows : 1};
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) put(dtype, o.x.data, i * o.x.row + j * o.x.col, value(i, j));
  return o;
}

static int one(int64_t i, int64_t j) { return (void)i, (void)j, 1; }

/* beta C + A B against beta + sums [m, row]: C begins as ones. The bits of `variant`: A and B by
   columns, beta, the offset of A, B and C. */
static void check_exact(const server *s, const tg_runtime *r, tgi_arena *scratch, tg_dtype dtype,
                        int64_t m, int64_t n, int64_t k, int variant, const int *sums,
                        int64_t row) {
  operand a = tight(dtype, m, k, variant & 1, variant >> 3 & 1, whole_a);
  operand b = tight(dtype, k, n, variant & 2, variant >> 4 & 1, whole_b);
  operand c = tight(dtype, m, n, false, variant >> 5 & 1, one);
  int beta = variant >> 2 & 1;
  tg_status status = tgi_gemm(r, scratch, dtype, m, n, k, a.x, b.x, beta, c.x);
  ck_assert_int_eq(status, TG_OK);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++)
      if ((int)get(dtype, c.x.data, i * n + j) != sums[i * row + j] + beta)
        ck_abort_msg("%s %s m %lld n %lld k %lld variant %d: %g at [%lld,%lld], expected %d",
                     s->name, tg_dtype_name(dtype), (long long)m, (long long)n, (long long)k,
                     variant, get(dtype, c.x.data, i * n + j), (long long)i, (long long)j,
                     sums[i * row + j] + beta);
  free(a.memory), free(b.memory), free(c.memory);
}

/* sums [m, n] += steps [from, to) of k */
static void add_steps(int *sums, int64_t m, int64_t n, int64_t from, int64_t to) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t l = from; l < to; l++)
      for (int64_t j = 0; j < n; j++) sums[i * n + j] += whole_a(i, l) * whole_b(l, j);
}

/* Every small shape. */
START_TEST(test_small_shapes) {
  enum { MOST = 40 };
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 0);
  tgi_arena scratch;
  tgi_arena_init(&scratch, r, 0);
  int sums[MOST * MOST] = {0}, variant = 0;
  for (int64_t k = 0; r && k <= MOST; k++) {
    for (int64_t m = 0; m <= MOST; m++)
      for (int64_t n = 0; n <= MOST; n++, variant = (variant + 5) % 64)
        check_exact(s, r, &scratch, (m + n + k) % 2 ? TG_F64 : TG_F32, m, n, k, variant, sums,
                    MOST);
    add_steps(sums, MOST, MOST, k, k + 1);
  }
  tgi_arena_free(&scratch);
  tg_runtime_free(r);
}
END_TEST

/* Blocks, tiles and strips that end where the memory does. */
START_TEST(test_tight_memory) {
  static const int64_t shapes[][3] = {{32, 64, 784},   {64, 784, 32},   {300, 140, 50},
                                      {97, 129, 130},  {133, 11, 259},  {9, 130, 300},
                                      {1601, 33, 17},  {5, 600, 700},   {130, 7, 260},
                                      {250, 11, 1000}, {257, 130, 515}, {70, 1030, 240}};
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 0);
  tgi_arena scratch;
  tgi_arena_init(&scratch, r, 0);
  for (size_t i = 0; r && i < sizeof shapes / sizeof *shapes; i++) {
    int64_t m = shapes[i][0], n = shapes[i][1], k = shapes[i][2];
    int *sums = calloc((size_t)(m * n), sizeof *sums);
    add_steps(sums, m, n, 0, k);
    for (int variant = 0; variant < 64; variant += 7)
      check_exact(s, r, &scratch, variant % 2 ? TG_F64 : TG_F32, m, n, k, variant, sums, n);
    for (int variant = 1; variant < 4; variant++)
      check_exact(s, r, &scratch, variant % 2 ? TG_F32 : TG_F64, m, n, k, variant, sums, n);
    free(sums);
  }
  tgi_arena_free(&scratch);
  tg_runtime_free(r);
}
END_TEST

/* A zero does not hide a NaN or an infinity. */
START_TEST(test_nan_propagates) {
  static const int64_t shapes[][3] = {{3, 3, 3},    {40, 50, 60},  {400, 1, 70},
                                      {1, 400, 70}, {40, 11, 260}, {140, 4, 260}};
  enum { TRIALS = 4 * sizeof shapes / sizeof *shapes };
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 0);
  tgi_arena scratch;
  tgi_arena_init(&scratch, r, 0);
  for (int trial = 0; r && trial < TRIALS; trial++) {
    const int64_t *shape = shapes[trial / 4], m = shape[0], n = shape[1], k = shape[2];
    tg_dtype dtype = trial % 2 ? TG_F64 : TG_F32;
    double *a = calloc((size_t)(m * k), 8), *b = calloc((size_t)(k * n), 8);
    double *c = calloc((size_t)(m * n), 8);
    put(dtype, a, (m / 2) * k + k / 2, trial % 4 < 2 ? (double)NAN : (double)INFINITY);
    ck_assert_int_eq(tgi_gemm(r, &scratch, dtype, m, n, k, (tgi_matrix){a, k, 1},
                              (tgi_matrix){b, n, 1}, 0, (tgi_matrix){c, n, 1}),
                     TG_OK);
    for (int64_t i = 0; i < m * n; i++)
      ck_assert_msg((i / n == m / 2) == (isnan(get(dtype, c, i)) != 0), "%s trial %d at %lld",
                    s->name, trial, (long long)i);
    free(a), free(b), free(c);
  }
  tgi_arena_free(&scratch);
  tg_runtime_free(r);
}
END_TEST

START_TEST(test_same_bits_on_any_threads) {
  static const int64_t shapes[][3] = {{300, 280, 200}, {33, 700, 500}, {1900, 70, 40},
                                      {3000, 1, 120},  {1, 3000, 120}, {150, 130, 790},
                                      {70, 1300, 300}, {4, 5000, 900}, {3000, 9, 700}};
  enum { TRIALS = 2 * sizeof shapes / sizeof *shapes };
  const server *s = &servers[_i];
  seed = 3;
  for (int trial = 0; trial < TRIALS; trial++) {
    const int64_t *shape = shapes[trial / 2], m = shape[0], n = shape[1], k = shape[2];
    tg_dtype dtype = trial % 2 ? TG_F64 : TG_F32;
    void *a = numbers(dtype, m * k), *b = numbers(dtype, k * n), *c[3];
    for (int threads = 1; threads <= 3; threads++) {
      tg_runtime *r = runtime_of(s, threads, 0);
      tgi_arena scratch;
      tgi_arena_init(&scratch, r, 0);
      c[threads - 1] = calloc((size_t)(m * n), 8);
      if (r)
        ck_assert_int_eq(tgi_gemm(r, &scratch, dtype, m, n, k, (tgi_matrix){a, k, 1},
                                  (tgi_matrix){b, 1, k}, 0, (tgi_matrix){c[threads - 1], n, 1}),
                         TG_OK);
      tgi_arena_free(&scratch);
      tg_runtime_free(r);
    }
    ck_assert_mem_eq(c[0], c[1], (size_t)(m * n) * 8);
    ck_assert_mem_eq(c[0], c[2], (size_t)(m * n) * 8);
    free(a), free(b), free(c[0]), free(c[1]), free(c[2]);
  }
}
END_TEST

START_TEST(test_no_memory) {
  const server *s = &servers[_i];
  tg_runtime *r = runtime_of(s, 1, 2500);
  seed = 4;
  operand a = operand_of(TG_F64, 100, 100, SPREAD), b = operand_of(TG_F64, 100, 100, SPREAD);
  double *c = calloc(100 * 100, sizeof *c);
  tgi_arena scratch;
  tgi_arena_init(&scratch, r, 0);
  if (r)
    ck_assert_int_eq(
        tgi_gemm(r, &scratch, TG_F64, 100, 100, 100, a.x, b.x, 0, (tgi_matrix){c, 100, 1}),
        TG_NO_MEMORY);
  tgi_arena_free(&scratch);
  tg_runtime_free(r);
  free(a.memory), free(b.memory), free(c);
}
END_TEST

/* ---- integers ---- */

START_TEST(test_integers_wrap) {
  enum { M = 7, N = 9, K = 11 };
  int64_t a[M * K], b[K * N], c[M * N];
  int32_t a32[M * K], b32[K * N], c32[M * N];
  seed = 5;
  for (int i = 0; i < M * K; i++) a[i] = (int64_t)(draw() << 33 ^ draw()), a32[i] = (int32_t)draw();
  for (int i = 0; i < K * N; i++)
    b[i] = (int64_t)(draw() << 33 ^ draw()), b32[i] = -(int32_t)draw();
  for (int i = 0; i < M * N; i++) c[i] = 1, c32[i] = 1;
  const tg_runtime *r = tgi_runtime(NULL);
  tgi_arena scratch;
  tgi_arena_init(&scratch, r, 0);
  ck_assert_int_eq(tgi_gemm(r, &scratch, TG_I64, M, N, K, (tgi_matrix){a, 1, M},
                            (tgi_matrix){b, N, 1}, 1, (tgi_matrix){c, N, 1}),
                   TG_OK);
  ck_assert_int_eq(tgi_gemm(r, &scratch, TG_I32, M, N, K, (tgi_matrix){a32, K, 1},
                            (tgi_matrix){b32, 1, K}, 0, (tgi_matrix){c32, N, 1}),
                   TG_OK);
  for (int i = 0; i < M; i++) {
    for (int j = 0; j < N; j++) {
      uint64_t sum = 1, sum32 = 0;
      for (int l = 0; l < K; l++) {
        sum += (uint64_t)a[i + l * M] * (uint64_t)b[l * N + j];
        sum32 += (uint64_t)((int64_t)a32[i * K + l] * b32[l + j * K]);
      }
      ck_assert_int_eq(c[i * N + j], (int64_t)sum);
      ck_assert_int_eq(c32[i * N + j], (int32_t)(uint32_t)sum32);
    }
  }
  tgi_arena_free(&scratch);
}
END_TEST

START_TEST(test_name) {
  tg_runtime *portable = runtime_of(&servers[1], 1, 0), *blas = runtime_of(&servers[4], 1, 0);
  ck_assert_str_eq(tg_runtime_gemm_name(portable), "portable");
  ck_assert_str_eq(tg_runtime_gemm_for(portable, TG_F64, 3000, 3000, 3000), "portable");
  if (blas) {
    ck_assert_ptr_eq(strstr(tg_runtime_gemm_name(blas), "OpenBLAS "), tg_runtime_gemm_name(blas));
    ck_assert_str_eq(tg_runtime_gemm_for(blas, TG_F32, 2, 30, 40), tg_runtime_gemm_name(blas));
    ck_assert_str_eq(tg_runtime_gemm_for(blas, TG_I64, 200, 300, 400), "portable");
  }
  ck_assert_uint_gt(strlen(tg_runtime_gemm_name(NULL)), 0);
  tg_runtime_free(portable);
  tg_runtime_free(blas);
}
END_TEST

START_TEST(test_classes) {
  static const struct {
    int64_t m, n, k;
    tgi_gemm_class class;
  } cases[] = {{4, 3, 2, TGI_GEMM_TINY},         {16, 16, 16, TGI_GEMM_TINY},
               {16, 17, 16, TGI_GEMM_ROWS},      {1, 5000, 700, TGI_GEMM_ROWS},
               {17, 16, 4000, TGI_GEMM_COLUMNS}, {1000, 250, 10, TGI_GEMM_OUTER},
               {17, 17, 17, TGI_GEMM_SMALL},     {32, 64, 64, TGI_GEMM_SMALL},
               {80, 80, 80, TGI_GEMM_SMALL},     {81, 80, 80, TGI_GEMM_MEDIUM},
               {256, 256, 256, TGI_GEMM_MEDIUM}, {320, 320, 321, TGI_GEMM_LARGE}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ck_assert_int_eq(tgi_gemm_class_of(cases[i].m, cases[i].n, cases[i].k), cases[i].class);
}
END_TEST

/* A library whose kernels are for a lesser processor than this one is passed over. */
START_TEST(test_wrong_guess_of_the_processor) {
  static const struct {
    const char *core;
    tg_isa isa;
  } cases[] = {
      {"Prescott", TG_ISA_BASE},     {"Nehalem", TG_ISA_BASE}, {"Sandybridge", TG_ISA_BASE},
      {"Haswell", TG_ISA_AVX2},      {"Zen", TG_ISA_AVX2},     {"SkylakeX", TG_ISA_AVX512},
      {"Cooperlake", TG_ISA_AVX512}, {"", TG_ISA_BASE},        {"what comes", TG_ISA_BASE}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_int_eq(tgi_gemm_core_isa(cases[i].core), cases[i].isa);
    for (tg_isa isa = TG_ISA_BASE; isa < TG_ISA_COUNT; isa++) {
      tg_gemm_backend served = tgi_gemm_served(isa, cases[i].core, TG_F32, 1000, 1000, 1000);
      tg_gemm_backend listed = tgi_gemm_choice(isa, TG_F32, 1000, 1000, 1000);
      ck_assert_int_eq(served, isa <= cases[i].isa ? listed : TG_GEMM_PORTABLE);
    }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("gemm");
  TCase *tests = tcase_create("gemm");
  tcase_set_timeout(tests, 200);
  tcase_add_loop_test(tests, test_random_shapes, 0, SERVERS);
  tcase_add_loop_test(tests, test_edge_shapes, 0, SERVERS);
  tcase_add_loop_test(tests, test_strips, 0, SERVERS);
  tcase_add_loop_test(tests, test_small_shapes, 0, SERVERS);
  tcase_add_loop_test(tests, test_tight_memory, 0, SERVERS);
  tcase_add_loop_test(tests, test_nan_propagates, 0, SERVERS);
  tcase_add_loop_test(tests, test_same_bits_on_any_threads, 0, SERVERS);
  tcase_add_loop_test(tests, test_no_memory, 0, SERVERS);
  tcase_add_test(tests, test_integers_wrap);
  tcase_add_test(tests, test_name);
  tcase_add_test(tests, test_classes);
  tcase_add_test(tests, test_wrong_guess_of_the_processor);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
