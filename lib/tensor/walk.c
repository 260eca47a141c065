/* Strided walks: several tensors of one shape as an odometer over runs. Reads no element. */
#include "tensor/tensor.h"

char *tgi_address(const tg_tensor *x, int64_t position) {
  int64_t offset = 0;
  for (int k = x->rank - 1; k >= 0; k--) {
    offset += position % x->dims[k] * x->strides[k];
    position /= x->dims[k];
  }
  return (char *)x->data + offset * (int64_t)tg_dtype_size(x->dtype);
}

/* The last axis so far and axis k of x can be walked as one, in every tensor. */
static bool can_merge(const tgi_walk *w, const tg_tensor *const x[], int k) {
  for (int j = 0; j < w->count; j++) {
    int64_t step = x[j]->strides[k] * (int64_t)tg_dtype_size(x[j]->dtype);
    if (w->strides[j][w->rank - 1] != step * x[0]->dims[k]) return false;
  }
  return true;
}

static void add_axis(tgi_walk *w, const tg_tensor *const x[], int k) {
  if (w->rank > 0 && can_merge(w, x, k))
    w->dims[w->rank - 1] *= x[0]->dims[k];
  else
    w->dims[w->rank++] = x[0]->dims[k];
  for (int j = 0; j < w->count; j++)
    w->strides[j][w->rank - 1] = x[j]->strides[k] * (int64_t)tg_dtype_size(x[j]->dtype);
}

/* A single element is a run of one, contiguous in every tensor. */
static void set_single(tgi_walk *w, const tg_tensor *const x[]) {
  w->rank = 1;
  w->dims[0] = 1;
  for (int j = 0; j < w->count; j++) w->strides[j][0] = (int64_t)tg_dtype_size(x[j]->dtype);
}

void tgi_walk_init(tgi_walk *w, int count, const tg_tensor *const x[]) {
  w->count = count;
  w->rank = 0;
  for (int j = 0; j < count; j++) w->base[j] = x[j]->data;
  bool empty = tg_tensor_numel(x[0]) == 0;
  for (int k = 0; k < x[0]->rank && !empty; k++)
    if (x[0]->dims[k] != 1) add_axis(w, x, k);
  if (w->rank == 0) set_single(w, x);
  w->n = empty ? 0 : w->dims[w->rank - 1];
  w->runs = empty ? 0 : 1;
  for (int k = 0; k < w->rank - 1; k++) w->runs *= w->dims[k];
}

void tgi_walk_run(const tgi_walk *w, int64_t r, char *at[]) {
  for (int j = 0; j < w->count; j++) at[j] = w->base[j];
  for (int k = w->rank - 2; k >= 0; k--) {
    int64_t i = r % w->dims[k];
    r /= w->dims[k];
    for (int j = 0; j < w->count; j++) at[j] += i * w->strides[j][k];
  }
}

void tgi_walk_start(const tgi_walk *w, int64_t r, int64_t index[], char *at[]) {
  tgi_walk_run(w, r, at);
  for (int k = w->rank - 2; k >= 0; r /= w->dims[k--]) index[k] = r % w->dims[k];
}

void tgi_walk_next(const tgi_walk *w, int64_t index[], char *at[]) {
  for (int k = w->rank - 2; k >= 0; k--) {
    const bool ends = ++index[k] == w->dims[k];
    const int64_t steps = ends ? 1 - w->dims[k] : 1;
    for (int j = 0; j < w->count; j++) at[j] += steps * w->strides[j][k];
    if (!ends) return;
    index[k] = 0;
  }
}
