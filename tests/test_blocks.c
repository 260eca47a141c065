/* Runs of elementwise nodes that the plain sweep reverses block by block, against the same nodes
   one by one, to the bit. A tape that traces NaN looks at each cotangent, so it takes them one by
   one. */
#include <string.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

/* More than a block, and no multiple of anything; what fits no run; and what is below the least. */
enum { ODD = 140011, ROWS = 131, COLUMNS = 1157, SMALL = 301, MAKERS = 13, LONGEST = 40 };

typedef struct draw {
  uint64_t state;
} draw;

static uint32_t next(draw *d, uint32_t n) {
  d->state = d->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(d->state >> 33) % n;
}

/* ---- a random expression ---- */

typedef struct setting {
  uint64_t seed;
  tg_dtype dtype;
  int rank;
  int64_t dims[2];
  const tg_runtime *runtime;
  bool trace;
} setting;

static tg_params *params_new(const setting *s) {
  tg_params *params = tg_params_new(s->runtime, NULL);
  const int64_t row = s->dims[s->rank - 1];
  draw d = {s->seed};
  tg_params_add(params, "x", s->dtype, s->rank, s->dims);
  tg_params_add(params, "y", s->dtype, s->rank, s->dims);
  tg_params_add(params, "row", s->dtype, 1, &row);
  tg_params_add(params, "number", s->dtype, 0, NULL);
  tg_params_seal(params, NULL);
  for (int i = 0; i < tg_params_count(params); i++) {
    tg_tensor p = tg_params_tensor(params, i);
    for (int64_t k = 0; k < tg_tensor_numel(&p); k++)
      tg_tensor_put(&p, k, (double)next(&d, 2000) / 1000 - 1);
  }
  tg_params_touch(params, -1);
  return params;
}

/* Of values so far, older ones too: so some are used twice, or by several. */
static tg_var pick(draw *d, const tg_var made[], int n) {
  return next(d, 3) == 0 ? made[next(d, (uint32_t)n)] : made[n - 1];
}

/* Every kind of neighbour: of one and two operands, that passes its cotangent on, of a bool, a
   view, a broadcast operand, and one that is no elementwise operator at all. Numbers stay in [-1,
   1]. */
static tg_var make(draw *d, const setting *s, tg_tape *t, tg_params *params, const tg_var made[],
                   int n) {
  tg_var a = pick(d, made, n), b = pick(d, made, n);
  switch (next(d, MAKERS)) {
  case 0: return tg_tanh(a);
  case 1: return tg_mul(a, b);
  case 2: return tg_mul_scalar(tg_add(a, b), 0.5);
  case 3: return tg_mul_scalar(tg_sub(a, b), 0.5);
  case 4: return tg_sigmoid(a);
  case 5: return tg_square(a);
  case 6: return tg_where(tg_gt(a, b), a, tg_neg(b));
  case 7: return tg_mul(a, tg_param(t, params, 2));
  case 8: return tg_mul_scalar(tg_add(a, tg_param(t, params, 3)), 0.5);
  case 9: return tg_reshape(tg_sin(tg_reshape(a, TG_DIMS(-1))), s->rank, s->dims);
  case 10: return tg_mul_scalar(tg_cumsum(a, -1), 1e-5);
  case 11: return tg_mul(a, tg_tanh(tg_sum(b, TG_AXES(-1), true)));
  default: return tg_mul(a, tg_tanh(tg_mean(b, TG_ALL, false)));
  }
}

static tg_var head(draw *d, tg_var a, tg_var b) {
  switch (next(d, 5)) {
  case 0: return tg_sum(a, TG_ALL, false);
  case 1: return tg_mean(a, TG_ALL, false);
  case 2: return tg_mse_loss(a, b, TG_REDUCTION_MEAN);
  case 3: return tg_sum(tg_mse_loss(a, b, TG_REDUCTION_NONE), TG_ALL, false);
  default: return tg_smooth_l1_loss(a, b, 0.5, TG_REDUCTION_SUM);
  }
}

/* made[] ends with the root; returns how many there are. */
static int record(const setting *s, tg_tape *t, tg_params *params, tg_var made[]) {
  draw d = {s->seed};
  int n = 2, last = 6 + (int)next(&d, LONGEST - 10);
  made[0] = tg_param(t, params, 0);
  made[1] = tg_param(t, params, 1);
  while (n < last) {
    made[n] = make(&d, s, t, params, made, n);
    n++;
  }
  tg_var loss = head(&d, made[n - 1], pick(&d, made, n));
  if (next(&d, 2)) loss = tg_add(loss, head(&d, pick(&d, made, n), made[next(&d, (uint32_t)n)]));
  made[n++] = loss;
  return n;
}

/* ---- its gradients ---- */

enum { WANTED = 3, RESULTS = 4 + WANTED };

typedef struct results {
  tg_tensor of[2][RESULTS]; /* two sweeps over one tape */
  int n;
} results;

static tg_tensor room_like(tg_tensor x) {
  tg_tensor y = tg_tensor_of(NULL, x.dtype, x.rank, x.dims);
  y.data = calloc(1, tg_tensor_bytes(&y) + 1);
  return y;
}

static void keep(results *r, int sweep, int k, tg_tensor x) {
  r->of[sweep][k] = room_like(x);
  tg_tensor_copy(&r->of[sweep][k], &x);
}

/* Everything that is asked for at once: parameters, and results in the middle. */
static void sweep(const setting *s, tg_var root, tg_grads *grads, const tg_var x[], results *r) {
  tg_tensor dx[WANTED];
  for (int k = 0; k < WANTED; k++) dx[k] = room_like(tg_value(x[k]));
  for (int twice = 0; twice < 2; twice++) {
    const bool all = (s->seed + (uint64_t)twice) % 3 == 0;
    if (all)
      tg_vjp_into(&root, NULL, 1, x, WANTED, dx);
    else if (s->seed % 4 == 1)
      tg_backward_write(root, grads);
    else
      tg_backward_into(&root, NULL, 1, grads, x, dx, s->seed % 4 == 2 ? 0 : WANTED);
    for (int k = 0; k < 4; k++) keep(r, twice, k, tg_grads_tensor(grads, k));
    for (int k = 0; k < WANTED; k++) keep(r, twice, 4 + k, dx[k]);
  }
  for (int k = 0; k < WANTED; k++) free(dx[k].data);
}

static results gradients_of(const setting *s) {
  results r = {.n = RESULTS};
  tg_params *params = params_new(s);
  tg_grads *grads = tg_grads_new(params, NULL);
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = s->runtime, .trace_nan = s->trace}, NULL);
  tg_var made[LONGEST], x[WANTED];
  int n = record(s, t, params, made);
  draw d = {s->seed + 1};
  for (int k = 0; k < WANTED; k++) x[k] = made[next(&d, (uint32_t)n - 1)];
  sweep(s, made[n - 1], grads, x, &r);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "seed %d: %s", (int)s->seed, tg_tape_message(t));
  tg_tape_free(t);
  tg_grads_free(grads);
  tg_params_free(params);
  return r;
}

/* Frees both. */
static void compare(const setting *s, results *a, results *b) {
  for (int twice = 0; twice < 2; twice++)
    for (int k = 0; k < a->n; k++) {
      tg_tensor *x = &a->of[twice][k], *y = &b->of[twice][k];
      ck_assert_msg(memcmp(x->data, y->data, tg_tensor_bytes(x)) == 0,
                    "seed %d, sweep %d: result %d differs", (int)s->seed, twice, k);
      free(x->data);
      free(y->data);
    }
}

static void compare_all(tg_isa isa, int threads, tg_dtype dtype, uint64_t seeds) {
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = threads, .isa = isa}, NULL);
  if (runtime == NULL) return;
  for (uint64_t seed = 0; seed < seeds; seed++) {
    setting s = {.seed = seed, .dtype = dtype, .runtime = runtime, .rank = 1, .dims = {ODD}};
    if (seed % 2) s = (setting){seed, dtype, 2, {ROWS, COLUMNS}, runtime, false};
    if (seed % 7 == 6) s.dims[0] = SMALL;
    results blocks = gradients_of(&s);
    s.trace = true;
    results nodes = gradients_of(&s);
    compare(&s, &blocks, &nodes);
  }
  tg_runtime_free(runtime);
}

/* ThreadSanitizer has nothing to find where there is one thread. */
#if defined(__SANITIZE_THREAD__)
enum { LONELY = 3 };
#else
enum { LONELY = 16 };
#endif

START_TEST(blocks_give_the_bits_of_single_nodes) { compare_all(TG_ISA_AVX512, 1, TG_F32, LONELY); }
END_TEST
START_TEST(in_double_precision_too) { compare_all(TG_ISA_AVX2, 1, TG_F64, LONELY); }
END_TEST
START_TEST(on_two_threads_too) { compare_all(TG_ISA_BASE, 2, TG_F32, 6); }
END_TEST

/* x has three consumers, and the one in the middle is of no run: (tanh + cumsum) + sin. */
static tg_tensor with_a_stranger_between(bool trace) {
  setting s = {.dtype = TG_F32, .rank = 1, .dims = {ODD}};
  tg_params *params = params_new(&s);
  tg_tape *t = tg_tape_new(&(tg_tape_options){.trace_nan = trace}, NULL);
  tg_var x = tg_param(t, params, 0);
  tg_var a = tg_sin(x), b = tg_cumsum(x, 0), c = tg_tanh(x);
  tg_var root = tg_sum(tg_add(tg_mul(a, c), tg_mul_scalar(b, 1e-4)), TG_ALL, false);
  tg_tensor dx = room_like(tg_value(x));
  ck_assert_int_eq(tg_vjp_into(&root, NULL, 1, &x, 1, &dx), TG_OK);
  tg_tape_free(t);
  tg_params_free(params);
  return dx;
}

START_TEST(additions_keep_their_order) {
  tg_tensor blocks = with_a_stranger_between(false), nodes = with_a_stranger_between(true);
  ck_assert_mem_eq(blocks.data, nodes.data, tg_tensor_bytes(&nodes));
  free(blocks.data);
  free(nodes.data);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("blocks");
  TCase *tests = tcase_create("blocks");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, blocks_give_the_bits_of_single_nodes);
  tcase_add_test(tests, in_double_precision_too);
  tcase_add_test(tests, on_two_threads_too);
  tcase_add_test(tests, additions_keep_their_order);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
