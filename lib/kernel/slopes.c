/* Which compiled slopes serve a dtype on an instruction set. */
#include "kernel/slope_names.h"

const tgi_slopes *tgi_slopes_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&TGI_SLOPES(f32, isa), &TGI_SLOPES(f64, isa)},
  static const tgi_slopes *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  return tables[tables[isa][0] != NULL ? isa : TG_ISA_BASE][dtype == TG_F64];
}
