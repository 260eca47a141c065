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

static bool same_field(const tg_field *f, const char *a, const char *b) {
  static const size_t sizes[] = {
      [TG_FIELD_F64] = sizeof(double),     [TG_FIELD_I64] = sizeof(int64_t),
      [TG_FIELD_INT] = sizeof(int),        [TG_FIELD_BOOL] = sizeof(bool),
      [TG_FIELD_DTYPE] = sizeof(tg_dtype), [TG_FIELD_KEY] = sizeof(tg_key),
      [TG_FIELD_ENUM] = sizeof(int),       [TG_FIELD_POINTER] = sizeof(void *)};
  if (f->type != TG_FIELD_I64S) return memcmp(a + f->offset, b + f->offset, sizes[f->type]) == 0;
  int m, n;
  memcpy(&m, a + f->count, sizeof m);
  memcpy(&n, b + f->count, sizeof n);
  return m == n && memcmp(a + f->offset, b + f->offset, (size_t)m * sizeof(int64_t)) == 0;
}

bool tgi_same_attrs(const tg_op *op, const void *a, const void *b) {
  if (op->attrs_size == 0) return true;
  if (op->attrs == NULL) return false;
  for (const tg_field *f = op->attrs; f->name; f++)
    if (!same_field(f, a, b)) return false;
  return true;
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
  return tgi_graph_sweep(g);
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

/* Kahn's algorithm with the earliest ready step first: steps that are in order already stay so. A
   binary heap of step numbers holds the ready ones. */
typedef struct ready {
  uint32_t *heap;
  size_t count;
} ready;

static void push(ready *r, uint32_t s) {
  size_t i = r->count++;
  for (; i > 0 && r->heap[(i - 1) / 2] > s; i = (i - 1) / 2) r->heap[i] = r->heap[(i - 1) / 2];
  r->heap[i] = s;
}

static uint32_t pop(ready *r) {
  uint32_t least = r->heap[0], s = r->heap[--r->count];
  size_t i = 0;
  for (size_t child; (child = 2 * i + 1) < r->count; i = child) {
    if (child + 1 < r->count && r->heap[child + 1] < r->heap[child]) child++;
    if (r->heap[child] >= s) break;
    r->heap[i] = r->heap[child];
  }
  r->heap[i] = s;
  return least;
}

/* Edges maker -> user as lists: first[maker], then next[edge]; edge e belongs to user[e]. */
typedef struct edges {
  uint32_t *first, *next, *user, *waits;
} edges;

static bool find_edges(tgi_graph *g, const int32_t *maker, edges *e) {
  size_t operands = 0, at = 0, n = g->step_count;
  for (size_t s = 0; s < n; s++) operands += g->steps[s].n;
  e->first = tgi_graph_alloc(g, n * sizeof(uint32_t));
  e->waits = tgi_graph_alloc(g, n * sizeof(uint32_t));
  e->next = tgi_graph_alloc(g, (operands + 1) * sizeof(uint32_t));
  e->user = tgi_graph_alloc(g, (operands + 1) * sizeof(uint32_t));
  if (!e->first || !e->waits || !e->next || !e->user) return false;
  memset(e->first, 0, n * sizeof(uint32_t));
  memset(e->waits, 0, n * sizeof(uint32_t));
  for (size_t s = 0; s < n; s++)
    for (uint32_t i = 0; i < g->steps[s].n; i++) {
      int32_t from = maker[g->steps[s].x[i]];
      if (from == TGI_NO_STEP) continue;
      e->user[++at] = (uint32_t)s;
      e->next[at] = e->first[from];
      e->first[from] = (uint32_t)at;
      e->waits[s]++;
    }
  return true;
}

tg_status tgi_graph_sort(tgi_graph *g) {
  tg_status status = tgi_graph_sweep(g);
  size_t n = g->step_count, done = 0;
  edges e;
  ready r = {.heap = tgi_graph_alloc(g, n * sizeof *r.heap)};
  tgi_step *sorted = tgi_graph_alloc(g, n * sizeof *sorted);
  int32_t *maker = tgi_graph_makers(g);
  if (status != TG_OK || !r.heap || !sorted || !maker || !find_edges(g, maker, &e))
    return g->error->status;
  for (size_t s = 0; s < n; s++)
    if (e.waits[s] == 0) push(&r, (uint32_t)s);
  while (r.count > 0) {
    uint32_t s = pop(&r);
    sorted[done++] = g->steps[s];
    for (uint32_t i = e.first[s]; i; i = e.next[i])
      if (--e.waits[e.user[i]] == 0) push(&r, e.user[i]);
  }
  if (done != n) return tgi_error(g->error, TG_STATE, "program: a pass made a cycle");
  g->steps = sorted;
  g->step_capacity = n;
  return TG_OK;
}
