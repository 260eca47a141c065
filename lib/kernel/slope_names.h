/* The names under which compiled slopes meet: tgi_slopes_f32_avx2 and so on. */
#ifndef TGI_SLOPE_NAMES_H
#define TGI_SLOPE_NAMES_H

#include "kernel/map_names.h"
#include "kernel/slopes.h"

#define TGI_SLOPES(dtype, isa)  TGI_SLOPES_(dtype, isa)
#define TGI_SLOPES_(dtype, isa) tgi_slopes_##dtype##_##isa

#define TGI_SLOPES_OF(ISA, isa) extern const tgi_slopes TGI_SLOPES(f32, isa), TGI_SLOPES(f64, isa);
TGI_ISA_MAP(TGI_SLOPES_OF)
#undef TGI_SLOPES_OF

#endif
