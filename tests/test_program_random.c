/* Random programs: expressions of random operators of the table on random views, with gradients,
   captured, and replayed on other numbers with all passes, without any, without each one, and
   without the three that may change how sums are rounded. What the tape says, the program says, bit
   by bit. With a number it tries so many: test_program_random 10000. */
#include <stdio.h>
#include <string.h>

#include "program.h"

enum { INPUTS = 3, STEPS = 14, POOL = 64, CASES = 100, ROUNDS = 5 };

/* ---- dice ---- */

typedef struct dice {
  tg_key key;
  uint64_t at;
} dice;

static int roll(dice *d, int n) { return (int)(tg_random_bits(d->key, d->at++) % (uint32_t)n); }
static double draw(dice *d) { return 4 * tg_random_uniform(d->key, d->at++) - 2; }

/* ---- expressions ---- */

static bool is_elementwise(const tg_op *op) {
  return op->jvp == tg_jvp_elementwise && op->kernel && op->dtypes & TG_FLOATS;
}

/* An elementwise operator with its first sample's attributes. Operators that are large far from 0
   are taken as they are: infinities and NaN are numbers too. */
static tg_var any_operator(dice *d, tg_var x, tg_var y) {
  for (;;) {
    int count = 0;
    while (tg_op_at(count)) count++;
    const tg_op *op = tg_op_at(roll(d, count));
    if (!is_elementwise(op) || op->arity > 2) continue;
    return tg_apply(op, (tg_var[]){x, y}, op->arity, op->samples[0].attrs);
  }
}

/* Copies of x by stride 0: along an axis of length 1, or a new one before all others. */
static tg_var stretched(tg_var x, int axis) {
  int64_t dims[TG_MAX_RANK] = {2};
  int rank = tg_rank(x), added = axis == rank;
  if (rank + added > 4) return x;
  for (int k = 0; k < rank; k++) dims[k + added] = tg_dim(x, k);
  if (!added) dims[axis] = 3;
  return tg_broadcast_to(x, rank + added, dims);
}

/* A view of x, of another shape or another order. */
static tg_var any_view(dice *d, tg_var x) {
  int rank = tg_rank(x), axis = rank ? roll(d, rank) : 0;
  int64_t all = tg_numel(x), size = rank ? tg_dim(x, axis) : 1;
  if (rank == 0) return tg_broadcast_to(x, 2, (int64_t[]){3, 2});
  switch (roll(d, 8)) {
  case 0: return tg_transpose(x, 0, rank - 1);
  case 1: return tg_reshape(x, 1, &all);
  case 2: return tg_flip(x, TG_DIMS(axis));
  case 3: return size > 1 ? tg_slice(x, axis, roll(d, 2), size, 1 + roll(d, 2)) : x;
  case 4: return tg_sum(x, TG_DIMS(axis), true);
  case 5:
  case 6: return all < 100 ? stretched(x, size == 1 ? axis : rank) : x;
  default: return rank < 4 && all < 100 ? tg_stack((tg_var[]){x, x}, 2, 0) : x;
  }
}

/* One whose shape goes with x's, or x. */
static tg_var partner(dice *d, const tg_var pool[], int n, tg_var x) {
  for (int tries = 0; tries < 8; tries++) {
    tg_var y = pool[roll(d, n)];
    bool fits = tg_rank(y) == tg_rank(x);
    for (int k = 0; fits && k < tg_rank(x); k++)
      fits = tg_dim(x, k) == tg_dim(y, k) || tg_dim(x, k) == 1 || tg_dim(y, k) == 1;
    if (fits || tg_rank(y) == 0) return y;
  }
  return x;
}

static tg_var step(dice *d, const tg_var pool[], int n) {
  tg_var x = pool[roll(d, n)], y = partner(d, pool, n, x);
  switch (roll(d, 12)) {
  case 0:
  case 1:
  case 2: return any_view(d, x);
  case 3: return tg_sum(x, TG_ALL, false);
  case 4: return tg_rank(x) ? tg_mean(x, TG_DIMS(-1), true) : x;
  case 5: return tg_rank(x) ? tg_softmax(x, -1) : x;
  case 6: return tg_rank(x) == 2 ? tg_matmul(x, tg_transpose(x, 0, 1)) : tg_maximum(x, y);
  case 7: return tg_where(tg_gt(x, y), x, y);
  case 8: return tg_mul_scalar(x, roll(d, 3) - 1);
  default: return any_operator(d, x, y);
  }
}

/* Records an expression on inputs x: results in y. */
static int record(dice d, const tg_var x[], tg_var y[]) {
  tg_var pool[POOL], dx[INPUTS];
  int n = INPUTS;
  tg_tape *on = x[0].tape;
  for (int i = 0; i < INPUTS; i++) pool[i] = x[i];
  pool[n++] = tg_scalar(on, tg_dtype_of(x[0]), roll(&d, 3) - 1);
  for (int k = 0; k < STEPS; k++) pool[n] = step(&d, pool, n), n++;
  tg_var last = pool[n - 1 - roll(&d, 3)];
  y[0] = last;
  y[1] = pool[roll(&d, n)];
  tg_grad(tg_sum(last, TG_ALL, false), x, INPUTS, dx);
  for (int i = 0; i < INPUTS; i++) y[2 + i] = dx[i];
  if (roll(&d, 3) > 0) return 2 + INPUTS;
  tg_var of = tg_sum(tg_tanh(dx[0]), TG_ALL, false), second; /* the gradient of the gradient */
  tg_grad(of, &x[1], 1, &second);
  y[2 + INPUTS] = second;
  return 3 + INPUTS;
}

/* ---- comparing ---- */

typedef struct trial {
  dice d;
  uint64_t seed;
  double data[2][INPUTS][6];
  tg_tensor in[2][INPUTS];
} trial;

static trial trial_new(uint64_t seed) {
  trial r = {.d = {.key = {seed, 1}}, .seed = seed};
  return r;
}

static void fill(trial *r) {
  static const int64_t shapes[INPUTS][2] = {{3, 2}, {1, 2}, {3, 1}};
  tg_dtype dtype = roll(&r->d, 2) ? TG_F64 : TG_F32;
  for (int turn = 0; turn < 2; turn++)
    for (int i = 0; i < INPUTS; i++) {
      r->in[turn][i] = tg_tensor_of(r->data[turn][i], dtype, 2, shapes[i]);
      for (int64_t k = 0; k < tg_tensor_numel(&r->in[turn][i]); k++)
        tg_tensor_put(&r->in[turn][i], k, roll(&r->d, 8) ? draw(&r->d) : roll(&r->d, 3) - 1);
    }
}

/* A pass that takes a step away, or computes it once, may hand a reduction a view where the tape
   has dense memory, by whose strides it then adds, and a product one row of many: near enough. All
   other passes keep each bit. */
static const uint32_t rounding = 1u << TG_PASS_FOLD | 1u << TG_PASS_SIMPLIFY | 1u << TG_PASS_SPREAD;
static bool may_round(uint32_t without) { return (without & rounding) != rounding; }

static bool same(double a, double b, double tolerance) {
  if (fabs(a - b) <= tolerance * fmax(1, fabs(b)) && a != 0 && b != 0) return true;
  return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b));
}

/* The first difference as text; "" where there is none. */
static void find_difference(char text[200], int j, const tg_tensor *a, const tg_tensor *b,
                            bool rounds) {
  double tolerance = !rounds ? 0 : b->dtype == TG_F32 ? 1e-4 : 1e-12;
  if (a->data == NULL || b->data == NULL) snprintf(text, 200, "there is no result %d", j);
  for (int64_t k = 0; !*text && k < tg_tensor_numel(b); k++) {
    double u = tg_tensor_at(a, k), v = tg_tensor_at(b, k);
    if (!same(u, v, tolerance))
      snprintf(text, 200, "result %d [%lld] is %.17g, not %.17g", j, (long long)k, u, v);
  }
}

/* Captured on the numbers of `turn`; the vars of its *n results stay on the tape. */
static tg_program *capture(const trial *r, int turn, uint32_t without, tg_var y[], int *n) {
  tg_var x[INPUTS];
  tg_error e = {TG_OK, ""};
  tg_tape_reset(t);
  tg_capture_begin(t);
  for (int i = 0; i < INPUTS; i++) x[i] = tg_input(t, i, r->in[turn][i], NULL);
  *n = record(r->d, x, y);
  tg_program *p = tg_capture_end(t, y, *n, &(tg_program_options){.without = without}, &e);
  ck_assert_msg(p != NULL, "seed %llu: %s", (unsigned long long)r->seed, e.message);
  return p;
}

/* Against what the tape computes where it records for a program: gradients by the same nodes. */
static void compare(const trial *r, tg_program *p, uint32_t without, char text[200]) {
  tg_error e = {TG_OK, ""};
  tg_var y[POOL];
  int n;
  *text = 0;
  for (int turn = 1; turn >= 0; turn--) {
    tg_program_free(capture(r, turn, ~0u, y, &n));
    if (tg_program_replay(p, r->in[turn], INPUTS, &e) != TG_OK)
      snprintf(text, 200, "%.180s", e.message);
    for (int j = 0; j < n; j++) {
      tg_tensor a = tg_program_value(p, j), b = tg_value(y[j]);
      if (!*text) find_difference(text, j, &a, &b, may_round(without));
    }
  }
}

static const char *const pass_names[] = {
#define PASS_NAME(name, text, does) text,
    TG_PASS_MAP(PASS_NAME)
#undef PASS_NAME
        "nothing",
    "all", "fold, simplify and spread"};

/* False: the expression is refused by the tape itself. */
static bool try_one(uint64_t seed) {
  char text[200], wrong[200] = "", right[200] = "";
  trial r = trial_new(seed);
  fill(&r);
  tg_var x[INPUTS], y[POOL];
  int n;
  tg_tape_reset(t);
  for (int i = 0; i < INPUTS; i++) x[i] = tg_leaf(t, r.in[0][i]);
  record(r.d, x, y);
  if (tg_tape_status(t) != TG_OK) return false;
  for (int k = 0; k < TG_PASS_COUNT + 3; k++) {
    const uint32_t some[] = {0, ~0u, rounding};
    uint32_t without = k < TG_PASS_COUNT ? 1u << k : some[k - TG_PASS_COUNT];
    tg_program *p = capture(&r, 0, without, y, &n);
    compare(&r, p, without, text);
    if (*text) memcpy(wrong, text, sizeof wrong);
    size_t used = strlen(right);
    if (!*text) snprintf(right + used, sizeof right - used, " %s", pass_names[k]);
    tg_program_free(p);
  }
  ck_assert_msg(*wrong == 0, "seed %llu: %s; right without:%s", (unsigned long long)seed, wrong,
                right);
  return true;
}

START_TEST(random_expressions) {
  int tried = 0;
  for (int k = 0; k < CASES; k++) tried += try_one((uint64_t)(_i * CASES + k));
  ck_assert_int_gt(tried, CASES / 2);
}
END_TEST

int main(int argc, char **argv) {
  int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) / CASES : ROUNDS;
  Suite *s = suite_create("program_random");
  TCase *c = tcase_create("program_random");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, random_expressions, 0, rounds);
  return run_suite(s);
}
