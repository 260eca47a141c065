/* The memory plan: which values lie in the caller's memory, which take that of a dying operand, and
   an offset in one block for all others. A base lives from the step that makes it to the last that
   reads it or a view of it. */
#include <string.h>

#include "program/graph.h"
#include "program/pack.h"
#include "program/passes.h"

#define NO_PIECE UINT32_MAX

typedef struct planner {
  tgi_graph *g;
  const tgi_lie *lies;
  tgi_plan *plan;
  uint32_t *last;     /* by base: the last step that needs it */
  uint32_t *piece_of; /* by base */
  uint32_t *closed;   /* by base: 1 + the step whose results may not take its piece */
  tgi_piece *pieces;
  uint32_t count, end; /* end: a step after all others */
} planner;

static bool is_run(const planner *p, const tgi_step *step) {
  return !p->lies[step->y[0]].is_view && tg_tensor_numel(&p->g->values[step->y[0]].like) > 0;
}

/* Is v all of its base, in row-major order? */
static bool is_whole(const planner *p, uint32_t v) {
  const tgi_lie *lie = &p->lies[v];
  return lie->offset == 0 && tg_tensor_is_contiguous(&lie->view) &&
         lie->view.dtype == p->g->values[lie->base].like.dtype &&
         tg_tensor_bytes(&lie->view) == tg_tensor_bytes(&p->g->values[lie->base].like);
}

/* ---- the caller's memory ---- */

static bool overlap(const tg_tensor *a, const tg_tensor *b) {
  uintptr_t x = (uintptr_t)a->data, y = (uintptr_t)b->data;
  return x < y + tg_tensor_bytes(b) && y < x + tg_tensor_bytes(a);
}

/* A step that still reads a parameter would see what is stored over it. Most stores are far from
   all parameters, [low, high). */
static bool is_apart(const planner *p, const tg_tensor *to, uintptr_t low, uintptr_t high) {
  uintptr_t x = (uintptr_t)to->data;
  if (x >= high || x + tg_tensor_bytes(to) <= low) return true;
  for (size_t v = 0; v < p->g->value_count; v++) {
    const tgi_val *value = &p->g->values[v];
    if (value->source == TGI_FROM_PARAM && overlap(to, &value->like)) return false;
  }
  return true;
}

static void find_params(const planner *p, uintptr_t *low, uintptr_t *high) {
  *low = UINTPTR_MAX;
  *high = 0;
  for (size_t v = 0; v < p->g->value_count; v++) {
    const tgi_val *value = &p->g->values[v];
    if (value->source != TGI_FROM_PARAM) continue;
    uintptr_t start = (uintptr_t)value->like.data, end = start + tg_tensor_bytes(&value->like);
    if (start < *low) *low = start;
    if (end > *high) *high = end;
  }
}

/* Values whose only use besides steps is a store are computed where they are stored to. Results and
   assignments are read after the caller's functions may have written there. */
static bool place_stores(const planner *p) {
  const tgi_graph *g = p->g;
  bool *kept = tgi_graph_alloc(p->g, g->value_count * sizeof *kept);
  if (kept == NULL) return false;
  memset(kept, 0, g->value_count * sizeof *kept);
  for (size_t r = 0; r < g->root_count; r++)
    if (g->roots[r].kind == TGI_ROOT_OUTPUT || g->roots[r].kind == TGI_ROOT_ASSIGN)
      kept[p->lies[g->roots[r].value].base] = true;
  uintptr_t low, high;
  find_params(p, &low, &high);
  for (size_t r = 0; r < g->root_count; r++) {
    const tgi_root *root = &g->roots[r];
    uint32_t base = p->lies[root->value].base;
    if (root->kind != TGI_ROOT_STORE || kept[base] || p->plan->stored[base]) continue;
    if (g->values[base].source == TGI_FROM_STEP && is_whole(p, root->value) &&
        is_apart(p, &root->to, low, high))
      p->plan->stored[base] = (uint32_t)r + 1;
  }
  return true;
}

/* ---- lives ---- */

static void live_until(const planner *p, uint32_t v, uint32_t step) {
  uint32_t *last = &p->last[p->lies[v].base];
  if (*last < step) *last = step;
}

static void find_lives(const planner *p) {
  const tgi_graph *g = p->g;
  memset(p->last, 0, g->value_count * sizeof *p->last);
  for (size_t s = 0; s < g->step_count; s++) {
    const tgi_step *step = &g->steps[s];
    /* A branch is compared right after the step that makes its value, be it a view. */
    for (uint32_t j = 0; j < step->n_y; j++) live_until(p, step->y[j], (uint32_t)s);
    for (uint32_t i = 0; is_run(p, step) && i < step->n; i++)
      live_until(p, step->x[i], (uint32_t)s);
  }
  for (size_t r = 0; r < g->root_count; r++)
    if (g->roots[r].kind != TGI_ROOT_BRANCH) live_until(p, g->roots[r].value, p->end);
}

/* ---- in place ---- */

static bool is_in_block(const planner *p, uint32_t base) { return p->piece_of[base] != NO_PIECE; }

/* May the result lie where operand i lies, as far as the kernel goes? The sum that a product is
   added to is read by nothing else, and so not by the product. */
static bool may_alias(const tgi_step *step, uint32_t i) {
  return step->op == &tgi_product_sum_op ? i == 2 : step->op->flags & TG_OP_IN_PLACE;
}

/* What an operand sees of its base otherwise than as a whole stays as it is. */
static void close_bases(const planner *p, const tgi_step *step, uint32_t s) {
  for (uint32_t k = 0; k < step->n; k++)
    if (!is_whole(p, step->x[k])) p->closed[p->lies[step->x[k]].base] = s + 1;
}

/* Does the base die at step s, and has no result its piece? */
static bool is_open(const planner *p, uint32_t s, uint32_t base) {
  return is_in_block(p, base) && p->last[base] == s && p->closed[base] != s + 1;
}

static bool is_alike(const tg_tensor *a, const tg_tensor *b) {
  return a->dtype == b->dtype && tg_tensor_bytes(a) == tg_tensor_bytes(b);
}

/* The piece of a dying operand that result y takes over. *first: the operand before which none is
   open; it moves on, for steps may have thousands of operands and results. */
static uint32_t dying_piece(const planner *p, const tgi_step *step, uint32_t s, uint32_t y,
                            uint32_t *first) {
  const tgi_val *values = p->g->values;
  while (*first < step->n && !is_open(p, s, p->lies[step->x[*first]].base)) ++*first;
  for (uint32_t i = *first; i < step->n; i++) {
    uint32_t base = p->lies[step->x[i]].base;
    if (!is_open(p, s, base) || !may_alias(step, i)) continue;
    if (!is_alike(&values[base].like, &values[y].like)) continue;
    p->closed[base] = s + 1;
    return p->piece_of[base];
  }
  return NO_PIECE;
}

/* ---- pieces ---- */

/* Small values lie closer together: their alignment matters less than their number. */
static size_t grain_of(const tg_tensor *like) {
  size_t bytes = tg_tensor_bytes(like);
  return bytes >= 1024 ? 64 : bytes >= 64 ? 16 : tg_dtype_size(like->dtype);
}

static uint32_t new_piece(planner *p, uint32_t s, const tg_tensor *like) {
  size_t grain = grain_of(like), size = (tg_tensor_bytes(like) + grain - 1) & ~(grain - 1);
  p->pieces[p->count] = (tgi_piece){.from = s, .size = size, .grain = grain};
  return p->count++;
}

static void make_pieces(planner *p, bool reuse) {
  const tgi_graph *g = p->g;
  for (size_t v = 0; v < g->value_count; v++) p->piece_of[v] = NO_PIECE;
  memset(p->closed, 0, g->value_count * sizeof *p->closed);
  for (uint32_t s = 0; s < g->step_count; s++) {
    const tgi_step *step = &g->steps[s];
    uint32_t first = 0;
    if (reuse) close_bases(p, step, s);
    for (uint32_t j = 0; j < step->n_y; j++) {
      uint32_t y = step->y[j];
      if (p->lies[y].base != y || p->plan->stored[y]) continue;
      if (tg_tensor_numel(&g->values[y].like) == 0) continue;
      uint32_t piece = reuse ? dying_piece(p, step, s, y, &first) : NO_PIECE;
      if (piece == NO_PIECE) piece = new_piece(p, s, &g->values[y].like);
      p->piece_of[y] = piece;
      p->pieces[piece].to = p->last[y];
    }
  }
}

static size_t lay_in_a_row(const planner *p) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < p->count; i++) {
    p->pieces[i].offset = (int64_t)bytes;
    bytes += (p->pieces[i].size + 63) / 64 * 64;
  }
  return bytes;
}

static bool lay_pieces(const planner *p, bool reuse) {
  tgi_arena *arena = p->g->arena;
  tgi_plan *plan = p->plan;
  plan->least_bytes = tgi_pack_least(arena, p->pieces, p->count, p->end + 1);
  if (plan->least_bytes == SIZE_MAX) return false;
  if (!reuse)
    plan->bytes = lay_in_a_row(p);
  else if (!tgi_pack(arena, p->pieces, p->count, p->end + 1, &plan->bytes))
    return false;
  for (size_t v = 0; v < p->g->value_count; v++) {
    uint32_t piece = p->piece_of[v];
    plan->offset[v] = piece == NO_PIECE ? -1 : p->pieces[piece].offset;
  }
  return true;
}

/* ---- the plan ---- */

static bool make_plan(planner *p, bool reuse) {
  tgi_graph *g = p->g;
  size_t results = 0;
  for (size_t s = 0; s < g->step_count; s++) results += g->steps[s].n_y;
  p->last = tgi_graph_alloc(g, g->value_count * sizeof *p->last);
  p->piece_of = tgi_graph_alloc(g, g->value_count * sizeof *p->piece_of);
  p->closed = tgi_graph_alloc(g, g->value_count * sizeof *p->closed);
  p->pieces = tgi_graph_alloc(g, results * sizeof *p->pieces);
  if (!p->last || !p->piece_of || !p->closed || !p->pieces) return false;
  if (reuse && !place_stores(p)) return false;
  find_lives(p);
  make_pieces(p, reuse);
  if (lay_pieces(p, reuse)) return true;
  tgi_error(g->error, TG_NO_MEMORY, "program: no memory for its plan");
  return false;
}

tg_status tgi_graph_plan(tgi_graph *g, const tgi_lie lies[], bool reuse, tgi_plan *plan) {
  *plan = (tgi_plan){.offset = tgi_graph_alloc(g, g->value_count * sizeof *plan->offset),
                     .stored = tgi_graph_alloc(g, g->value_count * sizeof *plan->stored)};
  if (!plan->offset || !plan->stored) return g->error->status;
  memset(plan->stored, 0, g->value_count * sizeof *plan->stored);
  planner p = {.g = g, .lies = lies, .plan = plan, .end = (uint32_t)g->step_count};
  tgi_arena_mark mark = tgi_arena_mark_of(g->arena);
  bool fits = make_plan(&p, reuse);
  tgi_arena_rewind(g->arena, mark);
  return fits ? TG_OK : g->error->status;
}
