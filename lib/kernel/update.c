/* Which compiled updates serve a dtype on an instruction set. */
#include "kernel/update_names.h"

const tgi_updates *tgi_updates_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&TGI_UPDATES(f32, isa), &TGI_UPDATES(f64, isa)},
  static const tgi_updates *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  const tgi_updates *const *row = tables[isa][0] != NULL ? tables[isa] : tables[TG_ISA_BASE];
  return row[dtype == TG_F64];
}
