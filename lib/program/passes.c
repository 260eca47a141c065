/* The passes in the order in which they run. */
#include "program/passes.h"

#include "program/fuse.h"

static tgi_pass_fn *const passes[TG_PASS_COUNT] = {
    [TG_PASS_FOLD] = tgi_pass_fold,         [TG_PASS_MERGE] = tgi_pass_merge,
    [TG_PASS_SIMPLIFY] = tgi_pass_simplify, [TG_PASS_SPREAD] = tgi_pass_spread,
    [TG_PASS_PAIR] = tgi_pass_pair,         [TG_PASS_ACCUMULATE] = tgi_pass_accumulate,
    [TG_PASS_FUSE] = tgi_pass_fuse,
};

static tg_status show(tgi_graph *g, int pass, const tg_program_options *options) {
  return options->show ? tgi_graph_show(g, pass, options->show, options->user) : TG_OK;
}

tg_status tgi_run_passes(tgi_graph *g, const tg_program_options *options) {
  tg_status status = show(g, -1, options);
  for (int i = 0; status == TG_OK && i < TG_PASS_COUNT; i++) {
    if (passes[i] == NULL || options->without >> i & 1) continue;
    status = passes[i](g);
    if (status == TG_OK) status = show(g, i, options);
  }
  return status;
}
