/* lib/data: IDX, .npy, CSV, batches. */
#include <locale.h>
#include <math.h>

#include "data/number.h"
#include "files.h"
#include "tapegrad/data.h"

#define PUT(name, bytes) put_file(name, bytes, sizeof(bytes) - 1)

static const size_t budget = 1 << 17;

/* The reader refuses the file with this status and a message that holds `text`. */
static void assert_refused(tg_array *read(const char *, const tg_runtime *, tg_error *),
                           const char *path, tg_status status, const char *text) {
  tg_error e = {0};
  ck_assert_ptr_null(read(path, NULL, &e));
  ck_assert_msg(e.status == status && strstr(e.message, text), "%s: %s", tg_status_name(e.status),
                e.message);
}

static void assert_shape(tg_tensor x, tg_dtype dtype, const char *shape) {
  char text[128];
  tg_tensor_shape_text(&x, text, sizeof text);
  ck_assert_ptr_nonnull(x.data);
  ck_assert_str_eq(tg_dtype_name(x.dtype), tg_dtype_name(dtype));
  ck_assert_str_eq(text, shape);
  ck_assert(tg_tensor_is_contiguous(&x));
}

static void assert_values(tg_tensor x, int n, const double values[]) {
  ck_assert_int_eq(tg_tensor_numel(&x), n);
  for (int i = 0; i < n; i++) ck_assert_double_eq(tg_tensor_at(&x, i), values[i]);
}

/* ---- IDX ---- */

static const char idx_u8[] = "\0\0\x08\2\0\0\0\2\0\0\0\3abcdef";

static bool read_idx(const char *path, const tg_runtime *runtime, tg_error *error) {
  tg_array *a = tg_idx_read(path, runtime, error);
  tg_array_free(a);
  return a != NULL;
}

START_TEST(test_idx_types) {
  tg_array *a = tg_idx_read(PUT("a", idx_u8), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_U8, "[2,3]");
  assert_values(tg_array_tensor(a), 6, (double[]){'a', 'b', 'c', 'd', 'e', 'f'});
  ck_assert_ptr_null(tg_array_labels(a).data);
  ck_assert_int_eq(tg_array_class_count(a), 0);
  ck_assert_ptr_null(tg_array_column_name(a, 0));
  tg_array_free(a);
  a = tg_idx_read(PUT("a", "\0\0\x09\1\0\0\0\2\xff\1"), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_I32, "[2]");
  assert_values(tg_array_tensor(a), 2, (double[]){-1, 1});
  tg_array_free(a);
  a = tg_idx_read(PUT("a", "\0\0\x0b\1\0\0\0\2\xff\xfe\1\0"), NULL, NULL);
  assert_values(tg_array_tensor(a), 2, (double[]){-2, 256});
  tg_array_free(a);
  a = tg_idx_read(PUT("a", "\0\0\x0c\1\0\0\0\1\xff\xff\xff\0"), NULL, NULL);
  assert_values(tg_array_tensor(a), 1, (double[]){-256});
  tg_array_free(a);
  a = tg_idx_read(PUT("a", "\0\0\x0d\0\xbf\xc0\0\0"), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_F32, "[]");
  assert_values(tg_array_tensor(a), 1, (double[]){-1.5});
  tg_array_free(a);
  a = tg_idx_read(PUT("a", "\0\0\x0e\1\0\0\0\1\x40\x04\0\0\0\0\0\0"), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_F64, "[1]");
  assert_values(tg_array_tensor(a), 1, (double[]){2.5});
  tg_array_free(a);
  a = tg_idx_read(PUT("a", "\0\0\x09\2\0\0\0\3\0\0\0\0"), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_I32, "[3,0]");
  tg_array_free(a);
}
END_TEST

START_TEST(test_idx_refuses) {
  assert_refused(tg_idx_read, PUT("a", "\0\0"), TG_FORMAT, "a: not an IDX file: it is too short");
  assert_refused(tg_idx_read, PUT("a", "hello"), TG_FORMAT, "begins with other bytes");
  assert_refused(tg_idx_read, PUT("a", "\0\0\x0a\1\0\0\0\0"), TG_FORMAT, "IDX type 0x0a, expected");
  assert_refused(tg_idx_read, PUT("a", "\0\0\x08\x09\0\0\0\0"), TG_FORMAT, "rank 9, expected");
  assert_refused(tg_idx_read, PUT("a", "\0\0\x08\2\0\0\0\0"), TG_FORMAT, "takes 12 bytes");
  assert_refused(tg_idx_read, PUT("a", "\0\0\x08\1\0\0\0\3ab"), TG_FORMAT,
                 "[3] of 1-byte elements needs 3 bytes after the header, found 2");
  assert_refused(tg_idx_read, PUT("a", "\0\0\x08\1\0\0\0\3abcd"), TG_FORMAT, "found 4");
  assert_refused(tg_idx_read,
                 PUT("a", "\0\0\x0e\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), TG_FORMAT,
                 "does not fit into 63 bits");
  assert_refused(tg_idx_read, PUT("a", "\0\0\x08\2\xff\xff\xff\xff\0\0\0\x08"), TG_FORMAT,
                 "needs 34359738360 bytes");
}
END_TEST

START_TEST(test_idx_damage) {
  size_t size = sizeof idx_u8 - 1;
  try_truncations(read_idx, idx_u8, size, budget);
  ck_assert_int_gt(try_flips(read_idx, idx_u8, size, 12, budget), 60);
}
END_TEST

static tg_status idx_work(const tg_runtime *runtime, tg_error *error) {
  return read_idx(PUT("a", "\0\0\x0b\1\0\0\0\2\xff\xfe\1\0"), runtime, error) ? TG_OK
                                                                              : error->status;
}

START_TEST(test_idx_without_memory) { ck_assert_int_ge(sweep_failures(idx_work), 3); }
END_TEST

/* A reader of Fashion-MNIST sees what its authors show. */
START_TEST(test_fashion_mnist) {
#define FASHION "/usr/share/datasets/fashion-mnist/t10k-"
  if (!file_exists(FASHION "images-idx3-ubyte.gz")) return;
  tg_error e = {0};
  tg_array *images = tg_idx_read(FASHION "images-idx3-ubyte.gz", NULL, &e);
  tg_array *labels = tg_idx_read(FASHION "labels-idx1-ubyte.gz", NULL, &e);
  if (e.status == TG_UNSUPPORTED) return;
  ck_assert_msg(images && labels, "%s", e.message);
  assert_shape(tg_array_tensor(images), TG_U8, "[10000,28,28]");
  assert_shape(tg_array_tensor(labels), TG_U8, "[10000]");
  const int first[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
  const uint8_t *y = tg_array_tensor(labels).data;
  for (int i = 0; i < 10; i++) ck_assert_int_eq(y[i], first[i]);
  tg_array_free(images);
  tg_array_free(labels);
}
END_TEST

/* ---- .npy ---- */

enum { NPY = 512 };

/* A .npy file of a version, a dict as text, and the elements. */
static size_t make_npy(unsigned char *to, int version, const char *dict, const void *data,
                       size_t size) {
  size_t length = strlen(dict), wide = version == 1 ? 2 : 4;
  memcpy(to, "\x93NUMPY", 6);
  to[6] = (unsigned char)version;
  to[7] = 0;
  for (size_t k = 0; k < wide; k++) to[8 + k] = (unsigned char)(length >> 8 * k);
  memcpy(to + 8 + wide, dict, length);
  memcpy(to + 8 + wide + length, data, size);
  return 8 + wide + length + size;
}

static const char *put_npy(int version, const char *dict, const void *data, size_t size) {
  unsigned char bytes[NPY];
  return put_file("a.npy", bytes, make_npy(bytes, version, dict, data, size));
}

static bool read_npy(const char *path, const tg_runtime *runtime, tg_error *error) {
  tg_array *a = tg_npy_read(path, runtime, error);
  tg_array_free(a);
  return a != NULL;
}

static const double twenty_four[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                     12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

START_TEST(test_npy_forms_of_the_dict) {
  const int32_t x[] = {1, 2, 3, 4, 5, 6};
  const char *dicts[] = {
      "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }\n",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3)}",
      "{\"shape\":(2,3,),\"fortran_order\":False,\"descr\":\"<i4\"}  \n",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 3L), }\n",
  };
  for (int version = 1; version <= 3; version++)
    for (size_t k = 0; k < sizeof dicts / sizeof *dicts; k++) {
      tg_array *a = tg_npy_read(put_npy(version, dicts[k], x, sizeof x), NULL, NULL);
      ck_assert_msg(a != NULL, "%s", dicts[k]);
      assert_shape(tg_array_tensor(a), TG_I32, "[2,3]");
      assert_values(tg_array_tensor(a), 6, twenty_four + 1);
      tg_array_free(a);
    }
}
END_TEST

#define DICT(descr, shape) "{'descr': '" descr "', 'fortran_order': False, 'shape': " shape ", }\n"

START_TEST(test_npy_widens) {
  tg_array *a = tg_npy_read(put_npy(1, DICT(">u4", "(1,)"), "\xff\xff\xff\xff", 4), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_I64, "[1]");
  assert_values(tg_array_tensor(a), 1, (double[]){4294967295});
  tg_array_free(a);
  a = tg_npy_read(put_npy(1, DICT("<u2", "()"), "\xff\xff", 2), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_I32, "[]");
  assert_values(tg_array_tensor(a), 1, (double[]){65535});
  tg_array_free(a);
}
END_TEST

START_TEST(test_npy_fortran_order) {
  const char *dict = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }";
  tg_array *a = tg_npy_read(put_npy(1, dict, "\0\3\1\4\2\5", 6), NULL, NULL);
  assert_shape(tg_array_tensor(a), TG_U8, "[2,3]");
  assert_values(tg_array_tensor(a), 6, twenty_four);
  tg_array_free(a);
}
END_TEST

START_TEST(test_npy_refuses) {
  const char x[16] = {0};
  assert_refused(tg_npy_read, put_text("a", "\x93NUMPY"), TG_FORMAT, "not a .npy file");
  assert_refused(tg_npy_read, put_npy(4, DICT("<f4", "()"), x, 4), TG_FORMAT, "version 4.0");
  assert_refused(tg_npy_read, put_npy(1, DICT("|O", "(1,)"), x, 4), TG_DTYPE,
                 "dtype '|O' is Python objects");
  assert_refused(tg_npy_read, put_npy(1, DICT("<c16", "(1,)"), x, 16), TG_DTYPE, "complex numbers");
  assert_refused(tg_npy_read, put_npy(1, DICT("<U4", "(1,)"), x, 16), TG_DTYPE, "strings");
  assert_refused(tg_npy_read, put_npy(1, DICT("<M8[ns]", "(1,)"), x, 8), TG_DTYPE, "dates");
  assert_refused(tg_npy_read, put_npy(1, DICT("<u8", "(1,)"), x, 8), TG_DTYPE, "no counterpart");
  assert_refused(tg_npy_read, put_npy(1, DICT("<f16", "(1,)"), x, 16), TG_DTYPE, "no counterpart");
  assert_refused(tg_npy_read, put_npy(1, DICT("", "(1,)"), x, 8), TG_DTYPE, "is no dtype");
  assert_refused(
      tg_npy_read,
      put_npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", x, 4),
      TG_DTYPE, "records");
  assert_refused(tg_npy_read, put_npy(1, DICT("<f4", "(1,1,1,1,1,1,1,1,1)"), x, 4), TG_FORMAT,
                 "rank 9, expected at most 8");
  assert_refused(tg_npy_read, put_npy(1, DICT("<f4", "(3,)"), x, 8), TG_FORMAT,
                 "[3] of 4-byte elements needs 12 bytes after the header, found 8");
  assert_refused(tg_npy_read, put_npy(1, DICT("<f4", "(99999999999999999999,)"), x, 8), TG_FORMAT,
                 "the .npy header is");
  assert_refused(tg_npy_read, put_npy(1, DICT("<f8", "(4294967296, 4294967296)"), x, 8), TG_FORMAT,
                 "63 bits");
  assert_refused(tg_npy_read, put_npy(1, DICT("<f4", "(-1,)"), x, 4), TG_FORMAT, "header is");
  assert_refused(tg_npy_read, put_npy(1, DICT("|b1", "(2,)"), "\1\2", 2), TG_FORMAT,
                 "element 1 is a bool");
  assert_refused(tg_npy_read, put_npy(1, "{'descr': '<f4', 'shape': (1,)}", x, 4), TG_FORMAT,
                 "expected a dict of");
  assert_refused(tg_npy_read, put_npy(1, "{'shape': (1,), 'shape': (1,)}", x, 4), TG_FORMAT,
                 "expected a dict of");
  assert_refused(tg_npy_read, put_npy(1, "", x, 4), TG_FORMAT, "expected a dict of");
}
END_TEST

START_TEST(test_npy_damage) {
  unsigned char bytes[NPY];
  const char *dict = "{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }\n";
  size_t size = make_npy(bytes, 1, dict, twenty_four, 48);
  try_truncations(read_npy, bytes, size, budget);
  ck_assert_int_gt(try_flips(read_npy, bytes, size, size - 48, budget), 300);
  size = make_npy(bytes, 3, DICT("<u2", "(2, 12)"), twenty_four, 48);
  try_truncations(read_npy, bytes, size, budget);
  ck_assert_int_gt(try_flips(read_npy, bytes, size, size - 48, budget), 300);
}
END_TEST

static tg_status npy_work(const tg_runtime *runtime, tg_error *error) {
  const char *dict = "{'descr': '>f2', 'fortran_order': True, 'shape': (2, 12), }\n";
  const char *path = put_npy(1, dict, twenty_four, 48);
  return read_npy(path, runtime, error) ? TG_OK : error->status;
}

START_TEST(test_npy_without_memory) { ck_assert_int_ge(sweep_failures(npy_work), 4); }
END_TEST

/* Written and read again: every dtype, ranks 0 to 3, transposed, empty. */
START_TEST(test_npy_round_trip) {
  unsigned char memory[24 * 8];
  for (int dtype = 1; dtype < TG_DTYPE_COUNT; dtype++)
    for (int form = 0; form < 5; form++) {
      const int64_t dims[] = {2, 3, form == 3 ? 0 : 4};
      int rank = form < 3 ? form : 3;
      tg_tensor x = tg_tensor_of(memory, (tg_dtype)dtype, rank, dims);
      for (int64_t i = 0; i < tg_tensor_numel(&x); i++)
        tg_tensor_put(&x, i, dtype == TG_BOOL ? (double)(i % 2) : (double)i);
      if (form == 4) { /* the last axis first */
        x.dims[0] = 4, x.dims[1] = 2, x.dims[2] = 3;
        x.strides[0] = 1, x.strides[1] = 12, x.strides[2] = 4;
      }
      const char *path = in_folder("a.npy");
      ck_assert_int_eq(tg_npy_write(path, x, NULL), TG_OK);
      tg_array *a = tg_npy_read(path, NULL, NULL);
      ck_assert_ptr_nonnull(a);
      tg_tensor y = tg_array_tensor(a);
      ck_assert(x.dtype == y.dtype && tg_tensor_same_shape(&x, &y));
      for (int64_t i = 0; i < tg_tensor_numel(&x); i++)
        ck_assert_double_eq(tg_tensor_at(&x, i), tg_tensor_at(&y, i));
      tg_array_free(a);
    }
}
END_TEST

/* The bytes that numpy.save writes (1.24.2). */
START_TEST(test_npy_bytes_are_numpys) {
  static const char expected[] =
      "\x93NUMPY\x01\x00v\x00{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }"
      "                                                            \n\x01\0\0\0\xfe\xff\xff\xff";
  int32_t x[] = {1, -2};
  const char *path = in_folder("a.npy");
  ck_assert_int_eq(tg_npy_write(path, tg_tensor_of(x, TG_I32, TG_DIMS(2)), NULL), TG_OK);
  char bytes[256];
  ck_assert_uint_eq(get_file(path, bytes, sizeof bytes), sizeof expected - 1);
  ck_assert_mem_eq(bytes, expected, sizeof expected - 1);
  tg_error e = {0};
  ck_assert_int_eq(tg_npy_write(path, (tg_tensor){0}, &e), TG_ARGUMENT);
  ck_assert_int_eq(tg_npy_write(folder, tg_tensor_of(x, TG_I32, TG_DIMS(2)), &e), TG_FILE);
}
END_TEST

/* Shapes and dtypes of the shared files; those that can be read hold 0, 1, 2, …. */
static const struct {
  const char *name;
  tg_dtype dtype; /* NONE: refused */
  const char *shape;
} edges[] = {
    {"arange_3x4_float16", TG_F32, "[3,4]"},
    {"arange_3x4_float32", TG_F32, "[3,4]"},
    {"arange_3x4_float64", TG_F64, "[3,4]"},
    {"arange_3x4_int32", TG_I32, "[3,4]"},
    {"arange_3x4_int64", TG_I64, "[3,4]"},
    {"arange_3x4_int8", TG_I32, "[3,4]"},
    {"arange_3x4_uint8", TG_U8, "[3,4]"},
    {"empty_0x3_float64", TG_F64, "[0,3]"},
    {"example_f64_big_endian_fortran", TG_F64, "[2,3,4]"},
    {"example_f64_big_endian_standard", TG_F64, "[2,3,4]"},
    {"example_f64_little_endian_fortran", TG_F64, "[2,3,4]"},
    {"example_f64_little_endian_standard", TG_F64, "[2,3,4]"},
    {"order_c_i32", TG_I32, "[2,3,4]"},
    {"order_fortran_i32", TG_I32, "[2,3,4]"},
    {"example_bool_bad_value", TG_DTYPE_NONE, "a bool with a value other than 0 and 1"},
    {"example_c64_big_endian_fortran", TG_DTYPE_NONE, "'>c16' is complex numbers"},
    {"example_c64_little_endian_standard", TG_DTYPE_NONE, "'<c16' is complex numbers"},
    {"py2-np0-objarr", TG_DTYPE_NONE, "'|O8' is Python objects"},
    {"py2-objarr", TG_DTYPE_NONE, "'|O8' is Python objects"},
    {"py3-objarr", TG_DTYPE_NONE, "'|O' is Python objects"},
};

START_TEST(test_npy_edge_files) {
  __typeof__(edges[0]) *edge = &edges[_i];
  char name[128];
  snprintf(name, sizeof name, "npy_edge/%s.npy", edge->name);
  const char *path = shared_file(name);
  if (!path) return;
  tg_error e = {0};
  tg_array *a = tg_npy_read(path, NULL, &e);
  if (!edge->dtype) {
    ck_assert_ptr_null(a);
    ck_assert_msg(strstr(e.message, edge->shape) != NULL, "%s", e.message);
    return;
  }
  ck_assert_msg(a != NULL, "%s", e.message);
  tg_tensor x = tg_array_tensor(a);
  assert_shape(x, edge->dtype, edge->shape);
  assert_values(x, (int)tg_tensor_numel(&x), twenty_four);
  tg_array_free(a);
}
END_TEST

/* ---- CSV ---- */

static tg_array *read_csv(const char *text, tg_csv_options o, tg_error *error) {
  return tg_csv_read(put_text("a.csv", text), &o, NULL, error);
}

static void csv_refused(const char *text, tg_csv_options o, tg_status status, const char *message) {
  tg_error e = {0};
  ck_assert_ptr_null(read_csv(text, o, &e));
  ck_assert_msg(e.status == status && strstr(e.message, message), "%s: %s",
                tg_status_name(e.status), e.message);
}

START_TEST(test_csv_numbers) {
  const char *text = "1, -2.5 ,3e2\r\n\r\n0x10,\"4\",.5\n1.7976931348623157e308,-inf,1e-5";
  tg_array *a = read_csv(text, (tg_csv_options){0}, NULL);
  assert_shape(tg_array_tensor(a), TG_F64, "[3,3]");
  assert_values(tg_array_tensor(a), 9,
                (double[]){1, -2.5, 300, 16, 4, .5, 0x1.fffffffffffffp1023, -INFINITY, 1e-5});
  ck_assert_ptr_null(tg_array_labels(a).data);
  tg_array_free(a);
  a = read_csv("\xef\xbb\xbf"
               "0.1;1e9\n",
               (tg_csv_options){.separator = ';', .dtype = TG_F32}, NULL);
  assert_shape(tg_array_tensor(a), TG_F32, "[1,2]");
  assert_values(tg_array_tensor(a), 2, (double[]){(double)0.1F, 1e9});
  tg_array_free(a);
  a = read_csv("1\t2\n3\t4\n", (tg_csv_options){.separator = '\t'}, NULL);
  assert_values(tg_array_tensor(a), 4, (double[]){1, 2, 3, 4});
  tg_array_free(a);
}
END_TEST

START_TEST(test_csv_text_labels) {
  const char *text = "a,\"the \"\"b\"\"\",kind\n1,2,dog\n3,4,cat\n5,6,\"do\"\"g\n,\"\n7,8,dog\n";
  tg_csv_options o = {.header = true, .labels = true, .label_name = "kind"};
  tg_array *a = read_csv(text, o, NULL);
  assert_shape(tg_array_tensor(a), TG_F64, "[4,2]");
  assert_values(tg_array_tensor(a), 8, twenty_four + 1);
  assert_shape(tg_array_labels(a), TG_I64, "[4]");
  assert_values(tg_array_labels(a), 4, (double[]){0, 1, 2, 0});
  ck_assert_int_eq(tg_array_class_count(a), 3);
  ck_assert_str_eq(tg_array_class_name(a, 0), "dog");
  ck_assert_str_eq(tg_array_class_name(a, 1), "cat");
  ck_assert_str_eq(tg_array_class_name(a, 2), "do\"g\n,");
  ck_assert_ptr_null(tg_array_class_name(a, 3));
  ck_assert_ptr_null(tg_array_class_name(a, -1));
  ck_assert_str_eq(tg_array_column_name(a, 0), "a");
  ck_assert_str_eq(tg_array_column_name(a, 1), "the \"b\"");
  ck_assert_ptr_null(tg_array_column_name(a, 2));
  tg_array_free(a);
}
END_TEST

START_TEST(test_csv_number_labels) {
  const char *text = "7,1,2\n-3,3,4\n7,5,6\n";
  tg_array *a = read_csv(text, (tg_csv_options){.labels = true}, NULL);
  assert_values(tg_array_tensor(a), 6, twenty_four + 1);
  assert_shape(tg_array_labels(a), TG_I64, "[3]");
  assert_values(tg_array_labels(a), 3, (double[]){7, -3, 7});
  ck_assert_int_eq(tg_array_class_count(a), 0);
  tg_array_free(a);
  tg_csv_options o = {.labels = true, .label_column = -1, .label_dtype = TG_F32};
  a = read_csv("1,2.5\n2,-1\n", o, NULL);
  assert_shape(tg_array_labels(a), TG_F32, "[2]");
  assert_values(tg_array_labels(a), 2, (double[]){2.5, -1});
  assert_values(tg_array_tensor(a), 2, (double[]){1, 2});
  tg_array_free(a);
  o.label_dtype = TG_I64;
  csv_refused("1,2.5\n2,-1\n", o, TG_FORMAT, "the labels are numbers, such as 2.5");
  a = read_csv("1,12345678901234567890x\n2,3\n", o, NULL);
  ck_assert_int_eq(tg_array_class_count(a), 2);
  tg_array_free(a);
}
END_TEST

/* Enough classes for the table to grow several times. */
START_TEST(test_csv_many_classes) {
  static char text[60000];
  size_t at = 0;
  for (int i = 0; i < 4000; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "0,c%d\n", i * i % 2003);
  tg_array *a = read_csv(text, (tg_csv_options){.labels = true, .label_column = -1}, NULL);
  ck_assert_int_eq(tg_array_class_count(a), 1002); /* squares modulo a prime */
  tg_tensor y = tg_array_labels(a);
  const int64_t *ids = y.data;
  int64_t seen = 0;
  for (int i = 0; i < 4000; i++) {
    char name[16];
    snprintf(name, sizeof name, "c%d", i * i % 2003);
    ck_assert_str_eq(tg_array_class_name(a, ids[i]), name);
    ck_assert_int_le(ids[i], seen);
    seen += ids[i] == seen;
  }
  tg_array_free(a);
}
END_TEST

START_TEST(test_csv_header_alone_and_labels_alone) {
  tg_array *a = read_csv("a,b\n", (tg_csv_options){.header = true, .labels = true}, NULL);
  assert_shape(tg_array_tensor(a), TG_F64, "[0,1]");
  assert_shape(tg_array_labels(a), TG_I64, "[0]");
  ck_assert_str_eq(tg_array_column_name(a, 0), "b");
  tg_array_free(a);
  a = read_csv("yes\nno\n", (tg_csv_options){.labels = true}, NULL);
  assert_shape(tg_array_tensor(a), TG_F64, "[2,0]");
  assert_values(tg_array_labels(a), 2, (double[]){0, 1});
  tg_array_free(a);
}
END_TEST

START_TEST(test_csv_refuses) {
  tg_csv_options none = {0}, header = {.header = true, .labels = true, .label_name = "x"};
  csv_refused("", none, TG_FORMAT, "a.csv: there is no record");
  csv_refused("1,2\n3,4\n5,six\n", none, TG_FORMAT, "line 3, column 2: \"six\" is not a number");
  csv_refused(
      "a,b\n1,2\n", none, TG_FORMAT,
      "line 1, column 1: \"a\" is not a number; where this line names columns, set `header`");
  csv_refused("1,2\n3,\n", none, TG_FORMAT, "line 2, column 2: \"\" is a missing value");
  csv_refused("1,2\n\n3\n", none, TG_FORMAT,
              "line 3, column 1: the record ends here, expected 2 fields");
  csv_refused("1,2\n3,4,5\n", none, TG_FORMAT, "line 2, column 3: a field too many, expected 2");
  csv_refused("1,\"2\n3,4\n", none, TG_FORMAT, "line 1, column 2: \"2?3,4?\" a quoted field that");
  csv_refused("1,\"2\" \n", none, TG_FORMAT, "text after the closing quote");
  csv_refused("1, \"2\"\n", none, TG_FORMAT, "a quote inside a field");
  csv_refused("\"a\n\",\"b\"\n1,2\n3,x\n", (tg_csv_options){.header = true}, TG_FORMAT,
              "line 4, column 2");
  csv_refused("a,b\n1,2\n", header, TG_ARGUMENT, "the header has no column \"x\"");
  csv_refused("1,2\n", (tg_csv_options){.labels = true, .label_column = 2}, TG_ARGUMENT,
              "label column 2, counted from 0, but the records have 2 fields");
  csv_refused("1,2\n", (tg_csv_options){.labels = true, .label_column = -3}, TG_ARGUMENT,
              "label column -3");
  csv_refused("1,2\n", (tg_csv_options){.separator = 'e'}, TG_ARGUMENT, "CSV separator 'e'");
  csv_refused("1,2\n", (tg_csv_options){.dtype = TG_I32}, TG_DTYPE, "CSV numbers as i32");
  csv_refused("1,2\n", (tg_csv_options){.skip_lines = -1}, TG_ARGUMENT, "skip_lines");
  csv_refused("1,2\n", (tg_csv_options){.label_name = "x"}, TG_ARGUMENT, "needs a header");
  csv_refused("1,2\n", (tg_csv_options){.skip_lines = 5}, TG_FORMAT, "no record");
}
END_TEST

static const char csv_text[] = "a,\"b \"\"\",kind\n1,2,dog\n3.5,-4,\"c \"\"a\"\" t\"\n5,6,dog\n";

static tg_array *read_kinds(const char *path, const tg_runtime *runtime, tg_error *error) {
  tg_csv_options o = {.header = true, .labels = true, .label_name = "kind"};
  return tg_csv_read(path, &o, runtime, error);
}

static bool read_csv_file(const char *path, const tg_runtime *runtime, tg_error *error) {
  tg_array *a = read_kinds(path, runtime, error);
  tg_array_free(a);
  return a != NULL;
}

/* A text has no length of its own, so some truncations are valid; none may crash. */
START_TEST(test_csv_damage) {
  int refused = 0;
  for (size_t n = 0; n < sizeof csv_text - 1; n++)
    refused += !try_damaged(read_csv_file, csv_text, n, budget);
  ck_assert_int_gt(refused, 30);
  try_flips(read_csv_file, csv_text, sizeof csv_text - 1, sizeof csv_text - 1, budget);
  assert_refused(read_kinds, PUT("a", "a,kind\n\0,1\n"), TG_FORMAT, "byte 7 is 0, expected text");
}
END_TEST

static tg_status csv_work(const tg_runtime *runtime, tg_error *error) {
  return read_csv_file(put_text("a", csv_text), runtime, error) ? TG_OK : error->status;
}

START_TEST(test_csv_without_memory) { ck_assert_int_ge(sweep_failures(csv_work), 8); }
END_TEST

START_TEST(test_csv_uci) {
  static const struct {
    const char *name, *shape;
    int skip, label;
    double first, sum; /* the first number; the sum of the labels, by awk */
  } sets[] = {
      {"uci/iris.csv", "[150,4]", 1, 0, 5.1, 150},
      {"uci/wine_data.csv", "[178,13]", 1, 0, 14.23, 167},
      {"uci/breast_cancer.csv", "[569,30]", 1, 0, 17.99, 357},
      {"uci/digits.csv.gz", "[1797,64]", 0, 0, 0, 8070},
  };
  const char *path = shared_file(sets[_i].name);
  if (!path) return;
  tg_csv_options o = {.skip_lines = sets[_i].skip, .labels = true, .label_column = -1};
  tg_error e = {0};
  tg_array *a = tg_csv_read(path, &o, NULL, &e);
  if (!a && e.status == TG_UNSUPPORTED) return;
  ck_assert_msg(a != NULL, "%s", e.message);
  assert_shape(tg_array_tensor(a), TG_F64, sets[_i].shape);
  tg_tensor x = tg_array_tensor(a), y = tg_array_labels(a);
  ck_assert_double_eq(tg_tensor_at(&x, 0), sets[_i].first);
  double sum = 0;
  for (int64_t i = 0; i < y.dims[0]; i++) sum += tg_tensor_at(&y, i);
  ck_assert_double_eq(sum, sets[_i].sum);
  tg_array_free(a);
}
END_TEST

/* The short path for plain decimals gives what strtod gives, in any locale. */
START_TEST(test_numbers) {
  static const char *const texts[] = {"0",
                                      "-0",
                                      "1.",
                                      ".5",
                                      "-.5",
                                      "999999999999999",
                                      "0.1",
                                      "3.14159265358979",
                                      "1e3",
                                      "1E+2",
                                      "inf",
                                      "-1.5",
                                      "123456.789012345",
                                      "0.000000000000001",
                                      "1234567890123456.5"};
  static const char *const not [] = {"", "-", ".", "1e", "--1", "1-", "1.2.3", "x", "0x", "1 2"};
  setlocale(LC_ALL, "de_DE.UTF-8");
  locale_t locale = tgi_number_locale();
  double value;
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    ck_assert_msg(tgi_number(texts[k], strlen(texts[k]), locale, &value), "%s", texts[k]);
    locale_t before = uselocale(locale);
    double expected = strtod(texts[k], NULL);
    uselocale(before);
    ck_assert_msg(value == expected && !signbit(value) == !signbit(expected), "%s", texts[k]);
  }
  for (size_t k = 0; k < sizeof not / sizeof *not ; k++)
    ck_assert_msg(!tgi_number(not [k], strlen(not [k]), locale, &value), "%s", not [k]);
  freelocale(locale);
}
END_TEST

START_TEST(test_integers) {
  int64_t i;
  ck_assert(tgi_integer("-9223372036854775808", 20, &i) && i == INT64_MIN);
  ck_assert(tgi_integer("+9223372036854775807", 20, &i) && i == INT64_MAX);
  ck_assert(!tgi_integer("9223372036854775808", 19, &i));
  ck_assert(!tgi_integer("", 0, &i) && !tgi_integer("-", 1, &i) && !tgi_integer("1.", 2, &i));
}
END_TEST

/* ---- batches ---- */

START_TEST(test_batches_in_order) {
  tg_batches *b = tg_batches_new(7, &(tg_batches_options){.size = 3}, NULL, NULL);
  ck_assert_int_eq(tg_batches_count(b), 3);
  for (int64_t step = 0; step < 9; step++) {
    tg_batch batch = tg_batches_at(b, step);
    ck_assert_int_eq(batch.epoch, step / 3);
    ck_assert_int_eq(batch.index, step % 3);
    ck_assert_int_eq(batch.n, step % 3 == 2 ? 1 : 3);
    for (int64_t i = 0; i < batch.n; i++) ck_assert_int_eq(batch.rows[i], step % 3 * 3 + i);
  }
  ck_assert_int_eq(tg_batches_at(b, -1).n, 0);
  tg_batches_free(b);
}
END_TEST

static void assert_counts(int64_t n, tg_batches_options o, int64_t count, int64_t first) {
  tg_batches *b = tg_batches_new(n, &o, NULL, NULL);
  ck_assert_int_eq(tg_batches_count(b), count);
  ck_assert_int_eq(tg_batches_at(b, 0).n, first);
  tg_batches_free(b);
}

START_TEST(test_batches_sizes) {
  assert_counts(7, (tg_batches_options){0}, 1, 7);
  assert_counts(7, (tg_batches_options){.size = 1}, 7, 1);
  assert_counts(7, (tg_batches_options){.size = 3, .drop_last = true}, 2, 3);
  assert_counts(6, (tg_batches_options){.size = 3, .drop_last = true}, 2, 3);
  assert_counts(6, (tg_batches_options){.size = 3}, 2, 3);
  assert_counts(7, (tg_batches_options){.size = 8}, 1, 7);
  assert_counts(7, (tg_batches_options){.size = 8, .drop_last = true}, 0, 0);
  assert_counts(0, (tg_batches_options){0}, 0, 0);
  assert_counts(0, (tg_batches_options){.size = 2, .shuffle = true}, 0, 0);
  tg_error e = {0};
  ck_assert_ptr_null(tg_batches_new(-1, NULL, NULL, &e));
  ck_assert_int_eq(e.status, TG_ARGUMENT);
  ck_assert_ptr_null(tg_batches_new(1, &(tg_batches_options){.size = -1}, NULL, &e));
  ck_assert_ptr_null(tg_batches_new(INT64_MAX / 4, NULL, NULL, &e));
  tg_batches_free(NULL);
}
END_TEST

/* An epoch visits every sample once; its order depends on key and epoch alone. */
START_TEST(test_batches_shuffled) {
  enum { N = 100, STEPS = 13 };
  tg_batches_options o = {.size = 8, .shuffle = true, .key = {7, 1}};
  tg_batches *b = tg_batches_new(N, &o, NULL, NULL), *again = tg_batches_new(N, &o, NULL, NULL);
  int64_t order[3][N];
  for (int64_t step = 0; step < 3 * STEPS; step++) {
    tg_batch batch = tg_batches_at(b, step);
    memcpy(&order[step / STEPS][step % STEPS * 8], batch.rows, (size_t)batch.n * sizeof(int64_t));
  }
  for (int k = 0; k < 3; k++) {
    int seen[N] = {0};
    for (int i = 0; i < N; i++) seen[order[k][i]]++;
    for (int i = 0; i < N; i++) ck_assert_int_eq(seen[i], 1);
  }
  ck_assert_mem_ne(order[0], order[1], sizeof order[0]);
  ck_assert_mem_ne(order[1], order[2], sizeof order[0]);
  for (int64_t step = 3 * STEPS - 1; step >= 0; step -= 5) {
    tg_batch batch = tg_batches_at(again, step);
    ck_assert_mem_eq(&order[step / STEPS][step % STEPS * 8], batch.rows,
                     (size_t)batch.n * sizeof(int64_t));
  }
  tg_batches_free(b);
  tg_batches_free(again);
}
END_TEST

static tg_status batches_work(const tg_runtime *runtime, tg_error *error) {
  tg_batches_options o = {.size = 2, .shuffle = true};
  tg_batches *b = tg_batches_new(5, &o, runtime, error);
  tg_batches_free(b);
  return b ? TG_OK : error->status;
}

START_TEST(test_batches_without_memory) { ck_assert_int_ge(sweep_failures(batches_work), 2); }
END_TEST

START_TEST(test_gather) {
  const int64_t rows[] = {2, 0};
  tg_batch batch = {.n = 2, .rows = rows};
  unsigned char from[12 * 8], to[12 * 8];
  for (int dtype = 1; dtype < TG_DTYPE_COUNT; dtype++) {
    tg_tensor x = tg_tensor_of(from, (tg_dtype)dtype, TG_DIMS(3, 2, 2));
    tg_tensor y = tg_tensor_of(to, (tg_dtype)dtype, TG_DIMS(3, 4));
    for (int i = 0; i < 12; i++) tg_tensor_put(&x, i, dtype == TG_BOOL ? i / 4 % 2 : i);
    tg_tensor z = tg_batch_gather(&batch, x, y, NULL);
    assert_shape(z, (tg_dtype)dtype, "[2,4]");
    for (int i = 0; i < 8; i++)
      ck_assert_double_eq(tg_tensor_at(&z, i), tg_tensor_at(&x, i < 4 ? 8 + i : i - 4));
  }
}
END_TEST

START_TEST(test_gather_scaled) {
  const int64_t rows[] = {2, 0};
  tg_batch batch = {.n = 2, .rows = rows};
  unsigned char from[6 * 8];
  double to[6];
  for (int dtype = 1; dtype < TG_DTYPE_COUNT; dtype++)
    for (int k = 0; k < 2; k++) {
      tg_tensor x = tg_tensor_of(from, (tg_dtype)dtype, TG_DIMS(3, 2));
      tg_tensor y = tg_tensor_of(to, k ? TG_F64 : TG_F32, TG_DIMS(2, 2));
      for (int i = 0; i < 6; i++) tg_tensor_put(&x, i, dtype == TG_BOOL ? i == 4 : i);
      tg_tensor z = tg_batch_gather_scaled(&batch, x, 0.5, -1, y, NULL);
      assert_shape(z, y.dtype, "[2,2]");
      const double whole[] = {1, 1.5, -1, -.5}, bools[] = {-.5, -1, -1, -1};
      assert_values(z, 4, dtype == TG_BOOL ? bools : whole);
    }
}
END_TEST

/* Some columns of a table: rows are apart, but each is contiguous. */
START_TEST(test_gather_of_a_slice) {
  double from[] = {0, 1, 2, 3, 4, 5}, to[4];
  tg_tensor x = {from, TG_F64, 2, {2, 2}, {3, 1}};
  tg_batch batch = {.n = 2, .rows = (int64_t[]){1, 0}};
  tg_tensor y = tg_tensor_of(to, TG_F64, TG_DIMS(2, 2));
  assert_values(tg_batch_gather(&batch, x, y, NULL), 4, (double[]){3, 4, 0, 1});
}
END_TEST

static void gather_refused(tg_tensor from, tg_tensor to, tg_status status, const char *text) {
  tg_error e = {0};
  tg_batch batch = {.n = 2, .rows = (int64_t[]){1, 0}};
  ck_assert_ptr_null(tg_batch_gather(&batch, from, to, &e).data);
  ck_assert_msg(e.status == status && strstr(e.message, text), "%s", e.message);
}

START_TEST(test_gather_refuses) {
  float x[8];
  tg_tensor two = tg_tensor_of(x, TG_F32, TG_DIMS(2, 2)), scalar = tg_tensor_of(x, TG_F32, 0, NULL);
  tg_tensor turned = {x, TG_F32, 2, {2, 2}, {1, 2}};
  gather_refused((tg_tensor){0}, two, TG_ARGUMENT, "no data");
  gather_refused(scalar, two, TG_SHAPE, "f32 [] into f32 [2,2]: both need a dimension");
  gather_refused(two, tg_tensor_of(x, TG_F32, TG_DIMS(2, 3)), TG_SHAPE, "different sizes");
  gather_refused(two, tg_tensor_of(x, TG_F32, TG_DIMS(1, 2)), TG_SHAPE, "the batch has more rows");
  gather_refused(two, turned, TG_ARGUMENT, "must be contiguous");
  gather_refused(turned, two, TG_ARGUMENT, "must be contiguous");
  gather_refused(tg_tensor_of(x, TG_F32, TG_DIMS(1, 2)), two, TG_INDEX, "more samples");
  gather_refused(two, tg_tensor_of(x, TG_I32, TG_DIMS(2, 2)), TG_DTYPE, "the dtypes differ");
  tg_error e = {0};
  tg_batch batch = {.n = 1, .rows = (int64_t[]){1}};
  tg_tensor whole = tg_tensor_of(x, TG_I32, TG_DIMS(2, 2));
  ck_assert_ptr_null(tg_batch_gather_scaled(&batch, two, 1, 0, whole, &e).data);
  ck_assert_int_eq(e.status, TG_DTYPE);
}
END_TEST

/* ---- the suite ---- */

static TCase *add_case(Suite *s, const char *name) {
  TCase *t = tcase_create(name);
  use_folder(t);
  suite_add_tcase(s, t);
  return t;
}

static Suite *suite(void) {
  Suite *s = suite_create("data");
  TCase *t = add_case(s, "idx");
  tcase_add_test(t, test_idx_types);
  tcase_add_test(t, test_idx_refuses);
  tcase_add_test(t, test_idx_damage);
  tcase_add_test(t, test_idx_without_memory);
  tcase_add_test(t, test_fashion_mnist);
  t = add_case(s, "npy");
  tcase_add_test(t, test_npy_forms_of_the_dict);
  tcase_add_test(t, test_npy_widens);
  tcase_add_test(t, test_npy_fortran_order);
  tcase_add_test(t, test_npy_refuses);
  tcase_add_test(t, test_npy_damage);
  tcase_add_test(t, test_npy_without_memory);
  tcase_add_test(t, test_npy_round_trip);
  tcase_add_test(t, test_npy_bytes_are_numpys);
  tcase_add_loop_test(t, test_npy_edge_files, 0, (int)(sizeof edges / sizeof *edges));
  t = add_case(s, "csv");
  tcase_add_test(t, test_csv_numbers);
  tcase_add_test(t, test_csv_text_labels);
  tcase_add_test(t, test_csv_number_labels);
  tcase_add_test(t, test_csv_many_classes);
  tcase_add_test(t, test_csv_header_alone_and_labels_alone);
  tcase_add_test(t, test_csv_refuses);
  tcase_add_test(t, test_csv_damage);
  tcase_add_test(t, test_csv_without_memory);
  tcase_add_loop_test(t, test_csv_uci, 0, 4);
  tcase_add_test(t, test_numbers);
  tcase_add_test(t, test_integers);
  t = add_case(s, "batches");
  tcase_add_test(t, test_batches_in_order);
  tcase_add_test(t, test_batches_sizes);
  tcase_add_test(t, test_batches_shuffled);
  tcase_add_test(t, test_batches_without_memory);
  tcase_add_test(t, test_gather);
  tcase_add_test(t, test_gather_scaled);
  tcase_add_test(t, test_gather_of_a_slice);
  tcase_add_test(t, test_gather_refuses);
  return s;
}

int main(void) { return run_suite(suite()); }
