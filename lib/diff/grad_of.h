/* Cotangents by `grad` as nodes, for captures. */
#ifndef TGI_GRAD_OF_H
#define TGI_GRAD_OF_H

#include "diff/sweep.h"
#include "tapegrad/ops.h"

/* Does the recorded sweep take grad_of for this operator, instead of its rules? */
bool tgi_has_grad_of(const tg_tape *t, const tg_op *op);
/* As tgi_apply_rules: dx[i] = grad_of(g, y, x...) where want[i], else TG_NONE. */
bool tgi_apply_grads(tg_call *c, tg_var g, const bool want[], tg_var dx[]);

/* The operator of which an application of grad_of is the gradient; its operands are g, y, and those
   of the operator. NULL: it is another operator. */
const tg_op *tgi_grad_of(const tg_op *op, const void *attrs);

#endif
