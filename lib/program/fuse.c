/* The pass that forms groups of elementwise steps. It places the steps from the last to the first:
   one is ready when all that read it are placed. As soon as one of some shape is placed, all that
   are ready or become ready and have that shape join it, so that no path leads out of a group and
   back, and each step comes as late as it may. */
#include "program/fuse.h"

#include <string.h>

#include "ops/ops_internal.h"

enum { NONE = -1, ONE = 0, SMALL = 1 << 14 };

/* By step. */
typedef struct member {
  int32_t shape;  /* its class; NONE: not to be fused; ONE: all of its values have one element */
  uint32_t reads; /* how often its result is read, */
  uint32_t waits; /* and how many of these reads are not placed yet */
  uint32_t unit;  /* where it is placed, from the end; 0: nowhere yet */
  uint32_t next;  /* 1 + the next ready one of its shape */
  uint32_t component; /* a step with which it shares values */
  bool queued;        /* it is in the heap */
  bool sums;          /* its operands have the shape, not its result */
} member;

/* Steps of one shape. */
typedef struct shape {
  tg_tensor like;
  int64_t numel;
  uint32_t ready; /* 1 + the first that is ready */
  uint32_t next;  /* 1 + the next in its bucket */
} shape;

typedef struct pass {
  tgi_fuse f;
  tgi_graph *g;
  member *members;
  shape *shapes;
  uint32_t n_shapes, *buckets, n_buckets;
  uint32_t *heap, n_heap;   /* of ready steps, the last one first */
  uint32_t *views, n_views; /* that are ready */
  uint32_t *stack, n_stack; /* that are about to join the group */
  uint32_t units;
  int32_t joining;        /* the shape of the group that is formed; NONE: none is */
  uint32_t newest;        /* the last step outside of that group that it reads from, from 1 */
  uint32_t n_sums;        /* in that group, */
  tgi_fuse_sum rows;      /* all over these rows */
  uint32_t *late, n_late; /* what became ready and cannot join */
} pass;

/* ---- shapes ---- */

static uint32_t hash_dims(const tg_tensor *x) {
  uint64_t h = (uint64_t)x->rank;
  for (int k = 0; k < x->rank; k++) h = (h ^ (uint64_t)x->dims[k]) * 0x9E3779B97F4A7C15u;
  return (uint32_t)(h >> 32);
}

static int32_t shape_of(pass *p, const tg_tensor *like) {
  if (tg_tensor_numel(like) == 1) return ONE;
  uint32_t *bucket = &p->buckets[hash_dims(like) & (p->n_buckets - 1)];
  for (uint32_t i = *bucket; i; i = p->shapes[i - 1].next)
    if (tg_tensor_same_shape(&p->shapes[i - 1].like, like)) return (int32_t)i - 1;
  p->shapes[p->n_shapes] = (shape){.like = *like, .numel = tg_tensor_numel(like), .next = *bucket};
  *bucket = ++p->n_shapes;
  return (int32_t)p->n_shapes - 1;
}

static const tg_tensor *value(const pass *p, uint32_t v) { return &p->g->values[v].like; }

/* One element seen as one element, of the same dtype. */
static bool is_name(const pass *p, const tgi_step *step) {
  return step->op->flags & TG_OP_VIEW && step->n == 1 && step->n_y == 1 &&
         tg_tensor_numel(value(p, step->x[0])) == 1 && tg_tensor_numel(value(p, step->y[0])) == 1 &&
         value(p, step->x[0])->dtype == value(p, step->y[0])->dtype;
}

/* What is summed over axes must be elementwise itself: then it lies in row-major order. */
static bool sums_here(const pass *p, const tgi_step *step) {
  tgi_fuse_sum how;
  if (!tgi_fuse_sum_of(&p->f, step, &how)) return false;
  int32_t from = p->f.maker[step->x[0]];
  return how.loss ||
         (from != TGI_NO_STEP && p->members[from].shape > ONE && !p->members[from].sums);
}

static int32_t classify(pass *p, const tgi_step *step) {
  if (step->n_y != 1 || tg_tensor_numel(value(p, step->y[0])) == 0) return NONE;
  if (is_name(p, step)) return ONE;
  if (tgi_fuse_row_of(&p->f, step)) return shape_of(p, value(p, step->y[0]));
  if (step->n == 0 || tg_tensor_numel(value(p, step->x[0])) <= 1) return NONE;
  return tgi_fuse_is_loss(step) || sums_here(p, step) ? shape_of(p, value(p, step->x[0])) : NONE;
}

/* ---- components: of one shape, and linked by values ---- */

static uint32_t component_of(const pass *p, uint32_t s) {
  member *m = p->members;
  while (m[s].component != s) s = m[s].component = m[m[s].component].component;
  return s;
}

static bool is_spread(const pass *p, uint32_t v) {
  int32_t s = p->f.maker[v];
  return s != TGI_NO_STEP && p->g->steps[s].op == &tgi_op_broadcast_to;
}

/* toucher[v]: 1 + a step that makes or reads v. What is spread links nobody: it may be shared by
   all. */
static void link(const pass *p, uint32_t s, uint32_t v, uint32_t toucher[]) {
  uint32_t other = toucher[v];
  if (is_spread(p, v)) return;
  if (other == 0 || p->members[other - 1].shape != p->members[s].shape)
    toucher[v] = s + 1;
  else
    p->members[component_of(p, s)].component = component_of(p, other - 1);
}

/* ---- setting up ---- */

static void *cleared(tgi_graph *g, size_t count, size_t size) {
  void *memory = tgi_graph_alloc(g, count * size);
  return memory ? memset(memory, 0, count * size) : NULL;
}

static bool make_room(pass *p) {
  tgi_graph *g = p->g;
  size_t n = g->step_count;
  for (p->n_buckets = 16; p->n_buckets < n; p->n_buckets *= 2) continue;
  p->f.maker = tgi_graph_makers(g);
  p->f.uses = tgi_graph_uses(g);
  p->f.unit = cleared(g, n, sizeof(uint32_t));
  p->f.slot = cleared(g, g->value_count, sizeof(uint32_t));
  p->f.seen = cleared(g, g->value_count, sizeof(uint32_t));
  p->f.left = cleared(g, g->value_count, sizeof(uint32_t));
  p->f.root = cleared(g, g->value_count, sizeof(uint32_t));
  p->members = cleared(g, n, sizeof *p->members);
  p->shapes = tgi_graph_alloc(g, (n + 1) * sizeof *p->shapes);
  p->buckets = cleared(g, p->n_buckets, sizeof(uint32_t));
  p->heap = tgi_graph_alloc(g, n * sizeof(uint32_t));
  p->views = tgi_graph_alloc(g, n * sizeof(uint32_t));
  p->stack = tgi_graph_alloc(g, n * sizeof(uint32_t));
  p->late = tgi_graph_alloc(g, n * sizeof(uint32_t));
  return p->f.maker && p->f.uses && p->f.unit && p->f.slot && p->f.seen && p->f.left && p->f.root &&
         p->members && p->shapes && p->buckets && p->heap && p->views && p->stack && p->late;
}

static tg_status set_up(pass *p) {
  tgi_graph *g = p->g;
  uint32_t *toucher = cleared(g, g->value_count, sizeof *toucher);
  if (toucher == NULL || !make_room(p)) return g->error->status;
  tgi_fuse_rows_init(&p->f.rows, tg_runtime_isa(g->runtime));
  p->shapes[p->n_shapes++] = (shape){.numel = 1};
  for (uint32_t v = 0; v < g->value_count; v++) p->f.root[v] = v;
  for (uint32_t s = 0; s < g->step_count; s++) {
    const tgi_step *step = &g->steps[s];
    p->members[s].component = s;
    p->members[s].shape = classify(p, step);
    p->members[s].sums = p->members[s].shape > ONE && sums_here(p, step);
    for (uint32_t i = 0; i < step->n; i++) {
      int32_t from = p->f.maker[step->x[i]];
      if (from != TGI_NO_STEP) p->members[from].reads = ++p->members[from].waits;
      if (p->members[s].shape > ONE) link(p, s, step->x[i], toucher);
    }
    if (p->members[s].shape > ONE) link(p, s, step->y[0], toucher);
  }
  return TG_OK;
}

/* ---- what is ready ---- */

static void push(pass *p, uint32_t s) {
  if (p->members[s].queued) return;
  p->members[s].queued = true;
  uint32_t i = p->n_heap++;
  for (; i > 0 && p->heap[(i - 1) / 2] < s; i = (i - 1) / 2) p->heap[i] = p->heap[(i - 1) / 2];
  p->heap[i] = s;
}

static uint32_t pop(pass *p) {
  uint32_t last = p->heap[0], s = p->heap[--p->n_heap], i = 0;
  for (uint32_t child; (child = 2 * i + 1) < p->n_heap; i = child) {
    if (child + 1 < p->n_heap && p->heap[child + 1] > p->heap[child]) child++;
    if (p->heap[child] <= s) break;
    p->heap[i] = p->heap[child];
  }
  p->heap[i] = s;
  p->members[last].queued = false;
  return last;
}

/* Views cost nothing, so they are placed at once; single numbers as soon as can be, since what
   waits for them may be large. */
static void get_ready(pass *p, uint32_t s) {
  member *m = &p->members[s];
  if (m->shape == NONE && p->g->steps[s].op->flags & TG_OP_VIEW) {
    p->views[p->n_views++] = s;
  } else if (m->shape != NONE && m->shape == p->joining) {
    p->stack[p->n_stack++] = s;
  } else {
    if (m->shape != ONE) push(p, s);
    if (m->shape == NONE) return;
    m->next = p->shapes[m->shape].ready;
    p->shapes[m->shape].ready = s + 1;
  }
}

static void place(pass *p, uint32_t s) {
  const tgi_step *step = &p->g->steps[s];
  p->members[s].unit = p->units;
  for (uint32_t i = 0; i < step->n; i++) {
    int32_t from = p->f.maker[step->x[i]];
    if (from != TGI_NO_STEP && --p->members[from].waits == 0) get_ready(p, (uint32_t)from);
  }
}

static void place_alone(pass *p, uint32_t s) {
  p->units++;
  place(p, s);
}

/* ---- a group ---- */

/* Steps that share nothing with the group only make it hold more memory, unless they are small. */
static bool may_join(const pass *p, uint32_t s, uint32_t first) {
  return p->shapes[p->joining].numel <= SMALL || component_of(p, s) == component_of(p, first);
}

static uint32_t most_of(int32_t id) { return id == ONE ? UINT32_MAX : TGI_FUSE_MOST; }

/* Sums over other rows than those of the group have to wait. */
static bool fits(pass *p, uint32_t s) {
  tgi_fuse_sum how;
  if (!p->members[s].sums) return true;
  tgi_fuse_sum_of(&p->f, &p->g->steps[s], &how);
  if (p->n_sums == TGI_FUSE_SUMS || (p->n_sums && !tgi_fuse_same_rows(&how, &p->rows)))
    return false;
  p->n_sums++;
  p->rows = how;
  return true;
}

/* Has v as many elements of its own as the group's values? */
static bool is_large(const pass *p, uint32_t v) {
  return tg_tensor_numel(value(p, v)) == p->shapes[p->joining].numel && !is_spread(p, v);
}

/* Is v large, and needed by nothing that is placed already? */
static bool is_held_for(const pass *p, uint32_t v) {
  int32_t from = p->f.maker[v];
  return from != TGI_NO_STEP && is_large(p, v) &&
         p->members[from].waits == p->members[from].reads && p->f.uses[v] == p->members[from].reads;
}

/* A step that reads more large values than it makes, and ran before others that the group reads
   from, would only keep these values waiting: sums of many matrices are such steps. */
static bool holds_memory(const pass *p, uint32_t s) {
  const tgi_step *step = &p->g->steps[s];
  uint32_t held = 0;
  if (p->shapes[p->joining].numel <= SMALL || p->newest <= s + 1) return false;
  for (uint32_t i = 0; i < step->n; i++)
    held += is_held_for(p, step->x[i]) && (i == 0 || step->x[i] != step->x[i - 1]);
  return held > 1;
}

static void note_newest(pass *p, uint32_t s) {
  const tgi_step *step = &p->g->steps[s];
  for (uint32_t i = 0; i < step->n; i++) {
    int32_t from = p->f.maker[step->x[i]];
    if (from == TGI_NO_STEP || p->members[from].shape == p->joining) continue;
    if (is_large(p, step->x[i]) && p->newest < (uint32_t)from + 1) p->newest = (uint32_t)from + 1;
  }
}

/* Places what is on the stack, and what becomes ready by it. */
static uint32_t place_stack(pass *p, uint32_t count) {
  while (p->n_stack > 0 && count < most_of(p->joining)) {
    uint32_t s = p->stack[--p->n_stack];
    if (p->members[s].unit) continue;
    if (holds_memory(p, s) || !fits(p, s)) {
      p->late[p->n_late++] = s;
      continue;
    }
    note_newest(p, s);
    place(p, s);
    count++;
  }
  return count;
}

static void form(pass *p, int32_t shape_id, uint32_t first) {
  shape *of = &p->shapes[shape_id];
  p->joining = shape_id;
  p->n_sums = p->newest = 0;
  p->units++;
  p->stack[p->n_stack++] = first;
  uint32_t count = place_stack(p, 0);
  for (uint32_t *link_to = &of->ready; *link_to && count < most_of(shape_id);) {
    uint32_t s = *link_to - 1;
    if (!p->members[s].unit && !may_join(p, s, first)) {
      link_to = &p->members[s].next;
      continue;
    }
    *link_to = p->members[s].next;
    p->stack[p->n_stack++] = s;
    count = place_stack(p, count);
  }
  p->joining = NONE;
  while (p->n_stack > 0) get_ready(p, p->stack[--p->n_stack]);
  while (p->n_late > 0) get_ready(p, p->late[--p->n_late]);
}

static void form_groups(pass *p) {
  for (uint32_t s = 0; s < p->g->step_count; s++)
    if (p->members[s].waits == 0) get_ready(p, s);
  for (;;) {
    if (p->n_views > 0) {
      place_alone(p, p->views[--p->n_views]);
    } else if (p->shapes[ONE].ready) {
      uint32_t s = p->shapes[ONE].ready - 1;
      p->shapes[ONE].ready = p->members[s].next;
      form(p, ONE, s);
    } else if (p->n_heap > 0) {
      uint32_t s = pop(p);
      if (p->members[s].unit) continue;
      if (p->members[s].shape == NONE)
        place_alone(p, s);
      else
        form(p, p->members[s].shape, s);
    } else {
      return;
    }
  }
}

/* ---- the new steps ---- */

/* Does a single step read what is spread? A loop packs that once, not run by run. */
static bool is_spread_over(const pass *p, uint32_t s) {
  const tgi_step *step = &p->f.steps[s];
  bool spread = false;
  if (p->members[s].shape <= ONE || p->members[s].sums) return false;
  for (uint32_t i = 0; i < step->n; i++) {
    int32_t from = p->f.maker[step->x[i]];
    spread = spread || (from != TGI_NO_STEP && p->f.steps[from].op == &tgi_op_broadcast_to);
  }
  return spread;
}

static tg_status fuse(pass *p, const member *first, const tgi_step steps[], uint32_t n) {
  tgi_graph *g = p->g;
  tg_status status = first->shape == ONE ? tgi_fuse_scalars(&p->f, first->unit, steps, n)
                                         : tgi_fuse_loop(&p->f, first->unit,
                                                         &p->shapes[first->shape].like, steps, n);
  if (status != TG_OK) return status;
  tgi_step *made = &g->steps[g->step_count - 1];
  made->parts = steps;
  made->n_parts = n;
  return TG_OK;
}

/* The step of a unit, or of its steps [from, end) of `ordered`. A name of nothing that is computed
   here stays a view. */
static tg_status make_unit(pass *p, const uint32_t ordered[], uint32_t n) {
  tgi_graph *g = p->g;
  const member *first = &p->members[ordered[0]];
  bool computes = false;
  tgi_step *steps = tgi_graph_alloc(g, n * sizeof *steps);
  if (steps == NULL) return g->error->status;
  for (uint32_t i = 0; i < n; i++) {
    steps[i] = p->f.steps[ordered[i]];
    computes = computes || !is_name(p, &steps[i]);
  }
  if ((n > 1 && computes) || (n == 1 && is_spread_over(p, ordered[0])))
    return fuse(p, first, steps, n);
  for (uint32_t i = 0; i < n; i++) g->steps[g->step_count++] = steps[i];
  return TG_OK;
}

/* Units were counted from the end; within one, steps keep their order. */
static tg_status make_steps(pass *p) {
  tgi_graph *g = p->g;
  uint32_t n = (uint32_t)g->step_count;
  uint32_t *end = cleared(g, (size_t)p->units + 2, sizeof *end);
  uint32_t *ordered = tgi_graph_alloc(g, n * sizeof *ordered);
  tgi_step *made = tgi_graph_alloc(g, n * sizeof *made);
  if (!end || !ordered || !made) return g->error->status;
  for (uint32_t s = 0; s < n; s++) end[p->members[s].unit + 1]++;
  for (uint32_t u = 1; u <= p->units; u++) end[u + 1] += end[u];
  for (uint32_t s = 0; s < n; s++) {
    p->f.unit[s] = p->members[s].unit;
    ordered[end[p->members[s].unit]++] = s;
  }
  g->steps = made;
  g->step_capacity = n;
  g->step_count = 0;
  for (uint32_t u = p->units; u > 0; u--) {
    tg_status status = make_unit(p, &ordered[end[u - 1]], end[u] - end[u - 1]);
    if (status != TG_OK) return status;
  }
  return tgi_graph_sweep(g);
}

tg_status tgi_pass_fuse(tgi_graph *g) {
  tg_status status = tgi_graph_sweep(g);
  pass p = {.g = g, .f = {.g = g, .steps = g->steps}, .joining = NONE};
  if (status == TG_OK) status = set_up(&p);
  if (status != TG_OK || g->step_count == 0) return status;
  form_groups(&p);
  return make_steps(&p);
}
