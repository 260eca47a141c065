/* The rows of loss_rows.h read as arithmetic on numbers of type T (float, double), with libm's
   functions by SUFFIX and the table's NAME. Included once per T. */
#include <stdbool.h>

#include "kernel/libm.h"
#include "kernel/loss.h"

#define K(c)    ((T)(c))
#define NOTHING K(0)

/* ---- the vocabulary of values ---- */

static inline T neg(T x) { return -x; }
static inline T add(T a, T b) { return a + b; }
static inline T sub(T a, T b) { return a - b; }
static inline T mul(T a, T b) { return a * b; }
static inline T div(T a, T b) { return a / b; }
static inline bool eq(T a, T b) { return a == b; }
static inline bool lt(T a, T b) { return a < b; }
static inline bool le(T a, T b) { return a <= b; }
static inline T select(bool condition, T a, T b) { return condition ? a : b; }
/* NaN where a is: b is a constant in every row. */
static inline T max(T a, T b) { return a < b ? b : a; }
#define abs(x)   LIBM(fabs)(x)
#define exp(x)   LIBM(exp)(x)
#define log(x)   LIBM(log)(x)
#define log1p(x) LIBM(log1p)(x)

/* ---- the vocabulary of slopes ---- */

#define tg_neg(x)               neg(x)
#define tg_add(a, b)            add(a, b)
#define tg_sub(a, b)            sub(a, b)
#define tg_mul(a, b)            mul(a, b)
#define tg_div(a, b)            div(a, b)
#define tg_exp(x)               exp(x)
#define tg_log(x)               log(x)
#define tg_log1p(x)             log1p(x)
#define tg_add_scalar(x, c)     add(x, K(c))
#define tg_rsub_scalar(x, c)    sub(K(c), x)
#define tg_mul_scalar(x, c)     mul(x, K(c))
#define tg_div_scalar(x, c)     div(x, K(c))
#define tg_eq_scalar(x, c)      ((x) == K(c))
#define tg_ne_scalar(x, c)      ((x) != K(c))
#define tg_lt_scalar(x, c)      lt(x, K(c))
#define tg_le_scalar(x, c)      le(x, K(c))
#define tg_logical_and(a, b)    ((a) & (b))
#define tg_where(c, a, b)       select(c, a, b)
#define tg_maximum_scalar(x, c) max(x, K(c))
#define tg_clamp(x, low, high)  clamp(x, K(low), K(high))
#define tg_hardtanh             tg_clamp
static inline T clamp(T x, T low, T high) { return x < low ? low : x > high ? high : x; }
static inline T tg_sign(T x) { return x > 0 ? K(1) : x < 0 ? K(-1) : x; }
static inline T tg_sigmoid(T x) {
  const T e = exp(neg(abs(x)));
  return select(x < 0, e, K(1)) / (K(1) + e);
}

/* ---- the rows ---- */

#define VALUE(name, formula)                                                                       \
  static void value_##name(int64_t n, void *y, const void *xs, const void *ts, double p) {         \
    (void)p;                                                                                       \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const T x = ((const T *)xs)[i], t = ((const T *)ts)[i];                                      \
      ((T *)y)[i] = formula;                                                                       \
    }                                                                                              \
  }
#define SLOPES(formula, old)                                                                       \
  for (int64_t i = 0; i < n; i++) {                                                                \
    const T x = ((const T *)xs)[i], t = ((const T *)ts)[i];                                        \
    const T g = ((const T *)gs)[i * g_step] * K(scale);                                            \
    (void)x, (void)t;                                                                              \
    ((T *)dx)[i] = (old) + g * (formula);                                                          \
  }
#define SLOPE(operand, name, formula)                                                              \
  static void slope_##operand##_##name(int64_t n, void *dx, const void *xs, const void *ts,        \
                                       double p, const void *gs, int64_t g_step, double scale,     \
                                       double beta) {                                              \
    (void)p;                                                                                       \
    if (beta == 0)                                                                                 \
      SLOPES(formula, K(0))                                                                        \
    else                                                                                           \
      SLOPES(formula, ((const T *)dx)[i])                                                          \
  }

/* clang-format off */
#define LOSS(name, label, formula, a, b, value, slope_x, slope_t)                                  \
  VALUE(name, value) SLOPE(x, name, slope_x) SLOPE(t, name, slope_t)
#define LOSS1(name, label, formula, a, b, p_name, p_kind, p_usual, value, slope_x, slope_t)        \
  VALUE(name, value) SLOPE(x, name, slope_x) SLOPE(t, name, slope_t)
#define RANGES(...)
#include "kernel/loss_rows.h"

const tgi_loss_table NAME = {
#define LOSS(name, ...)  .name = {value_##name, {slope_x_##name, slope_t_##name}},
#define LOSS1(name, ...) LOSS(name, )
#include "kernel/loss_rows.h"
};
/* clang-format on */
