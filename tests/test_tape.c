/* The tape: life of nodes, marks, collapse, leaves, names, errors, budgets. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

/* ---- values ---- */

START_TEST(values_and_shapes) {
  double data[6] = {1, 2, 3, 4, 5, 6};
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(2, 3)));
  ck_assert_int_eq(tg_rank(x), 2);
  ck_assert_int_eq(tg_dim(x, -1), 3);
  ck_assert_int_eq(tg_dim(x, 2), -1);
  ck_assert_int_eq(tg_numel(x), 6);
  ck_assert_ptr_eq(tg_value(x).data, data);
  ck_assert(isnan(tg_item(x)));
  ck_assert_double_eq(tg_item(tg_scalar(t, TG_F32, 2.5)), 2.5);
  ck_assert_int_eq(tg_dtype_of(tg_scalar(t, TG_I64, 7)), TG_I64);
}
END_TEST

START_TEST(a_constant_is_a_copy) {
  double data[2] = {1, 2};
  tg_var x = tg_constant(t, tg_tensor_of(data, TG_F64, TG_DIMS(2)));
  data[0] = 9;
  ck_assert_double_eq(((double *)tg_value(x).data)[0], 1);
}
END_TEST

START_TEST(bad_leaves_are_refused) {
  double data[2] = {0};
  tg_tensor x = tg_tensor_of(data, TG_F64, TG_DIMS(2));
  x.rank = 9;
  ck_assert(tg_is_failed(tg_leaf(t, x)));
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_constant(t, (tg_tensor){0})));
  ck_assert_int_eq(tg_tape_status(t), TG_ARGUMENT);
}
END_TEST

/* ---- failed, absent, stale, foreign ---- */

START_TEST(a_tape_that_is_not_there_is_harmless) {
  double data[2] = {1, 2};
  tg_tensor two = tg_tensor_of(data, TG_F64, TG_DIMS(2));
  tg_var x = tg_leaf(NULL, two), dx = tg_scalar(t, TG_F64, 1);
  ck_assert(tg_is_none(x) && tg_is_none(tg_constant(NULL, two)));
  ck_assert(tg_is_none(tg_scalar(NULL, TG_F64, 1)) && tg_is_none(tg_scalar_like(x, 1)));
  ck_assert(tg_is_none(tg_param(NULL, NULL, 0)) && tg_is_none(tg_zeros(NULL, TG_F64, TG_SCALAR)));
  tg_scope_begin(NULL, "scope");
  tg_var y = tg_name(tg_sum(tg_mul_scalar(tg_add(x, x), 2), TG_ALL, false), "y");
  tg_scope_end(NULL);
  ck_assert(tg_is_none(y) && isnan(tg_item(y)));
  ck_assert_int_ne(tg_grad(y, &x, 1, &dx), TG_OK);
  ck_assert(tg_is_none(dx) && tg_is_none(tg_hessian(y, x)));
  ck_assert_int_eq(tg_tape_status(NULL), TG_NO_MEMORY);
  ck_assert_str_eq(tg_tape_message(NULL), "there is no tape");
  ck_assert(tg_tape_set_grad(NULL, false));
  ck_assert_int_eq(tg_tape_rewind(NULL, tg_tape_mark(NULL)), TG_NO_MEMORY);
  ck_assert_int_eq(tg_tape_collapse(NULL, tg_tape_mark(NULL), &y, 1), TG_NO_MEMORY);
  ck_assert_int_eq(tg_tape_dump(NULL, NULL, 0, NULL, NULL), TG_NO_MEMORY);
  tg_tape_reset(NULL);
  ck_assert_int_eq(tg_tape_nodes(NULL), 0);
  ck_assert_uint_eq(tg_tape_bytes(NULL), 0);
}
END_TEST

START_TEST(an_absent_operand_is_named) {
  tg_var x = tg_scalar(t, TG_F64, 1);
  tg_add(x, TG_NONE);
  ck_assert_int_eq(tg_tape_status(t), TG_ARGUMENT);
  ck_assert_str_eq(tg_tape_message(t), "add: operand 1 is absent (TG_NONE)");
}
END_TEST

START_TEST(absent_and_failed_are_not_confused) {
  ck_assert(tg_is_none(TG_NONE));
  ck_assert(!tg_is_failed(TG_NONE));
  tg_var failed = tg_tape_fail(t, TG_ARGUMENT, "no");
  ck_assert(tg_is_failed(failed) && !tg_is_none(failed));
  ck_assert(isnan(tg_item(failed)));
  ck_assert_ptr_null(tg_value(failed).data);
}
END_TEST

START_TEST(the_first_error_stays) {
  double a[2] = {1, 2}, b[3] = {1, 2, 3};
  tg_var x = tg_name(vector(a, 2), "x"), y = vector(b, 3);
  tg_var bad = tg_add(x, y);
  ck_assert(tg_is_failed(bad));
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
  char first[TG_MESSAGE_SIZE];
  strcpy(first, tg_tape_message(t));
  ck_assert_msg(strstr(first, "\"x\" [2]") && strstr(first, "[3]"), "%s", first);
  ck_assert(tg_is_failed(tg_add(bad, x)));
  ck_assert_str_eq(tg_tape_message(t), first);
}
END_TEST

START_TEST(stale_vars_are_errors) {
  tg_mark mark = tg_tape_mark(t);
  tg_var x = tg_scalar(t, TG_F64, 1);
  tg_tape_rewind(t, mark);
  tg_var y = tg_scalar(t, TG_F64, 2); /* takes the place of x */
  ck_assert_uint_eq(x.id, y.id);
  ck_assert(isnan(tg_item(x)));
  ck_assert(tg_is_failed(tg_add(x, y)));
  ck_assert_int_eq(tg_tape_status(t), TG_STALE);
}
END_TEST

START_TEST(foreign_vars_are_errors) {
  tg_tape *other = tg_tape_new(NULL, NULL);
  tg_var x = tg_scalar(t, TG_F64, 1), y = tg_scalar(other, TG_F64, 1);
  ck_assert(tg_is_failed(tg_add(x, y)));
  ck_assert_int_eq(tg_tape_status(t), TG_FOREIGN);
  tg_tape_free(other);
}
END_TEST

START_TEST(mixed_dtypes_are_errors) {
  ck_assert(tg_is_failed(tg_add(tg_scalar(t, TG_F64, 1), tg_scalar(t, TG_F32, 1))));
  ck_assert_int_eq(tg_tape_status(t), TG_DTYPE);
}
END_TEST

/* ---- marks ---- */

START_TEST(a_rewind_clears_later_errors_only) {
  tg_mark start = tg_tape_mark(t);
  tg_tape_fail(t, TG_ARGUMENT, "first");
  tg_mark later = tg_tape_mark(t);
  ck_assert_int_eq(tg_tape_rewind(t, later), TG_OK);
  ck_assert_int_eq(tg_tape_status(t), TG_ARGUMENT);
  tg_tape_rewind(t, start);
  ck_assert_int_eq(tg_tape_status(t), TG_OK);
  ck_assert_str_eq(tg_tape_message(t), "");
}
END_TEST

START_TEST(a_mark_that_was_rewound_is_stale) {
  tg_mark start = tg_tape_mark(t);
  tg_scalar(t, TG_F64, 1);
  tg_mark later = tg_tape_mark(t);
  tg_tape_rewind(t, start);
  ck_assert_int_eq(tg_tape_rewind(t, later), TG_STALE);
  tg_scalar(t, TG_F64, 2);
  ck_assert_int_eq(tg_tape_rewind(t, later), TG_STALE);
  ck_assert_int_eq(tg_tape_nodes(t), 1);
}
END_TEST

START_TEST(collapse_keeps_values_and_frees_the_rest) {
  double data[2] = {3, 4};
  tg_mark mark = tg_tape_mark(t);
  tg_var x = vector(data, 2), y = tg_add(x, x);
  for (int i = 0; i < 100; i++) tg_add(y, y);
  tg_var keep[3] = {y, TG_NONE, x};
  ck_assert_int_eq(tg_tape_collapse(t, mark, keep, 3), TG_OK);
  ck_assert_int_eq(tg_tape_nodes(t), 2);
  ck_assert_double_eq(((double *)tg_value(keep[0]).data)[1], 8);
  ck_assert(tg_is_none(keep[1]));
  ck_assert_double_eq(((double *)tg_value(keep[2]).data)[0], 3);
  ck_assert_ptr_null(tg_value(y).data);
}
END_TEST

START_TEST(inference_in_bounded_memory) {
  tg_var h = tg_scalar(t, TG_F64, 1);
  tg_mark mark = tg_tape_mark(t);
  size_t bytes = 0;
  for (int i = 0; i < 1000; i++) {
    tg_var next = h;
    for (int k = 0; k < 50; k++) next = tg_add(next, tg_scalar_like(next, 0.5));
    ck_assert_int_eq(tg_tape_collapse(t, mark, &next, 1), TG_OK);
    h = next;
    if (i == 10) bytes = tg_tape_bytes(t);
  }
  ck_assert_uint_eq(tg_tape_bytes(t), bytes);
  ck_assert_double_eq(tg_item(h), 1 + 1000 * 25);
}
END_TEST

/* ---- names ---- */

START_TEST(names_live_as_long_as_what_came_before_them) {
  tg_var x = tg_name(tg_scalar(t, TG_F64, 1), "x");
  tg_var y = tg_scalar(t, TG_F64, 1);
  tg_mark mark = tg_tape_mark(t);
  tg_name(y, "late");
  ck_assert_str_eq(tg_name_of(y), "late");
  tg_tape_rewind(t, mark);
  ck_assert_ptr_null(tg_name_of(y));
  ck_assert_str_eq(tg_name_of(x), "x");
  tg_name(x, "again");
  ck_assert_str_eq(tg_name_of(x), "again");
}
END_TEST

START_TEST(scopes_nest_and_must_close) {
  tg_scope_begin(t, "a");
  tg_scope_begin(t, "b");
  tg_scope_end(t);
  tg_scope_end(t);
  ck_assert_int_eq(tg_tape_status(t), TG_OK);
  tg_scope_end(t);
  ck_assert_int_eq(tg_tape_status(t), TG_STATE);
}
END_TEST

/* ---- memory ---- */

START_TEST(a_budget_is_a_sticky_error) {
  tg_tape *small = tg_tape_new(&(tg_tape_options){.byte_budget = 1 << 20}, NULL);
  tg_var x = tg_scalar(small, TG_F64, 1);
  while (!tg_is_failed(x)) x = tg_add(x, x);
  ck_assert_int_eq(tg_tape_status(small), TG_NO_MEMORY);
  ck_assert_uint_le(tg_tape_bytes(small), 1 << 20);
  tg_tape_reset(small);
  ck_assert(!tg_is_failed(tg_scalar(small, TG_F64, 1)));
  tg_tape_free(small);
}
END_TEST

static char text[4096];
static bool append(void *user, const char *piece, size_t length) {
  (void)user;
  strncat(text, piece, length);
  return true;
}

/* The same into memory of 64 kB. */
static bool append_large(void *user, const char *piece, size_t length) {
  size_t has = strlen(user);
  ck_assert_uint_lt(has + length, 1 << 16);
  memcpy((char *)user + has, piece, length);
  ((char *)user)[has + length] = '\0';
  return true;
}

START_TEST(the_dump_follows_operands_not_ids) {
  tg_var b = tg_name(tg_scalar(t, TG_F64, 2), "b"), a = tg_name(tg_scalar(t, TG_F32, 1), "a");
  tg_var y = tg_add(a, tg_add(a, a));
  (void)b;
  text[0] = '\0';
  ck_assert_int_eq(tg_tape_dump(t, &y, 1, append, NULL), TG_OK);
  ck_assert_str_eq(text, "%1 = scalar() [] f32 4 B \"a\"\n"
                         "%2 = add(%1, %1) [] f32 4 B\n"
                         "%3 = add(%1, %2) [] f32 4 B\n");
}
END_TEST

/* A line a node, whatever its name holds and however many operands it has. */
START_TEST(the_dump_has_one_line_a_node) {
  tg_var x = tg_name(tg_scalar(t, TG_F32, 1), "a\n\"b\\\x01");
  text[0] = '\0';
  ck_assert_int_eq(tg_tape_dump(t, &x, 1, append, NULL), TG_OK);
  ck_assert_str_eq(text, "%1 = scalar() [] f32 4 B \"a\\n\\\"b\\\\\\x01\"\n");
  enum { MANY = 2000 };
  static char large[1 << 16];
  tg_var all[MANY];
  for (int i = 0; i < MANY; i++) all[i] = x;
  tg_var y = tg_name(tg_stack(all, MANY, 0), "y");
  large[0] = '\0';
  ck_assert_int_eq(tg_tape_dump(t, &y, 1, append_large, large), TG_OK);
  const char *second = strchr(large, '\n') + 1, *end = strchr(second, '\n');
  ck_assert_ptr_nonnull(end);
  ck_assert_str_eq(end - 21, "[2000] f32 8000 B \"y\"\n");
  int operands = 0;
  for (const char *c = second; (c = strstr(c, "%1")) != NULL; c++) operands++;
  ck_assert_int_eq(operands, MANY);
}
END_TEST

/* More shapes than a reset keeps: their layouts go, and no slot of the tape may remember one. Half
   of the shapes come again at their places; the others take the layouts' memory. */
START_TEST(shapes_are_right_where_others_were_before) {
  enum { MANY = 5000 };
  static tg_var y[MANY];
  double one = 1;
  for (int64_t round = 0; round < 3; round++) {
    for (int64_t i = 0; i < MANY; i++) {
      int64_t n = i < MANY / 2 ? 2 + i : 2 + i + round * MANY;
      y[i] = tg_broadcast_to(number(&one), TG_DIMS(3, n));
    }
    for (int64_t i = 0; i < MANY; i++)
      ck_assert_int_eq(tg_dim(y[i], 1), i < MANY / 2 ? 2 + i : 2 + i + round * MANY);
    tg_tape_reset(t);
  }
}
END_TEST

START_TEST(a_result_is_dense_where_a_view_was_before) {
  double row[3] = {1, 2, 3}, matrix[6] = {1, 2, 3, 4, 5, 6};
  tg_broadcast_to(tg_leaf(t, tg_tensor_of(row, TG_F64, TG_DIMS(3))), TG_DIMS(2, 3));
  tg_tape_reset(t);
  tg_tensor y = tg_value(tg_neg(tg_leaf(t, tg_tensor_of(matrix, TG_F64, TG_DIMS(2, 3)))));
  ck_assert(tg_tensor_is_contiguous(&y));
  ck_assert_double_eq(tg_tensor_at(&y, 5), -6);
}
END_TEST

START_TEST(the_dump_tells_every_kind_of_attribute) {
  tg_var x = tg_dropout(tg_full(t, TG_F32, TG_DIMS(2, 3), 0.5), 0.25, (tg_key){17, 255});
  tg_var y = tg_mse_loss(x, tg_zeros_like(x), TG_REDUCTION_SUM);
  text[0] = '\0';
  ck_assert_int_eq(tg_tape_dump(t, (tg_var[]){tg_cast(x, TG_F64), y}, 2, append, NULL), TG_OK);
  ck_assert_ptr_nonnull(strstr(text, " dims=[2,3] "));
  ck_assert_ptr_nonnull(strstr(text, " p=0.25 key=11:ff "));
  ck_assert_ptr_nonnull(strstr(text, " dtype=f64 "));
  ck_assert_ptr_nonnull(strstr(text, " reduction=sum "));
}
END_TEST

/* A message is one sentence, whatever the names in it hold. */
START_TEST(a_message_has_no_newline) {
  float two[2] = {1, 2}, three[3] = {1, 2, 3};
  tg_var x = tg_name(tg_leaf(t, tg_tensor_of(two, TG_F32, TG_DIMS(2))), "a\nb\x1b[31m");
  tg_add(x, tg_leaf(t, tg_tensor_of(three, TG_F32, TG_DIMS(3))));
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
  ck_assert_msg(strstr(tg_tape_message(t), "\"a?b?[31m\" [2]") != NULL, "%s", tg_tape_message(t));
}
END_TEST

/* ---- params ---- */

START_TEST(params_are_declared_sealed_and_found) {
  tg_params *p = tg_params_new(NULL, NULL);
  int w = tg_params_add(p, "w", TG_F32, TG_DIMS(2, 3)),
      n = tg_params_add_buffer(p, "n", TG_I64, TG_SCALAR),
      b = tg_params_add(p, "b", TG_F32, TG_DIMS(3));
  ck_assert_ptr_null(tg_params_tensor(p, w).data);
  ck_assert_int_eq(tg_params_seal(p, NULL), TG_OK);
  ck_assert_int_eq(tg_params_find(p, "b"), b);
  ck_assert_int_eq(tg_params_flat(p, TG_F32).dims[0], 9);
  ck_assert_ptr_eq(tg_params_tensor(p, b).data, (float *)tg_params_flat(p, TG_F32).data + 6);
  ck_assert(tg_params_is_buffer(p, n));
  tg_error error = {0};
  float three[3] = {1, 2, 3};
  ck_assert_int_eq(tg_params_write(p, w, tg_tensor_of(three, TG_F32, TG_DIMS(3)), &error),
                   TG_SHAPE);
  ck_assert_str_eq(error.message, "params: \"w\" is [2,3], the value [3]");
  ck_assert_int_eq(tg_params_write(p, b, tg_tensor_of(three, TG_F32, TG_DIMS(3)), &error), TG_OK);
  ck_assert_uint_eq(tg_params_version(p, b), 1);
  tg_params_free(p);
}
END_TEST

START_TEST(a_name_given_twice_fails_the_seal) {
  tg_params *p = tg_params_new(NULL, NULL);
  tg_params_add(p, "w", TG_F32, TG_DIMS(2));
  ck_assert_int_eq(tg_params_add(p, "w", TG_F32, TG_DIMS(2)), -1);
  tg_error error = {0};
  ck_assert_int_eq(tg_params_seal(p, &error), TG_ARGUMENT);
  ck_assert_str_eq(error.message, "params: the name \"w\" is given twice");
  tg_params_free(p);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("tape");
  TCase *tests = tcase_create("tape");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, values_and_shapes);
  tcase_add_test(tests, a_constant_is_a_copy);
  tcase_add_test(tests, bad_leaves_are_refused);
  tcase_add_test(tests, a_tape_that_is_not_there_is_harmless);
  tcase_add_test(tests, an_absent_operand_is_named);
  tcase_add_test(tests, absent_and_failed_are_not_confused);
  tcase_add_test(tests, the_first_error_stays);
  tcase_add_test(tests, stale_vars_are_errors);
  tcase_add_test(tests, foreign_vars_are_errors);
  tcase_add_test(tests, mixed_dtypes_are_errors);
  tcase_add_test(tests, a_rewind_clears_later_errors_only);
  tcase_add_test(tests, a_mark_that_was_rewound_is_stale);
  tcase_add_test(tests, collapse_keeps_values_and_frees_the_rest);
  tcase_add_test(tests, inference_in_bounded_memory);
  tcase_add_test(tests, names_live_as_long_as_what_came_before_them);
  tcase_add_test(tests, scopes_nest_and_must_close);
  tcase_add_test(tests, a_budget_is_a_sticky_error);
  tcase_add_test(tests, the_dump_follows_operands_not_ids);
  tcase_add_test(tests, the_dump_has_one_line_a_node);
  tcase_add_test(tests, shapes_are_right_where_others_were_before);
  tcase_add_test(tests, a_result_is_dense_where_a_view_was_before);
  tcase_add_test(tests, the_dump_tells_every_kind_of_attribute);
  tcase_add_test(tests, a_message_has_no_newline);
  tcase_add_test(tests, params_are_declared_sealed_and_found);
  tcase_add_test(tests, a_name_given_twice_fails_the_seal);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
