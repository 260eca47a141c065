/* What a var says about its node. */
#include "tape/capture.h"

#include <math.h>

/* During a capture a number must not get into C: what is made of it could not vary in a replay.
   Constants do not vary, and an operator's own functions do not branch on what they see. */
static bool may_read(tg_var x, const char *what) {
  const tg_tape *t = x.tape;
  if (t == NULL || t->capture == NULL || t->rule || t->composing || !tgi_is_live(x)) return true;
  const tg_op *op = tgi_node_at(t, x.id)->op;
  if ((op == &tgi_op_constant || op == &tgi_op_scalar) && !tgi_is_input(t, x)) return true;
  tg_tape_fail(x.tape, TG_STATE,
               "%s: a value is asked for during a capture, where it could not vary in a replay; "
               "tg_branch asks for a bool, tg_declare_constant vouches that it does not vary",
               what);
  return false;
}

tg_tensor tg_value(tg_var x) {
  if (!may_read(x, "tg_value") || !tgi_is_live(x)) return (tg_tensor){0};
  tgi_node *node = tgi_node_at(x.tape, x.id);
  if (node->flags & TGI_REPEATS) tgi_write_repeats(x.tape, node);
  return tgi_value(x);
}

double tgi_item(tg_var x) {
  if (tg_numel(x) != 1) return NAN;
  const tgi_node *node = tgi_node_at(x.tape, x.id);
  tg_tensor number = {.data = node->data, .dtype = (tg_dtype)node->dtype};
  return tg_tensor_at(&number, 0);
}

double tg_item(tg_var x) { return may_read(x, "tg_item") ? tgi_item(x) : NAN; }

int tg_rank(tg_var x) { return tgi_is_live(x) ? tgi_node_at(x.tape, x.id)->layout->rank : -1; }

int64_t tg_dim(tg_var x, int axis) {
  if (!tgi_is_live(x)) return -1;
  const tgi_layout *layout = tgi_node_at(x.tape, x.id)->layout;
  int k = tgi_axis(layout->rank, axis);
  return k < 0 ? -1 : layout->entries[k];
}

int64_t tg_numel(tg_var x) {
  return tgi_is_live(x) ? tgi_node_at(x.tape, x.id)->layout->numel : -1;
}

tg_dtype tg_dtype_of(tg_var x) {
  return tgi_is_live(x) ? (tg_dtype)tgi_node_at(x.tape, x.id)->dtype : TG_DTYPE_NONE;
}

const tg_op *tg_op_of(tg_var x) { return tgi_is_live(x) ? tgi_node_at(x.tape, x.id)->op : NULL; }

int tg_operands(tg_var x) { return tgi_is_live(x) ? tgi_node_at(x.tape, x.id)->n : -1; }

tg_var tg_operand(tg_var x, int i) {
  if (!tgi_is_live(x)) return TG_NONE;
  const tgi_node *node = tgi_node_at(x.tape, x.id);
  return i >= 0 && i < node->n ? tgi_var_of(x.tape, tgi_operand_ids(node)[i]) : TG_NONE;
}

const void *tg_attrs_of(tg_var x) {
  return tgi_is_live(x) ? tgi_node_at(x.tape, x.id)->attrs : NULL;
}
