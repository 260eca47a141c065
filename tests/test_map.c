/* The walk of elementwise kernels: every layout of the operands gives what dense ones give, on any
   number of threads; and libm's errors against NumPy's validation set. */
#include <stdio.h>

#include "elementwise.h"
#include "files.h"

enum { MOST = 300000 };

/* a - 2b tells operands and positions apart. */
static bool combine(int64_t n, void *dst, const void *const in[], const double attrs[]) {
  float *to = dst;
  const float *a = in[0], *b = in[1];
  for (int64_t i = 0; i < n; i++) to[i] = a[i] - (float)attrs[0] * b[i];
  return true;
}

/* A view of `memory` by strides; negative ones begin at the far end. */
static tg_tensor view(float *memory, int rank, const int64_t dims[], const int64_t strides[]) {
  tg_tensor x = tg_tensor_of(memory, TG_F32, rank, dims);
  int64_t first = 0;
  for (int k = 0; k < rank; k++) {
    x.strides[k] = strides[k];
    if (strides[k] < 0) first -= strides[k] * (dims[k] - 1);
  }
  x.data = memory + first;
  return x;
}

/* Row by row through tg_tensor_at, which knows no walk. */
static void check_layout(const tg_runtime *runtime, int rank, const int64_t dims[],
                         const int64_t a_strides[], const int64_t b_strides[]) {
  static float a_memory[MOST], b_memory[MOST], out[MOST];
  for (int64_t i = 0; i < MOST; i++) {
    a_memory[i] = (float)i;
    b_memory[i] = (float)(2 * i % 8191);
  }
  const tg_tensor a = view(a_memory, rank, dims, a_strides);
  const tg_tensor b = view(b_memory, rank, dims, b_strides);
  const tg_tensor dst = tg_tensor_of(out, TG_F32, rank, dims);
  const double attrs[2] = {2, 0};
  ck_assert(tgi_map(runtime, combine, &dst, (const tg_tensor *const[]){&a, &b}, 2, attrs));
  for (int64_t i = 0; i < tg_tensor_numel(&dst); i++)
    ck_assert_float_eq(out[i], (float)tg_tensor_at(&a, i) - (float)(2 * tg_tensor_at(&b, i)));
}

#define LAYOUT(rank, ...) check_layout(runtime, rank, __VA_ARGS__)
#define D(...)            ((const int64_t[]){__VA_ARGS__})

static void check_layouts(const tg_runtime *runtime) {
  LAYOUT(0, NULL, NULL, NULL);
  LAYOUT(1, D(7), D(1), D(1));
  LAYOUT(1, D(7), D(-1), D(2));
  LAYOUT(1, D(2000), D(1), D(0)); /* a scalar, past one buffer */
  LAYOUT(1, D(2000), D(0), D(0));
  LAYOUT(1, D(1500), D(-1), D(3));                 /* gathered, past one buffer */
  LAYOUT(2, D(32, 64), D(64, 1), D(0, 1));         /* a bias */
  LAYOUT(2, D(32, 64), D(64, 1), D(1, 0));         /* a column */
  LAYOUT(2, D(300, 200), D(1, 300), D(200, 1));    /* transposed, past one tile */
  LAYOUT(2, D(40, 1000), D(1000, 1), D(1000, -1)); /* tiles begin within runs */
  LAYOUT(1, D(100000), D(1), D(1));                /* dense, several tiles */
  LAYOUT(1, D(100000), D(2), D(1));
  LAYOUT(3, D(5, 1, 900), D(900, 77, 1), D(0, 0, 1));
  LAYOUT(4, D(3, 4, 5, 6), D(1, 3, 12, 60), D(120, 30, 0, -1));
  LAYOUT(1, D(1), D(-5), D(0));
  LAYOUT(2, D(0, 3), D(3, 1), D(0, 0));
}

START_TEST(test_layouts) { check_layouts(NULL); }
END_TEST

START_TEST(test_layouts_by_threads) {
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  check_layouts(runtime);
  tg_runtime_free(runtime);
}
END_TEST

START_TEST(test_division_by_zero_in_one_tile_is_told) {
  static int32_t a[100000], b[100000], out[100000];
  for (int i = 0; i < 100000; i++) a[i] = b[i] = i + 1;
  const tg_tensor x = tg_tensor_of(a, TG_I32, 1, D(100000)),
                  y = tg_tensor_of(b, TG_I32, 1, D(100000));
  const tg_tensor dst = tg_tensor_of(out, TG_I32, 1, D(100000));
  tgi_map_fn *div = tgi_map_table_for(TG_ISA_BASE, TG_I32)->div.value;
  const tg_tensor *const in[] = {&x, &y};
  ck_assert(tgi_map(NULL, div, &dst, in, 2, NULL));
  b[70000] = 0;
  ck_assert(!tgi_map(NULL, div, &dst, in, 2, NULL));
  ck_assert_int_eq(out[99999], 1);
}
END_TEST

/* The condition is of another size than the choices. */
START_TEST(test_where_takes_two_dtypes) {
  uint8_t condition[2] = {1, 0};
  double a[6] = {1, 2, 3, 4, 5, 6}, b = -1, out[6];
  tg_tensor c = tg_tensor_of(condition, TG_BOOL, 2, D(2, 3));
  c.strides[0] = 1, c.strides[1] = 0;
  const tg_tensor x = tg_tensor_of(a, TG_F64, 2, D(2, 3));
  tg_tensor y = tg_tensor_of(&b, TG_F64, 2, D(2, 3));
  y.strides[0] = y.strides[1] = 0;
  const tg_tensor dst = tg_tensor_of(out, TG_F64, 2, D(2, 3));
  const tgi_map_row *where = &tgi_map_table_for(tg_runtime_isa(NULL), TG_F64)->where;
  tgi_map(NULL, where->value, &dst, (const tg_tensor *const[]){&c, &x, &y}, 3, NULL);
  for (int i = 0; i < 6; i++) ck_assert_double_eq(out[i], i < 3 ? a[i] : -1);
  tgi_map(NULL, where->cotangent[0][0], &dst, (const tg_tensor *const[]){&c, &c, &x, &x}, 4, NULL);
  for (int i = 0; i < 6; i++) ck_assert_double_eq(out[i], i < 3 ? a[i] : 0);
  tgi_map(NULL, where->cotangent[1][1], &dst, (const tg_tensor *const[]){&c, &c, &x, &x}, 4, NULL);
  for (int i = 0; i < 6; i++) ck_assert_double_eq(out[i], a[i]);
}
END_TEST

/* ---- errors in units of the last place ---- */

static int64_t ordered(int64_t bits, int64_t sign) { return bits & sign ? -(bits & ~sign) : bits; }

/* Neighbouring floats are 1 apart; NaNs are equal. */
static int64_t ulps(tg_dtype dtype, uint64_t got, uint64_t want) {
  double a, b;
  float fa, fb;
  const uint32_t low_got = (uint32_t)got, low_want = (uint32_t)want;
  memcpy(&a, &got, 8), memcpy(&b, &want, 8);
  memcpy(&fa, &low_got, 4), memcpy(&fb, &low_want, 4);
  if (dtype == TG_F64 ? isnan(a) || isnan(b) : isnan(fa) || isnan(fb))
    return (dtype == TG_F64 ? isnan(a) && isnan(b) : isnan(fa) && isnan(fb)) ? 0 : INT64_MAX;
  const int64_t sign = dtype == TG_F64 ? INT64_MIN : INT64_C(1) << 31;
  return llabs(ordered((int64_t)got, sign) - ordered((int64_t)want, sign));
}

/* libmvec's promise, where the file asks for more. */
enum { PROMISED = 4 };

static void check_line(tg_isa isa, tg_dtype dtype, const char *name, uint64_t x, uint64_t want,
                       int allowed) {
  const tgi_map_row *row = row_called(isa, dtype, name);
  const uint32_t x32 = (uint32_t)x;
  uint64_t got = 0;
  uint32_t got32 = 0;
  const double none[2] = {0, 0};
  const void *operand = dtype == TG_F64 ? (const void *)&x : (const void *)&x32;
  row->value(1, dtype == TG_F64 ? (void *)&got : (void *)&got32,
             (const void *const[]){operand, operand}, none);
  if (dtype == TG_F32) got = got32;
  const int64_t off = ulps(dtype, got, want);
  ck_assert_msg(off <= (allowed > PROMISED ? allowed : PROMISED),
                "%s of 0x%llx is 0x%llx on %s, not 0x%llx", name, (unsigned long long)x,
                (unsigned long long)got, tg_isa_name(isa), (unsigned long long)want);
}

/* One file; returns how many lines were checked. */
static int check_file(FILE *file, const char *name) {
  char line[256], type[16];
  int checked = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    unsigned long long x = 0, want = 0;
    int allowed = 0;
    if (sscanf(line, "np.%15[^,],%llx,%llx,%d", type, &x, &want, &allowed) != 4) continue;
    const tg_dtype dtype = strcmp(type, "float64") == 0 ? TG_F64 : TG_F32;
    for (tg_isa isa = TG_ISA_BASE; isa <= tg_runtime_isa(NULL); isa++)
      check_line(isa, dtype, name, x, want, allowed);
    checked++;
  }
  return checked;
}

START_TEST(test_errors_in_ulp) {
  static const char *const names[][2] = {
      {"arccos", "acos"}, {"arccosh", "acosh"}, {"arcsin", "asin"}, {"arcsinh", "asinh"},
      {"arctan", "atan"}, {"arctanh", "atanh"}, {"cos", "cos"},     {"cosh", "cosh"},
      {"exp", "exp"},     {"exp2", "exp2"},     {"expm1", "expm1"}, {"log", "log"},
      {"log10", "log10"}, {"log1p", "log1p"},   {"log2", "log2"},   {"sin", "sin"},
      {"sinh", "sinh"},   {"tan", "tan"},       {"tanh", "tanh"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char name[96];
    snprintf(name, sizeof name, "numpy_umath/umath-validation-set-%s.csv", names[i][0]);
    const char *path = shared_file(name);
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (file == NULL) continue; /* not on this machine */
    const int checked = check_file(file, names[i][1]);
    fclose(file);
    ck_assert_int_gt(checked, 200);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("map");
  TCase *all = tcase_create("map");
  tcase_set_timeout(all, 60);
  tcase_add_test(all, test_layouts);
  tcase_add_test(all, test_layouts_by_threads);
  tcase_add_test(all, test_division_by_zero_in_one_tile_is_told);
  tcase_add_test(all, test_where_takes_two_dtypes);
  tcase_add_test(all, test_errors_in_ulp);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
