/* lib/program's passes fold, merge and simplify: each identity keeps every bit, of -0, NaN and
   infinities too, against the tape and against the program without the passes; and it is applied,
   which the number of steps shows. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

enum { ROWS = 4, COLUMNS = 6, COUNT = ROWS * COLUMNS };

#define PASS(name) (1u << TG_PASS_##name)

static const uint32_t tested = PASS(FOLD) | PASS(MERGE) | PASS(SIMPLIFY);

/* ---- the operands: x takes every special value against every one of z ---- */

static const double specials[] = {0.0, -0.0, 1.5, -2.25, INFINITY, -INFINITY, NAN, 0x1p-1060};
enum { SPECIALS = sizeof specials / sizeof *specials };

static void fill(double x[COUNT], double z[COUNT], int turn) {
  for (int i = 0; i < COUNT; i++) {
    x[i] = specials[i % SPECIALS];
    z[i] = specials[(i + turn) % SPECIALS];
  }
}

typedef tg_var case_fn(tg_tape *t, tg_var x, tg_var z);

static tg_var run(case_fn *fn, tg_tape *t, tg_tensor x, tg_tensor z) {
  return tg_neg(fn(t, tg_input(t, 0, x, "x"), tg_input(t, 1, z, "z")));
}

static tg_program *capture(case_fn *fn, tg_tensor x, tg_tensor z, uint32_t passes) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_program_options options = {.without = ~passes};
  tg_capture_begin(t);
  tg_var y = run(fn, t, x, z);
  tg_program *p = tg_capture_end(t, &y, 1, &options, &error);
  ck_assert_msg(p != NULL, "%s", error.message);
  tg_tape_free(t);
  return p;
}

static void assert_same_bits(const char *name, const char *what, tg_tensor a, tg_tensor b) {
  ck_assert_msg(tg_tensor_same_shape(&a, &b), "%s: %s: the shape", name, what);
  for (int64_t i = 0; i < tg_tensor_numel(&a); i++) {
    double p = tg_tensor_at(&a, i), q = tg_tensor_at(&b, i);
    ck_assert_msg(memcmp(&p, &q, sizeof p) == 0, "%s: %s: [%d] is %g (%a), not %g (%a)", name, what,
                  (int)i, p, p, q, q);
  }
}

/* The program against the tape, on numbers other than those of the capture. */
static void assert_replays(const char *name, case_fn *fn, tg_program *p, tg_tensor x, tg_tensor z,
                           const char *what) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_var y = run(fn, t, x, z);
  ck_assert_msg(tg_program_replay(p, (tg_tensor[]){x, z}, 2, &error) == TG_OK, "%s: %s", name,
                error.message);
  assert_same_bits(name, what, tg_program_value(p, 0), tg_value(y));
  tg_tape_free(t);
}

static void assert_case(const char *name, case_fn *fn, int64_t steps, int64_t fewer) {
  static double plain[COUNT], x[COUNT], z[COUNT];
  for (int i = 0; i < COUNT; i++) plain[i] = 1 + i;
  tg_tensor like = tg_tensor_of(plain, TG_F64, TG_DIMS(ROWS, COLUMNS));
  tg_tensor tx = like, tz = like;
  tx.data = x, tz.data = z;
  tg_program *all = capture(fn, like, like, 0), *p = capture(fn, like, like, tested);
  for (int turn = 0; turn < SPECIALS; turn++) {
    fill(x, z, turn);
    assert_replays(name, fn, all, tx, tz, "without the passes");
    assert_replays(name, fn, p, tx, tz, "with the passes");
  }
  ck_assert_msg(tg_program_stats_of(all).steps == steps, "%s: %d steps at first", name,
                (int)tg_program_stats_of(all).steps);
  ck_assert_msg(tg_program_stats_of(p).steps == fewer, "%s: %d steps are left", name,
                (int)tg_program_stats_of(p).steps);
  tg_program_free(all);
  tg_program_free(p);
}

/* ---- cases: what is written; steps without the passes, and with them (the last one is neg) ----
 */

static tg_var number(tg_var x, double c) { return tg_scalar_like(x, c); }
static tg_var zeros(tg_var x) { return tg_broadcast_to(number(x, 0), TG_DIMS(ROWS, COLUMNS)); }
static tg_var put(tg_var part, int axis, int64_t start, int64_t stop) {
  return tg_slice_scatter(zeros(part), part, axis, start, stop, 1);
}
static tg_var part(tg_var x, int64_t start, int64_t stop) { return tg_slice(x, 1, start, stop, 1); }
static tg_var sum3(tg_var a, tg_var b, tg_var c) { return tg_add(tg_add(a, b), c); }
static tg_var pair(tg_var a, tg_var b, int axis) { return tg_concat((tg_var[]){a, b}, 2, axis); }
static tg_var twice(tg_var x) { return tg_add(tg_exp(x), tg_exp(x)); }
static tg_var truth(tg_tape *t, bool is) { return tg_scalar(t, TG_BOOL, is); }

/* So many that some fall into one slot of the table of steps. */
static tg_var many(tg_var x) {
  tg_var sum = x;
  for (int k = 1; k <= 40; k++) sum = tg_add(sum, tg_mul_scalar(x, k + 0.5));
  return sum;
}

static tg_var four(tg_var a, tg_var b, tg_var c, tg_var d) {
  return tg_concat((tg_var[]){a, b, c, d}, 4, 1);
}

#define CASES(X)                                                                                   \
  X(mul_one, tg_mul(x, number(x, 1)), 2, 1)                                                        \
  X(one_mul, tg_mul(number(x, 1), x), 2, 1)                                                        \
  X(mul_scalar_one, tg_mul_scalar(x, 1), 2, 1)                                                     \
  X(div_one, tg_div(x, number(x, 1)), 2, 1)                                                        \
  X(div_scalar_one, tg_div_scalar(x, 1), 2, 1)                                                     \
  X(sub_zero, tg_sub(x, number(x, 0)), 2, 1)                                                       \
  X(sub_scalar_zero, tg_sub_scalar(x, 0), 2, 1)                                                    \
  X(add_minus_zero, tg_add(x, number(x, -0.0)), 2, 1)                                              \
  X(minus_zero_add, tg_add(number(x, -0.0), x), 2, 1)                                              \
  X(add_scalar_minus_zero, tg_add_scalar(x, -0.0), 2, 1)                                           \
  X(neg_neg, tg_neg(tg_neg(x)), 3, 1)                                                              \
  X(where_true, tg_where(truth(t, true), x, z), 2, 1)                                              \
  X(where_false, tg_where(truth(t, false), x, z), 2, 1)                                            \
  X(where_same, tg_where(tg_gt(x, z), x, x), 3, 1)                                                 \
  X(cast_back, tg_cast(tg_cast(tg_cast(x, TG_F32), TG_F64), TG_F32), 4, 2)                         \
  X(div_by_4, tg_div_scalar(x, 4), 2, 2)                                                           \
  X(div_by_minus_half, tg_div_scalar(x, -0.5), 2, 2)                                               \
  X(sum_of_one, tg_sum(tg_unsqueeze(x, 1), TG_AXES(1), false), 2, 1)                               \
  X(sum_to_same, tg_sum_to(x, TG_DIMS(ROWS, COLUMNS)), 2, 1)                                       \
  X(amax_of_one, tg_amax(tg_unsqueeze(x, 1), TG_AXES(1), true), 2, 1)                              \
  X(amin_of_one, tg_amin(tg_unsqueeze(x, 1), TG_AXES(1), true), 2, 1)                              \
  X(prod_of_one, tg_prod(tg_unsqueeze(x, 2), TG_AXES(2), false), 2, 1)                             \
  X(views,                                                                                         \
    tg_transpose(tg_transpose(tg_reshape(tg_flatten(x, 0, 1), TG_DIMS(ROWS, -1)), 0, 1), 0, 1), 1, \
    1)                                                                                             \
  X(merged, twice(x), 4, 3)                                                                        \
  X(commuted, tg_sub(tg_add(x, z), tg_add(z, x)), 4, 3)                                            \
  X(not_commuted, tg_add(tg_sub(x, z), tg_sub(z, x)), 4, 4)                                        \
  X(other_attributes, tg_add(tg_mul_scalar(x, 2), tg_mul_scalar(x, 3)), 4, 4)                      \
  X(many_attributes, many(x), 81, 81)                                                              \
  X(folded, tg_mul(x, tg_exp(tg_add(number(x, 1), number(x, 2)))), 4, 2)                           \
  X(folded_views, tg_mul(x, tg_exp(zeros(x))), 3, 1)                                               \
  X(kept_add_zero, tg_add(x, number(x, 0)), 2, 2)                                                  \
  X(kept_sub_minus_zero, tg_sub(x, number(x, -0.0)), 2, 2)                                         \
  X(kept_mul_minus_one, tg_mul_scalar(x, -1), 2, 2)                                                \
  X(kept_mul_zero, tg_mul_scalar(x, 0), 2, 2)                                                      \
  X(kept_rsub_zero, tg_rsub_scalar(x, 0), 2, 2)                                                    \
  X(slice_of_concat, part(pair(x, z, 1), COLUMNS, 2 * COLUMNS), 2, 1)                              \
  X(slice_of_concat_rows, tg_slice(pair(x, z, 0), 0, 0, ROWS, 1), 2, 1)                            \
  X(slice_across_concat, part(pair(x, z, 1), 1, COLUMNS + 1), 2, 2)                                \
  X(slice_of_concat_with_nothing,                                                                  \
    part(four(part(x, 0, 0), x, part(z, 2, 2), z), COLUMNS, 2 * COLUMNS), 2, 1)                    \
  X(select_of_stack, tg_select(tg_stack((tg_var[]){x, z}, 2, 1), 1, 1), 2, 1)                      \
  X(slice_of_scatter, part(tg_slice_scatter(x, part(z, 1, 3), 1, 2, 4, 1), 2, 4), 2, 1)            \
  X(scatters,                                                                                      \
    sum3(put(part(x, 0, 2), 1, 0, 2), put(part(z, 2, 3), 1, 2, 3), put(part(x, 3, 6), 1, 3, 6)),   \
    6, 5)                                                                                          \
  X(scatters_in_disorder,                                                                          \
    sum3(put(part(x, 3, 6), 1, 3, 6), put(part(x, 0, 2), 1, 0, 2), put(part(z, 2, 3), 1, 2, 3)),   \
    6, 5)                                                                                          \
  X(scatters_with_gaps,                                                                            \
    sum3(put(part(x, 1, 2), 1, 1, 2), put(part(z, 3, 4), 1, 3, 4), put(part(x, 4, 5), 1, 4, 5)),   \
    6, 5)                                                                                          \
  X(scatters_and_more, sum3(z, put(part(x, 0, 3), 1, 0, 3), put(part(x, 3, 6), 1, 3, 6)), 5, 5)    \
  X(scatters_of_rows,                                                                              \
    tg_add(put(tg_slice(x, 0, 0, 2, 1), 0, 0, 2), put(tg_slice(z, 0, 2, ROWS, 1), 0, 2, ROWS)), 4, \
    4)                                                                                             \
  X(scatters_that_overlap_later, tg_add(put(part(x, 0, 4), 1, 0, 4), put(part(z, 3, 6), 1, 3, 6)), \
    4, 4)                                                                                          \
  X(scatters_that_overlap,                                                                         \
    sum3(put(part(x, 0, 4), 1, 0, 4), put(part(z, 3, 6), 1, 3, 6), put(part(z, 0, 3), 1, 0, 3)),   \
    6, 6)

#define DEFINE(name, expression, steps, fewer)                                                     \
  static tg_var name(tg_tape *t, tg_var x, tg_var z) {                                             \
    (void)t, (void)z;                                                                              \
    return expression;                                                                             \
  }
CASES(DEFINE)

static const struct {
  const char *name;
  case_fn *fn;
  int64_t steps, fewer;
} cases[] = {
#define ROW(name, expression, steps, fewer) {#name, name, steps, fewer},
    CASES(ROW)};

enum { CASE_COUNT = sizeof cases / sizeof *cases };

START_TEST(identities_leave_fewer_steps_and_all_bits) {
  assert_case(cases[_i].name, cases[_i].fn, cases[_i].steps, cases[_i].fewer);
}
END_TEST

/* ---- many parts ---- */

/* Each part of a concat is read by itself, and makes a result of one fused step: looking through
   all parts for each, or through all operands for each result, would take minutes. */
START_TEST(test_every_part_of_a_long_concat) {
  enum { N = 60000 };
  static double data[N];
  static tg_var parts[N];
  const tg_tensor x = tg_tensor_of(data, TG_F64, TG_DIMS(N));
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var e = tg_exp(tg_input(t, 0, x, NULL));
  for (int i = 0; i < N; i++) parts[i] = tg_slice(e, 0, i, i + 1, 1);
  tg_var joined = tg_concat(parts, N, 0);
  for (int i = 0; i < N; i++) parts[i] = tg_neg(tg_slice(joined, 0, i, i + 1, 1));
  tg_var y = tg_concat(parts, N, 0);
  tg_program *p = tg_capture_end(t, &y, 1, NULL, NULL);
  ck_assert_int_eq(tg_program_stats_of(p).steps, 3);
  for (int i = 0; i < N; i++) data[i] = i % 10;
  ck_assert_int_eq(tg_program_replay(p, &x, 1, NULL), TG_OK);
  tg_tensor out = tg_program_value(p, 0);
  for (int i = 0; i < N; i += 777)
    ck_assert_double_eq_tol(tg_tensor_at(&out, i), -exp(data[i]), 1e-11);
  tg_program_free(p);
  tg_tape_free(t);
}
END_TEST

/* ---- fused operators: captures record their grad ---- */

static double scores[COUNT], weights[COLUMNS] = {0.5, 1, 2, 1.5, 0.25, 3}, direction[COUNT];
static int64_t classes[ROWS] = {1, 5, 0, 2};

static tg_tensor matrix(double *data) { return tg_tensor_of(data, TG_F64, TG_DIMS(ROWS, COLUMNS)); }

static void fill_scores(double by) {
  for (int i = 0; i < COUNT; i++) {
    scores[i] = by * sin(1.7 * i);
    direction[i] = cos(2.3 * i);
  }
}

static tg_cross_entropy_options weighted(tg_tape *t) {
  tg_tensor w = tg_tensor_of(weights, TG_F64, TG_DIMS(COLUMNS));
  return (tg_cross_entropy_options){
      .weight = tg_leaf(t, w), .label_smoothing = 0.1, .reduction = TG_REDUCTION_SUM};
}
static tg_var classes_of(tg_tape *t) {
  return tg_leaf(t, tg_tensor_of(classes, TG_I64, TG_DIMS(ROWS)));
}
static tg_var sum_of_squares(tg_var x) { return tg_sum(tg_square(x), TG_ALL, false); }

static tg_var loss_mean(tg_tape *t, tg_var x) { return tg_cross_entropy(x, classes_of(t)); }
static tg_var loss_twice(tg_tape *t, tg_var x) { return tg_mul_scalar(loss_mean(t, x), 2); }
static tg_var loss_squared(tg_tape *t, tg_var x) { return tg_square(loss_mean(t, x)); }
static tg_var loss_weighted(tg_tape *t, tg_var x) {
  return tg_cross_entropy_with(x, classes_of(t), weighted(t));
}
static tg_var loss_each(tg_tape *t, tg_var x) {
  tg_cross_entropy_options each = {.reduction = TG_REDUCTION_NONE};
  return tg_sum(tg_cross_entropy_with(x, classes_of(t), each), TG_ALL, false);
}
static tg_var loss_nll(tg_tape *t, tg_var x) {
  return tg_nll_loss(tg_log_softmax(x, 1), classes_of(t));
}
static tg_var loss_softmax(tg_tape *t, tg_var x) {
  (void)t;
  return sum_of_squares(tg_softmax(x, 0));
}
static tg_var loss_log_softmax(tg_tape *t, tg_var x) {
  (void)t;
  return sum_of_squares(tg_log_softmax(x, -1));
}

typedef tg_var loss_fn(tg_tape *t, tg_var x);

/* Its steps, and with the loss and its gradient as one. */
static const struct {
  const char *name;
  loss_fn *fn;
  int64_t steps, paired;
} losses[] = {
    {"mean", loss_mean, 2, 1},       {"twice", loss_twice, 3, 2},
    {"squared", loss_squared, 4, 4}, {"weighted", loss_weighted, 2, 1},
    {"each", loss_each, 3, 2},       {"nll", loss_nll, 4, 4},
    {"softmax", loss_softmax, 5, 5}, {"log_softmax", loss_log_softmax, 5, 5},
};
enum { LOSSES = sizeof losses / sizeof *losses };

static tg_program *capture_loss(loss_fn *fn, uint32_t passes) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_var y[2];
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, matrix(scores), "x");
  y[0] = fn(t, x);
  tg_grad(y[0], &x, 1, &y[1]);
  tg_program *p = tg_capture_end(t, y, 2, &(tg_program_options){.without = ~passes}, &error);
  ck_assert_msg(p != NULL, "%s", error.message);
  tg_tape_free(t);
  return p;
}

static void assert_steps(tg_program *p, const char *name, int64_t steps) {
  ck_assert_msg(tg_program_stats_of(p).steps == steps, "%s: %d steps", name,
                (int)tg_program_stats_of(p).steps);
}

/* The bits of the plain sweep. */
static void assert_plain(tg_program *p, const char *name, loss_fn *fn) {
  static double dx[COUNT];
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_var x = tg_leaf(t, matrix(scores)), y = fn(t, x);
  tg_tensor into = matrix(dx);
  memset(dx, 0, sizeof dx);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  ck_assert_int_eq(tg_program_replay(p, (tg_tensor[]){matrix(scores)}, 1, NULL), TG_OK);
  assert_same_bits(name, "the loss", tg_program_value(p, 0), tg_value(y));
  assert_same_bits(name, "its gradient", tg_program_value(p, 1), into);
  tg_tape_free(t);
}

START_TEST(fused_losses_give_the_plain_sweeps_bits) {
  fill_scores(1);
  tg_program *p = capture_loss(losses[_i].fn, tested);
  fill_scores(3);
  assert_steps(p, losses[_i].name, losses[_i].steps);
  assert_plain(p, losses[_i].name, losses[_i].fn);
  tg_program_free(p);
  fill_scores(1);
  p = capture_loss(losses[_i].fn, tested | PASS(PAIR));
  fill_scores(3);
  assert_steps(p, losses[_i].name, losses[_i].paired);
  assert_plain(p, losses[_i].name, losses[_i].fn);
  tg_program_free(p);
}
END_TEST

/* y[0] = the derivative of |gradient|^2, y[1] = the gradient moved along v. */
static void differentiate_again(tg_tape *t, loss_fn *fn, tg_var y[2]) {
  tg_var x = tg_input(t, 0, matrix(scores), "x"), dx, v = tg_leaf(t, matrix(direction));
  tg_grad(fn(t, x), &x, 1, &dx);
  tg_grad(sum_of_squares(dx), &x, 1, &y[0]);
  tg_jvp(&dx, 1, &x, &v, 1, &y[1]);
}

START_TEST(fused_losses_are_differentiated_again) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL), *eager = tg_tape_new(NULL, NULL);
  tg_var y[2];
  fill_scores(1);
  tg_capture_begin(t);
  differentiate_again(t, losses[_i].fn, y);
  tg_program *p = tg_capture_end(t, y, 2, NULL, &error);
  ck_assert_msg(p != NULL, "%s", error.message);
  fill_scores(2);
  differentiate_again(eager, losses[_i].fn, y);
  ck_assert_int_eq(tg_program_replay(p, (tg_tensor[]){matrix(scores)}, 1, NULL), TG_OK);
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < COUNT; i++) {
      tg_tensor replayed = tg_program_value(p, k), expected = tg_value(y[k]);
      double a = tg_tensor_at(&replayed, i), b = tg_tensor_at(&expected, i);
      ck_assert_msg(fabs(a - b) < 1e-13, "%s: %d[%d] is %g, not %g", losses[_i].name, k, i, a, b);
    }
  tg_program_free(p);
  tg_tape_free(eager);
  tg_tape_free(t);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("program_passes");
  TCase *identities = tcase_create("identities");
  tcase_add_loop_test(identities, identities_leave_fewer_steps_and_all_bits, 0, CASE_COUNT);
  suite_add_tcase(suite, identities);
  TCase *many_parts = tcase_create("many parts");
  tcase_set_timeout(many_parts, 20);
  tcase_add_test(many_parts, test_every_part_of_a_long_concat);
  suite_add_tcase(suite, many_parts);
  TCase *fused = tcase_create("fused");
  tcase_add_loop_test(fused, fused_losses_give_the_plain_sweeps_bits, 0, LOSSES);
  tcase_add_loop_test(fused, fused_losses_are_differentiated_again, 0, LOSSES);
  suite_add_tcase(suite, fused);
  return run_suite(suite);
}
