/* What stands in a node, and what it looks like. */
#include "graph/dot.h"

/* ---- the label ---- */

static const char *label_of(const tg_op *op) { return op->label ? op->label : op->name; }

/* At most `limit` elements, each on some 64 bytes with its brackets. */
static tg_status put_values(tgi_dot *d, const tg_tensor *x, int64_t limit) {
  int64_t n = tg_tensor_numel(x), shown = n < limit ? n : limit, bytes;
  if (!tgi_mul_size(shown + 2, 64, &bytes)) return TG_OVERFLOW;
  tgi_arena_mark work = tgi_arena_mark_of(&d->t->work);
  char *text = tgi_tape_work(d->t, (size_t)bytes);
  if (text == NULL) return TG_NO_MEMORY;
  tg_tensor_text(x, limit, text, (size_t)bytes);
  tgi_out_text(&d->out, text);
  tgi_arena_rewind(&d->t->work, work);
  return TG_OK;
}

static void put_attrs(tgi_dot *d, const tgi_node *node) {
  char attrs[400] = "";
  tg_attrs_text(node->op, node->attrs, attrs, sizeof attrs);
  if (attrs[0] == '\0') return;
  tgi_out_put(&d->out, "\\n");
  tgi_out_text(&d->out, attrs);
}

/* Leaves, parameters, constants: what the graph was given. */
static bool is_given(const tgi_node *node) {
  return node->flags & TGI_LEAF || node->op == &tgi_op_constant || node->op == &tgi_op_scalar;
}

/* A given node is called by its name, a number by itself, anything else by operator and name. */
static tg_status put_title(tgi_dot *d, uint32_t id, const tg_tensor *value) {
  const tgi_node *node = tgi_node_at(d->t, id);
  const char *name = tgi_node_name(d->t, id);
  if (node->op == &tgi_op_scalar && !name) return put_values(d, value, 1);
  if (!name || !is_given(node)) tgi_out_text(&d->out, label_of(node->op));
  if (name && !is_given(node)) tgi_out_put(&d->out, "\\n");
  if (name) tgi_out_shown(&d->out, name);
  return TG_OK;
}

/* How many elements the label's last lines show. A number is shown once, asked or not. */
static int64_t values_shown(const tgi_dot *d, uint32_t id) {
  if (tgi_node_at(d->t, id)->op == &tgi_op_scalar) return tgi_node_name(d->t, id) ? 1 : 0;
  return d->options.values;
}

static tg_status put_label(tgi_dot *d, uint32_t id) {
  const tgi_node *node = tgi_node_at(d->t, id);
  tg_tensor value;
  char shape[200];
  tgi_node_tensor(node, &value);
  tg_status status = put_title(d, id, &value);
  if (status != TG_OK) return status;
  tg_tensor_shape_text(&value, shape, sizeof shape);
  tgi_out_put(&d->out, "\\n%s %s", shape, tg_dtype_name(value.dtype));
  put_attrs(d, node);
  int64_t shown = values_shown(d, id);
  if (shown <= 0) return TG_OK;
  tgi_out_put(&d->out, "\\n");
  return put_values(d, &value, shown);
}

/* ---- the look ---- */

static const char *look_of(const tgi_node *node, uint8_t marks) {
  if (node->op == &tgi_op_leaf) return ", shape=ellipse, style=filled, fillcolor=\"#d6e6f5\"";
  if (node->op == &tgi_op_param) return ", shape=cylinder, style=filled, fillcolor=\"#d9ead3\"";
  if (node->op == &tgi_op_constant || node->op == &tgi_op_scalar)
    return ", style=filled, fillcolor=\"#eeeeee\"";
  return marks & TGI_DOT_BACKWARD ? ", fillcolor=\"#fce5cd\"" : "";
}

static void put_tooltip(tgi_dot *d, const tg_op *op) {
  tgi_out_put(&d->out, ", tooltip=\"");
  tgi_out_text(&d->out, op->name);
  if (op->formula) tgi_out_put(&d->out, ": ");
  if (op->formula) tgi_out_text(&d->out, op->formula);
  tgi_out_put(&d->out, "\"");
}

tg_status tgi_dot_put_node(tgi_dot *d, uint32_t id) {
  const tgi_node *node = tgi_node_at(d->t, id);
  tgi_out_put(&d->out, "n%u [label=\"", (unsigned)d->order.place[id]);
  tg_status status = put_label(d, id);
  if (status != TG_OK) return status;
  tgi_out_put(&d->out, "\"%s", look_of(node, d->marks[id]));
  if (d->marks[id] & TGI_DOT_ROOT) tgi_out_put(&d->out, ", penwidth=2");
  put_tooltip(d, node->op);
  tgi_out_put(&d->out, "];\n");
  return TG_OK;
}
