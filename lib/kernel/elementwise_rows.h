/* Every elementwise operator, one row each. There is no guard: each #include reads the rows once
   more, by the meaning that the reader gave to the kinds UNARY, BINARY, ... (those it left
   undefined say nothing), or to ROW(name), which is then all kinds. The kinds are undefined again
   at the end.

   Columns
     name     the operator is tg_name, its struct tgi_op_name, its member of a tgi_map_table name
     label    for pictures
     class    dtypes: FLOATS, NUMBERS (integers wrap as unsigned), ANY (bool too)
     formula  one line, for people
     low, high       numbers on which each operand is sampled
     kinks    operand values at which a derivative jumps: KINK(0), KINK(-3, 3); else SMOOTH
     p, q     attributes: name, usual value, another value to sample
     value    of the result, in the vocabulary of numbers: exp(x), select(gt(x, K(0)), x, p)
     cotangent of each operand, in operators: tg_mul(g, y), tg_where(tg_gt(x, K(0)), g, K(0))

   In scope: x the operand, or a and b; p and q; and for cotangents also y the result and g its
   cotangent. K(c) is the constant c. An argument may be read twice, so it is pure. What holds at a
   kink is what PyTorch does there. A cotangent has no branch that is infinite where the other is
   taken, as far as that can be: the 0 * infinity would turn up as NaN in the next derivative.

   Kinds
     UNARY, UNARY1, UNARY2    one operand and none, one, two attributes
     BINARY                   two operands
     STEP                     one operand, derivative zero everywhere
     TEST, TEST1, COMPARE     one, one with an attribute, two operands: bool, no derivative */
#ifdef ROW
#define UNARY(name, ...)   ROW(name)
#define UNARY1(name, ...)  ROW(name)
#define UNARY2(name, ...)  ROW(name)
#define BINARY(name, ...)  ROW(name)
#define STEP(name, ...)    ROW(name)
#define TEST(name, ...)    ROW(name)
#define TEST1(name, ...)   ROW(name)
#define COMPARE(name, ...) ROW(name)
#endif
#ifndef UNARY
#define UNARY(...)
#endif
#ifndef UNARY1
#define UNARY1(...)
#endif
#ifndef UNARY2
#define UNARY2(...)
#endif
#ifndef BINARY
#define BINARY(...)
#endif
#ifndef STEP
#define STEP(...)
#endif
#ifndef TEST
#define TEST(...)
#endif
#ifndef TEST1
#define TEST1(...)
#endif
#ifndef COMPARE
#define COMPARE(...)
#endif

#define LN_2       0.69314718055994530942
#define LN_10      2.30258509299404568402
#define SQRT_2     1.41421356237309504880
#define SQRT_PI    1.77245385090551602730
#define SELU_ALPHA 1.67326324235437728482
#define SELU_SCALE 1.05070098735548049342

/* clang-format off */

/* ---- one operand ----------------------------------------------------------------------------- */
/*      name         label       class    formula                   low   high  kinks
          value                                 cotangent of x */

UNARY ( neg,         "neg",      NUMBERS, "-x",                     -2.0,  2.0, SMOOTH,
          neg(x),                               tg_neg(g) )
UNARY ( abs,         "abs",      NUMBERS, "|x|; slope 0 at 0",      -2.0,  2.0, KINK(0),
          abs(x),                               tg_mul(g, tg_sign(x)) )
UNARY ( square,      "square",   NUMBERS, "x^2",                    -2.0,  2.0, SMOOTH,
          mul(x, x),                            tg_mul(tg_mul(g, K(2)), x) )
UNARY ( sqrt,        "sqrt",     FLOATS,  "sqrt(x)",                 0.2,  3.0, SMOOTH,
          sqrt(x),                              tg_div(g, tg_mul(K(2), y)) )
UNARY ( rsqrt,       "rsqrt",    FLOATS,  "1 / sqrt(x)",             0.3,  3.0, SMOOTH,
          div(K(1), sqrt(x)),
              tg_mul(g, tg_mul(K(-0.5), tg_mul(y, tg_mul(y, y)))) )
UNARY ( reciprocal,  "1/x",      FLOATS,  "1 / x",                   0.4,  3.0, SMOOTH,
          div(K(1), x),                         tg_neg(tg_mul(g, tg_mul(y, y))) )

UNARY ( exp,         "exp",      FLOATS,  "e^x",                    -2.0,  2.0, SMOOTH,
          exp(x),                               tg_mul(g, y) )
UNARY ( expm1,       "expm1",    FLOATS,  "e^x - 1",                -2.0,  2.0, SMOOTH,
          expm1(x),                             tg_mul(g, tg_add(y, K(1))) )
UNARY ( exp2,        "exp2",     FLOATS,  "2^x",                    -2.0,  2.0, SMOOTH,
          exp2(x),                              tg_mul(g, tg_mul(y, K(LN_2))) )
UNARY ( log,         "log",      FLOATS,  "ln x",                    0.2,  3.0, SMOOTH,
          log(x),                               tg_div(g, x) )
UNARY ( log1p,       "log1p",    FLOATS,  "ln(1 + x)",              -0.7,  2.0, SMOOTH,
          log1p(x),                             tg_div(g, tg_add(x, K(1))) )
UNARY ( log2,        "log2",     FLOATS,  "log2 x",                  0.2,  3.0, SMOOTH,
          log2(x),                              tg_div(g, tg_mul(x, K(LN_2))) )
UNARY ( log10,       "log10",    FLOATS,  "log10 x",                 0.2,  3.0, SMOOTH,
          log10(x),                             tg_div(g, tg_mul(x, K(LN_10))) )

UNARY ( sin,         "sin",      FLOATS,  "sin x",                  -3.0,  3.0, SMOOTH,
          sin(x),                               tg_mul(g, tg_cos(x)) )
UNARY ( cos,         "cos",      FLOATS,  "cos x",                  -3.0,  3.0, SMOOTH,
          cos(x),                               tg_neg(tg_mul(g, tg_sin(x))) )
UNARY ( tan,         "tan",      FLOATS,  "tan x",                  -1.0,  1.0, SMOOTH,
          tan(x),                               tg_mul(g, tg_add(K(1), tg_mul(y, y))) )
UNARY ( asin,        "asin",     FLOATS,  "arcsin x",               -0.8,  0.8, SMOOTH,
          asin(x),                              tg_mul(g, tg_rsqrt(tg_sub(K(1), tg_mul(x, x)))) )
UNARY ( acos,        "acos",     FLOATS,  "arccos x",               -0.8,  0.8, SMOOTH,
          acos(x),
              tg_neg(tg_mul(g, tg_rsqrt(tg_sub(K(1), tg_mul(x, x))))) )
UNARY ( atan,        "atan",     FLOATS,  "arctan x",               -2.0,  2.0, SMOOTH,
          atan(x),                              tg_div(g, tg_add(K(1), tg_mul(x, x))) )
UNARY ( sinh,        "sinh",     FLOATS,  "sinh x",                 -2.0,  2.0, SMOOTH,
          sinh(x),                              tg_mul(g, tg_cosh(x)) )
UNARY ( cosh,        "cosh",     FLOATS,  "cosh x",                 -2.0,  2.0, SMOOTH,
          cosh(x),                              tg_mul(g, tg_sinh(x)) )
UNARY ( tanh,        "tanh",     FLOATS,  "tanh x",                 -2.0,  2.0, SMOOTH,
          tanh(x),                              tg_sub(g, tg_mul(g, tg_mul(y, y))) )
UNARY ( asinh,       "asinh",    FLOATS,  "arsinh x",               -2.0,  2.0, SMOOTH,
          asinh(x),                             tg_mul(g, tg_rsqrt(tg_add(tg_mul(x, x), K(1)))) )
UNARY ( acosh,       "acosh",    FLOATS,  "arcosh x",                1.3,  3.0, SMOOTH,
          acosh(x),                             tg_mul(g, tg_rsqrt(tg_sub(tg_mul(x, x), K(1)))) )
UNARY ( atanh,       "atanh",    FLOATS,  "artanh x",               -0.8,  0.8, SMOOTH,
          atanh(x),                             tg_div(g, tg_sub(K(1), tg_mul(x, x))) )
UNARY ( erf,         "erf",      FLOATS,  "2/sqrt(pi) int_0^x e^(-t^2) dt",
                                                                    -2.0,  2.0, SMOOTH,
          erf(x),
              tg_mul(g, tg_mul(K(2 / SQRT_PI), tg_exp(tg_neg(tg_mul(x, x))))) )
UNARY ( erfc,        "erfc",     FLOATS,  "1 - erf(x)",             -2.0,  2.0, SMOOTH,
          erfc(x),
              tg_mul(g, tg_mul(K(-2 / SQRT_PI), tg_exp(tg_neg(tg_mul(x, x))))) )

/* ---- activations ----------------------------------------------------------------------------- */
/*      name         label       class    formula                   low   high  kinks
          value                                 cotangent of x */

UNARY ( sigmoid,     "sigmoid",  FLOATS,  "1 / (1 + e^-x)",         -3.0,  3.0, SMOOTH,
          div(select(lt(x, K(0)), exp(neg(abs(x))), K(1)), add(K(1), exp(neg(abs(x))))),
                                                tg_mul(g, tg_mul(y, tg_sub(K(1), y))) )
UNARY ( log_sigmoid, "logsigm",  FLOATS,  "ln sigmoid(x)",          -3.0,  3.0, SMOOTH,
          sub(min(x, K(0)), log1p(exp(neg(abs(x))))),
                                                tg_mul(g, tg_sigmoid(tg_neg(x))) )
UNARY ( relu,        "relu",     FLOATS,  "max(0, x); slope 0 at 0",
                                                                    -2.0,  2.0, KINK(0),
          max(x, K(0)),                         tg_where(tg_le(y, K(0)), K(0), g) )
UNARY ( relu6,       "relu6",    FLOATS,  "min(max(0, x), 6); slope 0 at 0 and 6",
                                                                    -2.0,  8.0, KINK(0, 6),
          min(max(x, K(0)), K(6)),
              tg_where(tg_logical_or(tg_le(x, K(0)), tg_ge(x, K(6))), K(0), g) )
UNARY ( selu,        "selu",     FLOATS,  "1.0507 (max(0, x) + min(0, 1.67326 (e^x - 1)))",
                                                                    -2.0,  2.0, KINK(0),
          select(gt(x, K(0)), mul(K(SELU_SCALE), x), mul(K(SELU_SCALE * SELU_ALPHA), expm1(x))),
                                                tg_mul(g, tg_where(tg_gt(x, K(0)), K(SELU_SCALE),
              tg_add(y, K(SELU_SCALE * SELU_ALPHA)))) )
UNARY ( gelu,        "gelu",     FLOATS,  "x/2 (1 + erf(x / sqrt(2)))",
                                                                    -3.0,  3.0, SMOOTH,
          mul(mul(K(0.5), x), add(K(1), erf(mul(K(1 / SQRT_2), x)))),
              tg_mul(g, tg_add(tg_mul(K(0.5), tg_add(K(1), tg_erf(tg_mul(K(1 / SQRT_2), x)))),
              tg_mul(tg_mul(x, K(1 / (SQRT_2 * SQRT_PI))),
              tg_exp(tg_mul(K(-0.5), tg_mul(x, x)))))) )
/* With u = sqrt(2/pi) (x + 0.044715 x^3), 1/2 (1 + tanh(u)) = sigmoid(2u). */
UNARY ( gelu_tanh,   "gelu",     FLOATS,  "x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))",
                                                                    -3.0,  3.0, SMOOTH,
          mul(mul(K(0.5), x), add(K(1), tanh(mul(mul(K(SQRT_2 / SQRT_PI), x),
                                                   add(K(1), mul(K(0.044715), mul(x, x))))))),
              tg_mul(g, tg_add(tg_sigmoid(tg_mul(tg_mul(K(2 * SQRT_2 / SQRT_PI), x),
              tg_add(K(1), tg_mul(K(0.044715), tg_mul(x, x))))),
              tg_mul(tg_mul(y, tg_sigmoid(tg_mul(tg_mul(K(-2 * SQRT_2 / SQRT_PI), x),
              tg_add(K(1), tg_mul(K(0.044715), tg_mul(x, x)))))),
              tg_mul(K(2 * SQRT_2 / SQRT_PI),
              tg_add(K(1), tg_mul(K(3 * 0.044715), tg_mul(x, x))))))) )
UNARY ( silu,        "silu",     FLOATS,  "x sigmoid(x)",           -3.0,  3.0, SMOOTH,
          div(x, add(K(1), exp(neg(x)))),
              tg_mul(g, tg_add(tg_sigmoid(x), tg_mul(y, tg_sigmoid(tg_neg(x))))) )
UNARY ( softsign,    "softsign", FLOATS,  "x / (1 + |x|)",          -3.0,  3.0, KINK(0),
          div(x, add(K(1), abs(x))),            tg_div(g, tg_square(tg_add(K(1), tg_abs(x)))) )
/* tanh(ln(1 + e^x)), with ln(1 + e^x) = -log_sigmoid(-x). */
UNARY ( mish,        "mish",     FLOATS,  "x tanh(ln(1 + e^x))",    -3.0,  3.0, SMOOTH,
          mul(x, tanh(add(max(x, K(0)), log1p(exp(neg(abs(x))))))),
              tg_mul(g, tg_add(tg_tanh(tg_neg(tg_log_sigmoid(tg_neg(x)))),
                                                                 tg_mul(tg_mul(x, tg_sigmoid(x)),
              tg_sub(K(1), tg_square(tg_tanh(tg_neg(tg_log_sigmoid(tg_neg(x))))))))) )
UNARY ( hardsigmoid, "hsigmoid", FLOATS,  "min(max(0, x + 3), 6) / 6; slope 0 at -3 and 3",
              -4.0,  4.0, KINK(-3, 3),
          div(min(max(add(x, K(3)), K(0)), K(6)), K(6)),
              tg_where(tg_logical_and(tg_gt(x, K(-3)), tg_lt(x, K(3))), tg_div(g, K(6)), K(0)) )
UNARY ( hardswish,   "hswish",   FLOATS,  "x min(max(0, x + 3), 6) / 6; slope -1/2 at -3, 3/2 at 3",
              -4.0,  4.0, KINK(-3, 3),
          div(mul(x, min(max(add(x, K(3)), K(0)), K(6))), K(6)),
              tg_mul(g, tg_where(tg_lt(x, K(-3)), K(0), tg_where(tg_gt(x, K(3)), K(1),
              tg_add(tg_div(x, K(3)), K(0.5))))) )

/* ---- one operand and attributes -------------------------------------------------------------- */
/*      name         label       class    formula                   low   high  kinks
          p, usual, other;  q, usual, other
          value                                 cotangent of x */

UNARY1( leaky_relu,  "lrelu",    FLOATS,  "max(0, x) + negative_slope min(0, x); slope p at 0",
                                                                    -2.0,  2.0, KINK(0),
          negative_slope, 0.01, 0.3,
          select(gt(x, K(0)), x, mul(p, x)),    tg_where(tg_gt(x, K(0)), g, tg_mul(g, p)) )
UNARY1( elu,         "elu",      FLOATS,  "max(0, x) + min(0, alpha (e^x - 1))",
                                                                    -2.0,  2.0, KINK(0),
          alpha, 1.0, 0.5,
          select(gt(x, K(0)), x, mul(p, expm1(x))),
              tg_where(tg_gt(x, K(0)), g, tg_mul(g, tg_add(y, p))) )
UNARY1( celu,        "celu",     FLOATS,  "max(0, x) + min(0, alpha (e^(x/alpha) - 1))",
                                                                    -2.0,  2.0, KINK(0),
          alpha, 1.0, 0.5,
          select(gt(x, K(0)), x, mul(p, expm1(div(x, p)))),
              tg_where(tg_gt(x, K(0)), g, tg_mul(g, tg_add(tg_div(y, p), K(1)))) )
UNARY2( softplus,    "softplus", FLOATS,  "ln(1 + e^(beta x)) / beta; x where beta x > threshold",
                                                                    -3.0,  3.0, KINK(0.5),
          beta, 1.0, 2.0,  threshold, 20.0, 1.0,
          select(gt(mul(x, p), q), x,
                 div(add(max(mul(x, p), K(0)), log1p(exp(neg(abs(mul(x, p)))))), p)),
              tg_where(tg_gt(tg_mul(x, p), q), g, tg_mul(g, tg_sigmoid(tg_mul(x, p)))) )
UNARY2( hardtanh,    "htanh",    FLOATS,  "min(max(x, min), max); slope 0 at both",
              -2.5,  2.5, KINK(-2, -1, 0.5, 1),
          min, -1.0, -2.0,  max, 1.0, 0.5,
          min(max(x, p), q),
              tg_where(tg_logical_or(tg_le(x, p), tg_ge(x, q)), K(0), g) )
UNARY2( clamp,       "clamp",    NUMBERS, "min(max(x, min), max); slope 1 at both",
              -2.5,  2.5, KINK(-2, -1, 0.5, 1),
          min, -1.0, -2.0,  max, 1.0, 0.5,
          min(max(x, p), q),
              tg_where(tg_logical_and(tg_ge(x, p), tg_le(x, q)), g, K(0)) )

/* ---- an operand and a number ----------------------------------------------------------------- */

UNARY1( add_scalar,  "+",        NUMBERS, "x + value",              -2.0,  2.0, SMOOTH,
          value, 2.0, -1.5,
          add(x, p),                            g )
UNARY1( sub_scalar,  "-",        NUMBERS, "x - value",              -2.0,  2.0, SMOOTH,
          value, 2.0, -1.5,
          sub(x, p),                            g )
UNARY1( rsub_scalar, "rsub",     NUMBERS, "value - x",              -2.0,  2.0, SMOOTH,
          value, 2.0, -1.5,
          sub(p, x),                            tg_neg(g) )
UNARY1( mul_scalar,  "*",        NUMBERS, "x value",                -2.0,  2.0, SMOOTH,
          value, 2.0, -1.5,
          mul(x, p),                            tg_mul(g, p) )
UNARY1( div_scalar,  "/",        NUMBERS, "x / value",              -2.0,  2.0, SMOOTH,
          value, 2.0, 1.5,
          div(x, p),                            tg_div(g, p) )
UNARY1( rdiv_scalar, "rdiv",     NUMBERS, "value / x",               1.0,  3.0, SMOOTH,
          value, 2.0, -1.5,
          div(p, x),                            tg_neg(tg_mul(g, tg_div(y, x))) )
/* The exponent of the rule is 0, not -1, where p is 0: slope 0, and finite at x = 0. */
UNARY1( pow_scalar,  "pow",      FLOATS,  "x^exponent; slope 0 where exponent = 0",
                                                                     0.3,  2.0, SMOOTH,
          exponent, 2.0, -1.5,
          pow(x, p),
              tg_mul(g, tg_mul(p, tg_pow(x, tg_where(tg_eq(p, K(0)), K(0), tg_sub(p, K(1)))))) )
UNARY1( rpow_scalar, "rpow",     FLOATS,  "base^x; slope 0 where base = 0 and x >= 0",
                                                                    -2.0,  2.0, SMOOTH,
          base, 2.0, 0.5,
          pow(p, x),
              tg_mul(g, tg_mul(y, tg_log(tg_where(tg_logical_and(tg_eq(p, K(0)), tg_ge(x, K(0))),
                                                         K(1), p)))) )
UNARY1( maximum_scalar, "max",   NUMBERS, "max(x, value); half the slope where they are equal",
              -2.0,  2.0, KINK(-0.5, 0.25),
          value, 0.25, -0.5,
          max(x, p),
              tg_where(tg_lt(x, p), K(0), tg_where(tg_eq(x, p), tg_mul(g, K(0.5)), g)) )
UNARY1( minimum_scalar, "min",   NUMBERS, "min(x, value); half the slope where they are equal",
              -2.0,  2.0, KINK(-0.5, 0.25),
          value, 0.25, -0.5,
          min(x, p),
              tg_where(tg_gt(x, p), K(0), tg_where(tg_eq(x, p), tg_mul(g, K(0.5)), g)) )
UNARY1( fmod_scalar, "fmod",     NUMBERS, "x - value trunc(x / value)",
                                                                     2.1,  2.9, SMOOTH,
          value, 2.0, 1.0,
          fmod(x, p),                           g )
UNARY1( atan2_scalar,"atan2",    FLOATS,  "angle of the point (value, x)",
                                                                     0.3,  2.0, SMOOTH,
          value, 1.0, -0.5,
          atan2(x, p),                          tg_mul(g, tg_div(p, tg_add(tg_mul(x, x), tg_mul(p, p)))) )
UNARY1( hypot_scalar,"hypot",    FLOATS,  "sqrt(x^2 + value^2)",     0.3,  2.0, SMOOTH,
          value, 1.0, -0.5,
          hypot(x, p),                          tg_mul(g, tg_div(x, y)) )

/* ---- steps: slope zero everywhere ------------------------------------------------------------ */
/*      name         label       class    formula                   low   high  kinks
          value */

STEP  ( sign,        "sign",     NUMBERS, "-1, 0, 1; x itself where 0 or NaN",
                                                                    -2.0,  2.0, KINK(0),
          select(gt(x, K(0)), K(1), select(lt(x, K(0)), K(-1), x)) )
STEP  ( floor,       "floor",    FLOATS,  "largest integer <= x",   -2.5,  2.5, KINK(-1, 0, 1, 2),
          floor(x) )
STEP  ( ceil,        "ceil",     FLOATS,  "least integer >= x",     -2.5,  2.5, KINK(-1, 0, 1, 2),
          ceil(x) )
STEP  ( round,       "round",    FLOATS,  "nearest integer, the even one of two",
              -2.0,  2.0, KINK(-1.5, -0.5, 0.5, 1.5),
          rint(x) )
STEP  ( trunc,       "trunc",    FLOATS,  "x without its fraction", -2.5,  2.5, KINK(-2, -1, 1, 2),
          trunc(x) )

/* ---- two operands ---------------------------------------------------------------------------- */
/*      name         label       class    formula                   low   high  low   high  kinks
          value                                 cotangent of a,
              cotangent of b        */

BINARY( add,         "+",        NUMBERS, "a + b",                  -2.0,  2.0, -2.0,  2.0, SMOOTH,
          add(a, b),                            g,                             g )
BINARY( sub,         "-",        NUMBERS, "a - b",                  -2.0,  2.0, -2.0,  2.0, SMOOTH,
          sub(a, b),                            g,                             tg_neg(g) )
BINARY( mul,         "*",        NUMBERS, "a b",                    -2.0,  2.0, -2.0,  2.0, SMOOTH,
          mul(a, b),                            tg_mul(g, b),                  tg_mul(g, a) )
BINARY( div,         "/",        NUMBERS, "a / b; integers truncate",
                                                                    -2.0,  2.0,  1.0,  3.0, SMOOTH,
          div(a, b),
              tg_div(g, b),                  tg_neg(tg_mul(g, tg_div(y, b))) )
/* Of a as in pow_scalar; ln 1 for ln 0 makes the slope in b zero where a = 0 and b >= 0. */
BINARY( pow,         "pow",      FLOATS,  "a^b; slope 0 in a where b = 0, in b where a = 0, b >= 0",
              0.3,  2.0, -2.0,  2.0, SMOOTH,
          pow(a, b),
              tg_mul(g, tg_mul(b, tg_pow(a, tg_where(tg_eq(b, K(0)), K(0), tg_sub(b, K(1)))))),
              tg_mul(g, tg_mul(y, tg_log(tg_where(tg_logical_and(tg_eq(a, K(0)), tg_ge(b, K(0))),
                                                         K(1), a)))) )
BINARY( maximum,     "max",      NUMBERS, "max(a, b); half each where they are equal",
              -2.0,  2.0, -2.0,  2.0, SMOOTH,
          max(a, b),
              tg_where(tg_lt(a, b), K(0), tg_where(tg_eq(a, b), tg_mul(g, K(0.5)), g)),
              tg_where(tg_lt(b, a), K(0), tg_where(tg_eq(a, b), tg_mul(g, K(0.5)), g)) )
BINARY( minimum,     "min",      NUMBERS, "min(a, b); half each where they are equal",
              -2.0,  2.0, -2.0,  2.0, SMOOTH,
          min(a, b),
              tg_where(tg_gt(a, b), K(0), tg_where(tg_eq(a, b), tg_mul(g, K(0.5)), g)),
              tg_where(tg_gt(b, a), K(0), tg_where(tg_eq(a, b), tg_mul(g, K(0.5)), g)) )
BINARY( atan2,       "atan2",    FLOATS,  "angle of the point (b, a)",
                                                                     0.3,  2.0, -2.0,  2.0, SMOOTH,
          atan2(a, b),
              tg_mul(g, tg_div(b, tg_add(tg_mul(a, a), tg_mul(b, b)))),
              tg_neg(tg_mul(g, tg_div(a, tg_add(tg_mul(a, a), tg_mul(b, b))))) )
BINARY( fmod,        "fmod",     NUMBERS, "a - b trunc(a / b)",      5.0,  5.6,  1.9,  2.4, SMOOTH,
          fmod(a, b),
              g,                             tg_neg(tg_mul(g, tg_trunc(tg_div(a, b)))) )
BINARY( hypot,       "hypot",    FLOATS,  "sqrt(a^2 + b^2)",         0.3,  2.0, -2.0,  2.0, SMOOTH,
          hypot(a, b),
              tg_mul(g, tg_div(a, y)),       tg_mul(g, tg_div(b, y)) )

/* ---- predicates: bool, no derivative --------------------------------------------------------- */
/*      name         label       class    formula                   low   high  value       */

TEST  ( logical_not, "not",      ANY,     "x = 0",                   0.0,  1.0, eq(x, K(0)) )
TEST  ( isnan,       "isnan",    FLOATS,  "x is NaN",               -2.0,  2.0, ne(x, x) )
TEST  ( isinf,       "isinf",    FLOATS,  "x is infinite",          -2.0,  2.0, eq(abs(x), INF) )
TEST  ( isfinite,    "isfinite", FLOATS,  "x is neither NaN nor infinite",
                                                                    -2.0,  2.0, lt(abs(x), INF) )

TEST1 ( eq_scalar,   "==",       ANY,     "x = value",               0.0,  2.0, value, 1.0, 0.0,
          eq(x, p) )
TEST1 ( ne_scalar,   "!=",       ANY,     "x != value",              0.0,  2.0, value, 1.0, 0.0,
          ne(x, p) )
TEST1 ( lt_scalar,   "<",        ANY,     "x < value",               0.0,  2.0, value, 1.0, 0.0,
          lt(x, p) )
TEST1 ( le_scalar,   "<=",       ANY,     "x <= value",              0.0,  2.0, value, 1.0, 0.0,
          le(x, p) )
TEST1 ( gt_scalar,   ">",        ANY,     "x > value",               0.0,  2.0, value, 1.0, 0.0,
          gt(x, p) )
TEST1 ( ge_scalar,   ">=",       ANY,     "x >= value",              0.0,  2.0, value, 1.0, 0.0,
          ge(x, p) )

COMPARE( eq,         "==",       ANY,     "a = b",                   0.0,  2.0, eq(a, b) )
COMPARE( ne,         "!=",       ANY,     "a != b",                  0.0,  2.0, ne(a, b) )
COMPARE( lt,         "<",        ANY,     "a < b",                   0.0,  2.0, lt(a, b) )
COMPARE( le,         "<=",       ANY,     "a <= b",                  0.0,  2.0, le(a, b) )
COMPARE( gt,         ">",        ANY,     "a > b",                   0.0,  2.0, gt(a, b) )
COMPARE( ge,         ">=",       ANY,     "a >= b",                  0.0,  2.0, ge(a, b) )
COMPARE( logical_and, "and",     ANY,     "a != 0 and b != 0",       0.0,  1.0,
          both(ne(a, K(0)), ne(b, K(0))) )
COMPARE( logical_or,  "or",      ANY,     "a != 0 or b != 0",        0.0,  1.0,
          either(ne(a, K(0)), ne(b, K(0))) )
COMPARE( logical_xor, "xor",     ANY,     "one of a, b is not 0",    0.0,  1.0,
          one_of(ne(a, K(0)), ne(b, K(0))) )

/* clang-format on */

#undef ROW
#undef UNARY
#undef UNARY1
#undef UNARY2
#undef BINARY
#undef STEP
#undef TEST
#undef TEST1
#undef COMPARE
