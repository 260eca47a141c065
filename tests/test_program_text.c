/* Programs as text: a graph before and after a pass as DOT, which `dot` accepts where it is, and
   the steps as they are run. */
#include "files.h"
#include "tapegrad/tapegrad.h"

enum { ROOM = 1 << 14, ALL = (1u << TG_PASS_COUNT) - 1, TEXTS = TG_PASS_COUNT + 1 };

typedef struct texts {
  char of[TEXTS][ROOM]; /* by pass + 1 */
  size_t length[TEXTS];
  int stop_at;
} texts;

static bool collect(void *user, int pass, const char *text, size_t length) {
  texts *t = user;
  size_t *used = &t->length[pass + 1];
  ck_assert_uint_lt(*used + length, ROOM);
  memcpy(t->of[pass + 1] + *used, text, length);
  *used += length;
  return pass != t->stop_at;
}

static bool collect_dump(void *user, const char *text, size_t length) {
  texts *t = user;
  return collect(t, -1, text, length);
}

static float x_data[6] = {1, 2, 3, 4, 5, 6}, kept[4];

/* A tape with a capture on; and the matrix over x_data as its input 0. */
static tg_tape *capturing(void) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  return t;
}
static tg_var matrix_input(tg_tape *t, const char *name) {
  return tg_input(t, 0, tg_tensor_of(x_data, TG_F32, TG_DIMS(2, 3)), name);
}

/* h = x w * 1, with y = its sum and the branch y > -100; h is stored and w becomes 2 w. */
static tg_program *capture(tg_params *params, uint32_t without, texts *shown, tg_error *error) {
  tg_tape *t = capturing();
  tg_var x = matrix_input(t, "x \"&\"");
  tg_var w = tg_param(t, params, 0), h = tg_mul_scalar(tg_matmul(x, w), 1);
  tg_var y = tg_name(tg_sum(h, TG_ALL, false), "y");
  tg_branch(tg_gt(y, tg_scalar(t, TG_F32, -100)));
  tg_store(tg_tensor_of(kept, TG_F32, TG_DIMS(2, 2)), h);
  tg_assign(params, 0, tg_mul(w, tg_scalar(t, TG_F32, 2)));
  tg_program_options o = {.without = without, .show = shown ? collect : NULL, .user = shown};
  tg_program *p = tg_capture_end(t, &y, 1, &o, error);
  tg_tape_free(t);
  return p;
}

static tg_params *make_params(void) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "w", TG_F32, TG_DIMS(3, 2));
  tg_params_seal(params, NULL);
  return params;
}

static void assert_drawn(const char *dot) {
  if (system("command -v dot >/dev/null") != 0) return;
  static char errors[ROOM];
  char command[2048];
  put_text("pass.dot", dot);
  snprintf(command, sizeof command, "dot -Tsvg -o %s %s 2>%s", in_folder("pass.svg"),
           in_folder("pass.dot"), in_folder("errors"));
  ck_assert_int_eq(system(command), 0);
  errors[get_file(in_folder("errors"), errors, sizeof errors - 1)] = '\0';
  ck_assert_str_eq(errors, "");
}

/* clang-format off */
static const char recorded[] =
    "digraph recorded {\n"
    "  rankdir=TB;\n"
    "  node [fontname=\"Helvetica\", fontsize=11, shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\"];\n"
    "  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];\n"
    "  v0 [label=\"input 0\\nx \\\"&amp;\\\"\\n[2,3] f32\", shape=ellipse, style=filled, fillcolor=\"#d6e6f5\"];\n"
    "  v1 [label=\"w\\n[3,2] f32\", shape=cylinder, style=filled, fillcolor=\"#d9ead3\"];\n"
    "  v5 [label=\"-100\\n[] f32\", style=filled, fillcolor=\"#eeeeee\"];\n"
    "  v7 [label=\"2\\n[] f32\", style=filled, fillcolor=\"#eeeeee\"];\n"
    "  s0 [label=\"@\\n[2,2] f32\", tooltip=\"matmul\"];\n"
    "  v0 -> s0;\n"
    "  v1 -> s0;\n"
    "  s1 [label=\"*\\n[2,2] f32\\nvalue=1\", tooltip=\"mul_scalar\"];\n"
    "  s0 -> s1;\n"
    "  s2 [label=\"sum\\ny\\n[] f32\\naxes=[] keepdim=false\", tooltip=\"sum\"];\n"
    "  s1 -> s2;\n"
    "  s3 [label=\">\\n[] bool\", tooltip=\"gt\"];\n"
    "  s2 -> s3;\n"
    "  v5 -> s3;\n"
    "  s4 [label=\"broadcast\\n[3,2] f32\\ndims=[3,2]\", tooltip=\"broadcast_to\"];\n"
    "  v7 -> s4;\n"
    "  s5 [label=\"*\\n[3,2] f32\", tooltip=\"mul\"];\n"
    "  v1 -> s5;\n"
    "  s4 -> s5;\n"
    "  r0 [label=\"result 0\", shape=plaintext, style=\"\"];\n"
    "  s2 -> r0 [style=dashed];\n"
    "  r1 [label=\"branch true\", shape=plaintext, style=\"\"];\n"
    "  s3 -> r1 [style=dashed];\n"
    "  r2 [label=\"store\", shape=plaintext, style=\"\"];\n"
    "  s1 -> r2 [style=dashed];\n"
    "  r3 [label=\"assign\\nw\", shape=plaintext, style=\"\"];\n"
    "  s5 -> r3 [style=dashed];\n"
    "}\n";
static const char simplified[] =
    "digraph simplify {\n"
    "  rankdir=TB;\n"
    "  node [fontname=\"Helvetica\", fontsize=11, shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\"];\n"
    "  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];\n"
    "  v0 [label=\"input 0\\nx \\\"&amp;\\\"\\n[2,3] f32\", shape=ellipse, style=filled, fillcolor=\"#d6e6f5\"];\n"
    "  v1 [label=\"w\\n[3,2] f32\", shape=cylinder, style=filled, fillcolor=\"#d9ead3\"];\n"
    "  v5 [label=\"-100\\n[] f32\", style=filled, fillcolor=\"#eeeeee\"];\n"
    "  v7 [label=\"2\\n[] f32\", style=filled, fillcolor=\"#eeeeee\"];\n"
    "  s0 [label=\"@\\n[2,2] f32\", tooltip=\"matmul\"];\n"
    "  v0 -> s0;\n"
    "  v1 -> s0;\n"
    "  s1 [label=\"sum\\ny\\n[] f32\\naxes=[] keepdim=false\", tooltip=\"sum\"];\n"
    "  s0 -> s1;\n"
    "  s2 [label=\">\\n[] bool\", tooltip=\"gt\"];\n"
    "  s1 -> s2;\n"
    "  v5 -> s2;\n"
    "  s3 [label=\"broadcast\\n[3,2] f32\\ndims=[3,2]\", tooltip=\"broadcast_to\"];\n"
    "  v7 -> s3;\n"
    "  s4 [label=\"*\\n[3,2] f32\", tooltip=\"mul\"];\n"
    "  v1 -> s4;\n"
    "  s3 -> s4;\n"
    "  r0 [label=\"result 0\", shape=plaintext, style=\"\"];\n"
    "  s1 -> r0 [style=dashed];\n"
    "  r1 [label=\"branch true\", shape=plaintext, style=\"\"];\n"
    "  s2 -> r1 [style=dashed];\n"
    "  r2 [label=\"store\", shape=plaintext, style=\"\"];\n"
    "  s0 -> r2 [style=dashed];\n"
    "  r3 [label=\"assign\\nw\", shape=plaintext, style=\"\"];\n"
    "  s4 -> r3 [style=dashed];\n"
    "}\n";
static const char steps[] =
    "   0 matmul(\"x \\\"&\\\"\", param \"w\") [2,2] f32 at 0\n"
    "   1 mul_scalar(%0) value=1 [2,2] f32 at 64\n"
    "   2 sum(%1) axes=[] keepdim=false [] f32 at 128\n"
    "   3 gt(%2, -100) [] bool at 192\n"
    "   4 branch(%3)\n"
    "   5 mul(param \"w\", 2 as [3,2]) [3,2] f32 at 256\n";
static const char copied[] =
    "  s0 [label=\"broadcast\\n[2,3] f64\\ndims=[2,3]\", tooltip=\"broadcast_to\"];\n"
    "  v0 -> s0;\n"
    "  s1 [label=\"exp\\n[2,3] f64\", tooltip=\"exp\"];\n"
    "  s0 -> s1;\n"
    "  s2 [label=\"*\\n[2,3] f64\", tooltip=\"mul\"];\n"
    "  s1 -> s2;\n"
    "  v2 -> s2;\n"
    "  r0 [label=\"result 0\", shape=plaintext, style=\"\"];\n"
    "  s2 -> r0 [style=dashed];\n"
    "}\n";
static const char spread[] =
    "  s0 [label=\"broadcast\\n[2,3] f64\\ndims=[2,3]\", tooltip=\"broadcast_to\"];\n"
    "  v0 -> s0;\n"
    "  s1 [label=\"slice\\n[1,3] f64\\naxis=0 start=0 stop=1 step=1\", tooltip=\"slice\"];\n"
    "  s0 -> s1;\n"
    "  s2 [label=\"exp\\n[1,3] f64\", tooltip=\"exp\"];\n"
    "  s1 -> s2;\n"
    "  s3 [label=\"broadcast\\n[2,3] f64\\ndims=[2,3]\", tooltip=\"broadcast_to\"];\n"
    "  s2 -> s3;\n"
    "  s4 [label=\"*\\n[2,3] f64\", tooltip=\"mul\"];\n"
    "  s3 -> s4;\n"
    "  v2 -> s4;\n"
    "  r0 [label=\"result 0\", shape=plaintext, style=\"\"];\n"
    "  s4 -> r0 [style=dashed];\n"
    "}\n";
/* clang-format on */

/* From the first step on. */
static const char *steps_in(const char *dot) {
  const char *first = strstr(dot, "  s0 ");
  return first ? first : "";
}

START_TEST(test_show) {
  static texts t = {.stop_at = TEXTS};
  tg_params *params = make_params();
  tg_program *p = capture(params, ALL & ~(1u << TG_PASS_SIMPLIFY), &t, NULL);
  ck_assert_ptr_nonnull(p);
  ck_assert_str_eq(t.of[0], recorded);
  ck_assert_str_eq(t.of[1 + TG_PASS_SIMPLIFY], simplified);
  ck_assert_uint_eq(t.length[1 + TG_PASS_FOLD], 0);
  assert_drawn(t.of[0]);
  assert_drawn(t.of[1 + TG_PASS_SIMPLIFY]);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* exp of copies of x [3], times z. */
static void capture_copies(texts *shown) {
  static double x[3], z[6];
  tg_tape *t = capturing();
  tg_var row = tg_input(t, 0, tg_tensor_of(x, TG_F64, TG_DIMS(3)), "x");
  tg_var copies = tg_expand(row, TG_DIMS(2, 3));
  tg_var by = tg_input(t, 1, tg_tensor_of(z, TG_F64, TG_DIMS(2, 3)), "z");
  tg_var y = tg_mul(tg_exp(copies), by);
  tg_program_options o = {.without = ALL & ~(1u << TG_PASS_SPREAD), .show = collect, .user = shown};
  tg_program_free(tg_capture_end(t, &y, 1, &o, NULL));
  tg_tape_free(t);
}

START_TEST(test_show_spread) {
  static texts t = {.stop_at = TEXTS};
  capture_copies(&t);
  ck_assert_str_eq(steps_in(t.of[0]), copied);
  ck_assert_str_eq(steps_in(t.of[1 + TG_PASS_SPREAD]), spread);
  assert_drawn(t.of[0]);
  assert_drawn(t.of[1 + TG_PASS_SPREAD]);
}
END_TEST

START_TEST(test_show_every_pass) {
  static texts t = {.stop_at = TEXTS};
  tg_params *params = make_params();
  tg_program *p = capture(params, 0, &t, NULL);
  ck_assert_ptr_nonnull(p);
  for (int k = 0; k < TEXTS; k++)
    if (t.length[k]) assert_drawn(t.of[k]);
  ck_assert_uint_gt(t.length[1 + TG_PASS_FUSE], 0);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

START_TEST(test_show_may_stop) {
  static texts t = {.stop_at = TG_PASS_MERGE};
  tg_error error = {0};
  tg_params *params = make_params();
  ck_assert_ptr_null(capture(params, 0, &t, &error));
  ck_assert_int_eq(error.status, TG_STOPPED);
  ck_assert_uint_eq(t.length[1 + TG_PASS_SIMPLIFY], 0);
  tg_params_free(params);
}
END_TEST

START_TEST(test_dump) {
  static texts t = {.stop_at = TEXTS};
  tg_params *params = make_params();
  tg_program *p = capture(params, ALL, NULL, NULL);
  ck_assert_int_eq(tg_program_dump(p, collect_dump, &t), TG_OK);
  ck_assert_str_eq(t.of[0], steps);
  tg_program_free(p);
  p = capture(params, ALL & ~(1u << TG_PASS_REUSE), NULL, NULL);
  t.length[0] = 0;
  ck_assert_int_eq(tg_program_dump(p, collect_dump, &t), TG_OK);
  ck_assert_ptr_nonnull(strstr(t.of[0], "1 mul_scalar(%0) value=1 [2,2] f32 stored\n"));
  t.stop_at = -1;
  t.length[0] = 0;
  ck_assert_int_eq(tg_program_dump(p, collect_dump, &t), TG_STOPPED);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* A dump of what y[0..n) and the tape's capture give; the program is freed. */
static const char *dumped(tg_tape *t, const tg_var y[], int n, texts *to) {
  tg_program *p = tg_capture_end(t, y, n, NULL, NULL);
  ck_assert_ptr_nonnull(p);
  to->length[0] = 0;
  memset(to->of[0], 0, ROOM);
  ck_assert_int_eq(tg_program_dump(p, collect_dump, to), TG_OK);
  tg_program_free(p);
  return to->of[0];
}

START_TEST(test_dump_of_loops) {
  static texts t = {.stop_at = TEXTS};
  tg_tape *tape = capturing();
  tg_var x = matrix_input(tape, "a\\b\x7f\n");
  tg_var unnamed = tg_input(tape, 1, tg_tensor_of(x_data, TG_F32, TG_DIMS(6)), NULL);
  tg_var h = tg_tanh(tg_mul(x, tg_reshape(unnamed, TG_DIMS(2, 3))));
  tg_var y[2] = {h, tg_sum(h, TG_AXES(1), false)};
  ck_assert_str_eq(dumped(tape, y, 2, &t),
                   "   0 fused [mul, tanh, sum](\"a\\\\b\\x7f\\x0a\", input 1 as [2,3])"
                   " [2,3] f32 at 0, [2] f32 at 24\n");
  tg_tape_free(tape);
}
END_TEST

/* What reads the second result of a step names the step. */
START_TEST(test_dump_of_second_results) {
  static texts t = {.stop_at = TEXTS};
  tg_tape *tape = capturing();
  tg_var x = matrix_input(tape, "x");
  tg_var h = tg_tanh(tg_mul(x, x)), s = tg_sum(h, TG_AXES(1), false);
  tg_var y[2] = {h, tg_matmul(s, x)};
  ck_assert_ptr_nonnull(strstr(dumped(tape, y, 2, &t), "   1 matmul(%0, \"x\") [3] f32"));
  tg_tape_free(tape);
}
END_TEST

START_TEST(test_dump_of_many_scalars) {
  static texts t = {.stop_at = TEXTS};
  tg_tape *tape = tg_tape_new(NULL, NULL);
  for (int parts = 16; parts <= 17; parts++) {
    tg_tape_reset(tape);
    tg_capture_begin(tape);
    tg_var x = tg_input_scalar(tape, 0, TG_F64, 0.5, "x");
    for (int k = 0; k < parts; k++) x = tg_sin(x);
    const char *text = dumped(tape, &x, 1, &t);
    ck_assert_ptr_nonnull(strstr(text, "   0 fused_scalars [sin, sin, "));
    ck_assert_ptr_nonnull(
        strstr(text, parts == 16 ? ", sin](\"x\") [] f64 at 0" : ", and 2 more](\"x\") [] f64"));
  }
  tg_tape_free(tape);
}
END_TEST

START_TEST(test_dump_of_nothing) {
  static texts t = {.stop_at = TEXTS};
  tg_tape *tape = capturing();
  tg_var x = tg_input(tape, 0, tg_tensor_of(x_data, TG_F32, TG_DIMS(0, 3)), "x");
  tg_var y = tg_sum(tg_exp(x), TG_AXES(0), false);
  tg_var c = tg_matmul(tg_constant(tape, tg_tensor_of(x_data, TG_F32, TG_DIMS(2, 3))), y);
  ck_assert_str_eq(dumped(tape, &c, 1, &t), "   0 sum(empty) axes=[0] keepdim=false [3] f32 at 0\n"
                                            "   1 matmul(constant, %0) [2] f32 at 12\n");
  tg_tape_free(tape);
}
END_TEST

/* The box of a fused step says what it does. */
START_TEST(test_show_of_loops) {
  static texts t = {.stop_at = TEXTS};
  tg_tape *tape = capturing();
  tg_var x = matrix_input(tape, NULL);
  tg_var y = tg_name(tg_tanh(tg_mul(x, x)), "\"y\"");
  tg_program_options o = {.show = collect, .user = &t};
  tg_program_free(tg_capture_end(tape, &y, 1, &o, NULL));
  tg_tape_free(tape);
  const char *text = t.of[1 + TG_PASS_FUSE];
  ck_assert_ptr_nonnull(
      strstr(text, "[label=\"fused\\nmul\\ntanh\\n\\\"y\\\"\\n[2,3] f32\", tooltip=\"fused\"]"));
  assert_drawn(text);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("program_text");
  TCase *all = tcase_create("text");
  use_folder(all);
  tcase_add_test(all, test_show);
  tcase_add_test(all, test_show_every_pass);
  tcase_add_test(all, test_show_spread);
  tcase_add_test(all, test_show_may_stop);
  tcase_add_test(all, test_dump);
  tcase_add_test(all, test_dump_of_loops);
  tcase_add_test(all, test_dump_of_second_results);
  tcase_add_test(all, test_dump_of_many_scalars);
  tcase_add_test(all, test_dump_of_nothing);
  tcase_add_test(all, test_show_of_loops);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
