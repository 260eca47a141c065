/* The only file that knows jansson. */
#include "io/header.h"

#ifdef TGI_HAVE_JANSSON

#include <jansson.h>
#include <string.h>

static const char metadata_key[] = "__metadata__";

/* ---- parsing ---- */

typedef struct parser {
  const char *path;
  tgi_arena *arena;
  int64_t data_size;
  tg_error *error;
} parser;

static tg_status no_memory(const parser *p) {
  return tgi_file_error(p->error, TG_NO_MEMORY, p->path, "no memory for its header");
}

static tg_status refuse(const parser *p, const char *name, const char *what) {
  return tgi_file_error(p->error, TG_FORMAT, p->path, "safetensors: tensor \"%s\" %s",
                        tgi_show(name, strlen(name)).text, what);
}

static const char *copy_text(const parser *p, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = tgi_arena_alloc(p->arena, size);
  return copy ? memcpy(copy, text, size) : NULL;
}

static tg_status parse_shape(const parser *p, const json_t *shape, tgi_entry *e) {
  int64_t dims[TG_MAX_RANK];
  if (!json_is_array(shape) || json_array_size(shape) > TG_MAX_RANK)
    return refuse(p, e->name, "has no \"shape\" that is a list of at most 8 sizes");
  int rank = (int)json_array_size(shape);
  for (int k = 0; k < rank; k++) {
    const json_t *d = json_array_get(shape, (size_t)k);
    dims[k] = json_is_integer(d) ? json_integer_value(d) : -1;
    if (dims[k] < 0) return refuse(p, e->name, "has a size that is not an integer from 0");
  }
  if (!tgi_set_dims(&e->tensor, rank, dims))
    return refuse(p, e->name, "has a shape that does not fit into 63 bits");
  return TG_OK;
}

static tg_status parse_dtype(const parser *p, const json_t *dtype, tgi_entry *e) {
  if (!json_is_string(dtype)) return refuse(p, e->name, "has no \"dtype\" that is a string");
  const char *name = json_string_value(dtype);
  e->stored = tgi_stored_named(name);
  if (e->stored != TGI_STORED_COUNT) e->tensor.dtype = tgi_stored_of(e->stored).dtype;
  if (e->tensor.dtype) return TG_OK;
  return tgi_file_error(p->error, TG_DTYPE, p->path,
                        "safetensors: tensor \"%s\" has dtype \"%s\", expected F64 F32 F16 BF16 "
                        "I64 I32 I16 I8 U32 U16 U8 or BOOL",
                        tgi_show(e->name, strlen(e->name)).text, tgi_show(name, strlen(name)).text);
}

static tg_status parse_offsets(const parser *p, const json_t *offsets, tgi_entry *e) {
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
    return refuse(p, e->name, "has no \"data_offsets\" that are two integers");
  e->begin = json_integer_value(begin);
  e->end = json_integer_value(end);
  int64_t need, size = (int64_t)tgi_stored_of(e->stored).size;
  if (e->begin < 0 || e->end < e->begin || e->end > p->data_size)
    return tgi_file_error(p->error, TG_FORMAT, p->path,
                          "safetensors: tensor \"%s\" lies at bytes %lld to %lld of %lld bytes of "
                          "data",
                          tgi_show(e->name, strlen(e->name)).text, (long long)e->begin,
                          (long long)e->end, (long long)p->data_size);
  if (tgi_mul_size(tg_tensor_numel(&e->tensor), size, &need) && need == e->end - e->begin)
    return TG_OK;
  char shape[128];
  tg_tensor_shape_text(&e->tensor, shape, sizeof shape);
  return tgi_file_error(
      p->error, TG_FORMAT, p->path,
      "safetensors: tensor \"%s\" %s of %lld-byte elements has %lld bytes of data",
      tgi_show(e->name, strlen(e->name)).text, shape, (long long)size,
      (long long)(e->end - e->begin));
}

static tg_status parse_entry(const parser *p, const char *name, const json_t *value, tgi_entry *e) {
  *e = (tgi_entry){.name = copy_text(p, name)};
  if (!e->name) return no_memory(p);
  if (!json_is_object(value) || json_object_size(value) != 3)
    return refuse(p, name, "is not an object of dtype, shape and data_offsets");
  tg_status status = parse_dtype(p, json_object_get(value, "dtype"), e);
  if (!status) status = parse_shape(p, json_object_get(value, "shape"), e);
  if (!status) status = parse_offsets(p, json_object_get(value, "data_offsets"), e);
  return status;
}

static tg_status parse_metadata(const parser *p, json_t *object, tgi_header *h) {
  if (!json_is_object(object)) return refuse(p, metadata_key, "is not an object of strings");
  h->metadata = tgi_arena_alloc(p->arena, json_object_size(object) * sizeof *h->metadata);
  if (!h->metadata) return no_memory(p);
  const char *name;
  json_t *value;
  json_object_foreach(object, name, value) {
    if (!json_is_string(value)) return refuse(p, metadata_key, "is not an object of strings");
    tg_named_text text = {copy_text(p, name), copy_text(p, json_string_value(value))};
    if (!text.name || !text.text) return no_memory(p);
    h->metadata[h->metadata_count++] = text;
  }
  return TG_OK;
}

static tg_status parse_all(const parser *p, json_t *root, tgi_header *h) {
  h->entries = tgi_arena_alloc(p->arena, json_object_size(root) * sizeof *h->entries);
  if (!h->entries) return no_memory(p);
  const char *name;
  json_t *value;
  json_object_foreach(root, name, value) {
    tg_status status = strcmp(name, metadata_key) == 0
                           ? parse_metadata(p, value, h)
                           : parse_entry(p, name, value, &h->entries[h->count++]);
    if (status) return status;
  }
  return TG_OK;
}

tg_status tgi_header_parse(const char *path, const char *json, size_t size, int64_t data_size,
                           tgi_arena *arena, tgi_header *header, tg_error *error) {
  json_error_t fault;
  *header = (tgi_header){0};
  json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &fault);
  if (!root)
    return tgi_file_error(error, TG_FORMAT, path, "safetensors: the header is no JSON: %s",
                          tgi_show(fault.text, strlen(fault.text)).text);
  parser p = {path, arena, data_size, error};
  tg_status status =
      json_is_object(root)
          ? parse_all(&p, root, header)
          : tgi_file_error(error, TG_FORMAT, path, "safetensors: the header is no JSON object");
  json_decref(root);
  return status;
}

/* ---- formatting ---- */

/* NULL: no memory, or a name or text that is not UTF-8. */
static json_t *format_entry(const tgi_entry *e) {
  json_t *shape = json_array();
  for (int k = 0; shape && k < e->tensor.rank; k++)
    json_array_append_new(shape, json_integer(e->tensor.dims[k]));
  return json_pack("{s:s, s:o, s:[I,I]}", "dtype", tgi_stored_of(e->stored).name, "shape", shape,
                   "data_offsets", (json_int_t)e->begin, (json_int_t)e->end);
}

static json_t *format_metadata(const tgi_header *h) {
  json_t *object = json_object();
  for (int64_t i = 0; object && i < h->metadata_count; i++)
    if (json_object_set_new(object, h->metadata[i].name, json_string(h->metadata[i].text)) != 0) {
      json_decref(object);
      return NULL;
    }
  return object;
}

/* The name of what jansson refused, or NULL. */
static const char *format_all(json_t *root, const tgi_header *h) {
  if (h->metadata_count > 0 && json_object_set_new(root, metadata_key, format_metadata(h)) != 0)
    return metadata_key;
  for (int64_t i = 0; i < h->count; i++)
    if (json_object_set_new(root, h->entries[i].name, format_entry(&h->entries[i])) != 0)
      return h->entries[i].name;
  return NULL;
}

/* jansson goes on after some failures of its callback, so the first one is kept here. */
typedef struct sink {
  tgi_bytes *bytes;
  bool failed;
} sink;

static int add_bytes(const char *text, size_t size, void *user) {
  sink *to = user;
  to->failed = to->failed || !tgi_bytes_add(to->bytes, text, size);
  return to->failed ? -1 : 0;
}

tg_status tgi_header_format(const char *path, const tgi_header *header, tgi_bytes *json,
                            tg_error *error) {
  json_t *root = json_object();
  const char *refused = root ? format_all(root, header) : metadata_key;
  sink to = {.bytes = json};
  bool written = !refused && json_dump_callback(root, add_bytes, &to, JSON_COMPACT) == 0;
  json_decref(root);
  if (refused)
    return tgi_file_error(error, TG_ARGUMENT, path, "safetensors: \"%s\" is not UTF-8 text",
                          tgi_show(refused, strlen(refused)).text);
  return written && !to.failed
             ? TG_OK
             : tgi_file_error(error, TG_NO_MEMORY, path, "safetensors: no memory for a header");
}

#else

static tg_status unsupported(const char *path, tg_error *error) {
  return tgi_file_error(error, TG_UNSUPPORTED, path,
                        "safetensors need jansson, which this build of the library has not");
}

tg_status tgi_header_parse(const char *path, const char *json, size_t size, int64_t data_size,
                           tgi_arena *arena, tgi_header *header, tg_error *error) {
  (void)json, (void)size, (void)data_size, (void)arena, (void)header;
  return unsupported(path, error);
}

tg_status tgi_header_format(const char *path, const tgi_header *header, tgi_bytes *json,
                            tg_error *error) {
  (void)header, (void)json;
  return unsupported(path, error);
}

#endif
