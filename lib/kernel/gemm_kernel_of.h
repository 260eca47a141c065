/* Included by gemm_kernel.c once per T: all kernels of one dtype. */
#include "kernel/gemm_dots_of.h"
#include "kernel/gemm_pack_of.h"
#include "kernel/gemm_tile_of.h"
#include "kernel/gemm_vector_of.h"

extern const tgi_gemm_kernels PASTE3(tgi_gemm, NAME, TGI_ISA);
const tgi_gemm_kernels PASTE3(tgi_gemm, NAME, TGI_ISA) = {.mr = MR,
                                                          .nr = NR,
                                                          .grain = MASKED ? 1 : LANES,
                                                          .lanes = LANES,
                                                          .pack = LOCAL(pack),
                                                          .tile = LOCAL(tile),
                                                          .dots = LOCAL(dots),
                                                          .vector = LOCAL(vector)};
