/* What the initialisers share. */
#ifndef TGI_NN_H
#define TGI_NN_H

#include "tape/params.h"
#include "tapegrad/nn.h"

/* The memory to be filled. rank: the least that it may have, and then it is f32 or f64; -1: any. */
tg_status tgi_init_target(tg_params *params, int index, int rank, tg_tensor *x, tg_error *error);

#endif
