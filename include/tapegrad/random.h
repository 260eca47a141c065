/* Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
   numbers: as easy as 1, 2, 3", SC 2011). A number is a pure function of a key and an index, so the
   same key gives the same numbers on any number of threads, again on replay, and again under
   checkpointing. */
#ifndef TAPEGRAD_RANDOM_H
#define TAPEGRAD_RANDOM_H

#include <stdint.h>

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* By value; both words are free for the caller to choose. Two different keys are independent
   streams. */
typedef struct tg_key {
  uint64_t seed, stream;
} tg_key;

/* A key derived from `key` and `n`: one for each layer, step, epoch. Pure. */
TG_API tg_key tg_key_fold(tg_key key, uint64_t n);

/* The index-th 32-bit word of the key's stream; a double in [0, 1) with 53 bits; a standard normal
   (Box-Muller). Pure. */
TG_API uint32_t tg_random_bits(tg_key key, uint64_t index);
TG_API double tg_random_uniform(tg_key key, uint64_t index);
TG_API double tg_random_normal(tg_key key, uint64_t index);

/* order[0..n) becomes a permutation of 0..n-1 (Fisher-Yates), each equally likely. */
TG_API void tg_random_permutation(tg_key key, int64_t n, int64_t order[]);

/* Fill a tensor of f32 or f64, any strides, element i in row-major order from index i.
   TG_DTYPE for others. uniform: [low, high); normal: mean and standard deviation. */
TG_API tg_status tg_fill_uniform(tg_tensor x, tg_key key, double low, double high);
TG_API tg_status tg_fill_normal(tg_tensor x, tg_key key, double mean, double std);

#ifdef __cplusplus
}
#endif
#endif
