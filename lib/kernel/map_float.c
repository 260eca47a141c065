/* The rows read as arithmetic on vectors of floating-point numbers: values, and the text of each
   rule once more as a fused loop, in which tg_mul(g, y) multiplies two vectors. Knows no tape:
   here, tg_exp is a function of numbers. The build names T (float, double), LANES, DTYPE, ISA, and
   SUFFIX (of libm). */
#include "kernel/map_names.h"
#include "kernel/vector_math.h"

#define K(c) all((T)(c))
#define INF  K(INFINITY)

static inline V number(double c) { return K(c); }

/* ---- the vocabulary of rules: every row without attributes is a function of numbers ---- */

/* clang-format off */
#define UNARY(name, label, class, formula, low, high, kinks, value, ...)                           \
  static inline V tg_##name(V x) { return value; }
#define STEP(name, label, class, formula, low, high, kinks, value)                                 \
  static inline V tg_##name(V x) { return value; }
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, ...)           \
  static inline V tg_##name(V a, V b) { return value; }
#define TEST(name, label, class, formula, low, high, value)                                        \
  static inline M tg_##name(V x) { return value; }
#define COMPARE(name, label, class, formula, low, high, value)                                     \
  static inline M tg_##name(V a, V b) { return value; }
#include "kernel/elementwise_rows.h"
/* clang-format on */

#define tg_where(condition, a, b) select(condition, a, b)
#define tg_logical_and(a, b)      both(a, b)
#define tg_logical_or(a, b)       either(a, b)

/* ---- values ---- */

/* x is another name of a. Compilers drop the loads that an expression does not use. */
#define OPERANDS                                                                                   \
  const V a = load(as + i, m), b = load(bs + i, m), x = a;                                         \
  (void)b, (void)x

#define NUMBERS(name, value)                                                                       \
  static bool value_##name(int64_t n, void *dst, const void *const in[], const double attrs[]) {   \
    T *to = dst;                                                                                   \
    const T *const as = in[0], *const bs = in[1];                                                  \
    const V p = number(attrs[0]), q = number(attrs[1]);                                            \
    (void)p, (void)q;                                                                              \
    EACH_VECTOR(n, {                                                                               \
      OPERANDS;                                                                                    \
      store(to + i, m, value);                                                                     \
    });                                                                                            \
    return true;                                                                                   \
  }

/* Truths are bytes in memory, 0 or 1, and go through blocks as wide as numbers: compilers turn a
   loop into the packing instructions, but not a vector. */
enum { BLOCK = 256 };
static void pack(int64_t n, uint8_t *to, const truth *from) {
  for (int64_t i = 0; i < n; i++) to[i] = from[i] != 0;
}
static void unpack(int64_t n, truth *to, const uint8_t *from) {
  for (int64_t i = 0; i < n; i++) to[i] = -(truth)(from[i] != 0);
}
static inline M truths(const truth *from) {
  M v;
  memcpy(&v, from, sizeof v);
  return v;
}

#define TRUTHS(name, value)                                                                        \
  static void truths_##name(int64_t n, truth *to, const T *as, const T *bs, V p) {                 \
    (void)p;                                                                                       \
    EACH_VECTOR(n, {                                                                               \
      OPERANDS;                                                                                    \
      const M v = value;                                                                           \
      memcpy(to + i, &v, sizeof v);                                                                \
    });                                                                                            \
  }                                                                                                \
  static bool value_##name(int64_t n, void *dst, const void *const in[], const double attrs[]) {   \
    uint8_t *to = dst;                                                                             \
    const T *const as = in[0], *const bs = in[1];                                                  \
    truth block[BLOCK];                                                                            \
    for (int64_t i = 0; i < n; i += BLOCK) {                                                       \
      const int64_t m = n - i < BLOCK ? n - i : BLOCK;                                             \
      truths_##name(m, block, as + i, bs + i, number(attrs[0]));                                   \
      pack(m, to + i, block);                                                                      \
    }                                                                                              \
    return true;                                                                                   \
  }

#define FLOATS_ROW(...)  __VA_ARGS__
#define NUMBERS_ROW(...) __VA_ARGS__
#define ANY_ROW(...)     __VA_ARGS__
#include "kernel/map_reader.h"

/* The condition of where is a bool beside operands of type T, so it is no row: in each block,
   `choice` of the truths c, and of the operands there. */
#define WHERE(fn, first, second, choice)                                                           \
  static bool fn(int64_t n, void *dst, const void *const in[], const double attrs[]) {             \
    const uint8_t *const conditions = in[0];                                                       \
    truth block[BLOCK];                                                                            \
    (void)attrs;                                                                                   \
    for (int64_t at = 0; at < n; at += BLOCK) {                                                    \
      const int64_t count = n - at < BLOCK ? n - at : BLOCK;                                       \
      T *to = (T *)dst + at;                                                                       \
      const T *const as = (const T *)in[first] + at, *const bs = (const T *)in[second] + at;       \
      unpack(count, block, conditions + at);                                                       \
      EACH_VECTOR(count, {                                                                         \
        OPERANDS;                                                                                  \
        const M c = truths(block + i);                                                             \
        store(to + i, m, choice);                                                                  \
      });                                                                                          \
    }                                                                                              \
    return true;                                                                                   \
  }
WHERE(value_where, 1, 2, select(c, a, b))

/* ---- cotangents ---- */

#define COTANGENT(fn, rule, result)                                                                \
  static bool fn(int64_t n, void *dst, const void *const in[], const double attrs[]) {             \
    T *to = dst;                                                                                   \
    const T *const as = in[0], *const bs = in[1], *const ys = in[2], *const gs = in[3];            \
    const V p = number(attrs[0]), q = number(attrs[1]);                                            \
    (void)p, (void)q;                                                                              \
    EACH_VECTOR(n, {                                                                               \
      OPERANDS;                                                                                    \
      const V y = load(ys + i, m), g = load(gs + i, m);                                            \
      (void)y, (void)g;                                                                            \
      const V dx = rule;                                                                           \
      store(to + i, m, result);                                                                    \
    });                                                                                            \
    return true;                                                                                   \
  }
#define COTANGENTS(name, operand, rule)                                                            \
  COTANGENT(set_##operand##_##name, rule, dx)                                                      \
  COTANGENT(add_##operand##_##name, rule, load(to + i, m) + dx)

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

/* a is the cotangent of the result. */
WHERE(set_a_where, 3, 3, select(c, a, K(0)))
WHERE(add_a_where, 3, 3, load(to + i, m) + select(c, a, K(0)))
WHERE(set_b_where, 3, 3, select(c, K(0), a))
WHERE(add_b_where, 3, 3, load(to + i, m) + select(c, K(0), a))

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
