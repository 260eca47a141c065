/* Every elementwise constructor that ops_elementwise.h declares is there, and makes a node of its
   operator with the operands and attributes in the order given. */
#include <string.h>

#include "tape.h"

static void assert_made(tg_var y, const char *name, tg_var a, tg_var b, const char *values) {
  char text[200], found[200] = "";
  ck_assert_msg(tg_op_of(y) != NULL, "%s: %s", name, tg_tape_message(t));
  ck_assert_str_eq(tg_op_of(y)->name, name);
  ck_assert_uint_eq(tg_operand(y, 0).id, a.id);
  ck_assert_uint_eq(tg_operand(y, 1).id, b.id);
  tg_attrs_text(tg_op_of(y), tg_attrs_of(y), text, sizeof text);
  for (char *field = strtok(text, " "); field; field = strtok(NULL, " "))
    strcat(found, strchr(field, '='));
  ck_assert_str_eq(found, values);
}

/* clang-format off */
#define ONE(name)           assert_made(tg_##name(x), #name, x, TG_NONE, "");
#define TWO(name)           assert_made(tg_##name(x, other), #name, x, other, "");
#define UNARY(name, ...)    ONE(name)
#define STEP(name, ...)     ONE(name)
#define TEST(name, ...)     ONE(name)
#define UNARY1(name, ...)   assert_made(tg_##name(x, 0.25), #name, x, TG_NONE, "=0.25");
#define TEST1(name, ...)    assert_made(tg_##name(x, 0.25), #name, x, TG_NONE, "=0.25");
#define UNARY2(name, ...)   assert_made(tg_##name(x, 0.25, 0.75), #name, x, TG_NONE, "=0.25=0.75");
#define BINARY(name, ...)   TWO(name)
#define COMPARE(name, ...)  TWO(name)
/* clang-format on */

START_TEST(every_row_has_its_constructor) {
  double data[2] = {0.3, 0.4}, more[2] = {0.5, 0.6};
  tg_var x = vector(data, 2), other = vector(more, 2);
#include "kernel/elementwise_rows.h"
}
END_TEST

int main(void) {
  Suite *suite = suite_create("constructors");
  TCase *tests = tcase_create("constructors");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, every_row_has_its_constructor);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
