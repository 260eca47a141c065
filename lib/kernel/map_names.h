/* The names under which compiled rows meet: tgi_map_f32_avx2 and so on, one tgi_map_table for each
   dtype and instruction set of this build. */
#ifndef TGI_MAP_NAMES_H
#define TGI_MAP_NAMES_H

#include "kernel/map.h"

#if defined(__x86_64__)
#define TGI_ISA_MAP(X) X(BASE, base) X(AVX2, avx2) X(AVX512, avx512)
#else
#define TGI_ISA_MAP(X) X(BASE, base)
#endif

#define TGI_MAP_TABLE(dtype, isa)  TGI_MAP_TABLE_(dtype, isa)
#define TGI_MAP_TABLE_(dtype, isa) tgi_map_##dtype##_##isa

#define TGI_MAP_TABLES(ISA, isa)                                                                   \
  extern const tgi_map_table TGI_MAP_TABLE(f32, isa), TGI_MAP_TABLE(f64, isa),                     \
      TGI_MAP_TABLE(i64, isa), TGI_MAP_TABLE(i32, isa), TGI_MAP_TABLE(u8, isa),                    \
      TGI_MAP_TABLE(b8, isa);
TGI_ISA_MAP(TGI_MAP_TABLES)
#undef TGI_MAP_TABLES

#endif
