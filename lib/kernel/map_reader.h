/* The arithmetic readings of the rows that all dtypes share: loops over values, and the table of
   what was made. Compiled once per dtype and instruction set, which the build names: T the type,
   DTYPE and ISA such as f32 and avx2. map_float.c or map_integer.c said before what the vocabulary
   means, which classes are read (FLOATS_ROW, NUMBERS_ROW, ANY_ROW), and made the cotangents. */

/* ---- values ---- */

/* x is another name of a. Compilers drop the loads that an expression does not use. */
#define VALUE(name, To, value)                                                                     \
  static bool value_##name(int64_t n, void *dst, const void *const in[], const double attrs[]) {   \
    To *restrict to = dst;                                                                         \
    const T *const as = in[0], *const bs = in[1];                                                  \
    const T p = number(attrs[0]), q = number(attrs[1]);                                            \
    bool ok = true;                                                                                \
    (void)p, (void)q;                                                                              \
    for (int64_t i = 0; i < n; i++) {                                                              \
      const T a = as[i], b = bs[i], x = a;                                                         \
      (void)b, (void)x;                                                                            \
      to[i] = (To)(value);                                                                         \
    }                                                                                              \
    return ok;                                                                                     \
  }

/* Each kind leaves the columns that it does not read to its "...". */
/* clang-format off */
#define UNARY(name, label, class, formula, low, high, kinks, value, ...)                           \
  class##_ROW(VALUE(name, T, value))
#define UNARY1(name, label, class, formula, low, high, kinks, p, p_usual, p_other, value, ...)     \
  class##_ROW(VALUE(name, T, value))
#define UNARY2(name, label, class, formula, low, high, kinks, p, p_usual, p_other,                 \
               q, q_usual, q_other, value, ...)                                                    \
  class##_ROW(VALUE(name, T, value))
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, ...)           \
  class##_ROW(VALUE(name, T, value))
#define STEP(name, label, class, formula, low, high, kinks, value)                                 \
  class##_ROW(VALUE(name, T, value))
#define TEST(name, label, class, formula, low, high, value)                                        \
  class##_ROW(VALUE(name, uint8_t, value))
#define TEST1(name, label, class, formula, low, high, p, p_usual, p_other, value)                  \
  class##_ROW(VALUE(name, uint8_t, value))
#define COMPARE(name, label, class, formula, low, high, value)                                     \
  class##_ROW(VALUE(name, uint8_t, value))
#include "kernel/elementwise_rows.h"
/* clang-format on */

/* Its condition is a bool beside operands of type T, so it is no row. */
static bool value_where(int64_t n, void *dst, const void *const in[], const double attrs[]) {
  T *restrict to = dst;
  const uint8_t *const condition = in[0];
  const T *const as = in[1], *const bs = in[2];
  (void)attrs;
  for (int64_t i = 0; i < n; i++) {
    const T a = as[i], b = bs[i];
    to[i] = condition[i] != 0 ? a : b;
  }
  return true;
}
