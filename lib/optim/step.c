/* One step: the runs are cut into tiles of a fixed size, which the runtime's threads share. An
   element's new value depends on that element alone, so not on the cut. */
#include "optim/optim.h"
#include "tapegrad/program.h"

enum { TILE = 16384 };

typedef struct job {
  tg_optimizer *o;
  const tgi_run *run;
  char *p;
  const char *g;
} job;

static void update_tile(void *user, int64_t i) {
  const job *j = user;
  const tg_optimizer *o = j->o;
  int64_t start = i * TILE, n = j->run->n - start < TILE ? j->run->n - start : TILE;
  size_t at = (size_t)(j->run->start + start) * tgi_dtype_size(j->run->dtype);
  tg_update u = {.runtime = o->runtime,
                 .dtype = j->run->dtype,
                 .n = n,
                 .p = j->p + at,
                 .g = j->g + at,
                 .options = tgi_group_options(o, j->run->group),
                 .step = o->steps};
  for (int k = 0; k < TG_OPTIMIZER_STATES; k++)
    if (tgi_group_keeps(o, j->run->group, k)) u.state[k] = o->state[k][u.dtype] + at;
  o->kind->update(&u);
}

tg_status tg_optimizer_step(tg_optimizer *o, const tg_grads *grads, const tg_tape *t) {
  if (t != NULL && tg_tape_status(t) != TG_OK) return tg_tape_status(t);
  if (tg_is_capturing(t)) return TG_STATE;
  if (tg_grads_params(grads) != o->params) return TG_ARGUMENT;
  o->steps++;
  for (int r = 0; r < o->run_count; r++) {
    const tgi_run *run = &o->runs[r];
    job j = {o, run, o->params->block[run->dtype], tgi_grads_block(grads, run->dtype)};
    if (run->n <= TILE)
      update_tile(&j, 0);
    else
      tgi_parallel_tiles(o->runtime, (run->n + TILE - 1) / TILE, update_tile, &j);
  }
  for (int i = 0; i < o->params->count; i++)
    if (o->group_of[i] >= 0) o->params->rows[i].version++;
  return TG_OK;
}
