/* The names under which compiled pairs meet: tgi_pairs_f32_avx2 and so on. */
#ifndef TGI_PAIRS_NAMES_H
#define TGI_PAIRS_NAMES_H

#include "kernel/map_names.h"
#include "kernel/pairs.h"

#define TGI_PAIRS(dtype, isa)  TGI_PAIRS_(dtype, isa)
#define TGI_PAIRS_(dtype, isa) tgi_pairs_##dtype##_##isa

#define TGI_PAIRS_OF(ISA, isa) extern const tgi_pair_table TGI_PAIRS(f32, isa), TGI_PAIRS(f64, isa);
TGI_ISA_MAP(TGI_PAIRS_OF)
#undef TGI_PAIRS_OF

#endif
