/* safetensors files written: the header from sorted entries, then the data in their order. */
#include "io/header.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b) {
  return strcmp(((const tgi_entry *)a)->name, ((const tgi_entry *)b)->name);
}

/* Larger elements first, as the reference implementation has it: every tensor is aligned. */
static int by_size_and_name(const void *a, const void *b) {
  size_t x = tg_dtype_size(((const tgi_entry *)a)->tensor.dtype);
  size_t y = tg_dtype_size(((const tgi_entry *)b)->tensor.dtype);
  return x != y ? (x < y) - (x > y) : by_name(a, b);
}

static int by_text_name(const void *a, const void *b) {
  return strcmp(((const tg_named_text *)a)->name, ((const tg_named_text *)b)->name);
}

static tg_status refuse(tg_error *error, const char *path, const char *name, const char *what) {
  name = name ? name : "NULL";
  return tgi_file_error(error, TG_ARGUMENT, path, "safetensors: \"%s\" %s",
                        tgi_show(name, strlen(name)).text, what);
}

/* ---- the entries in their order ---- */

typedef struct content {
  tgi_header header;
  tgi_bytes json;
} content;

static tg_status set_entries(const char *path, const tg_named_tensor tensors[], tgi_header *h,
                             tg_error *error) {
  for (int64_t i = 0; i < h->count; i++) {
    const tg_tensor *x = &tensors[i].tensor;
    const char *name = tensors[i].name;
    if (!name || !x->data || !tg_dtype_size(x->dtype))
      return refuse(error, path, name, "needs a name and a tensor with data");
    if (strcmp(name, "__metadata__") == 0)
      return refuse(error, path, name, "is not a name for a tensor");
    h->entries[i] = (tgi_entry){.name = name, .stored = tgi_stored_as(x->dtype), .tensor = *x};
  }
  qsort(h->entries, (size_t)h->count, sizeof *h->entries, by_name);
  for (int64_t i = 1; i < h->count; i++)
    if (strcmp(h->entries[i - 1].name, h->entries[i].name) == 0)
      return refuse(error, path, h->entries[i].name, "is the name of two tensors");
  qsort(h->entries, (size_t)h->count, sizeof *h->entries, by_size_and_name);
  return TG_OK;
}

static tg_status set_metadata(const char *path, const tg_named_text metadata[], tgi_header *h,
                              tg_error *error) {
  for (int64_t i = 0; i < h->metadata_count; i++) {
    h->metadata[i] = metadata[i];
    if (!metadata[i].name || !metadata[i].text)
      return refuse(error, path, metadata[i].name, "needs a name and a text");
  }
  qsort(h->metadata, (size_t)h->metadata_count, sizeof *h->metadata, by_text_name);
  for (int64_t i = 1; i < h->metadata_count; i++)
    if (strcmp(h->metadata[i - 1].name, h->metadata[i].name) == 0)
      return refuse(error, path, h->metadata[i].name, "is the name of two texts");
  return TG_OK;
}

static tg_status set_extents(const char *path, tgi_header *h, tg_error *error) {
  int64_t at = 0;
  for (int64_t i = 0; i < h->count; i++) {
    h->entries[i].begin = at;
    if (!tgi_add_size(at, (int64_t)tg_tensor_bytes(&h->entries[i].tensor), &at))
      return tgi_file_error(error, TG_OVERFLOW, path, "safetensors: the tensors' sizes overflow");
    h->entries[i].end = at;
  }
  return TG_OK;
}

/* ---- the file ---- */

static tg_status write_content(void *user, tgi_writer *w, tg_error *error) {
  (void)error; /* what fails is the writing alone */
  const content *c = user;
  unsigned char length[8];
  for (int k = 0; k < 8; k++) length[k] = (unsigned char)(c->json.size >> 8 * k);
  tgi_write(w, length, sizeof length);
  tgi_write(w, c->json.data, c->json.size);
  for (int64_t i = 0; i < c->header.count; i++) tgi_write_tensor(w, &c->header.entries[i].tensor);
  return TG_OK;
}

/* Spaces, so that the data begins at a multiple of 8. */
static bool pad(tgi_bytes *json) {
  while (json->size % 8 != 0)
    if (!tgi_bytes_add(json, " ", 1)) return false;
  return true;
}

static tg_status write_sorted(const char *path, content *c, tg_error *error) {
  tg_status status = tgi_header_format(path, &c->header, &c->json, error);
  if (status) return status;
  if (!pad(&c->json))
    return tgi_file_error(error, TG_NO_MEMORY, path, "safetensors: no memory for a header");
  if (c->json.size > TGI_HEADER_LIMIT)
    return tgi_file_error(error, TG_ARGUMENT, path,
                          "safetensors: a header of %zu bytes, expected at most %d", c->json.size,
                          TGI_HEADER_LIMIT);
  return tgi_file_replace(path, write_content, c, error);
}

tg_status tg_safetensors_write(const char *path, const tg_named_tensor tensors[], int64_t count,
                               const tg_named_text metadata[], int64_t metadata_count,
                               const tg_runtime *runtime, tg_error *error) {
  if (!path || count < 0 || metadata_count < 0)
    return tgi_error(error, TG_ARGUMENT, "safetensors: %s",
                     path ? "a count is negative" : "the path of the file to write is NULL");
  content c = {.json.runtime = tgi_runtime(runtime)};
  tgi_arena arena;
  tgi_arena_init(&arena, c.json.runtime, 0);
  tgi_header *h = &c.header;
  *h = (tgi_header){
      .entries = tgi_arena_alloc(&arena, (size_t)count * sizeof *h->entries),
      .metadata = tgi_arena_alloc(&arena, (size_t)metadata_count * sizeof *h->metadata),
      .count = count,
      .metadata_count = metadata_count,
  };
  tg_status status = h->entries && h->metadata ? TG_OK
                                               : tgi_file_error(error, TG_NO_MEMORY, path,
                                                                "safetensors: no memory to write");
  if (!status) status = set_entries(path, tensors, h, error);
  if (!status) status = set_metadata(path, metadata, h, error);
  if (!status) status = set_extents(path, h, error);
  if (!status) status = write_sorted(path, &c, error);
  tgi_bytes_free(&c.json);
  tgi_arena_free(&arena);
  return status;
}
