/* Sums over any axes inside of fused loops: the bits of the tape, on every instruction set and on
   one thread or two, for shapes that are cut in every way; and no memory for what is summed. */
#include <string.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

typedef struct shape {
  int rank;
  int64_t dims[TG_MAX_RANK];
} shape;

/* Rows that are taken together and rows that are left, leaves, parts, pieces; nothing at all. Of
   the large ones, which come last, the first axis is summed over. */
static const shape shapes[] = {
    {2, {3, 5}},     {2, {300, 2}},    {2, {271, 3}},     {2, {600, 1}},
    {2, {1, 7}},     {3, {2, 200, 3}}, {3, {40, 3, 9}},   {4, {2, 3, 4, 5}},
    {2, {0, 3}},     {3, {2, 0, 3}},   {3, {3, 65, 130}}, {8, {2, 1, 3, 2, 1, 2, 2, 3}},
    {2, {10, 2500}}, {2, {20003, 10}}, {2, {67, 1025}},   {2, {1100, 64}},
    {2, {70, 2100}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, LARGE = SHAPES - 5, MOST = 6 };

static void must(const tg_error *error, bool right) { ck_assert_msg(right, "%s", error->message); }

/* ---- expressions ---- */

/* Expressions of x [shape] and b, which has 1 along the axes. Returns how many results. */
typedef int fn_of(tg_var x, tg_var b, int n_axes, const int64_t axes[], tg_var y[]);

static int squares(tg_var x, tg_var b, int n_axes, const int64_t axes[], tg_var y[]) {
  (void)b;
  y[0] = tg_sum(tg_square(x), n_axes, axes, false);
  return 1;
}

/* Several sums of what is wanted itself, of what is not, and of one that a view has turned. */
static int several(tg_var x, tg_var b, int n_axes, const int64_t axes[], tg_var y[]) {
  tg_var z = tg_add(tg_mul(x, b), x);
  y[0] = z;
  y[1] = tg_sum(z, n_axes, axes, true);
  y[2] = tg_sum(tg_mul(z, z), n_axes, axes, false);
  y[3] = tg_sum(tg_neg(tg_flip(x, 1, (int64_t[]){-1})), n_axes, axes, false);
  return 4;
}

/* sum_to, which is the gradient of what is spread over the axes. */
static int gradients(tg_var x, tg_var b, int n_axes, const int64_t axes[], tg_var y[]) {
  tg_var z = tg_mean(tg_square(tg_mul(x, b)), n_axes, axes, false), dx[2];
  tg_grad(tg_sum(tg_mul(z, z), TG_ALL, false), (tg_var[]){x, b}, 2, dx);
  y[0] = z, y[1] = dx[0], y[2] = dx[1];
  return 3;
}

/* So many values at a time, and operands that repeat, that blocks are shorter than 128 elements. */
static int wide(tg_var x, tg_var b, int n_axes, const int64_t axes[], tg_var y[]) {
  enum { N = 40 };
  tg_var z[N];
  z[0] = x;
  for (int i = 1; i < N; i++) z[i] = tg_sub(tg_add_scalar(b, i), z[i - 1]);
  y[0] = z[N - 1];
  for (int i = 0; i < N; i++) y[0] = tg_maximum(z[i], y[0]);
  y[0] = tg_sum(y[0], n_axes, axes, false);
  return 1;
}

/* ---- comparing ---- */

typedef struct trial {
  const tg_runtime *runtime;
  fn_of *f;
  tg_tensor x, b;
  int n_axes;
  int64_t axes[TG_MAX_RANK];
} trial;

static tg_tensor numbers(tg_dtype dtype, int rank, const int64_t dims[], int seed) {
  tg_tensor x = tg_tensor_of(NULL, dtype, rank, dims);
  x.data = malloc(tg_tensor_bytes(&x) + 1);
  for (int64_t i = 0; i < tg_tensor_numel(&x); i++) {
    const double value = (double)((i * 7919 + seed * 131) % 1009) / 500 - 1;
    if (dtype == TG_F32)
      ((float *)x.data)[i] = (float)value;
    else if (dtype == TG_F64)
      ((double *)x.data)[i] = value;
    else
      ((int32_t *)x.data)[i] = (int32_t)(10 * value);
  }
  return x;
}

static trial trial_of(const tg_runtime *runtime, fn_of *f, const shape *s, tg_dtype dtype,
                      unsigned mask) {
  trial r = {.runtime = runtime, .f = f};
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k < s->rank; k++) {
    dims[k] = mask >> k & 1 ? 1 : s->dims[k];
    if (mask >> k & 1) r.axes[r.n_axes++] = k;
  }
  r.x = numbers(dtype, s->rank, s->dims, 1);
  r.b = numbers(dtype, s->rank, dims, 2);
  return r;
}

static void compare(const trial *r, uint32_t without) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = r->runtime}, &error);
  tg_var y[MOST];
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, r->x, NULL), b = tg_input(t, 1, r->b, NULL);
  const int n = r->f(x, b, r->n_axes, r->axes, y);
  tg_program *p = tg_capture_end(t, y, n, &(tg_program_options){.without = without}, &error);
  must(&error, p != NULL);
  must(&error, tg_program_replay(p, (tg_tensor[]){r->x, r->b}, 2, &error) == TG_OK);
  for (int j = 0; j < n; j++) {
    const tg_tensor a = tg_program_value(p, j), e = tg_value(y[j]);
    ck_assert(tg_tensor_same_shape(&a, &e) && tg_tensor_is_contiguous(&a));
    tg_tensor expected = tg_tensor_of(NULL, e.dtype, e.rank, e.dims);
    expected.data = malloc(tg_tensor_bytes(&e) + 1);
    if (tg_tensor_numel(&e) > 0) tg_tensor_copy(&expected, &e);
    const size_t bytes = tg_tensor_bytes(&e);
    ck_assert_msg(bytes == 0 || memcmp(a.data, expected.data, bytes) == 0,
                  "result %d of %lld elements, %d axes from %lld", j,
                  (long long)tg_tensor_numel(&r->x), r->n_axes, (long long)r->axes[0]);
    free(expected.data);
  }
  tg_program_free(p);
  tg_tape_free(t);
}

/* These may leave a sum to be added in another order. */
static const uint32_t rounding = 1u << TG_PASS_FOLD | 1u << TG_PASS_SIMPLIFY | 1u << TG_PASS_SPREAD;

static void compare_all(const tg_runtime *runtime, fn_of *f, tg_dtype dtype) {
  for (int s = 0; s < SHAPES; s++) {
    const unsigned masks = 1u << shapes[s].rank;
    for (unsigned mask = 1; mask<masks; mask += masks> 16 ? 7 : 1) {
      trial r = trial_of(runtime, f, &shapes[s], dtype, mask);
      compare(&r, rounding);
      free(r.x.data), free(r.b.data);
    }
  }
}

static void compare_on(const tg_runtime_options *options) {
  tg_error error = {0};
  tg_runtime *runtime = tg_runtime_new(options, &error);
  must(&error, runtime != NULL);
  const tg_dtype dtypes[] = {TG_F32, TG_F64, TG_I32};
  for (int d = 0; d < 3; d++) {
    compare_all(runtime, squares, dtypes[d]);
    compare_all(runtime, several, dtypes[d]);
    compare_all(runtime, wide, dtypes[d]);
    if (tg_dtype_is_float(dtypes[d])) compare_all(runtime, gradients, dtypes[d]);
  }
  tg_runtime_free(runtime);
}

START_TEST(test_threads) { compare_on(&(tg_runtime_options){.threads = _i + 1}); }
END_TEST
START_TEST(test_isas) { compare_on(&(tg_runtime_options){.isa = (tg_isa)_i}); }
END_TEST

/* ---- one step, and no memory ---- */

static tg_program *squares_program(const shape *s, int axis) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  tg_tensor x = numbers(TG_F64, s->rank, s->dims, 3);
  tg_capture_begin(t);
  tg_var y = tg_sum(tg_square(tg_input(t, 0, x, NULL)), TG_AXES(axis), false);
  tg_program *p = tg_capture_end(t, &y, 1, NULL, &error);
  must(&error, p != NULL);
  tg_tape_free(t);
  free(x.data);
  return p;
}

START_TEST(test_one_step) {
  static const struct {
    shape s;
    int axis;
    size_t bytes; /* of the result */
  } cases[] = {{{2, {100, 30}}, 0, 240}, {{2, {100, 30}}, 1, 800}, {{3, {4, 150, 6}}, 1, 192}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    tg_program *p = squares_program(&cases[k].s, cases[k].axis);
    ck_assert_int_eq(tg_program_stats_of(p).steps, 1);
    ck_assert_uint_le(tg_program_stats_of(p).least_bytes, cases[k].bytes + 64);
    tg_program_free(p);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("program_sums");
  TCase *tc = tcase_create("sums");
  tcase_set_timeout(tc, 200);
  tcase_add_loop_test(tc, test_threads, 0, 2);
  tcase_add_loop_test(tc, test_isas, 0, TG_ISA_COUNT);
  tcase_add_test(tc, test_one_step);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
