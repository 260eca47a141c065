/* Losses. x is what a model says, target what it should; both f32 or f64, of one shape and dtype
   unless it says otherwise (nothing is broadcast: a loss of [n] against [n,1] is a mistake). Fused:
   one pass forward, one for the gradient. Gradients pass to both operands. Names and conventions
   are PyTorch's. Included by ops.h. */
#ifndef TAPEGRAD_OPS_LOSS_H
#define TAPEGRAD_OPS_LOSS_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of the losses of the elements. The mean of nothing is NaN. */
typedef enum tg_reduction {
  TG_REDUCTION_MEAN,      /* their mean, rank 0 */
  TG_REDUCTION_SUM,       /* their sum, rank 0 */
  TG_REDUCTION_NONE,      /* each by itself, in the shape of the operands */
  TG_REDUCTION_BATCHMEAN, /* their sum / the first dim, rank 0; not for losses of class indices */
} tg_reduction;

/* ---- of two numbers: y = reduction of the formula ---- */

/* (x - t)^2 */
TG_API tg_var tg_mse_loss(tg_var x, tg_var target, tg_reduction reduction);
/* |x - t|; slope 0 where equal */
TG_API tg_var tg_l1_loss(tg_var x, tg_var target, tg_reduction reduction);
/* (x - t)^2 / (2 beta) where |x - t| < beta, else |x - t| - beta / 2; usually beta = 1;
   TG_ARGUMENT unless positive */
TG_API tg_var tg_smooth_l1_loss(tg_var x, tg_var target, double beta, tg_reduction reduction);
/* (x - t)^2 / 2 where |x - t| <= delta, else delta (|x - t| - delta / 2); usually delta = 1;
   TG_ARGUMENT unless positive */
TG_API tg_var tg_huber_loss(tg_var x, tg_var target, double delta, tg_reduction reduction);
/* -t max(ln x, -100) - (1 - t) max(ln(1 - x), -100), for x in [0, 1], NaN beyond; its slope by x is
   (x - t) / max(x (1 - x), 1e-12) */
TG_API tg_var tg_binary_cross_entropy(tg_var x, tg_var target, tg_reduction reduction);
/* The same of sigmoid(x): max(x, 0) - x t + ln(1 + e^-|x|), finite for every finite x. */
TG_API tg_var tg_binary_cross_entropy_with_logits(tg_var x, tg_var target, tg_reduction reduction);
/* t (ln t - x), and -t x where t = 0: x are logs of probabilities, t probabilities */
TG_API tg_var tg_kl_div(tg_var x, tg_var target, tg_reduction reduction);
/* e^t (t - x): both are logs of probabilities */
TG_API tg_var tg_kl_div_log_target(tg_var x, tg_var target, tg_reduction reduction);
/* max(0, 1 - t x), t being -1 or 1; slope 0 at the kink */
TG_API tg_var tg_hinge_loss(tg_var x, tg_var target, tg_reduction reduction);
/* x where t = 1, max(0, margin - x) where t = -1; usually margin = 1; slope -1 at the kink; no
   gradient passes to t */
TG_API tg_var tg_hinge_embedding_loss(tg_var x, tg_var target, double margin,
                                      tg_reduction reduction);

/* The same two with a weight for each element, which broadcasts with x (TG_NONE: ones; the mean
   divides by the number of elements all the same), and of logits also with a weight of the targets:
   -pos_weight t ln sigmoid(x) - (1 - t) ln sigmoid(-x). Composite. */
TG_API tg_var tg_binary_cross_entropy_weighted(tg_var x, tg_var target, tg_var weight,
                                               tg_reduction reduction);
TG_API tg_var tg_binary_cross_entropy_with_logits_weighted(tg_var x, tg_var target, tg_var weight,
                                                           tg_var pos_weight,
                                                           tg_reduction reduction);

/* ---- of classes: x [classes] or [n, classes, ...] ---- */

/* Zero: the mean, no weights, nothing ignored, no smoothing. */
typedef struct tg_cross_entropy_options {
  tg_var weight; /* w [classes] of x's dtype; TG_NONE: ones; no gradient passes */
  tg_reduction reduction;
  bool ignores; /* rows with target ignore_index (PyTorch's is -100) count for nothing */
  int64_t ignore_index;
  double label_smoothing; /* in [0, 1]; TG_ARGUMENT else */
} tg_cross_entropy_options;

/* target k: class indices, integers in x's dims without the axis of classes. A row's loss is
     sum_j q_j (log sum_i e^x_i - x_j),  q_j = w_j ((1 - s) [j = k] + s / classes);
   the mean is the sum / the sum of w_k over the rows that are not ignored (NaN where that is
   nothing). TG_INDEX where an index is outside the classes. Fused.
   Or a target p of floats: class probabilities of x's dtype and shape, through which gradients
   pass; q_j = w_j
   ((1 - s) p_j + s / classes), the mean is over rows, and `ignores` is TG_ARGUMENT. */
TG_API tg_var tg_cross_entropy(tg_var logits, tg_var target);
TG_API tg_var tg_cross_entropy_with(tg_var logits, tg_var target, tg_cross_entropy_options options);
/* The same where x are logs of probabilities already: sum_j -q_j x_j; class indices only. */
TG_API tg_var tg_nll_loss(tg_var x, tg_var target);
TG_API tg_var tg_nll_loss_with(tg_var x, tg_var target, tg_cross_entropy_options options);
/* q of class indices in x's shape, divided by the sum of w_k where the reduction is the mean; a
   constant. What the rules of both are made of. */
TG_API tg_var tg_class_targets(tg_var x, tg_var target, tg_cross_entropy_options options);

/* ---- of two vectors ---- */

/* sum a b / (max(|a|, eps) max(|b|, eps)) along an axis, which disappears; a and b broadcast;
   usually eps = 1e-8. Composite. */
TG_API tg_var tg_cosine_similarity(tg_var a, tg_var b, int axis, double eps);

#ifdef __cplusplus
}
#endif
#endif
