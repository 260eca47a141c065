/* The time of a workload's products, each by the library that is fastest at it. */
#ifndef LIMITS_GEMM_H
#define LIMITS_GEMM_H

#include "limits.h"

/* time.min 0 where the workload is no list of products. program: how this one was called. */
limit limit_products(const char *program, const char *workload, const options *o);
/* What a child does: times the products by one backend and prints them, a line a name. */
int limit_child(const char *name, const char *workload, const options *o);

#endif
