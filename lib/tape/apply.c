/* The only door through which a node is born: operands are checked, the shape is inferred, memory
   is found, the kernel runs, the node is pushed. On failure nothing stays but the tape's sticky
   error. */
#include "tape/tape.h"

#include <string.h>

/* ---- layouts ---- */

const tgi_layout tgi_scalar_layout = {.numel = 1, .contiguous = true};

static uint64_t hash_layout(const tg_tensor *x) {
  uint64_t hash = (uint64_t)x->rank;
  for (int k = 0; k < x->rank; k++) {
    hash = (hash ^ (uint64_t)x->dims[k]) * 0x9E3779B97F4A7C15u;
    hash = (hash ^ (hash >> 32) ^ (uint64_t)x->strides[k]) * 0xBF58476D1CE4E5B9u;
  }
  return hash ^ (hash >> 31);
}

static bool has_layout(const tgi_layout *layout, const tg_tensor *x) {
  if (layout->rank != x->rank) return false;
  for (int k = 0; k < x->rank; k++)
    if (layout->entries[k] != x->dims[k] || layout->entries[x->rank + k] != x->strides[k])
      return false;
  return true;
}

/* Twice the buckets, all layouts moved. */
static bool grow_buckets(tg_tape *t) {
  size_t count = t->bucket_count ? 2 * t->bucket_count : 64;
  const tgi_layout **buckets = tgi_alloc(t->runtime, count * sizeof *buckets);
  if (buckets == NULL) return tgi_no_memory(t, "tape");
  memset(buckets, 0, count * sizeof *buckets);
  for (size_t i = 0; i < t->bucket_count; i++)
    for (const tgi_layout *l = t->buckets[i], *next; l; l = next) {
      next = l->next;
      ((tgi_layout *)l)->next = buckets[l->hash & (count - 1)];
      buckets[l->hash & (count - 1)] = l;
    }
  tgi_free(t->runtime, t->buckets, t->bucket_count * sizeof *t->buckets);
  t->buckets = buckets;
  t->bucket_count = count;
  return true;
}

static const tgi_layout *add_layout(tg_tape *t, const tg_tensor *x, uint64_t hash) {
  if (t->layout_count >= t->bucket_count && !grow_buckets(t)) return NULL;
  size_t rank = (size_t)x->rank;
  tgi_layout *layout =
      tgi_arena_alloc(&t->layouts, sizeof *layout + 2 * rank * sizeof *layout->entries);
  if (layout == NULL) {
    tgi_no_memory(t, "tape");
    return NULL;
  }
  const tgi_layout **bucket = &t->buckets[hash & (t->bucket_count - 1)];
  *layout = (tgi_layout){.next = *bucket,
                         .hash = hash,
                         .numel = tg_tensor_numel(x),
                         .rank = x->rank,
                         .contiguous = tg_tensor_is_contiguous(x)};
  memcpy(layout->entries, x->dims, rank * sizeof *layout->entries);
  memcpy(layout->entries + rank, x->strides, rank * sizeof *layout->entries);
  *bucket = layout;
  t->layout_count++;
  return layout;
}

const tgi_layout *tgi_layout_of(tg_tape *t, const tg_tensor *x) {
  if (x->rank == 0) return &tgi_scalar_layout;
  uint64_t hash = hash_layout(x);
  if (t->bucket_count)
    for (const tgi_layout *l = t->buckets[hash & (t->bucket_count - 1)]; l; l = l->next)
      if (l->hash == hash && has_layout(l, x)) return l;
  return add_layout(t, x, hash);
}

/* ---- operands ---- */

static bool refuse_var(tg_tape *t, tg_var x, const char *what) {
  if (t->status != TG_OK) return false;
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
  if (x.tape == t && tgi_is_live(x)) return true;
  return refuse_var(t, x, what);
}

static bool check_arity(tg_tape *t, const tg_op *op, int n) {
  int most = op->max_arity ? op->max_arity : op->arity;
  if (n >= op->arity && (n <= most || op->max_arity == TG_VARIADIC) && n <= TGI_MAX_OPERANDS)
    return true;
  tg_tape_fail(t, TG_ARGUMENT, "%s: %d operands given, it takes %d%s", op->name, n, op->arity,
               most > op->arity ? " or more" : "");
  return false;
}

static bool check_dtypes(const tg_call *c) {
  if (c->op->flags & TG_OP_MIXED || c->n == 0) return true;
  tg_dtype dtype = c->in[0].dtype;
  for (int i = 1; i < c->n; i++)
    if (c->in[i].dtype != dtype) {
      tg_call_fail(c, TG_DTYPE, "dtypes %s and %s differ; tg_cast makes them equal",
                   tg_dtype_name(dtype), tg_dtype_name(c->in[i].dtype));
      return false;
    }
  if (c->op->dtypes >> dtype & 1) return true;
  tg_call_fail(c, TG_DTYPE, "not defined for %s", tg_dtype_name(dtype));
  return false;
}

/* ---- birth ---- */

static tgi_node *next_node(tg_tape *t) {
  uint32_t id = t->nodes + 1;
  size_t block = id >> TGI_BLOCK_BITS;
  if (block < t->block_count) return tgi_node_at(t, id);
  size_t size = TGI_BLOCK_NODES * sizeof(tgi_node);
  if (id == UINT32_MAX) {
    tg_tape_fail(t, TG_OVERFLOW, "tape: more than 4 billion nodes");
    return NULL;
  }
  if (!tgi_tape_grow(t, (void **)&t->blocks, &t->block_capacity, block + 1, sizeof *t->blocks))
    return NULL;
  if (t->budget != 0 && tg_tape_bytes(t) + size > t->budget) {
    tgi_no_memory(t, "tape");
    return NULL;
  }
  tgi_node *memory = tgi_alloc(t->runtime, size);
  if (memory == NULL) {
    tgi_no_memory(t, "tape");
    return NULL;
  }
  t->blocks[t->block_count++] = memory;
  return tgi_node_at(t, id);
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

static uint8_t gradient_flags(const tg_tape *t, const tg_call *c) {
  if (!t->grad || c->op->flags & TG_OP_CONST || !tg_dtype_is_float(c->out.dtype))
    return TGI_CONSTANT;
  uint8_t flags = 0;
  for (int i = 0; i < c->n; i++) flags |= tgi_node_at(t, c->x[i].id)->flags & TGI_NEEDS_GRAD;
  return flags;
}

static const tgi_layout *find_layout(tg_tape *t, const tg_call *c) {
  if (c->n > 0) {
    const tgi_layout *same = tgi_node_at(t, c->x[0].id)->layout;
    if (has_layout(same, &c->out)) return same;
  }
  return tgi_layout_of(t, &c->out);
}

static bool find_memory(tg_tape *t, tgi_node *node, tg_call *c) {
  if (c->out.data == NULL) {
    int64_t numel = node->layout->numel;
    c->out.data = numel == 1 ? (void *)&node->small
                             : tgi_tape_values(t, (size_t)numel * tg_dtype_size(c->out.dtype));
  }
  return c->out.data != NULL;
}

/* Runs shape and kernel into the next node; false with the tape failed. */
static bool evaluate(tg_tape *t, tgi_node *node, tg_call *c) {
  const tg_op *op = c->op;
  if (op->shape(c) != TG_OK) return false;
  bool view = c->out.data != NULL;
  if (!view && !tgi_set_contiguous(&c->out)) {
    tg_call_fail(c, TG_OVERFLOW, "the result's size does not fit into 63 bits");
    return false;
  }
  node->layout = find_layout(t, c);
  if (node->layout == NULL || !find_memory(t, node, c)) return false;
  if (!view && node->layout->numel > 0) {
    tgi_arena_mark work = tgi_arena_mark_of(&t->work);
    tg_status status = op->kernel(c);
    tgi_arena_rewind(&t->work, work);
    if (status != TG_OK) {
      tg_call_fail(c, status, "%s", tg_status_text(status));
      return false;
    }
  }
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

static tg_var tgi_node_push(tg_tape *t, tg_call *c) {
  tgi_arena_mark values = tgi_arena_mark_of(&t->values);
  tgi_node *node = next_node(t);
  bool born =
      node && evaluate(t, node, c) && set_operands(t, node, c->x, c->n) && keep_attrs(t, node, c);
  if (!born) {
    tgi_arena_rewind(&t->values, values);
    return tgi_failed(t);
  }
  node->op = c->op;
  node->data = c->out.data;
  node->dtype = (uint8_t)c->out.dtype;
  node->flags = gradient_flags(t, c);
  node->generation = t->generation;
  t->nodes++;
  return (tg_var){t, t->nodes, t->generation};
}

/* ---- the door ---- */

/* The call with operand values; arranged operands are checked again, since arranging may have
   failed. */
static tg_var apply_checked(tg_tape *t, tg_call *c, tg_var x[], tg_tensor in[]) {
  if (c->op->arrange && c->op->arrange(c, x) != TG_OK) return tgi_failed(t);
  for (int i = 0; i < c->n; i++) {
    if (!tgi_check_var(t, x[i], c->op->name)) return tgi_failed(t);
    tgi_node_tensor(tgi_node_at(t, x[i].id), &in[i]);
  }
  if (!check_dtypes(c)) return tgi_failed(t);
  if (c->op->compose) return c->op->compose(c);
  c->out.data = NULL;
  c->out.dtype = c->n > 0 ? in[0].dtype : TG_DTYPE_NONE;
  c->out.rank = 0;
  if (c->n > 0) tgi_copy_layout(&c->out, &in[0]);
  return tgi_node_push(t, c);
}

enum { FEW = 4 };

static tg_var apply_many(tg_tape *t, tg_call *c, const tg_var x[]) {
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  size_t n = (size_t)c->n;
  tg_var *vars = tgi_tape_work(t, n * sizeof *vars);
  tg_tensor *in = tgi_tape_work(t, n * sizeof *in);
  tg_var y = tgi_failed(t);
  if (vars && in) {
    memcpy(vars, x, n * sizeof *vars);
    c->x = vars;
    c->in = in;
    y = apply_checked(t, c, vars, in);
  }
  tgi_arena_rewind(&t->work, work);
  return y;
}

static tg_tape *tape_of(const tg_var x[], int n) {
  for (int i = 0; i < n; i++)
    if (x[i].tape) return x[i].tape;
  return NULL;
}

tg_var tg_apply(const tg_op *op, const tg_var x[], int n, const void *attrs) {
  return tg_apply_on(tape_of(x, n), op, x, n, attrs);
}

tg_var tg_apply_on(tg_tape *t, const tg_op *op, const tg_var x[], int n, const void *attrs) {
  while (n > 0 && tg_is_none(x[n - 1])) n--;
  if (t == NULL) return TG_NONE;
  for (int i = 0; i < n; i++)
    if (!tgi_check_var(t, x[i], op->name)) return tgi_failed(t);
  if (!check_arity(t, op, n)) return tgi_failed(t);
  tg_call c;
  c.op = op;
  c.attrs = attrs;
  c.n = n;
  c.i = 0;
  c.y = TG_NONE;
  c.tape = t;
  c.runtime = t->runtime;
  c.scratch = &t->work;
  if (n > FEW) return apply_many(t, &c, x);
  tg_var vars[FEW];
  tg_tensor in[FEW];
  for (int i = 0; i < n; i++) vars[i] = x[i];
  c.x = vars;
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
}

void *tg_call_scratch(const tg_call *c, size_t bytes) { return tgi_tape_work(c->tape, bytes); }
