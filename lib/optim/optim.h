/* The optimizer's memory, shared by the files that make it, step it and save it. Knows no rule. */
#ifndef TGI_OPTIM_H
#define TGI_OPTIM_H

#include "tape/params.h"
#include "tapegrad/optim.h"

/* Neighbouring parameters of one group: a piece of its dtype's vector. */
typedef struct tgi_run {
  tg_dtype dtype;
  int group;
  int64_t start, n; /* elements */
} tgi_run;

struct tg_optimizer {
  const tg_runtime *runtime;
  tg_params *params;
  const tg_optimizer_kind *kind;
  int64_t steps;
  tgi_arena arena; /* of the tables */
  char *options;   /* [groups], each options_stride bytes */
  size_t options_stride;
  int groups;
  int *group_of; /* [params], -1: not trained */
  tgi_run *runs;
  int run_count;
  char *state[TG_OPTIMIZER_STATES][TG_DTYPE_COUNT]; /* mirrors of the parameters' blocks */
};

static inline void *tgi_group_options(const tg_optimizer *o, int group) {
  return o->options + (size_t)group * o->options_stride;
}
/* Does the group keep state k? */
bool tgi_group_keeps(const tg_optimizer *o, int group, int k);

/* Fills in defaults and checks ranges. `options` is the optimizer's own copy. */
tg_status tgi_options_resolve(const tg_optimizer_kind *kind, void *options, tg_error *error);

#endif
