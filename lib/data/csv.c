/* CSV: text to a tensor of numbers, with labels and names. */
#include "data/array.h"
#include "data/fields.h"
#include "data/number.h"

#include <string.h>

typedef struct reader {
  const char *path;
  tg_csv_options options;
  tgi_fields fields;
  locale_t locale;
  tg_array *array;
  tgi_bytes scratch; /* a text with its doubled quotes undone */
  int64_t columns;   /* of every record, the label's among them */
  int64_t label;     /* its column; -1: none */
  int64_t records;
  tg_error *error;
} reader;

/* ---- options ---- */

static tg_status check_options(const char *path, tg_csv_options *o, tg_error *error) {
  if (!o->separator) o->separator = ',';
  if (!o->dtype) o->dtype = TG_F64;
  if (!o->label_dtype) o->label_dtype = TG_I64;
  if (!strchr(",;:|/ \t", o->separator))
    return tgi_file_error(error, TG_ARGUMENT, path,
                          "CSV separator '%s', expected one of , ; : | / space tab",
                          tgi_show(&o->separator, 1).text);
  if (!tg_dtype_is_float(o->dtype) ||
      (o->label_dtype != TG_I64 && !tg_dtype_is_float(o->label_dtype)))
    return tgi_file_error(
        error, TG_DTYPE, path,
        "CSV numbers as %s and labels as %s, expected f32 or f64, and i64, f32 or "
        "f64",
        tg_dtype_name(o->dtype), tg_dtype_name(o->label_dtype));
  if (o->skip_lines < 0 || (o->label_name && !o->header))
    return tgi_file_error(error, TG_ARGUMENT, path, "CSV options: %s",
                          o->skip_lines < 0 ? "skip_lines is negative"
                                            : "label_name needs a header");
  return TG_OK;
}

/* ---- fields ---- */

static tg_status no_memory(reader *r) {
  return tgi_file_error(r->error, TG_NO_MEMORY, r->path, "no memory for its fields");
}

/* About the field of a column, which is counted from 0 here and from 1 in the message. */
static tg_status field_error(reader *r, const tgi_field *f, int64_t column, const char *what) {
  return tgi_file_error(r->error, TG_FORMAT, r->path, "line %lld, column %lld: \"%s\" %s",
                        (long long)f->line, (long long)column + 1,
                        tgi_show(f->text, f->length).text, what);
}

/* The text with doubled quotes undone, in `scratch` where there are any. False: no memory. */
static bool plain_text(reader *r, tgi_field *f) {
  if (!f->doubled) return true;
  r->scratch.size = 0;
  for (size_t i = 0; i < f->length; i++) {
    if (!tgi_bytes_add(&r->scratch, &f->text[i], 1)) return false;
    i += f->text[i] == '"';
  }
  f->text = r->scratch.data;
  f->length = r->scratch.size;
  return true;
}

static bool add_float(tgi_bytes *to, tg_dtype dtype, double value) {
  float narrow = (float)value;
  return dtype == TG_F64 ? tgi_bytes_add(to, &value, sizeof value)
                         : tgi_bytes_add(to, &narrow, sizeof narrow);
}

static tg_status add_number(reader *r, const tgi_field *f, int64_t column, tgi_bytes *to,
                            tg_dtype dtype) {
  double value;
  if (!tgi_number(f->text, f->length, r->locale, &value))
    return field_error(r, f, column,
                       r->records == 0 && !r->options.header
                           ? "is not a number; where this line names columns, set `header`"
                           : "is not a number");
  return add_float(to, dtype, value) ? TG_OK : no_memory(r);
}

static tg_status add_class(reader *r, tgi_field *f) {
  tg_array *a = r->array;
  int64_t id = plain_text(r, f) ? tgi_class_of(&a->classes, f->text, f->length) : -1;
  if (id < 0 || !tgi_bytes_add(&a->label_block, &id, sizeof id)) return no_memory(r);
  return TG_OK;
}

static tg_status add_field(reader *r, tgi_field *f, int64_t column) {
  tg_array *a = r->array;
  if (f->fault) return field_error(r, f, column, f->fault);
  if (f->length == 0) return field_error(r, f, column, "is a missing value");
  if (column != r->label) return add_number(r, f, column, &a->block, r->options.dtype);
  if (r->options.label_dtype == TG_I64) return add_class(r, f);
  return add_number(r, f, column, &a->label_block, r->options.label_dtype);
}

/* ---- records ---- */

static tg_status count_error(reader *r, const tgi_field *f, int64_t found) {
  return tgi_file_error(r->error, TG_FORMAT, r->path,
                        "line %lld, column %lld: %s, expected %lld fields in each record",
                        (long long)f->line, (long long)found,
                        found > r->columns ? "a field too many" : "the record ends here",
                        (long long)r->columns);
}

static tg_status read_record(reader *r) {
  tgi_field f = {0};
  for (int64_t k = 0; !f.last; k++) {
    f = tgi_fields_next(&r->fields);
    if (k == r->columns) return count_error(r, &f, k + 1);
    tg_status status = add_field(r, &f, k);
    if (status) return status;
    if (f.last && k + 1 < r->columns) return count_error(r, &f, k + 1);
  }
  r->records++;
  return TG_OK;
}

/* Fields of the record that comes next, which stays unread. */
static int64_t count_fields(const reader *r) {
  tgi_fields ahead = r->fields;
  int64_t n = 0;
  if (!tgi_fields_more(&ahead)) return 0;
  tgi_field f;
  do {
    f = tgi_fields_next(&ahead);
    n++;
  } while (!f.last);
  return n;
}

/* ---- the header line and the label's column ---- */

static const char *copy_text(reader *r, tgi_field *f) {
  char *text = plain_text(r, f) ? tgi_arena_alloc(&r->array->arena, f->length + 1) : NULL;
  if (!text) return NULL;
  memcpy(text, f->text, f->length);
  text[f->length] = 0;
  return text;
}

/* All names of the header, the label's too. */
static tg_status read_header(reader *r, const char **names) {
  tgi_fields_more(&r->fields);
  for (int64_t k = 0; k < r->columns; k++) {
    tgi_field f = tgi_fields_next(&r->fields);
    if (f.fault) return field_error(r, &f, k, f.fault);
    names[k] = copy_text(r, &f);
    if (!names[k]) return no_memory(r);
  }
  return TG_OK;
}

static tg_status find_label(reader *r, const char **names) {
  const tg_csv_options *o = &r->options;
  r->label = -1;
  if (!o->labels) return TG_OK;
  if (!o->label_name) {
    r->label = o->label_column < 0 ? r->columns + o->label_column : o->label_column;
    if (r->label >= 0 && r->label < r->columns) return TG_OK;
    return tgi_file_error(r->error, TG_ARGUMENT, r->path,
                          "label column %d, counted from 0, but the records have %lld fields",
                          o->label_column, (long long)r->columns);
  }
  for (int64_t k = 0; k < r->columns && r->label < 0; k++)
    if (strcmp(names[k], o->label_name) == 0) r->label = k;
  if (r->label >= 0) return TG_OK;
  return tgi_file_error(r->error, TG_ARGUMENT, r->path, "the header has no column \"%s\"",
                        o->label_name);
}

/* Columns, header and label, from the first line that is not skipped. */
static tg_status begin(reader *r) {
  for (int64_t k = 0; k < r->options.skip_lines && r->fields.at < r->fields.end; k++)
    tgi_fields_skip_line(&r->fields);
  r->columns = count_fields(r);
  if (r->columns == 0)
    return tgi_file_error(r->error, TG_FORMAT, r->path, "there is no record in this CSV file");
  if (!r->options.header) return find_label(r, NULL);
  const char **names = tgi_arena_alloc(&r->array->arena, (size_t)r->columns * sizeof *names);
  if (!names) return no_memory(r);
  tg_status status = read_header(r, names);
  if (!status) status = find_label(r, names);
  if (status) return status;
  if (r->label >= 0)
    memmove(names + r->label, names + r->label + 1,
            (size_t)(r->columns - r->label - 1) * sizeof *names);
  r->array->columns = names;
  return TG_OK;
}

/* ---- labels ---- */

/* Where all class names are integers, the labels become these and lose their names. Numbers that
   are not all integers are no classes. */
static tg_status settle_classes(reader *r) {
  tgi_classes *c = &r->array->classes;
  size_t integers = 0, numbers = 0, odd = 0;
  for (size_t i = 0; i < c->count; i++) {
    int64_t whole;
    double value;
    size_t length = strlen(c->names[i]);
    bool integer = tgi_integer(c->names[i], length, &whole);
    integers += integer;
    numbers += tgi_number(c->names[i], length, r->locale, &value);
    if (!integer) odd = i;
  }
  if (numbers == c->count && integers < c->count)
    return tgi_file_error(r->error, TG_FORMAT, r->path,
                          "the labels are numbers, such as %s, and not all are integers: these are "
                          "no classes, read them with label_dtype f32 or f64",
                          tgi_show(c->names[odd], strlen(c->names[odd])).text);
  if (integers < c->count) return TG_OK;
  int64_t *labels = (int64_t *)(void *)r->array->label_block.data;
  for (int64_t i = 0; i < r->records; i++) {
    const char *name = c->names[labels[i]];
    tgi_integer(name, strlen(name), &labels[i]);
  }
  tgi_classes_free(c);
  return TG_OK;
}

/* The tensors over what the records left in the blocks. */
static tg_status finish(reader *r) {
  tg_array *a = r->array;
  tg_status status = r->label >= 0 && r->options.label_dtype == TG_I64 ? settle_classes(r) : TG_OK;
  if (status) return status;
  if (!tgi_bytes_reserve(&a->block, 1)) return no_memory(r);
  a->tensor = tg_tensor_of(a->block.data, r->options.dtype,
                           TG_DIMS(r->records, r->columns - (r->label >= 0)));
  if (r->label < 0) return TG_OK;
  if (!tgi_bytes_reserve(&a->label_block, 1)) return no_memory(r);
  a->labels = tg_tensor_of(a->label_block.data, r->options.label_dtype, TG_DIMS(r->records));
  return TG_OK;
}

/* ---- the file ---- */

static tg_status read_content(reader *r, const tgi_bytes *b) {
  const char *text = b->data, *zero = memchr(text, 0, b->size);
  if (zero)
    return tgi_file_error(r->error, TG_FORMAT, r->path,
                          "not a CSV file: byte %lld is 0, expected text",
                          (long long)(zero - text));
  size_t mark = b->size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  r->fields = (tgi_fields){text + mark, text + b->size, r->options.separator, 1};
  tg_status status = begin(r);
  while (!status && tgi_fields_more(&r->fields)) status = read_record(r);
  return status ? status : finish(r);
}

static tg_array *read_array(reader *r, const tgi_bytes *b) {
  r->scratch.runtime = b->runtime;
  r->array = tgi_array_new(b->runtime);
  r->locale = tgi_number_locale();
  tg_status status = r->array && r->locale ? read_content(r, b) : no_memory(r);
  if (r->locale) freelocale(r->locale);
  tgi_bytes_free(&r->scratch);
  if (!status) return r->array;
  tg_array_free(r->array);
  return NULL;
}

tg_array *tg_csv_read(const char *path, const tg_csv_options *options, const tg_runtime *runtime,
                      tg_error *error) {
  reader r = {.path = path, .error = error};
  if (options) r.options = *options;
  tgi_bytes bytes;
  if (tgi_file_read(runtime, path, &bytes, error)) return NULL;
  tg_array *a = check_options(path, &r.options, error) ? NULL : read_array(&r, &bytes);
  tgi_bytes_free(&bytes);
  return a;
}
