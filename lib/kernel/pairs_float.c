/* Pairs for one dtype and instruction set. The build names T (float, double), LANES, DTYPE, ISA and
   SUFFIX. */
#include "kernel/pairs_names.h"
#include "kernel/vector.h"

#define PASS(name, value)                                                                          \
  static bool name(int64_t n, void *dst, const void *const in[], const double attrs[]) {           \
    T *to = dst;                                                                                   \
    const T *const as = in[0], *const bs = in[1], *const cs = in[2], *const ds = in[3];            \
    const int64_t *step = ((const tgi_pair_attrs *)(const void *)attrs)->step;                     \
    const int64_t sa = step[0], sb = step[1], sc = step[2], sd = step[3];                          \
    EACH_VECTOR(n, {                                                                               \
      const V a = load(as + i * sa, m), b = load(bs + i * sb, m);                                  \
      const V c = load(cs + i * sc, m), d = load(ds + i * sd, m);                                  \
      (void)d;                                                                                     \
      store(to + i, m, value);                                                                     \
    });                                                                                            \
    return true;                                                                                   \
  }

#define FIRST(o, q)   PASS(first_##o##_##q, q(o(a, b), c))
#define MINUS(o)      PASS(minus_##o, sub(c, o(a, b)))
#define BOTH(o, q, r) PASS(both_##o##_##q##_##r, q(o(a, b), r(c, d)))

/* clang-format off */
#define THREE(X, ...) X(__VA_ARGS__, add) X(__VA_ARGS__, sub) X(__VA_ARGS__, mul)
#define OF_FIRST(o) THREE(FIRST, o)
#define OF_BOTH(o) BOTH(o, add, add) BOTH(o, add, sub) BOTH(o, add, mul) \
                   BOTH(o, sub, add) BOTH(o, sub, sub) BOTH(o, sub, mul) \
                   BOTH(o, mul, add) BOTH(o, mul, sub) BOTH(o, mul, mul)
#define OF(o) OF_FIRST(o) MINUS(o) OF_BOTH(o)
OF(add) OF(sub) OF(mul)

#define FIRSTS(o)   { first_##o##_add, first_##o##_sub, first_##o##_mul }
#define ROW(o, q)   { both_##o##_##q##_add, both_##o##_##q##_sub, both_##o##_##q##_mul }
#define BOTHS(o)    { ROW(o, add), ROW(o, sub), ROW(o, mul) }
const tgi_pair_table TGI_PAIRS(DTYPE, ISA) = {
  .first = {FIRSTS(add), FIRSTS(sub), FIRSTS(mul)},
  .minus = {minus_add, minus_sub, minus_mul},
  .both = {BOTHS(add), BOTHS(sub), BOTHS(mul)},
};
/* clang-format on */
