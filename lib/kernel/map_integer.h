/* The rows' vocabulary on integers, included once by map_integer.c, which says what T and U are.
   Integers wrap as unsigned, and nothing here is undefined. */
#ifndef TGI_MAP_INTEGER_H
#define TGI_MAP_INTEGER_H

#include <stdbool.h>
#include <stdint.h>

#define K(c) ((T)(c))

enum { SIGNED = (T)-1 < (T)1, BITS = 8 * sizeof(T) };

/* An attribute as T: as tg_tensor_copy converts, saturating, NaN to 0. */
static inline T number(double c) {
  const double end = (double)((U)1 << (BITS - 1)) * (SIGNED ? 1 : 2); /* least that is too large */
  const U top = SIGNED ? (U)((U) ~(U)0 >> 1) : (U) ~(U)0;
  if (!(c == c)) return 0;
  if (c >= end) return (T)top;
  if (SIGNED ? c < -end : c <= -1) return SIGNED ? (T)(top + 1) : 0;
  return (T)c;
}

static inline T neg(T x) { return (T)((U)0 - (U)x); }
static inline T add(T a, T b) { return (T)((U)a + (U)b); }
static inline T sub(T a, T b) { return (T)((U)a - (U)b); }
static inline T mul(T a, T b) { return (T)((U)a * (U)b); }
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
static inline T max(T a, T b) { return select(gt(a, b), a, b); }
static inline T min(T a, T b) { return select(lt(a, b), a, b); }
static inline T magnitude(T x) { return select(lt(x, K(0)), neg(x), x); }
/* Truncates as C does. By 0: 0, and not ok. The processor traps on the least integer by -1. */
static inline T quotient(T a, T b, bool *ok) {
  *ok &= b != 0;
  if (b == 0) return 0;
  return SIGNED && b == (T)-1 ? neg(a) : (T)(a / b);
}
static inline T remainder_of(T a, T b, bool *ok) {
  *ok &= b != 0;
  if (b == 0 || (SIGNED && b == (T)-1)) return 0;
  return (T)(a % b);
}

/* `ok` is the loop's. */
#define abs(x)     magnitude(x)
#define div(a, b)  quotient(a, b, &ok)
#define fmod(a, b) remainder_of(a, b, &ok)

#endif
