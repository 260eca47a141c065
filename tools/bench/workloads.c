/* The table. */
#include "workloads.h"

#define WORKLOAD_ROW(name) &workload_##name,
const workload *const workloads[] = {WORKLOAD_MAP(WORKLOAD_ROW)};
#undef WORKLOAD_ROW

const int n_workloads = sizeof workloads / sizeof *workloads;
