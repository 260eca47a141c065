/* What a var says about its node. */
#include "tape/tape.h"

#include <math.h>

tg_tensor tg_value(tg_var x) {
  tg_tensor value = {0};
  if (tgi_is_live(x)) tgi_node_tensor(tgi_node_at(x.tape, x.id), &value);
  return value;
}

double tg_item(tg_var x) {
  if (!tgi_is_live(x)) return NAN;
  const tgi_node *node = tgi_node_at(x.tape, x.id);
  if (node->layout->numel != 1) return NAN;
  tg_tensor value = tg_value(x);
  return tg_tensor_at(&value, 0);
}

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
