/* From a tape to a graph: what the roots need, operands before results, in the order in which it
   was recorded. Knows no pass. */
#include <string.h>

#include "program/graph.h"

/* What building knows besides the graph. */
typedef struct build {
  tgi_graph *g;
  tg_tape *t;
  const tgi_capture *capture;
  uint32_t top;      /* the last node */
  uint32_t *value;   /* by id: 1 + its value; 0: none yet */
  bool *needed;      /* by id */
  uint32_t *numbers; /* by id: 1 + its number as an input; 0: none */
} build;

static tg_status no_memory(tgi_graph *g) { return g->error->status; }

/* ---- what is needed ---- */

static tg_status check_root(const build *b, tg_var x, const char *what) {
  if (x.tape == b->t && tgi_is_live(x)) return TG_OK;
  tg_status status = tg_is_none(x) ? TG_ARGUMENT : x.tape == b->t ? TG_STALE : TG_FOREIGN;
  const char *says = tg_is_none(x)    ? "is absent (TG_NONE)"
                     : x.tape == b->t ? "is gone: its tape was rewound"
                                      : "belongs to another tape";
  return tgi_error(b->g->error, status, "tg_capture_end: %s %s", what, says);
}

static void need_operands(const build *b) {
  for (uint32_t id = b->top; id > 0; id--) {
    if (!b->needed[id]) continue;
    const tgi_node *node = tgi_node_at(b->t, id);
    const uint32_t *x = tgi_operand_ids(node);
    for (int i = 0; i < node->n; i++) b->needed[x[i]] = true;
  }
}

static tg_status find_needed(const build *b, const tg_var y[], int n) {
  for (int i = 0; i < n; i++) {
    tg_status status = check_root(b, y[i], "a result");
    if (status != TG_OK) return status;
    b->needed[y[i].id] = true;
  }
  for (size_t i = 0; i < b->capture->effect_count; i++) {
    const tgi_effect *e = &b->capture->effects[i];
    if (e->kind == TGI_THEN) continue;
    tg_status status = check_root(b, e->x, "what a store, an assignment or a branch names");
    if (status != TG_OK) return status;
    b->needed[e->x.id] = true;
  }
  need_operands(b);
  return TG_OK;
}

/* ---- values ---- */

static const char *copy_name(tgi_graph *g, const tg_tape *t, uint32_t id) {
  const char *name = tgi_node_name(t, id);
  if (name == NULL) return NULL;
  size_t size = strlen(name) + 1;
  char *copy = tgi_graph_alloc(g, size);
  return copy ? memcpy(copy, name, size) : NULL;
}

/* A node without operands: an input, a parameter, or a constant. */
static uint32_t leaf_value(const build *b, uint32_t id, const tg_tensor *x) {
  tgi_graph *g = b->g;
  const tgi_node *node = tgi_node_at(b->t, id);
  const tgi_leaf *leaf = node->op == &tgi_op_param ? node->attrs : NULL;
  if (b->numbers[id]) {
    uint32_t v = tgi_graph_value(g, x);
    if (v == UINT32_MAX) return v;
    g->values[v].source = TGI_FROM_INPUT;
    g->values[v].index = (int)b->numbers[id] - 1;
    g->inputs[b->numbers[id] - 1] = v;
    return v;
  }
  if (leaf) {
    uint32_t v = tgi_graph_value(g, x);
    if (v == UINT32_MAX) return v;
    tgi_val *value = &g->values[v];
    value->source = TGI_FROM_PARAM;
    value->params = leaf->params;
    value->index = leaf->index;
    value->like.data = x->data;
    return v;
  }
  uint32_t v = tgi_graph_constant(g, x);
  if (v != UINT32_MAX) tgi_copy(&g->values[v].like, x);
  return v;
}

static const tg_field *key_field(const tg_op *op) {
  for (const tg_field *f = op->attrs; f && f->name; f++)
    if (f->type == TG_FIELD_KEY) return f;
  return NULL;
}

/* 1 + the entry that the step's key is; 0: none. */
static int find_key(const tgi_graph *g, const tg_op *op, const void *attrs) {
  const tg_field *field = key_field(op);
  if (field == NULL) return 0;
  tg_key key;
  memcpy(&key, (const char *)attrs + field->offset, sizeof key);
  for (size_t i = 0; i < g->key_count; i++)
    if (g->keys[i].key.seed == key.seed && g->keys[i].key.stream == key.stream) return (int)i + 1;
  return 0;
}

static bool add_step(const build *b, const tgi_node *node, uint32_t v) {
  tgi_graph *g = b->g;
  tgi_arena_mark work = tgi_arena_mark_of(&b->t->work);
  uint32_t *x = tgi_tape_work(b->t, (size_t)node->n * sizeof *x);
  if (x == NULL) {
    tgi_error(g->error, b->t->status, "%s", b->t->message);
    return false;
  }
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < node->n; i++) x[i] = b->value[ids[i]] - 1;
  tgi_step *step = tgi_graph_step(g, node->op, node->attrs, x, node->n, &v, 1);
  tgi_arena_rewind(&b->t->work, work);
  if (step == NULL) return false;
  step->key = find_key(g, node->op, step->attrs);
  return true;
}

/* Without operands and without a key: a leaf. rand_uniform has no operands, but a kernel to run. */
static bool is_leaf(const build *b, uint32_t id) {
  const tgi_node *node = tgi_node_at(b->t, id);
  return node->n == 0 && !(node->op->flags & TG_OP_RANDOM);
}

static tg_status add_node(const build *b, uint32_t id) {
  tgi_graph *g = b->g;
  const tgi_node *node = tgi_node_at(b->t, id);
  tg_tensor x;
  tgi_node_tensor(node, &x);
  bool leaf = is_leaf(b, id);
  uint32_t v = leaf ? leaf_value(b, id, &x) : tgi_graph_value(g, &x);
  if (v == UINT32_MAX || (!leaf && !add_step(b, node, v))) return no_memory(g);
  g->values[v].name = copy_name(g, b->t, id);
  b->value[id] = v + 1;
  g->recorded++;
  return TG_OK;
}

/* ---- roots ---- */

static const tgi_root_kind root_of_effect[] = {
    [TGI_BRANCH] = TGI_ROOT_BRANCH, [TGI_STORE] = TGI_ROOT_STORE, [TGI_ASSIGN] = TGI_ROOT_ASSIGN};

static tg_status add_roots(const build *b, const tg_var y[], int n) {
  tgi_graph *g = b->g;
  const tgi_capture *c = b->capture;
  g->roots = tgi_graph_alloc(g, ((size_t)n + c->effect_count) * sizeof *g->roots);
  if (g->roots == NULL) return no_memory(g);
  for (int i = 0; i < n; i++)
    g->roots[g->root_count++] =
        (tgi_root){.kind = TGI_ROOT_OUTPUT, .value = b->value[y[i].id] - 1, .index = i};
  for (size_t i = 0; i < c->effect_count; i++) {
    const tgi_effect *e = &c->effects[i];
    if (e->kind == TGI_THEN) continue;
    g->roots[g->root_count++] = (tgi_root){.kind = root_of_effect[e->kind],
                                           .value = b->value[e->x.id] - 1,
                                           .expected = e->expected,
                                           .to = e->to,
                                           .params = e->params,
                                           .index = e->index};
  }
  return TG_OK;
}

/* ---- the whole ---- */

/* Room for all at once: grown, arrays of millions would leave as much again behind them. */
static bool make_room(const build *b) {
  tgi_graph *g = b->g;
  size_t count = 0;
  for (uint32_t id = 1; id <= b->top; id++) count += b->needed[id];
  g->value_capacity = g->step_capacity = count;
  g->values = tgi_graph_alloc(g, count * sizeof *g->values);
  g->steps = tgi_graph_alloc(g, count * sizeof *g->steps);
  return g->values && g->steps;
}

static bool set_up(build *b) {
  tgi_graph *g = b->g;
  const tgi_capture *c = b->capture;
  size_t nodes = (size_t)b->top + 1;
  b->value = tgi_graph_alloc(g, nodes * sizeof *b->value);
  b->needed = tgi_graph_alloc(g, nodes * sizeof *b->needed);
  b->numbers = tgi_graph_alloc(g, nodes * sizeof *b->numbers);
  g->inputs = tgi_graph_alloc(g, c->input_count * sizeof *g->inputs);
  g->keys = tgi_graph_alloc(g, c->key_count * sizeof *g->keys);
  if (!b->value || !b->needed || !b->numbers || !g->inputs || !g->keys) return false;
  memset(b->value, 0, nodes * sizeof *b->value);
  memset(b->needed, 0, nodes * sizeof *b->needed);
  memset(b->numbers, 0, nodes * sizeof *b->numbers);
  if (c->key_count) memcpy(g->keys, c->keys, c->key_count * sizeof *g->keys);
  g->key_count = c->key_count;
  g->input_count = c->input_count;
  return true;
}

tg_status tgi_graph_of_tape(tgi_graph *g, tg_tape *t, const tg_var y[], int n) {
  build b = {.g = g, .t = t, .capture = t->capture, .top = t->nodes};
  if (n < 0) return tgi_error(g->error, TG_ARGUMENT, "tg_capture_end: %d results", n);
  if (!set_up(&b)) return no_memory(g);
  for (size_t i = 0; i < b.capture->input_count; i++) {
    if (tg_is_none(b.capture->inputs[i]))
      return tgi_error(g->error, TG_ARGUMENT, "tg_capture_end: input %zu is not declared", i);
    tg_status status = check_root(&b, b.capture->inputs[i], "an input");
    if (status != TG_OK) return status;
    uint32_t id = b.capture->inputs[i].id;
    b.numbers[id] = (uint32_t)i + 1;
    b.needed[id] = true;
  }
  tg_status status = find_needed(&b, y, n);
  if (status == TG_OK && !make_room(&b)) status = no_memory(g);
  for (uint32_t id = 1; status == TG_OK && id <= b.top; id++)
    if (b.needed[id]) status = add_node(&b, id);
  return status == TG_OK ? add_roots(&b, y, n) : status;
}
