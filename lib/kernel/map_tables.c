/* Which compiled rows serve a dtype on an instruction set. */
#include "kernel/map_names.h"

#include <assert.h>

const tgi_map_table *tgi_map_table_for(tg_isa isa, tg_dtype dtype) {
#define TABLES(ISA, isa)                                                                           \
  [TG_ISA_##ISA] = {                                                                               \
      [TG_F32] = &TGI_MAP_TABLE(f32, isa), [TG_F64] = &TGI_MAP_TABLE(f64, isa),                    \
      [TG_I64] = &TGI_MAP_TABLE(i64, isa), [TG_I32] = &TGI_MAP_TABLE(i32, isa),                    \
      [TG_U8] = &TGI_MAP_TABLE(u8, isa),   [TG_BOOL] = &TGI_MAP_TABLE(b8, isa),                    \
  },
  static const tgi_map_table *const tables[TG_ISA_COUNT][TG_DTYPE_COUNT] = {TGI_ISA_MAP(TABLES)};
#undef TABLES
  assert(dtype > TG_DTYPE_NONE && dtype < TG_DTYPE_COUNT);
  const tgi_map_table *table = tables[isa][dtype];
  return table != NULL ? table : tables[TG_ISA_BASE][dtype];
}
