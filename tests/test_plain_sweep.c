/* Whose memory the plain sweep's cotangents lie in: handed on, shared, views. Random graphs of few
   and of many elements, against the recorded sweep, which shares nothing. */
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

static uint64_t state = 1;
static uint64_t draw(uint64_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (state >> 33) % n;
}

enum { LEAVES = 3, STEPS = 12, NODES = LEAVES + STEPS, ASKED = 5, MOST = 8 * 96 };

/* Of every var; cotangents of the second are large enough to be shared. */
static const int64_t shapes[2][2] = {{2, 3}, {8, 96}};
static const int64_t *shape;

static tg_var spread(tg_var x) { return tg_broadcast_to(x, 2, shape); }

/* One more node, of vars that were made before: mostly operators whose cotangent passes, or is a
   view. */
static tg_var grow(const tg_var made[], uint64_t n) {
  tg_var a = made[draw(n)], b = made[draw(n)];
  switch (draw(13)) {
  case 0: return tg_add(a, b);
  case 1: return tg_add(a, a);
  case 2: return tg_sub(a, b);
  case 3: return tg_reshape(tg_reshape(a, TG_DIMS(3, -1)), 2, shape);
  case 4: return tg_identity(a);
  case 5: return tg_add(tg_slice(tg_add(a, b), 0, 0, TG_END, 1), b);
  case 6: return tg_add(a, spread(tg_sum(tg_add(a, b), TG_ALL, false)));
  case 7: return tg_add(tg_detach(a), b);
  case 8: return tg_sub(b, tg_mean(tg_identity(a), TG_AXES(0), true));
  case 9: return tg_mul(a, spread(tg_sum(tg_add(a, b), TG_AXES(1), true)));
  case 10: return tg_slice_scatter(a, tg_slice(tg_add(b, a), 1, 1, TG_END, 1), 1, 0, -1, 1);
  case 11: return tg_add(a, spread(tg_sum_to(tg_neg(b), TG_DIMS(1, shape[1]))));
  default: return tg_mul(tg_sin(a), b);
  }
}

typedef struct graph {
  double data[LEAVES][MOST], found[ASKED][MOST];
  tg_var made[NODES], asked[ASKED];
  tg_tensor into[ASKED];
} graph;

static graph *make_graph(void) {
  static graph all;
  for (int i = 0; i < LEAVES; i++) {
    for (int k = 0; k < MOST; k++) all.data[i][k] = (double)draw(1000) / 1000;
    all.made[i] = tg_leaf(t, tg_tensor_of(all.data[i], TG_F64, 2, shape));
  }
  for (int i = LEAVES; i < NODES; i++) all.made[i] = grow(all.made, (uint64_t)i);
  for (int i = 0; i < ASKED; i++) {
    all.asked[i] = all.made[i < LEAVES ? (uint64_t)i : draw(NODES)];
    all.into[i] = tg_tensor_of(all.found[i], TG_F64, 2, shape);
  }
  memset(all.found, 0, sizeof all.found);
  return &all;
}

/* Two roots, for leaves and nodes between. A cotangent is a var, a view of one, or ones. */
static void check_random_graph(void) {
  graph *all = make_graph();
  tg_var dx[ASKED];
  const tg_var y[2] = {all->made[NODES - 1], all->made[NODES - 2]};
  const tg_var few = tg_slice(tg_exp(all->made[1]), 0, 0, 1, 1);
  const tg_var g[2] = {draw(4) ? tg_sin(all->made[0]) : TG_NONE, draw(2) ? spread(few) : TG_NONE};
  ck_assert_int_eq(tg_backward_into(y, g, 2, NULL, all->asked, all->into, ASKED), TG_OK);
  ck_assert_int_eq(tg_vjp(y, g, 2, all->asked, ASKED, dx), TG_OK);
  for (int i = 0; i < ASKED; i++)
    for (int k = 0; k < shape[0] * shape[1]; k++) {
      double right = at(dx[i], k);
      ck_assert_msg(fabs(all->found[i][k] - right) <= 1e-9 * (1 + fabs(right)),
                    "%.17g is not %.17g", all->found[i][k], right);
    }
}

START_TEST(a_cotangent_handed_on_is_written_by_none) {
  shape = shapes[_i];
  for (int trial = 0; trial < 300; trial++) {
    check_random_graph();
    tg_tape_reset(t);
  }
}
END_TEST

/* Of four steps back only the last one writes: the others hand the seed on, seen by strides of 0.
 */
START_TEST(views_take_no_memory) {
  enum { N = 1 << 16 };
  static double data[N], into[N];
  int64_t n = N;
  tg_var x = vector(data, n), y = tg_mean(tg_add_scalar(tg_identity(tg_sin(x)), 1), TG_ALL, false);
  tg_tensor dx = tg_tensor_of(into, TG_F64, 1, &n);
  size_t before = tg_tape_bytes(t);
  ck_assert_int_eq(tg_vjp_into(&y, NULL, 1, &x, 1, &dx), TG_OK);
  for (int i = 0; i < N; i += 1000) assert_near(into[i], 1.0 / N);
  ck_assert_uint_lt(tg_tape_bytes(t) - before, sizeof data / 4);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("plain_sweep");
  TCase *tests = tcase_create("plain_sweep");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_loop_test(tests, a_cotangent_handed_on_is_written_by_none, 0, 2);
  tcase_add_test(tests, views_take_no_memory);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
