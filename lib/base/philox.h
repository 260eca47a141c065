/* Philox 4x32-10, and how keys and indices are laid into its counter: block j of a key has the
   counter (j, stream) and the key words (seed). Four words a block: bits 4j to 4j + 3, or uniforms
   or normals 2j and 2j + 1. */
#ifndef TGI_PHILOX_H
#define TGI_PHILOX_H

#include "tapegrad/random.h"

void tgi_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Elements 2 * pair and 2 * pair + 1 of the key's uniforms in [0, 1), and of its normals. */
void tgi_uniform_pair(tg_key key, uint64_t pair, double out[2]);
void tgi_normal_pair(tg_key key, uint64_t pair, double out[2]);

#endif
