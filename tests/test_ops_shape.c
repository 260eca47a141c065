/* Operators on shapes: values against index arithmetic and numbers worked by hand. Their
   derivatives are checked with all others', in test_ops. */
#include "values.h"

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

/* Of many operands, not all of which lead to a target. */
START_TEST(concat_of_many_takes_each_part_back) {
  enum { N = 9 };
  tg_var x[N], targets[N], dx[N], again[N];
  int n = 0;
  for (int i = 0; i < N; i++) {
    x[i] = iota(TG_DIMS(2, i % 4));
    if (i % 3 != 1) targets[n++] = x[i];
  }
  tg_var y = tg_concat(x, N, 1), g = iota(TG_DIMS(2, tg_dim(y, 1)));
  double memory[N][6] = {{0}};
  tg_tensor into[N];
  for (int k = 0; k < n; k++)
    into[k] = tg_tensor_of(memory[k], TG_F64, TG_DIMS(2, tg_dim(targets[k], 1)));
  ck_assert_int_eq(tg_vjp(&y, &g, 1, targets, n, dx), TG_OK);
  ck_assert_int_eq(tg_vjp_into(&y, &g, 1, targets, n, into), TG_OK);
  ck_assert_int_eq(tg_vjp(&y, &g, 1, targets, n, again), TG_OK);
  for (int i = 0, k = 0, start = 0; i < N; start += i % 4, i++) {
    if (i % 3 == 1) continue;
    for (int j = 0; j < 2 * (i % 4); j++) {
      double is = j % (i % 4) + start + j / (i % 4) * (double)tg_dim(y, 1);
      tg_tensor rule = tg_value(dx[k]), twice = tg_value(again[k]);
      ck_assert_double_eq(memory[k][j], is);
      ck_assert_double_eq(tg_tensor_at(&rule, j), is);
      ck_assert_double_eq(tg_tensor_at(&twice, j), is);
    }
    k++;
  }
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
  tcase_add_test(tc, reshape_is_a_view_where_strides_allow);
  tcase_add_test(tc, squeeze_and_unsqueeze_change_the_rank);
  tcase_add_test(tc, permute_and_flip);
  tcase_add_test(tc, slices_are_numpys);
  tcase_add_test(tc, slices_by_hand);
  tcase_add_test(tc, split_makes_views);
  tcase_add_test(tc, concat_and_stack);
  tcase_add_test(tc, concat_of_many_takes_each_part_back);
  tcase_add_test(tc, diagonals);
  tcase_add_test(tc, triangles);
  tcase_add_test(tc, pad_adds_and_takes_away);
  tcase_add_test(tc, roll_goes_round);
  tcase_add_test(tc, repetition);
  tcase_add_test(tc, all_dtypes_have_shapes);
  tcase_add_test(tc, refusals_say_why);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
