/* The loops, compiled once per instruction set. exp is e^r 2^n with |r| <= ln 2 / 2, and e^r - 1 by
   its series up to r^6 / 720: 2 ulp, which is enough for a bound. */
#include "loops.h"

#include <math.h>

#include "lanes.h"

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)
#define TEXT2(x)    #x
#define TEXT(x)     TEXT2(x)

/* e^r - 1, where x = n ln 2 + r */
static inline V expm1_of_rest(V x, V *n) {
  *n = whole(mul(x, splat(1.44269504F)));
  V r = less(*n, splat(0.693145752F), x);
  r = less(*n, splat(1.42860677e-6F), r);
  V p = madd(splat(1.0F / 720), r, splat(1.0F / 120));
  p = madd(p, r, splat(1.0F / 24));
  p = madd(p, r, splat(1.0F / 6));
  p = madd(p, r, splat(0.5F));
  return madd(mul(r, r), p, r);
}

static inline V exponential(V x) {
  V n, e = expm1_of_rest(most(least(x, splat(88)), splat(-87)), &n);
  return scale(add(e, splat(1)), n);
}

/* One step of Newton behind the processor's guess. */
static inline V reciprocal(V x) {
  V r = guess_reciprocal(x);
  return madd(r, less(x, r, splat(1)), r);
}

static inline V logistic(V x) { return reciprocal(add(splat(1), exponential(sub(splat(0), x)))); }

/* u / (u + 2) of u = e^2|x| - 1, with x's sign */
static inline V tangent(V x) {
  V a = least(magnitude(x), splat(9.1F)), n, e = expm1_of_rest(add(a, a), &n);
  V power = scale(splat(1), n), u = madd(e, power, sub(power, splat(1)));
  return with_sign(mul(u, reciprocal(add(u, splat(2)))), x);
}

static double maps(const float *x, const float *y, float *gx, float *gy, int64_t n, float share) {
  V sum = splat(0), one = splat(1);
  for (int64_t i = 0; i < n; i += LANES) {
    V a = load(x + i), b = load(y + i);
    V t = tangent(a), e = exponential(mul(sub(splat(0), a), a));
    V z = logistic(madd(t, b, e)), d = sub(z, b);
    sum = madd(d, d, sum);
    V g = mul(splat(2 * share), d), inner = mul(g, mul(z, sub(one, z)));
    V slope = less(add(a, a), e, mul(b, less(t, t, one)));
    store(gx + i, mul(inner, slope));
    store(gy + i, sub(mul(inner, t), g));
  }
  return (double)total(sum);
}

static double cross_entropy(const float *x, int64_t label, float *g, int64_t n, float share) {
  V high = splat(-INFINITY), higher = high, sum = splat(0), other = sum;
  for (int64_t i = 0; i < n; i += STEP) {
    high = most(high, load(x + i));
    higher = most(higher, load(x + i + LANES));
  }
  float top = largest(most(high, higher));
  for (int64_t i = 0; i < n; i += STEP) {
    V a = exponential(sub(load(x + i), splat(top)));
    V b = exponential(sub(load(x + i + LANES), splat(top)));
    store(g + i, a);
    store(g + i + LANES, b);
    sum = add(sum, a);
    other = add(other, b);
  }
  float all = total(add(sum, other));
  for (int64_t i = 0; i < n; i += LANES) store(g + i, mul(load(g + i), splat(share / all)));
  g[label] -= share;
  return log((double)all) + (double)top - (double)x[label];
}

static void adam(float *p, const float *g, float *m, float *v, int64_t n, adam_rates r) {
  V rest1 = splat(1 - r.beta1), beta2 = splat(r.beta2), rest2 = splat(1 - r.beta2);
  for (int64_t i = 0; i < n; i += LANES) {
    V a = load(g + i), b = load(m + i);
    V mean = madd(rest1, sub(a, b), b);
    V square = madd(beta2, load(v + i), mul(rest2, mul(a, a)));
    V under = madd(root(square), splat(r.root), splat(r.eps));
    store(m + i, mean);
    store(v + i, square);
    store(p + i, less(splat(r.step), quotient(mean, under), load(p + i)));
  }
}

static void triad(float *a, const float *b, const float *c, int64_t n) {
  for (int64_t i = 0; i < n; i += LANES) stream(a + i, madd(splat(3), load(c + i), load(b + i)));
}

static float sum(const float *a, int64_t n) {
  V one = splat(0), two = one;
  for (int64_t i = 0; i < n; i += STEP) {
    one = add(one, load(a + i));
    two = add(two, load(a + i + LANES));
  }
  return total(add(one, two));
}

const loops JOIN(loops_, ISA) = {
    .isa = TEXT(ISA),
    .maps = maps,
    .cross_entropy = cross_entropy,
    .adam = adam,
    .triad = triad,
    .sum = sum,
};
