/* The names under which compiled sums of columns meet: tgi_columns_f32_avx2 and so on. */
#ifndef TGI_COLUMNS_NAMES_H
#define TGI_COLUMNS_NAMES_H

#include "kernel/columns.h"
#include "kernel/map_names.h"

#define TGI_COLUMNS(dtype, isa)  TGI_COLUMNS_(dtype, isa)
#define TGI_COLUMNS_(dtype, isa) tgi_columns_##dtype##_##isa

#define TGI_COLUMNS_OF(ISA, isa)                                                                   \
  extern const tgi_columns TGI_COLUMNS(f32, isa), TGI_COLUMNS(f64, isa);
TGI_ISA_MAP(TGI_COLUMNS_OF)
#undef TGI_COLUMNS_OF

#endif
