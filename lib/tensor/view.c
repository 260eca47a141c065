/* Views: the same memory seen with other dims and strides. Touches no element. */
#include "tensor/tensor.h"

tg_tensor tgi_broadcast_view(const tg_tensor *x, const tg_tensor *to) {
  tg_tensor y = {.data = x->data, .dtype = x->dtype, .rank = to->rank};
  int added = to->rank - x->rank;
  for (int k = 0; k < to->rank; k++) {
    y.dims[k] = to->dims[k];
    bool stretched = k < added || x->dims[k - added] != to->dims[k];
    y.strides[k] = stretched ? 0 : x->strides[k - added];
  }
  return y;
}

tg_tensor tgi_permute_view(const tg_tensor *x, const int axes[]) {
  tg_tensor y = {.data = x->data, .dtype = x->dtype, .rank = x->rank};
  for (int k = 0; k < x->rank; k++) {
    y.dims[k] = x->dims[axes[k]];
    y.strides[k] = x->strides[axes[k]];
  }
  return y;
}

/* An axis of none or one element keeps its stride: `step` may be any number there. */
tg_tensor tgi_slice_view(const tg_tensor *x, int axis, int64_t start, int64_t step, int64_t count) {
  tg_tensor y = {.data = x->data, .dtype = x->dtype};
  tgi_copy_layout(&y, x);
  int64_t size = (int64_t)tg_dtype_size(x->dtype);
  if (count > 0) y.data = (char *)x->data + start * x->strides[axis] * size;
  if (count > 1) y.strides[axis] *= step;
  y.dims[axis] = count;
  return y;
}

tg_tensor tgi_select_view(const tg_tensor *x, int axis, int64_t index) {
  tg_tensor one = tgi_slice_view(x, axis, index, 1, 1);
  tg_tensor y = {.data = one.data, .dtype = x->dtype};
  for (int k = 0; k < x->rank; k++) {
    if (k == axis) continue;
    y.dims[y.rank] = one.dims[k];
    y.strides[y.rank++] = one.strides[k];
  }
  return y;
}

/* x without its axes of length 1. */
static tg_tensor squeezed(const tg_tensor *x) {
  tg_tensor y = {.data = x->data, .dtype = x->dtype};
  for (int k = 0; k < x->rank; k++) {
    if (x->dims[k] == 1) continue;
    y.dims[y.rank] = x->dims[k];
    y.strides[y.rank++] = x->strides[k];
  }
  return y;
}

/* Axes [from, to) of x can be walked with one stride. */
static bool is_one_run(const tg_tensor *x, int from, int to) {
  for (int k = from; k + 1 < to; k++)
    if (x->strides[k] != x->dims[k + 1] * x->strides[k + 1]) return false;
  return true;
}

/* Strides of y's axes [from, to), walked as one run whose innermost stride is `step`. */
static void set_run(tg_tensor *y, int from, int to, int64_t step) {
  for (int k = to - 1; k >= from; k--) {
    y->strides[k] = step;
    step *= y->dims[k];
  }
}

/* NumPy's rule: old and new axes are grouped from the left into the smallest groups of equal
   product; each old group must be one run. Neither has a dim of 0, the products are equal. */
static bool regroup(const tg_tensor *old, tg_tensor *y) {
  int i = 0, j = 0;
  while (i < old->rank && j < y->rank) {
    int i_end = i + 1, j_end = j + 1;
    int64_t n = old->dims[i], m = y->dims[j];
    while (n != m) {
      if (n < m)
        n *= old->dims[i_end++];
      else
        m *= y->dims[j_end++];
    }
    if (!is_one_run(old, i, i_end)) return false;
    set_run(y, j, j_end, old->strides[i_end - 1]);
    i = i_end;
    j = j_end;
  }
  set_run(y, j, y->rank, 1); /* what is left has length 1 */
  return true;
}

bool tgi_reshape_view(const tg_tensor *x, int rank, const int64_t dims[], tg_tensor *view) {
  tg_tensor y = {.data = x->data, .dtype = x->dtype};
  if (!tgi_set_dims(&y, rank, dims)) return false;
  int64_t n = tg_tensor_numel(x);
  if (tg_tensor_numel(&y) != n) return false;
  tg_tensor old = squeezed(x);
  if (n != 0 && !regroup(&old, &y)) return false;
  *view = y;
  return true;
}

bool tgi_find_span(const tg_tensor *x, intptr_t span[2]) {
  span[0] = span[1] = (intptr_t)x->data;
  for (int k = 0; k < x->rank; k++) {
    int64_t reach;
    if (x->dims[k] == 0 || !tgi_mul_size(x->dims[k] - 1, x->strides[k], &reach) ||
        !tgi_mul_size(reach, (int64_t)tg_dtype_size(x->dtype), &reach) ||
        !tgi_add_size(span[reach > 0], reach, &span[reach > 0]))
      return false;
  }
  return tgi_add_size(span[1], (int64_t)tg_dtype_size(x->dtype) - 1, &span[1]);
}
