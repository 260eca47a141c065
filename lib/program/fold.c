/* The pass `fold`: what depends on no input and no parameter is computed here, once. Views of
   constants stay views. Names no operator but the broadcast that it makes of one number. */
#include <string.h>

#include "ops/attrs.h"
#include "ops/ops_internal.h"
#include "program/passes.h"

enum { SMALL = 4096 }; /* bytes that a result may have though its operands have less */

typedef struct fold {
  tgi_graph *g;
  tgi_lie *lies;
  tg_tape *t; /* for kernels' errors and scratch */
} fold;

static const tgi_val *base_of(const fold *f, uint32_t v) { return &f->g->values[f->lies[v].base]; }

static bool are_constant(const fold *f, const tgi_step *step) {
  for (uint32_t i = 0; i < step->n; i++)
    if (base_of(f, step->x[i])->source != TGI_CONST) return false;
  return true;
}

/* What draws by a key that no table shows may draw by one that varies. */
static bool is_fixed(const tgi_step *step) {
  bool hidden_key = step->op->flags & TG_OP_RANDOM && step->op->attrs == NULL;
  return step->n_y == 1 && step->key == 0 && step->op->kernel && !hidden_key;
}

/* The most bytes that an operand's memory has. */
static size_t largest_operand(const fold *f, const tgi_step *step) {
  size_t most = 0;
  for (uint32_t i = 0; i < step->n; i++) {
    size_t bytes = tg_tensor_bytes(&base_of(f, step->x[i])->like);
    if (bytes > most) most = bytes;
  }
  return most;
}

static bool has_same_elements(const fold *f, const tgi_step *step) {
  for (uint32_t i = 0; i < step->n; i++)
    if (tg_tensor_numel(&base_of(f, step->x[i])->like) != 1) return false;
  return step->n > 0;
}

static tg_tensor operand(const fold *f, uint32_t v) {
  tg_tensor x = f->lies[v].view;
  x.data = (char *)base_of(f, v)->like.data + f->lies[v].offset;
  return x;
}

/* Runs the step's kernel into `out`, on scalars where `single`. False: it refused, and replays
   say so. */
static bool compute(const fold *f, const tgi_step *step, const tg_tensor *out, bool single) {
  tgi_arena_mark work = tgi_arena_mark_of(&f->t->work);
  tg_tensor *in = tgi_tape_work(f->t, step->n * sizeof *in);
  tg_call c = tgi_step_call(step, f->t, in);
  c.out = *out;
  bool right = in != NULL;
  for (uint32_t i = 0; right && i < step->n; i++) {
    in[i] = operand(f, step->x[i]);
    if (single) in[i].rank = 0;
  }
  if (right && tg_tensor_numel(out) > 0) right = step->op->kernel(&c) == TG_OK;
  tgi_arena_rewind(&f->t->work, work);
  tg_tape_reset(f->t);
  return right;
}

static tg_status fold_whole(fold *f, tgi_step *step) {
  tgi_val *y = &f->g->values[step->y[0]];
  tg_tensor out = y->like;
  out.data = tgi_graph_alloc(f->g, tg_tensor_bytes(&out));
  if (out.data == NULL) return f->g->error->status;
  if (!compute(f, step, &out, false)) return TG_OK;
  y->source = TGI_CONST;
  y->like.data = out.data;
  step->op = NULL;
  return TG_OK;
}

/* All elements are one number: it is computed, and broadcast. */
static tg_status fold_to_broadcast(fold *f, tgi_step *step) {
  tgi_graph *g = f->g;
  uint32_t y = step->y[0];
  tg_tensor like = g->values[y].like;
  tgi_dims_attrs *dims = tgi_graph_alloc(g, sizeof *dims);
  tg_tensor number = {.dtype = like.dtype};
  uint32_t v = tgi_graph_constant(g, &number);
  if (dims == NULL || v == UINT32_MAX) return g->error->status;
  tgi_fill(&g->values[v].like, 0); /* it stays, read by nobody, where the kernel refuses */
  if (!compute(f, step, &g->values[v].like, true)) return TG_OK;
  *dims = tgi_dims_attrs_of(like.rank, like.dims);
  step->op = &tgi_op_broadcast_to;
  step->attrs = dims;
  step->n = 1;
  step->x[0] = v;
  f->lies[y].base = v;
  f->lies[y].is_view = true;
  for (int k = 0; k < like.rank; k++) f->lies[y].view.strides[k] = 0;
  return TG_OK;
}

static tg_status fold_step(fold *f, tgi_step *step) {
  if (f->lies[step->y[0]].is_view || !is_fixed(step) || !are_constant(f, step)) return TG_OK;
  if (has_same_elements(f, step) && step->op->flags & TG_OP_ELEMENTWISE)
    return fold_to_broadcast(f, step);
  size_t bytes = tg_tensor_bytes(&f->g->values[step->y[0]].like);
  return bytes <= SMALL || bytes <= largest_operand(f, step) ? fold_whole(f, step) : TG_OK;
}

tg_status tgi_pass_fold(tgi_graph *g) {
  fold f = {.g = g, .lies = tgi_graph_layout(g)};
  if (f.lies == NULL) return g->error->status;
  f.t = tg_tape_new(&(tg_tape_options){.runtime = g->runtime}, g->error);
  if (f.t == NULL) return g->error->status;
  tg_status status = TG_OK;
  for (size_t s = 0; status == TG_OK && s < g->step_count; s++)
    status = fold_step(&f, &g->steps[s]);
  tg_tape_free(f.t);
  return status == TG_OK ? tgi_graph_sweep(g) : status;
}
