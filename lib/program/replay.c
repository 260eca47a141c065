/* Replay: inputs are checked and put in place, the instructions run, what the program writes is
   written. Nothing is recorded. */
#include <string.h>

#include "program/program.h"

/* ---- inputs ---- */

static tg_status refuse_input(const tg_program *p, size_t i, const tg_tensor *x, tg_error *error) {
  const tgi_program_input *input = &p->inputs[i];
  char has[200], given[200];
  tg_tensor_shape_text(&input->like, has, sizeof has);
  tg_tensor_shape_text(x, given, sizeof given);
  tg_status status = x->data == NULL                 ? TG_ARGUMENT
                     : x->dtype != input->like.dtype ? TG_DTYPE
                                                     : TG_SHAPE;
  const char *quote = input->name ? "\"" : "";
  return tgi_error(error, status,
                   "program: input %zu %s%s%s%swas captured as %s %s, given is %s%s%s", i, quote,
                   input->name ? input->name : "", quote, input->name ? " " : "", has,
                   tg_dtype_name(input->like.dtype), x->data ? given : "no memory",
                   x->data ? " " : "", x->data ? tg_dtype_name(x->dtype) : "");
}

/* Results of the last replay lie where this one will write. */
static bool lies_in_block(const tg_program *p, const tg_tensor *x) {
  uintptr_t from = (uintptr_t)x->data, block = (uintptr_t)p->block;
  return p->block && from < block + p->plan.bytes && block < from + tg_tensor_bytes(x);
}

/* The input's elements as dense memory that stays as it is: its own, or a copy. NULL: no memory. */
static char *dense(const tg_program *p, tgi_program_input *input, const tg_tensor *x) {
  if (tg_tensor_is_contiguous(x) && !lies_in_block(p, x)) return x->data;
  if (input->staging == NULL) input->staging = tgi_alloc(p->runtime, tg_tensor_bytes(&input->like));
  if (input->staging == NULL) return NULL;
  tg_tensor to = input->like;
  to.data = input->staging;
  tgi_copy(&to, x);
  return input->staging;
}

static void move_input(tgi_program_input *input, char *data) {
  if (input->data == data) return;
  input->data = data;
  for (size_t k = 0; k < input->patch_count; k++)
    input->patches[k].tensor->data = data + input->patches[k].offset;
}

static tg_status set_inputs(tg_program *p, const tg_tensor x[], int n, tg_error *error) {
  if (n < 0 || (size_t)n != p->input_count || (x == NULL && n > 0))
    return tgi_error(error, TG_ARGUMENT, "program: %d inputs given, it takes %zu", x ? n : 0,
                     p->input_count);
  for (size_t i = 0; i < p->input_count; i++) {
    const tg_tensor *like = &p->inputs[i].like;
    bool fits = x[i].data && x[i].dtype == like->dtype && tg_tensor_same_shape(&x[i], like);
    if (!fits) return refuse_input(p, i, &x[i], error);
  }
  for (size_t i = 0; i < p->input_count; i++) {
    char *data = dense(p, &p->inputs[i], &x[i]);
    if (data == NULL)
      return tgi_error(error, TG_NO_MEMORY, "program: no memory to make input %zu contiguous", i);
    move_input(&p->inputs[i], data);
  }
  return TG_OK;
}

/* ---- keys ---- */

tg_status tg_program_set_key(tg_program *p, int index, tg_key key) {
  if (p == NULL) return TG_ARGUMENT;
  tgi_graph *g = &p->graph;
  bool found = false;
  for (size_t i = 0; i < g->key_count; i++) {
    tgi_key_entry *e = &g->keys[i];
    if (e->parent < 0 && e->input == index) e->key = key, found = true;
    if (e->parent >= 0) e->key = tg_key_fold(g->keys[e->parent].key, e->fold);
  }
  for (size_t i = 0; i < p->key_patch_count; i++) {
    const tgi_key_patch *patch = &p->key_patches[i];
    memcpy((char *)patch->attrs + patch->offset, &g->keys[patch->entry].key, sizeof(tg_key));
  }
  return found ? TG_OK : TG_ARGUMENT;
}

/* ---- running ---- */

static tg_status run(tg_program *p, tg_error *error) {
  tg_tape *t = p->tape;
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  for (size_t i = 0; i < p->instruction_count; i++) {
    const tgi_instruction *instruction = &p->instructions[i];
    tg_status status = instruction->kernel(&instruction->call);
    tgi_arena_rewind(&t->work, work);
    if (status == TG_OK) continue;
    tg_call_fail(&instruction->call, status, "%s", tg_status_text(status));
    status = tgi_error(error, t->status, "%s", t->message);
    tg_tape_reset(t);
    return status;
  }
  return TG_OK;
}

static void transfer(const tgi_transfer moves[], size_t n) {
  for (size_t i = 0; i < n; i++) {
    tgi_copy(&moves[i].to, &moves[i].from);
    if (moves[i].params) tg_params_touch(moves[i].params, moves[i].index);
  }
}

/* Functions need not say what went wrong, and may write it although the caller of the replay does
   not want to know. */
static tg_status follow(const tgi_then *then, tg_error *error) {
  tg_error own;
  own.message[0] = 0;
  tg_status status = then->fn(then->user, &own);
  if (status == TG_OK) return status;
  if (own.message[0]) return tgi_error(error, status, "%s", own.message);
  return tgi_error(error, status, "tg_then: its function returned: %s", tg_status_text(status));
}

tg_status tg_program_replay(tg_program *p, const tg_tensor x[], int n, tg_error *error) {
  if (p == NULL) return tgi_error(error, TG_ARGUMENT, "tg_program_replay: there is no program");
  p->valid = false;
  tg_status status = set_inputs(p, x, n, error);
  if (status == TG_OK) status = run(p, error);
  if (status != TG_OK) return status;
  transfer(p->stores, p->store_count);
  for (size_t i = 0; i < p->then_count; i++) {
    status = follow(&p->thens[i], error);
    if (status != TG_OK) return status;
  }
  transfer(p->assigns, p->assign_count);
  p->valid = true;
  return TG_OK;
}
