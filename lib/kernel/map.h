/* Elementwise kernels: one row of elementwise_rows.h gives one tgi_map_fn for its value and two for
   each cotangent, per dtype and instruction set. Knows memory and strides only. */
#ifndef TGI_MAP_H
#define TGI_MAP_H

#include "tensor/tensor.h"

enum { TGI_MAP_OPERANDS = 4 };

/* dst[i] = f(in[0][i], ...) for i in [0, n), all dense: what is computed for an element depends
   neither on n nor on its place. dst may be the memory of an operand of its own dtype, and overlaps
   none otherwise. Any alignment; 64 bytes are best. attrs: the row's p and q. False where an
   integer is divided by zero. */
typedef bool tgi_map_fn(int64_t n, void *dst, const void *const in[], const double attrs[]);

/* What is compiled from one row. NULL where its class does not take the dtype, and where there is
   no derivative. */
typedef struct tgi_map_row {
  tgi_map_fn *value;           /* of in = {x} or {a, b}; attrs p and q */
  tgi_map_fn *cotangent[2][2]; /* of a, of b: [0] sets dst, [1] adds to it; in = {a, b, y, g},
                                  of an operator of one operand {x, x, y, g} */
} tgi_map_row;

/* All rows for one dtype and instruction set, each a member of its name. */
typedef struct tgi_map_table {
#define ROW(name) tgi_map_row name;
#include "kernel/elementwise_rows.h"
  tgi_map_row where; /* value of {bool, a, b}; cotangents of a and b, in = {bool, bool, g, g} */
} tgi_map_table;

/* Never NULL for a dtype; the base instruction set where this build has not the one asked for. */
const tgi_map_table *tgi_map_table_for(tg_isa isa, tg_dtype dtype);

/* dst = fn(in[0], ..., in[count - 1]): all of one shape, dst contiguous, the operands by any
   strides and of any dtypes that fn takes. Cut into tiles of a fixed size, which the runtime's
   threads share. attrs: NULL for none. False as fn says. */
bool tgi_map(const tg_runtime *runtime, tgi_map_fn *fn, const tg_tensor *dst,
             const tg_tensor *const in[], int count, const double attrs[]);

/* Elements [first, first + n) of dst = fn(in[0], ..., in[count - 1], g, ...), all of them dense.
   dst and g, which stands for all operands from `count` on, hold just those elements. */
void tgi_map_part(tgi_map_fn *fn, int64_t first, int64_t n, void *dst, const tg_tensor *const in[],
                  int count, const void *g, const double attrs[]);

#endif
