/* The rows of loss_rows.h read as arithmetic on vectors, for one dtype and instruction set. The
   build names T (float, double), LANES, DTYPE, ISA and SUFFIX. */
#include "kernel/loss_names.h"
#include "kernel/vector_math.h"

#define K(c)    all((T)(c))
#define NOTHING K(0)

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
#define tg_eq_scalar(x, c)      eq(x, K(c))
#define tg_ne_scalar(x, c)      ne(x, K(c))
#define tg_lt_scalar(x, c)      lt(x, K(c))
#define tg_le_scalar(x, c)      le(x, K(c))
#define tg_logical_and(a, b)    both(a, b)
#define tg_where(c, a, b)       select(c, a, b)
#define tg_maximum_scalar(x, c) max(x, K(c))
#define tg_clamp(x, low, high)  clamp(x, K(low), K(high))
#define tg_hardtanh             tg_clamp
static inline V clamp(V x, V low, V high) {
  return select(lt(x, low), low, select(gt(x, high), high, x));
}
static inline V tg_sign(V x) { return select(gt(x, K(0)), K(1), select(lt(x, K(0)), K(-1), x)); }
static inline V tg_sigmoid(V x) {
  const V e = exp(neg(abs(x)));
  return select(lt(x, K(0)), e, K(1)) / (K(1) + e);
}

/* ---- the rows ---- */

#define OPERANDS                                                                                   \
  const V x = load((const T *)xs + i, m), t = load((const T *)ts + i, m);                          \
  (void)x, (void)t

#define VALUE(name, formula)                                                                       \
  static void value_##name(int64_t n, void *y, const void *xs, const void *ts, double p) {         \
    (void)p;                                                                                       \
    EACH_VECTOR(n, {                                                                               \
      OPERANDS;                                                                                    \
      store((T *)y + i, m, formula);                                                               \
    });                                                                                            \
  }
#define SLOPES(formula, old)                                                                       \
  EACH_VECTOR(n, {                                                                                 \
    OPERANDS;                                                                                      \
    const V g = g_step == 0 ? all(*(const T *)gs) : load((const T *)gs + i, m);                    \
    store((T *)dx + i, m, old + g * K(scale) * (formula));                                         \
  })
#define SLOPE(operand, name, formula)                                                              \
  static void slope_##operand##_##name(int64_t n, void *dx, const void *xs, const void *ts,        \
                                       double p, const void *gs, int64_t g_step, double scale,     \
                                       double beta) {                                              \
    (void)p;                                                                                       \
    if (beta == 0)                                                                                 \
      SLOPES(formula, K(0));                                                                       \
    else                                                                                           \
      SLOPES(formula, load((const T *)dx + i, m));                                                 \
  }

/* clang-format off */
#define LOSS(name, label, formula, a, b, value, slope_x, slope_t)                                  \
  VALUE(name, value) SLOPE(x, name, slope_x) SLOPE(t, name, slope_t)
#define LOSS1(name, label, formula, a, b, p_name, p_kind, p_usual, value, slope_x, slope_t)        \
  VALUE(name, value) SLOPE(x, name, slope_x) SLOPE(t, name, slope_t)
#define RANGES(...)
#include "kernel/loss_rows.h"

const tgi_loss_table TGI_LOSSES(DTYPE, ISA) = {
#define LOSS(name, ...)  .name = {value_##name, {slope_x_##name, slope_t_##name}},
#define LOSS1(name, ...) LOSS(name, )
#include "kernel/loss_rows.h"
};
/* clang-format on */
