/* Which compiled kernels of the portable matrix product serve a dtype on an instruction set. */
#include "kernel/gemm_parts.h"
#include "kernel/map_names.h"

#define KERNELS(ISA, isa) extern const tgi_gemm_kernels tgi_gemm_f32_##isa, tgi_gemm_f64_##isa;
TGI_ISA_MAP(KERNELS)
#undef KERNELS

const tgi_gemm_kernels *tgi_gemm_kernels_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&tgi_gemm_f32_##isa, &tgi_gemm_f64_##isa},
  static const tgi_gemm_kernels *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  const tgi_gemm_kernels *const *row = tables[isa][0] != NULL ? tables[isa] : tables[TG_ISA_BASE];
  return row[dtype == TG_F64];
}
