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
 * gradient passes to t */
TG_API tg_var tg_hinge_embedding_loss(tg_var x, tg_var target, double margin,
                                      tg_reduction reduction);

#ifdef __cplusplus
}
#endif
#endif
