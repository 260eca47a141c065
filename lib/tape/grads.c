/* Gradients: for each dtype one block that mirrors the parameters' block. */
#include <string.h>

#include "tape/params.h"

struct tg_grads {
  const tg_runtime *runtime;
  tg_params *params;
  char *block[TG_DTYPE_COUNT];
};

/* One byte at least, so that tensors without elements have an address. */
static size_t block_size(const tg_params *params, tg_dtype dtype) {
  size_t size = (size_t)params->trained[dtype] * tg_dtype_size(dtype);
  return size ? size : 1;
}

tg_grads *tg_grads_new(tg_params *params, tg_error *error) {
  if (!params->sealed) {
    tgi_error(error, TG_STATE, "grads: tg_params_seal comes first");
    return NULL;
  }
  tg_grads *grads = tgi_alloc(params->runtime, sizeof *grads);
  if (grads) *grads = (tg_grads){.runtime = params->runtime, .params = params};
  for (tg_dtype d = TG_F32; grads && d < TG_DTYPE_COUNT; d++) {
    if (!tg_dtype_is_float(d) || !params->used[d]) continue;
    grads->block[d] = tgi_alloc(params->runtime, block_size(params, d));
    if (grads->block[d]) continue;
    tg_grads_free(grads);
    grads = NULL;
  }
  if (grads)
    tg_grads_zero(grads);
  else
    tgi_error(error, TG_NO_MEMORY, "grads: no memory for %d parameters", params->count);
  return grads;
}

void tg_grads_free(tg_grads *grads) {
  if (grads == NULL) return;
  for (tg_dtype d = TG_F32; d < TG_DTYPE_COUNT; d++)
    tgi_free(grads->runtime, grads->block[d], block_size(grads->params, d));
  tgi_free(grads->runtime, grads, sizeof *grads);
}

void tg_grads_zero(tg_grads *grads) {
  for (tg_dtype d = TG_F32; d < TG_DTYPE_COUNT; d++)
    if (grads->block[d]) memset(grads->block[d], 0, block_size(grads->params, d));
}

char *tgi_grads_block(const tg_grads *grads, tg_dtype dtype) { return grads->block[dtype]; }

void *tgi_grads_data(const tg_grads *grads, int index) {
  const tgi_param_row *row = &grads->params->rows[index];
  size_t offset = (size_t)row->offset * tgi_dtype_size(row->view.dtype);
  return row->buffer ? NULL : grads->block[row->view.dtype] + offset;
}

tg_tensor tg_grads_tensor(const tg_grads *grads, int index) {
  tg_tensor x = tg_params_tensor(grads->params, index);
  void *data = x.data ? tgi_grads_data(grads, index) : NULL;
  if (data == NULL) x = (tg_tensor){0};
  x.data = data;
  return x;
}

tg_tensor tg_grads_flat(const tg_grads *grads, tg_dtype dtype) {
  tg_tensor x = tg_params_flat(grads->params, dtype);
  if (x.data) x.data = grads->block[dtype];
  return x;
}

tg_params *tg_grads_params(const tg_grads *grads) { return grads->params; }
