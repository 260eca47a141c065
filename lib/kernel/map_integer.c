/* The rows read as arithmetic on integers and on bool, where their class takes them: values only.
   The build names T (int32_t, ...), U (T unsigned), DTYPE, ISA, and INTEGERS: 0 for bool, which
   takes the class ANY alone. */
#include "kernel/map_integer.h"
#include "kernel/map_names.h"

/* ---- values ---- */

#define ANY_ROW(...) __VA_ARGS__
#define FLOATS_ROW(...)
#if INTEGERS
#define NUMBERS_ROW(...) __VA_ARGS__
#else
#define NUMBERS_ROW(...)
#endif

/* x is another name of a. Compilers drop the loads that an expression does not use. */
#define VALUE(name, To, value)                                                                     \
  static bool value_##name(int64_t n, void *dst, const void *const in[], const double attrs[]) {   \
    To *to = dst;                                                                                  \
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
#define NUMBERS(name, value) VALUE(name, T, value)
#define TRUTHS(name, value)  VALUE(name, uint8_t, value)
#include "kernel/map_reader.h"

/* Its condition is a bool beside operands of type T, so it is no row. */
static bool value_where(int64_t n, void *dst, const void *const in[], const double attrs[]) {
  T *to = dst;
  const uint8_t *const condition = in[0];
  const T *const as = in[1], *const bs = in[2];
  (void)attrs;
  for (int64_t i = 0; i < n; i++) {
    const T a = as[i], b = bs[i];
    to[i] = condition[i] != 0 ? a : b;
  }
  return true;
}

/* ---- the table ---- */

/* clang-format off */
const tgi_map_table TGI_MAP_TABLE(DTYPE, ISA) = {
#define ENTRY(name, label, class, ...) class##_ROW(.name.value = value_##name,)
#define UNARY(...)   ENTRY(__VA_ARGS__)
#define UNARY1(...)  ENTRY(__VA_ARGS__)
#define UNARY2(...)  ENTRY(__VA_ARGS__)
#define BINARY(...)  ENTRY(__VA_ARGS__)
#define STEP(...)    ENTRY(__VA_ARGS__)
#define TEST(...)    ENTRY(__VA_ARGS__)
#define TEST1(...)   ENTRY(__VA_ARGS__)
#define COMPARE(...) ENTRY(__VA_ARGS__)
#include "kernel/elementwise_rows.h"
  .where.value = value_where,
};
/* clang-format on */
