/* Which compiled pairs serve a dtype on an instruction set. */
#include "kernel/pairs_names.h"

const tgi_pair_table *tgi_pair_table_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&TGI_PAIRS(f32, isa), &TGI_PAIRS(f64, isa)},
  static const tgi_pair_table *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  return tables[tables[isa][0] != NULL ? isa : TG_ISA_BASE][dtype == TG_F64];
}
