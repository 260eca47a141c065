/* Blame: each operator that the function recorded is checked on its own, its rule against
   differences of its kernel, at the operand values that it had. */
#include <stdio.h>
#include <string.h>

#include "diff/gradcheck.h"

/* One recorded application as a function of its operands. */
static tg_var apply_again(tg_tape *t, const tg_var x[], void *user) {
  const tg_call *c = user;
  return tg_apply_on(t, c->op, x, c->n, c->attrs);
}

/* Is the rule of this node wrong by itself? A region's node is a view of its value and says nothing
   of its inputs. */
static bool is_to_blame(tgi_check *c, uint32_t id) {
  tg_call call;
  const tgi_node *node = tgi_node_at(c->t, id);
  if (node->n == 0 || node->flags & TGI_CONSTANT || node->op->vjp_all ||
      !tgi_rule_call(c->t, id, &call))
    return false;
  tg_gradcheck own = {0};
  tg_gradcheck_options options = c->options;
  options.order = 1;
  tgi_check_run(apply_again, call.in, call.n, &call, &options, &own, false);
  return own.verdict == TG_CHECK_WRONG;
}

static uint32_t find(tgi_check *c) {
  uint32_t nodes = c->t->nodes, region = 0;
  for (uint32_t id = 1; id <= nodes; id++) {
    if (tgi_node_at(c->t, id)->op->vjp_all) region = id;
    if (is_to_blame(c, id)) return id;
  }
  return region;
}

void tgi_check_blame(tgi_check *c) {
  tg_gradcheck *r = c->result;
  tg_var *vars = tgi_arena_alloc(&c->arena, (size_t)c->n * sizeof *vars), y;
  tgi_check_move(c, 0, 0, 0);
  tg_tape_reset(c->t);
  if (vars == NULL) return;
  for (int i = 0; i < c->n; i++) vars[i] = tg_leaf(c->t, c->at[i]);
  y = c->fn(c->t, vars, c->user);
  uint32_t id = tg_is_failed(y) ? 0 : find(c);
  if (id == 0) return;
  const tg_op *op = tgi_node_at(c->t, id)->op;
  r->op_node = (int64_t)id;
  snprintf(r->op, sizeof r->op, "%s", op->name);
  size_t length = strlen(r->message);
  snprintf(r->message + length, sizeof r->message - length,
           "; the rule of %s, node %u, is to blame", op->name, (unsigned)id);
}
