/* Which library serves which class of shapes. Written by tools/gemm-table --write, which says how:
   2026-11-22, AMD EPYC, cc (Debian 12.2.0-14+deb12u1) 12.2.0,
   BLIS 0.9.0, OpenBLAS 0.3.21, oneDNN. */
/* clang-format off */
static const unsigned char table[TG_ISA_COUNT][2][TGI_GEMM_CLASSES] = {
  /*             tiny,     rows,     columns,  outer,    small,    medium,   large */
  [TG_ISA_BASE][0] = {PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE,},
  [TG_ISA_BASE][1] = {PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE,},
  [TG_ISA_AVX2][0] = {PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE,},
  [TG_ISA_AVX2][1] = {PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE,},
  [TG_ISA_AVX512][0] = {PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE,},
  [TG_ISA_AVX512][1] = {PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE, PORTABLE,},
};
/* clang-format on */
