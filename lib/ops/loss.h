/* What the files of losses share. */
#ifndef TGI_OPS_LOSS_H
#define TGI_OPS_LOSS_H

#include "tapegrad/op.h"
#include "tapegrad/ops.h"

/* Of a TG_FIELD_ENUM that holds a tg_reduction. */
extern const char *const tgi_reduction_names[];

/* The attributes of a loss of two numbers; p is 0 where it has none. */
typedef struct tgi_loss_attrs {
  double p;
  int reduction;
} tgi_loss_attrs;

/* The mean, the sum, or all of y, as the reduction says. */
tg_var tgi_reduce_losses(tg_var y, int reduction);

/* cross_entropy where the targets are probabilities. */
tg_var tgi_cross_entropy_of_probabilities(tg_var logits, tg_var target,
                                          tg_cross_entropy_options options);

#endif
