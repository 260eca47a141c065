/* The plain sweep against the recorded one: an operator's grad says the same as its vjp, whether it
   sets or adds, whatever the strides of the cotangent. */
#include <string.h>

#include "cases.h"
#include "tape/tape.h"

/* ---- cotangents by strides ---- */

/* Every other element of a wider row, the axes in reverse order in memory. */
static tg_tensor scattered(op_case *c, const tg_tensor *g) {
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k < g->rank; k++) dims[k] = 2 * g->dims[g->rank - 1 - k];
  tg_tensor wide = case_tensor(c, g->dtype, g->rank, dims), view = *g;
  view.data = wide.data;
  for (int k = 0; k < g->rank; k++) view.strides[k] = 2 * wide.strides[g->rank - 1 - k];
  tg_tensor_copy(&view, g);
  return view;
}

/* The first element everywhere. */
static tg_tensor spread(const tg_tensor *g) {
  tg_tensor view = *g;
  for (int k = 0; k < g->rank; k++) view.strides[k] = 0;
  return view;
}

/* ---- grad itself ---- */

static bool goes_in_parts(const tg_call *c, const tg_tensor *g) {
  int64_t n = tg_tensor_numel(&c->in[0]), results = tg_tensor_numel(g);
  for (int k = 0; k < c->n; k++)
    if (tg_tensor_numel(&c->in[k]) != n || !tg_tensor_is_contiguous(&c->in[k])) return false;
  return c->op->grad_part && tg_tensor_is_contiguous(g) && (results == n || results == 1);
}

/* dx, which is what grad made of `before`, part by part: the same bits. */
static void compare_parts(op_case *c, const tg_call *call, int i, const tg_tensor *g,
                          const tg_tensor *before, const tg_tensor *dx, double beta) {
  enum { PART = 5 };
  tg_tensor parts = case_copy(c, before);
  int64_t n = tg_tensor_numel(dx), size = (int64_t)tg_dtype_size(dx->dtype);
  int64_t step = tg_tensor_numel(g) == 1 ? 0 : size;
  if (!goes_in_parts(call, g)) return;
  for (int64_t k = 0; k < n; k += PART)
    call->op->grad_part(call, i, k, n - k < PART ? n - k : PART, (char *)g->data + k * step,
                        (char *)parts.data + k * size, beta);
  if (memcmp(parts.data, dx->data, tg_tensor_bytes(dx)) != 0)
    case_fail(c, "grad_part (beta %g) of operand %d differs from grad", beta, i);
}

/* dx = beta dx + cotangent by the operator's own grad, against vjp. */
static void compare_grad(op_case *c, tg_var y, const tg_tensor *g, int i, const tg_tensor *vjp,
                         double beta) {
  tg_tensor in[TG_SAMPLE_INPUTS], dx = case_like(c, vjp), expected = case_copy(c, vjp);
  tg_call call;
  tgi_call_of(c->t, y.id, in, &call);
  call.i = i;
  int64_t n = tg_tensor_numel(&dx);
  for (int64_t k = 0; k < n; k++) {
    tg_tensor_put(&dx, k, beta == 0 ? (double)NAN : 0.5 * (double)(k % 5));
    if (beta != 0) tg_tensor_put(&expected, k, tg_tensor_at(vjp, k) + 0.5 * (double)(k % 5));
  }
  tg_tensor before = case_copy(c, &dx);
  tg_mark mark = tg_tape_mark(c->t);
  tg_status status = c->op->grad(&call, i, g, &dx, beta);
  if (status != TG_OK) case_fail(c, "grad of operand %d: %s", i, tg_tape_message(c->t));
  char what[64];
  snprintf(what, sizeof what, "grad (beta %g) of operand %d", beta, i);
  case_equal(c, what, &dx, &expected, 1e-12);
  if (status == TG_OK) compare_parts(c, &call, i, g, &before, &dx, beta);
  tg_tape_rewind(c->t, mark);
}

/* Operands as the operator has them: arranged. */
static void compare_own_grad(op_case *c, tg_var y, const tg_tensor *g) {
  if (c->op->grad == NULL || tg_op_of(y) != c->op) return;
  for (int i = 0; i < tg_operands(y) && !case_failed(c); i++) {
    tg_var x = tg_operand(y, i), seed = tg_leaf(c->t, *g), dx;
    if (i >= c->n || !case_is_differentiable(c, i) || tg_numel(x) == 0) continue;
    if (tg_vjp(&y, &seed, 1, &x, 1, &dx) != TG_OK)
      case_fail(c, "vjp of operand %d: %s", i, tg_tape_message(c->t));
    tg_tensor vjp = tg_value(dx);
    if (case_failed(c)) return;
    vjp = case_copy(c, &vjp);
    compare_grad(c, y, g, i, &vjp, 0);
    compare_grad(c, y, g, i, &vjp, 1);
  }
}

/* ---- the sweep ---- */

/* dx += cotangent by tg_backward_into, twice, against twice that of tg_vjp. */
static void compare_sweep(op_case *c, const tg_var x[], tg_var y, const tg_tensor *g) {
  for (int i = 0; i < c->n && !case_failed(c); i++) {
    if (!case_is_differentiable(c, i)) continue;
    tg_var seed = tg_leaf(c->t, *g), dx;
    tg_tensor once = case_like(c, &c->in[i]), twice = case_like(c, &c->in[i]);
    tg_vjp(&y, &seed, 1, &x[i], 1, &dx);
    tg_tensor vjp = tg_value(dx);
    tg_backward_into(&y, &seed, 1, NULL, &x[i], &once, 1);
    tg_backward_into(&y, &seed, 1, NULL, &x[i], &twice, 1);
    tg_backward_into(&y, &seed, 1, NULL, &x[i], &twice, 1);
    case_equal(c, "plain sweep", &once, &vjp, 1e-12);
    int64_t n = tg_tensor_numel(&once);
    for (int64_t k = 0; k < n; k++) tg_tensor_put(&once, k, 2 * tg_tensor_at(&once, k));
    case_equal(c, "plain sweep onto what is there", &twice, &once, 1e-12);
  }
}

void check_plain(op_case *c) {
  tg_var x[TG_SAMPLE_INPUTS], y = case_apply(c, c->in, x);
  tg_tensor value = tg_value(y);
  if (value.data == NULL || case_is_constant(c, &value)) return;
  tg_tensor g = case_random(c, &value, 10);
  const tg_tensor layouts[] = {g, scattered(c, &g), spread(&g)};
  int count = tg_tensor_numel(&g) > 0 ? 3 : 1;
  for (int k = 0; k < count; k++) {
    compare_own_grad(c, y, &layouts[k]);
    compare_sweep(c, x, y, &layouts[k]);
  }
}
