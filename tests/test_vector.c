/* The elementwise rows as vectors: errors in ulp and special values against libm in long double, on
   every instruction set; and that what is computed for an element depends neither on its place, nor
   on how many there are, nor on where the result goes. */
#include <stdio.h>

#include "elementwise.h"
#include "kernel/softmax.h"

enum { DENSE = 6000, PROMISED = 4 };

static double number_at(tg_dtype dtype, const void *x, int64_t i) {
  return dtype == TG_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}
static void put_number(tg_dtype dtype, void *x, int64_t i, double value) {
  if (dtype == TG_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

/* ---- errors against long double ---- */

static long double sigmoidl(long double x) { return 1 / (1 + expl(-x)); }

typedef struct function {
  const char *name;
  long double (*one)(long double);
  long double (*two)(long double, long double);
} function;

static const function functions[] = {
    {"exp", expl, NULL},     {"expm1", expm1l, NULL},     {"exp2", exp2l, NULL},
    {"log", logl, NULL},     {"log1p", log1pl, NULL},     {"log2", log2l, NULL},
    {"log10", log10l, NULL}, {"sin", sinl, NULL},         {"cos", cosl, NULL},
    {"tan", tanl, NULL},     {"asin", asinl, NULL},       {"acos", acosl, NULL},
    {"atan", atanl, NULL},   {"sinh", sinhl, NULL},       {"cosh", coshl, NULL},
    {"tanh", tanhl, NULL},   {"asinh", asinhl, NULL},     {"acosh", acoshl, NULL},
    {"atanh", atanhl, NULL}, {"erf", erfl, NULL},         {"erfc", erfcl, NULL},
    {"pow", NULL, powl},     {"sigmoid", sigmoidl, NULL}, {"sqrt", sqrtl, NULL},
    {"hypot", NULL, hypotl}, {"atan2", NULL, atan2l},
};

/* Of y, where y should be `want`, in units of the last place of want; infinity where one is NaN and
   the other not, or an infinity or a zero has the wrong sign. */
static double ulps_off(tg_dtype dtype, double y, long double want) {
  const int digits = dtype == TG_F32 ? 24 : 53, least = dtype == TG_F32 ? -125 : -1021;
  const double largest = dtype == TG_F32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  if (isnan(want)) return isnan(y) ? 0 : (double)INFINITY;
  if (fabsl(want) > largest && isinf(y)) want = copysignl(INFINITY, want);
  if (want != 0 && y == 0 && (signbit(want) != 0) != (signbit(y) != 0)) return INFINITY;
  if (want == 0 || isinf(want)) return same(y, (double)want) ? 0 : (double)INFINITY;
  int exponent;
  frexpl(want, &exponent);
  if (exponent < least) exponent = least;
  if (isinf(y)) y = copysign(largest, y); /* rounded up at the end of the range */
  return (double)fabsl((y - want) * ldexpl(1, digits - exponent));
}

/* One that has bits which arithmetic on exponents would not leave alone. */
static double strange_nan(void) {
  double x;
  memcpy(&x, &(uint64_t){0x7ffaaaaabeefcafe}, sizeof x);
  return x;
}

/* Dense, by the exponent, around 1, where exp changes much; then special ones. */
static double argument(tg_dtype dtype, int64_t i) {
  static const double specials[] = {
      0,     INFINITY, NAN,  1,   2,   0.5,       3,   1e10, 0x1p-149, 3e38, 0x1p-130, 0x1p-126,
      1e-20, 1e6,      88.8, 105, 129, 0x1p-1074, 709, 710,  745.5,    1025, 1.7e308};
  enum { SPECIALS = sizeof specials / sizeof *specials };
  const double u = spread(i), sign = i & 4 ? -1 : 1;
  if (i >= DENSE) {
    const double x = specials[(i - DENSE) / 8 % SPECIALS];
    return sign * (isnan(x) && i & 1 ? strange_nan() : x);
  }
  const double range = dtype == TG_F32 ? 150 : 1075;
  switch (i % 4) {
  case 0: return sign * 10 * u;
  case 1: return sign * exp2(2 * range * u - range);
  case 2: return 1 + sign * exp2(-30 * u);
  default: return sign * u * (dtype == TG_F32 ? 105 : 750);
  }
}

enum { ARGUMENTS = DENSE + 8 * 23 };

static void check_function(tg_isa isa, tg_dtype dtype, const function *f) {
  static _Alignas(64) double a[ARGUMENTS], b[ARGUMENTS], y[ARGUMENTS];
  const double none[2] = {0, 0};
  for (int64_t i = 0; i < ARGUMENTS; i++) {
    put_number(dtype, a, i, argument(dtype, i));
    put_number(dtype, b, i, argument(dtype, i * 7 % ARGUMENTS));
  }
  row_called(isa, dtype, f->name)->value(ARGUMENTS, y, (const void *const[]){a, b}, none);
  for (int64_t i = 0; i < ARGUMENTS; i++) {
    const double p = number_at(dtype, a, i), q = number_at(dtype, b, i),
                 got = number_at(dtype, y, i);
    const long double want = f->one ? f->one(p) : f->two(p, q);
    const double off = ulps_off(dtype, got, want);
    ck_assert_msg(off <= PROMISED, "%s(%a, %a) of %s on %s is %a, not %La: %g ulp", f->name, p, q,
                  tg_dtype_name(dtype), tg_isa_name(isa), got, want, off);
  }
}

START_TEST(functions_are_within_4_ulp) {
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
      check_function((tg_isa)_i, dtype, &functions[k]);
}
END_TEST

/* What programs write as an exponent is computed by other means. */
START_TEST(powers_by_a_number) {
  static const double exponents[] = {-1, 0.5, 1, 2, 3, 0, -0.5, 1.0 / 3, 7};
  static _Alignas(64) double x[ARGUMENTS], y[ARGUMENTS];
  for (size_t k = 0; k < sizeof exponents / sizeof *exponents; k++)
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
      double e = exponents[k];
      for (int64_t i = 0; i < ARGUMENTS; i++) put_number(dtype, x, i, argument(dtype, i));
      if (dtype == TG_F32) e = (float)e;
      row_called((tg_isa)_i, dtype, "pow_scalar")
          ->value(ARGUMENTS, y, (const void *const[]){x, x}, (const double[]){e, 0});
      for (int64_t i = 0; i < ARGUMENTS; i++) {
        const double a = number_at(dtype, x, i), got = number_at(dtype, y, i);
        const double off = ulps_off(dtype, got, powl(a, e));
        ck_assert_msg(off <= 1.5, "%a^%g of %s on %s is %a: %g ulp", a, e, tg_dtype_name(dtype),
                      tg_isa_name((tg_isa)_i), got, off);
      }
    }
}
END_TEST

/* ---- the powers of softmax, which are inline ---- */

enum { LANE = 71 };

/* Of [0, and a number below at one place, and -infinities]. */
static void check_powers(const tg_runtime *runtime, tg_dtype dtype) {
  static _Alignas(64) double x[LANE], y[LANE];
  const tg_tensor from = {.data = x, .dtype = dtype, .rank = 1, .dims = {LANE}, .strides = {1}};
  tg_tensor to = from;
  to.data = y;
  for (int64_t i = 0; i < ARGUMENTS; i++) {
    const int64_t at = 1 + i % (LANE - 1);
    for (int64_t k = 0; k < LANE; k++) put_number(dtype, x, k, k == 0 ? 0 : -INFINITY);
    put_number(dtype, x, at, -fabs(argument(dtype, i)));
    tgi_softmax(runtime, TGI_SOFTMAX, &to, &from, 0);
    const long double power = expl(number_at(dtype, x, at));
    for (int64_t k = 0; k < LANE; k++) {
      const long double want = (k == 0 ? 1 : k == at ? power : 0) / (1 + power);
      if (isnan(want) || isnan(power))
        ck_assert(isnan(number_at(dtype, y, k)));
      else
        ck_assert_msg(ulps_off(dtype, number_at(dtype, y, k), want) <= PROMISED,
                      "e^%a: %a, not %La", number_at(dtype, x, at), number_at(dtype, y, k), want);
    }
  }
}

/* A lane of what is infinite or no number: none is NaN in the logarithm but where one is. */
static void check_endless(const tg_runtime *runtime, tg_dtype dtype) {
  static const double a[] = {INFINITY, -INFINITY, NAN, NAN},
                      b[] = {-INFINITY, -INFINITY, INFINITY, 3},
                      log_of_sum[] = {INFINITY, -INFINITY, NAN, NAN};
  static _Alignas(64) double x[LANE], y[LANE], z[1];
  const tg_tensor from = {.data = x, .dtype = dtype, .rank = 1, .dims = {LANE}, .strides = {1}};
  const tg_tensor cube = {
      .data = x, .dtype = dtype, .rank = 3, .dims = {1, LANE, 1}, .strides = {LANE, 1, 1}};
  const tg_tensor log = {.data = z, .dtype = dtype, .rank = 2, .dims = {1, 1}, .strides = {1, 1}};
  tg_tensor to = from;
  to.data = y;
  for (int i = 0; i < 4; i++) {
    for (int64_t k = 0; k < LANE; k++) put_number(dtype, x, k, k == 40 ? a[i] : b[i]);
    tgi_softmax(runtime, TGI_SOFTMAX, &to, &from, 0);
    tgi_logsumexp(runtime, &log, &cube);
    ck_assert(same(number_at(dtype, z, 0), log_of_sum[i]));
    ck_assert(isnan(number_at(dtype, y, 40)));
  }
}

START_TEST(powers_of_softmax) {
  tg_runtime *runtime =
      tg_runtime_new(&(tg_runtime_options){.isa = (tg_isa)_i, .threads = 1}, NULL);
  for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
    check_powers(runtime, dtype);
    check_endless(runtime, dtype);
  }
  tg_runtime_free(runtime);
}
END_TEST

/* ---- places ---- */

enum { MOST = 67, MEMORY = (MOST + 3) * 8 };

/* Numbers of every kind, as four operands: {a, b, y, g}. */
static void fill(tg_dtype dtype, char memory[4][MEMORY]) {
  static const double specials[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 2, 1e-40, 3e38, -105};
  for (int k = 0; k < 4; k++)
    for (int64_t i = 0; i < MOST; i++)
      put_number(dtype, memory[k], i,
                 i % 3 == 2 ? specials[(i / 3 * (k + 1)) % 11] : 8 * spread(i + MOST * k) - 4);
}

/* But for a NaN's, which are any NaN's. */
static bool same_bits(int64_t n, int size, const char *a, const char *b) {
  for (int64_t i = 0; i < n; i += size) {
    if (memcmp(a + i, b + i, (size_t)size) == 0) continue;
    const tg_dtype dtype = size == 4 ? TG_F32 : TG_F64;
    if (size == 1 || !isnan(number_at(dtype, a + i, 0)) || !isnan(number_at(dtype, b + i, 0)))
      return false;
  }
  return true;
}

/* fn on all elements, and on pieces of every length, shifted, in other memory: the same bits. */
static void check_places(const char *name, tg_dtype dtype, tgi_map_fn *fn, size_t out, bool adds) {
  static _Alignas(64) char memory[4][MEMORY], whole[MEMORY], piece[MEMORY];
  const double attrs[2] = {0.75, 1.5};
  const int64_t size = dtype == TG_F32 ? 4 : 8;
  if (fn == NULL) return;
  fill(dtype, memory);
  memset(whole, 0, sizeof whole);
  fn(MOST, whole, (const void *const[]){memory[0], memory[1], memory[2], memory[3]}, attrs);
  for (int64_t n = 1; n <= 19; n++) {
    for (int64_t from = 0; from + n <= MOST; from += n) {
      const void *in[4];
      for (int k = 0; k < 4; k++) in[k] = memory[k] + from * size;
      memset(piece, adds ? 0 : 1, sizeof piece);
      fn(n, piece + out, in, attrs);
      ck_assert_msg(same_bits(n * (int64_t)out, (int)out, piece + out, whole + from * (int64_t)out),
                    "%s: elements %d to %d differ alone", name, (int)from, (int)(from + n - 1));
      ck_assert_int_eq(piece[out - 1], adds ? 0 : 1);
      ck_assert_int_eq(piece[out + (size_t)n * out], adds ? 0 : 1);
    }
  }
}

static void check_in_place(const char *name, tg_dtype dtype, tgi_map_fn *fn, int operand) {
  static _Alignas(64) char memory[4][MEMORY], apart[MEMORY];
  const double attrs[2] = {0.75, 1.5};
  if (fn == NULL) return;
  fill(dtype, memory);
  const void *in[4] = {memory[0], memory[1], memory[2], memory[3]};
  const int64_t bytes = MOST * (int64_t)tg_dtype_size(dtype);
  fn(MOST, apart, in, attrs);
  fn(MOST, memory[operand], in, attrs);
  ck_assert_msg(same_bits(bytes, (int)tg_dtype_size(dtype), memory[operand], apart),
                "%s in place of operand %d", name, operand);
}

START_TEST(elements_do_not_see_each_other) {
  for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
    const size_t size = tg_dtype_size(dtype);
    for (int r = 0; r < ROWS; r++) {
      const tgi_map_row *row = row_in(tgi_map_table_for((tg_isa)_i, dtype), &rows[r]);
      check_places(rows[r].name, dtype, row->value, rows[r].truth ? 1 : size, false);
      for (int i = 0; i < 4; i++)
        check_places(rows[r].name, dtype, row->cotangent[i / 2][i % 2], size, i % 2 != 0);
    }
  }
}
END_TEST

START_TEST(a_result_may_replace_an_operand) {
  for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
    for (int r = 0; r < ROWS; r++) {
      const tgi_map_row *row = row_in(tgi_map_table_for((tg_isa)_i, dtype), &rows[r]);
      if (rows[r].truth) continue;
      for (int k = 0; k < 2; k++) check_in_place(rows[r].name, dtype, row->value, k);
      for (int k = 0; k < 4; k++)
        for (int i = 0; i < 2; i++) check_in_place(rows[r].name, dtype, row->cotangent[i][0], k);
    }
}
END_TEST

/* ---- f32 against f64 ---- */

START_TEST(f32_is_f64_rounded) {
  float x[DENSE], y[DENSE];
  double wide_x[DENSE], wide_y[DENSE];
  const double none[2] = {0, 0};
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
    if (functions[k].one == NULL) continue;
    for (int64_t i = 0; i < DENSE; i++) wide_x[i] = x[i] = (float)argument(TG_F32, i);
    row_called((tg_isa)_i, TG_F32, functions[k].name)
        ->value(DENSE, y, (const void *const[]){x, x}, none);
    row_called((tg_isa)_i, TG_F64, functions[k].name)
        ->value(DENSE, wide_y, (const void *const[]){wide_x, wide_x}, none);
    for (int64_t i = 0; i < DENSE; i++)
      if (fabs(wide_y[i]) < 0x1p128 || isnan(wide_y[i]))
        ck_assert_msg(ulps_off(TG_F32, y[i], wide_y[i]) <= PROMISED + 1e-6, "%s(%a)",
                      functions[k].name, wide_x[i]);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("vector");
  TCase *all = tcase_create("instruction sets");
  const int end = (int)tg_runtime_isa(NULL) + 1;
  tcase_set_timeout(all, 120);
  tcase_add_loop_test(all, functions_are_within_4_ulp, TG_ISA_BASE, end);
  tcase_add_loop_test(all, powers_by_a_number, TG_ISA_BASE, end);
  tcase_add_loop_test(all, powers_of_softmax, TG_ISA_BASE, end);
  tcase_add_loop_test(all, elements_do_not_see_each_other, TG_ISA_BASE, end);
  tcase_add_loop_test(all, a_result_may_replace_an_operand, TG_ISA_BASE, end);
  tcase_add_loop_test(all, f32_is_f64_rounded, TG_ISA_BASE, end);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
