/* Fusing changes no bit: random expressions over shapes, dtypes, instruction sets and threads, as
   eager values, as replays with the pass and as replays without it; and what it makes of known
   expressions. */
#include <string.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

/* ---- random numbers ---- */

typedef struct dice {
  uint64_t state;
} dice;

static uint32_t roll(dice *d, uint32_t sides) {
  d->state += 0x9E3779B97F4A7C15u;
  uint64_t z = d->state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return (uint32_t)((z >> 33) % sides);
}

/* ---- expressions ---- */

enum { INPUTS = 7, VARS = 48, RESULTS = 6 };

typedef struct shape {
  int rank;
  int64_t dims[3];
} shape;

static const shape shapes[] = {{0, {0}},        {1, {1}},        {2, {1, 1}},    {1, {5}},
                               {2, {3, 4}},     {2, {7, 33}},    {3, {2, 3, 4}}, {2, {0, 3}},
                               {1, {1025}},     {2, {300, 7}},   {1, {40000}},   {2, {3, 2000}},
                               {3, {5, 1, 17}}, {2, {2, 20001}}, {3, {6, 5, 4}}, {2, {33, 1024}}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* An input by its number: the whole shape, its last axis, its others, a single number. */
static shape shape_of_input(const shape *whole, int i) {
  shape s = *whole;
  if (i % 4 == 1 && s.rank > 0) {
    s.rank = 1;
    s.dims[0] = whole->dims[whole->rank - 1];
  }
  if (i % 4 == 2 && s.rank > 0) s.dims[s.rank - 1] = 1;
  if (i % 4 == 3) s.rank = 0;
  return s;
}

typedef struct data {
  tg_tensor x[INPUTS];
} data;

static data make_data(const shape *whole, tg_dtype dtype, uint64_t seed) {
  data d;
  dice random = {seed};
  for (int i = 0; i < INPUTS; i++) {
    shape s = shape_of_input(whole, i);
    d.x[i] = tg_tensor_of(NULL, dtype, s.rank, s.dims);
    d.x[i].data = malloc(tg_tensor_bytes(&d.x[i]) + 1);
    for (int64_t k = 0; k < tg_tensor_numel(&d.x[i]); k++) {
      double value = dtype == TG_BOOL ? roll(&random, 2) : (double)roll(&random, 4001) / 1000 - 2;
      tg_tensor_put(&d.x[i], k, tg_dtype_is_float(dtype) ? value : (double)(int)(value * 20));
      if (dtype == TG_BOOL) tg_tensor_put(&d.x[i], k, value);
    }
  }
  return d;
}

static void free_data(data *d) {
  for (int i = 0; i < INPUTS; i++) free(d->x[i].data);
}

typedef struct pool {
  tg_var x[VARS];
  int n;
  tg_dtype dtype;
} pool;

static tg_var any(const pool *p, dice *d) {
  /* the last ones more often, so that chains grow long */
  int from = roll(d, 2) && p->n > 6 ? p->n - 6 : 0;
  return p->x[from + (int)roll(d, (uint32_t)(p->n - from))];
}

static tg_var truth(const pool *p, dice *d) {
  tg_var a = any(p, d), b = any(p, d);
  switch (roll(d, 5)) {
  case 0: return tg_lt(a, b);
  case 1: return tg_ge_scalar(a, 0);
  case 2: return tg_logical_not(tg_eq(a, b));
  case 3: return tg_logical_or(tg_gt(a, b), tg_ne_scalar(b, 1));
  default: return tg_cast(a, TG_BOOL);
  }
}

static tg_var float_step(const pool *p, dice *d) {
  tg_var a = any(p, d), b = any(p, d);
  switch (roll(d, 16)) {
  case 0: return tg_tanh(a);
  case 1: return tg_exp(tg_neg(tg_abs(a)));
  case 2: return tg_sigmoid(a);
  case 3: return tg_sin(a);
  case 4: return tg_div(a, tg_add_scalar(tg_square(b), 0.5));
  case 5: return tg_rsub_scalar(a, 1);
  case 6: return tg_relu(a);
  case 7: return tg_clamp(a, -0.5, 0.75);
  case 8: return tg_mul(tg_scalar_like(a, 0.3), a);
  case 9: return tg_sub(tg_scalar_like(a, 0.3), a);
  case 10: return tg_div(a, tg_scalar_like(a, 3));
  case 11: return tg_leaky_relu(a, 0.1);
  case 12: return tg_cast(tg_cast(a, TG_I32), p->dtype);
  default: return tg_add(a, b);
  }
}

static tg_var number_step(const pool *p, dice *d) {
  tg_var a = any(p, d), b = any(p, d);
  switch (roll(d, 9)) {
  case 0: return tg_mul(a, b);
  case 1: return tg_add(a, b);
  case 2: return tg_sub(a, b);
  case 3: return tg_maximum(a, b);
  case 4: return tg_where(truth(p, d), a, b);
  case 5: return tg_neg(a);
  case 6: return tg_div_scalar(a, 3);
  case 7: return tg_mul_scalar(a, 0.5);
  default: return tg_masked_fill(a, truth(p, d), 2);
  }
}

/* What stands between groups: reductions, scans, views that turn an axis round. */
static tg_var other_step(const pool *p, dice *d) {
  tg_var a = any(p, d);
  int rank = tg_rank(a);
  switch (roll(d, 7)) {
  case 0: return rank > 0 ? tg_sum(a, TG_AXES(-1), true) : tg_identity(a);
  case 1: return rank > 0 ? tg_sum(a, TG_AXES(0), true) : tg_reshape(a, TG_DIMS(1));
  case 2: return tg_sum(a, TG_ALL, false);
  case 3: return rank > 0 ? tg_cumsum(a, 0) : tg_detach(a);
  case 4:
    return rank > 0 ? tg_flip(a, TG_AXES(-1)) : tg_reshape(tg_reshape(a, TG_DIMS(1, 1)), TG_SCALAR);
  case 5: return tg_dtype_is_float(p->dtype) ? tg_mean(a, TG_ALL, false) : a;
  default: return rank > 0 && tg_dtype_is_float(p->dtype) ? tg_mean(a, TG_AXES(-1), true) : a;
  }
}

static tg_var bool_step(const pool *p, dice *d) {
  tg_var a = any(p, d), b = any(p, d);
  switch (roll(d, 5)) {
  case 0: return tg_logical_and(a, b);
  case 1: return tg_logical_xor(a, b);
  case 2: return tg_logical_not(a);
  case 3: return tg_where(any(p, d), a, b);
  default: return tg_lt(a, b);
  }
}

/* The expressions of a seed: y[0..RESULTS) from x[0..INPUTS). */
static void express(const tg_var x[], tg_dtype dtype, uint64_t seed, tg_var y[]) {
  dice d = {seed};
  pool p = {.n = INPUTS, .dtype = dtype};
  for (int i = 0; i < INPUTS; i++) p.x[i] = x[i];
  while (p.n < VARS) {
    tg_var made = dtype == TG_BOOL                               ? bool_step(&p, &d)
                  : roll(&d, 8) == 0                             ? other_step(&p, &d)
                  : tg_dtype_is_float(dtype) && roll(&d, 2) == 0 ? float_step(&p, &d)
                                                                 : number_step(&p, &d);
    p.x[p.n++] = made;
  }
  y[0] = p.x[VARS - 1];
  for (int i = 1; i < RESULTS; i++) y[i] = p.x[INPUTS + roll(&d, VARS - INPUTS)];
}

/* ---- comparing ---- */

static void must(const tg_error *error, bool right) { ck_assert_msg(right, "%s", error->message); }

/* Values of the results, one after the other; the caller frees. */
static char *eager(const tg_runtime *runtime, const data *in, tg_dtype dtype, uint64_t seed,
                   size_t size[]) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error);
  tg_var x[INPUTS], y[RESULTS];
  for (int i = 0; i < INPUTS; i++) x[i] = tg_leaf(t, in->x[i]);
  express(x, dtype, seed, y);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "%s", tg_tape_message(t));
  size_t all = 0;
  char *bytes = NULL;
  for (int i = 0; i < RESULTS; i++) {
    tg_tensor value = tg_value(y[i]),
              copy = tg_tensor_of(NULL, value.dtype, value.rank, value.dims);
    size[i] = tg_tensor_bytes(&value);
    bytes = realloc(bytes, all + size[i] + 1);
    copy.data = bytes + all;
    if (size[i]) tg_tensor_copy(&copy, &value);
    all += size[i];
  }
  tg_tape_free(t);
  return bytes;
}

static tg_program *capture(const tg_runtime *runtime, const data *in, tg_dtype dtype, uint64_t seed,
                           uint32_t without) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error);
  tg_var x[INPUTS], y[RESULTS];
  ck_assert_int_eq(tg_capture_begin(t), TG_OK);
  for (int i = 0; i < INPUTS; i++) x[i] = tg_input(t, i, in->x[i], NULL);
  express(x, dtype, seed, y);
  tg_program *p = tg_capture_end(t, y, RESULTS, &(tg_program_options){.without = without}, &error);
  must(&error, p != NULL);
  tg_tape_free(t);
  return p;
}

static void same_as(tg_program *p, const data *in, const char *expected, const size_t size[],
                    uint64_t seed, const char *how) {
  tg_error error = {0};
  must(&error, tg_program_replay(p, in->x, INPUTS, &error) == TG_OK);
  for (int i = 0; i < RESULTS; expected += size[i++]) {
    tg_tensor value = tg_program_value(p, i),
              copy = tg_tensor_of(NULL, value.dtype, value.rank, value.dims);
    ck_assert_uint_eq(tg_tensor_bytes(&value), size[i]);
    if (size[i] == 0) continue;
    copy.data = malloc(size[i]);
    tg_tensor_copy(&copy, &value);
    ck_assert_msg(memcmp(copy.data, expected, size[i]) == 0, "seed %llu, result %d, %s",
                  (unsigned long long)seed, i, how);
    free(copy.data);
  }
}

static void compare(const tg_runtime *runtime, const shape *whole, tg_dtype dtype, uint64_t seed) {
  data one = make_data(whole, dtype, seed + 1000), two = make_data(whole, dtype, seed + 2000);
  size_t size_one[RESULTS], size_two[RESULTS];
  char *of_one = eager(runtime, &one, dtype, seed, size_one);
  char *of_two = eager(runtime, &two, dtype, seed, size_two);
  const uint32_t spread = 1u << TG_PASS_SPREAD; /* rounds sums otherwise */
  const uint32_t without[] = {spread, spread | 1u << TG_PASS_FUSE, spread | 1u << TG_PASS_REUSE,
                              ~(1u << TG_PASS_FUSE)};
  const char *const names[] = {"fused", "not fused", "fused, no reuse", "fused alone"};
  for (int w = 0; w < 4; w++) {
    tg_program *p = capture(runtime, &one, dtype, seed, without[w]);
    same_as(p, &one, of_one, size_one, seed, names[w]);
    same_as(p, &two, of_two, size_two, seed, names[w]);
    same_as(p, &one, of_one, size_one, seed, names[w]);
    tg_program_free(p);
  }
  free(of_one);
  free(of_two);
  free_data(&one);
  free_data(&two);
}

static const tg_dtype dtypes[] = {TG_F32, TG_F64, TG_I64, TG_I32, TG_U8, TG_BOOL};

static void compare_all(const tg_runtime_options *options, uint64_t seeds) {
  tg_error error = {0};
  tg_runtime *runtime = tg_runtime_new(options, &error);
  must(&error, runtime != NULL);
  for (uint64_t seed = 0; seed < seeds; seed++)
    for (int s = 0; s < SHAPES; s++)
      compare(runtime, &shapes[s], dtypes[(seed + (uint64_t)s) % 6], seed * SHAPES + (uint64_t)s);
  tg_runtime_free(runtime);
}

START_TEST(random_programs_give_what_tapes_give) {
  compare_all(&(tg_runtime_options){.threads = _i + 1}, 24);
}
END_TEST
START_TEST(random_programs_on_each_instruction_set) {
  compare_all(&(tg_runtime_options){.isa = (tg_isa)_i}, 12);
}
END_TEST

/* ---- known expressions ---- */

enum { MOST = 8 };

/* A program of f(x), and what it gives for x of ones. */
typedef void fn_of(tg_var x, tg_var y[]);

static tg_program *program_of(fn_of *f, int rank, const int64_t dims[], int n_y, uint32_t without) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  tg_tensor x = tg_tensor_of(NULL, TG_F64, rank, dims);
  x.data = malloc(tg_tensor_bytes(&x));
  for (int64_t i = 0; i < tg_tensor_numel(&x); i++) tg_tensor_put(&x, i, 0.01 * (double)(i % 50));
  tg_var y[MOST];
  tg_capture_begin(t);
  f(tg_input(t, 0, x, NULL), y);
  tg_program *p = tg_capture_end(t, y, n_y, &(tg_program_options){.without = without}, &error);
  must(&error, p != NULL);
  must(&error, tg_program_replay(p, &x, 1, &error) == TG_OK);
  tg_tape_free(t);
  free(x.data);
  return p;
}

static int64_t steps_of(fn_of *f, int rank, const int64_t dims[], int n_y) {
  tg_program *p = program_of(f, rank, dims, n_y, 0), *q = program_of(f, rank, dims, n_y, ~0u);
  int64_t steps = tg_program_stats_of(p).steps;
  for (int i = 0; i < n_y; i++) {
    tg_tensor a = tg_program_value(p, i), b = tg_program_value(q, i);
    for (int64_t k = 0; k < tg_tensor_numel(&a); k++)
      ck_assert_double_eq(tg_tensor_at(&a, k), tg_tensor_at(&b, k));
  }
  tg_program_free(p);
  tg_program_free(q);
  return steps;
}

static void forward_and_back(tg_var x, tg_var y[]) {
  tg_var z = tg_mul(tg_tanh(x), tg_exp(tg_neg(x)));
  y[0] = z;
  y[1] = tg_mul(z, tg_rsub_scalar(z, 1));
  y[2] = tg_add(tg_mul(x, y[1]), z);
}

START_TEST(elementwise_steps_become_one) {
  ck_assert_int_eq(steps_of(forward_and_back, TG_DIMS(3, 5), 3), 1);
  ck_assert_int_eq(steps_of(forward_and_back, TG_SCALAR, 3), 1);
}
END_TEST

/* exp(x) feeds a scan whose result comes back: what reads it is no part of exp's loop. */
static void out_and_back(tg_var x, tg_var y[]) {
  tg_var a = tg_mul_scalar(tg_exp(x), 0.5);
  y[0] = tg_mul(tg_neg(tg_cumsum(a, 0)), a);
}

START_TEST(no_path_leads_out_of_a_loop_and_back) {
  ck_assert_int_eq(steps_of(out_and_back, TG_DIMS(6), 1), 3);
  ck_assert_int_eq(steps_of(out_and_back, TG_DIMS(2, 9), 1), 3);
}
END_TEST

/* Two shapes, each of which feeds the other. */
static void crossed(tg_var x, tg_var y[]) {
  tg_var a1 = tg_exp(tg_neg(x)), a2 = tg_sin(tg_neg(x));
  tg_var b1 = tg_sin(tg_neg(tg_sum(a1, TG_AXES(0), false)));
  tg_var b2 = tg_exp(tg_neg(tg_sum(a2, TG_AXES(0), false)));
  y[0] = tg_mul(tg_neg(tg_broadcast_to(b1, tg_rank(x), (const int64_t[]){4, 3})), a2);
  y[1] = tg_mul(b1, tg_neg(b2));
}

START_TEST(shapes_that_feed_each_other_are_few_loops) {
  ck_assert_int_le(steps_of(crossed, TG_DIMS(4, 3), 2), 8);
}
END_TEST

static void long_chain(tg_var x, tg_var y[]) {
  tg_var z = x;
  for (int i = 0; i < 30000; i++) z = tg_sin(tg_mul(tg_add_scalar(z, 0.5), x));
  y[0] = z;
}

START_TEST(long_chains_are_few_steps) {
  ck_assert_int_eq(steps_of(long_chain, TG_SCALAR, 1), 1);
  ck_assert_int_le(steps_of(long_chain, TG_DIMS(2), 1), 90000 / 64);
}
END_TEST

/* More values at a time than buffers are for. */
static void wide(tg_var x, tg_var y[]) {
  tg_var z[200];
  z[0] = x;
  for (int i = 1; i < 200; i++) z[i] = tg_sin(tg_add_scalar(z[i - 1], 0.01));
  y[0] = z[199];
  for (int i = 0; i < 199; i++) y[0] = tg_add(y[0], tg_mul(z[i], z[198 - i]));
}

START_TEST(many_values_at_a_time_are_few_steps) {
  ck_assert_int_le(steps_of(wide, TG_DIMS(3000), 1), 30);
}
END_TEST

/* A square of a difference reads the difference's operands twice, and they are read again after. */
static void square_and_again(tg_var x, tg_var y[]) {
  tg_var a = tg_sin(x), d = tg_square(tg_sub_scalar(a, 0.5));
  y[0] = tg_mul(tg_exp(d), a);
}

START_TEST(operands_read_twice_are_counted_twice) {
  ck_assert_int_eq(steps_of(square_and_again, TG_DIMS(3, 5), 1), 1);
  ck_assert_int_eq(steps_of(square_and_again, TG_SCALAR, 1), 1);
}
END_TEST

/* A sum of products is not put off until all of them are there. */
static void sum_of_products(tg_var x, tg_var y[]) {
  y[0] = tg_matmul(x, x);
  for (int i = 0; i < 20; i++) y[0] = tg_add(y[0], tg_matmul(tg_add_scalar(x, i), x));
}

START_TEST(sums_do_not_wait_for_all_their_terms) {
  const int64_t dims[] = {160, 160};
  tg_program *p = program_of(sum_of_products, 2, dims, 1, 1u << TG_PASS_ACCUMULATE);
  ck_assert_uint_le(tg_program_stats_of(p).least_bytes, 4 * 160 * 160 * sizeof(double));
  tg_program_free(p);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("program_fuse");
  TCase *tc = tcase_create("fuse");
  tcase_set_timeout(tc, 200);
  tcase_add_loop_test(tc, random_programs_give_what_tapes_give, 0, 2);
  tcase_add_loop_test(tc, random_programs_on_each_instruction_set, 0, TG_ISA_COUNT);
  tcase_add_test(tc, elementwise_steps_become_one);
  tcase_add_test(tc, no_path_leads_out_of_a_loop_and_back);
  tcase_add_test(tc, shapes_that_feed_each_other_are_few_loops);
  tcase_add_test(tc, long_chains_are_few_steps);
  tcase_add_test(tc, many_values_at_a_time_are_few_steps);
  tcase_add_test(tc, operands_read_twice_are_counted_twice);
  tcase_add_test(tc, sums_do_not_wait_for_all_their_terms);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
