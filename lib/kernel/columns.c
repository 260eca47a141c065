/* Which compiled sums of columns serve a dtype on an instruction set. */
#include "kernel/columns_names.h"

const tgi_columns *tgi_columns_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&TGI_COLUMNS(f32, isa), &TGI_COLUMNS(f64, isa)},
  static const tgi_columns *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  const tgi_columns *const *row = tables[isa][0] != NULL ? tables[isa] : tables[TG_ISA_BASE];
  return row[dtype == TG_F64];
}
