/* The hash is SplitMix64's finaliser (Steele, Lea & Flood, 2014). */
#include "fill.h"

static uint64_t hash(int64_t i, uint64_t seed) {
  uint64_t z = ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u + seed * 0xD1B54A32D192ED03u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

static double number(int64_t i, uint64_t seed, double lo, double hi) {
  return lo + (hi - lo) * ((double)(hash(i, seed) >> 40) * 0x1p-24);
}

void fill_f32(float *x, int64_t n, uint64_t seed, double lo, double hi) {
  for (int64_t i = 0; i < n; i++) x[i] = (float)number(i, seed, lo, hi);
}

void fill_f64(double *x, int64_t n, uint64_t seed, double lo, double hi) {
  for (int64_t i = 0; i < n; i++) x[i] = number(i, seed, lo, hi);
}

void fill_labels(int64_t *x, int64_t n, uint64_t seed, int64_t classes) {
  for (int64_t i = 0; i < n; i++) x[i] = (int64_t)((hash(i, seed) >> 33) % (uint64_t)classes);
}
