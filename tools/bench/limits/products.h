/* The matrix products that one step of a workload cannot do without: forward, by the weights, and
   by what feeds a layer unless that is data. In the order of a step, on memory of its own. */
#ifndef LIMITS_PRODUCTS_H
#define LIMITS_PRODUCTS_H

#include <stdbool.h>

/* C = beta C + op(A) op(B), row-major, op the transposition where ta or tb: op(A) [m,k]. */
typedef struct product {
  const char *name; /* products of one name are added up: one backend serves them */
  bool ta, tb;
  int m, n, k;
  float *a, *b, *c;
  int lda, ldb, ldc;
  float beta;
} product;

enum { MOST_PRODUCTS = 160, MOST_BLOCKS = 40, MOST_NAMES = 8 };

typedef struct products {
  product of[MOST_PRODUCTS];
  int n;
  void *blocks[MOST_BLOCKS];
  int n_blocks;
} products;

/* NULL where the workload has no such list. */
products *products_of(const char *workload);
void products_free(products *p);

#endif
