/* Which steps are sums that a loop can do on its way: sum, mean and sum_to over axes that follow
   one another, and the losses, whose values are elementwise. */
#include "kernel/loss.h"
#include "kernel/reduce.h"
#include "ops/axes.h"
#include "ops/loss.h"
#include "ops/ops_internal.h"
#include "program/fuse.h"

/* ---- over axes ---- */

/* The axes of x that the step sums over, by bits: they become none of the result's. */
static unsigned summed_axes(const tgi_step *step, const tg_tensor *x, const tg_tensor *y) {
  const tg_call c = {.op = step->op, .attrs = step->attrs, .n = 1, .in = x, .out = *y};
  unsigned axes = 0;
  for (int k = 0; k < x->rank; k++)
    if (step->op->axis(&c, 0, k) == TG_NO_AXIS) axes |= 1u << k;
  return axes;
}

/* Sums of columns have the order of kernel/reduce.h where they are such. */
static bool has_order(tg_dtype dtype, const tgi_fuse_sum *sum) {
  return sum->columns == 1 ||
         (tg_dtype_is_float(dtype) && sum->run * sum->columns >= TGI_REDUCE_FEW);
}

/* x, in row-major memory, as [rows, run, columns]: axes that are kept, that are not, that are. */
static bool find_rows(const tg_tensor *x, unsigned axes, tgi_fuse_sum *sum) {
  sum->rows = sum->run = sum->columns = 1;
  for (int k = 0; k < x->rank; k++) {
    if (x->dims[k] == 1) continue;
    const bool summed = axes >> k & 1;
    if (summed && sum->columns > 1) return false;
    int64_t *part = summed ? &sum->run : sum->run > 1 ? &sum->columns : &sum->rows;
    *part *= x->dims[k];
  }
  return sum->run > 1 && has_order(x->dtype, sum);
}

/* ---- losses ---- */

/* clang-format off */
static const struct {
  const tg_op *op;
  size_t at;
} losses[] = {
#define LOSS(name, ...)  {&tgi_op_##name, offsetof(tgi_loss_table, name)},
#define LOSS1(name, ...) {&tgi_op_##name, offsetof(tgi_loss_table, name)},
#include "kernel/loss_rows.h"
};
/* clang-format on */
enum { LOSSES = sizeof losses / sizeof *losses };

/* The number of its row; -1: it is none. */
static int loss_of(const tg_op *op) {
  for (int i = 0; i < LOSSES; i++)
    if (losses[i].op == op) return i;
  return -1;
}

static int reduction_of(const tgi_step *step) {
  return ((const tgi_loss_attrs *)step->attrs)->reduction;
}

static double divisor_of(const tgi_step *step, const tg_tensor *x) {
  if (reduction_of(step) == TG_REDUCTION_MEAN) return (double)tg_tensor_numel(x);
  return reduction_of(step) == TG_REDUCTION_BATCHMEAN ? (double)x->dims[0] : 1;
}

bool tgi_fuse_is_loss(const tgi_step *step) {
  return loss_of(step->op) >= 0 && reduction_of(step) == TG_REDUCTION_NONE;
}

/* The attributes of a loss as those of a row. */
typedef struct loss_attrs {
  tgi_loss_value_fn *value;
  double p;
} loss_attrs;

static bool run_loss(int64_t n, void *dst, const void *const in[], const double attrs[]) {
  const loss_attrs *loss = (const void *)attrs;
  loss->value(n, dst, in[0], in[1], loss->p);
  return true;
}

bool tgi_fuse_loss_call(tgi_fuse *f, const tgi_step *step, tgi_fuse_call *call) {
  loss_attrs *attrs = tgi_graph_alloc(f->g, sizeof *attrs);
  if (attrs == NULL) return false;
  const tgi_loss_table *table =
      tgi_loss_table_for(f->rows.isa, f->g->values[step->x[0]].like.dtype);
  const tgi_loss_row *row = (const void *)((const char *)table + losses[loss_of(step->op)].at);
  *attrs = (loss_attrs){row->value, ((const tgi_loss_attrs *)step->attrs)->p};
  *call = (tgi_fuse_call){.fn = run_loss,
                          .attrs = (const double *)(const void *)attrs,
                          .n = 2,
                          .x = {step->x[0], step->x[1]},
                          .y = tgi_fuse_is_loss(step) ? step->y[0] : TGI_FUSE_NUMBER};
  return true;
}

/* ---- both ---- */

bool tgi_fuse_sum_of(const tgi_fuse *f, const tgi_step *step, tgi_fuse_sum *sum) {
  const tg_op *op = step->op;
  *sum = (tgi_fuse_sum){.divisor = 0};
  if (op != &tgi_op_sum && op != &tgi_op_mean && op != &tgi_op_sum_to) {
    if (step->n != 2 || loss_of(op) < 0 || reduction_of(step) == TG_REDUCTION_NONE) return false;
    const tg_tensor *x = &f->g->values[step->x[0]].like;
    *sum = (tgi_fuse_sum){1, tg_tensor_numel(x), 1, true, divisor_of(step, x)};
    return sum->run > 1;
  }
  const tg_tensor *x = &f->g->values[step->x[0]].like, *y = &f->g->values[step->y[0]].like;
  if (!find_rows(x, summed_axes(step, x, y), sum)) return false;
  if (op == &tgi_op_mean) sum->divisor = (double)sum->run;
  return true;
}

/* ---- a copy ---- */

static bool run_copy(int64_t n, void *dst, const void *const in[], const double attrs[]) {
  memcpy(dst, in[0], (size_t)n * (size_t)attrs[0]);
  return true;
}

bool tgi_fuse_copy_call(tgi_fuse *f, uint32_t v, tgi_fuse_call *call) {
  double *attrs = tgi_graph_alloc(f->g, sizeof *attrs);
  if (attrs == NULL) return false;
  *attrs = (double)tg_dtype_size(f->g->values[v].like.dtype);
  *call = (tgi_fuse_call){.fn = run_copy, .attrs = attrs, .n = 1, .x = {v}, .y = TGI_FUSE_NUMBER};
  return true;
}
