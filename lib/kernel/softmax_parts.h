/* What softmax.c and its compiled lanes share; no layer above kernel/ includes this. */
#ifndef TGI_SOFTMAX_PARTS_H
#define TGI_SOFTMAX_PARTS_H

#include "kernel/map_names.h"
#include "kernel/softmax.h"

enum { TGI_SOFTMAX_BLOCK = 128 }; /* most neighbouring lanes at a time */

/* Every array is [outer, n, inner], but for the result of logsumexp, [outer, inner]; a lane is n
   elements `inner` apart. */
typedef struct tgi_lanes {
  tgi_softmax_kind kind;
  bool accumulate;
  const void *x, *g; /* forward: the operand, NULL; backward: the result and its cotangent */
  void *to;
  int64_t n, inner;
} tgi_lanes;

/* `width` neighbouring lanes from element `at` on; one where inner is 1. */
typedef void tgi_softmax_fn(const tgi_lanes *j, int width, int64_t at);

#define TGI_SOFTMAX_OF(dtype, isa)  TGI_SOFTMAX_OF_(dtype, isa)
#define TGI_SOFTMAX_OF_(dtype, isa) tgi_softmax_##dtype##_##isa
#define TGI_SOFTMAX_FNS(ISA, isa)   tgi_softmax_fn TGI_SOFTMAX_OF(f32, isa), TGI_SOFTMAX_OF(f64, isa);
TGI_ISA_MAP(TGI_SOFTMAX_FNS)
#undef TGI_SOFTMAX_FNS

#endif
