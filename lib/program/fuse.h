/* What the files of the fusing pass share: how a group of elementwise steps becomes one step. A
   group is a loop over blocks of elements of one shape, or numbers in registers where every value
   has one element. */
#ifndef TGI_FUSE_H
#define TGI_FUSE_H

#include "kernel/map.h"
#include "kernel/pairs.h"
#include "program/graph.h"

/* Members of a loop, sums among them, operands of a member: at most. */
enum { TGI_FUSE_MOST = 96, TGI_FUSE_SUMS = 4, TGI_FUSE_OPERANDS = 3 };

/* ---- what can be fused ---- */

/* Finds the compiled rows of operators. */
typedef struct tgi_fuse_rows {
  tg_isa isa;
  uint8_t bucket[512]; /* 1 + the row's number; 0: none */
} tgi_fuse_rows;
void tgi_fuse_rows_init(tgi_fuse_rows *rows, tg_isa isa);

/* A step as arithmetic: y = fn(x[0], ..., x[n - 1]) element by element. */
static const uint32_t TGI_FUSE_NUMBER = UINT32_MAX; /* in place of a value: a number */
typedef struct tgi_fuse_call {
  tgi_map_fn *fn;
  const double *attrs;
  uint32_t n, x[TGI_MAP_OPERANDS], y; /* y: TGI_FUSE_NUMBER where it is no value of the graph */
  double number[TGI_MAP_OPERANDS];    /* what x[i] is where it is no value */
  tg_dtype dtype;                     /* of operands that are numbers */
  bool gone;                          /* done by another call */
  /* Where `pairs`, it is also ops[0] op ops[1]. */
  bool pairs;
  tgi_pair_op op;
  uint32_t ops[2];
  double op_numbers[2];
} tgi_fuse_call;

/* A step that adds up an axis of its operand [rows, run, columns] to a result [rows, columns]. */
typedef struct tgi_fuse_sum {
  int64_t rows, run, columns;
  bool loss;      /* the tree of losses, of all elements; else that of tgi_reduce */
  double divisor; /* 0: none */
} tgi_fuse_sum;

/* What the pass knows while it forms groups. */
typedef struct tgi_fuse {
  tgi_graph *g;
  const tgi_step *steps; /* as they were before the pass */
  const int32_t *maker;
  const uint32_t *uses;
  uint32_t *unit; /* by step: 1 + the group in which it is placed */
  uint32_t *slot; /* by value: 1 + its slot in the group that is being made; else 0 */
  uint32_t *seen; /* by value: how often the group reads it; else 0 */
  uint32_t *left; /* by value: how many reads are still to come; else 0 */
  uint32_t *root; /* by value: the one that it is another name of in that group; else itself */
  tgi_fuse_rows rows;
} tgi_fuse;

/* The compiled row of a step; NULL where it is no elementwise one, or one that may fail. */
tgi_map_fn *tgi_fuse_row_of(const tgi_fuse *f, const tgi_step *step);
/* The step as arithmetic; a constant that is spread becomes an attribute. False: no memory. */
bool tgi_fuse_call_of(tgi_fuse *f, const tgi_step *step, tgi_fuse_call *call);
/* Says how the step sums; false where it does not, or over axes that have kept ones between them.
 */
bool tgi_fuse_sum_of(const tgi_fuse *f, const tgi_step *step, tgi_fuse_sum *sum);
/* Can one loop, of one shape, do both? */
static inline bool tgi_fuse_same_rows(const tgi_fuse_sum *a, const tgi_fuse_sum *b) {
  return a->rows == b->rows && a->run == b->run && a->loss == b->loss;
}
/* What a loss does before it sums, or where it does not. False: no memory. */
bool tgi_fuse_loss_call(tgi_fuse *f, const tgi_step *step, tgi_fuse_call *call);
/* Is the step a loss that does not sum? */
bool tgi_fuse_is_loss(const tgi_step *step);
/* v as it is. False: no memory. */
bool tgi_fuse_copy_call(tgi_fuse *f, uint32_t v, tgi_fuse_call *call);
/* Joins calls that are sums, differences and products. f->left says how often each value is read.
   False: no memory. */
bool tgi_fuse_pairs(tgi_fuse *f, tgi_fuse_call calls[], uint32_t n);
/* Is v made by a member of group `unit`? */
static inline bool tgi_fuse_inside(const tgi_fuse *f, uint32_t v, uint32_t unit) {
  return f->maker[v] != TGI_NO_STEP && f->unit[f->maker[v]] == unit;
}

/* ---- what becomes of a group: steps[0..n) in order, all of group `unit` ---- */

/* A loop over elements of one shape, with sums over rows of them. */
tg_status tgi_fuse_loop(tgi_fuse *f, uint32_t unit, const tg_tensor *like, const tgi_step steps[],
                        uint32_t n);
/* Every value of every member has one element; views among them are other names. */
tg_status tgi_fuse_scalars(tgi_fuse *f, uint32_t unit, const tgi_step steps[], uint32_t n);

/* Results of these may take the memory of an operand of the same size that lies in row-major
   order. */
extern const tg_op tgi_fused_loop_op, tgi_fused_scalars_op;

tg_status tgi_pass_fuse(tgi_graph *g);

#endif
