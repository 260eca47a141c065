/* The list of the broken rows, and the table in which they find their kernels. */
#include "mutants/rows.h"

#include "kernel/map_names.h"

extern const tgi_map_table TGI_MAP_TABLE(f64, mutant);

/* f64 for every instruction set. */
const tgi_map_table *tgi_map_table_for(tg_isa isa, tg_dtype dtype) {
  (void)isa;
  return dtype == TG_F64 ? &TGI_MAP_TABLE(f64, mutant) : NULL;
}

#define ROW(name) extern const tg_op tgi_op_##name;
#include "kernel/elementwise_rows.h"

#define MUTANT(mutant, name, what) {&tgi_op_##mutant, name, what},
const row_mutant row_mutants[] = {
#include "kernel/row_mutants.h"
};
const int row_mutant_count = (int)(sizeof row_mutants / sizeof *row_mutants);
