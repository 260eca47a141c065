/* The slopes of reductions for one dtype and instruction set, in vectors. The build names T, LANES,
   DTYPE, ISA and SUFFIX. */
#include "kernel/slope_names.h"
#include "kernel/vector_math.h"

/* `slope` of the numbers x, y, g, h at one place, p and q. */
#define SLOPE(fn, slope, result)                                                                   \
  static bool fn(int64_t n, void *dst, const void *const in[], const double attrs[]) {             \
    T *to = dst;                                                                                   \
    const T *const xs = in[0], *const ys = in[1], *const gs = in[2], *const hs = in[3];            \
    const V p = all((T)attrs[0]), q = all((T)attrs[1]);                                            \
    (void)p, (void)q;                                                                              \
    EACH_VECTOR(n, {                                                                               \
      const V x = load(xs + i, m), y = load(ys + i, m), g = load(gs + i, m), h = load(hs + i, m);  \
      (void)h;                                                                                     \
      const V dx = slope;                                                                          \
      store(to + i, m, result);                                                                    \
    });                                                                                            \
    return true;                                                                                   \
  }
#define SLOPES(name, slope)                                                                        \
  SLOPE(set_##name, slope, dx)                                                                     \
  SLOPE(add_##name, slope, load(to + i, m) + dx)

SLOPES(logsumexp, g *exp(x - select(y == all((T)-INFINITY), all(0), y)))
SLOPES(norm, select((x == all(0)) | (y == all(0)), all(0),
                    g *(select(x < all(0), -pow(abs(x), p), pow(abs(x), p)) * pow(y, q))))
SLOPES(extreme, select(x == y, g, all(0)))
SLOPES(prod, g *(y / x))
SLOPES(moments, (x - y) * (g * p) + h / q)

#define BOTH(name)                                                                                 \
  { set_##name, add_##name }
const tgi_slopes TGI_SLOPES(DTYPE, ISA) = {
    .logsumexp = BOTH(logsumexp),
    .norm = BOTH(norm),
    .extreme = BOTH(extreme),
    .prod = BOTH(prod),
    .moments = BOTH(moments),
};
