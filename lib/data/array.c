/* Arrays read from files: one block of elements, and an arena for what CSV adds. */
#include "data/array.h"

tg_array *tgi_array_new(const tg_runtime *runtime) {
  runtime = tgi_runtime(runtime);
  tg_array *a = tgi_alloc(runtime, sizeof *a);
  if (!a) return NULL;
  *a = (tg_array){.runtime = runtime,
                  .block = {.runtime = runtime},
                  .label_block = {.runtime = runtime},
                  .classes = {.runtime = runtime, .arena = &a->arena}};
  tgi_arena_init(&a->arena, runtime, 0);
  return a;
}

void tg_array_free(tg_array *a) {
  if (!a) return;
  tgi_bytes_free(&a->block);
  tgi_bytes_free(&a->label_block);
  tgi_classes_free(&a->classes);
  tgi_arena_free(&a->arena);
  tgi_free(a->runtime, a, sizeof *a);
}

tg_tensor tg_array_tensor(const tg_array *a) { return a->tensor; }

tg_tensor tg_array_labels(const tg_array *a) { return a->labels; }

int64_t tg_array_class_count(const tg_array *a) { return (int64_t)a->classes.count; }

const char *tg_array_class_name(const tg_array *a, int64_t index) {
  return index >= 0 && index < tg_array_class_count(a) ? a->classes.names[index] : NULL;
}

const char *tg_array_column_name(const tg_array *a, int64_t column) {
  return a->columns && column >= 0 && column < a->tensor.dims[1] ? a->columns[column] : NULL;
}

/* ---- from a header's promise to a tensor ---- */

/* Elements and bytes that the promise needs; refused where they are not exactly what is there. */
static tg_status check_promise(const char *path, size_t size, const tgi_promise *p, tg_tensor *x,
                               tg_error *error) {
  tgi_stored_info info = tgi_stored_of(p->stored);
  int64_t bytes = 0, have = (int64_t)(size - p->offset);
  x->dtype = info.dtype;
  if (!tgi_set_dims(x, p->rank, p->dims) ||
      !tgi_mul_size(tg_tensor_numel(x), (int64_t)info.size, &bytes))
    return tgi_file_error(error, TG_FORMAT, path, "the header's shape does not fit into 63 bits");
  char shape[128];
  tg_tensor_shape_text(x, shape, sizeof shape);
  if (bytes != have)
    return tgi_file_error(error, TG_FORMAT, path,
                          "%s of %zu-byte elements needs %lld bytes after the header, found %lld",
                          shape, info.size, (long long)bytes, (long long)have);
  return TG_OK;
}

/* The elements in our dtype at the beginning of the block: the file's own bytes where the sizes
   agree (then *file is emptied), else new ones. */
static tg_status decode(tg_array *a, const char *path, tgi_bytes *file, const tgi_promise *p,
                        tg_error *error) {
  size_t offset = p->offset, need = tg_tensor_bytes(&a->tensor);
  const char *from = file->data + offset;
  if (tgi_stored_of(p->stored).size == tg_dtype_size(a->tensor.dtype)) {
    a->block = *file;
    *file = (tgi_bytes){.runtime = a->runtime};
  } else if (!tgi_bytes_reserve(&a->block, need > 0 ? need : 1)) {
    return tgi_file_error(error, TG_NO_MEMORY, path, "no memory for its elements");
  }
  a->tensor.data = a->block.data;
  int64_t bad =
      tgi_decode(p->stored, p->big_endian, from, tg_tensor_numel(&a->tensor), a->block.data);
  if (bad < 0) return TG_OK;
  return tgi_file_error(error, TG_FORMAT, path,
                        "element %lld is a bool with a value other than 0 and 1", (long long)bad);
}

/* Fortran order is the row-major order of the reversed axes: read so, and copied into ours. */
static tg_status reorder(tg_array *a, const char *path, tg_error *error) {
  tgi_bytes block = {.runtime = a->runtime};
  size_t need = tg_tensor_bytes(&a->tensor);
  if (need == 0) return TG_OK;
  if (!tgi_bytes_reserve(&block, need))
    return tgi_file_error(error, TG_NO_MEMORY, path, "no memory for its elements");
  tg_tensor fortran = a->tensor;
  int64_t stride = 1;
  for (int k = 0; k < fortran.rank; k++) {
    fortran.strides[k] = stride;
    stride *= fortran.dims[k];
  }
  a->tensor.data = block.data;
  tg_status status = tg_tensor_copy(&a->tensor, &fortran);
  tgi_bytes_free(&a->block);
  a->block = block;
  return status;
}

tg_array *tgi_array_of(const char *path, tgi_bytes bytes, const tgi_promise *promise,
                       tg_error *error) {
  tg_array *a = tgi_array_new(bytes.runtime);
  tg_status status = a ? check_promise(path, bytes.size, promise, &a->tensor, error)
                       : tgi_file_error(error, TG_NO_MEMORY, path, "no memory for its elements");
  if (!status) status = decode(a, path, &bytes, promise, error);
  if (!status && promise->fortran) status = reorder(a, path, error);
  tgi_bytes_free(&bytes);
  if (!status) return a;
  tg_array_free(a);
  return NULL;
}
