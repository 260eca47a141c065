/* The only door through which a node is born: operands are checked, the shape is inferred, memory
   is found, the kernel runs, the node is pushed. On failure nothing stays but the tape's sticky
   error. */
#include "tape/tape.h"

#include <string.h>

/* ---- operands ---- */

static bool refuse_var(tg_tape *t, tg_var x, const char *what) {
  if (t == NULL || t->status != TG_OK) return false;
  if (tg_is_none(x))
    tg_tape_fail(t, TG_ARGUMENT, "%s: an operand is absent (TG_NONE)", what);
  else if (x.tape != t)
    tg_tape_fail(t, TG_FOREIGN, "%s: an operand belongs to another tape", what);
  else if (x.id == 0)
    tg_tape_fail(t, TG_STALE, "%s: an operand failed before the tape was rewound", what);
  else
    tg_tape_fail(t, TG_STALE, "%s: the operand with id %u is gone: its tape was rewound or reset",
                 what, (unsigned)x.id);
  return false;
}

bool tgi_check_var(tg_tape *t, tg_var x, const char *what) {
  return (t != NULL && tgi_lives_on(t, x)) || refuse_var(t, x, what);
}

static bool check_vars(tg_tape *t, const tg_var x[], int n, const char *what) {
  for (int i = 0; i < n; i++)
    if (!tgi_lives_on(t, x[i])) return refuse_var(t, x[i], what);
  return true;
}

/* Is the definition whole? Of a kernel is asked only where one is needed. */
static bool check_op(tg_tape *t, const tg_op *op, const void *attrs) {
  if (op->size >= TGI_OP_FIRST_SIZE && op->name && (op->shape || op->compose) &&
      (attrs || op->attrs_size == 0))
    return true;
  const char *name = op->name ? op->name : "an operator";
  const char *says = op->size < TGI_OP_FIRST_SIZE ? "is not set up by TG_OP_INIT"
                     : op->name == NULL           ? "has no name"
                     : !op->shape && !op->compose ? "has neither a shape function nor compose"
                                                  : "is applied without its attributes";
  tg_tape_fail(t, TG_ARGUMENT, "%s: the operator %s", name, says);
  return false;
}

/* n operands are there, of which `given` were passed: the last of them may be TG_NONE. */
static bool check_arity(tg_tape *t, const tg_op *op, int n, int given) {
  int most = op->max_arity ? op->max_arity : op->arity;
  if (most > TGI_MAX_OPERANDS) most = TGI_MAX_OPERANDS;
  if (n >= op->arity && n <= most) return true;
  if (n < op->arity && op->arity <= given)
    tg_tape_fail(t, TG_ARGUMENT, "%s: operand %d is absent (TG_NONE)", op->name, n);
  char range[40] = "";
  tgi_text text = {range, sizeof range, 0};
  if (most > op->arity) tgi_text_add(&text, " to %d", most);
  tg_tape_fail(t, TG_ARGUMENT, "%s: %d operands given, it takes %d%s", op->name, n, op->arity,
               range);
  return false;
}

static bool refuse_dtypes(const tg_call *c) {
  tg_dtype dtype = c->in[0].dtype;
  for (int i = 1; i < c->n; i++)
    if (c->in[i].dtype != dtype) {
      tg_call_fail(c, TG_DTYPE, "dtypes %s and %s differ; tg_cast makes them equal",
                   tg_dtype_name(dtype), tg_dtype_name(c->in[i].dtype));
      return false;
    }
  tg_call_fail(c, TG_DTYPE, "not defined for %s", tg_dtype_name(dtype));
  return false;
}

static bool check_dtypes(const tg_call *c) {
  if (c->op->flags & TG_OP_MIXED || c->n == 0) return true;
  tg_dtype dtype = c->in[0].dtype;
  bool same = c->op->dtypes >> dtype & 1;
  for (int i = 1; i < c->n; i++) same = same && c->in[i].dtype == dtype;
  return same || refuse_dtypes(c);
}

/* ---- birth ---- */

static tgi_node *new_block(tg_tape *t) {
  size_t size = TGI_BLOCK_NODES * sizeof(tgi_node);
  if (t->block_count == UINT32_MAX >> TGI_BLOCK_BITS) {
    tg_tape_fail(t, TG_OVERFLOW, "tape: more than 4 billion nodes");
    return NULL;
  }
  if (!tgi_tape_grow(t, &t->blocks, &t->block_capacity, t->block_count + 1, sizeof *t->blocks))
    return NULL;
  if (!tgi_tape_affords(t, size)) return NULL;
  tgi_node *memory = tgi_alloc(t->runtime, size);
  if (memory == NULL) {
    tgi_no_memory(t, "tape");
    return NULL;
  }
  tgi_forget_layouts(memory);
  t->blocks[t->block_count++] = memory;
  return memory;
}

/* The slot of the next node; NULL with the tape failed. */
static inline tgi_node *next_node(tg_tape *t) {
  uint32_t id = t->nodes + 1;
  bool there = id >> TGI_BLOCK_BITS < t->block_count;
  return there ? tgi_node_at(t, id) : new_block(t);
}

static bool set_operands(tg_tape *t, tgi_node *node, const tg_var x[], int n) {
  uint32_t *ids = node->x.few;
  if (n > TGI_INLINE_OPERANDS) {
    ids = tgi_tape_values(t, (size_t)n * sizeof *ids);
    if (ids == NULL) return false;
    node->x.many = ids;
  }
  node->n = (uint16_t)n;
  for (int i = 0; i < n; i++) ids[i] = x[i].id;
  return true;
}

/* `below`: the flags of all operands. */
static uint8_t gradient_flags(const tg_tape *t, const tg_call *c, uint8_t below) {
  bool passes = t->grad && !(c->op->flags & TG_OP_CONST) && tgi_is_float(c->out.dtype);
  return passes ? below & TGI_NEEDS_GRAD : TGI_CONSTANT;
}

/* y takes new memory. Is it of this layout, whose sizes fit for this dtype and so for y's? */
static bool suits(const tgi_layout *layout, tg_dtype dtype, const tg_tensor *y) {
  size_t size = tgi_dtype_size(y->dtype);
  return size != 0 && size <= tgi_dtype_size(dtype) && layout->plain && layout->rank == y->rank &&
         tgi_same_dims(y->rank, layout->entries, y->dims);
}

/* A layout that a result in new memory is seen to have: that of the node which this slot held
   before, in the step that this one repeats, or of operand 0. NULL: the result is to be checked. */
static const tgi_layout *known_layout(const tg_tape *t, const tgi_node *slot, tg_call *c) {
  tg_tensor *y = &c->out;
  if (y->data != NULL || c->op->kernel == NULL) return NULL;
  const tgi_layout *known = slot->layout;
  if (known == NULL || !suits(known, (tg_dtype)slot->dtype, y)) {
    if (c->n == 0) return NULL;
    known = tgi_node_at(t, c->x[0].id)->layout;
    if (!suits(known, c->in[0].dtype, y)) return NULL;
  }
  tgi_copy_entries(y->rank, y->strides, known->entries + y->rank);
  return known;
}

/* A view's layout is often the operand's, or that which this slot had before. */
static const tgi_layout *find_layout(tg_tape *t, const tgi_node *slot, const tg_call *c) {
  const tgi_layout *same = c->n > 0 ? tgi_node_at(t, c->x[0].id)->layout : NULL;
  if (same && tgi_has_layout(same, &c->out)) return same;
  if (slot->layout && tgi_has_layout(slot->layout, &c->out)) return slot->layout;
  return tgi_layout_of(t, &c->out);
}

/* A slot's layout and dtype go together, even where no node comes of it. */
static void set_layout(tgi_node *slot, const tgi_layout *layout, tg_dtype dtype) {
  slot->layout = layout;
  slot->dtype = (uint8_t)dtype;
}

static bool find_memory(tg_tape *t, tgi_node *node, tg_call *c) {
  if (c->out.data == NULL) {
    int64_t numel = node->layout->numel;
    c->out.data = numel == 1 ? (void *)&node->small
                             : tgi_tape_values(t, (size_t)numel * tgi_dtype_size(c->out.dtype));
  }
  return c->out.data != NULL;
}

/* Without operands a view is of memory that is the operator's affair. */
static bool is_within_operands(const tg_call *c) {
  intptr_t out[2], in[2];
  if (c->n == 0 || tg_tensor_numel(&c->out) == 0) return true;
  if (!tgi_find_span(&c->out, out)) return false;
  for (int i = 0; i < c->n; i++)
    if (tgi_find_span(&c->in[i], in) && in[0] <= out[0] && out[1] <= in[1]) return true;
  return false;
}

/* What the shape function said of the result. */
static tg_status check_result(tg_call *c) {
  tg_tensor *y = &c->out;
  if (y->rank < 0 || y->rank > TG_MAX_RANK)
    return tg_call_fail(c, TG_SHAPE, "the shape function gave the rank %d", y->rank);
  for (int k = 0; k < y->rank; k++)
    if (y->dims[k] < 0) return tg_call_fail(c, TG_SHAPE, "the shape function gave a negative dim");
  if (tgi_dtype_size(y->dtype) == 0)
    return tg_call_fail(c, TG_DTYPE, "the shape function gave no dtype");
  if (y->data == NULL && !tgi_set_contiguous(y))
    return tg_call_fail(c, TG_OVERFLOW, "the result's size does not fit into 63 bits");
  if (y->data == NULL && c->op->kernel == NULL)
    return tg_call_fail(c, TG_ARGUMENT, "the result is no view, and there is no kernel");
  if (y->data != NULL && !is_within_operands(c))
    return tg_call_fail(c, TG_ARGUMENT, "the view reaches outside of the operands' memory");
  return TG_OK;
}

/* Where the tape stood when an operator's shape function and kernel were called. They may not move
   it. */
typedef struct place {
  uint32_t nodes, generation;
} place;

static place place_of(const tg_tape *t) { return (place){t->nodes, t->generation}; }
static bool has_moved(const tg_tape *t, place at) {
  return t->nodes != at.nodes || t->generation != at.generation;
}

/* What a shape function or kernel returned. Operands that it rewound are not described. */
static bool has_worked(tg_call *c, tg_status status, place at) {
  if (has_moved(c->tape, at))
    tg_tape_fail(c->tape, TG_STATE,
                 "%s: its shape function or kernel recorded on the tape or "
                 "rewound it",
                 c->op->name);
  else if (status == TG_OK)
    return true;
  else
    tg_call_fail(c, status, "%s", tg_status_text(status));
  return false;
}

static bool run_kernel(tg_tape *t, tg_call *c) {
  place at = place_of(t);
  tgi_arena_mark work = tgi_scratch_mark(t);
  tg_status status = c->op->kernel(c);
  tgi_arena_rewind(&t->work, work);
  return has_worked(c, status, at);
}

/* A program has ways of its own to compute once what repeats. */
static bool fill(tg_tape *t, tgi_node *node, tg_call *c) {
  bool few = node->layout->numel < TGI_REPEATED_MANY || t->capture;
  int axes = few ? 0 : tgi_repeated_axes(c);
  return axes ? tgi_run_repeated(t, node, c, axes, run_kernel) : run_kernel(t, c);
}

/* Runs shape and kernel into the next node; false with the tape failed. */
static bool evaluate(tg_tape *t, tgi_node *node, tg_call *c) {
  place at = place_of(t);
  if (!has_worked(c, c->op->shape(c), at)) return false;
  bool view = c->out.data != NULL;
  const tgi_layout *layout = known_layout(t, node, c);
  if (layout == NULL && check_result(c) == TG_OK) layout = find_layout(t, node, c);
  if (layout == NULL) return false;
  set_layout(node, layout, c->out.dtype);
  node->flags = 0;
  if (!find_memory(t, node, c)) return false;
  if (!view && layout->numel > 0 && !fill(t, node, c)) return false;
  return !t->trace_nan || tgi_trace(t, &c->out, c, "the result") == TG_OK;
}

static bool keep_attrs(tg_tape *t, tgi_node *node, const tg_call *c) {
  node->attrs = NULL;
  if (c->op->attrs_size == 0) return true;
  void *copy = tgi_tape_values(t, c->op->attrs_size);
  if (copy == NULL) return false;
  node->attrs = memcpy(copy, c->attrs, c->op->attrs_size);
  return true;
}

/* The slot holds all but what is said here, and its flags. */
static tg_var push(tg_tape *t, tgi_node *node, const tg_op *op, void *data) {
  node->op = op;
  node->data = data;
  node->generation = t->generation;
  t->nodes++;
  return (tg_var){t, t->nodes, t->generation};
}

static tg_var push_node(tg_tape *t, tg_call *c, uint8_t below) {
  place at = place_of(t);
  tgi_arena_mark values = tgi_arena_mark_of(&t->values);
  tgi_node *node = next_node(t);
  bool born =
      node && evaluate(t, node, c) && set_operands(t, node, c->x, c->n) && keep_attrs(t, node, c);
  if (!born) {
    if (!has_moved(t, at)) tgi_arena_rewind(&t->values, values);
    return tgi_failed(t);
  }
  node->flags |= gradient_flags(t, c, below);
  return push(t, node, c->op, c->out.data);
}

/* ---- leaves ---- */

static bool is_finite(tg_tape *t, const tg_op *op, const tg_tensor *x) {
  return tgi_trace(t, x, &(tg_call){.op = op, .tape = t}, "the result") == TG_OK;
}

tg_var tgi_push_leaf(tg_tape *t, const tg_op *op, const tg_tensor *x, const tgi_leaf *leaf,
                     bool trained) {
  tgi_node *node = next_node(t);
  if (node == NULL || (t->trace_nan && !is_finite(t, op, x))) return tgi_failed(t);
  bool same = node->layout && tgi_has_layout(node->layout, x);
  const tgi_layout *layout = same ? node->layout : tgi_layout_of(t, x);
  if (layout == NULL ||
      !tgi_tape_grow(t, &t->leaves, &t->leaf_capacity, t->leaf_count + 1, sizeof *t->leaves))
    return tgi_failed(t);
  tgi_leaf *kept = tgi_tape_values(t, sizeof *kept);
  if (kept == NULL) return tgi_failed(t);
  *kept = *leaf;
  set_layout(node, layout, x->dtype);
  node->attrs = kept;
  node->n = 0;
  bool passes = t->grad && tgi_is_float(x->dtype);
  node->flags = TGI_LEAF | (!passes ? TGI_CONSTANT : trained ? TGI_NEEDS_GRAD : 0);
  t->leaves[t->leaf_count++] = t->nodes + 1;
  return push(t, node, op, x->data);
}

/* ---- the door ---- */

/* Replaces operands as the operator wants them; they are checked again, since that may fail. */
static bool arrange(tg_tape *t, const tg_call *c, tg_var x[]) {
  tg_status status = c->op->arrange(c, x);
  if (status != TG_OK) tg_call_fail(c, status, "%s", tg_status_text(status));
  return status == TG_OK && check_vars(t, x, c->n, c->op->name);
}

static tg_var compose(tg_tape *t, const tg_call *c) {
  bool was = t->composing;
  t->composing = true;
  tg_var y = c->op->compose(c);
  t->composing = was;
  return tgi_check_var(t, y, c->op->name) ? y : tgi_failed(t);
}

/* The call with operand values; `x` is room for operands that are arranged. */
static tg_var apply_checked(tg_tape *t, tg_call *c, tg_var x[], tg_tensor in[]) {
  if (c->op->arrange) {
    for (int i = 0; i < c->n; i++) x[i] = c->x[i];
    c->x = x;
    if (!arrange(t, c, x)) return tgi_failed(t);
  }
  uint8_t flags = 0;
  for (int i = 0; i < c->n; i++) {
    tgi_node *node = tgi_node_at(t, c->x[i].id);
    if (node->flags & TGI_REPEATS && !tgi_may_repeat(c->op)) tgi_write_repeats(t, node);
    tgi_node_tensor(node, &in[i]);
    flags |= node->flags;
  }
  if (!check_dtypes(c)) return tgi_failed(t);
  if (c->op->compose) return compose(t, c);
  c->out.data = NULL;
  c->out.dtype = TG_DTYPE_NONE;
  c->out.rank = 0;
  if (c->n > 0) {
    c->out.dtype = in[0].dtype;
    tgi_copy_layout(&c->out, &in[0]);
  }
  return push_node(t, c, flags);
}

enum { FEW = 4 };

static tg_var apply_many(tg_tape *t, tg_call *c) {
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  size_t n = (size_t)c->n;
  tg_var *vars = tgi_tape_work(t, n * sizeof *vars);
  tg_tensor *in = tgi_tape_work(t, n * sizeof *in);
  tg_var y = tgi_failed(t);
  if (vars && in) {
    c->in = in;
    y = apply_checked(t, c, vars, in);
  }
  tgi_arena_rewind(&t->work, work);
  return y;
}

tg_tape *tgi_tape_of(const tg_var x[], int n) {
  for (int i = 0; i < n; i++)
    if (x[i].tape) return x[i].tape;
  return NULL;
}

tg_var tg_apply(const tg_op *op, const tg_var x[], int n, const void *attrs) {
  return tg_apply_on(tgi_tape_of(x, n), op, x, n, attrs);
}

tg_var tg_apply_on(tg_tape *t, const tg_op *op, const tg_var x[], int n, const void *attrs) {
  int given = n;
  while (n > 0 && tg_is_none(x[n - 1])) n--;
  if (t == NULL) return TG_NONE;
  if (!check_op(t, op, attrs) || !check_vars(t, x, n, op->name) || !check_arity(t, op, n, given))
    return tgi_failed(t);
  tg_call c;
  c.op = op;
  c.attrs = attrs;
  c.n = n;
  c.i = 0;
  c.x = x;
  c.y = TG_NONE;
  c.tape = t;
  c.runtime = t->runtime;
  c.scratch = &t->work;
  if (n > FEW) return apply_many(t, &c);
  tg_var vars[FEW];
  tg_tensor in[FEW];
  c.in = in;
  return apply_checked(t, &c, vars, in);
}

void tgi_call_of(tg_tape *t, uint32_t id, tg_tensor in[], tg_call *c) {
  const tgi_node *node = tgi_node_at(t, id);
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < node->n; i++) tgi_node_tensor(tgi_node_at(t, ids[i]), &in[i]);
  c->op = node->op;
  c->attrs = node->attrs;
  c->n = node->n;
  c->i = 0;
  c->in = in;
  tgi_node_tensor(node, &c->out);
  c->x = NULL;
  c->y = (tg_var){t, id, node->generation};
  c->tape = t;
  c->runtime = t->runtime;
  c->scratch = &t->work;
  c->notes = NULL;
}

void *tg_call_scratch(const tg_call *c, size_t bytes) { return tgi_tape_work(c->tape, bytes); }
