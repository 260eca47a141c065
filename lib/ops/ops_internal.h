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
/* creation */
/* reduction */
/* linear algebra */
/* index */
/* losses */
/* random */

#endif
