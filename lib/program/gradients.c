/* Gradients as stores: a capture's tg_backward. */
#include <string.h>

#include "program/graph.h"
#include "tapegrad/ops.h"

/* The parameters of grads on the tape, below the root: x[k] of index at[k]. */
typedef struct found {
  tg_var *x, *dx;
  int *at, n;
} found;

static bool find_params(tg_tape *t, const tg_params *params, uint32_t top, found *f) {
  f->n = 0;
  f->x = tgi_tape_work(t, t->leaf_count * sizeof *f->x);
  f->dx = tgi_tape_work(t, t->leaf_count * sizeof *f->dx);
  f->at = tgi_tape_work(t, t->leaf_count * sizeof *f->at);
  if (!f->x || !f->dx || !f->at) return false;
  for (size_t i = 0; i < t->leaf_count && t->leaves[i] <= top; i++) {
    const tgi_node *node = tgi_node_at(t, t->leaves[i]);
    const tgi_leaf *leaf = node->attrs;
    if (leaf->params != params || !(node->flags & TGI_NEEDS_GRAD)) continue;
    f->x[f->n] = tgi_var_of(t, t->leaves[i]);
    f->at[f->n++] = leaf->index;
  }
  return true;
}

/* The gradient of parameter `index`: the sum over the nodes that stand for it. */
static tg_var gradient_of(tg_tape *t, const found *f, int index, const tg_tensor *like) {
  tg_var sum = TG_NONE;
  for (int k = 0; k < f->n; k++)
    if (f->at[k] == index) sum = tg_is_none(sum) ? f->dx[k] : tg_add(sum, f->dx[k]);
  if (!tg_is_none(sum)) return sum;
  tg_var zero = tg_scalar(t, like->dtype, 0);
  return like->rank ? tg_broadcast_to(zero, like->rank, like->dims) : zero;
}

tg_status tg_store_grads(tg_grads *grads, tg_var root) {
  tg_tape *t = root.tape;
  if (t == NULL) return TG_ARGUMENT;
  if (tgi_capture_of(t, "tg_store_grads") == NULL || !tgi_check_var(t, root, "tg_store_grads"))
    return t->status;
  if (grads == NULL) return tg_tape_fail(t, TG_ARGUMENT, "tg_store_grads: no gradients"), t->status;
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  const tg_params *params = tg_grads_params(grads);
  found f;
  if (find_params(t, params, root.id, &f) && tg_grad(root, f.x, f.n, f.dx) == TG_OK)
    for (int i = 0; i < tg_params_count(params); i++) {
      tg_tensor to = tg_grads_tensor(grads, i);
      if (to.data && tg_tensor_numel(&to) > 0) tg_store(to, gradient_of(t, &f, i, &to));
    }
  tgi_arena_rewind(&t->work, work);
  return t->status;
}
