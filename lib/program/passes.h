/* Passes: each rewrites a graph and keeps what its roots compute. */
#ifndef TGI_PROGRAM_PASSES_H
#define TGI_PROGRAM_PASSES_H

#include "program/graph.h"

/* All that `options` do not leave out, in order. */
tg_status tgi_run_passes(tgi_graph *g, const tg_program_options *options);

tgi_pass_fn tgi_pass_fold;
tgi_pass_fn tgi_pass_merge;
tgi_pass_fn tgi_pass_simplify;
tgi_pass_fn tgi_pass_spread;
tgi_pass_fn tgi_pass_pair;
tgi_pass_fn tgi_pass_accumulate;

/* y = a b + c, matrices. May lie where c lies, and nowhere else. */
extern const tg_op tgi_product_sum_op;

#endif
