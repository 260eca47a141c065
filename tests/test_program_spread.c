/* lib/program/spread.c: what is equal along an axis is computed once. By operator: the shape in
   which a program without fused loops runs it, and its values. Then random programs on broadcasts
   along any axes, of every dtype that they take, against the tape. */
#include <stdio.h>
#include <string.h>

#include "program.h"

enum { A = 5, B = 6, INPUTS = 4, TEXT = 1 << 14 };

static const uint32_t spread = 1u << TG_PASS_SPREAD, fuse = 1u << TG_PASS_FUSE;

/* ---- comparing ---- */

/* Near: where sums may be rounded otherwise. Else bit by bit. */
static void assert_equal(const char *name, const tg_tensor *a, const tg_tensor *b, bool near) {
  ck_assert_msg(a->data && b->data && tg_tensor_same_shape(a, b), "%s: the shape", name);
  double tolerance = !near ? 0 : b->dtype == TG_F32 ? 1e-5 : b->dtype == TG_F64 ? 1e-13 : 0;
  for (int64_t i = 0; i < tg_tensor_numel(a); i++) {
    double u = tg_tensor_at(a, i), v = tg_tensor_at(b, i);
    bool same = memcmp(&u, &v, sizeof u) == 0 || fabs(u - v) < tolerance * (1 + fabs(v));
    ck_assert_msg(same, "%s: [%lld] is %.17g, not %.17g", name, (long long)i, u, v);
  }
}

static bool keep(void *user, const char *text, size_t length) {
  char *to = user;
  ck_assert_uint_lt(strlen(to) + length, TEXT);
  strncat(to, text, length);
  return true;
}

/* ---- operators: rows [A,B] are equal, columns [A,B] likewise, z [A,B] is anything, w [4,B] ----
 */

typedef struct operands {
  tg_var x, rows, columns, z, w;
} operands;
typedef tg_var case_fn(operands o);

static tg_var stack3(tg_var x) { return tg_stack((tg_var[]){x, x, x}, 3, 1); }
static tg_var join(tg_var a, tg_var b, int axis) { return tg_concat((tg_var[]){a, b}, 2, axis); }
static tg_var one_of(tg_var x) { return tg_sum(x, TG_ALL, false); }
static tg_var every(tg_var x) { return tg_expand(one_of(x), TG_DIMS(A, B)); }
static tg_var batch(tg_var x) { return tg_expand(x, TG_DIMS(3, A, B)); }
static tg_var turned(tg_var x) { return tg_transpose(x, 0, 1); }
static tg_var dropped(tg_var x) { return tg_dropout(x, 0.5, (tg_key){3, 4}); }
static tg_var network(tg_var x, tg_var w) {
  tg_var h = tg_tanh(tg_linear(x, w, TG_NONE));
  return tg_mul(h, tg_rsub_scalar(tg_square(h), 1));
}

/* The operator whose step is looked at, and the shape of its result; sums may round otherwise. */
#define CASES(X)                                                                                   \
  X(same, "exp", "[1,6]", 0, tg_exp(o.rows))                                                       \
  X(same_of_columns, "exp", "[5,1]", 0, tg_exp(o.columns))                                         \
  X(same_of_one, "exp", "[1,1]", 0, tg_exp(every(o.x)))                                            \
  X(same_of_new_axis, "exp", "[1,5,6]", 0, tg_exp(batch(o.z)))                                     \
  X(same_of_two_axes, "exp", "[1,1,6]", 0, tg_exp(batch(o.rows)))                                  \
  X(same_of_view, "exp", "[6,1]", 0, tg_exp(turned(o.rows)))                                       \
  X(same_of_slice, "exp", "[1,2]", 0, tg_exp(tg_slice(o.rows, 1, 1, 5, 2)))                        \
  X(same_of_reshape, "exp", "[1,2,3]", 0, tg_exp(tg_reshape(o.rows, TG_DIMS(A, 2, 3))))            \
  X(same_of_selected, "exp", "[5,1]", 0, tg_exp(tg_select(turned(batch(o.columns)), 1, 2)))        \
  X(same_of_view_of_result, "neg", "[6,1]", 0, tg_neg(turned(tg_exp(o.rows))))                     \
  X(two, "mul", "[1,6]", 0, tg_mul(o.rows, tg_expand(tg_neg(o.x), TG_DIMS(A, B))))                 \
  X(two_that_differ, "mul", "[5,6]", 0, tg_mul(o.rows, o.z))                                       \
  X(two_that_cross, "mul", "[5,6]", 0, tg_mul(o.rows, o.columns))                                  \
  X(two_of_which_one_is_all, "mul", "[1,6]", 0, tg_mul(o.rows, every(o.z)))                        \
  X(where, "where", "[5,1]", 0, tg_where(tg_gt(o.columns, every(o.x)), o.columns, every(o.z)))     \
  X(cast, "cast", "[1,6]", 0, tg_cast(o.rows, TG_I32))                                             \
  X(draws, "dropout", "[5,6]", 0, dropped(o.rows))                                                 \
  X(concat, "concat", "[1,12]", 0, join(o.rows, tg_exp(o.rows), 1))                                \
  X(concat_across, "concat", "[10,6]", 0, join(o.rows, o.rows, 0))                                 \
  X(stack, "stack", "[1,3,6]", 0, stack3(o.rows))                                                  \
  X(stack_of_columns, "stack", "[5,3,1]", 0, stack3(o.columns))                                    \
  X(scatter, "slice_scatter", "[1,6]", 0,                                                          \
    tg_slice_scatter(o.rows, tg_exp(tg_slice(o.rows, 1, 0, 2, 1)), 1, 2, 4, 1))                    \
  X(scatter_across, "slice_scatter", "[5,6]", 0,                                                   \
    tg_slice_scatter(o.rows, tg_exp(tg_slice(o.rows, 0, 0, 2, 1)), 0, 2, 4, 1))                    \
  X(softmax, "softmax", "[1,6]", 1, tg_softmax(o.rows, 1))                                         \
  X(softmax_across, "softmax", "[5,6]", 1, tg_softmax(o.rows, 0))                                  \
  X(log_softmax, "log_softmax", "[5,1]", 1, tg_log_softmax(o.columns, -2))                         \
  X(cumsum, "cumsum", "[1,6]", 1, tg_cumsum(o.rows, 1))                                            \
  X(cumsum_across, "cumsum", "[5,6]", 1, tg_cumsum(o.rows, 0))                                     \
  X(cumprod, "cumprod", "[1,6]", 1, tg_cumprod(o.rows, 1))                                         \
  X(sum, "sum", "[1]", 1, tg_sum(o.rows, TG_AXES(1), false))                                       \
  X(sum_kept, "sum", "[1,1]", 1, tg_sum(o.rows, TG_AXES(1), true))                                 \
  X(sum_across, "sum", "[6]", 1, tg_sum(o.rows, TG_AXES(0), false))                                \
  X(sum_of_middle, "sum", "[1,6]", 1, tg_sum(batch(o.z), TG_AXES(1), false))                       \
  X(mean, "mean", "[1]", 1, tg_mean(o.rows, TG_AXES(1), false))                                    \
  X(prod, "prod", "[1]", 1, tg_prod(o.rows, TG_AXES(1), false))                                    \
  X(amax, "amax", "[1,1]", 0, tg_amax(o.rows, TG_AXES(1), true))                                   \
  X(amin, "amin", "[1]", 0, tg_amin(o.columns, TG_AXES(0), false))                                 \
  X(logsumexp, "logsumexp", "[1]", 1, tg_logsumexp(o.rows, TG_AXES(1), false))                     \
  X(sum_to, "sum_to", "[1,1]", 1, tg_sum_to(o.rows, TG_DIMS(A, 1)))                                \
  X(sum_to_lower, "sum_to", "[1]", 1, tg_sum_to(o.columns, TG_DIMS(B)))                            \
  X(linear, "linear", "[1,4]", 1, tg_linear(o.rows, o.w, TG_NONE))                                 \
  X(linear_bias, "linear", "[1,1,4]", 1, tg_linear(batch(o.rows), o.w, tg_slice(o.x, 0, 0, 4, 1))) \
  X(linear_across, "linear", "[5,4]", 1, tg_linear(o.columns, o.w, TG_NONE))                       \
  X(linear_of_equal_weights, "linear", "[5,1]", 1, tg_linear(o.z, o.rows, TG_NONE))                \
  X(linear_of_other_bias, "linear", "[5,5]", 1, tg_linear(o.z, o.rows, tg_slice(o.x, 0, 0, 5, 1))) \
  X(matmul, "matmul", "[1,4]", 1, tg_matmul(o.rows, turned(o.w)))                                  \
  X(matmul_right, "matmul", "[5,1]", 1, tg_matmul(o.z, turned(o.rows)))                            \
  X(matmul_both, "matmul", "[1,1]", 1, tg_matmul(o.rows, turned(o.rows)))                          \
  X(matmul_inner, "matmul", "[5,4]", 1, tg_matmul(o.columns, turned(o.w)))                         \
  X(matmul_vector, "matmul", "[1]", 1, tg_matmul(o.rows, o.x))                                     \
  X(matmul_of_vector, "matmul", "[1]", 1, tg_matmul(o.x, turned(o.rows)))                          \
  X(matmul_batch, "matmul", "[1,5,5]", 1, tg_matmul(batch(o.z), turned(o.z)))                      \
  X(matmul_batches, "matmul", "[1,5,1]", 1,                                                        \
    tg_matmul(tg_unsqueeze(tg_neg(o.z), 0), turned(o.rows)))                                       \
  X(chain, "linear", "[1,4]", 1, network(o.rows, o.w))                                             \
  X(end_of_chain, "square", "[1,4]", 1, network(o.rows, o.w))

#define DEFINE(name, op, shape, near, expression)                                                  \
  static tg_var name(operands o) { return expression; }
CASES(DEFINE)

static const struct {
  const char *name, *op, *shape;
  bool near;
  case_fn *fn;
} cases[] = {
#define ROW(name, op, shape, near, expression) {#name, op, shape, near, name},
    CASES(ROW)};
enum { CASE_COUNT = sizeof cases / sizeof *cases };

static tg_var apply(case_fn *fn, const tg_var x[INPUTS]) {
  operands o = {x[0], tg_expand(x[0], TG_DIMS(A, B)), tg_expand(x[1], TG_DIMS(A, B)), x[2], x[3]};
  return fn(o);
}

static const int64_t dims[INPUTS][2] = {{B, 0}, {A, 1}, {A, B}, {4, B}};
static const int ranks[INPUTS] = {1, 2, 2, 2};

static void fill(tg_tensor x[INPUTS], double memory[INPUTS][A * B], tg_dtype dtype, int turn) {
  for (int i = 0; i < INPUTS; i++) {
    x[i] = tg_tensor_of(memory[i], dtype, ranks[i], dims[i]);
    for (int64_t k = 0; k < tg_tensor_numel(&x[i]); k++)
      tg_tensor_put(&x[i], k, sin(1 + (double)k * 0.7 + i + 10.0 * turn));
  }
}

static tg_program *program_of(case_fn *fn, const tg_tensor x[INPUTS], uint32_t without) {
  tg_error e = {TG_OK, ""};
  tg_var v[INPUTS];
  tg_tape_reset(t);
  tg_capture_begin(t);
  for (int i = 0; i < INPUTS; i++) v[i] = tg_input(t, i, x[i], NULL);
  tg_var y = apply(fn, v);
  tg_program *p = tg_capture_end(t, &y, 1, &(tg_program_options){.without = without}, &e);
  ck_assert_msg(p != NULL, "%s", e.message);
  return p;
}

static void assert_shape(const tg_program *p, const char *name, const char *op, const char *shape) {
  static char text[TEXT];
  char start[40], result[40], attribute[40];
  *text = 0;
  tg_program_dump(p, keep, text);
  snprintf(start, sizeof start, " %s(", op);
  snprintf(result, sizeof result, " %s ", shape);
  snprintf(attribute, sizeof attribute, "dims=%s ", shape);
  char *line = strstr(text, start);
  ck_assert_msg(line != NULL, "%s: no %s in\n%s", name, op, text);
  size_t length = strcspn(line, "\n");
  char *found = strstr(line, result);
  ck_assert_msg(found && found < line + length, "%s: %.*s", name, (int)length, line);
  if (strcmp(op, "sum_to") == 0) ck_assert_ptr_nonnull(strstr(line, attribute));
}

static void try_case(int i, tg_dtype dtype) {
  double memory[INPUTS][A * B];
  tg_tensor x[INPUTS];
  fill(x, memory, dtype, 0);
  tg_program *apart = program_of(cases[i].fn, x, fuse), *p = program_of(cases[i].fn, x, 0);
  assert_shape(apart, cases[i].name, cases[i].op, cases[i].shape);
  for (int turn = 2; turn >= 0; turn--) {
    tg_var v[INPUTS];
    fill(x, memory, dtype, turn);
    tg_tape_reset(t);
    for (int k = 0; k < INPUTS; k++) v[k] = tg_leaf(t, x[k]);
    tg_tensor y = tg_value(apply(cases[i].fn, v));
    assert_replays(p, x, INPUTS);
    assert_replays(apart, x, INPUTS);
    tg_tensor fused = tg_program_value(p, 0), unfused = tg_program_value(apart, 0);
    assert_equal(cases[i].name, &fused, &y, cases[i].near);
    assert_equal(cases[i].name, &unfused, &y, cases[i].near);
    ck_assert_msg(tg_tensor_is_contiguous(&fused), "%s: the result is not dense", cases[i].name);
  }
  tg_program_free(apart);
  tg_program_free(p);
}

START_TEST(equal_parts_are_computed_once_by_each_operator) {
  try_case(_i, TG_F32);
  try_case(_i, TG_F64);
}
END_TEST

/* ---- left out ---- */

START_TEST(without_the_pass_all_is_computed) {
  double memory[INPUTS][A * B];
  tg_tensor x[INPUTS];
  fill(x, memory, TG_F64, 0);
  tg_program *p = program_of(linear, x, spread);
  assert_shape(p, "linear", "linear", "[5,4]");
  tg_program_free(p);
}
END_TEST

/* ---- products: how far one row is from many ---- */

START_TEST(one_row_is_as_near_as_many) {
  enum { ROWS = 64, K = 100, N = 33 };
  static float xd[K], wd[N * K];
  for (int i = 0; i < K; i++) xd[i] = (float)sin(3 + i * 1.3);
  for (int i = 0; i < N * K; i++) wd[i] = (float)cos(i * 0.9);
  tg_tensor in[2] = {tg_tensor_of(xd, TG_F32, TG_DIMS(K)), tg_tensor_of(wd, TG_F32, TG_DIMS(N, K))};
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, in[0], NULL), w = tg_input(t, 1, in[1], NULL);
  tg_var y = tg_linear(tg_expand(x, TG_DIMS(ROWS, K)), w, TG_NONE);
  tg_program *p = ended(&y, 1);
  assert_replays(p, in, 2);
  tg_tensor by_tape = tg_value(y);
  for (int64_t i = 0; i < ROWS * N; i++) {
    double sum = 0, size = 0, bound;
    for (int k = 0; k < K; k++) {
      double term = (double)xd[k] * (double)wd[i % N * K + k];
      sum += term;
      size += fabs(term);
    }
    bound = K * 0x1p-24 * size;
    ck_assert_double_le(fabs(result(p, 0, i) - sum), bound);
    ck_assert_double_le(fabs(tg_tensor_at(&by_tape, i) - sum), bound);
  }
  tg_program_free(p);
}
END_TEST

/* ---- stores ---- */

START_TEST(stores_get_all_rows) {
  static double data[B], to[A * B];
  tg_tensor x = tg_tensor_of(data, TG_F64, TG_DIMS(B));
  tg_capture_begin(t);
  tg_var rows = tg_square(tg_expand(tg_input(t, 0, x, NULL), TG_DIMS(A, B)));
  tg_store(tg_tensor_of(to, TG_F64, TG_DIMS(A, B)), rows);
  tg_program *p = ended(NULL, 0);
  for (int i = 0; i < B; i++) data[i] = 0.25 * i;
  assert_replays(p, &x, 1);
  for (int i = 0; i < A * B; i++) ck_assert_double_eq(to[i], data[i % B] * data[i % B]);
  tg_program_free(p);
}
END_TEST

/* ---- random programs ---- */

enum { STEPS = 12, POOL = INPUTS + STEPS, RESULTS = 4, SEEDS = 400 };
static const int64_t whole[3] = {3, 4, 5};

typedef struct dice {
  tg_key key;
  uint64_t at;
} dice;
static int roll(dice *d, int n) { return (int)(tg_random_bits(d->key, d->at++) % (uint32_t)n); }

/* Every var has rank 3, and along each axis the whole length or 1. */
static tg_var stretched(dice *d, tg_var x) {
  int64_t to[3];
  for (int k = 0; k < 3; k++) to[k] = roll(d, 2) ? whole[k] : tg_dim(x, k);
  return tg_broadcast_to(x, 3, to);
}

static tg_var float_step(dice *d, tg_var x, tg_var y, tg_key key, bool *near) {
  int axis = roll(d, 3), kind = roll(d, 8);
  *near = *near || kind < 4;
  switch (kind) {
  case 0: return tg_softmax(x, axis);
  case 1: return tg_mean(x, TG_AXES(axis), true);
  case 2: return tg_logsumexp(x, TG_AXES(axis), true);
  case 3: return tg_tanh(tg_matmul(tg_matmul(x, tg_transpose(y, 1, 2)), x)); /* [.,p,q] */
  case 4: return tg_tanh(x);
  case 5: return tg_sigmoid(tg_sub(x, y));
  case 6: return tg_dropout(x, 0.5, key);
  default: return tg_mul(x, tg_rand_uniform(t, tg_dtype_of(x), 3, whole, 0, 1, key));
  }
}

static tg_var any_step(dice *d, tg_var x, tg_var y) {
  int axis = roll(d, 3);
  switch (roll(d, 8)) {
  case 0: return tg_add(x, y);
  case 1: return tg_mul(x, tg_neg(y));
  case 2: return tg_where(tg_gt(x, y), x, y);
  case 3: return tg_amax(x, TG_AXES(axis), true);
  case 4: return tg_flip(x, TG_AXES(axis));
  case 5: return tg_transpose(tg_sub(tg_transpose(x, 0, 2), tg_transpose(y, 0, 2)), 0, 2);
  case 6: return tg_reshape(tg_neg(tg_flatten(x, 0, 1)), TG_DIMS(tg_dim(x, 0), -1, tg_dim(x, 2)));
  default: return tg_slice(tg_concat((tg_var[]){x, x}, 2, axis), axis, 0, tg_dim(x, axis), 1);
  }
}

/* Sums of integers are exact. */
static tg_var integer_step(dice *d, tg_var x, tg_var y) {
  int axis = roll(d, 3);
  switch (roll(d, 4)) {
  case 0: return tg_sum(x, TG_AXES(axis), true);
  case 1: return tg_cumsum(x, axis);
  case 2: return tg_matmul(tg_matmul(x, tg_transpose(y, 1, 2)), x);
  default: return tg_square(x);
  }
}

/* Results y from inputs x; whether sums are among what they are made of. */
static bool express(uint64_t seed, const tg_var x[INPUTS], tg_key key, tg_var y[RESULTS]) {
  dice d = {.key = {seed, 7}};
  tg_var pool[POOL];
  bool near = false, floats = tg_dtype_is_float(tg_dtype_of(x[0]));
  memcpy(pool, x, INPUTS * sizeof *x);
  for (int n = INPUTS; n < POOL; n++) {
    tg_var a = stretched(&d, pool[roll(&d, n)]), b = stretched(&d, pool[roll(&d, n)]);
    int64_t to[3];
    for (int k = 0; k < 3; k++) to[k] = tg_dim(a, k) > tg_dim(b, k) ? tg_dim(a, k) : tg_dim(b, k);
    b = tg_broadcast_to(b, 3, to);
    if (roll(&d, 2)) a = tg_broadcast_to(a, 3, to);
    if (!floats && roll(&d, 2))
      pool[n] = integer_step(&d, tg_broadcast_to(a, 3, to), b);
    else if (floats && roll(&d, 2))
      pool[n] = float_step(&d, tg_broadcast_to(a, 3, to), b, key, &near);
    else
      pool[n] = any_step(&d, a, b);
  }
  for (int j = 0; j < RESULTS; j++) y[j] = pool[POOL - 1 - j];
  return near;
}

static void draw(tg_tensor x[INPUTS], double memory[INPUTS][60], tg_dtype dtype, uint64_t seed) {
  static const int64_t shapes[INPUTS][3] = {{1, 1, 5}, {3, 1, 1}, {1, 4, 1}, {3, 4, 5}};
  for (int i = 0; i < INPUTS; i++) {
    x[i] = tg_tensor_of(memory[i], dtype, 3, shapes[i]);
    for (int64_t k = 0; k < tg_tensor_numel(&x[i]); k++) {
      double u = 4 * tg_random_uniform((tg_key){seed, 9}, (uint64_t)(60 * i + k)) - 2;
      tg_tensor_put(&x[i], k, tg_dtype_is_float(dtype) ? u : floor(4 * u));
    }
  }
}

static void record(uint64_t seed, const tg_tensor in[INPUTS], bool capture, tg_var y[RESULTS],
                   bool *near) {
  tg_var x[INPUTS];
  const tg_key key = {5, 6};
  tg_tape_reset(t);
  if (capture) tg_capture_begin(t);
  for (int i = 0; i < INPUTS; i++) x[i] = tg_input(t, i, in[i], NULL);
  *near = express(seed, x, key, y);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "seed %d: %s", (int)seed, tg_tape_message(t));
}

static void try_seed(uint64_t seed, tg_dtype dtype) {
  double memory[INPUTS][60];
  tg_tensor in[INPUTS];
  tg_var y[RESULTS];
  tg_program *p[3];
  bool near;
  char name[40];
  draw(in, memory, dtype, seed);
  for (int k = 0; k < 3; k++) {
    const uint32_t without[] = {0, fuse, ~spread};
    record(seed, in, true, y, &near);
    p[k] = tg_capture_end(t, y, RESULTS, &(tg_program_options){.without = without[k]}, NULL);
    ck_assert_ptr_nonnull(p[k]);
  }
  for (uint64_t turn = 0; turn < 2; turn++) {
    draw(in, memory, dtype, seed + 1000 * turn);
    record(seed, in, false, y, &near);
    for (int k = 0; k < 3; k++) {
      assert_replays(p[k], in, INPUTS);
      for (int j = 0; j < RESULTS; j++) {
        tg_tensor a = tg_program_value(p[k], j), b = tg_value(y[j]);
        snprintf(name, sizeof name, "seed %d, %s, way %d, %d", (int)seed, tg_dtype_name(dtype), k,
                 j);
        assert_equal(name, &a, &b, near);
      }
    }
  }
  for (int k = 0; k < 3; k++) tg_program_free(p[k]);
}

START_TEST(random_programs_give_what_tapes_give) {
  static const tg_dtype dtypes[] = {TG_F32, TG_F64, TG_I64, TG_I32};
  for (uint64_t seed = 0; seed < SEEDS; seed++) try_seed(seed, dtypes[_i]);
}
END_TEST

int main(void) {
  Suite *s = suite_create("program_spread");
  TCase *c = tcase_create("spread");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, equal_parts_are_computed_once_by_each_operator, 0, CASE_COUNT);
  tcase_add_test(c, without_the_pass_all_is_computed);
  tcase_add_test(c, one_row_is_as_near_as_many);
  tcase_add_test(c, stores_get_all_rows);
  tcase_add_loop_test(c, random_programs_give_what_tapes_give, 0, 4);
  return run_suite(s);
}
