/* Libraries that multiply matrices. Each runs in a process of its own, because they choose their
   kernels by the environment when they are loaded, and share names. */
#ifndef LIMITS_BACKENDS_H
#define LIMITS_BACKENDS_H

#include "products.h"

/* False where it cannot do this one. */
typedef bool gemm_fn(const product *p);

typedef struct backend {
  const char *name;
  const char *variable, *value; /* of the environment, NULL: none */
  const char *needs;            /* of the processor, as __builtin_cpu_supports says it; NULL: any */
  gemm_fn *(*open)(int threads); /* NULL: not installed */
} backend;

extern const backend backends[]; /* ended by one without a name */

bool backend_fits(const backend *b);

#endif
