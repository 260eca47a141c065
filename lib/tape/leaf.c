/* Leaves: nodes without operands. Two borrow memory (the caller's, a parameter's), two own a
   copy. */
#include "tape/params.h"
#include "tape/tape.h"

uint64_t tgi_hash_tensor(const tg_tensor *x) {
  uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
  int64_t n = tg_tensor_numel(x);
  size_t size = tg_dtype_size(x->dtype);
  for (int64_t i = 0; i < n; i++) {
    const unsigned char *bytes = (const unsigned char *)tgi_address(x, i);
    for (size_t k = 0; k < size; k++) hash = (hash ^ bytes[k]) * 0x100000001b3u;
  }
  return hash;
}

/* ---- borrowed ---- */

/* clang-format off */
const tg_op tgi_op_leaf = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_MIXED, .name = "leaf", .label = "leaf", .formula = "the caller's memory",
  .dtypes = TG_ANY, .attrs_size = sizeof(tgi_leaf),
};
const tg_op tgi_op_param = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_MIXED, .name = "param", .label = "param", .formula = "a parameter's memory",
  .dtypes = TG_ANY, .attrs_size = sizeof(tgi_leaf),
};
/* clang-format on */

/* Dtype, rank and dims of a tensor of the caller's, for which c->out has room. */
static tg_status check_tensor(tg_call *c, const tg_tensor *x) {
  c->out.dtype = x->dtype;
  if (x->data == NULL || tgi_dtype_size(x->dtype) == 0)
    return tg_call_fail(c, TG_ARGUMENT, "the tensor has no data or no dtype");
  if (!tgi_set_dims(&c->out, x->rank, x->dims))
    return tg_call_fail(c, TG_SHAPE, "the tensor's rank or dims are out of range");
  return TG_OK;
}

tg_var tg_leaf(tg_tape *t, tg_tensor x) {
  if (t == NULL) return TG_NONE;
  tg_call c;
  c.op = &tgi_op_leaf;
  c.tape = t;
  c.n = 0;
  c.x = NULL;
  c.y = TG_NONE;
  if (check_tensor(&c, &x) != TG_OK) return tgi_failed(t);
  tgi_leaf leaf = {.hash = t->check_leaves ? tgi_hash_tensor(&x) : 0};
  return tgi_push_leaf(t, &tgi_op_leaf, &x, &leaf, false);
}

tg_var tg_param(tg_tape *t, tg_params *params, int index) {
  if (t == NULL) return TG_NONE;
  if (params == NULL || index < 0 || index >= params->count)
    return tg_tape_fail(t, TG_ARGUMENT, "param: no parameter has the index %d", index);
  const tgi_param_row *row = &params->rows[index];
  if (row->view.data == NULL)
    return tg_tape_fail(t, TG_STATE, "param: \"%s\" has no memory yet: tg_params_seal comes first",
                        row->name);
  tgi_leaf leaf = {.params = params,
                   .index = index,
                   .version = row->version,
                   .hash = t->check_leaves ? tgi_hash_tensor(&row->view) : 0};
  return tgi_push_leaf(t, &tgi_op_param, &row->view, &leaf, !row->buffer);
}

static bool is_written(const tgi_node *node, const tgi_leaf *leaf) {
  tg_tensor value;
  tgi_node_tensor(node, &value);
  return tgi_hash_tensor(&value) != leaf->hash;
}

/* By the library, as far as that can be told. */
static bool is_touched(const tgi_leaf *leaf) {
  return leaf->params && leaf->params->rows[leaf->index].version != leaf->version;
}

static tg_status check_leaf(tg_tape *t, uint32_t id) {
  const tgi_node *node = tgi_node_at(t, id);
  const tgi_leaf *leaf = node->attrs;
  if (!is_touched(leaf) && !(t->check_leaves && is_written(node, leaf))) return TG_OK;
  char buffer[256] = "";
  tgi_text text = {buffer, sizeof buffer, 0};
  tgi_describe(t, id, &text);
  tg_tape_fail(t, TG_CHANGED, "%s: %s was written between recording and backward", node->op->name,
               buffer);
  return TG_CHANGED;
}

tg_status tgi_check_leaves(tg_tape *t) {
  for (size_t i = 0; i < t->leaf_count; i++) {
    bool suspect = t->check_leaves || is_touched(tgi_node_at(t, t->leaves[i])->attrs);
    if (suspect && check_leaf(t, t->leaves[i]) != TG_OK) return TG_CHANGED;
  }
  return TG_OK;
}

/* ---- owned ---- */

static tg_status shape_constant(tg_call *c) { return check_tensor(c, c->attrs); }

static tg_status kernel_constant(const tg_call *c) {
  tgi_copy(&c->out, c->attrs);
  return TG_OK;
}

typedef struct scalar_attrs {
  tg_dtype dtype;
  double value;
} scalar_attrs;

static tg_status shape_scalar(tg_call *c) {
  const scalar_attrs *attrs = c->attrs;
  if (tg_dtype_size(attrs->dtype) == 0) return tg_call_fail(c, TG_DTYPE, "no such dtype");
  c->out.dtype = attrs->dtype;
  c->out.rank = 0;
  return TG_OK;
}

static tg_status kernel_scalar(const tg_call *c) {
  const scalar_attrs *attrs = c->attrs;
  tg_tensor_put(&c->out, 0, attrs->value);
  return TG_OK;
}

/* clang-format off */
const tg_op tgi_op_constant = {
  TG_OP_INIT, .flags = TG_OP_MIXED, .name = "constant", .label = "const", .formula = "a copy of the caller's memory",
  .dtypes = TG_ANY, .shape = shape_constant, .kernel = kernel_constant,
};
const tg_op tgi_op_scalar = {
  TG_OP_INIT, .flags = TG_OP_MIXED, .name = "scalar", .label = "const", .formula = "one number",
  .dtypes = TG_ANY, .shape = shape_scalar, .kernel = kernel_scalar,
};
/* clang-format on */

tg_var tg_constant(tg_tape *t, tg_tensor x) {
  return tg_apply_on(t, &tgi_op_constant, NULL, 0, &x);
}

tg_var tg_scalar(tg_tape *t, tg_dtype dtype, double value) {
  return tg_apply_on(t, &tgi_op_scalar, NULL, 0, &(scalar_attrs){dtype, value});
}

tg_var tg_scalar_like(tg_var x, double value) {
  if (tg_is_none(x)) return TG_NONE;
  if (!tgi_check_var(x.tape, x, "tg_scalar_like")) return tgi_failed(x.tape);
  return tg_scalar(x.tape, tg_dtype_of(x), value);
}
