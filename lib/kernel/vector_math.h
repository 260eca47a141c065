/* The functions of numbers of a vector: by libmvec, glibc's vector library, whose errors stay below
   4 ulp, and whose special values are those of libm; where it is not (another libc or processor),
   by libm, lane by lane. exp and tanh are inline where that is faster, with the same promises. Not
   SLEEF 3.5, which was measured too: its functions of 1 ulp take two to ten times as long, and
   log1p, sinh, cosh, asinh and acosh overflow too early. */
#ifndef TGI_VECTOR_MATH_H
#define TGI_VECTOR_MATH_H

#include "kernel/vector.h"

#if defined(TGI_HAVE_LIBMVEC) && defined(X86)
#define HAS_MVEC 1
/* The vector ABI's names: _ZGVbN4v_expf takes one vector of 4 floats in SSE registers. */
#if defined(__AVX512F__)
#define MVEC_ISA e
#elif defined(__AVX__)
#define MVEC_ISA d
#else
#define MVEC_ISA b
#endif
#define MVEC_(isa, lanes, operands, name, suffix)   _ZGV##isa##N##lanes##operands##_##name##suffix
#define MVEC_OF(isa, lanes, operands, name, suffix) MVEC_(isa, lanes, operands, name, suffix)
#define MVEC(operands, name)                        MVEC_OF(MVEC_ISA, LANES, operands, name, SUFFIX)
/* `const`: a number that a row computes twice is computed once. */
#define FUNCTION1(name, function)                                                                  \
  extern V MVEC(v, function)(V) __attribute__((const));                                            \
  static inline V name(V x) { return MVEC(v, function)(x); }
#define FUNCTION2(name, function)                                                                  \
  extern V MVEC(vv, function)(V, V) __attribute__((const));                                        \
  static inline V name(V a, V b) { return MVEC(vv, function)(a, b); }
#else
#define HAS_MVEC                  0
#define FUNCTION1(name, function) LANEWISE1(name, function)
#define FUNCTION2(name, function) LANEWISE2(name, function)
#endif

FUNCTION1(vector_expm1, expm1)
FUNCTION1(vector_exp2, exp2)
FUNCTION1(vector_log, log)
FUNCTION1(vector_log1p, log1p)
FUNCTION1(vector_log2, log2)
FUNCTION1(vector_log10, log10)
FUNCTION1(vector_sin, sin)
FUNCTION1(vector_cos, cos)
FUNCTION1(vector_tan, tan)
FUNCTION1(vector_asin, asin)
FUNCTION1(vector_acos, acos)
FUNCTION1(vector_atan, atan)
FUNCTION1(vector_sinh, sinh)
FUNCTION1(vector_cosh, cosh)
FUNCTION1(vector_asinh, asinh)
FUNCTION1(vector_acosh, acosh)
FUNCTION1(vector_atanh, atanh)
FUNCTION1(vector_erf, erf)
FUNCTION1(vector_erfc, erfc)
FUNCTION2(vector_pow_any, pow)
FUNCTION2(vector_atan2, atan2)
FUNCTION2(vector_hypot_of, hypot)

/* libmvec's is not the same to the bit with its operands swapped. */
static inline V vector_hypot(V a, V b) {
  const M swap = magnitude(a) < magnitude(b);
  return vector_hypot_of(select(swap, b, a), select(swap, a, b));
}

/* q, highest power first, of e^r = 1 + r (1 + r q(r)), of the least relative error in |r| <=
   ln(2)/2: 3e-9 for float (Lawson's iteration), 4e-18 for double (Remez's), in 50 digits. */
static const float exp_rest_f32[] = {0x1.6a2440p-10F, 0x1.1239d6p-7F, 0x1.5558f2p-5F,
                                     0x1.555492p-3F, 0x1.fffffcp-2F};
static const double exp_rest_f64[] = {
    0x1.ad7f757806a41p-26, 0x1.28ad6871600edp-22, 0x1.71df253d87a6dp-19, 0x1.a0199a1720bb6p-16,
    0x1.a01a012a6879bp-13, 0x1.6c16c18426529p-10, 0x1.1111111127b9dp-7,  0x1.555555555088cp-5,
    0x1.55555555554fap-3,  0x1.000000000000ap-1};

#define FOR_T(f32, f64) _Generic((T)0, float : (f32), double : (f64))
#define SHIFT           FOR_T(0x1.8p23, 0x1.8p52) /* past it, numbers are integers */

/* 2^(n + bias), where that is a normal number: the last bits of the sum with SHIFT are n + bias. */
static inline V two_to(V n, V bias) {
  return (V)((M)(n + (bias + all((T)(SHIFT + FOR_T(127, 1023))))) << FOR_T(23, 52));
}
/* x 2^n, rounded once, where x is about 1 or NaN, and x 2^(n + bias) is normal. */
static inline V times_two_to(V x, V n, V bias) {
#if defined(__AVX512F__)
  (void)bias;
  return X86(scalef)(x, n);
#else
  return x * two_to(n, bias) * two_to(-bias, all(0));
#endif
}

/* x = n ln 2 + r, |r| <= ln(2)/2; ln 2 is in two parts, of which n times the first is exact. */
static inline V split_by_ln2(V x, V *n) {
  const T ln2 = (T)FOR_T(0x1.62e4p-1, 0x1.62e42fefa0000p-1);
  const T ln2_rest = (T)FOR_T(0x1.7f7d1cf79abcap-20, 0x1.cf79abc9e3b3ap-40);
  const V shift = all((T)SHIFT);
  *n = fused(x, all((T)0x1.71547652b82fep+0), shift) - shift;
  return fused(*n, all(-ln2_rest), fused(*n, all(-ln2), x));
}
static inline V exp_rest(V r) {
  enum { TERMS = sizeof(T) == sizeof(float) ? 5 : 10 };
  const T *const terms = FOR_T(exp_rest_f32, exp_rest_f64);
  V q = all(terms[0]);
  for (int k = 1; k < TERMS; k++) q = fused(q, r, all(terms[k]));
  return q;
}

#define LEAST FOR_T(-110, -760) /* where the power is 0, as at -infinity */
#define MOST  FOR_T(90, 720)    /* where it is infinite */
#define BIAS  FOR_T(64, 128)

/* e^x where x <= 0 or NaN, within 4 ulp; any number where x > 0. For the loops of softmax on all
   instruction sets. */
static inline V exp_below(V x) {
  V n;
  const V r = split_by_ln2(larger(all(LEAST), x), &n);
  return times_two_to(fused(fused(exp_rest(r), r, all(1)), r, all(1)), n, all(BIAS));
}

/* Where 2^n is not one instruction, libmvec is as fast or faster. */
#if HAS_MVEC && !defined(__AVX512F__)
FUNCTION1(vector_exp, exp)
#else
static inline V vector_exp(V x) {
  V n;
  const V r = split_by_ln2(larger(all(LEAST), smaller(all(MOST), x)), &n);
  const V bias = chosen(n < all(0), all(BIAS), all(-BIAS));
  return times_two_to(fused(fused(exp_rest(r), r, all(1)), r, all(1)), n, bias);
}
#endif

/* u / (u + 2) with x's sign, where u = e^2|x| - 1 = (e^r - 1) 2^n + (2^n - 1). */
static inline V vector_tanh(V x) {
  const V sign = all((T)-0.0), most = all(FOR_T(20, 40)); /* where tanh is 1 */
  const V a = magnitude(x);
  V n;
  const V r = split_by_ln2(smaller(most, a + a), &n), power = two_to(n, all(0));
  const V u = fused(fused(exp_rest(r) * r, r, r), power, power - all(1));
  return (V)((M)(u / (u + all(2))) | ((M)x & (M)sign));
}

/* a^b. The exponents that programs write are computed by what they mean, in every lane that has
   one: -1, 0.5, 1 and 2 are correctly rounded so, and 3 is within 1.5 ulp. */
static inline V vector_pow(V a, V b) {
  const M inverse = b == all(-1), half = b == all((T)0.5), same = b == all(1), square = b == all(2),
          cube = b == all(3);
  /* + 0 and the selection: (-0)^0.5 is 0 and (-inf)^0.5 is inf, other than the roots. */
  const V low = all((T)-INFINITY), squared = a * a;
  V y = select(half, select(a == low, -low, sqrt(a) + all(0)), a);
  y = select(inverse, all(1) / a, y);
  y = select(square, squared, select(cube, squared * a, y));
  const M known = inverse | half | same | square | cube;
  return every(known) ? y : select(known, y, vector_pow_any(a, b));
}

#define exp(x)      vector_exp(x)
#define expm1(x)    vector_expm1(x)
#define exp2(x)     vector_exp2(x)
#define log(x)      vector_log(x)
#define log1p(x)    vector_log1p(x)
#define log2(x)     vector_log2(x)
#define log10(x)    vector_log10(x)
#define sin(x)      vector_sin(x)
#define cos(x)      vector_cos(x)
#define tan(x)      vector_tan(x)
#define asin(x)     vector_asin(x)
#define acos(x)     vector_acos(x)
#define atan(x)     vector_atan(x)
#define sinh(x)     vector_sinh(x)
#define cosh(x)     vector_cosh(x)
#define tanh(x)     vector_tanh(x)
#define asinh(x)    vector_asinh(x)
#define acosh(x)    vector_acosh(x)
#define atanh(x)    vector_atanh(x)
#define erf(x)      vector_erf(x)
#define erfc(x)     vector_erfc(x)
#define pow(a, b)   vector_pow(a, b)
#define atan2(a, b) vector_atan2(a, b)
#define hypot(a, b) vector_hypot(a, b)

#endif
