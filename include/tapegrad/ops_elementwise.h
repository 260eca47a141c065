/* Operators on one number after another: arithmetic, elementary functions, activations,
   comparisons. One row of lib/kernel/elementwise_rows.h each; this header says them once more, for
   people. */
#ifndef TAPEGRAD_OPS_ELEMENTWISE_H
#define TAPEGRAD_OPS_ELEMENTWISE_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- broadcasting ---- */

/* x seen with the given dims, to which it broadcasts by NumPy's rules; a view. */
TG_API tg_var tg_broadcast_to(tg_var x, int rank, const int64_t dims[]);
/* Its transpose: sums x over the axes along which the given dims broadcast to x's. */
TG_API tg_var tg_sum_to(tg_var x, int rank, const int64_t dims[]);

/* ---- elementwise: one operand ----
   The shape and dtype of x. f32 and f64, where it says "numbers" also i64, i32 and u8, which wrap
   around; "any" is bool too. Functions from exp to erfc, sigmoid, pow, atan2 and hypot are within 4
   units of the last place, with C's values at 0, infinity and NaN; sqrt and arithmetic are rounded
   correctly. */

/* clang-format off */
TG_API tg_var tg_neg(tg_var x);          /* -x; numbers */
TG_API tg_var tg_abs(tg_var x);          /* |x|; numbers; slope 0 at 0 */
TG_API tg_var tg_sign(tg_var x);         /* -1, 0, 1, x itself where 0 or NaN; numbers; slope 0 */
TG_API tg_var tg_square(tg_var x);       /* x^2; numbers */
TG_API tg_var tg_sqrt(tg_var x);         /* sqrt(x) */
TG_API tg_var tg_rsqrt(tg_var x);        /* 1 / sqrt(x) */
TG_API tg_var tg_reciprocal(tg_var x);   /* 1 / x */
TG_API tg_var tg_exp(tg_var x);          /* e^x */
TG_API tg_var tg_expm1(tg_var x);        /* e^x - 1, also near 0 */
TG_API tg_var tg_exp2(tg_var x);         /* 2^x */
TG_API tg_var tg_log(tg_var x);          /* ln x */
TG_API tg_var tg_log1p(tg_var x);        /* ln(1 + x), also near 0 */
TG_API tg_var tg_log2(tg_var x);         /* log2 x */
TG_API tg_var tg_log10(tg_var x);        /* log10 x */
TG_API tg_var tg_sin(tg_var x);
TG_API tg_var tg_cos(tg_var x);
TG_API tg_var tg_tan(tg_var x);
TG_API tg_var tg_asin(tg_var x);
TG_API tg_var tg_acos(tg_var x);
TG_API tg_var tg_atan(tg_var x);
TG_API tg_var tg_sinh(tg_var x);
TG_API tg_var tg_cosh(tg_var x);
TG_API tg_var tg_tanh(tg_var x);
TG_API tg_var tg_asinh(tg_var x);
TG_API tg_var tg_acosh(tg_var x);
TG_API tg_var tg_atanh(tg_var x);
TG_API tg_var tg_erf(tg_var x);          /* 2/sqrt(pi) int_0^x e^(-t^2) dt */
TG_API tg_var tg_erfc(tg_var x);         /* 1 - erf(x), also for large x */
TG_API tg_var tg_floor(tg_var x);        /* largest integer <= x; slope 0, as the next three */
TG_API tg_var tg_ceil(tg_var x);         /* least integer >= x */
TG_API tg_var tg_round(tg_var x);        /* nearest integer, the even one of two */
TG_API tg_var tg_trunc(tg_var x);        /* x without its fraction */

/* ---- elementwise: activations ---- */

TG_API tg_var tg_sigmoid(tg_var x);      /* 1 / (1 + e^-x) */
TG_API tg_var tg_log_sigmoid(tg_var x);  /* ln sigmoid(x), finite for every finite x */
TG_API tg_var tg_relu(tg_var x);         /* max(0, x); slope 0 at 0 */
TG_API tg_var tg_relu6(tg_var x);        /* min(max(0, x), 6); slope 0 at 0 and 6 */
TG_API tg_var tg_selu(tg_var x);         /* 1.0507 (max(0, x) + min(0, 1.67326 (e^x - 1))) */
TG_API tg_var tg_gelu(tg_var x);         /* x/2 (1 + erf(x / sqrt(2))) */
TG_API tg_var tg_gelu_tanh(tg_var x);    /* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
TG_API tg_var tg_silu(tg_var x);         /* x sigmoid(x) */
TG_API tg_var tg_softsign(tg_var x);     /* x / (1 + |x|) */
TG_API tg_var tg_mish(tg_var x);         /* x tanh(ln(1 + e^x)) */
TG_API tg_var tg_hardsigmoid(tg_var x);  /* min(max(0, x + 3), 6) / 6; slope 0 at -3 and 3 */
TG_API tg_var tg_hardswish(tg_var x);    /* x hardsigmoid(x); slopes -1/2 at -3, 3/2 at 3 */
/* max(0, x) + negative_slope min(0, x); slope negative_slope at 0; usually 0.01 */
TG_API tg_var tg_leaky_relu(tg_var x, double negative_slope);
/* max(0, x) + min(0, alpha (e^x - 1)); usually alpha = 1 */
TG_API tg_var tg_elu(tg_var x, double alpha);
/* max(0, x) + min(0, alpha (e^(x/alpha) - 1)); usually alpha = 1 */
TG_API tg_var tg_celu(tg_var x, double alpha);
/* ln(1 + e^(beta x)) / beta, and x where beta x > threshold; usually beta = 1, threshold = 20 */
TG_API tg_var tg_softplus(tg_var x, double beta, double threshold);
/* min(max(x, min), max); slope 0 at both; usually -1 and 1 */
TG_API tg_var tg_hardtanh(tg_var x, double min, double max);
/* min(max(x, min), max); slope 1 at both; max everywhere where min > max; numbers */
TG_API tg_var tg_clamp(tg_var x, double min, double max);

/* ---- elementwise: two operands ----
   Of one dtype; the shapes broadcast by NumPy's rules. Integer division by zero is TG_DIVISION. */

TG_API tg_var tg_add(tg_var a, tg_var b);      /* a + b; numbers */
TG_API tg_var tg_sub(tg_var a, tg_var b);      /* a - b; numbers */
TG_API tg_var tg_mul(tg_var a, tg_var b);      /* a b; numbers */
TG_API tg_var tg_div(tg_var a, tg_var b);      /* a / b; numbers, integers truncate */
TG_API tg_var tg_pow(tg_var a, tg_var b);      /* a^b; slope 0 in a where b = 0, in b where a = 0, b >= 0 */
TG_API tg_var tg_maximum(tg_var a, tg_var b);  /* NaN where either is; half the slope each where equal; numbers */
TG_API tg_var tg_minimum(tg_var a, tg_var b);  /* likewise */
TG_API tg_var tg_atan2(tg_var a, tg_var b);    /* the angle of the point (b, a), -pi to pi */
TG_API tg_var tg_fmod(tg_var a, tg_var b);     /* a - b trunc(a / b), with a's sign; numbers */
TG_API tg_var tg_hypot(tg_var a, tg_var b);    /* sqrt(a^2 + b^2) without overflow on the way */

/* ---- elementwise: an operand and a number, which takes the operand's dtype (saturating) ---- */

TG_API tg_var tg_add_scalar(tg_var x, double value);      /* x + value; numbers */
TG_API tg_var tg_sub_scalar(tg_var x, double value);      /* x - value; numbers */
TG_API tg_var tg_rsub_scalar(tg_var x, double value);     /* value - x; numbers */
TG_API tg_var tg_mul_scalar(tg_var x, double value);      /* x value; numbers */
TG_API tg_var tg_div_scalar(tg_var x, double value);      /* x / value; numbers, integers truncate */
TG_API tg_var tg_rdiv_scalar(tg_var x, double value);     /* value / x; numbers, integers truncate */
TG_API tg_var tg_pow_scalar(tg_var x, double exponent);   /* x^exponent; slope 0 where exponent = 0 */
TG_API tg_var tg_rpow_scalar(tg_var x, double base);      /* base^x; slope 0 where base = 0, x >= 0 */
TG_API tg_var tg_maximum_scalar(tg_var x, double value);  /* max(x, value); half the slope where equal; numbers */
TG_API tg_var tg_minimum_scalar(tg_var x, double value);  /* min(x, value); likewise */
TG_API tg_var tg_fmod_scalar(tg_var x, double value);     /* x - value trunc(x / value); numbers */
TG_API tg_var tg_atan2_scalar(tg_var x, double value);    /* angle of the point (value, x) */
TG_API tg_var tg_hypot_scalar(tg_var x, double value);    /* sqrt(x^2 + value^2) */

/* ---- elementwise: predicates ----
   The result is bool and a constant; any dtype. */

TG_API tg_var tg_eq(tg_var a, tg_var b);           /* a = b */
TG_API tg_var tg_ne(tg_var a, tg_var b);           /* a != b */
TG_API tg_var tg_lt(tg_var a, tg_var b);           /* a < b */
TG_API tg_var tg_le(tg_var a, tg_var b);           /* a <= b */
TG_API tg_var tg_gt(tg_var a, tg_var b);           /* a > b */
TG_API tg_var tg_ge(tg_var a, tg_var b);           /* a >= b */
TG_API tg_var tg_eq_scalar(tg_var x, double value);
TG_API tg_var tg_ne_scalar(tg_var x, double value);
TG_API tg_var tg_lt_scalar(tg_var x, double value);
TG_API tg_var tg_le_scalar(tg_var x, double value);
TG_API tg_var tg_gt_scalar(tg_var x, double value);
TG_API tg_var tg_ge_scalar(tg_var x, double value);
TG_API tg_var tg_logical_and(tg_var a, tg_var b);  /* a != 0 and b != 0 */
TG_API tg_var tg_logical_or(tg_var a, tg_var b);   /* a != 0 or b != 0 */
TG_API tg_var tg_logical_xor(tg_var a, tg_var b);  /* one of a, b is not 0 */
TG_API tg_var tg_logical_not(tg_var x);            /* x = 0 */
TG_API tg_var tg_isnan(tg_var x);                  /* f32 and f64 only, as the next two */
TG_API tg_var tg_isinf(tg_var x);
TG_API tg_var tg_isfinite(tg_var x);

/* ---- selection ---- */

/* a where condition, else b; condition is bool, a and b have one dtype; all three broadcast. */
TG_API tg_var tg_where(tg_var condition, tg_var a, tg_var b);
/* value where mask (bool, broadcasts with x), else x. Composite. */
TG_API tg_var tg_masked_fill(tg_var x, tg_var mask, double value);
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
