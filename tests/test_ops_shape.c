/* Operators on shapes. They are linear or affine, so derivatives are checked without small steps: J
   v = f(x + v) - f(x). Values are checked against index arithmetic and committed numbers. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "tapegrad/diff.h"
#include "tapegrad/ops.h"

static tg_tape *t;

static void setup(void) { t = tg_tape_new(NULL, NULL); }
static void teardown(void) { tg_tape_free(t); }

enum { MOST = 512 };

/* A constant with the numbers 0, 1, 2, ... */
static tg_var iota(int rank, const int64_t dims[]) {
  double data[MOST];
  for (int i = 0; i < MOST; i++) data[i] = i;
  return tg_constant(t, tg_tensor_of(data, TG_F64, rank, dims));
}

static void assert_is(tg_var y, int rank, const int64_t dims[], const double expected[]) {
  tg_tensor value = tg_value(y);
  ck_assert_msg(value.data != NULL, "%s", tg_tape_message(t));
  tg_tensor want = tg_tensor_of((void *)(uintptr_t)expected, TG_F64, rank, dims);
  char text[100];
  tg_tensor_shape_text(&value, text, sizeof text);
  ck_assert_msg(tg_tensor_same_shape(&value, &want), "the shape is %s", text);
  for (int64_t i = 0; i < tg_tensor_numel(&want); i++)
    ck_assert_msg(tg_tensor_at(&value, i) == expected[i], "[%d] is %g, not %g", (int)i,
                  tg_tensor_at(&value, i), expected[i]);
}
#define ASSERT_IS(y, dims, ...) assert_is(y, dims, (const double[]){__VA_ARGS__})

static bool is_view(tg_var y, tg_var x) {
  const char *at = tg_value(y).data, *base = tg_value(x).data;
  return at >= base && at < base + tg_numel(x) * 8;
}

static void assert_refused(tg_var y, tg_status status) {
  ck_assert(tg_is_failed(y));
  ck_assert_msg(tg_tape_status(t) == status, "%s", tg_tape_message(t));
  tg_tape_reset(t);
}

/* ---- every sample of every operator here ---- */

static const char *const names[] = {
    "reshape",
    "flatten",
    "squeeze",
    "squeeze_all",
    "unsqueeze",
    "transpose",
    "permute",
    "flip",
    "slice",
    "slice_scatter",
    "select",
    "concat",
    "stack",
    "expand",
    "roll",
    "pad",
    "tile",
    "repeat",
    "repeat_interleave",
    "diagonal",
    "diagonal_scatter",
    "diag_embed",
    "tril",
    "triu",
    "full",
    "arange",
    "linspace",
    "eye",
    "rand_uniform",
    "rand_normal",
    "rand_bernoulli",
    "identity",
    "contiguous",
};
enum { NAMES = sizeof names / sizeof *names };

static double number(uint64_t salt, int64_t i) {
  return 2 * tg_random_uniform((tg_key){11, salt}, (uint64_t)i) - 1;
}

static tg_tensor filled(const tg_sample_input *in, uint64_t salt) {
  static double memory[8][MOST];
  tg_tensor x = tg_tensor_of(memory[salt % 8], TG_F64, in->rank, in->dims);
  for (int64_t i = 0; i < tg_tensor_numel(&x); i++) tg_tensor_put(&x, i, number(salt, i));
  return x;
}

/* The same numbers laid out backwards along every axis, axes in reverse order, gaps between. */
static tg_tensor scattered(const tg_tensor *x, int slot) {
  static double memory[4][4 * MOST];
  tg_tensor y = *x;
  int64_t step = 2, last = 0;
  for (int k = 0; k < x->rank; k++) {
    y.strides[k] = -step;
    if (x->dims[k] > 0) last += step * (x->dims[k] - 1);
    if (x->dims[k] > 1) step *= x->dims[k];
  }
  y.data = memory[slot] + last;
  tg_tensor_copy(&y, x);
  return y;
}

static double dot(tg_var a, tg_var b) {
  tg_tensor u = tg_value(a), v = tg_value(b);
  ck_assert_msg(u.data && v.data && tg_tensor_same_shape(&u, &v), "%s", tg_tape_message(t));
  double sum = 0;
  for (int64_t i = 0; i < tg_tensor_numel(&u); i++)
    sum += tg_tensor_at(&u, i) * tg_tensor_at(&v, i);
  return sum;
}

static double dot_memory(const tg_tensor *a, tg_var b) { return dot(tg_constant(t, *a), b); }

static void assert_close(double a, double b, const char *name, int sample, const char *what) {
  ck_assert_msg(fabs(a - b) <= 1e-11 * (1 + fabs(b)), "%s sample %d: %s: %.17g is not %.17g", name,
                sample, what, a, b);
}

static tg_var like(tg_var x, uint64_t salt) {
  tg_tensor value = tg_value(x);
  tg_sample_input in = {.rank = value.rank};
  for (int k = 0; k < value.rank; k++) in.dims[k] = value.dims[k];
  return tg_constant(t, filled(&in, salt));
}

/* J v of operand i, by a difference and by forward mode; J^T w by rules, and by the plain sweep
   into fresh and into used memory; J again, as the transpose of J^T. */
static void check_operand(const tg_op *op, int k, tg_var x[], int i) {
  const tg_sample *s = &op->samples[k];
  tg_var y = tg_apply(op, x, s->n, s->attrs), again = tg_apply(op, x, s->n, s->attrs);
  tg_var v = like(x[i], 5), w = like(y, 6), dx, dy, back, moved[TG_SAMPLE_INPUTS];
  memcpy(moved, x, sizeof moved);
  moved[i] = tg_add(x[i], v);
  double wanted = dot(w, tg_apply(op, moved, s->n, s->attrs)) - dot(w, y);
  ck_assert_int_eq(tg_jvp(&y, 1, &x[i], &v, 1, &dy), TG_OK);
  assert_close(dot(w, dy), wanted, op->name, k, "jvp");
  ck_assert_int_eq(tg_vjp(&y, &w, 1, &x[i], 1, &dx), TG_OK);
  assert_close(dot(dx, v), wanted, op->name, k, "vjp");
  ck_assert_int_eq(tg_vjp(&dx, &v, 1, &w, 1, &back), TG_OK);
  assert_close(dot(w, back), wanted, op->name, k, "vjp of vjp");
  double memory[MOST] = {0};
  tg_tensor value = tg_value(x[i]), into = tg_tensor_of(memory, TG_F64, value.rank, value.dims);
  const tg_var both[2] = {y, again}, ws[2] = {w, w};
  ck_assert_int_eq(tg_backward_into(&y, &w, 1, NULL, &x[i], &into, 1), TG_OK);
  assert_close(dot_memory(&into, v), wanted, op->name, k, "grad");
  ck_assert_int_eq(tg_backward_into(both, ws, 2, NULL, &x[i], &into, 1), TG_OK);
  assert_close(dot_memory(&into, v), 3 * wanted, op->name, k, "grad added");
}

static void check_sample(const tg_op *op, int k) {
  const tg_sample *s = &op->samples[k];
  tg_var x[TG_SAMPLE_INPUTS], strided[TG_SAMPLE_INPUTS];
  for (int i = 0; i < s->n; i++) {
    tg_tensor dense = filled(&s->in[i], (uint64_t)i);
    x[i] = tg_leaf(t, dense);
    strided[i] = tg_leaf(t, scattered(&dense, i));
  }
  tg_var y = tg_apply_on(t, op, x, s->n, s->attrs);
  ck_assert_msg(tg_tape_status(t) == s->refuse, "%s sample %d: \"%s\"", op->name, k,
                tg_tape_message(t));
  if (s->refuse != TG_OK || s->n == 0) return;
  tg_var w = like(y, 6);
  assert_close(dot(w, tg_apply(op, strided, s->n, s->attrs)), dot(w, y), op->name, k, "strided");
  for (int i = 0; i < s->n; i++) {
    check_operand(op, k, x, i);
    check_operand(op, k, strided, i);
  }
}

START_TEST(samples_of_an_operator) {
  const tg_op *op = tg_op_find(names[_i]);
  ck_assert_msg(op && op->n_samples > 0, "%s has no samples", names[_i]);
  for (int k = 0; k < op->n_samples; k++) {
    check_sample(op, k);
    tg_tape_reset(t);
  }
}
END_TEST

/* ---- other dims ---- */

START_TEST(reshape_is_a_view_where_strides_allow) {
  tg_var x = iota(TG_DIMS(2, 3, 4));
  ck_assert(is_view(tg_reshape(x, TG_DIMS(-1, 4)), x));
  ck_assert(is_view(tg_flatten(tg_slice(x, 0, 1, 2, 1), 0, -1), x));
  tg_var turned = tg_transpose(iota(TG_DIMS(2, 3)), 0, 1), flat = tg_reshape(turned, TG_DIMS(-1));
  ck_assert(!is_view(flat, turned));
  ASSERT_IS(flat, TG_DIMS(6), 0, 3, 1, 4, 2, 5);
  ASSERT_IS(tg_reshape(x, TG_DIMS(4, 1, -1)), TG_DIMS(4, 1, 6), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
            11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}
END_TEST

START_TEST(squeeze_and_unsqueeze_change_the_rank) {
  tg_var x = iota(TG_DIMS(1, 2, 1));
  ASSERT_IS(tg_squeeze(x, 0), TG_DIMS(2, 1), 0, 1);
  ASSERT_IS(tg_squeeze(x, 1), TG_DIMS(1, 2, 1), 0, 1);
  ASSERT_IS(tg_squeeze_all(x), TG_DIMS(2), 0, 1);
  ASSERT_IS(tg_unsqueeze(tg_squeeze_all(x), -1), TG_DIMS(2, 1), 0, 1);
  ASSERT_IS(tg_unsqueeze(tg_scalar(t, TG_F64, 7), 0), TG_DIMS(1), 7);
  ASSERT_IS(tg_flatten(tg_scalar(t, TG_F64, 7), 0, -1), TG_DIMS(1), 7);
}
END_TEST

START_TEST(permute_and_flip) {
  tg_var x = iota(TG_DIMS(2, 3));
  ASSERT_IS(tg_permute(x, TG_AXES(1, 0)), TG_DIMS(3, 2), 0, 3, 1, 4, 2, 5);
  ASSERT_IS(tg_transpose(x, -1, 0), TG_DIMS(3, 2), 0, 3, 1, 4, 2, 5);
  ASSERT_IS(tg_flip(x, TG_AXES(-1)), TG_DIMS(2, 3), 2, 1, 0, 5, 4, 3);
  ASSERT_IS(tg_flip(x, TG_ALL), TG_DIMS(2, 3), 5, 4, 3, 2, 1, 0);
  ck_assert(is_view(tg_flip(x, TG_ALL), x));
  tg_var turned = tg_permute(iota(TG_DIMS(2, 3, 4)), TG_AXES(2, 0, 1)); /* [4, 2, 3] */
  ck_assert_int_eq(tg_dim(turned, 0), 4);
  ck_assert_double_eq(tg_item(tg_select(tg_select(tg_select(turned, 0, 3), 0, 1), 0, 2)), 23);
}
END_TEST

/* ---- parts ---- */

/* The indices of Python's range(n)[start:stop:step], found by walking. INT64_MIN: no stop. */
static int64_t python_count(int64_t n, int64_t start, int64_t stop, int64_t step, int64_t out[]) {
  int64_t count = 0;
  if (start < 0) start += n;
  if (stop < 0 && stop != INT64_MIN) stop += n;
  if (step > 0) {
    for (int64_t i = start < 0 ? 0 : start; i < n && i < stop; i += step) out[count++] = i;
  } else {
    for (int64_t i = start >= n ? n - 1 : start; i >= 0 && i > stop; i += step) out[count++] = i;
  }
  return count;
}

START_TEST(slices_are_numpys) {
  static const int64_t lengths[] = {0, 1, 5};
  for (int l = 0; l < 3; l++)
    for (int64_t start = -7; start <= 7; start++)
      for (int64_t stop = -7; stop <= 8; stop++)
        for (int64_t step = -3; step <= 3; step++) {
          if (step == 0) continue;
          int64_t n = lengths[l], at[8], end = stop < 8 ? stop : step < 0 ? INT64_MIN : 8;
          int64_t count = python_count(n, start, end, step, at);
          double expected[8];
          for (int k = 0; k < count; k++) expected[k] = (double)at[k];
          tg_var y = tg_slice(iota(1, &n), 0, start, stop < 8 ? stop : TG_END, step);
          assert_is(y, 1, &count, expected);
          tg_tape_reset(t);
        }
}
END_TEST

START_TEST(slices_by_hand) {
  tg_var x = iota(TG_DIMS(5));
  ASSERT_IS(tg_slice(x, 0, TG_END, TG_END, -1), TG_DIMS(5), 4, 3, 2, 1, 0);
  ASSERT_IS(tg_slice(x, 0, -1, -6, -2), TG_DIMS(3), 4, 2, 0); /* x[-1:-6:-2] */
  ASSERT_IS(tg_slice(x, 0, -2, TG_END, 1), TG_DIMS(2), 3, 4);
  ASSERT_IS(tg_slice(x, 0, 3, 0, -1), TG_DIMS(3), 3, 2, 1);
  ASSERT_IS(tg_slice(x, 0, INT64_MIN, INT64_MAX - 1, 4), TG_DIMS(2), 0, 4);
  ck_assert_int_eq(tg_numel(tg_slice(x, 0, 4, 1, 1)), 0);
  tg_var b = tg_slice(iota(TG_DIMS(20)), 0, 10, 12, 1);
  ASSERT_IS(tg_slice_scatter(x, b, 0, TG_END, 0, -2), TG_DIMS(5), 0, 1, 11, 3, 10);
}
END_TEST

START_TEST(split_makes_views) {
  tg_var x = iota(TG_DIMS(2, 5)), out[3];
  ck_assert_int_eq(tg_split(x, 2, 1, out, 3), TG_OK);
  ASSERT_IS(out[0], TG_DIMS(2, 2), 0, 1, 5, 6);
  ASSERT_IS(out[2], TG_DIMS(2, 1), 4, 9);
  ck_assert(is_view(out[1], x));
  ASSERT_IS(tg_concat(out, 3, 1), TG_DIMS(2, 5), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  ck_assert_int_eq(tg_split(x, 2, 1, out, 2), TG_SHAPE);
  assert_refused(out[1], TG_SHAPE);
  ck_assert_int_eq(tg_split(TG_NONE, 2, 1, out, 2), TG_ARGUMENT);
  ck_assert(tg_is_none(out[0]));
}
END_TEST

START_TEST(concat_and_stack) {
  tg_var x = iota(TG_DIMS(2, 2)), y = tg_flip(x, TG_ALL), both[2] = {x, y};
  ASSERT_IS(tg_concat(both, 2, 0), TG_DIMS(4, 2), 0, 1, 2, 3, 3, 2, 1, 0);
  ASSERT_IS(tg_concat(both, 2, -1), TG_DIMS(2, 4), 0, 1, 3, 2, 2, 3, 1, 0);
  ASSERT_IS(tg_stack(both, 2, 0), TG_DIMS(2, 2, 2), 0, 1, 2, 3, 3, 2, 1, 0);
  ASSERT_IS(tg_stack(both, 2, -1), TG_DIMS(2, 2, 2), 0, 3, 1, 2, 2, 1, 3, 0);
  tg_var many[100];
  for (int i = 0; i < 100; i++) many[i] = tg_scalar(t, TG_F64, i);
  ck_assert_double_eq(tg_item(tg_select(tg_stack(many, 100, 0), 0, -1)), 99);
  ck_assert(tg_is_none(tg_concat(NULL, 0, 0)));
}
END_TEST

/* ---- diagonals and triangles ---- */

START_TEST(diagonals) {
  tg_var x = iota(TG_DIMS(2, 3)), y = iota(TG_DIMS(2, 2, 3));
  ASSERT_IS(tg_diagonal(x, 0, 0, 1), TG_DIMS(2), 0, 4);
  ASSERT_IS(tg_diagonal(x, 1, 0, 1), TG_DIMS(2), 1, 5);
  ASSERT_IS(tg_diagonal(x, -1, 0, 1), TG_DIMS(1), 3);
  ASSERT_IS(tg_diagonal(x, -1, 1, 0), TG_DIMS(2), 1, 5);
  ck_assert_int_eq(tg_numel(tg_diagonal(x, 3, 0, 1)), 0);
  ck_assert(is_view(tg_diagonal(x, 1, 0, 1), x));
  ASSERT_IS(tg_diagonal(y, 0, 0, -1), TG_DIMS(2, 2), 0, 7, 3, 10);
  ASSERT_IS(tg_diagonal_scatter(x, iota(TG_DIMS(2)), 1, 0, 1), TG_DIMS(2, 3), 0, 0, 2, 3, 4, 1);
  tg_var v = tg_slice(iota(TG_DIMS(3)), 0, 1, 3, 1);
  ASSERT_IS(tg_diag_embed(v, 0, 0, 1), TG_DIMS(2, 2), 1, 0, 0, 2);
  ASSERT_IS(tg_diag_embed(v, -1, -2, -1), TG_DIMS(3, 3), 0, 0, 0, 1, 0, 0, 0, 2, 0);
}
END_TEST

START_TEST(triangles) {
  tg_var x = tg_add(iota(TG_DIMS(2, 3)), tg_scalar(t, TG_F64, 1));
  ASSERT_IS(tg_tril(x, 0), TG_DIMS(2, 3), 1, 0, 0, 4, 5, 0);
  ASSERT_IS(tg_tril(x, 1), TG_DIMS(2, 3), 1, 2, 0, 4, 5, 6);
  ASSERT_IS(tg_tril(x, -1), TG_DIMS(2, 3), 0, 0, 0, 4, 0, 0);
  ASSERT_IS(tg_triu(x, 0), TG_DIMS(2, 3), 1, 2, 3, 0, 5, 6);
  ASSERT_IS(tg_triu(x, 1), TG_DIMS(2, 3), 0, 2, 3, 0, 0, 6);
  ASSERT_IS(tg_triu(x, -1), TG_DIMS(2, 3), 1, 2, 3, 4, 5, 6);
  ASSERT_IS(tg_tril(x, INT64_MIN), TG_DIMS(2, 3), 0, 0, 0, 0, 0, 0);
  ASSERT_IS(tg_triu(tg_full(t, TG_BOOL, TG_DIMS(2, 2), 1), 1), TG_DIMS(2, 2), 0, 1, 0, 0);
  double holes[4] = {NAN, INFINITY, 1, NAN}; /* what is outside is 0, whatever it was */
  tg_var h = tg_constant(t, tg_tensor_of(holes, TG_F64, TG_DIMS(2, 2)));
  ASSERT_IS(tg_tril(h, -1), TG_DIMS(2, 2), 0, 0, 1, 0);
}
END_TEST

/* ---- pad, roll, repetition ---- */

START_TEST(pad_adds_and_takes_away) {
  tg_var x = iota(TG_DIMS(2, 2));
  ASSERT_IS(tg_pad(x, TG_DIMS(1, 0, 0, 2), 9), TG_DIMS(3, 4), 9, 9, 9, 9, 0, 1, 9, 9, 2, 3, 9, 9);
  ASSERT_IS(tg_pad(x, TG_DIMS(-1, 1, 1, -1), 9), TG_DIMS(2, 2), 9, 2, 9, 9);
  ASSERT_IS(tg_pad(x, TG_DIMS(-3, 2, 0, 0), 9), TG_DIMS(1, 2), 9, 9);
  ASSERT_IS(tg_pad(tg_scalar(t, TG_F64, 4), TG_SCALAR, 9), TG_SCALAR, 4);
  assert_refused(tg_pad(iota(TG_DIMS(2, 2)), TG_DIMS(1, 0, 0), 0), TG_SHAPE);
}
END_TEST

START_TEST(roll_goes_round) {
  tg_var x = iota(TG_DIMS(2, 3));
  ASSERT_IS(tg_roll(x, 1, 1), TG_DIMS(2, 3), 2, 0, 1, 5, 3, 4);
  ASSERT_IS(tg_roll(x, -4, -1), TG_DIMS(2, 3), 1, 2, 0, 4, 5, 3);
  ASSERT_IS(tg_roll(x, 3, 0), TG_DIMS(2, 3), 3, 4, 5, 0, 1, 2);
  ASSERT_IS(tg_roll(x, 0, 0), TG_DIMS(2, 3), 0, 1, 2, 3, 4, 5);
}
END_TEST

START_TEST(repetition) {
  tg_var x = iota(TG_DIMS(2, 2)), v = iota(TG_DIMS(2));
  ASSERT_IS(tg_tile(x, TG_DIMS(2)), TG_DIMS(2, 4), 0, 1, 0, 1, 2, 3, 2, 3);
  ASSERT_IS(tg_tile(x, TG_DIMS(2, 1)), TG_DIMS(4, 2), 0, 1, 2, 3, 0, 1, 2, 3);
  ASSERT_IS(tg_tile(v, TG_DIMS(2, 1, 2)), TG_DIMS(2, 1, 4), 0, 1, 0, 1, 0, 1, 0, 1);
  ASSERT_IS(tg_repeat(v, TG_DIMS(2, 2)), TG_DIMS(2, 4), 0, 1, 0, 1, 0, 1, 0, 1);
  ASSERT_IS(tg_repeat_interleave(x, 2, 0), TG_DIMS(4, 2), 0, 1, 0, 1, 2, 3, 2, 3);
  ASSERT_IS(tg_repeat_interleave(x, 2, -1), TG_DIMS(2, 4), 0, 0, 1, 1, 2, 2, 3, 3);
  ASSERT_IS(tg_expand(v, TG_DIMS(2, -1)), TG_DIMS(2, 2), 0, 1, 0, 1);
  ck_assert(is_view(tg_expand(v, TG_DIMS(2, -1)), v));
  int64_t reps[8] = {2, 1, 1, 1, 1, 1, 1, 2}, ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  tg_var deep = tg_tile(tg_reshape(tg_scalar(t, TG_F64, 3), 8, ones), 8, reps);
  ASSERT_IS(tg_flatten(deep, 0, -1), TG_DIMS(4), 3, 3, 3, 3);
}
END_TEST

/* ---- from nothing ---- */

START_TEST(filled_tensors) {
  ASSERT_IS(tg_zeros(t, TG_F32, TG_DIMS(2, 2)), TG_DIMS(2, 2), 0, 0, 0, 0);
  ASSERT_IS(tg_ones(t, TG_BOOL, TG_DIMS(3)), TG_DIMS(3), 1, 1, 1);
  ASSERT_IS(tg_full(t, TG_I64, TG_SCALAR, -7.9), TG_SCALAR, -7);
  ASSERT_IS(tg_eye(t, TG_U8, 3), TG_DIMS(3, 3), 1, 0, 0, 0, 1, 0, 0, 0, 1);
  tg_var x = tg_transpose(iota(TG_DIMS(2, 3)), 0, 1), y = tg_full_like(x, 4);
  ASSERT_IS(y, TG_DIMS(3, 2), 4, 4, 4, 4, 4, 4);
  ck_assert_int_eq(tg_dtype_of(tg_zeros_like(tg_eye(t, TG_I32, 2))), TG_I32);
  ck_assert(tg_is_none(tg_ones_like(TG_NONE)));
  ck_assert(tg_is_none(tg_zeros(NULL, TG_F32, TG_DIMS(2))));
  assert_refused(tg_zeros(t, (tg_dtype)77, TG_DIMS(2)), TG_DTYPE);
  assert_refused(tg_zeros(t, TG_F32, TG_DIMS(INT64_MAX, 2)), TG_SHAPE);
}
END_TEST

START_TEST(ranges) {
  ASSERT_IS(tg_arange(t, TG_F64, 1, 2, 0.25), TG_DIMS(4), 1, 1.25, 1.5, 1.75);
  ASSERT_IS(tg_arange(t, TG_I64, 5, -1, -2), TG_DIMS(3), 5, 3, 1);
  ck_assert_int_eq(tg_numel(tg_arange(t, TG_F32, 0, 5, -1)), 0);
  tg_tensor many = tg_value(tg_arange(t, TG_I32, 0, 1000, 1));
  for (int i = 0; i < 1000; i++) ck_assert_double_eq(tg_tensor_at(&many, i), i);
  ASSERT_IS(tg_linspace(t, TG_F64, -1, 1, 5), TG_DIMS(5), -1, -0.5, 0, 0.5, 1);
  ASSERT_IS(tg_linspace(t, TG_F64, 3, 8, 1), TG_DIMS(1), 3);
  tg_tensor line = tg_value(tg_linspace(t, TG_F64, 0.1, 0.7, 12));
  ck_assert(tg_tensor_at(&line, 11) == 0.7);
}
END_TEST

START_TEST(random_tensors_are_functions_of_the_key) {
  tg_key key = {3, 4};
  tg_tensor u = tg_value(tg_rand_uniform(t, TG_F64, TG_DIMS(3, 5), -1, 3, key));
  tg_tensor z = tg_value(tg_rand_normal(t, TG_F64, TG_DIMS(3, 5), 2, 0.5, key));
  for (int i = 0; i < 15; i++) {
    ck_assert(tg_tensor_at(&u, i) == -1 + 4 * tg_random_uniform(key, (uint64_t)i));
    ck_assert(tg_tensor_at(&z, i) == 2 + 0.5 * tg_random_normal(key, (uint64_t)i));
  }
}
END_TEST

/* Past one tile, and odd in length. */
START_TEST(bernoulli_counts) {
  tg_key key = {5, 6};
  enum { N = 40001 };
  tg_tensor b = tg_value(tg_rand_bernoulli(t, TG_U8, TG_DIMS(N), 0.3, key));
  int ones = 0;
  for (int i = 0; i < N; i++) {
    double bit = tg_tensor_at(&b, i);
    ck_assert(bit == (tg_random_uniform(key, (uint64_t)i) < 0.3));
    ones += bit == 1;
  }
  ck_assert_int_lt(abs(ones - 12000), 400); /* over 4 standard deviations */
}
END_TEST

START_TEST(the_same_on_any_number_of_threads) {
  tg_runtime *four = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  tg_tape *other = tg_tape_new(&(tg_tape_options){.runtime = four}, NULL);
  tg_tensor a = tg_value(tg_rand_bernoulli(t, TG_F32, TG_DIMS(70001), 0.5, (tg_key){7, 8}));
  tg_tensor b = tg_value(tg_rand_bernoulli(other, TG_F32, TG_DIMS(70001), 0.5, (tg_key){7, 8}));
  ck_assert_int_eq(memcmp(a.data, b.data, tg_tensor_bytes(&a)), 0);
  tg_tape_free(other);
  tg_runtime_free(four);
}
END_TEST

/* ---- the same numbers again ---- */

START_TEST(detach_stops_gradients) {
  tg_var x = iota(TG_DIMS(3)), y = tg_mul(x, tg_detach(x)), dx;
  ck_assert(is_view(tg_detach(x), x));
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_OK);
  ASSERT_IS(dx, TG_DIMS(3), 0, 1, 2);
}
END_TEST

START_TEST(contiguous_copies_only_what_is_not) {
  tg_var x = iota(TG_DIMS(2, 3)), turned = tg_transpose(x, 0, 1);
  ck_assert(is_view(tg_contiguous(x), x));
  tg_tensor y = tg_value(tg_contiguous(turned));
  ck_assert(tg_tensor_is_contiguous(&y));
  ASSERT_IS(tg_contiguous(turned), TG_DIMS(3, 2), 0, 3, 1, 4, 2, 5);
}
END_TEST

START_TEST(cast_converts_and_passes_gradients) {
  double data[3] = {-1.5, 2.7, 300};
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(3)));
  ck_assert(is_view(tg_cast(x, TG_F64), x));
  ASSERT_IS(tg_cast(x, TG_U8), TG_DIMS(3), 0, 2, 255);
  ASSERT_IS(tg_cast(x, TG_BOOL), TG_DIMS(3), 1, 1, 1);
  tg_var f = tg_cast(x, TG_F32), y = tg_mul(f, f), dx;
  ck_assert_int_eq(tg_dtype_of(f), TG_F32);
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_OK);
  ASSERT_IS(dx, TG_DIMS(3), -3, 2 * (double)2.7f, 600);
  ck_assert_int_eq(tg_dtype_of(dx), TG_F64);
  double memory[3] = {1, 1, 1};
  tg_tensor into = tg_tensor_of(memory, TG_F64, TG_DIMS(3));
  const tg_var both[2] = {y, f}; /* y reaches f, f reaches x: once fresh, once added */
  ck_assert_int_eq(tg_backward_into(both, NULL, 2, NULL, &x, &into, 1), TG_OK);
  ck_assert(memory[0] == -1 && memory[2] == 602);
  tg_var twice[2] = {tg_cast(x, TG_F32), tg_cast(x, TG_F32)};
  ck_assert_int_eq(tg_backward_into(twice, NULL, 2, NULL, &x, &into, 1), TG_OK);
  ck_assert(memory[0] == 1 && memory[2] == 604);
}
END_TEST

START_TEST(all_dtypes_have_shapes) {
  uint8_t bits[6] = {1, 0, 0, 1, 1, 0};
  int64_t big[2] = {INT64_MAX, INT64_MIN};
  tg_var b = tg_leaf(t, tg_tensor_of(bits, TG_BOOL, TG_DIMS(2, 3)));
  ASSERT_IS(tg_reshape(tg_transpose(b, 0, 1), TG_DIMS(6)), TG_DIMS(6), 1, 1, 0, 1, 0, 0);
  tg_var i = tg_leaf(t, tg_tensor_of(big, TG_I64, TG_DIMS(2))), two[2] = {i, i};
  const int64_t *joined = tg_value(tg_concat(two, 2, 0)).data;
  ck_assert(joined[2] == INT64_MAX && joined[3] == INT64_MIN);
  two[1] = b;
  assert_refused(tg_concat(two, 2, 0), TG_DTYPE);
}
END_TEST

START_TEST(refusals_say_why) {
  tg_var x = tg_name(iota(TG_DIMS(2, 3)), "x");
  tg_reshape(x, TG_DIMS(4, 2));
  const char *message = tg_tape_message(t);
  ck_assert_msg(strstr(message, "reshape") && strstr(message, "\"x\" [2,3]") &&
                    strstr(message, "6 elements do not fill [4,2]"),
                "%s", message);
  tg_tape_reset(t);
  assert_refused(tg_select(iota(TG_DIMS(2)), 0, 2), TG_ARGUMENT);
  ck_assert(tg_is_none(tg_transpose(TG_NONE, 0, 1)));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ops_shape");
  TCase *tc = tcase_create("ops_shape");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_set_timeout(tc, 60);
  tcase_add_loop_test(tc, samples_of_an_operator, 0, NAMES);
  tcase_add_test(tc, reshape_is_a_view_where_strides_allow);
  tcase_add_test(tc, squeeze_and_unsqueeze_change_the_rank);
  tcase_add_test(tc, permute_and_flip);
  tcase_add_test(tc, slices_are_numpys);
  tcase_add_test(tc, slices_by_hand);
  tcase_add_test(tc, split_makes_views);
  tcase_add_test(tc, concat_and_stack);
  tcase_add_test(tc, diagonals);
  tcase_add_test(tc, triangles);
  tcase_add_test(tc, pad_adds_and_takes_away);
  tcase_add_test(tc, roll_goes_round);
  tcase_add_test(tc, repetition);
  tcase_add_test(tc, filled_tensors);
  tcase_add_test(tc, ranges);
  tcase_add_test(tc, random_tensors_are_functions_of_the_key);
  tcase_add_test(tc, bernoulli_counts);
  tcase_add_test(tc, the_same_on_any_number_of_threads);
  tcase_add_test(tc, detach_stops_gradients);
  tcase_add_test(tc, contiguous_copies_only_what_is_not);
  tcase_add_test(tc, cast_converts_and_passes_gradients);
  tcase_add_test(tc, all_dtypes_have_shapes);
  tcase_add_test(tc, refusals_say_why);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
