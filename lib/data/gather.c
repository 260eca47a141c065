/* The rows of a batch, copied together; on the way to floats, scaled. */
#include "tapegrad/data.h"
#include "tensor/tensor.h"

#include <string.h>

/* ---- checks ---- */

typedef struct rows {
  int64_t width;  /* elements of one row */
  int64_t stride; /* elements from row to row of `from` */
} rows;

static tg_status refuse(const tg_tensor *from, const tg_tensor *to, tg_status status,
                        const char *why, tg_error *error) {
  char from_shape[128], to_shape[128];
  tg_tensor_shape_text(from, from_shape, sizeof from_shape);
  tg_tensor_shape_text(to, to_shape, sizeof to_shape);
  return tgi_error(error, status, "batch: %s %s into %s %s: %s", tg_dtype_name(from->dtype),
                   from_shape, tg_dtype_name(to->dtype), to_shape, why);
}

static tg_status check(const tg_batch *batch, const tg_tensor *from, const tg_tensor *to, rows *r,
                       tg_error *error) {
  if (!from->data || !to->data)
    return tgi_error(error, TG_ARGUMENT, "batch: a tensor to gather has no data");
  if (from->rank < 1 || to->rank < 1)
    return refuse(from, to, TG_SHAPE, "both need a dimension of samples", error);
  tg_tensor x = tgi_select_view(from, 0, 0), y = tgi_select_view(to, 0, 0); /* one row */
  r->width = tg_tensor_numel(&x);
  r->stride = from->strides[0];
  if (r->width != tg_tensor_numel(&y))
    return refuse(from, to, TG_SHAPE, "rows have different sizes", error);
  if (to->dims[0] < batch->n) return refuse(from, to, TG_SHAPE, "the batch has more rows", error);
  if (!tg_tensor_is_contiguous(&x) || !tg_tensor_is_contiguous(to))
    return refuse(from, to, TG_ARGUMENT, "rows and result must be contiguous", error);
  for (int64_t i = 0; i < batch->n; i++)
    if (batch->rows[i] < 0 || batch->rows[i] >= from->dims[0])
      return refuse(from, to, TG_INDEX, "the batch was cut from more samples", error);
  return TG_OK;
}

static tg_tensor first_rows(tg_tensor to, int64_t n) {
  to.dims[0] = n;
  return to;
}

/* ---- same dtype ---- */

tg_tensor tg_batch_gather(const tg_batch *batch, tg_tensor from, tg_tensor to, tg_error *error) {
  rows r;
  if (check(batch, &from, &to, &r, error)) return (tg_tensor){0};
  if (from.dtype != to.dtype) {
    refuse(&from, &to, TG_DTYPE, "the dtypes differ", error);
    return (tg_tensor){0};
  }
  int64_t size = (int64_t)tg_dtype_size(from.dtype);
  for (int64_t i = 0; i < batch->n; i++)
    memcpy((char *)to.data + i * r.width * size,
           (const char *)from.data + batch->rows[i] * r.stride * size, (size_t)(r.width * size));
  return first_rows(to, batch->n);
}

/* ---- to floats ---- */

/* to = from * scale + shift over one row, for each dtype of `from` and both of `to`. */
#define ROW(to_type, from_name, from_type)                                                         \
  static void row_##to_type##_##from_name(const void *from, int64_t n, double scale, double shift, \
                                          void *to) {                                              \
    const from_type *x = from;                                                                     \
    to_type *y = to, p = (to_type)scale, q = (to_type)shift;                                       \
    for (int64_t j = 0; j < n; j++) y[j] = (to_type)x[j] * p + q;                                  \
  }
#define ROWS(name, type, text) ROW(float, name, type) ROW(double, name, type)
TG_DTYPE_MAP(ROWS)

typedef void row_fn(const void *from, int64_t n, double scale, double shift, void *to);

static row_fn *find_row(tg_dtype from, tg_dtype to) {
  switch (from) {
#define CASE(name, type, text)                                                                     \
  case TG_##name: return to == TG_F32 ? row_float_##name : row_double_##name;
    TG_DTYPE_MAP(CASE)
  default: return NULL;
  }
}

tg_tensor tg_batch_gather_scaled(const tg_batch *batch, tg_tensor from, double scale, double shift,
                                 tg_tensor to, tg_error *error) {
  rows r;
  if (check(batch, &from, &to, &r, error)) return (tg_tensor){0};
  row_fn *row = find_row(from.dtype, to.dtype);
  if (!row || !tg_dtype_is_float(to.dtype)) {
    refuse(&from, &to, TG_DTYPE, "scaled rows go into f32 or f64", error);
    return (tg_tensor){0};
  }
  int64_t from_size = (int64_t)tg_dtype_size(from.dtype);
  int64_t to_size = (int64_t)tg_dtype_size(to.dtype);
  for (int64_t i = 0; i < batch->n; i++)
    row((const char *)from.data + batch->rows[i] * r.stride * from_size, r.width, scale, shift,
        (char *)to.data + i * r.width * to_size);
  return first_rows(to, batch->n);
}
