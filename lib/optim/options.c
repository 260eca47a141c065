/* Option structs read through their tables: defaults, ranges, the learning rate. */
#include <math.h>

#include "optim/optim.h"

tg_status tgi_options_resolve(const tg_optimizer_kind *kind, void *options, tg_error *error) {
  for (const tg_option *row = kind->options; row->name != NULL; row++) {
    double *x = (double *)((char *)options + row->offset);
    if (*x == 0) *x = signbit(*x) ? 0 : row->usual;
    if (!(row->low <= *x && *x < row->high))
      return tgi_error(error, TG_ARGUMENT, "%s: %s is %g, expected %g <= %s < %g", kind->name,
                       row->name, *x, row->low, row->name, row->high);
  }
  const char *wrong = kind->refuse != NULL ? kind->refuse(options) : NULL;
  return wrong == NULL ? TG_OK : tgi_error(error, TG_ARGUMENT, "%s: %s", kind->name, wrong);
}

static double *lr_of(const tg_optimizer *o, int group) {
  return (double *)((char *)tgi_group_options(o, group) + o->kind->options[0].offset);
}

tg_status tg_optimizer_set_lr(tg_optimizer *o, int group, double lr) {
  if (!(lr >= 0 && isfinite(lr)) || group < -1 || group >= o->groups) return TG_ARGUMENT;
  if (group >= 0) *lr_of(o, group) = lr;
  for (int i = 0; group < 0 && i < o->groups; i++) *lr_of(o, i) = lr;
  return TG_OK;
}

double tg_optimizer_lr(const tg_optimizer *o, int group) {
  return group >= 0 && group < o->groups ? *lr_of(o, group) : NAN;
}
