/* The rows read as arithmetic on floating-point numbers: values, and the text of each rule once
   more as a fused loop, in which tg_mul(g, y) multiplies two numbers. Knows no tape: here, tg_exp
   is a function of a number. The build names T (float, double), DTYPE, ISA, and SUFFIX (of
   libm). */
#include "kernel/libm.h"
#include "kernel/map_names.h"

/* ---- the vocabulary of values ---- */

#define K(c) ((T)(c))
#define INF  K(INFINITY)

static inline T number(double c) { return (T)c; }
static inline T neg(T x) { return -x; }
static inline T add(T a, T b) { return a + b; }
static inline T sub(T a, T b) { return a - b; }
static inline T mul(T a, T b) { return a * b; }
static inline T div(T a, T b) { return a / b; }
static inline bool eq(T a, T b) { return a == b; }
static inline bool ne(T a, T b) { return a != b; }
static inline bool lt(T a, T b) { return a < b; }
static inline bool le(T a, T b) { return a <= b; }
static inline bool gt(T a, T b) { return a > b; }
static inline bool ge(T a, T b) { return a >= b; }
static inline bool both(bool a, bool b) { return a & b; }
static inline bool either(bool a, bool b) { return a | b; }
static inline bool one_of(bool a, bool b) { return a ^ b; }
static inline T select(bool condition, T a, T b) { return condition ? a : b; }
/* NaN where either is. */
static inline T max(T a, T b) { return select(either(lt(a, b), ne(b, b)), b, a); }
static inline T min(T a, T b) { return select(either(gt(a, b), ne(b, b)), b, a); }

/* clang-format off */
#define abs(x)      LIBM(fabs)(x)
#define sqrt(x)     LIBM(sqrt)(x)
#define exp(x)      LIBM(exp)(x)
#define expm1(x)    LIBM(expm1)(x)
#define exp2(x)     LIBM(exp2)(x)
#define log(x)      LIBM(log)(x)
#define log1p(x)    LIBM(log1p)(x)
#define log2(x)     LIBM(log2)(x)
#define log10(x)    LIBM(log10)(x)
#define sin(x)      LIBM(sin)(x)
#define cos(x)      LIBM(cos)(x)
#define tan(x)      LIBM(tan)(x)
#define asin(x)     LIBM(asin)(x)
#define acos(x)     LIBM(acos)(x)
#define atan(x)     LIBM(atan)(x)
#define sinh(x)     LIBM(sinh)(x)
#define cosh(x)     LIBM(cosh)(x)
#define tanh(x)     LIBM(tanh)(x)
#define asinh(x)    LIBM(asinh)(x)
#define acosh(x)    LIBM(acosh)(x)
#define atanh(x)    LIBM(atanh)(x)
#define erf(x)      LIBM(erf)(x)
#define erfc(x)     LIBM(erfc)(x)
#define floor(x)    LIBM(floor)(x)
#define ceil(x)     LIBM(ceil)(x)
#define trunc(x)    LIBM(trunc)(x)
#define rint(x)     LIBM(rint)(x)
#define pow(a, b)   LIBM(pow)(a, b)
#define atan2(a, b) LIBM(atan2)(a, b)
#define fmod(a, b)  LIBM(fmod)(a, b)
#define hypot(a, b) LIBM(hypot)(a, b)

/* ---- the vocabulary of rules: every row without attributes is a function of numbers ---- */

#define UNARY(name, label, class, formula, low, high, kinks, value, ...)                           \
  static inline T tg_##name(T x) { return value; }
#define STEP(name, label, class, formula, low, high, kinks, value)                                 \
  static inline T tg_##name(T x) { return value; }
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, ...)           \
  static inline T tg_##name(T a, T b) { return value; }
#define TEST(name, label, class, formula, low, high, value)                                        \
  static inline bool tg_##name(T x) { return value; }
#define COMPARE(name, label, class, formula, low, high, value)                                     \
  static inline bool tg_##name(T a, T b) { return value; }
#include "kernel/elementwise_rows.h"
/* clang-format on */

#define tg_where(condition, a, b) select(condition, a, b)

/* ---- values ---- */

#define FLOATS_ROW(...)  __VA_ARGS__
#define NUMBERS_ROW(...) __VA_ARGS__
#define ANY_ROW(...)     __VA_ARGS__
#include "kernel/map_reader.h"

/* ---- cotangents ---- */

#define COTANGENT(fn, op, rule)                                                                    \
  static bool fn(int64_t n, void *dst, const void *const in[], const double attrs[]) {             \
    T *restrict to = dst;                                                                          \
    const T *const as = in[0], *const bs = in[1], *const ys = in[2], *const gs = in[3];            \
    const T p = number(attrs[0]), q = number(attrs[1]);                                            \
    (void)p, (void)q;                                                                              \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const T a = as[i], b = bs[i], y = ys[i], g = gs[i], x = a;                                   \
      (void)b, (void)y, (void)x;                                                                   \
      to[i] op rule;                                                                               \
    }                                                                                              \
    return true;                                                                                   \
  }
#define COTANGENTS(name, operand, rule)                                                            \
  COTANGENT(set_##operand##_##name, =, rule)                                                       \
  COTANGENT(add_##operand##_##name, +=, rule)

/* clang-format off */
#define UNARY(name, label, class, formula, low, high, kinks, value, rule)                          \
  COTANGENTS(name, a, rule)
#define UNARY1(name, label, class, formula, low, high, kinks, p, p_usual, p_other, value, rule)    \
  COTANGENTS(name, a, rule)
#define UNARY2(name, label, class, formula, low, high, kinks, p, p_usual, p_other,                 \
               q, q_usual, q_other, value, rule)                                                   \
  COTANGENTS(name, a, rule)
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, rule_a, rule_b) \
  COTANGENTS(name, a, rule_a)                                                                      \
  COTANGENTS(name, b, rule_b)
#include "kernel/elementwise_rows.h"
/* clang-format on */

#define COTANGENT_WHERE(fn, op, a, b)                                                              \
  static bool fn(int64_t n, void *dst, const void *const in[], const double attrs[]) {             \
    T *restrict to = dst;                                                                          \
    const uint8_t *const condition = in[0];                                                        \
    const T *const gs = in[3];                                                                     \
    (void)attrs;                                                                                   \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const T g = gs[i];                                                                           \
      to[i] op condition[i] != 0 ? a : b;                                                          \
    }                                                                                              \
    return true;                                                                                   \
  }
COTANGENT_WHERE(set_a_where, =, g, 0)
COTANGENT_WHERE(add_a_where, +=, g, 0)
COTANGENT_WHERE(set_b_where, =, 0, g)
COTANGENT_WHERE(add_b_where, +=, 0, g)

/* ---- the table ---- */

#define OF(operand, name)                                                                          \
  { set_##operand##_##name, add_##operand##_##name }

/* clang-format off */
const tgi_map_table TGI_MAP_TABLE(DTYPE, ISA) = {
#define UNARY(name, ...)   .name = {value_##name, {OF(a, name)}},
#define UNARY1(name, ...)  .name = {value_##name, {OF(a, name)}},
#define UNARY2(name, ...)  .name = {value_##name, {OF(a, name)}},
#define BINARY(name, ...)  .name = {value_##name, {OF(a, name), OF(b, name)}},
#define STEP(name, ...)    .name = {value_##name, {{NULL}}},
#define TEST(name, ...)    .name = {value_##name, {{NULL}}},
#define TEST1(name, ...)   .name = {value_##name, {{NULL}}},
#define COMPARE(name, ...) .name = {value_##name, {{NULL}}},
#include "kernel/elementwise_rows.h"
  .where = {value_where, {OF(a, where), OF(b, where)}},
};
/* clang-format on */
