/* Which operators are rows of the elementwise table, and what loops serve them. Knows their names
   and no arithmetic. */
#include <assert.h>
#include <string.h>

#include "ops/ops_internal.h"
#include "program/fuse.h"

typedef struct entry {
  const tg_op *op;
  size_t at; /* its row in a tgi_map_table */
} entry;

#define AT(name) offsetof(tgi_map_table, name)

/* clang-format off */
static const entry rows[] = {
#define ROW(name) {&tgi_op_##name, AT(name)},
#include "kernel/elementwise_rows.h"
    {&tgi_op_where, AT(where)},
};

/* The rows that take the operand a or b as an attribute, where it is a number; 0: none. */
static const struct {
  const tg_op *op;
  size_t a, b;
  bool has_a;
} numbers[] = {
    {&tgi_op_add, AT(add_scalar), AT(add_scalar), true},
    {&tgi_op_sub, AT(rsub_scalar), AT(sub_scalar), true},
    {&tgi_op_mul, AT(mul_scalar), AT(mul_scalar), true},
    {&tgi_op_div, AT(rdiv_scalar), AT(div_scalar), true},
    {&tgi_op_maximum, 0, AT(maximum_scalar), false},
    {&tgi_op_minimum, 0, AT(minimum_scalar), false},
    {&tgi_op_eq, 0, AT(eq_scalar), false}, {&tgi_op_ne, 0, AT(ne_scalar), false},
    {&tgi_op_lt, 0, AT(lt_scalar), false}, {&tgi_op_le, 0, AT(le_scalar), false},
    {&tgi_op_gt, 0, AT(gt_scalar), false}, {&tgi_op_ge, 0, AT(ge_scalar), false},
};
/* clang-format on */

enum {
  ROWS = sizeof rows / sizeof *rows,
  NUMBERS = sizeof numbers / sizeof *numbers,
  BUCKETS = 512
};
static_assert(ROWS < UINT8_MAX, "a row's number fits a bucket");

static size_t bucket_of(const tg_op *op) { return (uintptr_t)op / sizeof *op % BUCKETS; }

void tgi_fuse_rows_init(tgi_fuse_rows *to, tg_isa isa) {
  *to = (tgi_fuse_rows){.isa = isa};
  for (size_t i = 0; i < ROWS; i++) {
    size_t at = bucket_of(rows[i].op);
    while (to->bucket[at]) at = (at + 1) % BUCKETS;
    to->bucket[at] = (uint8_t)(i + 1);
  }
}

static const entry *find(const tgi_fuse_rows *from, const tg_op *op) {
  for (size_t at = bucket_of(op); from->bucket[at]; at = (at + 1) % BUCKETS)
    if (rows[from->bucket[at] - 1].op == op) return &rows[from->bucket[at] - 1];
  return NULL;
}

static tgi_map_fn *fn_at(const tgi_fuse *f, tg_dtype dtype, size_t at) {
  const tgi_map_table *table = tgi_map_table_for(f->rows.isa, dtype);
  return ((const tgi_map_row *)(const void *)((const char *)table + at))->value;
}

static const double *attrs_of(const tgi_step *step) {
  static const double none[2] = {0, 0};
  return step->op->attrs_size ? step->attrs : none;
}

/* What divides by an operand fails where that is 0, and then has to name its operator, which a loop
   cannot. */
static bool may_fail(tgi_map_fn *fn, const double attrs[]) {
  static const uint64_t zero = 0;
  uint64_t y;
  return !fn(1, &y, (const void *const[TGI_MAP_OPERANDS]){&zero, &zero, &zero, &zero}, attrs);
}

/* Of the operands; that of where comes after its condition. */
static tg_dtype dtype_of(const tgi_fuse *f, const tgi_step *step) {
  return f->g->values[step->x[step->op == &tgi_op_where]].like.dtype;
}

tgi_map_fn *tgi_fuse_row_of(const tgi_fuse *f, const tgi_step *step) {
  const entry *row = find(&f->rows, step->op);
  if (row == NULL) return NULL;
  tg_dtype dtype = dtype_of(f, step);
  tgi_map_fn *fn = fn_at(f, dtype, row->at);
  return fn == NULL || tg_dtype_is_float(dtype) || !may_fail(fn, attrs_of(step)) ? fn : NULL;
}

/* ---- constants that are spread ---- */

static bool spread_number(const tgi_fuse *f, uint32_t v, double *number) {
  if (f->maker[v] == TGI_NO_STEP) return false;
  const tgi_step *step = &f->steps[f->maker[v]];
  return step->op == &tgi_op_broadcast_to && tgi_constant_number(f->g, step->x[0], number);
}

/* Operand i, which is the number p, becomes an attribute. */
static bool take_number(tgi_fuse *f, tgi_fuse_call *call, tg_dtype dtype, size_t at, uint32_t i,
                        double p) {
  double *attrs = tgi_graph_alloc(f->g, 2 * sizeof *attrs);
  if (attrs == NULL) return false;
  attrs[0] = p;
  attrs[1] = 0;
  call->fn = fn_at(f, dtype, at);
  call->attrs = attrs;
  call->n = 1;
  call->x[0] = call->x[1 - i];
  return true;
}

/* ---- sums, differences and products ---- */

/* x[a] op x[b]; -1: the attribute p. */
static const struct {
  const tg_op *op;
  tgi_pair_op pair;
  int a, b;
} simple[] = {
    {&tgi_op_add, TGI_PAIR_ADD, 0, 1},         {&tgi_op_sub, TGI_PAIR_SUB, 0, 1},
    {&tgi_op_mul, TGI_PAIR_MUL, 0, 1},         {&tgi_op_add_scalar, TGI_PAIR_ADD, 0, -1},
    {&tgi_op_sub_scalar, TGI_PAIR_SUB, 0, -1}, {&tgi_op_rsub_scalar, TGI_PAIR_SUB, -1, 0},
    {&tgi_op_mul_scalar, TGI_PAIR_MUL, 0, -1}, {&tgi_op_square, TGI_PAIR_MUL, 0, 0},
};
enum { SIMPLE = sizeof simple / sizeof *simple };

static void take_operand(const tgi_fuse *f, const tgi_step *step, tgi_fuse_call *call, int i,
                         int at) {
  call->ops[i] = at < 0 ? TGI_FUSE_NUMBER : step->x[at];
  if (at < 0)
    call->op_numbers[i] = *(const double *)step->attrs;
  else if (spread_number(f, step->x[at], &call->op_numbers[i]))
    call->ops[i] = TGI_FUSE_NUMBER;
}

static void find_pairing(const tgi_fuse *f, const tgi_step *step, tgi_fuse_call *call) {
  if (!tg_dtype_is_float(call->dtype)) return;
  for (int k = 0; k < SIMPLE; k++) {
    if (simple[k].op != step->op) continue;
    call->op = simple[k].pair;
    take_operand(f, step, call, 0, simple[k].a);
    take_operand(f, step, call, 1, simple[k].b);
    call->pairs = call->ops[0] != TGI_FUSE_NUMBER || call->ops[1] != TGI_FUSE_NUMBER;
  }
}

bool tgi_fuse_call_of(tgi_fuse *f, const tgi_step *step, tgi_fuse_call *call) {
  *call = (tgi_fuse_call){.fn = tgi_fuse_row_of(f, step),
                          .attrs = attrs_of(step),
                          .n = step->n,
                          .y = step->y[0],
                          .dtype = dtype_of(f, step)};
  memcpy(call->x, step->x, step->n * sizeof *step->x);
  tg_dtype dtype = call->dtype;
  find_pairing(f, step, call);
  double p;
  for (size_t k = 0; k < NUMBERS && tg_dtype_is_float(dtype); k++) {
    if (numbers[k].op != step->op) continue;
    if (spread_number(f, call->x[1], &p)) return take_number(f, call, dtype, numbers[k].b, 1, p);
    if (numbers[k].has_a && spread_number(f, call->x[0], &p))
      return take_number(f, call, dtype, numbers[k].a, 0, p);
  }
  return true;
}
