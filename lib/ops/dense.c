/* Operands brought into the form that a kernel reads. */
#include "ops/dense.h"
#include "tensor/tensor.h"

bool tgi_dense(const tg_call *c, tg_dtype dtype, tg_tensor *x) {
  if (x->dtype == dtype && tg_tensor_is_contiguous(x)) return true;
  tg_tensor to = *x;
  to.dtype = dtype;
  if (!tgi_set_contiguous(&to)) return tg_call_fail(c, TG_OVERFLOW, "a copy is too large") == TG_OK;
  to.data = tg_call_scratch(c, tg_tensor_bytes(&to));
  if (to.data == NULL) return false;
  tgi_copy(&to, x);
  *x = to;
  return true;
}
