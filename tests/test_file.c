/* lib/base/file.h and lib/tensor/stored.h: reading, unpacking, replacing, decoding. */
#include <math.h>
#include <sys/stat.h>

#include "base/file.h"
#include "files.h"
#include "tensor/stored.h"

#ifdef TGI_HAVE_ZLIB
#include <zlib.h>
#endif

/* ---- reading ---- */

static bool read_any(const char *path, const tg_runtime *runtime, tg_error *error) {
  tgi_bytes b;
  tg_status status = tgi_file_read(runtime, path, &b, error);
  tgi_bytes_free(&b);
  return status == TG_OK;
}

START_TEST(test_read_whole) {
  tgi_bytes b;
  ck_assert_int_eq(tgi_file_read(NULL, put_text("a", "some text"), &b, NULL), TG_OK);
  ck_assert_uint_eq(b.size, 9);
  ck_assert_str_eq(b.data, "some text");
  tgi_bytes_free(&b);
  ck_assert_int_eq(tgi_file_read(NULL, put_text("a", ""), &b, NULL), TG_OK);
  ck_assert_uint_eq(b.size, 0);
  ck_assert_str_eq(b.data, "");
  tgi_bytes_free(&b);
}
END_TEST

START_TEST(test_read_refuses) {
  tg_error e = {0};
  ck_assert(!read_any(in_folder("absent"), NULL, &e));
  ck_assert_int_eq(e.status, TG_FILE);
  ck_assert_ptr_nonnull(strstr(e.message, "absent: cannot be opened: No such file"));
  ck_assert(!read_any(folder, NULL, &e));
  ck_assert_int_eq(e.status, TG_FILE);
  ck_assert_ptr_nonnull(strstr(e.message, "cannot be read: Is a directory"));
  ck_assert(!read_any(NULL, NULL, &e));
  ck_assert_int_eq(e.status, TG_ARGUMENT);
  tg_runtime *small = tg_runtime_new(&(tg_runtime_options){.byte_budget = 5}, NULL);
  ck_assert(!read_any(put_text("a", "some text"), small, &e));
  ck_assert_int_eq(e.status, TG_NO_MEMORY);
  tg_runtime_free(small);
}
END_TEST

START_TEST(test_a_long_path_leaves_room_for_the_sentence) {
  char path[1000];
  tg_error e = {0};
  memset(path, 'a', sizeof path);
  memcpy(path + sizeof path - 5, "/end", 5);
  ck_assert_int_eq(tgi_file_error(&e, TG_FORMAT, path, "is bad"), TG_FORMAT);
  ck_assert_int_eq(strncmp(e.message, "...aaa", 6), 0);
  ck_assert_str_eq(e.message + strlen(e.message) - 12, "/end: is bad");
}
END_TEST

START_TEST(test_shown_text_is_plain) {
  ck_assert_str_eq(tgi_show("a\n\xff\x01z", 5).text, "a???z");
  ck_assert_str_eq(tgi_show("ab\0c", 4).text, "ab?c");
  char text[100];
  memset(text, 'x', sizeof text);
  ck_assert_uint_eq(strlen(tgi_show(text, 47).text), 47);
  ck_assert_str_eq(tgi_show(text, 47).text + 44, "xxx");
  ck_assert_str_eq(tgi_show(text, 48).text + 44, "...");
}
END_TEST

/* ---- gzip ---- */

#ifdef TGI_HAVE_ZLIB

enum { LONG = 100000 };

/* Appends a gzip member. */
static const char *put_gzip(const char *name, const void *data, unsigned size) {
  const char *path = in_folder(name);
  gzFile f = gzopen(path, "ab");
  ck_assert_int_eq(gzwrite(f, data, size), (int)size);
  gzclose(f);
  return path;
}

START_TEST(test_gunzip) {
  static char text[LONG];
  for (int i = 0; i < LONG; i++) text[i] = (char)('a' + i % 311 * i % 23);
  put_gzip("a", text, LONG);
  const char *path = put_gzip("a", "and more", 8);
  tgi_bytes b;
  ck_assert_int_eq(tgi_file_read(NULL, path, &b, NULL), TG_OK);
  ck_assert_uint_eq(b.size, LONG + 8);
  ck_assert_mem_eq(b.data, text, LONG);
  ck_assert_str_eq(b.data + LONG, "and more");
  tgi_bytes_free(&b);
}
END_TEST

static tg_status read_packed(const tg_runtime *runtime, tg_error *error) {
  tgi_bytes b;
  tg_status status = tgi_file_read(runtime, in_folder("zeros"), &b, error);
  tgi_bytes_free(&b);
  return status;
}

START_TEST(test_gunzip_without_memory) {
  static const char zeros[LONG];
  put_gzip("zeros", zeros, LONG);
  ck_assert_int_ge(sweep_failures(read_packed), 5);
}
END_TEST

START_TEST(test_gunzip_refuses_damage) {
  char packed[256];
  size_t size = get_file(put_gzip("a", "some text to pack", 17), packed, sizeof packed);
  for (size_t n = 2; n < size; n++) ck_assert(!try_damaged(read_any, packed, n, 1 << 20));
  memcpy(packed + size, "tail", 4);
  ck_assert(!try_damaged(read_any, packed, size + 4, 1 << 20));
  ck_assert_int_gt(try_flips(read_any, packed, size, size, 1 << 20), (int)size);
  packed[size - 5] ^= 1; /* of the checksum */
  tg_error e = {0};
  ck_assert(!read_any(put_file("b", packed, size), NULL, &e));
  ck_assert_int_eq(e.status, TG_FORMAT);
  ck_assert_ptr_nonnull(strstr(e.message, "the gzip data is damaged after 17 bytes (incorrect"));
}
END_TEST

#else

START_TEST(test_gzip_is_unsupported) {
  tg_error e = {0};
  ck_assert(!read_any(put_text("a", "\x1f\x8b\x08"), NULL, &e));
  ck_assert_int_eq(e.status, TG_UNSUPPORTED);
}
END_TEST

#endif

/* ---- replacing ---- */

typedef struct plan {
  const char *text;
  int times;
  tg_status status;
} plan;

static tg_status write_plan(void *user, tgi_writer *w, tg_error *error) {
  const plan *p = user;
  for (int i = 0; i < p->times; i++) tgi_write(w, p->text, strlen(p->text));
  return p->status ? tgi_error(error, p->status, "given up") : TG_OK;
}

static void assert_content(const char *path, const char *text) {
  char content[64] = {0};
  get_file(path, content, sizeof content - 1);
  ck_assert_str_eq(content, text);
}

START_TEST(test_replace) {
  const char *path = in_folder("new");
  ck_assert_int_eq(tgi_file_replace(path, write_plan, &(plan){"one", 1, TG_OK}, NULL), TG_OK);
  assert_content(path, "one");
  ck_assert_int_eq(chmod(path, 0640), 0);
  ck_assert_int_eq(tgi_file_replace(path, write_plan, &(plan){"two", 2, TG_OK}, NULL), TG_OK);
  assert_content(path, "twotwo");
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_int_eq(status.st_mode & 07777, 0640);
  ck_assert_int_eq(tgi_file_replace(path, write_plan, &(plan){"0123456789", 5000, TG_OK}, NULL),
                   TG_OK);
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_int_eq(status.st_size, 50000);
  ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(test_a_failed_replace_leaves_the_old_file) {
  const char *path = put_text("a", "old");
  tg_error e = {0};
  for (int times = 0; times < 10000; times += 3333) {
    plan p = {"new", times, TG_STOPPED};
    ck_assert_int_eq(tgi_file_replace(path, write_plan, &p, &e), TG_STOPPED);
    ck_assert_str_eq(e.message, "given up");
    assert_content(path, "old");
    ck_assert_int_eq(count_files(), 1);
  }
}
END_TEST

START_TEST(test_replace_through_a_link) {
  const char *path = put_text("real", "old"), *link = in_folder("link");
  ck_assert_int_eq(symlink("real", link), 0);
  ck_assert_int_eq(tgi_file_replace(link, write_plan, &(plan){"new", 1, TG_OK}, NULL), TG_OK);
  assert_content(path, "new");
  ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(test_replace_in_the_working_folder) {
  ck_assert_int_eq(chdir(folder), 0);
  ck_assert_int_eq(tgi_file_replace("bare", write_plan, &(plan){"new", 1, TG_OK}, NULL), TG_OK);
  assert_content(in_folder("bare"), "new");
  ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static tg_status replace(const char *path, tg_error *error) {
  return tgi_file_replace(path, write_plan, &(plan){"x", 1, TG_OK}, error);
}

START_TEST(test_replace_refuses) {
  tg_error e = {0};
  ck_assert_int_eq(replace("/dev/null", &e), TG_FILE);
  ck_assert_str_eq(e.message, "/dev/null: cannot be replaced: it is not a regular file");
  ck_assert_int_eq(replace(folder, &e), TG_FILE);
  ck_assert_int_eq(replace(in_folder("no/where"), &e), TG_FILE);
  ck_assert_ptr_nonnull(strstr(e.message, "cannot be created: No such file"));
  ck_assert_int_eq(replace(NULL, &e), TG_ARGUMENT);
  ck_assert_int_eq(replace("", &e), TG_ARGUMENT);
  static char path[5000];
  memset(path, 'a', sizeof path - 1);
  ck_assert_int_eq(replace(path, &e), TG_FILE);
  ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(test_a_failed_write_sticks) {
  tgi_writer w = {.fd = -1};
  static const char zeros[20000];
  ck_assert(!tgi_write(&w, zeros, sizeof zeros));
  ck_assert_int_ne(w.failure, 0);
  ck_assert(!tgi_write(&w, zeros, 1));
}
END_TEST

/* ---- stored numbers ---- */

START_TEST(test_halves) {
  for (uint32_t bits = 0; bits < 65536; bits++) {
    unsigned char little[2] = {(unsigned char)bits, (unsigned char)(bits >> 8)};
    unsigned char big[2] = {little[1], little[0]};
    float a, b;
    tgi_decode(TGI_STORED_F16, false, little, 1, &a);
    tgi_decode(TGI_STORED_F16, true, big, 1, &b);
    ck_assert_mem_eq(&a, &b, sizeof a);
    int exponent = (int)(bits >> 10 & 31), fraction = bits & 1023;
    double y = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31) y = fraction ? (double)NAN : (double)INFINITY;
    if (bits & 0x8000) y = -y;
    ck_assert_msg(isnan(y) ? isnan(a) : (double)a == y && !signbit(a) == !signbit(y),
                  "0x%04x: %g, expected %g", bits, (double)a, y);
  }
}
END_TEST

/* Each as NumPy shows it. */
START_TEST(test_widening) {
  int32_t i;
  int64_t l;
  float f;
  tgi_decode(TGI_STORED_I8, false, "\x80", 1, &i);
  ck_assert_int_eq(i, -128);
  tgi_decode(TGI_STORED_I8, false, "\x7f", 1, &i);
  ck_assert_int_eq(i, 127);
  tgi_decode(TGI_STORED_I16, true, "\xff\xfe", 1, &i);
  ck_assert_int_eq(i, -2);
  tgi_decode(TGI_STORED_I16, false, "\xff\x7f", 1, &i);
  ck_assert_int_eq(i, 32767);
  tgi_decode(TGI_STORED_U16, false, "\xff\xff", 1, &i);
  ck_assert_int_eq(i, 65535);
  tgi_decode(TGI_STORED_U32, true, "\xff\xff\xff\xfe", 1, &l);
  ck_assert(l == 4294967294);
  tgi_decode(TGI_STORED_BF16, false, "\xc0\xbf", 1, &f);
  ck_assert(f == -1.5F);
}
END_TEST

START_TEST(test_byte_order) {
  double d[2];
  tgi_decode(TGI_STORED_F64, true, "\x3f\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 2, d);
  ck_assert(d[0] == 1.5 && d[1] == -2);
  tgi_decode(TGI_STORED_F64, false, "\0\0\0\0\0\0\xf8\x3f", 1, d);
  ck_assert(d[0] == 1.5);
  unsigned char in_place[9] = {0, 0, 0, 1, 2, 255, 255, 255, 254}; /* from byte 1 to byte 0 */
  tgi_decode(TGI_STORED_I32, true, in_place + 1, 2, in_place);
  int32_t i[2];
  memcpy(i, in_place, sizeof i);
  ck_assert_int_eq(i[0], 0x102);
  ck_assert_int_eq(i[1], -2);
}
END_TEST

START_TEST(test_bools) {
  unsigned char x[3];
  ck_assert_int_eq(tgi_decode(TGI_STORED_BOOL, false, "\1\0\1", 3, x), -1);
  ck_assert_int_eq(tgi_decode(TGI_STORED_BOOL, false, "\1\0\2", 3, x), 2);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("file");
  TCase *t = tcase_create("files");
  use_folder(t);
  tcase_add_test(t, test_read_whole);
  tcase_add_test(t, test_read_refuses);
  tcase_add_test(t, test_a_long_path_leaves_room_for_the_sentence);
  tcase_add_test(t, test_shown_text_is_plain);
#ifdef TGI_HAVE_ZLIB
  tcase_add_test(t, test_gunzip);
  tcase_add_test(t, test_gunzip_without_memory);
  tcase_add_test(t, test_gunzip_refuses_damage);
#else
  tcase_add_test(t, test_gzip_is_unsupported);
#endif
  tcase_add_test(t, test_replace);
  tcase_add_test(t, test_a_failed_replace_leaves_the_old_file);
  tcase_add_test(t, test_replace_through_a_link);
  tcase_add_test(t, test_replace_in_the_working_folder);
  tcase_add_test(t, test_replace_refuses);
  tcase_add_test(t, test_a_failed_write_sticks);
  suite_add_tcase(s, t);
  t = tcase_create("stored");
  tcase_add_test(t, test_halves);
  tcase_add_test(t, test_widening);
  tcase_add_test(t, test_byte_order);
  tcase_add_test(t, test_bools);
  suite_add_tcase(s, t);
  return s;
}

int main(void) { return run_suite(suite()); }
