/* The names under which compiled updates meet: tgi_updates_f32_avx2 and so on. */
#ifndef TGI_UPDATE_NAMES_H
#define TGI_UPDATE_NAMES_H

#include "kernel/map_names.h"
#include "kernel/update.h"

#define TGI_UPDATES(dtype, isa)  TGI_UPDATES_(dtype, isa)
#define TGI_UPDATES_(dtype, isa) tgi_updates_##dtype##_##isa

#define TGI_UPDATES_OF(ISA, isa)                                                                   \
  extern const tgi_updates TGI_UPDATES(f32, isa), TGI_UPDATES(f64, isa);
TGI_ISA_MAP(TGI_UPDATES_OF)
#undef TGI_UPDATES_OF

#endif
