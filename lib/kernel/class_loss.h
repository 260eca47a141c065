/* Losses of class indices: rows of scores, one index a row. Cross-entropy of logits, and negative
   log-likelihood of log-probabilities, which is the same without the softmax. Dense memory only;
   rows are cut into tiles of a fixed size, so that the bits do not depend on the number of
   threads. */
#ifndef TGI_CLASS_LOSS_H
#define TGI_CLASS_LOSS_H

#include "tensor/tensor.h"

/* Row r = (o, i) has the scores x[o, :, i], the index k = index[o, i], and the loss
     sum_j q_j (lse - x_j),  q_j = w_j ((1 - smoothing) [j = k] + smoothing / count),
   lse = log sum_j e^x_j where x are logits, else 0. Rows whose index is ignored have loss 0. */
typedef struct tgi_class_loss {
  tg_dtype dtype;
  int64_t outer, count, inner; /* x [outer, count, inner], index [outer, inner] */
  const void *x;
  const int64_t *index;
  const void *weight; /* w [count]; NULL: ones */
  bool logits, ignores;
  int64_t ignore_index;
  double smoothing;
} tgi_class_loss;

/* The first row whose index is neither ignored nor in [0, count); -1 where there is none. */
int64_t tgi_class_loss_bad_row(const tgi_class_loss *c);
/* The sum of w_k over the rows that are not ignored. */
double tgi_class_loss_weight(const tgi_class_loss *c);
/* y[r] = loss of each row; and *sum = their sum. */
void tgi_class_loss_each(const tg_runtime *runtime, const tgi_class_loss *c, void *y);
tg_status tgi_class_loss_sum(const tg_runtime *runtime, tgi_arena *scratch, const tgi_class_loss *c,
                             double *sum);
/* What each (y not NULL), sum (sum not NULL) and grad give, to the bit, in one pass over x, where g
   is known before: at the cost of grad. */
tg_status tgi_class_loss_both(const tg_runtime *runtime, tgi_arena *scratch,
                              const tgi_class_loss *c, void *y, double *sum, void *dx,
                              const void *g, int64_t g_step, double divisor, double beta);
/* dx = beta dx + g[r g_step] slope of row r / divisor; g_step is 0 or 1. */
void tgi_class_loss_grad(const tg_runtime *runtime, const tgi_class_loss *c, void *dx,
                         const void *g, int64_t g_step, double divisor, double beta);
/* q / divisor, [outer, count, inner]; 0 in rows that are ignored. x is not read. */
void tgi_class_loss_targets(const tg_runtime *runtime, const tgi_class_loss *c, void *q,
                            double divisor);

#endif
