/* safetensors files read: one block of bytes, tensors that are views of it. */
#include "io/header.h"

#include <stdlib.h>
#include <string.h>

struct tg_safetensors {
  const tg_runtime *runtime;
  tgi_bytes bytes; /* the file; its data part is moved to the beginning */
  tgi_arena arena; /* entries, names, and tensors that cannot be views */
  tgi_header header;
};

/* ---- the header ---- */

enum { LENGTH_BYTES = 8 };

/* The length in the first 8 bytes, checked against the file. */
static tg_status find_header(const char *path, const tgi_bytes *b, size_t *length,
                             tg_error *error) {
  if (b->size < LENGTH_BYTES)
    return tgi_file_error(error, TG_FORMAT, path,
                          "not a safetensors file: %zu bytes, expected at least 8", b->size);
  uint64_t told = 0;
  for (int k = LENGTH_BYTES - 1; k >= 0; k--) told = told << 8 | (unsigned char)b->data[k];
  if (told > TGI_HEADER_LIMIT || told > b->size - LENGTH_BYTES)
    return tgi_file_error(error, TG_FORMAT, path,
                          "not a safetensors file: a header of %llu bytes, where the file has %zu "
                          "and the limit is %d",
                          (unsigned long long)told, b->size - LENGTH_BYTES, TGI_HEADER_LIMIT);
  *length = (size_t)told;
  if (told == 0 || b->data[LENGTH_BYTES] != '{')
    return tgi_file_error(error, TG_FORMAT, path,
                          "not a safetensors file: the header does not begin with {");
  return TG_OK;
}

static int by_extent(const void *a, const void *b) {
  const tgi_entry *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const tgi_entry *)a)->name, ((const tgi_entry *)b)->name);
}

/* The format's rule: the extents cover the data, in some order, without holes or overlap. */
static tg_status check_cover(const char *path, tgi_header *h, int64_t data_size, tg_error *error) {
  int64_t at = 0;
  qsort(h->entries, (size_t)h->count, sizeof *h->entries, by_extent);
  for (int64_t i = 0; i < h->count; i++) {
    const tgi_entry *e = &h->entries[i];
    if (e->begin != at)
      return tgi_file_error(error, TG_FORMAT, path,
                            "safetensors: tensor \"%s\" begins at byte %lld of the data, expected "
                            "%lld: no %s allowed",
                            tgi_show(e->name, strlen(e->name)).text, (long long)e->begin,
                            (long long)at, e->begin < at ? "overlap is" : "hole is");
    at = e->end;
  }
  if (at == data_size) return TG_OK;
  return tgi_file_error(error, TG_FORMAT, path,
                        "safetensors: the tensors end at byte %lld of %lld bytes of data",
                        (long long)at, (long long)data_size);
}

/* ---- the data ---- */

/* A view of the bytes; or a decoded copy where they are misaligned or of a foreign dtype. */
static tg_status place(tg_safetensors *f, const char *path, tgi_entry *e, tg_error *error) {
  size_t size = tgi_stored_of(e->stored).size, width = tg_dtype_size(e->tensor.dtype);
  int64_t n = tg_tensor_numel(&e->tensor), bytes;
  char *from = f->bytes.data + e->begin;
  bool view = size == width && e->begin % (int64_t)size == 0;
  if (!tgi_mul_size(n, (int64_t)width, &bytes))
    return tgi_file_error(error, TG_FORMAT, path,
                          "safetensors: a tensor does not fit into 63 bits");
  e->tensor.data = view ? from : tgi_arena_alloc(&f->arena, (size_t)bytes);
  if (!e->tensor.data)
    return tgi_file_error(error, TG_NO_MEMORY, path, "no memory for its tensors");
  if (tgi_decode(e->stored, false, from, n, e->tensor.data) < 0) return TG_OK;
  return tgi_file_error(error, TG_FORMAT, path,
                        "safetensors: tensor \"%s\" has a bool other than 0 and 1",
                        tgi_show(e->name, strlen(e->name)).text);
}

static tg_status read_content(tg_safetensors *f, const char *path, tg_error *error) {
  tgi_bytes *b = &f->bytes;
  size_t length = 0;
  tg_status status = find_header(path, b, &length, error);
  if (status) return status;
  const char *json = b->data + LENGTH_BYTES;
  size_t data_size = b->size - LENGTH_BYTES - length;
  status = tgi_header_parse(path, json, length, (int64_t)data_size, &f->arena, &f->header, error);
  if (!status) status = check_cover(path, &f->header, (int64_t)data_size, error);
  if (status) return status;
  memmove(b->data, json + length, data_size);
  for (int64_t i = 0; i < f->header.count && !status; i++)
    status = place(f, path, &f->header.entries[i], error);
  qsort(f->header.entries, (size_t)f->header.count, sizeof *f->header.entries, by_name);
  return status;
}

tg_safetensors *tg_safetensors_open(const char *path, const tg_runtime *runtime, tg_error *error) {
  tgi_bytes bytes;
  if (tgi_file_read(runtime, path, &bytes, error)) return NULL;
  tg_safetensors *f = tgi_alloc(bytes.runtime, sizeof *f);
  if (!f) {
    tgi_file_error(error, TG_NO_MEMORY, path, "no memory to open it");
    tgi_bytes_free(&bytes);
    return NULL;
  }
  *f = (tg_safetensors){.runtime = bytes.runtime, .bytes = bytes};
  tgi_arena_init(&f->arena, f->runtime, 0);
  if (!read_content(f, path, error)) return f;
  tg_safetensors_free(f);
  return NULL;
}

void tg_safetensors_free(tg_safetensors *f) {
  if (!f) return;
  tgi_bytes_free(&f->bytes);
  tgi_arena_free(&f->arena);
  tgi_free(f->runtime, f, sizeof *f);
}

/* ---- what is in it ---- */

int64_t tg_safetensors_count(const tg_safetensors *f) { return f->header.count; }

tg_named_tensor tg_safetensors_tensor(const tg_safetensors *f, int64_t index) {
  if (index < 0 || index >= f->header.count) return (tg_named_tensor){0};
  return (tg_named_tensor){f->header.entries[index].name, f->header.entries[index].tensor};
}

int64_t tg_safetensors_find(const tg_safetensors *f, const char *name) {
  tgi_entry key = {.name = name};
  const tgi_entry *e =
      bsearch(&key, f->header.entries, (size_t)f->header.count, sizeof *f->header.entries, by_name);
  return e ? e - f->header.entries : -1;
}

int64_t tg_safetensors_metadata_count(const tg_safetensors *f) { return f->header.metadata_count; }

tg_named_text tg_safetensors_metadata(const tg_safetensors *f, int64_t index) {
  bool there = index >= 0 && index < f->header.metadata_count;
  return there ? f->header.metadata[index] : (tg_named_text){0};
}

const char *tg_safetensors_text(const tg_safetensors *f, const char *name) {
  for (int64_t i = 0; i < f->header.metadata_count; i++)
    if (strcmp(f->header.metadata[i].name, name) == 0) return f->header.metadata[i].text;
  return NULL;
}
