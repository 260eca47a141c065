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

#endif
