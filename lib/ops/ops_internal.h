/* The operators' structs, for the table and for operators built on others. */
#ifndef TGI_OPS_INTERNAL_H
#define TGI_OPS_INTERNAL_H

#include "tapegrad/ops.h"

#define ROW(name) extern const tg_op tgi_op_##name;
#include "kernel/elementwise_rows.h"
extern const tg_op tgi_op_where;
/* broadcasting */
extern const tg_op tgi_op_broadcast_to, tgi_op_sum_to;
/* shape */
extern const tg_op tgi_op_reshape, tgi_op_flatten, tgi_op_squeeze, tgi_op_squeeze_all,
    tgi_op_unsqueeze, tgi_op_transpose, tgi_op_permute, tgi_op_flip, tgi_op_slice,
    tgi_op_slice_scatter, tgi_op_select, tgi_op_concat, tgi_op_stack;
/* creation */
/* reduction */
extern const tg_op tgi_op_sum, tgi_op_mean;
/* linear algebra */
extern const tg_op tgi_op_matmul, tgi_op_linear;
/* index */
/* losses */
#define LOSS(name, ...)  extern const tg_op tgi_op_##name;
#define LOSS1(name, ...) extern const tg_op tgi_op_##name;
#include "kernel/loss_rows.h"
/* random */

#endif
