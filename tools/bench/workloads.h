/* Every workload, in the order of the table. */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "workload.h"

/* clang-format off */
#define WORKLOAD_MAP(X)                                                                       \
  X(xor) X(mlp_fashion) X(mlp_fashion_b128) X(mlp_large) X(lstm_cell)                         \
  X(elementwise) X(softmax_ce_wide) X(scalar_chain)                                           \
  X(hvp_mlp) X(jacobian_mlp) X(hessian_rosenbrock) X(gmm) X(adam_10m)                         \
  X(nodes_1e4) X(nodes_1e5) X(nodes_1e6) X(nodes_1e7)
/* clang-format on */

#define WORKLOAD_DECLARE(name) extern const workload workload_##name;
WORKLOAD_MAP(WORKLOAD_DECLARE)
#undef WORKLOAD_DECLARE

extern const workload *const workloads[];
extern const int n_workloads;

#endif
