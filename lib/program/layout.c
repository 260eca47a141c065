/* Where values lie: which are views of others, found by asking their operators' shape functions
   with addresses that stand for operands. */
#include <string.h>

#include "program/graph.h"

/* An operand's stand-in address: its number above, the offset in its base below. */
enum { OPERAND_SHIFT = 44 };

static void *stand_in(uint32_t i, int64_t offset) {
  return (void *)(uintptr_t)(((uint64_t)i + 1) << OPERAND_SHIFT | (uint64_t)offset);
}

/* Writes no more than there is: most of millions of values are single numbers. */
static void lie_alone(tgi_lie *lie, uint32_t v, const tg_tensor *like) {
  lie->base = v;
  lie->is_view = false;
  lie->offset = 0;
  lie->view.data = NULL;
  lie->view.dtype = like->dtype;
  tgi_copy_layout(&lie->view, like);
}

/* Sets y's lie where the step gives a view; false with error set. */
static bool find_view(tgi_graph *g, tg_tape *t, const tgi_step *step, tgi_lie lies[]) {
  tg_tensor *in = tgi_tape_work(t, (size_t)step->n * sizeof *in);
  if (in == NULL) return tgi_error(g->error, t->status, "%s", t->message), false;
  for (uint32_t i = 0; i < step->n; i++) {
    in[i] = lies[step->x[i]].view;
    in[i].data = stand_in(i, lies[step->x[i]].offset);
  }
  tg_call c = tgi_step_call(step, t, in);
  c.out = in[0];
  c.out.data = NULL;
  if (step->op->shape(&c) != TG_OK || t->status != TG_OK)
    return tgi_error(g->error, TG_STATE, "program: %s", t->message), false;
  if (c.out.data == NULL) return true;
  uint64_t address = (uint64_t)(uintptr_t)c.out.data;
  uint32_t i = (uint32_t)(address >> OPERAND_SHIFT) - 1;
  tgi_lie *lie = &lies[step->y[0]];
  *lie = (tgi_lie){.base = lies[step->x[i]].base,
                   .offset = (int64_t)(address & ((1ull << OPERAND_SHIFT) - 1)),
                   .view = c.out,
                   .is_view = true};
  lie->view.data = NULL;
  return true;
}

bool tgi_graph_lay(tgi_graph *g, tg_tape *t, const tgi_step *step, tgi_lie lies[]) {
  bool may_view = step->op->flags & TG_OP_VIEW || step->op->kernel == NULL;
  if (!may_view || step->n == 0) return true;
  lie_alone(&lies[step->y[0]], step->y[0], &g->values[step->y[0]].like);
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  bool found = find_view(g, t, step, lies);
  tgi_arena_rewind(&t->work, work);
  return found;
}

/* Graphs of millions of values are laid out by several passes. */
static tgi_lie *make_room(tgi_graph *g) {
  size_t room = g->value_count + g->root_count;
  if (room <= g->lies_room) return g->lies;
  g->lies = tgi_graph_alloc(g, room * sizeof *g->lies);
  g->lies_room = g->lies ? room : 0;
  return g->lies;
}

tgi_lie *tgi_graph_layout(tgi_graph *g) {
  tgi_lie *lies = make_room(g);
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = g->runtime}, g->error);
  bool right = lies && t;
  for (size_t v = 0; right && v < g->value_count; v++)
    lie_alone(&lies[v], (uint32_t)v, &g->values[v].like);
  for (size_t s = 0; right && s < g->step_count; s++)
    right = tgi_graph_lay(g, t, &g->steps[s], lies);
  tg_tape_free(t);
  return right ? lies : NULL;
}
