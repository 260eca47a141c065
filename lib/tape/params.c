/* Parameters and buffers: declared in order, then sealed into one block per dtype that never
   moves. */
#include "tape/params.h"

#include <stdio.h>
#include <string.h>

tg_params *tg_params_new(const tg_runtime *runtime, tg_error *error) {
  runtime = tgi_runtime(runtime);
  tg_params *params = tgi_alloc(runtime, sizeof *params);
  if (params == NULL) {
    tgi_error(error, TG_NO_MEMORY, "params: no memory");
    return NULL;
  }
  *params = (tg_params){.runtime = runtime};
  tgi_arena_init(&params->names, runtime, 0);
  return params;
}

void tg_params_free(tg_params *params) {
  if (params == NULL) return;
  const tg_runtime *runtime = params->runtime;
  for (int d = 0; d < TG_DTYPE_COUNT; d++)
    tgi_free(runtime, params->block[d], params->block_bytes[d]);
  tgi_free(runtime, params->rows, params->capacity * sizeof *params->rows);
  tgi_arena_free(&params->names);
  tgi_free(runtime, params, sizeof *params);
}

/* ---- declaring ---- */

static int refuse(tg_params *params, tg_status status, const char *format, ...) TG_PRINTF(3, 4);
static int refuse(tg_params *params, tg_status status, const char *format, ...) {
  if (params->error.status != TG_OK) return -1;
  va_list arguments;
  va_start(arguments, format);
  params->error.status = status;
  vsnprintf(params->error.message, sizeof params->error.message, format, arguments);
  va_end(arguments);
  return -1;
}

static int declare(tg_params *params, const char *name, tg_dtype dtype, int rank,
                   const int64_t dims[], bool buffer) {
  tg_tensor view = {.dtype = dtype};
  if (name == NULL || *name == '\0') return refuse(params, TG_ARGUMENT, "params: a name is empty");
  if (params->sealed)
    return refuse(params, TG_STATE, "params: \"%s\" is declared after tg_params_seal", name);
  if (tg_params_find(params, name) >= 0)
    return refuse(params, TG_ARGUMENT, "params: the name \"%s\" is given twice", name);
  if (tg_dtype_size(dtype) == 0 || (!buffer && !tg_dtype_is_float(dtype)))
    return refuse(params, TG_DTYPE, "params: \"%s\" cannot be %s; a parameter is f32 or f64", name,
                  tg_dtype_name(dtype));
  if (!tgi_set_dims(&view, rank, dims))
    return refuse(params, TG_SHAPE, "params: the rank or dims of \"%s\" are out of range", name);
  size_t length = strlen(name) + 1;
  char *copy = tgi_arena_alloc(&params->names, length);
  if (copy == NULL || !tgi_grow(params->runtime, &params->rows, &params->capacity,
                                (size_t)params->count + 1, sizeof *params->rows))
    return refuse(params, TG_NO_MEMORY, "params: no memory for \"%s\"", name);
  memcpy(copy, name, length);
  params->rows[params->count] = (tgi_param_row){.name = copy, .view = view, .buffer = buffer};
  return params->count++;
}

int tg_params_add(tg_params *params, const char *name, tg_dtype dtype, int rank,
                  const int64_t dims[]) {
  return declare(params, name, dtype, rank, dims, false);
}

int tg_params_add_buffer(tg_params *params, const char *name, tg_dtype dtype, int rank,
                         const int64_t dims[]) {
  return declare(params, name, dtype, rank, dims, true);
}

/* ---- sealing ---- */

/* Parameters first, in order of declaration, then buffers: so a dtype's parameters are one
   vector. */
static bool place(tg_params *params, bool buffer) {
  for (int i = 0; i < params->count; i++) {
    tgi_param_row *row = &params->rows[i];
    if (row->buffer != buffer) continue;
    int64_t *total = &params->numel[row->view.dtype];
    row->offset = *total;
    params->used[row->view.dtype] = true;
    if (!tgi_add_size(*total, tg_tensor_numel(&row->view), total)) return false;
  }
  if (!buffer) memcpy(params->trained, params->numel, sizeof params->trained);
  return true;
}

static bool make_blocks(tg_params *params) {
  for (int d = 1; d < TG_DTYPE_COUNT; d++) {
    int64_t bytes;
    if (!params->used[d]) continue;
    if (!tgi_mul_size(params->numel[d], (int64_t)tg_dtype_size((tg_dtype)d), &bytes)) return false;
    if (bytes == 0) bytes = 1;
    params->block[d] = tgi_alloc(params->runtime, (size_t)bytes);
    if (params->block[d] == NULL) return false;
    params->block_bytes[d] = (size_t)bytes;
    memset(params->block[d], 0, (size_t)bytes);
  }
  return true;
}

tg_status tg_params_seal(tg_params *params, tg_error *error) {
  if (params->error.status != TG_OK)
    return tgi_error(error, params->error.status, "%s", params->error.message);
  if (params->sealed) return TG_OK;
  memset(params->numel, 0, sizeof params->numel);
  if (!place(params, false) || !place(params, true) || !make_blocks(params)) {
    for (int d = 0; d < TG_DTYPE_COUNT; d++) {
      tgi_free(params->runtime, params->block[d], params->block_bytes[d]);
      params->block[d] = NULL;
    }
    return tgi_error(error, TG_NO_MEMORY, "params: no memory for %d parameters", params->count);
  }
  for (int i = 0; i < params->count; i++) {
    tgi_param_row *row = &params->rows[i];
    tg_dtype dtype = row->view.dtype;
    row->view.data = params->block[dtype] + (size_t)row->offset * tg_dtype_size(dtype);
  }
  params->sealed = true;
  return TG_OK;
}

/* ---- looking ---- */

static const tgi_param_row *row_at(const tg_params *params, int index) {
  return index >= 0 && index < params->count ? &params->rows[index] : NULL;
}

int tg_params_count(const tg_params *params) { return params->count; }

int tg_params_find(const tg_params *params, const char *name) {
  for (int i = 0; i < params->count; i++)
    if (strcmp(params->rows[i].name, name) == 0) return i;
  return -1;
}

const char *tg_params_name(const tg_params *params, int index) {
  const tgi_param_row *row = row_at(params, index);
  return row ? row->name : NULL;
}

bool tg_params_is_buffer(const tg_params *params, int index) {
  const tgi_param_row *row = row_at(params, index);
  return row && row->buffer;
}

tg_tensor tg_params_tensor(const tg_params *params, int index) {
  const tgi_param_row *row = row_at(params, index);
  return row ? row->view : (tg_tensor){0};
}

tg_tensor tg_params_flat(const tg_params *params, tg_dtype dtype) {
  if (!tg_dtype_is_float(dtype) || params->trained[dtype] == 0) return (tg_tensor){0};
  return tg_tensor_of(params->block[dtype], dtype, 1, &params->trained[dtype]);
}

/* ---- writing ---- */

void tg_params_touch(tg_params *params, int index) {
  if (index >= 0 && index < params->count) params->rows[index].version++;
  for (int i = 0; index < 0 && i < params->count; i++) params->rows[i].version++;
}

uint64_t tg_params_version(const tg_params *params, int index) {
  const tgi_param_row *row = row_at(params, index);
  return row ? row->version : 0;
}

tg_status tg_params_write(tg_params *params, int index, tg_tensor value, tg_error *error) {
  const tgi_param_row *row = row_at(params, index);
  if (row == NULL || row->view.data == NULL)
    return tgi_error(error, TG_ARGUMENT, "params: no sealed parameter has the index %d", index);
  if (value.data == NULL || value.dtype != row->view.dtype)
    return tgi_error(error, TG_DTYPE, "params: \"%s\" is %s, the value is %s", row->name,
                     tg_dtype_name(row->view.dtype), tg_dtype_name(value.dtype));
  if (!tg_tensor_same_shape(&value, &row->view)) {
    char has[200], given[200];
    tg_tensor_shape_text(&row->view, has, sizeof has);
    tg_tensor_shape_text(&value, given, sizeof given);
    return tgi_error(error, TG_SHAPE, "params: \"%s\" is %s, the value %s", row->name, has, given);
  }
  tgi_copy(&row->view, &value);
  tg_params_touch(params, index);
  return TG_OK;
}
