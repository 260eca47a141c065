/* The pass `pair`: cross_entropy and its gradient become one step with two results, where the
   gradient's factor does not depend on the loss. A row of scores is then read once. */
#include <assert.h>
#include <string.h>

#include "diff/grad_of.h"
#include "ops/ops_internal.h"
#include "program/passes.h"

enum { G, Y, X }; /* operands of grad_of; those of the operator come last */

/* Is value v there before step `at` is run? Looked at is a row of steps with one operand each, such
   as the views of a constant; else the answer is no. */
static bool is_before(const tgi_graph *g, const int32_t *maker, uint32_t v, int32_t at) {
  while (maker[v] >= at) {
    const tgi_step *step = &g->steps[maker[v]];
    if (maker[v] == at || step->n != 1) return false;
    v = step->x[0];
  }
  return true;
}

/* The step whose gradient this is; TGI_NO_STEP where the two make no pair. It is the gradient in
   operand 0, since no other has one; and what passes did to the operands of one step they did to
   those of the other. */
static int32_t loss_of(const tgi_graph *g, const int32_t *maker, const tgi_step *slope) {
  if (tgi_grad_of(slope->op, slope->attrs) != &tgi_op_cross_entropy) return TGI_NO_STEP;
  int32_t at = maker[slope->x[Y]];
  const tgi_step *loss = at == TGI_NO_STEP ? NULL : &g->steps[at];
  if (loss == NULL || loss->op != &tgi_op_cross_entropy) return TGI_NO_STEP;
  assert(loss->n == slope->n - X && memcmp(loss->x, slope->x + X, loss->n * sizeof *loss->x) == 0);
  return is_before(g, maker, slope->x[G], at) ? at : TGI_NO_STEP;
}

static tg_status pair(tgi_graph *g, tgi_step *loss, tgi_step *slope) {
  uint32_t n = loss->n + 1;
  uint32_t *x = tgi_graph_alloc(g, n * sizeof *x), *y = tgi_graph_alloc(g, 2 * sizeof *y);
  if (x == NULL || y == NULL) return g->error->status;
  x[0] = slope->x[G];
  memcpy(x + 1, loss->x, loss->n * sizeof *x);
  y[0] = loss->y[0];
  y[1] = slope->y[0];
  *loss = (tgi_step){.op = &tgi_op_cross_entropy_with_grad,
                     .attrs = loss->attrs,
                     .n = n,
                     .n_y = 2,
                     .x = x,
                     .y = y};
  slope->op = NULL;
  return TG_OK;
}

tg_status tgi_pass_pair(tgi_graph *g) {
  const int32_t *maker = tgi_graph_makers(g);
  tg_status status = maker ? TG_OK : g->error->status;
  for (size_t s = 0; status == TG_OK && s < g->step_count; s++) {
    tgi_step *slope = &g->steps[s];
    int32_t at = slope->op ? loss_of(g, maker, slope) : TGI_NO_STEP;
    if (at != TGI_NO_STEP) status = pair(g, &g->steps[at], slope);
  }
  return status == TG_OK ? tgi_graph_sort(g) : status;
}
