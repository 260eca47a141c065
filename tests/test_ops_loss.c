/* Losses: values and gradients by PyTorch (golden/losses.h, by tools/golden/losses.py), derivatives
   by differences, both sweeps, strided operands, threads. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"
#include "tapegrad/gradcheck.h"

enum { MOST = 32 };

typedef struct golden_tensor {
  tg_dtype dtype;
  int rank;
  int64_t dims[4];
  double values[MOST];
} golden_tensor;

typedef struct golden_case {
  const char *name;
  tg_reduction reduction;
  double p, smoothing;
  double tolerance; /* 0: the test's */
  bool ignores;
  int64_t ignore_index;
  golden_tensor x, t, weight, pos_weight, y, g, dx, dt;
} golden_case;

#include "golden/losses.h"

enum { CASES = sizeof golden / sizeof *golden };

/* ---- golden tensors as vars ---- */

static bool is_there(const golden_tensor *x) { return x->dtype != TG_DTYPE_NONE; }

/* With spread, the elements lie backwards and two apart in memory. */
static tg_var var_of(const golden_tensor *x, tg_dtype dtype, bool spread) {
  if (!is_there(x)) return TG_NONE;
  double memory[2 * MOST] = {0};
  int64_t step = spread ? -2 : 1;
  tg_tensor to = tg_tensor_of(memory, dtype, x->rank, x->dims);
  for (int k = x->rank - 1; k >= 0; k--) {
    to.strides[k] = step;
    step *= x->dims[k];
  }
  if (spread) to.data = (char *)memory + (size_t)(2 * MOST - 2) * tg_dtype_size(dtype);
  for (int64_t i = 0; i < tg_tensor_numel(&to); i++) tg_tensor_put(&to, i, x->values[i]);
  double *kept = tg_value(tg_constant(t, tg_tensor_of(memory, TG_F64, TG_DIMS(2 * MOST)))).data;
  to.data = (char *)kept + ((char *)to.data - (char *)memory);
  return tg_leaf(t, to);
}

typedef tg_var pair_fn(tg_var x, tg_var target, tg_reduction reduction);
typedef tg_var pair1_fn(tg_var x, tg_var target, double p, tg_reduction reduction);

static tg_var apply_pair(const golden_case *c, tg_var x, tg_var target) {
  static const struct {
    const char *name;
    pair_fn *fn;
    pair1_fn *fn1;
  } table[] = {
      {"mse_loss", tg_mse_loss, NULL},
      {"l1_loss", tg_l1_loss, NULL},
      {"smooth_l1_loss", NULL, tg_smooth_l1_loss},
      {"huber_loss", NULL, tg_huber_loss},
      {"binary_cross_entropy", tg_binary_cross_entropy, NULL},
      {"binary_cross_entropy_with_logits", tg_binary_cross_entropy_with_logits, NULL},
      {"kl_div", tg_kl_div, NULL},
      {"kl_div_log_target", tg_kl_div_log_target, NULL},
      {"hinge_loss", tg_hinge_loss, NULL},
      {"hinge_embedding_loss", NULL, tg_hinge_embedding_loss},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].name, c->name) == 0)
      return table[i].fn ? table[i].fn(x, target, c->reduction)
                         : table[i].fn1(x, target, c->p, c->reduction);
  return TG_NONE;
}

static tg_var apply_classes(const golden_case *c, tg_var x, tg_var target, tg_var weight) {
  tg_cross_entropy_options options = {.weight = weight,
                                      .reduction = c->reduction,
                                      .ignores = c->ignores,
                                      .ignore_index = c->ignore_index,
                                      .label_smoothing = c->smoothing};
  return strcmp(c->name, "nll_loss") == 0 ? tg_nll_loss_with(x, target, options)
                                          : tg_cross_entropy_with(x, target, options);
}

static tg_var apply_case(const golden_case *c, tg_var x, tg_var target, tg_dtype dtype) {
  tg_var weight = var_of(&c->weight, dtype, false);
  tg_var pos_weight = var_of(&c->pos_weight, dtype, false);
  if (strcmp(c->name, "cosine_similarity") == 0)
    return tg_cosine_similarity(x, target, (int)c->p, 1e-8);
  if (strcmp(c->name, "nll_loss") == 0 || strcmp(c->name, "cross_entropy") == 0)
    return apply_classes(c, x, target, weight);
  if (tg_is_none(weight) && tg_is_none(pos_weight)) return apply_pair(c, x, target);
  if (strcmp(c->name, "binary_cross_entropy") == 0)
    return tg_binary_cross_entropy_weighted(x, target, weight, c->reduction);
  return tg_binary_cross_entropy_with_logits_weighted(x, target, weight, pos_weight, c->reduction);
}

/* ---- comparison ---- */

static void compare(const golden_case *c, const char *what, const tg_tensor *a,
                    const golden_tensor *b, double tolerance) {
  ck_assert_msg(a->data != NULL, "%s %s: %s", c->name, what, tg_tape_message(t));
  tg_tensor like = tg_tensor_of((void *)(uintptr_t)b->values, a->dtype, b->rank, b->dims);
  ck_assert_msg(tg_tensor_same_shape(a, &like), "%s %s: shape", c->name, what);
  if (c->tolerance != 0) tolerance = c->tolerance;
  for (int64_t i = 0; i < tg_tensor_numel(a); i++) {
    double x = tg_tensor_at(a, i), y = b->values[i];
    bool same =
        x == y || (isnan(x) && isnan(y)) ||
        (isfinite(x) && isfinite(y) && fabs(x - y) <= tolerance * (1 + fmax(fabs(x), fabs(y))));
    ck_assert_msg(same, "%s case %d %s [%d]: %.17g, PyTorch %.17g", c->name, (int)(c - golden),
                  what, (int)i, x, y);
  }
}

static void compare_plain(const golden_case *c, tg_var y, tg_var g, tg_var x,
                          const golden_tensor *want, double tolerance) {
  double memory[MOST];
  tg_tensor value = tg_value(x), dx = tg_tensor_of(memory, value.dtype, value.rank, value.dims);
  golden_tensor want1 = *want;
  for (int64_t i = 0; i < tg_tensor_numel(&dx); i++) { /* adds to what is there */
    tg_tensor_put(&dx, i, 1);
    want1.values[i] += 1;
  }
  tg_backward_into(&y, &g, 1, NULL, &x, &dx, 1);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "%s", tg_tape_message(t));
  compare(c, "plain gradient", &dx, &want1, tolerance);
}

static void compare_recorded(const golden_case *c, tg_var y, tg_var g, tg_var x,
                             const golden_tensor *want, double tolerance) {
  tg_var dx;
  tg_vjp(&y, &g, 1, &x, 1, &dx);
  tg_tensor value = tg_value(dx);
  compare(c, "recorded gradient", &value, want, tolerance);
}

static void check_case(const golden_case *c, tg_dtype dtype, bool spread, double tolerance) {
  tg_dtype target_dtype = c->t.dtype == TG_F64 ? dtype : spread ? TG_I32 : TG_I64;
  tg_var x = var_of(&c->x, dtype, spread), target = var_of(&c->t, target_dtype, spread);
  tg_var y = apply_case(c, x, target, dtype);
  ck_assert_msg(!tg_is_none(y), "%s has no constructor here", c->name);
  tg_tensor value = tg_value(y);
  compare(c, "value", &value, &c->y, tolerance);
  tg_var g = var_of(&c->g, dtype, spread);
  compare_plain(c, y, g, x, &c->dx, tolerance);
  compare_recorded(c, y, g, x, &c->dx, tolerance);
  if (!is_there(&c->dt)) return;
  compare_plain(c, y, g, target, &c->dt, tolerance);
  compare_recorded(c, y, g, target, &c->dt, tolerance);
}

START_TEST(golden_f64) { check_case(&golden[_i], TG_F64, false, 1e-13); }
END_TEST

START_TEST(golden_strided) { check_case(&golden[_i], TG_F64, true, 1e-13); }
END_TEST

/* 1e30 and the values at the ends of f64's range are other numbers in f32. */
static bool fits_f32(const golden_case *c) {
  for (int i = 0; i < MOST; i++) {
    double size = fabs(c->x.values[i]);
    if (isfinite(size) && (size > 1e3 || (size != 0 && size < 1e-30) || fabs(1 - size) < 1e-8))
      return false;
  }
  return true;
}

START_TEST(golden_f32) {
  if (fits_f32(&golden[_i])) check_case(&golden[_i], TG_F32, false, 2e-5);
}
END_TEST

/* ---- the fused operator is its composition, in value and in the first three derivatives ---- */

/* The n-th of: loss, sum(d loss * (1, 2, ...)), the same of that, ... */
static double nth_derivative(tg_var loss, tg_var x, int n) {
  int64_t dims[2] = {3, 4};
  tg_var ramp = tg_reshape(tg_arange(t, TG_F64, 1, 13, 1), 2, dims);
  for (int i = 0; i < n; i++) {
    tg_var dx;
    tg_grad(loss, &x, 1, &dx);
    loss = tg_sum(tg_mul(dx, ramp), TG_ALL, false);
  }
  return tg_item(loss);
}

START_TEST(fused_is_composed) {
  double data[12], w[4] = {0.5, 1, 2, 0.25};
  int64_t k[3] = {3, 0, 1};
  for (int i = 0; i < 12; i++) data[i] = tg_random_normal((tg_key){7, 7}, (uint64_t)i);
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(3, 4)));
  tg_var target = tg_leaf(t, tg_tensor_of(k, TG_I64, TG_DIMS(3)));
  tg_cross_entropy_options options = {.weight = tg_leaf(t, tg_tensor_of(w, TG_F64, TG_DIMS(4))),
                                      .ignores = true,
                                      .ignore_index = 0};
  tg_var fused = tg_cross_entropy_with(x, target, options);
  tg_var composed = tg_nll_loss_with(tg_log_softmax(x, 1), target, options);
  for (int n = 0; n <= 3; n++) {
    double a = nth_derivative(fused, x, n), b = nth_derivative(composed, x, n);
    ck_assert_msg(fabs(a - b) <= 1e-12 * fmax(1, fabs(b)), "derivative %d: %.17g, %.17g: %s", n, a,
                  b, tg_tape_message(t));
  }
}
END_TEST

START_TEST(a_bad_class_is_named) {
  double data[6] = {0};
  int64_t k[2] = {1, 3};
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(2, 3)));
  ck_assert(tg_is_failed(tg_cross_entropy(x, tg_leaf(t, tg_tensor_of(k, TG_I64, TG_DIMS(2))))));
  ck_assert_int_eq(tg_tape_status(t), TG_INDEX);
  ck_assert_msg(strstr(tg_tape_message(t), "index 3 at position 1 is not one of 3 classes") != NULL,
                "%s", tg_tape_message(t));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ops_loss");
  TCase *tests = tcase_create("golden");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_loop_test(tests, golden_f64, 0, CASES);
  tcase_add_loop_test(tests, golden_strided, 0, CASES);
  tcase_add_loop_test(tests, golden_f32, 0, CASES);
  tcase_add_test(tests, fused_is_composed);
  tcase_add_test(tests, a_bad_class_is_named);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
