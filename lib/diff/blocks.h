/* Runs of elementwise nodes in the plain sweep, reversed together, a block of elements at a time.
 */
#ifndef TGI_BLOCKS_H
#define TGI_BLOCKS_H

#include "diff/cotangent.h"

/* Bytes of a cotangent below which a core's own caches hold what a sweep works on anyway. */
enum { TGI_BLOCKS_LEAST = 512 << 10 };

/* Does a sweep of this tape meet values large enough at all? */
static inline bool tgi_has_blocks(const tg_tape *t) {
  return t->values.bytes >= TGI_BLOCKS_LEAST && !t->trace_nan;
}
/* Reverses node id, which has a cotangent, and others below it, where that makes a run. False: it
   does not, and nothing has changed. Failures are the tape's. */
bool tgi_reverse_blocks(tgi_plain *s, uint32_t id);

#endif
