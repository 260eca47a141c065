/* What one operator costs where there is nothing to compute: chains of rank-0 nodes in double. */
#include "workloads.h"

static tg_var scalar_chain(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)t, (void)x;
  tg_var y = p[0];
  for (int64_t i = 0; i < w->n; i++) y = tg_add(tg_mul(tg_sin(y), p[1]), p[2]);
  return tg_sin(y);
}

#define CHAIN(times)                                                                               \
  .params = {{TG_F64, .lo = 0.5, .hi = 0.5},                                                       \
             {TG_F64, .lo = 1.1, .hi = 1.1},                                                       \
             {TG_F64, .lo = 0.2, .hi = 0.2}},                                                      \
  .loss = scalar_chain, .n = (times), .per_op = 3 * (times) + 1

const workload workload_scalar_chain = {
    .name = "scalar_chain",
    .note = "3333 x (sin, mul, add) + sin = 10000 operators of rank 0, f64",
    CHAIN(3333),
};
const workload workload_nodes_1e4 = {
    .name = "nodes@1e4", .note = "the same", CHAIN(3333), .eager_only = true};
const workload workload_nodes_1e5 = {
    .name = "nodes@1e5", .note = "10^5 nodes", CHAIN(33333), .eager_only = true};
const workload workload_nodes_1e6 = {
    .name = "nodes@1e6", .note = "10^6 nodes", CHAIN(333333), .eager_only = true};
const workload workload_nodes_1e7 = {
    .name = "nodes@1e7", .note = "10^7 nodes", CHAIN(3333333), .eager_only = true};
