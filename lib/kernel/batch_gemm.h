/* Batches of matrix products on strided memory: as few products as the strides allow. */
#ifndef TGI_BATCH_GEMM_H
#define TGI_BATCH_GEMM_H

#include "kernel/gemm.h"

/* C = add + A B: a [batch..., m, k], b [batch..., k, n], add and c [batch..., m, n] have one rank
   >= 2 and the same batch axes, with stride 0 where a tensor repeats. Where c does, its products
   are summed, one after the other. The memory of c is not empty; the last stride of add and c is 1
   where n > 1. add is NULL (c holds garbage), c's memory with c's strides, or apart from c: a bias
   repeats along all axes but the last. No operand is copied but by the product itself. */
tg_status tgi_batch_gemm_add(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                             const tg_tensor *b, const tg_tensor *add, const tg_tensor *c);
/* C = beta C + A B, beta 0 or 1. */
tg_status tgi_batch_gemm(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                         const tg_tensor *b, double beta, const tg_tensor *c);
/* The same, not computed: as one product, where it is one. The data of its matrices is that of a,
   b, add and c, and may be set anew for other numbers in the same layout. */
bool tgi_batch_gemm_single(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                           const tg_tensor *b, const tg_tensor *add, const tg_tensor *c,
                           tgi_product *product);

#endif
