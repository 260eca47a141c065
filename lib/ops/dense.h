/* Operands brought into the form that a kernel reads, in the call's scratch. */
#ifndef TGI_OPS_DENSE_H
#define TGI_OPS_DENSE_H

#include "tapegrad/op.h"

/* Makes x contiguous and of the dtype: itself where it is, else a copy in the call's scratch.
   False: no memory, with the tape failed. */
bool tgi_dense(const tg_call *c, tg_dtype dtype, tg_tensor *x);

/* TG_INDEX, naming value and position, where an element of the dense i64 index is outside [0,
   size). */
tg_status tgi_check_index(const tg_call *c, const tg_tensor *index, int64_t size);

#endif
