/* Fused kernels of the losses in loss_rows.h: value and reduction in one pass, gradient in another.
   They see dense memory only. The tiles are of a fixed size, so that the bits do not depend on the
   number of threads. */
#ifndef TGI_LOSS_H
#define TGI_LOSS_H

#include "tensor/tensor.h"

/* y[i] = value of (x[i], t[i]). */
typedef void tgi_loss_value_fn(int64_t n, void *y, const void *x, const void *t, double p);
/* dx[i] = beta dx[i] + g[i * g_step] scale slope of (x[i], t[i]); g_step is 0 or 1. */
typedef void tgi_loss_slope_fn(int64_t n, void *dx, const void *x, const void *t, double p,
                               const void *g, int64_t g_step, double scale, double beta);

typedef struct tgi_loss_row {
  tgi_loss_value_fn *value;
  tgi_loss_slope_fn *slope[2]; /* by x, by t */
} tgi_loss_row;

/* One member for each row. */
typedef struct tgi_loss_table {
#define LOSS(name, ...)  tgi_loss_row name;
#define LOSS1(name, ...) tgi_loss_row name;
#include "kernel/loss_rows.h"
} tgi_loss_table;
/* Never NULL for f32 and f64; the base instruction set where this build has not the one asked for.
 */
const tgi_loss_table *tgi_loss_table_for(tg_isa isa, tg_dtype dtype);

/* out[i] = value of each element; or, where out has rank 0 and `divisor` is not 0 by count: their
   sum / divisor. x, t and out are contiguous and of one dtype, f32 or f64. */
void tgi_loss_each(const tg_runtime *runtime, const tgi_loss_row *row, const tg_tensor *out,
                   const tg_tensor *x, const tg_tensor *t, double p);
tg_status tgi_loss_sum(const tg_runtime *runtime, tgi_arena *scratch, const tgi_loss_row *row,
                       const tg_tensor *out, const tg_tensor *x, const tg_tensor *t, double p,
                       double divisor);
/* For those who make the values as they go: the sum of tgi_loss_sum adds blocks of TGI_LOSS_BLOCK
   to tiles of TGI_LOSS_TILE elements, and these to each other, one after the other as doubles. */
enum { TGI_LOSS_TILE = 8192, TGI_LOSS_BLOCK = 256 };
double tgi_loss_block(tg_dtype dtype, const void *block, int64_t n);
/* dx = beta dx + g slope / divisor; g has dx's shape or one element. i: 0 by x, 1 by t. */
void tgi_loss_grad(const tg_runtime *runtime, const tgi_loss_row *row, int i, const tg_tensor *dx,
                   const tg_tensor *x, const tg_tensor *t, double p, const tg_tensor *g,
                   double divisor, double beta);

#endif
