/* lib/io: safetensors, and parameters in them. */
#include "files.h"
#include "tapegrad/io.h"

static const size_t budget = 1 << 18;

static void assert_shape(tg_tensor x, tg_dtype dtype, const char *shape) {
  char text[128];
  tg_tensor_shape_text(&x, text, sizeof text);
  ck_assert_ptr_nonnull(x.data);
  ck_assert_str_eq(tg_dtype_name(x.dtype), tg_dtype_name(dtype));
  ck_assert_str_eq(text, shape);
}

static bool read_file(const char *path, const tg_runtime *runtime, tg_error *error) {
  tg_safetensors *f = tg_safetensors_open(path, runtime, error);
  tg_safetensors_free(f);
  return f != NULL;
}

/* In a build without jansson the one test is that it says so. */
static bool supported(void) {
  tg_error e = {0};
  tg_status status = tg_safetensors_write(in_folder("probe"), NULL, 0, NULL, 0, NULL, &e);
  if (status == TG_OK) return true;
  ck_assert_int_eq(status, TG_UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(e.message, "probe: safetensors need jansson"));
  ck_assert_int_eq(count_files(), 0);
  return false;
}

/* ---- files built by hand ---- */

enum { ROOM = 2048 };

static size_t make_file(unsigned char *to, const char *json, const void *data, size_t size) {
  size_t length = strlen(json);
  for (int k = 0; k < 8; k++) to[k] = (unsigned char)(length >> 8 * k);
  memcpy(to + 8, json, length);
  memcpy(to + 8 + length, data, size);
  return 8 + length + size;
}

static const char *put_safetensors(const char *json, const void *data, size_t size) {
  unsigned char bytes[ROOM];
  return put_file("a.safetensors", bytes, make_file(bytes, json, data, size));
}

/* What the reference implementation in Python writes for {"b": [[1, 2, 3]] as f32, "a": i64 of -1}
   and a metadata string. */
static const char python_json[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                  "\"a\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                                  "\"b\":{\"dtype\":\"F32\",\"shape\":[1,3],"
                                  "\"data_offsets\":[8,20]}}    ";
static const char python_data[] =
    "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40";

START_TEST(test_writes_any_bytes) {
  tg_error e = {0};
  char bytes[8];
  const char *path = put_text("file", "the old one");
  ck_assert_int_eq(tg_file_write(path, "a\0b", 3, &e), TG_OK);
  ck_assert_uint_eq(get_file(path, bytes, sizeof bytes), 3);
  ck_assert_int_eq(memcmp(bytes, "a\0b", 3), 0);
  ck_assert_int_eq(tg_file_write(path, NULL, 0, &e), TG_OK);
  ck_assert_uint_eq(get_file(path, bytes, sizeof bytes), 0);
  ck_assert_int_eq(tg_file_write("/nowhere/file", "a", 1, &e), TG_FILE);
  ck_assert_int_eq(tg_file_write(NULL, "a", 1, &e), TG_ARGUMENT);
}
END_TEST

START_TEST(test_reads_what_python_writes) {
  if (!supported()) return;
  tg_error e = {0};
  tg_safetensors *f = tg_safetensors_open(put_safetensors(python_json, python_data, 20), NULL, &e);
  ck_assert_msg(f != NULL, "%s", e.message);
  ck_assert_int_eq(tg_safetensors_count(f), 2);
  ck_assert_int_eq(tg_safetensors_find(f, "a"), 0);
  ck_assert_int_eq(tg_safetensors_find(f, "b"), 1);
  ck_assert_int_eq(tg_safetensors_find(f, "c"), -1);
  ck_assert_str_eq(tg_safetensors_tensor(f, 1).name, "b");
  tg_tensor a = tg_safetensors_tensor(f, 0).tensor, b = tg_safetensors_tensor(f, 1).tensor;
  assert_shape(a, TG_I64, "[]");
  assert_shape(b, TG_F32, "[1,3]");
  ck_assert_double_eq(tg_tensor_at(&a, 0), -1);
  for (int i = 0; i < 3; i++) ck_assert_double_eq(tg_tensor_at(&b, i), i + 1);
  ck_assert_ptr_null(tg_safetensors_tensor(f, 2).name);
  ck_assert_ptr_null(tg_safetensors_tensor(f, -1).tensor.data);
  ck_assert_int_eq(tg_safetensors_metadata_count(f), 1);
  ck_assert_str_eq(tg_safetensors_metadata(f, 0).name, "format");
  ck_assert_str_eq(tg_safetensors_text(f, "format"), "pt");
  ck_assert_ptr_null(tg_safetensors_text(f, "none"));
  ck_assert_ptr_null(tg_safetensors_metadata(f, 1).name);
  tg_safetensors_free(f);
}
END_TEST

START_TEST(test_foreign_dtypes_and_misaligned_tensors) {
  if (!supported()) return;
  const char *json = "{\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                     "\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]},"
                     "\"h\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[5,9]},"
                     "\"i\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[9,10]},"
                     "\"e\":{\"dtype\":\"F64\",\"shape\":[0,9],\"data_offsets\":[10,10]}}";
  tg_error e = {0};
  tg_safetensors *f =
      tg_safetensors_open(put_safetensors(json, "\7\0\0\x80\x3f\x80\x3f\0\xc0\xff", 10), NULL, &e);
  ck_assert_msg(f != NULL, "%s", e.message);
  static const struct {
    const char *name, *shape;
    tg_dtype dtype;
    double first;
  } expected[] = {{"e", "[0,9]", TG_F64, 0},
                  {"f", "[1]", TG_F32, 1},
                  {"h", "[2]", TG_F32, 1},
                  {"i", "[1]", TG_I32, -1},
                  {"u", "[1]", TG_U8, 7}};
  for (int i = 0; i < 5; i++) {
    tg_named_tensor x = tg_safetensors_tensor(f, i);
    ck_assert_str_eq(x.name, expected[i].name);
    assert_shape(x.tensor, expected[i].dtype, expected[i].shape);
    ck_assert_uint_eq((uintptr_t)x.tensor.data % tg_dtype_size(x.tensor.dtype), 0);
    if (i > 0) ck_assert_double_eq(tg_tensor_at(&x.tensor, 0), expected[i].first);
  }
  tg_safetensors_free(f);
}
END_TEST

#define ENTRY(name, dtype, shape, begin, end)                                                      \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end   \
  "]}"

/* Headers over 8 bytes of data, and what is said of them. */
static const struct {
  const char *json, *message;
} refused[] = {
    {" {}", "the header does not begin with {"},
    {"", "the header does not begin with {"},
    {"{", "the header is no JSON"},
    {"{}{}", "the header is no JSON"},
    {"{}", "the tensors end at byte 0 of 8 bytes of data"},
    {"{" ENTRY("a", "F32", "[1]", 0, 4) "}", "the tensors end at byte 4 of 8"},
    {"{" ENTRY("a", "F32", "[1]", 4, 8) "}",
     "\"a\" begins at byte 4 of the data, expected 0: no hole"},
    {"{" ENTRY("a", "F32", "[2]", 0, 8) "," ENTRY("b", "F32", "[1]", 4, 8) "}",
     "\"b\" begins at byte 4 of the data, expected 8: no overlap"},
    {"{" ENTRY("a", "F32", "[1]", 0, 4) "," ENTRY("a", "F32", "[1]", 4, 8) "}",
     "duplicate object key"},
    {"{" ENTRY("a", "F32", "[3]", 0, 12) "}", "lies at bytes 0 to 12 of 8"},
    {"{" ENTRY("a", "F32", "[2]", -8, 0) "}", "lies at bytes -8 to 0"},
    {"{" ENTRY("a", "F32", "[2]", 8, 0) "}", "lies at bytes 8 to 0"},
    {"{" ENTRY("a", "F32", "[1]", 0, 8) "}", "[1] of 4-byte elements has 8 bytes"},
    {"{" ENTRY("a", "F32", "[4611686018427387904]", 0, 8) "}", "63 bits"},
    {"{" ENTRY("a", "F32", "[4294967296,4294967296]", 0, 8) "}", "63 bits"},
    {"{" ENTRY("a", "F32", "[99999999999999999999]", 0, 8) "}", "no JSON"},
    {"{" ENTRY("a", "F32", "[-2]", 0, 8) "}", "a size that is not an integer from 0"},
    {"{" ENTRY("a", "F32", "[2.0]", 0, 8) "}", "a size that is not an integer from 0"},
    {"{" ENTRY("a", "F32", "[1,1,1,1,1,1,1,1,2]", 0, 8) "}", "at most 8 sizes"},
    {"{" ENTRY("a", "F32", "2", 0, 8) "}", "at most 8 sizes"},
    {"{" ENTRY("a", "F8_E4M3", "[8]", 0, 8) "}", "dtype \"F8_E4M3\", expected"},
    {"{" ENTRY("a", "U64", "[1]", 0, 8) "}", "dtype \"U64\", expected"},
    {"{" ENTRY("a", "BOOL", "[8]", 0, 8) "}", "a bool other than 0 and 1"},
    {"{\"a\":{\"dtype\":1,\"shape\":[2],\"data_offsets\":[0,8]}}", "no \"dtype\" that is a string"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}", "two integers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.0]}}", "two integers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"offsets\":[0,8]}}", "two integers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
     "is not an object of dtype, shape and data_offsets"},
    {"{\"a\":[]}", "is not an object of dtype, shape and data_offsets"},
    {"{\"__metadata__\":{\"x\":1}}", "\"__metadata__\" is not an object of strings"},
    {"{\"__metadata__\":\"x\"}", "\"__metadata__\" is not an object of strings"},
};

START_TEST(test_refuses) {
  if (!supported()) return;
  tg_error e = {0};
  ck_assert(!read_file(put_safetensors(refused[_i].json, "\2\2\2\2\2\2\2\2", 8), NULL, &e));
  ck_assert_msg(strstr(e.message, refused[_i].message) != NULL, "%s: %s", refused[_i].json,
                e.message);
  ck_assert(e.status == TG_FORMAT || e.status == TG_DTYPE);
}
END_TEST

START_TEST(test_refuses_a_lying_length) {
  tg_error e = {0};
  const char *lie = put_file("a", "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
  ck_assert(!read_file(lie, NULL, &e));
  ck_assert_ptr_nonnull(strstr(e.message, "a header of 18446744073709551615 bytes"));
  ck_assert(!read_file(put_file("a", "\3\0\0\0\0\0\0\0{}", 10), NULL, &e));
  ck_assert_ptr_nonnull(strstr(e.message, "a header of 3 bytes, where the file has 2"));
  ck_assert(!read_file(put_text("a", "short"), NULL, &e));
  ck_assert_ptr_nonnull(strstr(e.message, "5 bytes, expected at least 8"));
  ck_assert_int_eq(e.status, TG_FORMAT);
  ck_assert(!read_file(in_folder("absent"), NULL, &e));
  ck_assert_int_eq(e.status, TG_FILE);
}
END_TEST

START_TEST(test_damage) {
  if (!supported()) return;
  unsigned char bytes[ROOM];
  size_t size = make_file(bytes, python_json, python_data, 20);
  try_truncations(read_file, bytes, size, budget);
  ck_assert_int_gt(try_flips(read_file, bytes, size, size - 20, budget), 500);
}
END_TEST

/* Nesting as deep as a header can hold is refused, not followed. */
START_TEST(test_deep_nesting) {
  if (!supported()) return;
  static unsigned char bytes[100008];
  static char json[100001];
  memset(json, '[', sizeof json - 1);
  json[0] = '{';
  memcpy(json + 1, "\"a\":", 4);
  ck_assert(!try_damaged(read_file, bytes, make_file(bytes, json, "", 0), budget));
}
END_TEST

/* ---- written and read again ---- */

/* Every dtype, transposed, empty, rank 0; names that JSON must escape. */
static tg_status write_many(const char *path, int order, const tg_runtime *runtime,
                            tg_error *error) {
  static float f[6] = {0, 1, 2, 3, 4, 5};
  static double d[1] = {0.1};
  static int64_t l[2] = {INT64_MIN, INT64_MAX};
  static int32_t i[3] = {-1, 0, 1};
  static uint8_t u[5] = {1, 2, 3, 4, 255}, b[2] = {1, 0};
  const tg_named_tensor tensors[] = {
      {"fc1.weight", {f, TG_F32, 2, {3, 2}, {1, 3}}},
      {"scalar", tg_tensor_of(d, TG_F64, 0, NULL)},
      {"optim.\"m\"\n", tg_tensor_of(l, TG_I64, TG_DIMS(2))},
      {"\xc3\xa9", tg_tensor_of(i, TG_I32, TG_DIMS(3, 1))},
      {"images", tg_tensor_of(u, TG_U8, TG_DIMS(5))},
      {"mask", tg_tensor_of(b, TG_BOOL, TG_DIMS(2))},
      {"empty", tg_tensor_of(f, TG_F32, TG_DIMS(0, 4))},
  };
  enum { COUNT = sizeof tensors / sizeof *tensors };
  const tg_named_text metadata[] = {{"step", "12"}, {"key", "\"7\"\t\\"}, {"epoch", ""}};
  tg_named_tensor turned[COUNT];
  tg_named_text turned_metadata[3];
  for (int k = 0; k < COUNT; k++) turned[k] = tensors[(k + order) % COUNT];
  for (int k = 0; k < 3; k++) turned_metadata[k] = metadata[(k + order) % 3];
  return tg_safetensors_write(path, turned, COUNT, turned_metadata, 3, runtime, error);
}

static tg_tensor found(const tg_safetensors *f, const char *name) {
  return tg_safetensors_tensor(f, tg_safetensors_find(f, name)).tensor;
}

START_TEST(test_round_trip) {
  if (!supported()) return;
  const char *path = in_folder("a");
  ck_assert_int_eq(write_many(path, 0, NULL, NULL), TG_OK);
  tg_error e = {0};
  tg_safetensors *f = tg_safetensors_open(path, NULL, &e);
  ck_assert_msg(f != NULL, "%s", e.message);
  ck_assert_int_eq(tg_safetensors_count(f), 7);
  tg_tensor x = found(f, "fc1.weight");
  assert_shape(x, TG_F32, "[3,2]");
  const double turned[] = {0, 3, 1, 4, 2, 5};
  for (int k = 0; k < 6; k++) ck_assert_double_eq(tg_tensor_at(&x, k), turned[k]);
  x = found(f, "scalar");
  ck_assert_double_eq(tg_tensor_at(&x, 0), 0.1);
  x = found(f, "optim.\"m\"\n");
  assert_shape(x, TG_I64, "[2]");
  ck_assert_mem_eq(x.data, ((int64_t[]){INT64_MIN, INT64_MAX}), 16);
  assert_shape(found(f, "\xc3\xa9"), TG_I32, "[3,1]");
  ck_assert_mem_eq(found(f, "images").data, "\1\2\3\4\xff", 5);
  ck_assert_mem_eq(found(f, "mask").data, "\1\0", 2);
  assert_shape(found(f, "empty"), TG_F32, "[0,4]");
  ck_assert_str_eq(tg_safetensors_text(f, "step"), "12");
  ck_assert_str_eq(tg_safetensors_text(f, "key"), "\"7\"\t\\");
  ck_assert_str_eq(tg_safetensors_text(f, "epoch"), "");
  tg_safetensors_free(f);
}
END_TEST

/* Same bytes in any order; data at a multiple of 8; larger elements first, then by name. */
START_TEST(test_bytes_do_not_depend_on_the_order) {
  if (!supported()) return;
  char bytes[2][ROOM];
  for (int order = 0; order < 7; order++) {
    ck_assert_int_eq(write_many(in_folder("a"), order, NULL, NULL), TG_OK);
    size_t size = get_file(in_folder("a"), bytes[order > 0], ROOM);
    if (order > 0) ck_assert_mem_eq(bytes[0], bytes[1], size);
  }
  ck_assert_int_eq(bytes[0][0] % 8, 0);
  const char *names[] = {"__metadata__\":{\"epoch",
                         "key",
                         "step",
                         "optim.",
                         "scalar",
                         "empty",
                         "fc1.weight",
                         "\xc3\xa9",
                         "images",
                         "mask"};
  const char *at = bytes[0] + 8;
  for (int k = 0; k < 10; k++) {
    at = strstr(at, names[k]);
    ck_assert_msg(at != NULL, "%s is not in its place", names[k]);
  }
}
END_TEST

/* The exact bytes of a small file. */
START_TEST(test_exact_bytes) {
  if (!supported()) return;
  float x[] = {1};
  static const char expected[] =
      "\x38\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]}}"
      "\0\0\x80\x3f";
  tg_named_tensor w = {"w", tg_tensor_of(x, TG_F32, TG_DIMS(1, 1))};
  ck_assert_int_eq(tg_safetensors_write(in_folder("a"), &w, 1, NULL, 0, NULL, NULL), TG_OK);
  char bytes[128];
  ck_assert_uint_eq(get_file(in_folder("a"), bytes, sizeof bytes), sizeof expected - 1);
  ck_assert_mem_eq(bytes, expected, sizeof expected - 1);
}
END_TEST

static void write_refused(tg_named_tensor a, tg_named_tensor b, tg_named_text text,
                          const char *message) {
  tg_error e = {0};
  const char *path = put_text("a", "old");
  ck_assert_int_eq(tg_safetensors_write(path, (tg_named_tensor[]){a, b}, 2, &text, 1, NULL, &e),
                   TG_ARGUMENT);
  ck_assert_msg(strstr(e.message, message) != NULL, "%s", e.message);
  char content[8] = {0};
  get_file(path, content, 7);
  ck_assert_str_eq(content, "old");
}

START_TEST(test_write_refuses) {
  if (!supported()) return;
  double x[1] = {0};
  tg_tensor f = tg_tensor_of(x, TG_F32, 0, NULL), d = tg_tensor_of(x, TG_F64, 0, NULL);
  tg_named_tensor a = {"a", f}, b = {"b", f};
  tg_named_text t = {"t", "text"};
  write_refused(a, (tg_named_tensor){"a", d}, t, "\"a\" is the name of two tensors");
  write_refused(a, (tg_named_tensor){"__metadata__", f}, t, "is not a name for a tensor");
  write_refused(a, (tg_named_tensor){NULL, f}, t, "needs a name");
  write_refused(a, (tg_named_tensor){"b", {0}}, t, "needs a name and a tensor with data");
  write_refused(a, (tg_named_tensor){"\xff", f}, t, "\"?\" is not UTF-8");
  write_refused(a, b, (tg_named_text){"t", "\xff"}, "\"__metadata__\" is not UTF-8");
  write_refused(a, b, (tg_named_text){NULL, "x"}, "needs a name and a text");
  tg_error e = {0};
  tg_named_text twice[] = {t, t};
  ck_assert_int_eq(tg_safetensors_write("a", NULL, 0, twice, 2, NULL, &e), TG_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(e.message, "is the name of two texts"));
  ck_assert_int_eq(tg_safetensors_write("a", NULL, -1, NULL, 0, NULL, &e), TG_ARGUMENT);
  ck_assert_int_eq(tg_safetensors_write(NULL, NULL, 0, NULL, 0, NULL, &e), TG_ARGUMENT);
  ck_assert_int_eq(tg_safetensors_write(in_folder("no/a"), &a, 1, NULL, 0, NULL, &e), TG_FILE);
}
END_TEST

static tg_status write_work(const tg_runtime *runtime, tg_error *error) {
  tg_status status = write_many(in_folder("a"), 0, runtime, error);
  if (status == TG_OK) ck_assert(read_file(in_folder("a"), NULL, NULL));
  return status;
}

static tg_status open_work(const tg_runtime *runtime, tg_error *error) {
  return read_file(in_folder("a"), runtime, error) ? TG_OK : error->status;
}

START_TEST(test_without_memory) {
  if (!supported()) return;
  ck_assert_int_ge(sweep_failures(write_work), 3);
  ck_assert_int_ge(sweep_failures(open_work), 3);
}
END_TEST

/* ---- parameters ---- */

/* "w" [2,3] f32, "b" [2] f64, and the buffer "count" [] i64, filled from `first` on. */
static tg_params *make_params(const tg_runtime *runtime, double first) {
  tg_params *p = tg_params_new(runtime, NULL);
  tg_params_add(p, "w", TG_F32, TG_DIMS(2, 3));
  tg_params_add(p, "b", TG_F64, TG_DIMS(2));
  tg_params_add_buffer(p, "count", TG_I64, 0, NULL);
  ck_assert_int_eq(tg_params_seal(p, NULL), TG_OK);
  for (int k = 0; k < 3; k++) {
    tg_tensor x = tg_params_tensor(p, k);
    for (int64_t i = 0; i < tg_tensor_numel(&x); i++) tg_tensor_put(&x, i, first++);
  }
  return p;
}

static void assert_params(const tg_params *p, double first) {
  for (int k = 0; k < 3; k++) {
    tg_tensor x = tg_params_tensor(p, k);
    for (int64_t i = 0; i < tg_tensor_numel(&x); i++)
      ck_assert_double_eq(tg_tensor_at(&x, i), first++);
  }
}

START_TEST(test_params_round_trip) {
  if (!supported()) return;
  tg_params *p = make_params(NULL, 1), *q = make_params(NULL, -50);
  const char *path = in_folder("a");
  ck_assert_int_eq(tg_params_save(p, path, NULL), TG_OK);
  uint64_t version = tg_params_version(q, 1);
  ck_assert_int_eq(tg_params_load(q, path, NULL), TG_OK);
  assert_params(q, 1);
  ck_assert_int_gt((int)(tg_params_version(q, 1) - version), 0);
  tg_params_free(p);
  tg_params_free(q);
}
END_TEST

/* Files with one tensor other than the parameters want it. */
static const struct {
  const char *dtype, *shape, *name, *message;
  int end;
  tg_status status;
} unfit[] = {
    {"I64", "[]", "count", NULL, 8, TG_OK},
    {"I64", "[1]", "count", "\"count\" is i64 [1] in the file, expected i64 []", 8, TG_SHAPE},
    {"I32", "[]", "count", "\"count\" is i32 [] in the file, expected i64 []", 4, TG_DTYPE},
    {"I64", "[]", "Count", "the parameter \"count\" is not in the file", 8, TG_FORMAT},
};

/* Nothing is changed unless all fit; other tensors do not matter. */
START_TEST(test_params_that_do_not_fit) {
  if (!supported()) return;
  char json[512];
  static const char zeros[64];
  snprintf(json, sizeof json,
           "{\"b\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
           "\"optim.w\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]},"
           "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[24,48]},"
           "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[48,%d]}}",
           unfit[_i].name, unfit[_i].dtype, unfit[_i].shape, 48 + unfit[_i].end);
  const char *path = put_safetensors(json, zeros, (size_t)(48 + unfit[_i].end));
  tg_params *p = make_params(NULL, 1);
  tg_error e = {0};
  ck_assert_int_eq(tg_params_load(p, path, &e), unfit[_i].status);
  tg_tensor w = tg_params_tensor(p, 0);
  if (unfit[_i].status == TG_OK) {
    ck_assert_double_eq(tg_tensor_at(&w, 5), 0);
  } else {
    ck_assert_msg(strstr(e.message, unfit[_i].message) != NULL, "%s", e.message);
    assert_params(p, 1);
  }
  tg_params_free(p);
}
END_TEST

START_TEST(test_params_refuse) {
  if (!supported()) return;
  tg_params *p = tg_params_new(NULL, NULL);
  tg_error e = {0};
  ck_assert_int_eq(tg_params_save(p, in_folder("a"), &e), TG_STATE);
  put_safetensors("{}", "", 0);
  ck_assert_int_eq(tg_params_load(p, in_folder("a.safetensors"), &e), TG_STATE);
  ck_assert_int_eq(tg_params_load(p, in_folder("absent"), NULL), TG_FILE);
  tg_params_free(p);
}
END_TEST

static tg_status params_work(const tg_runtime *runtime, tg_error *error) {
  tg_params *p = tg_params_new(runtime, error);
  if (!p) return error->status;
  tg_params_add(p, "w", TG_F32, TG_DIMS(2, 3));
  tg_status status = tg_params_seal(p, error);
  if (!status) status = tg_params_save(p, in_folder("a"), error);
  if (!status) status = tg_params_load(p, in_folder("a"), error);
  tg_params_free(p);
  return status;
}

START_TEST(test_params_without_memory) {
  if (supported()) ck_assert_int_ge(sweep_failures(params_work), 8);
}
END_TEST

/* ---- the suite ---- */

static Suite *suite(void) {
  Suite *s = suite_create("io");
  TCase *t = tcase_create("safetensors");
  use_folder(t);
  tcase_add_test(t, test_writes_any_bytes);
  tcase_add_test(t, test_reads_what_python_writes);
  tcase_add_test(t, test_foreign_dtypes_and_misaligned_tensors);
  tcase_add_loop_test(t, test_refuses, 0, (int)(sizeof refused / sizeof *refused));
  tcase_add_test(t, test_refuses_a_lying_length);
  tcase_add_test(t, test_damage);
  tcase_add_test(t, test_deep_nesting);
  tcase_add_test(t, test_round_trip);
  tcase_add_test(t, test_bytes_do_not_depend_on_the_order);
  tcase_add_test(t, test_exact_bytes);
  tcase_add_test(t, test_write_refuses);
  tcase_add_test(t, test_without_memory);
  suite_add_tcase(s, t);
  t = tcase_create("params");
  use_folder(t);
  tcase_add_test(t, test_params_round_trip);
  tcase_add_loop_test(t, test_params_that_do_not_fit, 0, (int)(sizeof unfit / sizeof *unfit));
  tcase_add_test(t, test_params_refuse);
  tcase_add_test(t, test_params_without_memory);
  suite_add_tcase(s, t);
  return s;
}

int main(void) { return run_suite(suite()); }
