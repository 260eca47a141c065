/* Lines of several tensors along one axis, which are worked through side by side: the steps of one
   wait for each other, those of its neighbours do not. Knows memory and strides only. */
#ifndef TGI_LINES_H
#define TGI_LINES_H

#include "tensor/tensor.h"

enum {
  TGI_LINES_TENSORS = 4,
  TGI_LINES_WIDTH = 128, /* most lines at a time */
  TGI_LINES_FEW = 8,     /* whose running results fit into registers */
};

/* w lines of n elements; by tensor: */
typedef struct tgi_lines {
  int64_t w, n;
  char *at[TGI_LINES_TENSORS];                            /* the first element of the first */
  int64_t col[TGI_LINES_TENSORS], row[TGI_LINES_TENSORS]; /* bytes to the next line, and along */
} tgi_lines;

typedef void tgi_lines_fn(const tgi_lines *l, const void *user);

/* fn of all lines along the axis, of x[0]'s length there; the other axes of all tensors have the
   same. Which lines come together depends on the shape and the strides alone. */
void tgi_for_lines(const tg_runtime *runtime, tgi_lines_fn *fn, const void *user, int axis,
                   int count, const tg_tensor *const x[]);

/* Do the lines of the first `count` tensors, and more than a few, lie side by side, with elements
   of `size` bytes? */
static inline bool tgi_are_beside(const tgi_lines *l, int count, int64_t size) {
  if (l->w < TGI_LINES_FEW) return false;
  for (int k = 0; k < count; k++)
    if (l->col[k] != size) return false;
  return true;
}

/* The w lines from line j on. */
static inline tgi_lines tgi_some_lines(const tgi_lines *l, int64_t j, int64_t w) {
  tgi_lines some = *l;
  some.w = w;
  for (int k = 0; k < TGI_LINES_TENSORS; k++) some.at[k] += j * l->col[k];
  return some;
}

#endif
