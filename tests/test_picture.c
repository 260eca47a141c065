/* lib/picture: SVG and PNG by libgvc, linked as a user would, from the shared libraries. */
#include "files.h"
#include "tapegrad/picture.h"
#include "tapegrad/tapegrad.h"

enum { ROOM = 1 << 18 };

static const char small[] = "digraph g { a -> b [label=\"<&\"]; }";

static char found[ROOM];

static const char *file_text(const char *name) {
  found[get_file(in_folder(name), found, sizeof found - 1)] = '\0';
  return found;
}

static bool add(void *user, const char *bytes, size_t length) {
  size_t *size = user;
  ck_assert_uint_lt(*size + length, ROOM);
  memcpy(found + *size, bytes, length);
  found[ *size += length] = '\0';
  return true;
}

static bool stop(void *user, const char *bytes, size_t length) {
  (void)user, (void)bytes, (void)length;
  return false;
}

START_TEST(svg_and_png) {
  tg_error e = {0};
  ck_assert_int_eq(tg_picture_write(small, "svg", in_folder("a.svg"), &e), TG_OK);
  ck_assert_ptr_nonnull(strstr(file_text("a.svg"), "&lt;&amp;</text>"));
  ck_assert_ptr_nonnull(strstr(found, "</svg>"));
  ck_assert_int_eq(tg_picture_write(small, "png", in_folder("a.png"), &e), TG_OK);
  ck_assert_int_eq(memcmp(file_text("a.png"), "\x89PNG\r\n\x1a\n", 8), 0);
  ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(rendered_to_a_callback) {
  tg_error e = {0};
  size_t size = 0;
  ck_assert_int_eq(tg_picture_render(small, "svg", add, &size, &e), TG_OK);
  ck_assert_uint_gt(size, 500);
  static char first[ROOM];
  memcpy(first, found, size + 1);
  ck_assert_int_eq(tg_picture_write(small, "svg", in_folder("a.svg"), &e), TG_OK);
  ck_assert_str_eq(file_text("a.svg"), first);
  ck_assert_int_eq(tg_picture_render(small, "svg", stop, NULL, &e), TG_STOPPED);
  ck_assert_int_eq(e.status, TG_STOPPED);
}
END_TEST

/* Hostile names come through as text. */
START_TEST(of_a_tape) {
  tg_tape *t = tg_tape_new(NULL, NULL);
  float numbers[2] = {1, 2};
  tg_scope_begin(t, "scope \"]; }");
  tg_var x = tg_leaf(t, tg_tensor_of(numbers, TG_F32, TG_DIMS(2)));
  tg_var y = tg_exp(tg_name(x, "\"x\\N\" <b>&amp;\xff"));
  tg_scope_end(t);
  tg_error e = {0};
  ck_assert_int_eq(tg_graph_dot_file(t, &y, 1, NULL, in_folder("y.dot"), &e), TG_OK);
  ck_assert_int_eq(tg_picture_convert(in_folder("y.dot"), "svg", in_folder("y.svg"), &e), TG_OK);
  const char *svg = file_text("y.svg");
  ck_assert_ptr_nonnull(strstr(svg, ">&quot;x\\N&quot; &lt;b&gt;&amp;amp;\xef\xbf\xbd</text>"));
  ck_assert_ptr_nonnull(strstr(svg, ">scope &quot;]; }</text>"));
  tg_tape_free(t);
}
END_TEST

/* What Graphviz says is in the error and not on stderr; and it draws again afterwards. */
START_TEST(not_dot) {
  ck_assert_ptr_nonnull(freopen(in_folder("stderr"), "w", stderr));
  tg_error e = {0};
  ck_assert_int_eq(tg_picture_write("digraph { a -> ; }", "svg", in_folder("a.svg"), &e),
                   TG_FORMAT);
  ck_assert_msg(strstr(e.message, "picture: the text is not DOT: ") && strstr(e.message, "syntax"),
                "%s", e.message);
  ck_assert_ptr_null(strchr(e.message, '\n'));
  ck_assert_int_eq(tg_picture_write("", "svg", in_folder("a.svg"), &e), TG_FORMAT);
  ck_assert_str_eq(e.message, "picture: the text is not DOT");
  fflush(stderr);
  ck_assert_str_eq(file_text("stderr"), "");
  ck_assert(!file_exists(in_folder("a.svg")));
  ck_assert_int_eq(tg_picture_write(small, "svg", in_folder("a.svg"), &e), TG_OK);
}
END_TEST

/* AddressSanitizer looks on. */
START_TEST(drawn_again) {
  tg_error e = {0};
  for (int i = 0; i < 20; i++) {
    size_t size = 0;
    const char *dot =
        i % 2 ? small : "digraph { fontname=Courier; label=words; node [label=x]; a }";
    ck_assert_int_eq(tg_picture_render(dot, i % 3 ? "svg" : "png", add, &size, &e), TG_OK);
    ck_assert_uint_gt(size, 500);
  }
}
END_TEST

START_TEST(bad_arguments) {
  tg_error e = {0};
  ck_assert_int_eq(tg_picture_write(small, "pdf", in_folder("a"), &e), TG_ARGUMENT);
  ck_assert_str_eq(e.message, "picture: the format is \"pdf\"; it must be \"svg\" or \"png\"");
  ck_assert_int_eq(tg_picture_write(small, NULL, in_folder("a"), NULL), TG_ARGUMENT);
  ck_assert_int_eq(tg_picture_write(NULL, "svg", in_folder("a"), &e), TG_ARGUMENT);
  ck_assert_int_eq(tg_picture_write(small, "svg", NULL, &e), TG_ARGUMENT);
  ck_assert_int_eq(tg_picture_write(small, "svg", "/nowhere/a.svg", &e), TG_FILE);
  ck_assert_int_eq(tg_picture_convert(in_folder("none"), "svg", in_folder("a"), &e), TG_FILE);
  ck_assert_ptr_nonnull(strstr(e.message, "/none: cannot be opened: No such file"));
  ck_assert_int_eq(tg_picture_convert(NULL, "svg", in_folder("a"), &e), TG_FILE);
  ck_assert_int_eq(count_files(), 0);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("picture");
  TCase *t = tcase_create("libgvc");
  use_folder(t);
  tcase_add_test(t, svg_and_png);
  tcase_add_test(t, rendered_to_a_callback);
  tcase_add_test(t, of_a_tape);
  tcase_add_test(t, not_dot);
  tcase_add_test(t, drawn_again);
  tcase_add_test(t, bad_arguments);
  suite_add_tcase(suite, t);
  return run_suite(suite);
}
