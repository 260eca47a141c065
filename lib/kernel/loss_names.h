/* The names under which compiled losses meet: tgi_losses_f32_avx2 and so on. */
#ifndef TGI_LOSS_NAMES_H
#define TGI_LOSS_NAMES_H

#include "kernel/loss.h"
#include "kernel/map_names.h"

#define TGI_LOSSES(dtype, isa)  TGI_LOSSES_(dtype, isa)
#define TGI_LOSSES_(dtype, isa) tgi_losses_##dtype##_##isa

#define TGI_LOSSES_OF(ISA, isa)                                                                    \
  extern const tgi_loss_table TGI_LOSSES(f32, isa), TGI_LOSSES(f64, isa);
TGI_ISA_MAP(TGI_LOSSES_OF)
#undef TGI_LOSSES_OF

#endif
