/* lib/graph: exact DOT text, against tests/golden/graph_*.dot, which `dot` accepts where it is. */
#include "files.h"
#include "tapegrad/tapegrad.h"

#ifndef GOLDEN
#error "GOLDEN is the folder of golden files"
#endif

enum { ROOM = 1 << 16 };

typedef struct text {
  size_t length, stop_after;
  char bytes[ROOM];
} text;

static bool collect(void *user, const char *bytes, size_t length) {
  text *to = user;
  ck_assert_uint_lt(to->length + length, ROOM);
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
  to->bytes[to->length] = '\0';
  return !to->stop_after || to->length < to->stop_after;
}

static const char *dot_of(tg_tape *t, const tg_var *roots, int n, const tg_graph_options *options) {
  static text texts[2];
  static int turn;
  text *to = &texts[turn ^= 1];
  to->length = 0;
  size_t bytes = (size_t)tg_tape_nodes(t);
  ck_assert_msg(tg_graph_dot(t, roots, n, options, collect, to) == TG_OK, "%s", tg_tape_message(t));
  ck_assert_uint_eq(bytes, (size_t)tg_tape_nodes(t));
  return to->bytes;
}

static int count(const char *in, const char *part) {
  int n = 0;
  for (const char *at = in; (at = strstr(at, part)); at += strlen(part)) n++;
  return n;
}

/* The program accepts the text, and draws so many nodes. */
static void assert_drawn(const char *dot) {
  static char svg[1 << 18];
  if (system("command -v dot >/dev/null") != 0) return;
  char command[2048];
  put_text("graph.dot", dot);
  snprintf(command, sizeof command, "dot -Tsvg -o %s %s 2>%s", in_folder("graph.svg"),
           in_folder("graph.dot"), in_folder("errors"));
  ck_assert_int_eq(system(command), 0);
  size_t size = get_file(in_folder("errors"), svg, sizeof svg - 1);
  svg[size] = '\0';
  ck_assert_str_eq(svg, "");
  svg[get_file(in_folder("graph.svg"), svg, sizeof svg - 1)] = '\0';
  ck_assert_int_eq(count(svg, "class=\"node\""), count(dot, "tooltip=") + count(dot, "  more ["));
}

static void assert_golden(const char *name, const char *dot) {
  static char golden[ROOM];
  char path[512];
  snprintf(path, sizeof path, "%s/graph_%s.dot", GOLDEN, name);
  golden[get_file(path, golden, sizeof golden - 1)] = '\0';
  size_t same = 0, line = 0;
  for (; dot[same] && dot[same] == golden[same]; same++)
    if (dot[same] == '\n') line = same + 1;
  ck_assert_msg(strcmp(dot, golden) == 0, "%s: it is\n%.200s\nand should be\n%.200s", name,
                dot + line, golden + line);
  assert_drawn(dot);
}

/* ---- y = sigmoid(x W + b) ---- */

static double x_data[8] = {0, 0, 0, 1, 1, 0, 1, 1}, w_data[6] = {0.5, -1, 0.25, 2, 0, 1},
              b_data[3] = {0.5, 0, -0.5};

static tg_var leaf(tg_tape *t, double *data, int64_t rows, int64_t columns, const char *name) {
  const int64_t dims[] = {rows, columns};
  return tg_name(tg_leaf(t, tg_tensor_of(data, TG_F64, rows ? 2 : 1, rows ? dims : dims + 1)),
                 name);
}

typedef struct dense {
  tg_var x, w, b, y;
} dense;

static dense record_dense(tg_tape *t, bool swapped) {
  dense d = {.x = TG_NONE};
  if (!swapped) d.x = leaf(t, x_data, 4, 2, "x");
  tg_scope_begin(t, "layer");
  if (swapped) d.b = leaf(t, b_data, 0, 3, "b");
  d.w = leaf(t, w_data, 2, 3, "W");
  if (!swapped) d.b = leaf(t, b_data, 0, 3, "b");
  tg_scope_end(t);
  if (swapped) d.x = leaf(t, x_data, 4, 2, "x");
  tg_scope_begin(t, "layer");
  d.y = tg_name(tg_sigmoid(tg_add(tg_matmul(d.x, d.w), d.b)), "y");
  tg_scope_end(t);
  return d;
}

START_TEST(dense_layer) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  dense d = record_dense(t, false);
  assert_golden("dense", dot_of(t, &d.y, 1, NULL));
  tg_tape_free(t);
}
END_TEST

START_TEST(order_of_recording) {
  tg_tape *t = tg_tape_new(NULL, NULL), *s = tg_tape_new(NULL, NULL);
  dense d = record_dense(t, false), e = record_dense(s, true);
  ck_assert_uint_ne(d.x.id, e.x.id);
  ck_assert_str_eq(dot_of(t, &d.y, 1, NULL), dot_of(s, &e.y, 1, NULL));
  tg_tape_free(t);
  tg_tape_free(s);
}
END_TEST

START_TEST(dense_gradient) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  dense d = record_dense(t, false);
  tg_var loss = tg_name(tg_sum(d.y, TG_ALL, false), "loss"), x[2] = {d.w, d.b}, dx[2];
  ck_assert_int_eq(tg_grad(loss, x, 2, dx), TG_OK);
  const tg_graph_gradient pairs[] = {{d.w, dx[0]}, {d.b, dx[1]}, {TG_NONE, TG_NONE}};
  const tg_graph_options o = {.gradients = pairs, .n_gradients = 3, .values = 6};
  assert_golden("gradient", dot_of(t, &loss, 1, &o));
  tg_tape_free(t);
}
END_TEST

/* ---- the textbook network: 2-3-1, parameters, a loss ---- */

static tg_params *network_params(void) {
  tg_params *p = tg_params_new(NULL, NULL);
  tg_params_add(p, "hidden.weight", TG_F64, TG_DIMS(3, 2));
  tg_params_add(p, "hidden.bias", TG_F64, TG_DIMS(3));
  tg_params_add(p, "output.weight", TG_F64, TG_DIMS(1, 3));
  tg_params_add(p, "output.bias", TG_F64, TG_DIMS(1));
  ck_assert_int_eq(tg_params_seal(p, NULL), TG_OK);
  return p;
}

static tg_var layer(tg_tape *t, tg_params *p, int at, tg_var x, const char *name) {
  tg_scope_begin(t, name);
  tg_var w = tg_param(t, p, at), b = tg_param(t, p, at + 1);
  tg_var y = tg_sigmoid(tg_linear(x, w, b));
  tg_scope_end(t);
  return y;
}

START_TEST(network) {
  static double targets[4] = {0, 1, 1, 0};
  tg_params *p = network_params();
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_scope_begin(t, "network");
  tg_var h = layer(t, p, 0, leaf(t, x_data, 4, 2, "x"), "hidden");
  tg_var y = layer(t, p, 2, h, "output");
  tg_scope_end(t);
  tg_var loss =
      tg_name(tg_mse_loss(y, leaf(t, targets, 4, 1, "target"), TG_REDUCTION_MEAN), "loss");
  const tg_graph_options o = {.direction = TG_GRAPH_RIGHT};
  assert_golden("network", dot_of(t, &loss, 1, &o));
  tg_tape_free(t);
  tg_params_free(p);
}
END_TEST

/* ---- foreign names ---- */

START_TEST(hostile_names) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  char endless[300];
  memset(endless, 'a', sizeof endless - 1);
  endless[sizeof endless - 1] = '\0';
  tg_scope_begin(t, "\"]; } \\N <b>&lt;</b>");
  tg_var a = leaf(t, b_data, 0, 3, "quote\" back\\slash \\");
  tg_var b = leaf(t, b_data, 0, 3, "line\nbreak\ttab\r\x01\x7f");
  tg_var c = leaf(t, b_data, 0, 3, "\xff\xfe \xc3 \xe2\x82 \xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf");
  tg_var d = leaf(t, b_data, 0, 3, "<html> & &amp; \u03c3 \U0001d54f");
  tg_var e = leaf(t, b_data, 0, 3, endless);
  tg_var f = leaf(t, b_data, 0, 3, "");
  tg_scope_end(t);
  tg_var sum = tg_add(tg_add(tg_add(a, b), tg_add(c, d)), tg_add(e, f));
  assert_golden("hostile", dot_of(t, &sum, 1, NULL));
  tg_tape_free(t);
}
END_TEST

/* ---- what is drawn ---- */

START_TEST(folded_broadcasts) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_var s = tg_scalar(t, TG_F64, 0.5), x = leaf(t, x_data, 4, 2, "x");
  tg_var twice = tg_expand(tg_expand(s, TG_DIMS(2)), TG_DIMS(4, 2)), y = tg_mul(x, twice);
  const char *dot = dot_of(t, &y, 1, NULL);
  ck_assert_int_eq(count(dot, "broadcast"), 0);
  ck_assert_ptr_nonnull(strstr(dot, "  n2 [label=\"0.5\\n[] f64\", "));
  ck_assert_ptr_nonnull(strstr(dot, "  n2 -> n3 [label=\"\u2192 [4,2]\"];\n"));
  const tg_var roots[] = {y, twice};
  dot = dot_of(t, roots, 2, NULL); /* a root is drawn, what it is made from is folded */
  ck_assert_ptr_nonnull(strstr(dot, "label=\"broadcast\\n[4,2] f64\\ndims=[4,2]\", penwidth=2"));
  ck_assert_ptr_nonnull(strstr(dot, " [label=\"\u2192 [2]\"];\n"));
  tg_name(twice, "wide");
  ck_assert_ptr_nonnull(strstr(dot_of(t, &y, 1, NULL), "label=\"broadcast\\nwide\\n"));
  tg_tape_free(t);
}
END_TEST

START_TEST(all_nodes) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  ck_assert_ptr_nonnull(strstr(dot_of(t, NULL, 0, NULL), "arrowsize=0.7];\n}\n"));
  tg_var x = leaf(t, x_data, 4, 2, "x");
  tg_add(x, tg_scalar(t, TG_F64, 2));
  tg_expand(tg_scalar(t, TG_F64, 3), TG_DIMS(3)); /* nothing uses it: it is drawn */
  const char *dot = dot_of(t, NULL, 0, NULL);
  ck_assert_int_eq(count(dot, "label=\"broadcast"), 1);
  ck_assert_int_eq(count(dot, "tooltip"), 5);
  tg_tape_free(t);
}
END_TEST

START_TEST(values) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  float few[2] = {1.5f, -0.0f};
  tg_var a = tg_constant(t, tg_tensor_of(few, TG_F32, TG_DIMS(2)));
  tg_var k = tg_name(tg_scalar(t, TG_F32, 3), "k"), y = tg_mul(a, k);
  const char *dot = dot_of(t, &y, 1, NULL);
  ck_assert_ptr_nonnull(strstr(dot, "[label=\"const\\n[2] f32\", "));
  ck_assert_ptr_nonnull(strstr(dot, "[label=\"k\\n[] f32\\n3\", "));
  dot = dot_of(t, &y, 1, &(tg_graph_options){.values = 1});
  ck_assert_ptr_nonnull(strstr(dot, "[label=\"const\\n[2] f32\\n[1.5, ...]\", "));
  dot = dot_of(t, &y, 1, &(tg_graph_options){.values = INT64_MAX});
  ck_assert_ptr_nonnull(strstr(dot, "[label=\"*\\n[2] f32\\n[4.5, -0]\", "));
  tg_tape_free(t);
}
END_TEST

START_TEST(limit) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_var y = leaf(t, x_data, 4, 2, "x");
  for (int i = 0; i < 2999; i++) y = tg_neg(y);
  static text big;
  big.length = 0;
  ck_assert_int_eq(tg_graph_dot(t, &y, 1, &(tg_graph_options){.limit = 3}, collect, &big), TG_OK);
  ck_assert_int_eq(count(big.bytes, "tooltip"), 3);
  ck_assert_int_eq(count(big.bytes, " -> "), 2);
  ck_assert_ptr_nonnull(strstr(big.bytes, "  more [label=\"\u2026 2997 more nodes\", "));
  assert_drawn(big.bytes);
  tg_error error = {0};
  static char whole[1 << 20];
  ck_assert_int_eq(tg_graph_dot_file(t, &y, 1, NULL, in_folder("default"), &error), TG_OK);
  whole[get_file(in_folder("default"), whole, sizeof whole - 1)] = '\0';
  ck_assert_int_eq(count(whole, "tooltip"), 1000);
  const tg_graph_options all = {.limit = -1};
  ck_assert_int_eq(tg_graph_dot_file(t, &y, 1, &all, in_folder("all"), &error), TG_OK);
  whole[get_file(in_folder("all"), whole, sizeof whole - 1)] = '\0';
  ck_assert_int_eq(count(whole, "tooltip"), 3000);
  ck_assert_int_eq(count(whole, "more"), 0);
  tg_tape_free(t);
}
END_TEST

/* ---- scopes ---- */

START_TEST(scopes) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_scope_begin(t, "empty");
  tg_scope_end(t);
  tg_var x = leaf(t, x_data, 4, 2, "x");
  tg_scope_begin(t, "outer");
  tg_scope_begin(t, "inner");
  tg_var a = tg_neg(x);
  tg_scope_end(t);
  tg_var b = tg_exp(a);
  tg_scope_begin(t, "still open");
  tg_var c = tg_sin(b);
  assert_golden("scopes", dot_of(t, &c, 1, NULL));
  tg_tape_free(t);
}
END_TEST

/* ---- failures ---- */

START_TEST(stopped) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_var y = record_dense(t, false).y;
  static text some;
  some = (text){.stop_after = 1};
  ck_assert_int_eq(tg_graph_dot(t, &y, 1, NULL, collect, &some), TG_STOPPED);
  ck_assert_uint_le(some.length, 4096);
  ck_assert_int_eq(tg_tape_status(t), TG_OK);
  tg_tape_free(t);
}
END_TEST

START_TEST(bad_arguments) {
  tg_tape *t = tg_tape_new(NULL, NULL), *s = tg_tape_new(NULL, NULL);
  tg_mark mark = tg_tape_mark(t);
  tg_var y = record_dense(t, false).y, foreign = record_dense(s, false).y;
  text none = {0};
  ck_assert_int_eq(tg_graph_dot(NULL, &y, 1, NULL, collect, &none), TG_ARGUMENT);
  ck_assert_int_eq(tg_graph_dot(t, &y, -1, NULL, collect, &none), TG_ARGUMENT);
  const tg_graph_options negative = {.n_gradients = -1};
  ck_assert_int_eq(tg_graph_dot(t, &y, 1, &negative, collect, &none), TG_ARGUMENT);
  ck_assert_int_eq(tg_graph_dot(t, &foreign, 1, NULL, collect, &none), TG_FOREIGN);
  tg_tape_rewind(t, mark);
  tg_tape_reset(t);
  const tg_graph_gradient gone = {y, TG_NONE};
  const tg_graph_options o = {.gradients = &gone, .n_gradients = 1};
  ck_assert_int_eq(tg_graph_dot(t, NULL, 0, &o, collect, &none), TG_STALE);
  ck_assert_uint_eq(none.length, 0);
  tg_tape_free(t);
  tg_tape_free(s);
}
END_TEST

START_TEST(files) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  dense d = record_dense(t, false);
  tg_error error = {0};
  static char found[ROOM];
  ck_assert_int_eq(tg_graph_dot_file(t, &d.y, 1, NULL, in_folder("y.dot"), &error), TG_OK);
  found[get_file(in_folder("y.dot"), found, sizeof found - 1)] = '\0';
  ck_assert_str_eq(found, dot_of(t, &d.y, 1, NULL));
  ck_assert_int_eq(tg_graph_dot_file(t, &d.y, 1, NULL, "/nowhere/y.dot", &error), TG_FILE);
  ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/y.dot"));
  tg_tape_reset(t);
  ck_assert_int_eq(tg_graph_dot_file(t, &d.y, 1, NULL, in_folder("y.dot"), &error), TG_STALE);
  ck_assert_ptr_nonnull(strstr(error.message, "rewound or reset"));
  ck_assert_uint_eq(get_file(in_folder("y.dot"), found, sizeof found - 1), strlen(found));
  ck_assert_int_eq(count_files(), 1);
  tg_tape_free(t);
}
END_TEST

static tg_status record_and_draw(const tg_runtime *runtime, tg_error *error) {
  static text drawn;
  drawn.length = 0;
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, error);
  if (t == NULL) return error->status;
  tg_var y = record_dense(t, false).y;
  tg_graph_dot(t, &y, 1, &(tg_graph_options){.values = 100}, collect, &drawn);
  *error = (tg_error){.status = tg_tape_status(t)};
  tg_tape_free(t);
  return error->status;
}

START_TEST(allocation_failures) { ck_assert_int_ge(sweep_failures(record_and_draw), 4); }
END_TEST

int main(void) {
  Suite *suite = suite_create("graph");
  TCase *t = tcase_create("dot");
  use_folder(t);
  tcase_add_test(t, dense_layer);
  tcase_add_test(t, order_of_recording);
  tcase_add_test(t, dense_gradient);
  tcase_add_test(t, network);
  tcase_add_test(t, hostile_names);
  tcase_add_test(t, folded_broadcasts);
  tcase_add_test(t, all_nodes);
  tcase_add_test(t, values);
  tcase_add_test(t, limit);
  tcase_add_test(t, scopes);
  tcase_add_test(t, stopped);
  tcase_add_test(t, bad_arguments);
  tcase_add_test(t, files);
  tcase_add_test(t, allocation_failures);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
