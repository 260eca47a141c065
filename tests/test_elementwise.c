/* The compiled elementwise rows: values and slopes against PyTorch's, kinks and special values
   among them; integers; strides; instruction sets; errors in ulp against NumPy's validation set. */
#include <stdio.h>

#include "elementwise.h"
#include "golden_elementwise.h"

/* ---- values and slopes against PyTorch ---- */

static bool close_to(double got, double want, double relative) {
  return same(got, want) || got == want ||
         fabs(got - want) <= relative * fmax(fabs(want), 1e-3); /* false where one is infinite */
}

/* y, and the slopes by g = 1, of one element of the row in f64 or f32, as doubles. */
typedef struct outcome {
  double y, d[2];
} outcome;

static outcome at_point(tg_isa isa, tg_dtype dtype, const char *name, double a, double b,
                        const double attrs[]) {
  const tgi_map_row *row = row_called(isa, dtype, name);
  double operands[4] = {a, b, 0, 1}, slot = 0;
  float narrow[4] = {(float)a, (float)b, 0, 1}, narrow_slot = 0;
  const bool wide = dtype == TG_F64;
  const void *in[4];
  for (int k = 0; k < 4; k++) in[k] = wide ? (void *)&operands[k] : (void *)&narrow[k];
  void *dst = wide ? (void *)&slot : (void *)&narrow_slot;
  outcome o = {0};
  ck_assert(row->value(1, dst, in, attrs));
  o.y = wide ? slot : (double)narrow_slot;
  operands[2] = slot, narrow[2] = narrow_slot;
  for (int i = 0; i < 2; i++) {
    if (row->cotangent[i][0] == NULL) continue;
    ck_assert(row->cotangent[i][0](1, dst, in, attrs));
    o.d[i] = wide ? slot : (double)narrow_slot;
    ck_assert(row->cotangent[i][1](1, dst, in, attrs)); /* adds it once more */
    ck_assert(close_to(wide ? slot : (double)narrow_slot, 2 * o.d[i], 1e-6));
  }
  return o;
}

/* Where we differ on purpose. PyTorch's slope at NaN is a number, ours NaN (its hardsigmoid, which
   the script writes by relu6, has ours); its softsign is NaN at infinity; it takes sqrt for x^0.5,
   and C's pow(-infinity, 0.5) is infinity. */
static bool ours(const char *name, double x) {
  static const struct {
    const char *name;
    double x;
  } list[] = {{"abs", NAN},           {"selu", NAN},           {"elu", NAN},
              {"celu", NAN},          {"hardswish", NAN},      {"hardsigmoid", NAN},
              {"softsign", INFINITY}, {"softsign", -INFINITY}, {"pow_scalar", -INFINITY}};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (strcmp(list[i].name, name) == 0 && same(list[i].x, x)) return true;
  return false;
}

static void check_point(tg_dtype dtype, const struct golden1 *row, int j, double tolerance) {
  const double x = golden_x[j];
  if (ours(row->name, x)) return;
  const outcome o = at_point(TG_ISA_BASE, dtype, row->name, x, x, row->attrs);
  ck_assert_msg(close_to(o.y, row->y[j], tolerance), "%s(%g) gives %.17g, not %.17g", row->name, x,
                o.y, row->y[j]);
  ck_assert_msg(close_to(o.d[0], row->dx[j], tolerance), "%s'(%g) gives %.17g, not %.17g",
                row->name, x, o.d[0], row->dx[j]);
}

START_TEST(test_values_and_slopes_are_pytorchs) {
  for (size_t i = 0; i < sizeof golden1 / sizeof *golden1; i++)
    for (int j = 0; j < POINTS; j++) check_point(TG_F64, &golden1[i], j, 1e-12);
}
END_TEST

START_TEST(test_f32_agrees_with_f64) {
  for (size_t i = 0; i < sizeof golden1 / sizeof *golden1; i++)
    for (int j = 0; j < POINTS; j++)
      if (!(fabs(golden_x[j]) > 6)) check_point(TG_F32, &golden1[i], j, 4e-4);
}
END_TEST

START_TEST(test_values_and_slopes_of_two_operands_are_pytorchs) {
  const double none[2] = {0, 0};
  for (size_t i = 0; i < sizeof golden2 / sizeof *golden2; i++) {
    for (int j = 0; j < PAIRS; j++) {
      const struct golden2 *row = &golden2[i];
      const double a = golden_a[j], b = golden_b[j];
      const outcome o = at_point(TG_ISA_BASE, TG_F64, row->name, a, b, none);
      ck_assert_msg(close_to(o.y, row->y[j], 1e-13), "%s(%g, %g) gives %.17g, not %.17g", row->name,
                    a, b, o.y, row->y[j]);
      ck_assert_msg(close_to(o.d[0], row->da[j], 1e-12), "d %s(%g, %g) / da gives %.17g, not %.17g",
                    row->name, a, b, o.d[0], row->da[j]);
      ck_assert_msg(close_to(o.d[1], row->db[j], 1e-12), "d %s(%g, %g) / db gives %.17g, not %.17g",
                    row->name, a, b, o.d[1], row->db[j]);
    }
  }
}
END_TEST

/* ---- what PyTorch does not say, or says otherwise ---- */

START_TEST(test_special_values) {
  static const struct {
    const char *name;
    double a, b, p, y;
  } cases[] = {
      {"sign", -0.0, 0, 0, -0.0},
      {"sign", NAN, 0, 0, NAN},
      {"sign", -INFINITY, 0, 0, -1},
      {"sign", 1e-300, 0, 0, 1},
      {"round", 0.5, 0, 0, 0},
      {"round", 1.5, 0, 0, 2},
      {"round", 2.5, 0, 0, 2},
      {"round", -0.5, 0, 0, -0.0},
      {"floor", -0.0, 0, 0, -0.0},
      {"ceil", -0.5, 0, 0, -0.0},
      {"trunc", -0.5, 0, 0, -0.0},
      {"maximum", NAN, INFINITY, 0, NAN},
      {"maximum", INFINITY, NAN, 0, NAN},
      {"minimum", NAN, -INFINITY, 0, NAN},
      {"maximum_scalar", NAN, 0, 1, NAN},
      {"minimum_scalar", NAN, 0, 1, NAN},
      {"maximum_scalar", 0, 0, NAN, NAN},
      {"relu", NAN, 0, 0, NAN},
      {"pow_scalar", NAN, 0, 0, 1},
      {"rpow_scalar", 0, 0, 0, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const double attrs[] = {cases[i].p, 0};
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
      if (dtype == TG_F32 && cases[i].a == 1e-300) continue;
      double y = at_point(TG_ISA_BASE, dtype, cases[i].name, cases[i].a, cases[i].b, attrs).y;
      ck_assert_msg(same(y, cases[i].y), "%s(%g, %g; %g) gives %g, not %g", cases[i].name,
                    cases[i].a, cases[i].b, cases[i].p, y, cases[i].y);
    }
  }
}
END_TEST

START_TEST(test_slopes_by_a_number) {
  const double zero[2] = {0, 0}, half[2] = {0.5, 0};
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "pow_scalar", 0, 0, zero).d[0], 0);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "rpow_scalar", 0, 0, zero).d[0], 0);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "rpow_scalar", 2, 0, zero).d[0], 0);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "rpow_scalar", -1, 0, zero).d[0], -INFINITY);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "maximum_scalar", 0.5, 0, half).d[0], 0.5);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "maximum_scalar", 0.25, 0, half).d[0], 0);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "maximum_scalar", 1, 0, half).d[0], 1);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "minimum_scalar", 0.5, 0, half).d[0], 0.5);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "minimum_scalar", 0.25, 0, half).d[0], 1);
  ck_assert_double_eq(at_point(TG_ISA_BASE, TG_F64, "minimum_scalar", 1, 0, half).d[0], 0);
}
END_TEST

START_TEST(test_predicates) {
  static const double x[] = {-INFINITY, -1, -0.0, 0, 1, 2, INFINITY, NAN};
  enum { N = sizeof x / sizeof *x };
  const tgi_map_table *table = tgi_map_table_for(TG_ISA_BASE, TG_F64);
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      const double a = x[i], b = x[j], attrs[2] = {b, 0};
      const void *in[4] = {&a, &b, &a, &a};
      uint8_t y[2];
#define CHECK(row, want)                                                                           \
  table->row.value(1, &y[0], in, attrs);                                                           \
  ck_assert_msg(y[0] == (want), #row "(%g, %g) gives %d", a, b, y[0])
#define CHECK_BOTH(row, want)                                                                      \
  CHECK(row, want);                                                                                \
  CHECK(row##_scalar, want)
      CHECK_BOTH(eq, a == b);
      CHECK_BOTH(ne, a != b);
      CHECK_BOTH(lt, a < b);
      CHECK_BOTH(le, a <= b);
      CHECK_BOTH(gt, a > b);
      CHECK_BOTH(ge, a >= b);
      CHECK(logical_and, a != 0 && b != 0);
      CHECK(logical_or, a != 0 || b != 0);
      CHECK(logical_xor, (a != 0) != (b != 0));
      CHECK(logical_not, a == 0);
      CHECK(isnan, isnan(a) != 0);
      CHECK(isinf, isinf(a) != 0);
      CHECK(isfinite, isfinite(a) != 0);
    }
  }
}
END_TEST

/* ---- integers ---- */

#define CHECK_INTEGER(dtype, type, row, a_, b_, p_, ok_, y_)                                       \
  do {                                                                                             \
    const type a = a_, b = b_;                                                                     \
    type y = 77;                                                                                   \
    const double attrs[2] = {p_, 0};                                                               \
    const void *in[4] = {&a, &b, &a, &b};                                                          \
    ck_assert_int_eq(tgi_map_table_for(TG_ISA_BASE, dtype)->row.value(1, &y, in, attrs), ok_);     \
    ck_assert_int_eq(y, y_);                                                                       \
  } while (0)

START_TEST(test_integers_wrap) {
  CHECK_INTEGER(TG_I32, int32_t, add, INT32_MAX, 1, 0, true, INT32_MIN);
  CHECK_INTEGER(TG_I32, int32_t, sub, INT32_MIN, 1, 0, true, INT32_MAX);
  CHECK_INTEGER(TG_I32, int32_t, mul, INT32_MIN, -1, 0, true, INT32_MIN);
  CHECK_INTEGER(TG_I32, int32_t, neg, INT32_MIN, 0, 0, true, INT32_MIN);
  CHECK_INTEGER(TG_I32, int32_t, abs, INT32_MIN, 0, 0, true, INT32_MIN);
  CHECK_INTEGER(TG_I32, int32_t, abs, -5, 0, 0, true, 5);
  CHECK_INTEGER(TG_I32, int32_t, square, 65536, 0, 0, true, 0);
  CHECK_INTEGER(TG_I64, int64_t, add, INT64_MAX, 1, 0, true, INT64_MIN);
  CHECK_INTEGER(TG_I64, int64_t, mul, INT64_MAX, 2, 0, true, -2);
  CHECK_INTEGER(TG_I64, int64_t, neg, INT64_MIN, 0, 0, true, INT64_MIN);
  CHECK_INTEGER(TG_U8, uint8_t, add, 250, 10, 0, true, 4);
  CHECK_INTEGER(TG_U8, uint8_t, sub, 3, 5, 0, true, 254);
  CHECK_INTEGER(TG_U8, uint8_t, mul, 16, 17, 0, true, 16);
  CHECK_INTEGER(TG_U8, uint8_t, neg, 1, 0, 0, true, 255);
  CHECK_INTEGER(TG_U8, uint8_t, sign, 200, 0, 0, true, 1);
  CHECK_INTEGER(TG_I32, int32_t, sign, -200, 0, 0, true, -1);
  CHECK_INTEGER(TG_I32, int32_t, maximum, -2, 1, 0, true, 1);
  CHECK_INTEGER(TG_I64, int64_t, minimum, -2, 1, 0, true, -2);
}
END_TEST

START_TEST(test_integer_division) {
  CHECK_INTEGER(TG_I32, int32_t, div, -7, 2, 0, true, -3);
  CHECK_INTEGER(TG_I32, int32_t, fmod, -7, 2, 0, true, -1);
  CHECK_INTEGER(TG_I32, int32_t, div, INT32_MIN, -1, 0, true, INT32_MIN);
  CHECK_INTEGER(TG_I32, int32_t, fmod, INT32_MIN, -1, 0, true, 0);
  CHECK_INTEGER(TG_I64, int64_t, div, INT64_MIN, -1, 0, true, INT64_MIN);
  CHECK_INTEGER(TG_I64, int64_t, fmod, INT64_MIN, -1, 0, true, 0);
  CHECK_INTEGER(TG_U8, uint8_t, div, 254, 255, 0, true, 0);
  CHECK_INTEGER(TG_U8, uint8_t, fmod, 254, 255, 0, true, 254);
  CHECK_INTEGER(TG_I32, int32_t, div, 1, 0, 0, false, 0);
  CHECK_INTEGER(TG_I64, int64_t, fmod, 1, 0, 0, false, 0);
  CHECK_INTEGER(TG_U8, uint8_t, div_scalar, 9, 0, 0.5, false, 0);
  CHECK_INTEGER(TG_I32, int32_t, rdiv_scalar, 2, 0, 9, true, 4);
}
END_TEST

START_TEST(test_numbers_saturate_to_the_dtype) {
  CHECK_INTEGER(TG_I32, int32_t, add_scalar, 0, 0, 1e10, true, INT32_MAX);
  CHECK_INTEGER(TG_I32, int32_t, add_scalar, 0, 0, -1e10, true, INT32_MIN);
  CHECK_INTEGER(TG_I64, int64_t, add_scalar, 0, 0, 0x1p63, true, INT64_MAX);
  CHECK_INTEGER(TG_I64, int64_t, add_scalar, 0, 0, -0x1p63, true, INT64_MIN);
  CHECK_INTEGER(TG_I64, int64_t, add_scalar, 0, 0, -INFINITY, true, INT64_MIN);
  CHECK_INTEGER(TG_U8, uint8_t, add_scalar, 0, 0, 300, true, 255);
  CHECK_INTEGER(TG_U8, uint8_t, add_scalar, 0, 0, -3, true, 0);
  CHECK_INTEGER(TG_U8, uint8_t, add_scalar, 1, 0, NAN, true, 1);
  CHECK_INTEGER(TG_I32, int32_t, add_scalar, 0, 0, -2.9, true, -2);
}
END_TEST

START_TEST(test_classes) {
  const tgi_map_table *i32 = tgi_map_table_for(TG_ISA_BASE, TG_I32);
  const tgi_map_table *truth = tgi_map_table_for(TG_ISA_BASE, TG_BOOL);
  ck_assert(i32->exp.value == NULL);
  ck_assert(i32->add.value != NULL);
  ck_assert(i32->add.cotangent[0][0] == NULL);
  ck_assert(truth->add.value == NULL);
  ck_assert(truth->eq.value != NULL);
  ck_assert(truth->where.value != NULL);
}
END_TEST

/* ---- instruction sets ---- */

static tg_isa best_isa(void) { return tg_runtime_isa(NULL); }

/* Rows that call vector functions, in which instruction sets may differ (test_vector says by how
   much), on special values not; all others are exact. */
static bool calls_functions(const char *name) {
  static const char *const names[] = {
      "exp",         "expm1",        "exp2",        "log",      "log1p",      "log2",  "log10",
      "sin",         "cos",          "tan",         "asin",     "acos",       "atan",  "sinh",
      "cosh",        "tanh",         "asinh",       "acosh",    "atanh",      "erf",   "erfc",
      "sigmoid",     "log_sigmoid",  "selu",        "gelu",     "gelu_tanh",  "silu",  "mish",
      "elu",         "celu",         "pow",         "softplus", "pow_scalar", "atan2", "hypot",
      "rpow_scalar", "atan2_scalar", "hypot_scalar"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

static bool agree(tg_dtype dtype, const char *name, double a, double b) {
  if (!calls_functions(name)) return same(a, b);
  return close_to(a, b, dtype == TG_F32 ? 4e-4 : 1e-12);
}

/* The same call on both tables gives the same numbers. */
static void compare_isas(tg_isa isa, tg_dtype dtype, const char *name, tgi_map_fn *fn,
                         tgi_map_fn *base, int64_t n, const void *const in[]) {
  static _Alignas(64) char got[8 * 1024], want[8 * 1024];
  const double attrs[2] = {0.75, 1.5};
  if (fn == NULL) return;
  memset(got, 1, sizeof got);
  memset(want, 1, sizeof want);
  ck_assert_int_eq(fn(n, got, in, attrs), base(n, want, in, attrs));
  for (int64_t i = 0; i < n; i++) {
    bool is = dtype == TG_F32   ? agree(dtype, name, ((float *)got)[i], ((float *)want)[i])
              : dtype == TG_F64 ? agree(dtype, name, ((double *)got)[i], ((double *)want)[i])
                                : true;
    ck_assert_msg(is, "%s of %s on %s differs at %d", name, tg_dtype_name(dtype), tg_isa_name(isa),
                  (int)i);
  }
  if (!tg_dtype_is_float(dtype)) ck_assert_mem_eq(got, want, sizeof got);
}

START_TEST(test_instruction_sets_agree) {
  enum { N = 67 };
  static const double specials[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 0.75, 1.5, 3e38, -3};
  enum { S = sizeof specials / sizeof *specials };
  static _Alignas(64) char memory[4][8 * N];
  for (tg_dtype dtype = TG_F32; dtype < TG_DTYPE_COUNT; dtype++) {
    const void *in[4];
    for (int k = 0; k < 4; k++) {
      const tg_tensor x = tg_tensor_of(memory[k], dtype, 1, (int64_t[]){N});
      for (int64_t i = 0; i < N; i++)
        tg_tensor_put(&x, i, i % 2 ? specials[(i / 2 * (k + 1)) % S] : 8 * spread(i + N * k) - 4);
      in[k] = memory[k];
    }
    for (tg_isa isa = TG_ISA_AVX2; isa <= best_isa(); isa++) {
      for (int r = 0; r < ROWS; r++) {
        const tgi_map_row *row = row_in(tgi_map_table_for(isa, dtype), &rows[r]);
        const tgi_map_row *base = row_in(tgi_map_table_for(TG_ISA_BASE, dtype), &rows[r]);
        for (int64_t n = 1; n <= N; n += 11) {
          compare_isas(isa, dtype, rows[r].name, row->value, base->value, n, in);
          for (int i = 0; i < 4; i++)
            compare_isas(isa, dtype, rows[r].name, row->cotangent[i / 2][i % 2],
                         base->cotangent[i / 2][i % 2], n, in);
        }
      }
    }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("elementwise");
  TCase *values = tcase_create("values");
  tcase_add_test(values, test_values_and_slopes_are_pytorchs);
  tcase_add_test(values, test_f32_agrees_with_f64);
  tcase_add_test(values, test_values_and_slopes_of_two_operands_are_pytorchs);
  tcase_add_test(values, test_special_values);
  tcase_add_test(values, test_slopes_by_a_number);
  tcase_add_test(values, test_predicates);
  suite_add_tcase(suite, values);
  TCase *integers = tcase_create("integers");
  tcase_add_test(integers, test_integers_wrap);
  tcase_add_test(integers, test_integer_division);
  tcase_add_test(integers, test_numbers_saturate_to_the_dtype);
  tcase_add_test(integers, test_classes);
  suite_add_tcase(suite, integers);
  TCase *machine = tcase_create("instruction sets");
  tcase_add_test(machine, test_instruction_sets_agree);
  suite_add_tcase(suite, machine);
  return run_suite(suite);
}
