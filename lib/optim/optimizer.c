/* An optimizer is made: groups become runs of the parameters' vectors, and each state that some
   group keeps becomes a vector beside them. Knows no rule but through its kind. */
#include <string.h>

#include "optim/optim.h"

bool tgi_group_keeps(const tg_optimizer *o, int group, int k) {
  const tg_optimizer_kind *kind = o->kind;
  if (kind->states[k] == NULL) return false;
  return kind->keeps == NULL || kind->keeps(tgi_group_options(o, group), k);
}

/* ---- groups ---- */

static tg_status copy_options(tg_optimizer *o, const tg_param_group groups[], tg_error *error) {
  for (int i = 0; i < o->groups; i++) {
    void *options = tgi_group_options(o, i);
    memset(options, 0, o->options_stride);
    if (groups[i].options != NULL) memcpy(options, groups[i].options, o->kind->options_size);
    tg_status status = tgi_options_resolve(o->kind, options, error);
    if (status != TG_OK) return status;
  }
  return TG_OK;
}

static tg_status claim(tg_optimizer *o, int index, int group, tg_error *error) {
  const char *name = tg_params_name(o->params, index);
  if (name == NULL)
    return tgi_error(error, TG_ARGUMENT, "%s: group %d names the parameter %d, there are %d",
                     o->kind->name, group, index, o->params->count);
  if (tg_params_is_buffer(o->params, index))
    return tgi_error(error, TG_ARGUMENT, "%s: group %d names \"%s\", which is a buffer",
                     o->kind->name, group, name);
  if (o->group_of[index] >= 0)
    return tgi_error(error, TG_ARGUMENT, "%s: \"%s\" is in group %d and again in group %d",
                     o->kind->name, name, o->group_of[index], group);
  o->group_of[index] = group;
  return TG_OK;
}

/* Every index to its group; then what is left to the group without a list. */
static tg_status assign(tg_optimizer *o, const tg_param_group groups[], tg_error *error) {
  int rest = -1;
  for (int i = 0; i < o->params->count; i++) o->group_of[i] = -1;
  for (int i = 0; i < o->groups; i++) {
    if (groups[i].indexes == NULL && rest >= 0)
      return tgi_error(error, TG_ARGUMENT, "%s: groups %d and %d both take what no other names",
                       o->kind->name, rest, i);
    if (groups[i].indexes == NULL) rest = i;
    for (int k = 0; groups[i].indexes != NULL && k < groups[i].count; k++) {
      tg_status status = claim(o, groups[i].indexes[k], i, error);
      if (status != TG_OK) return status;
    }
  }
  for (int i = 0; rest >= 0 && i < o->params->count; i++)
    if (o->group_of[i] < 0 && !tg_params_is_buffer(o->params, i)) o->group_of[i] = rest;
  return TG_OK;
}

/* Parameters lie in their dtype's vector in order of their index. */
static void find_runs(tg_optimizer *o) {
  tgi_run *last[TG_DTYPE_COUNT] = {NULL};
  for (int i = 0; i < o->params->count; i++) {
    const tgi_param_row *row = &o->params->rows[i];
    int64_t n = tg_tensor_numel(&row->view);
    if (o->group_of[i] < 0 || n == 0) continue;
    tgi_run **run = &last[row->view.dtype];
    if (*run != NULL && (*run)->group == o->group_of[i] &&
        (*run)->start + (*run)->n == row->offset) {
      (*run)->n += n;
    } else {
      *run = &o->runs[o->run_count++];
      **run = (tgi_run){row->view.dtype, o->group_of[i], row->offset, n};
    }
  }
}

/* ---- memory ---- */

static bool make_tables(tg_optimizer *o) {
  size_t groups = (size_t)o->groups, count = (size_t)o->params->count;
  o->options_stride = (o->kind->options_size + 15) / 16 * 16;
  o->options = tgi_arena_alloc(&o->arena, groups * o->options_stride);
  o->group_of = tgi_arena_alloc(&o->arena, count * sizeof *o->group_of);
  o->runs = tgi_arena_alloc(&o->arena, count * sizeof *o->runs);
  return o->options != NULL && o->group_of != NULL && o->runs != NULL;
}

static size_t block_bytes(const tg_optimizer *o, tg_dtype dtype) {
  return (size_t)o->params->trained[dtype] * tg_dtype_size(dtype);
}

/* The vector of state k beside a run's parameters, made where there is none yet. */
static bool make_state(tg_optimizer *o, const tgi_run *run, int k) {
  char **block = &o->state[k][run->dtype];
  size_t bytes = block_bytes(o, run->dtype);
  if (*block == NULL) {
    *block = tgi_alloc(o->runtime, bytes);
    if (*block == NULL) return false;
    memset(*block, 0, bytes);
  }
  if (o->kind->start == NULL) return true;
  char *at = *block + (size_t)run->start * tg_dtype_size(run->dtype);
  tg_tensor x = tg_tensor_of(at, run->dtype, 1, &run->n);
  tgi_fill(&x, o->kind->start(tgi_group_options(o, run->group), k));
  return true;
}

static bool make_states(tg_optimizer *o) {
  for (int r = 0; r < o->run_count; r++)
    for (int k = 0; k < TG_OPTIMIZER_STATES; k++)
      if (tgi_group_keeps(o, o->runs[r].group, k) && !make_state(o, &o->runs[r], k)) return false;
  return true;
}

/* ---- life ---- */

static tg_status build(tg_optimizer *o, const tg_param_group groups[], tg_error *error) {
  bool fits = make_tables(o);
  tg_status status = fits ? copy_options(o, groups, error) : TG_OK;
  if (status == TG_OK && fits) status = assign(o, groups, error);
  if (status != TG_OK) return status;
  if (fits) find_runs(o);
  if (fits && make_states(o)) return TG_OK;
  return tgi_error(error, TG_NO_MEMORY, "%s: no memory for its state", o->kind->name);
}

static tg_status check_new(const tg_params *params, const tg_optimizer_kind *kind, int n,
                           tg_error *error) {
  if (kind->size < sizeof *kind || kind->options == NULL || kind->options->name == NULL)
    return tgi_error(error, TG_ARGUMENT, "optimizer: the kind has no size or no options");
  if (!params->sealed)
    return tgi_error(error, TG_STATE, "%s: tg_params_seal comes first", kind->name);
  if (n >= 0) return TG_OK;
  return tgi_error(error, TG_ARGUMENT, "%s: the number of groups is negative", kind->name);
}

tg_optimizer *tg_optimizer_new(tg_params *params, const tg_optimizer_kind *kind,
                               const tg_param_group groups[], int n, tg_error *error) {
  if (check_new(params, kind, n, error) != TG_OK) return NULL;
  tg_optimizer *o = tgi_alloc(params->runtime, sizeof *o);
  if (o == NULL) {
    tgi_error(error, TG_NO_MEMORY, "%s: no memory", kind->name);
    return NULL;
  }
  *o = (tg_optimizer){.runtime = params->runtime, .params = params, .kind = kind, .groups = n};
  tgi_arena_init(&o->arena, o->runtime, 0);
  if (build(o, groups, error) == TG_OK) return o;
  tg_optimizer_free(o);
  return NULL;
}

void tg_optimizer_free(tg_optimizer *o) {
  if (o == NULL) return;
  for (int k = 0; k < TG_OPTIMIZER_STATES; k++)
    for (tg_dtype d = TG_F32; d < TG_DTYPE_COUNT; d++)
      tgi_free(o->runtime, o->state[k][d], block_bytes(o, d));
  tgi_arena_free(&o->arena);
  tgi_free(o->runtime, o, sizeof *o);
}

/* ---- looking ---- */

const tg_optimizer_kind *tg_optimizer_kind_of(const tg_optimizer *o) { return o->kind; }
tg_params *tg_optimizer_params(const tg_optimizer *o) { return o->params; }
int tg_optimizer_groups(const tg_optimizer *o) { return o->groups; }
int64_t tg_optimizer_steps(const tg_optimizer *o) { return o->steps; }

tg_status tg_optimizer_set_steps(tg_optimizer *o, int64_t steps) {
  if (steps < 0) return TG_ARGUMENT;
  o->steps = steps;
  return TG_OK;
}

tg_tensor tg_optimizer_state(const tg_optimizer *o, int k, int index) {
  bool there = k >= 0 && k < TG_OPTIMIZER_STATES && index >= 0 && index < o->params->count &&
               o->group_of[index] >= 0 && tgi_group_keeps(o, o->group_of[index], k);
  if (!there) return (tg_tensor){0};
  const tgi_param_row *row = &o->params->rows[index];
  tg_tensor x = row->view;
  char *block = o->state[k][x.dtype];
  if (block != NULL) x.data = block + (size_t)row->offset * tg_dtype_size(x.dtype);
  return x;
}
