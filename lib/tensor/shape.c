/* Dtypes and shapes: sizes that fit, contiguity, broadcasting of dims. Touches no element. */
#include "tensor/tensor.h"

/* ---- dtypes ---- */

#define NAME(name, type, text) [TG_##name] = text,
#define SIZE(name, type, text) [TG_##name] = sizeof(type),
static const char *const names[TG_DTYPE_COUNT] = {[TG_DTYPE_NONE] = "none", TG_DTYPE_MAP(NAME)};
const uint8_t tgi_dtype_sizes[TG_DTYPE_COUNT] = {TG_DTYPE_MAP(SIZE)};
#undef NAME
#undef SIZE

static tg_dtype known(tg_dtype dtype) {
  return (int)dtype > 0 && dtype < TG_DTYPE_COUNT ? dtype : TG_DTYPE_NONE;
}

const char *tg_dtype_name(tg_dtype dtype) { return names[known(dtype)]; }
size_t tg_dtype_size(tg_dtype dtype) { return tgi_dtype_size(dtype); }
bool tg_dtype_is_float(tg_dtype dtype) { return dtype == TG_F32 || dtype == TG_F64; }

/* ---- shapes ---- */

/* A dim of 0 counts as 1, so that strides and sizes of empty tensors fit as well. */
bool tgi_set_contiguous(tg_tensor *x) {
  int64_t step = 1, bytes;
  for (int k = x->rank - 1; k >= 0; k--) {
    x->strides[k] = step;
    if (x->dims[k] > 1 && !tgi_mul_size(step, x->dims[k], &step)) return false;
  }
  size_t size = tgi_dtype_size(x->dtype);
  return tgi_mul_size(step, size ? (int64_t)size : (int64_t)sizeof(double), &bytes);
}

bool tgi_set_dims(tg_tensor *x, int rank, const int64_t dims[]) {
  if (rank < 0 || rank > TG_MAX_RANK) return false;
  x->rank = rank;
  for (int k = 0; k < rank; k++) {
    if (dims[k] < 0) return false;
    x->dims[k] = dims[k];
  }
  return tgi_set_contiguous(x);
}

tg_tensor tg_tensor_of(void *data, tg_dtype dtype, int rank, const int64_t dims[]) {
  tg_tensor x = {.data = data, .dtype = known(dtype)};
  if (x.dtype == TG_DTYPE_NONE || !tgi_set_dims(&x, rank, dims)) x = (tg_tensor){0};
  return x;
}

int64_t tg_tensor_numel(const tg_tensor *x) { return tgi_numel(x); }

size_t tg_tensor_bytes(const tg_tensor *x) {
  return (size_t)tgi_numel(x) * tgi_dtype_size(x->dtype);
}

bool tg_tensor_is_contiguous(const tg_tensor *x) {
  int64_t step = 1;
  bool dense = true;
  for (int k = x->rank - 1; k >= 0; k--) {
    if (x->dims[k] == 0) return true;
    if (x->dims[k] == 1) continue;
    dense = dense && x->strides[k] == step;
    if (!dense) continue;
    step *= x->dims[k];
  }
  return dense;
}

bool tg_tensor_same_shape(const tg_tensor *a, const tg_tensor *b) { return tgi_same_shape(a, b); }

/* ---- broadcasting ---- */

/* The dim of x at axis k of a rank that may be larger: 1 where x has no such axis. */
static int64_t dim_within(const tg_tensor *x, int rank, int k) {
  int own = k - (rank - x->rank);
  return own < 0 ? 1 : x->dims[own];
}

bool tgi_broadcast_dims(tg_tensor *to, const tg_tensor *b) {
  tg_tensor y = {.dtype = to->dtype, .rank = to->rank > b->rank ? to->rank : b->rank};
  for (int k = 0; k < y.rank; k++) {
    int64_t n = dim_within(to, y.rank, k), m = dim_within(b, y.rank, k);
    if (n != m && n != 1 && m != 1) return false;
    y.dims[k] = n == 1 ? m : n;
  }
  if (!tgi_set_contiguous(&y)) return false;
  tgi_copy_layout(to, &y);
  return true;
}
