/* An optimizer's step as the end of every replay of a program. */
#include "optim/optim.h"
#include "tapegrad/program.h"

typedef struct captured {
  tg_optimizer *o;
  const tg_grads *grads;
} captured;

static tg_status step(void *user, tg_error *error) {
  const captured *c = user;
  tg_status status = tg_optimizer_step(c->o, c->grads, NULL);
  return status == TG_OK ? status
                         : tgi_error(error, status, "%s: its step failed", c->o->kind->name);
}

tg_status tg_optimizer_capture(tg_optimizer *o, const tg_grads *grads, tg_tape *t) {
  if (t == NULL) return TG_ARGUMENT;
  if (o == NULL || grads == NULL) {
    tg_tape_fail(t, TG_ARGUMENT, "tg_optimizer_capture: no optimizer, or no gradients");
    return tg_tape_status(t);
  }
  if (tg_grads_params(grads) != o->params) {
    tg_tape_fail(t, TG_ARGUMENT, "%s: the gradients are of other parameters", o->kind->name);
    return tg_tape_status(t);
  }
  captured *c = tgi_arena_alloc(&o->arena, sizeof *c);
  if (c == NULL) {
    tg_tape_fail(t, TG_NO_MEMORY, "%s: no memory", o->kind->name);
    return tg_tape_status(t);
  }
  *c = (captured){o, grads};
  return tg_then(t, step, c);
}
