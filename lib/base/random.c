/* Random numbers as pure functions of key and index: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw,
   "Parallel random numbers: as easy as 1, 2, 3", SC 2011). */
#include <math.h>

#include "base/philox.h"

static const double TWO_PI = 6.283185307179586476925286766559;

void tgi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53 * c0, b = (uint64_t)0xCD9E8D57 * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)b;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

static void draw_block(tg_key key, uint64_t block, uint32_t out[4]) {
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)key.stream,
                               (uint32_t)(key.stream >> 32)};
  const uint32_t words[2] = {(uint32_t)key.seed, (uint32_t)(key.seed >> 32)};
  tgi_philox(counter, words, out);
}

static uint64_t join(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

/* For one seed, a bijection of (n, stream): folds of one key never meet. The seed is turned so that
   a derived key is no number of its parent's stream. */
tg_key tg_key_fold(tg_key key, uint64_t n) {
  uint32_t out[4];
  draw_block((tg_key){~key.seed, key.stream}, n, out);
  return (tg_key){join(out[0], out[1]), join(out[2], out[3])};
}

uint32_t tg_random_bits(tg_key key, uint64_t index) {
  uint32_t out[4];
  draw_block(key, index / 4, out);
  return out[index % 4];
}

void tgi_uniform_pair(tg_key key, uint64_t pair, double out[2]) {
  uint32_t word[4];
  draw_block(key, pair, word);
  for (int i = 0; i < 2; i++) out[i] = (double)(join(word[2 * i], word[2 * i + 1]) >> 11) * 0x1p-53;
}

double tg_random_uniform(tg_key key, uint64_t index) {
  double u[2];
  tgi_uniform_pair(key, index / 2, u);
  return u[index % 2];
}

/* Box and Muller; 1 - u is never 0. */
void tgi_normal_pair(tg_key key, uint64_t pair, double out[2]) {
  double u[2];
  tgi_uniform_pair(key, pair, u);
  double radius = sqrt(-2 * log(1 - u[0])), angle = TWO_PI * u[1];
  out[0] = radius * cos(angle);
  out[1] = radius * sin(angle);
}

double tg_random_normal(tg_key key, uint64_t index) {
  double z[2];
  tgi_normal_pair(key, index / 2, z);
  return z[index % 2];
}

/* Each of 0 to `most` equally likely: draws under the least mask that covers it, until one fits. */
static uint64_t draw_at_most(tg_key key, uint64_t most, uint64_t *at) {
  uint64_t mask = most;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  for (;;) {
    uint32_t word[4];
    draw_block(key, (*at)++, word);
    uint64_t first = join(word[0], word[1]) & mask, second = join(word[2], word[3]) & mask;
    if (first <= most) return first;
    if (second <= most) return second;
  }
}

void tg_random_permutation(tg_key key, int64_t n, int64_t order[]) {
  uint64_t at = 0;
  for (int64_t i = 0; i < n; i++) order[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = (int64_t)draw_at_most(key, (uint64_t)i, &at);
    int64_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}
