/* Values and steps of a graph, and how passes rewrite them. Knows no particular operator. */
#include "program/graph.h"

#include <string.h>

/* ---- building ---- */

void *tgi_graph_alloc(tgi_graph *g, size_t size) {
  void *memory = tgi_arena_alloc(g->arena, size);
  if (memory == NULL) tgi_error(g->error, TG_NO_MEMORY, "program: no memory for its plan");
  return memory;
}

/* Room for one more in an array of the arena, at least doubling; false with error set. */
static bool grow(tgi_graph *g, void *array, size_t count, size_t *capacity, size_t element) {
  void *old;
  if (count < *capacity) return true;
  size_t room = *capacity ? 2 * *capacity : 64;
  void *larger = tgi_graph_alloc(g, room * element);
  if (larger == NULL) return false;
  memcpy(&old, array, sizeof old);
  if (count) memcpy(larger, old, count * element);
  memcpy(array, &larger, sizeof larger);
  *capacity = room;
  return true;
}

uint32_t tgi_graph_value(tgi_graph *g, const tg_tensor *like) {
  if (!grow(g, &g->values, g->value_count, &g->value_capacity, sizeof *g->values))
    return UINT32_MAX;
  tgi_val *value = &g->values[g->value_count];
  *value = (tgi_val){.like = {.dtype = like->dtype}, .source = TGI_FROM_STEP};
  tgi_copy_layout(&value->like, like);
  tgi_set_contiguous(&value->like);
  return (uint32_t)g->value_count++;
}

uint32_t tgi_graph_constant(tgi_graph *g, const tg_tensor *like) {
  uint32_t v = tgi_graph_value(g, like);
  if (v == UINT32_MAX) return v;
  tgi_val *value = &g->values[v];
  value->source = TGI_CONST;
  value->like.data = tgi_graph_alloc(g, tg_tensor_bytes(&value->like));
  return value->like.data ? v : UINT32_MAX;
}

static void *copy_of(tgi_graph *g, const void *from, size_t size) {
  void *to = tgi_graph_alloc(g, size);
  return to && size ? memcpy(to, from, size) : to;
}

tgi_step *tgi_graph_step(tgi_graph *g, const tg_op *op, const void *attrs, const uint32_t x[],
                         uint32_t n, const uint32_t y[], uint32_t n_y) {
  if (!grow(g, &g->steps, g->step_count, &g->step_capacity, sizeof *g->steps)) return NULL;
  tgi_step step = {.op = op, .n = n, .n_y = n_y};
  step.x = copy_of(g, x, n * sizeof *x);
  step.y = copy_of(g, y, n_y * sizeof *y);
  if (op->attrs_size) step.attrs = copy_of(g, attrs, op->attrs_size);
  if (!step.x || !step.y || (op->attrs_size && !step.attrs)) return NULL;
  g->steps[g->step_count] = step;
  return &g->steps[g->step_count++];
}

/* ---- what passes ask ---- */

int32_t *tgi_graph_makers(tgi_graph *g) {
  int32_t *maker = tgi_graph_alloc(g, g->value_count * sizeof *maker);
  if (maker == NULL) return NULL;
  for (size_t v = 0; v < g->value_count; v++) maker[v] = TGI_NO_STEP;
  for (size_t s = 0; s < g->step_count; s++)
    for (uint32_t j = 0; g->steps[s].op && j < g->steps[s].n_y; j++)
      maker[g->steps[s].y[j]] = (int32_t)s;
  return maker;
}

uint32_t *tgi_graph_uses(tgi_graph *g) {
  uint32_t *uses = tgi_graph_alloc(g, g->value_count * sizeof *uses);
  if (uses == NULL) return NULL;
  memset(uses, 0, g->value_count * sizeof *uses);
  for (size_t s = 0; s < g->step_count; s++)
    for (uint32_t i = 0; g->steps[s].op && i < g->steps[s].n; i++) uses[g->steps[s].x[i]]++;
  for (size_t r = 0; r < g->root_count; r++) uses[g->roots[r].value]++;
  return uses;
}

/* The bytes of a field that count. */
static size_t field_size(const tg_field *f, const char *attrs) {
  static const size_t sizes[] = {
      [TG_FIELD_F64] = sizeof(double),     [TG_FIELD_I64] = sizeof(int64_t),
      [TG_FIELD_INT] = sizeof(int),        [TG_FIELD_BOOL] = sizeof(bool),
      [TG_FIELD_DTYPE] = sizeof(tg_dtype), [TG_FIELD_KEY] = sizeof(tg_key),
      [TG_FIELD_ENUM] = sizeof(int),       [TG_FIELD_POINTER] = sizeof(void *)};
  int n;
  if (f->type != TG_FIELD_I64S) return sizes[f->type];
  memcpy(&n, attrs + f->count, sizeof n);
  return (size_t)n * sizeof(int64_t);
}

static bool same_field(const tg_field *f, const char *a, const char *b) {
  size_t size = field_size(f, a);
  return size == field_size(f, b) && memcmp(a + f->offset, b + f->offset, size) == 0;
}

bool tgi_same_attrs(const tg_op *op, const void *a, const void *b) {
  if (op->attrs_size == 0) return true;
  if (op->attrs == NULL) return false;
  for (const tg_field *f = op->attrs; f->name; f++)
    if (!same_field(f, a, b)) return false;
  return true;
}

uint64_t tgi_hash_attrs(const tg_op *op, const void *attrs) {
  uint64_t hash = 0;
  for (const tg_field *f = op->attrs_size ? op->attrs : NULL; f && f->name; f++) {
    const char *at = (const char *)attrs + f->offset;
    for (size_t left = field_size(f, attrs); left > 0;) {
      uint64_t word = 0;
      size_t m = left < sizeof word ? left : sizeof word;
      memcpy(&word, at, m);
      hash = tgi_mix(hash, word);
      at += m;
      left -= m;
    }
  }
  return hash;
}

bool tgi_constant_number(const tgi_graph *g, uint32_t v, double *number) {
  const tgi_val *value = &g->values[v];
  if (value->source != TGI_CONST || tg_tensor_numel(&value->like) != 1) return false;
  *number = tg_tensor_at(&value->like, 0);
  return true;
}

/* ---- rewriting ---- */

static uint32_t follow(uint32_t replace[], uint32_t v) {
  uint32_t last = v;
  while (replace[last] != last) last = replace[last];
  while (replace[v] != last) {
    uint32_t next = replace[v];
    replace[v] = last;
    v = next;
  }
  return last;
}

tg_status tgi_graph_replace(tgi_graph *g, uint32_t replace[]) {
  for (size_t s = 0; s < g->step_count; s++)
    for (uint32_t i = 0; i < g->steps[s].n; i++)
      g->steps[s].x[i] = follow(replace, g->steps[s].x[i]);
  for (size_t r = 0; r < g->root_count; r++) g->roots[r].value = follow(replace, g->roots[r].value);
  return tgi_graph_sort(g);
}

static bool is_wanted(const tgi_step *step, const bool *live) {
  for (uint32_t j = 0; step->op && j < step->n_y; j++)
    if (live[step->y[j]]) return true;
  return false;
}

tg_status tgi_graph_sweep(tgi_graph *g) {
  bool *live = tgi_graph_alloc(g, g->value_count * sizeof *live);
  if (live == NULL) return g->error->status;
  memset(live, 0, g->value_count * sizeof *live);
  for (size_t r = 0; r < g->root_count; r++) live[g->roots[r].value] = true;
  for (size_t s = g->step_count; s-- > 0;) {
    tgi_step *step = &g->steps[s];
    if (!is_wanted(step, live)) step->op = NULL;
    for (uint32_t i = 0; step->op && i < step->n; i++) live[step->x[i]] = true;
  }
  size_t kept = 0;
  for (size_t s = 0; s < g->step_count; s++)
    if (g->steps[s].op) g->steps[kept++] = g->steps[s];
  g->step_count = kept;
  return TG_OK;
}

/* ---- order ---- */

/* A walk from the steps in their order to what they read, on a stack of its own. */
typedef struct walk {
  tgi_graph *g;
  const int32_t *maker;
  uint32_t *stack, *next; /* open steps; the operand of each that is looked at next */
  uint8_t *state;         /* by step: 0 not met, OPEN, DONE */
  tgi_step *sorted;
  size_t done;
} walk;

enum { OPEN = 1, DONE };

/* The next step that step s reads and that is not done; TGI_NO_STEP where there is none. */
static int32_t next_operand(walk *w, uint32_t s) {
  const tgi_step *step = &w->g->steps[s];
  while (w->next[s] < step->n) {
    int32_t from = w->maker[step->x[w->next[s]++]];
    if (from != TGI_NO_STEP && w->state[from] != DONE) return from;
  }
  return TGI_NO_STEP;
}

/* Puts the step after all that it reads; false: there is a cycle. */
static bool visit(walk *w, uint32_t s) {
  size_t depth = 0;
  w->stack[depth++] = s;
  w->state[s] = OPEN;
  while (depth > 0) {
    uint32_t top = w->stack[depth - 1];
    int32_t from = next_operand(w, top);
    if (from == TGI_NO_STEP) {
      w->state[top] = DONE;
      w->sorted[w->done++] = w->g->steps[top];
      depth--;
      continue;
    }
    if (w->state[from] == OPEN) return false;
    w->state[from] = OPEN;
    w->stack[depth++] = (uint32_t)from;
  }
  return true;
}

tg_status tgi_graph_sort(tgi_graph *g) {
  size_t n = g->step_count;
  walk w = {.g = g,
            .maker = tgi_graph_makers(g),
            .stack = tgi_graph_alloc(g, n * sizeof *w.stack),
            .next = tgi_graph_alloc(g, n * sizeof *w.next),
            .state = tgi_graph_alloc(g, n * sizeof *w.state),
            .sorted = tgi_graph_alloc(g, n * sizeof *w.sorted)};
  if (!w.maker || !w.stack || !w.next || !w.state || !w.sorted) return g->error->status;
  memset(w.state, 0, n * sizeof *w.state);
  memset(w.next, 0, n * sizeof *w.next);
  for (uint32_t s = 0; s < n; s++)
    if (g->steps[s].op && w.state[s] == 0 && !visit(&w, s))
      return tgi_error(g->error, TG_STATE, "program: a pass made a cycle");
  g->steps = w.sorted;
  g->step_count = w.done;
  g->step_capacity = n;
  return tgi_graph_sweep(g);
}
