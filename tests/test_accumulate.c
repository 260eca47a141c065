/* Sums of products: a weight that is used again and again gets its gradient added up in place, with
   the bits of the tape's plain sweep; and sums that others read are left alone. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

enum { T = 5, ROWS = 16, IN = 24, SIZE = 32 };

typedef struct model {
  tg_params *params;
  tg_grads *grads;
} model;

static void fill(float x[], int n, int seed) {
  for (int i = 0; i < n; i++) x[i] = (float)((i * 37 + seed * 101) % 113) / 113 - 0.45f;
}

static model model_new(void) {
  model m = {.params = tg_params_new(NULL, NULL)};
  tg_params_add(m.params, "w", TG_F32, TG_DIMS(SIZE, IN));
  tg_params_add(m.params, "u", TG_F32, TG_DIMS(SIZE, SIZE));
  tg_params_add(m.params, "b", TG_F32, TG_DIMS(SIZE));
  tg_params_seal(m.params, NULL);
  for (int i = 0; i < 3; i++) {
    tg_tensor p = tg_params_tensor(m.params, i);
    fill(p.data, (int)tg_tensor_numel(&p), i);
  }
  tg_params_touch(m.params, -1);
  m.grads = tg_grads_new(m.params, NULL);
  return m;
}

static void model_free(model *m) {
  tg_grads_free(m->grads);
  tg_params_free(m->params);
}

/* A recurrent network over x [T, ROWS, IN]. */
static tg_var loss_of(tg_tape *t, const model *m, tg_var x) {
  tg_var w = tg_param(t, m->params, 0), u = tg_param(t, m->params, 1);
  tg_var b = tg_param(t, m->params, 2), h = tg_tanh(tg_linear(tg_select(x, 0, 0), w, b));
  for (int k = 1; k < T; k++)
    h = tg_tanh(tg_add(tg_linear(tg_select(x, 0, k), w, b), tg_linear(h, u, TG_NONE)));
  return tg_mean(tg_square(h), TG_ALL, false);
}

static tg_program *capture(const model *m, tg_tensor x, uint32_t without) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var loss = loss_of(t, m, tg_input(t, 0, x, "x"));
  tg_store_grads(m->grads, loss);
  tg_program *p = tg_capture_end(t, &loss, 1, &(tg_program_options){.without = without}, &error);
  ck_assert_msg(p != NULL, "%s", error.message);
  tg_tape_free(t);
  return p;
}

typedef struct count {
  char text[1 << 16];
  size_t length;
} count;

static bool keep(void *user, const char *text, size_t length) {
  count *c = user;
  ck_assert_uint_lt(c->length + length, sizeof c->text);
  memcpy(c->text + c->length, text, length);
  c->length += length;
  return true;
}

static int steps_named(const tg_program *p, const char *name) {
  static count c;
  int n = 0;
  memset(&c, 0, sizeof c);
  tg_program_dump(p, keep, &c);
  for (const char *at = c.text; (at = strstr(at, name)); at += strlen(name)) n++;
  return n;
}

START_TEST(test_gradients_are_those_of_the_plain_sweep) {
  static float data[T * ROWS * IN];
  model eager = model_new(), replayed = model_new();
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(T, ROWS, IN));
  tg_program *p = capture(&replayed, x, 0);
  tg_program *apart = capture(&replayed, x, 1u << TG_PASS_ACCUMULATE);
  ck_assert_int_eq(steps_named(apart, "product_sum"), 0);
  ck_assert_int_eq(steps_named(p, "product_sum"), T - 1 + T - 2);
  ck_assert_uint_lt(tg_program_stats_of(p).bytes, tg_program_stats_of(apart).bytes);
  for (int k = 0; k < 3; k++) {
    fill(data, T * ROWS * IN, 7 + k);
    ck_assert_int_eq(tg_program_replay(p, &x, 1, NULL), TG_OK);
    tg_tape *t = tg_tape_new(NULL, NULL);
    tg_grads_zero(eager.grads);
    tg_backward(loss_of(t, &eager, tg_leaf(t, x)), eager.grads);
    tg_tape_free(t);
    for (int i = 0; i < 2; i++) {
      tg_tensor a = tg_grads_tensor(eager.grads, i), b = tg_grads_tensor(replayed.grads, i);
      ck_assert_mem_eq(a.data, b.data, tg_tensor_bytes(&a));
    }
  }
  tg_program_free(apart);
  tg_program_free(p);
  model_free(&eager);
  model_free(&replayed);
}
END_TEST

/* ---- sums that must not be taken over ---- */

typedef struct products {
  double a[4], b[4], c[4], d[4];
} products;

/* Results y of fn by the program with the pass and without it. */
static void check(int n, void (*fn)(const tg_var x[], tg_var y[]), int product_sums) {
  products numbers = {{1, 2, 3, 4}, {0.5, -1, 2, 0.25}, {3, -2, 1, 5}, {-1, 1, 4, 2}};
  double *memory[] = {numbers.a, numbers.b, numbers.c, numbers.d};
  tg_tensor in[4];
  tg_program *p[2];
  for (int k = 0; k < 2; k++) {
    tg_tape *t = tg_tape_new(NULL, NULL);
    tg_var x[4], y[4];
    tg_capture_begin(t);
    for (int i = 0; i < 4; i++) {
      in[i] = tg_tensor_of(memory[i], TG_F64, TG_DIMS(2, 2));
      x[i] = tg_input(t, i, in[i], NULL);
    }
    fn(x, y);
    uint32_t without = k ? 1u << TG_PASS_ACCUMULATE : 0;
    p[k] = tg_capture_end(t, y, n, &(tg_program_options){.without = without}, NULL);
    tg_tape_free(t);
    ck_assert_int_eq(tg_program_replay(p[k], in, 4, NULL), TG_OK);
  }
  ck_assert_int_eq(steps_named(p[0], "product_sum"), product_sums);
  for (int i = 0; i < n; i++) {
    tg_tensor a = tg_program_value(p[0], i), b = tg_program_value(p[1], i);
    for (int64_t j = 0; j < tg_tensor_numel(&a); j++)
      ck_assert_double_eq(tg_tensor_at(&a, j), tg_tensor_at(&b, j));
  }
  tg_program_free(p[0]);
  tg_program_free(p[1]);
}

static void sum_of_two(const tg_var x[], tg_var y[]) {
  y[0] = tg_add(tg_matmul(x[0], x[1]), tg_matmul(x[2], x[3]));
}
static void other_way_round(const tg_var x[], tg_var y[]) {
  tg_var second = tg_matmul(x[2], x[3]);
  y[0] = tg_sub(tg_add(tg_matmul(x[0], x[1]), second), x[0]);
}
static void read_again(const tg_var x[], tg_var y[]) {
  y[1] = tg_matmul(x[0], x[1]);
  y[0] = tg_add(y[1], tg_matmul(x[2], x[3]));
}
static void twice_the_same(const tg_var x[], tg_var y[]) {
  tg_var p = tg_matmul(x[0], x[1]);
  y[0] = tg_add(p, p);
}
/* The second product reads the first. */
static void one_of_the_other(const tg_var x[], tg_var y[]) {
  tg_var p = tg_matmul(x[0], x[1]);
  y[0] = tg_add(p, tg_matmul(p, x[2]));
}
static void with_a_vector(const tg_var x[], tg_var y[]) {
  tg_var row = tg_select(x[2], 0, 0);
  y[0] = tg_add(tg_matmul(x[0], x[1]), tg_matmul(row, x[3]));
}
static void turned(const tg_var x[], tg_var y[]) {
  tg_var p = tg_matmul(x[0], x[1]);
  y[0] = tg_add(tg_transpose(p, 0, 1), tg_matmul(x[2], tg_transpose(x[3], 0, 1)));
}

/* Products that are no matrices' are summed as they are: of rows, columns, batches and integers. */
static tg_var row_of(tg_var x) { return tg_select(x, 0, 0); }
static void rows_by_matrices(const tg_var x[], tg_var y[]) {
  y[0] = tg_add(tg_matmul(row_of(x[0]), x[1]), tg_matmul(row_of(x[2]), x[3]));
}
static void matrices_by_columns(const tg_var x[], tg_var y[]) {
  y[0] = tg_add(tg_matmul(x[0], row_of(x[1])), tg_matmul(x[2], row_of(x[3])));
}
static void batches(const tg_var x[], tg_var y[]) {
  tg_var a = tg_unsqueeze(x[0], 0), c = tg_unsqueeze(x[2], 0);
  y[0] = tg_add(tg_matmul(a, x[1]), tg_matmul(c, x[3]));
}
static void integers(const tg_var x[], tg_var y[]) {
  tg_var z[4];
  for (int i = 0; i < 4; i++) z[i] = tg_cast(x[i], TG_I64);
  y[0] = tg_cast(tg_add(tg_matmul(z[0], z[1]), tg_matmul(z[2], z[3])), TG_F64);
}
/* One is the factor of the other: its memory is read until the end. */
static void sum_and_factor(const tg_var x[], tg_var y[]) {
  tg_var p = tg_matmul(x[0], x[1]);
  y[0] = tg_add(tg_add(p, tg_matmul(x[2], x[3])), tg_matmul(tg_transpose(p, 0, 1), x[2]));
}

START_TEST(test_only_sums_of_products_are_added_up) {
  check(1, sum_of_two, 1);
  check(1, other_way_round, 1);
  check(2, read_again, 0);
  check(1, twice_the_same, 0);
  check(1, one_of_the_other, 0);
  check(1, with_a_vector, 0);
  check(1, turned, 0);
  check(1, rows_by_matrices, 0);
  check(1, matrices_by_columns, 0);
  check(1, batches, 0);
  check(1, integers, 0);
  check(1, sum_and_factor, 0);
}
END_TEST

/* ---- how far from the tape ---- */

enum { M = 9, K = 37, N = 11 };

/* Row i and column j of a b + c d, and the sum of its terms' magnitudes. */
static void exact(const float a[], const float b[], const float c[], const float d[], int i, int j,
                  double *sum, double *size) {
  *sum = *size = 0;
  for (int k = 0; k < K; k++) {
    double x = (double)a[i * K + k] * (double)b[k * N + j];
    double y = (double)c[i * K + k] * (double)d[k * N + j];
    *sum += x + y;
    *size += fabs(x) + fabs(y);
  }
}

/* What program.h says of the pass, of the program that has it and of the one that has not. */
START_TEST(test_a_sum_is_within_its_bound) {
  static float a[M * K], b[K * N], c[M * K], d[K * N];
  float *memory[] = {a, b, c, d};
  for (int with = 0; with < 2; with++) {
    tg_tape *t = tg_tape_new(NULL, NULL);
    tg_tensor in[4];
    tg_var x[4], y;
    tg_capture_begin(t);
    for (int i = 0; i < 4; i++) {
      fill(memory[i], i % 2 ? K * N : M * K, 3 + i);
      in[i] = tg_tensor_of(memory[i], TG_F32, 2, (int64_t[]){i % 2 ? K : M, i % 2 ? N : K});
      x[i] = tg_input(t, i, in[i], NULL);
    }
    sum_of_two(x, &y);
    tg_program_options o = {.without = with ? 0 : 1u << TG_PASS_ACCUMULATE};
    tg_program *p = tg_capture_end(t, &y, 1, &o, NULL);
    ck_assert_int_eq(steps_named(p, "product_sum"), with);
    ck_assert_int_eq(tg_program_replay(p, in, 4, NULL), TG_OK);
    tg_tensor got = tg_program_value(p, 0);
    for (int i = 0; i < M * N; i++) {
      double sum, size;
      exact(a, b, c, d, i / N, i % N, &sum, &size);
      ck_assert_double_le(fabs(tg_tensor_at(&got, i) - sum), (2 * K + 1) * 0x1p-24 * size);
    }
    tg_program_free(p);
    tg_tape_free(t);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("accumulate");
  TCase *c = tcase_create("accumulate");
  tcase_add_test(c, test_gradients_are_those_of_the_plain_sweep);
  tcase_add_test(c, test_only_sums_of_products_are_added_up);
  tcase_add_test(c, test_a_sum_is_within_its_bound);
  suite_add_tcase(s, c);
  return run_suite(s);
}
