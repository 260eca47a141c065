/* lib/tensor: shapes, views, walks, copies, text, against plain index arithmetic over random
   views. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "tensor/tensor.h"

/* ---- random views ---- */

enum { BUFFER = 1 << 16 };

static uint32_t state = 12345;

static int64_t draw(int64_t n) {
  state = state * 1664525u + 1013904223u;
  return (int64_t)(state >> 8) % n;
}

/* Random order, gaps and signs of strides; stride 0 where `repeats` allows. Inside BUFFER elements
   of `buffer`. */
static tg_tensor draw_view(void *buffer, tg_dtype dtype, int rank, const int64_t dims[],
                           bool repeats) {
  tg_tensor x = {.dtype = dtype, .rank = rank};
  int order[TG_MAX_RANK] = {0};
  for (int k = 0; k < rank; k++) {
    int j = (int)draw(k + 1);
    order[k] = order[j];
    order[j] = k;
  }
  int64_t step = 1, lowest = 0;
  bool plain = draw(3) == 0;
  for (int i = rank - 1; i >= 0; i--) {
    int k = plain ? i : order[i];
    x.dims[k] = dims[k];
    x.strides[k] = step;
    step *= dims[k];
    if (plain) continue;
    if (draw(3) == 0) step *= 1 + draw(2);
    if (draw(4) == 0) x.strides[k] = -x.strides[k];
    if (repeats && draw(5) == 0) x.strides[k] = 0;
    if (x.strides[k] < 0 && dims[k] > 0) lowest += x.strides[k] * (dims[k] - 1);
  }
  ck_assert_int_le(step, BUFFER);
  x.data = (char *)buffer - lowest * (int64_t)tg_dtype_size(dtype);
  return x;
}

static int draw_dims(int64_t dims[]) {
  int rank = (int)draw(6);
  for (int k = 0; k < rank; k++) dims[k] = draw(30) == 0 ? 0 : 1 + draw(4) * draw(2);
  return rank;
}

/* The next index in row-major order; false after the last. */
static bool next_index(const tg_tensor *x, int64_t index[]) {
  for (int k = x->rank - 1; k >= 0; k--) {
    if (++index[k] < x->dims[k]) return true;
    index[k] = 0;
  }
  return false;
}

static char *naive_address(const tg_tensor *x, const int64_t index[]) {
  char *at = x->data;
  for (int k = 0; k < x->rank; k++)
    at += index[k] * x->strides[k] * (int64_t)tg_dtype_size(x->dtype);
  return at;
}

/* ---- dtypes and shapes ---- */

START_TEST(test_dtypes) {
  ck_assert_str_eq(tg_dtype_name(TG_F32), "f32");
  ck_assert_str_eq(tg_dtype_name(TG_BOOL), "bool");
  ck_assert_str_eq(tg_dtype_name(TG_DTYPE_NONE), "none");
  ck_assert_str_eq(tg_dtype_name((tg_dtype)77), "none");
  ck_assert_uint_eq(tg_dtype_size(TG_F64), 8);
  ck_assert_uint_eq(tg_dtype_size(TG_I32), 4);
  ck_assert_uint_eq(tg_dtype_size(TG_U8), 1);
  ck_assert_uint_eq(tg_dtype_size((tg_dtype)-1), 0);
  ck_assert(tg_dtype_is_float(TG_F32) && !tg_dtype_is_float(TG_I64));
}
END_TEST

START_TEST(test_tensor_of) {
  float data[24];
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(2, 3, 4));
  ck_assert_ptr_eq(x.data, data);
  ck_assert_int_eq(x.strides[0], 12);
  ck_assert_int_eq(x.strides[1], 4);
  ck_assert_int_eq(x.strides[2], 1);
  ck_assert_int_eq(tg_tensor_numel(&x), 24);
  ck_assert_uint_eq(tg_tensor_bytes(&x), 96);
  tg_tensor scalar = tg_tensor_of(data, TG_F32, TG_SCALAR);
  ck_assert_int_eq(tg_tensor_numel(&scalar), 1);
  ck_assert(tg_tensor_is_contiguous(&scalar));
  ck_assert(!tg_tensor_same_shape(&x, &scalar));
}
END_TEST

static void expect_none(tg_tensor x) {
  ck_assert_ptr_null(x.data);
  ck_assert_int_eq(x.dtype, TG_DTYPE_NONE);
}

START_TEST(test_tensor_of_refuses) {
  char data[8];
  const int64_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  expect_none(tg_tensor_of(data, TG_DTYPE_NONE, TG_DIMS(2)));
  expect_none(tg_tensor_of(data, (tg_dtype)-3, TG_DIMS(2)));
  expect_none(tg_tensor_of(data, TG_F32, 9, nine));
  expect_none(tg_tensor_of(data, TG_F32, -1, nine));
  expect_none(tg_tensor_of(data, TG_F32, TG_DIMS(2, -1)));
  expect_none(tg_tensor_of(data, TG_U8, TG_DIMS(INT64_MAX, 2)));
  expect_none(tg_tensor_of(data, TG_F64, TG_DIMS(INT64_MAX / 8 + 1)));
  expect_none(tg_tensor_of(data, TG_U8, TG_DIMS(INT64_C(1) << 32, INT64_C(1) << 31)));
  expect_none(tg_tensor_of(data, TG_U8, TG_DIMS(INT64_MAX, 0, 2)));
  ck_assert_ptr_eq(tg_tensor_of(data, TG_U8, TG_DIMS(INT64_MAX)).data, data);
}
END_TEST

START_TEST(test_contiguous) {
  float data[24];
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(2, 1, 3));
  x.strides[1] = -77; /* the stride of a dim of 1 means nothing */
  ck_assert(tg_tensor_is_contiguous(&x));
  x.strides[0] = 4;
  ck_assert(!tg_tensor_is_contiguous(&x));
  x.dims[2] = 0;
  ck_assert(tg_tensor_is_contiguous(&x));
  x.dims[0] = 0;
  x.dims[2] = 3;
  ck_assert(tg_tensor_is_contiguous(&x));
}
END_TEST

START_TEST(test_axis) {
  ck_assert_int_eq(tgi_axis(3, -1), 2);
  ck_assert_int_eq(tgi_axis(3, 2), 2);
  ck_assert_int_eq(tgi_axis(3, 3), -1);
  ck_assert_int_eq(tgi_axis(3, -4), -1);
  ck_assert_int_eq(tgi_axis(0, 0), -1);
  ck_assert_int_eq(tgi_axis(3, INT64_MIN), -1);
}
END_TEST

/* ---- views ---- */

START_TEST(test_broadcast_dims) {
  char data[1];
  tg_tensor a = tg_tensor_of(data, TG_F32, TG_DIMS(3, 1));
  tg_tensor b = tg_tensor_of(data, TG_F32, TG_DIMS(5, 1, 4));
  tg_tensor y = a;
  ck_assert(tgi_broadcast_dims(&y, &b));
  tg_tensor expected = tg_tensor_of(data, TG_F32, TG_DIMS(5, 3, 4));
  ck_assert(tg_tensor_same_shape(&y, &expected) && tg_tensor_is_contiguous(&y));
  tg_tensor c = tg_tensor_of(data, TG_F32, TG_DIMS(2));
  ck_assert(!tgi_broadcast_dims(&y, &c));
  ck_assert(tg_tensor_same_shape(&y, &expected));
  tg_tensor empty = tg_tensor_of(data, TG_F32, TG_DIMS(0, 3, 1));
  y = a;
  ck_assert(tgi_broadcast_dims(&y, &empty));
  ck_assert_int_eq(tg_tensor_numel(&y), 0);
  y = tg_tensor_of(data, TG_F32, TG_DIMS(INT64_C(1) << 40, 1));
  tg_tensor wide = tg_tensor_of(data, TG_F32, TG_DIMS(INT64_C(1) << 40));
  ck_assert(!tgi_broadcast_dims(&y, &wide));
  ck_assert_int_eq(y.dims[1], 1);
}
END_TEST

START_TEST(test_broadcast_view) {
  static double buffer[BUFFER];
  for (int trial = 0; trial < 500; trial++) {
    int64_t dims[TG_MAX_RANK], own[TG_MAX_RANK];
    int rank = draw_dims(dims), dropped = rank ? (int)draw(rank + 1) : 0;
    for (int k = dropped; k < rank; k++) own[k - dropped] = draw(2) ? 1 : dims[k];
    tg_tensor x = draw_view(buffer, TG_F64, rank - dropped, own, true);
    tg_tensor to = tg_tensor_of(buffer, TG_F64, rank, dims);
    tg_tensor y = tgi_broadcast_view(&x, &to);
    ck_assert(tg_tensor_same_shape(&y, &to));
    if (tg_tensor_numel(&y) == 0) continue;
    int64_t index[TG_MAX_RANK] = {0}, from[TG_MAX_RANK] = {0};
    do {
      for (int k = dropped; k < rank; k++) from[k - dropped] = own[k - dropped] == 1 ? 0 : index[k];
      ck_assert_ptr_eq(naive_address(&y, index), naive_address(&x, from));
    } while (next_index(&y, index));
  }
}
END_TEST

START_TEST(test_permute_view) {
  float data[24];
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(2, 3, 4));
  tg_tensor y = tgi_permute_view(&x, (const int[]){2, 0, 1});
  ck_assert_int_eq(y.dims[0], 4);
  ck_assert_int_eq(y.dims[1], 2);
  ck_assert_int_eq(y.dims[2], 3);
  ck_assert_ptr_eq(naive_address(&y, (const int64_t[]){3, 1, 2}),
                   naive_address(&x, (const int64_t[]){1, 2, 3}));
}
END_TEST

/* Strides of the view are right, or no strides could be: the addresses along each new axis are not
   evenly spaced. */
static void expect_reshape(const tg_tensor *x, int rank, const int64_t dims[]) {
  tg_tensor y = {0}, shape = tg_tensor_of(x->data, x->dtype, rank, dims);
  bool possible = true;
  int64_t size = (int64_t)tg_dtype_size(x->dtype), n = tg_tensor_numel(&shape);
  for (int k = 0; k < rank; k++) {
    if (dims[k] > 1) shape.strides[k] = (tgi_address(x, shape.strides[k]) - (char *)x->data) / size;
  }
  for (int64_t i = 0; i < n; i++)
    possible = possible && tgi_address(&shape, i) == tgi_address(x, i);
  ck_assert_int_eq(tgi_reshape_view(x, rank, dims, &y), possible);
  if (!possible) return;
  ck_assert(tg_tensor_same_shape(&y, &shape));
  for (int64_t i = 0; i < n; i++) ck_assert_ptr_eq(tgi_address(&y, i), tgi_address(x, i));
}

START_TEST(test_reshape_view) {
  static float buffer[BUFFER];
  static const int64_t dims[][4] = {{24, 1, 1, 1}, {2, 12, 1, 1}, {12, 2, 1, 1}, {3, 8, 1, 1},
                                    {4, 6, 1, 1},  {2, 3, 4, 1},  {4, 3, 2, 1},  {2, 2, 6, 1},
                                    {2, 2, 2, 3},  {1, 4, 1, 6},  {3, 1, 2, 4},  {1, 1, 1, 24}};
  enum { N = sizeof(dims) / sizeof(*dims) };
  for (int trial = 0; trial < 4000; trial++) {
    tg_tensor x = draw_view(buffer, TG_F32, 4, dims[draw(N)], true);
    expect_reshape(&x, 4, dims[draw(N)]);
  }
}
END_TEST

START_TEST(test_reshape_view_refuses) {
  float data[6];
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(2, 3)), y;
  ck_assert(!tgi_reshape_view(&x, TG_DIMS(4), &y));
  ck_assert(!tgi_reshape_view(&x, TG_DIMS(-1, 6), &y));
  ck_assert(tgi_reshape_view(&x, TG_DIMS(1, 6, 1), &y));
  tg_tensor empty = tg_tensor_of(data, TG_F32, TG_DIMS(0, 3));
  ck_assert(tgi_reshape_view(&empty, TG_DIMS(5, 0, 2), &y));
  ck_assert(!tgi_reshape_view(&empty, TG_DIMS(1), &y));
  tg_tensor scalar = tg_tensor_of(data, TG_F32, TG_SCALAR);
  ck_assert(tgi_reshape_view(&scalar, TG_DIMS(1, 1), &y));
  ck_assert(tgi_reshape_view(&y, TG_SCALAR, &y));
}
END_TEST

/* ---- walks ---- */

START_TEST(test_walk_visits_every_element_in_order) {
  static double a[BUFFER];
  static uint8_t b[BUFFER];
  for (int trial = 0; trial < 1000; trial++) {
    int64_t dims[TG_MAX_RANK], index[TG_MAX_RANK] = {0};
    int rank = draw_dims(dims);
    tg_tensor x = draw_view(a, TG_F64, rank, dims, true);
    tg_tensor y = draw_view(b, TG_U8, rank, dims, true);
    tgi_walk w;
    tgi_walk_init(&w, 2, (const tg_tensor *const[]){&x, &y});
    ck_assert_int_eq(w.n * w.runs, tg_tensor_numel(&x));
    ck_assert_int_ge(w.rank, 1);
    for (int64_t r = 0; r < w.runs; r++) {
      char *at[2];
      tgi_walk_run(&w, r, at);
      for (int64_t i = 0; i < w.n; i++) {
        ck_assert_ptr_eq(at[0] + i * w.strides[0][w.rank - 1], naive_address(&x, index));
        ck_assert_ptr_eq(at[1] + i * w.strides[1][w.rank - 1], naive_address(&y, index));
        next_index(&x, index);
      }
    }
  }
}
END_TEST

START_TEST(test_walk_merges_axes) {
  static float data[1000];
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(2, 3, 1, 4));
  const tg_tensor *const one[] = {&x};
  tgi_walk w;
  tgi_walk_init(&w, 1, one);
  ck_assert_int_eq(w.n, 24);
  ck_assert_int_eq(w.runs, 1);
  tg_tensor row = tg_tensor_of(data, TG_F32, TG_DIMS(4));
  tg_tensor wide = tgi_broadcast_view(&row, &x);
  tgi_walk_init(&w, 2, (const tg_tensor *const[]){&x, &wide});
  ck_assert_int_eq(w.n, 4);
  ck_assert_int_eq(w.runs, 6);
  ck_assert_int_eq(w.rank, 2);
  tg_tensor scalar = tg_tensor_of(data, TG_F32, TG_SCALAR);
  const tg_tensor *const single[] = {&scalar};
  tgi_walk_init(&w, 1, single);
  ck_assert_int_eq(w.n, 1);
  ck_assert_int_eq(w.runs, 1);
  ck_assert_int_eq(w.strides[0][0], 4);
}
END_TEST

/* ---- copies and elements ---- */

START_TEST(test_copy_any_strides) {
  static double from[BUFFER], to[BUFFER];
  static const tg_dtype dtypes[] = {TG_F32, TG_F64, TG_I64, TG_I32, TG_U8};
  for (int trial = 0; trial < 1500; trial++) {
    int64_t dims[TG_MAX_RANK], index[TG_MAX_RANK] = {0};
    int rank = draw_dims(dims);
    tg_dtype dtype = dtypes[draw(5)];
    tg_tensor x = draw_view(from, dtype, rank, dims, true);
    tg_tensor y = draw_view(to, draw(2) ? dtype : dtypes[draw(5)], rank, dims, false);
    int64_t n = tg_tensor_numel(&x);
    for (int64_t i = 0; i < n; i++) tg_tensor_put(&x, i, (double)(1 + draw(200)));
    for (int64_t i = 0; i < n; i++) tg_tensor_put(&y, i, 0);
    ck_assert_int_eq(tg_tensor_copy(&y, &x), TG_OK);
    if (n == 0) continue;
    do ck_assert_double_eq(tg_tensor_get(&y, index), tg_tensor_get(&x, index));
    while (next_index(&x, index));
  }
}
END_TEST

/* Nothing but the elements is written. */
START_TEST(test_copy_writes_only_its_elements) {
  static float from[BUFFER], to[BUFFER];
  for (int i = 0; i < 3 * 70 * 90; i++) from[i] = (float)i;
  tg_tensor x = tg_tensor_of(from, TG_F32, TG_DIMS(3, 70, 90));
  tg_tensor y = {.data = to, .dtype = TG_F32, .rank = 3, .dims = {3, 70, 90}};
  memcpy(y.strides, (const int64_t[]){90 * 71, 1, 71}, 3 * sizeof(int64_t));
  ck_assert_int_eq(tg_tensor_copy(&y, &x), TG_OK);
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < 90; k++) {
      for (int j = 0; j < 70; j++)
        ck_assert_float_eq(to[i * 90 * 71 + k * 71 + j], from[i * 70 * 90 + j * 90 + k]);
      ck_assert_float_eq(to[i * 90 * 71 + k * 71 + 70], 0);
    }
}
END_TEST

START_TEST(test_copy_transposed_planes) {
  static double from[40 * 65 * 7], to[40 * 65 * 7];
  for (int i = 0; i < 40 * 65 * 7; i++) from[i] = i;
  tg_tensor x = tg_tensor_of(from, TG_F64, TG_DIMS(40, 7, 65));
  for (int order = 0; order < 6; order++) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    tg_tensor view = tgi_permute_view(&x, orders[order]);
    tg_tensor y = tg_tensor_of(to, TG_F64, 3, view.dims);
    ck_assert_int_eq(tg_tensor_copy(&y, &view), TG_OK);
    for (int64_t i = 0; i < 40 * 65 * 7; i++)
      ck_assert_double_eq(to[i], *(const double *)tgi_address(&view, i));
  }
}
END_TEST

/* An axis of repeats in front of a transposed plane. */
START_TEST(test_copy_repeated_transpose) {
  static float from[70 * 50], to[3 * 50 * 70];
  for (int i = 0; i < 70 * 50; i++) from[i] = (float)i;
  tg_tensor y = tg_tensor_of(to, TG_F32, TG_DIMS(3, 50, 70)),
            x = tg_tensor_of(from, TG_F32, TG_DIMS(70, 50));
  x = tgi_permute_view(&x, (const int[]){1, 0});
  x = tgi_broadcast_view(&x, &y);
  ck_assert_int_eq(tg_tensor_copy(&y, &x), TG_OK);
  for (int i = 0; i < 3 * 50 * 70; i++) ck_assert_float_eq(to[i], from[i % 70 * 50 + i / 70 % 50]);
}
END_TEST

START_TEST(test_copy_refuses) {
  float a[6];
  tg_tensor x = tg_tensor_of(a, TG_F32, TG_DIMS(2, 3)), y = tg_tensor_of(a, TG_F32, TG_DIMS(6));
  ck_assert_int_eq(tg_tensor_copy(&x, &y), TG_SHAPE);
  y = x;
  y.dtype = TG_DTYPE_NONE;
  ck_assert_int_eq(tg_tensor_copy(&x, &y), TG_DTYPE);
  ck_assert_int_eq(tg_tensor_copy(&y, &x), TG_DTYPE);
}
END_TEST

static int64_t converted(double value, tg_dtype via, tg_dtype to) {
  int64_t from, result = 0;
  tg_tensor x = tg_tensor_of(&from, via, TG_SCALAR);
  tg_tensor y = tg_tensor_of(&result, to, TG_SCALAR);
  tg_tensor_put(&x, 0, value);
  ck_assert_int_eq(tg_tensor_copy(&y, &x), TG_OK);
  return to == TG_I64 ? result : (int64_t)tg_tensor_at(&y, 0);
}

START_TEST(test_conversions) {
  static const tg_dtype floats[] = {TG_F32, TG_F64};
  for (int f = 0; f < 2; f++) {
    tg_dtype via = floats[f];
    ck_assert_int_eq(converted(1e30, via, TG_I64), INT64_MAX);
    ck_assert_int_eq(converted(-INFINITY, via, TG_I64), INT64_MIN);
    ck_assert_int_eq(converted(0x1p63, via, TG_I64), INT64_MAX);
    ck_assert_int_eq(converted(-0x1p63, via, TG_I64), INT64_MIN);
    ck_assert_int_eq(converted(NAN, via, TG_I64), 0);
    ck_assert_int_eq(converted(NAN, via, TG_I32), 0);
    ck_assert_int_eq(converted(NAN, via, TG_U8), 0);
    ck_assert_int_eq(converted(NAN, via, TG_BOOL), 1);
    ck_assert_int_eq(converted(INFINITY, via, TG_I32), INT32_MAX);
    ck_assert_int_eq(converted(0x1p31, via, TG_I32), INT32_MAX);
    ck_assert_int_eq(converted(-3e9, via, TG_I32), INT32_MIN);
    ck_assert_int_eq(converted(-2.75, via, TG_I32), -2);
    ck_assert_int_eq(converted(255.5, via, TG_U8), 255);
    ck_assert_int_eq(converted(256, via, TG_U8), 255);
    ck_assert_int_eq(converted(-0.5, via, TG_U8), 0);
    ck_assert_int_eq(converted(-7, via, TG_U8), 0);
    ck_assert_int_eq(converted(0.25, via, TG_BOOL), 1);
    ck_assert_int_eq(converted(-0.0, via, TG_BOOL), 0);
  }
  ck_assert_int_eq(converted(2147483647.0, TG_F64, TG_I32), INT32_MAX);
  ck_assert_int_eq(converted(4294967298.0, TG_I64, TG_I32), 2);
  ck_assert_int_eq(converted(300, TG_I32, TG_U8), 44);
  ck_assert_int_eq(converted(300, TG_I32, TG_BOOL), 1);
  ck_assert_int_eq(converted(-5, TG_I32, TG_I64), -5);
}
END_TEST

/* i64 to f32 rounds once: by way of a double, this number would round to 2^55. */
START_TEST(test_conversion_rounds_once) {
  int64_t a = (INT64_C(1) << 55) + (INT64_C(1) << 31) + 1;
  float b;
  tg_tensor x = tg_tensor_of(&a, TG_I64, TG_SCALAR), y = tg_tensor_of(&b, TG_F32, TG_SCALAR);
  ck_assert_int_eq(tg_tensor_copy(&y, &x), TG_OK);
  ck_assert_float_eq(b, 0x1p55f + 0x1p32f);
}
END_TEST

START_TEST(test_elements) {
  static int32_t buffer[BUFFER];
  const int64_t dims[] = {3, 2, 4};
  tg_tensor x = draw_view(buffer, TG_I32, 3, dims, false);
  int64_t index[3] = {0}, position = 0;
  do {
    tg_tensor_set(&x, index, 100.9 + (double)position);
    ck_assert_double_eq(tg_tensor_at(&x, position), 100 + (double)position);
    tg_tensor_put(&x, position, -(double)position);
    ck_assert_double_eq(tg_tensor_get(&x, index), -(double)position);
    ck_assert_ptr_eq(tgi_address(&x, position), naive_address(&x, index));
    position++;
  } while (next_index(&x, index));
}
END_TEST

/* ---- text ---- */

static void expect_text(const tg_tensor *x, int64_t limit, const char *expected) {
  char text[256], cut[5];
  ck_assert_uint_eq(tg_tensor_text(x, limit, text, sizeof(text)), strlen(expected));
  ck_assert_str_eq(text, expected);
  ck_assert_uint_eq(tg_tensor_text(x, limit, cut, sizeof(cut)), strlen(expected));
  ck_assert_int_eq(strncmp(cut, expected, sizeof(cut) - 1), 0);
}

START_TEST(test_text) {
  float f[] = {1, 2.5f, -0.0f, NAN, INFINITY, 1e-20f};
  tg_tensor x = tg_tensor_of(f, TG_F32, TG_DIMS(2, 3));
  expect_text(&x, 100, "[[1, 2.5, -0],\n [nan, inf, 1e-20]]");
  expect_text(&x, 6, "[[1, 2.5, -0],\n [nan, inf, 1e-20]]");
  expect_text(&x, 5, "[[1, 2.5, -0],\n [nan, inf, ...]]");
  expect_text(&x, 3, "[[1, 2.5, -0],\n ...]");
  expect_text(&x, 0, "...");
  x = tgi_permute_view(&x, (const int[]){1, 0});
  expect_text(&x, 100, "[[1, nan],\n [2.5, inf],\n [-0, 1e-20]]");
  int64_t i[] = {1, -2, 3, 4, 5, 6, 7, INT64_MIN};
  x = tg_tensor_of(i, TG_I64, TG_DIMS(2, 2, 2));
  expect_text(&x, 100, "[[[1, -2],\n  [3, 4]],\n\n [[5, 6],\n  [7, -9223372036854775808]]]");
  expect_text(&x, 6, "[[[1, -2],\n  [3, 4]],\n\n [[5, 6],\n  ...]]");
  uint8_t b[] = {0, 1, 200};
  x = tg_tensor_of(b, TG_U8, TG_DIMS(3));
  expect_text(&x, 100, "[0, 1, 200]");
  x = tg_tensor_of(b, TG_BOOL, TG_DIMS(2));
  expect_text(&x, 100, "[false, true]");
  x = tg_tensor_of(f, TG_F32, TG_SCALAR);
  expect_text(&x, 100, "1");
  x = tg_tensor_of(f, TG_F32, TG_DIMS(2, 0));
  expect_text(&x, 100, "[]");
}
END_TEST

START_TEST(test_shape_text) {
  char text[64];
  tg_tensor x = tg_tensor_of(text, TG_U8, TG_DIMS(32, 784));
  ck_assert_uint_eq(tg_tensor_shape_text(&x, text, sizeof(text)), 8);
  ck_assert_str_eq(text, "[32,784]");
  x = tg_tensor_of(text, TG_U8, TG_SCALAR);
  ck_assert_uint_eq(tg_tensor_shape_text(&x, text, sizeof(text)), 2);
  ck_assert_str_eq(text, "[]");
  x = tg_tensor_of(text, TG_U8, TG_DIMS(12345));
  ck_assert_uint_eq(tg_tensor_shape_text(&x, text, 4), 7);
  ck_assert_str_eq(text, "[12");
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tensor");
  TCase *c = tcase_create("tensor");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, test_dtypes);
  tcase_add_test(c, test_tensor_of);
  tcase_add_test(c, test_tensor_of_refuses);
  tcase_add_test(c, test_contiguous);
  tcase_add_test(c, test_axis);
  tcase_add_test(c, test_broadcast_dims);
  tcase_add_test(c, test_broadcast_view);
  tcase_add_test(c, test_permute_view);
  tcase_add_test(c, test_reshape_view);
  tcase_add_test(c, test_reshape_view_refuses);
  tcase_add_test(c, test_walk_visits_every_element_in_order);
  tcase_add_test(c, test_walk_merges_axes);
  tcase_add_test(c, test_copy_any_strides);
  tcase_add_test(c, test_copy_writes_only_its_elements);
  tcase_add_test(c, test_copy_transposed_planes);
  tcase_add_test(c, test_copy_repeated_transpose);
  tcase_add_test(c, test_copy_refuses);
  tcase_add_test(c, test_conversions);
  tcase_add_test(c, test_conversion_rounds_once);
  tcase_add_test(c, test_elements);
  tcase_add_test(c, test_text);
  tcase_add_test(c, test_shape_text);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
