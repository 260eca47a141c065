/* The pass `accumulate`: where products are added up, as gradients of what was used more than once
   are, each adds to the sum in memory, as the tape's plain sweep has it. */
#include <assert.h>

#include "kernel/batch_gemm.h"
#include "ops/ops_internal.h"
#include "program/passes.h"

/* ---- the operator ---- */

static tg_status shape_product_sum(tg_call *c) {
  c->out = c->in[2];
  c->out.data = NULL;
  return TG_OK;
}

/* The sum so far is the result of a step that nothing else reads, so it is dense and no view. */
static tg_status kernel_product_sum(const tg_call *c) {
  assert(tg_tensor_is_contiguous(&c->in[2]));
  return tgi_batch_gemm_add(c->runtime, c->scratch, &c->in[0], &c->in[1], &c->in[2], &c->out);
}

static tg_status kernel_bound(const tg_call *c) {
  tgi_product p = *(const tgi_product *)c->attrs;
  p.a.data = c->in[0].data;
  p.b.data = c->in[1].data;
  p.add.data = c->in[2].data;
  p.c.data = c->out.data;
  return tgi_multiply(&p);
}

static tg_kernel_fn *bind_product_sum(const tg_call *c, const void **attrs) {
  tgi_product *p = tg_call_scratch(c, sizeof *p);
  if (p == NULL) return NULL;
  *attrs = p;
  return tgi_batch_gemm_single(c->runtime, c->scratch, &c->in[0], &c->in[1], &c->in[2], &c->out, p)
             ? kernel_bound
             : NULL;
}

/* clang-format off */
const tg_op tgi_product_sum_op = {
  TG_OP_INIT, .name = "product_sum", .label = "@ +", .formula = "y = a b + c",
  .arity = 3, .dtypes = TG_FLOATS, .shape = shape_product_sum, .kernel = kernel_product_sum, .bind = bind_product_sum,
};
/* clang-format on */

/* ---- the pass ---- */

typedef struct pass {
  tgi_graph *g;
  int32_t *maker;
  const uint32_t *uses;
} pass;

/* The step that makes v for nobody else, where it is a product of two matrices or a sum of such. */
static tgi_step *product_of(const pass *p, uint32_t v) {
  if (p->maker[v] == TGI_NO_STEP || p->uses[v] != 1) return NULL;
  const tgi_graph *g = p->g;
  tgi_step *step = &g->steps[p->maker[v]];
  if (step->op == &tgi_product_sum_op) return step;
  bool matrices = step->op == &tgi_op_matmul && g->values[step->x[0]].like.rank == 2 &&
                  g->values[step->x[1]].like.rank == 2;
  return matrices && tg_dtype_is_float(g->values[v].like.dtype) ? step : NULL;
}

/* The product that comes later adds to the other. False: no memory. */
static bool add_in_place(const pass *p, tgi_step *sum) {
  uint32_t first = sum->x[0], later = sum->x[1];
  if (first == later || !product_of(p, first) || !product_of(p, later)) return true;
  if (p->maker[first] > p->maker[later]) first = sum->x[1], later = sum->x[0];
  tgi_step *product = product_of(p, later);
  if (product->op != &tgi_op_matmul) return true;
  uint32_t *x = tgi_graph_alloc(p->g, 3 * sizeof *x);
  if (x == NULL) return false;
  x[0] = product->x[0], x[1] = product->x[1], x[2] = first;
  p->maker[sum->y[0]] = p->maker[later];
  *product = (tgi_step){.op = &tgi_product_sum_op, .x = x, .n = 3, .y = sum->y, .n_y = 1};
  sum->op = NULL;
  return true;
}

tg_status tgi_pass_accumulate(tgi_graph *g) {
  pass p = {.g = g, .maker = tgi_graph_makers(g), .uses = tgi_graph_uses(g)};
  if (!p.maker || !p.uses) return g->error->status;
  for (size_t s = 0; s < g->step_count; s++)
    if (g->steps[s].op == &tgi_op_add && !add_in_place(&p, &g->steps[s])) return g->error->status;
  return tgi_graph_sweep(g);
}
