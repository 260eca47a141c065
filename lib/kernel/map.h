/* Elementwise kernels: one row of elementwise_rows.h gives one tgi_map_fn for its value and one for
   each cotangent, per dtype and instruction set. Knows memory and strides only. */
#ifndef TGI_MAP_H
#define TGI_MAP_H

#include "tensor/tensor.h"

/* dst[i] = value, or with accumulate dst[i] += value, for i in [0, n), from in[k] at in[k] + i *
   stride[k] (bytes). dst is contiguous. p: the row's attributes as doubles. Value rows read in =
   {a, b}; cotangent rows in = {a, b, y, g} (unary ones too: b is not read). Returns false where an
   integer is divided by zero. */
typedef bool tgi_map_fn(int64_t n, void *dst, const char *const in[], const int64_t stride[],
                        const double p[], bool accumulate);

/* All that is compiled for one row and one instruction set. NULL where the row's class does not
 * take the dtype. */
typedef struct tgi_map_row {
  tgi_map_fn *value[TG_DTYPE_COUNT];
  tgi_map_fn *cotangent[2][TG_DTYPE_COUNT]; /* of a, of b; f32 and f64 only */
} tgi_map_row;

/* One member for each row of elementwise_rows.h. */
typedef struct tgi_map_table tgi_map_table;
const tgi_map_table *tgi_map_table_for(tg_isa isa);

/* Walks dst and in[0..count), all of one shape, calling fn on runs; cut into tiles of a fixed size
   that the runtime's threads share. dst has its own dense strides. */
bool tgi_map(const tg_runtime *runtime, tgi_map_fn *fn, const tg_tensor *dst,
             const tg_tensor *const in[], int count, const double p[], bool accumulate);

#endif
