/* What all arithmetic readings of the rows share: which kinds have a value, by class. Included per
   dtype and instruction set by map_float.c and map_integer.c, which said before what NUMBERS and
   TRUTHS make of a value (a function value_NAME of numbers, or of bools), what the vocabulary
   means, and which classes are read (FLOATS_ROW, NUMBERS_ROW, ANY_ROW). */

/* Each kind leaves the columns that it does not read to its "...". */
/* clang-format off */
#define UNARY(name, label, class, formula, low, high, kinks, value, ...)                           \
  class##_ROW(NUMBERS(name, value))
#define UNARY1(name, label, class, formula, low, high, kinks, p, p_usual, p_other, value, ...)     \
  class##_ROW(NUMBERS(name, value))
#define UNARY2(name, label, class, formula, low, high, kinks, p, p_usual, p_other,                 \
               q, q_usual, q_other, value, ...)                                                    \
  class##_ROW(NUMBERS(name, value))
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, ...)           \
  class##_ROW(NUMBERS(name, value))
#define STEP(name, label, class, formula, low, high, kinks, value)                                 \
  class##_ROW(NUMBERS(name, value))
#define TEST(name, label, class, formula, low, high, value)                                        \
  class##_ROW(TRUTHS(name, value))
#define TEST1(name, label, class, formula, low, high, p, p_usual, p_other, value)                  \
  class##_ROW(TRUTHS(name, value))
#define COMPARE(name, label, class, formula, low, high, value)                                     \
  class##_ROW(TRUTHS(name, value))
#include "kernel/elementwise_rows.h"
/* clang-format on */
