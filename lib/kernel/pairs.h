/* Two or three of the operations +, - and * in one pass over memory, each rounded as it is alone.
   For those who run many rows over blocks in cache, where loads and stores are what an addition
   costs. */
#ifndef TGI_PAIRS_H
#define TGI_PAIRS_H

#include "kernel/map.h"

typedef enum tgi_pair_op { TGI_PAIR_ADD, TGI_PAIR_SUB, TGI_PAIR_MUL, TGI_PAIR_OPS } tgi_pair_op;

/* What their functions take for attrs: 1, or 0 where an operand is one number, of which
   TGI_PAIR_NUMBER bytes lie there. */
typedef struct tgi_pair_attrs {
  int64_t step[TGI_MAP_OPERANDS];
} tgi_pair_attrs;
enum { TGI_PAIR_NUMBER = 64 };

typedef struct tgi_pair_table {
  tgi_map_fn *first[TGI_PAIR_OPS][TGI_PAIR_OPS];              /* [o][q]: (a o b) q c */
  tgi_map_fn *minus[TGI_PAIR_OPS];                            /* [o]: c - (a o b) */
  tgi_map_fn *both[TGI_PAIR_OPS][TGI_PAIR_OPS][TGI_PAIR_OPS]; /* [o][q][r]: (a o b) q (c r d) */
} tgi_pair_table;

/* dtype: f32 or f64. The base instruction set where this build has not the one asked for. */
const tgi_pair_table *tgi_pair_table_for(tg_isa isa, tg_dtype dtype);

#endif
