/* Parameters to and from a safetensors file. */
#include "tape/params.h"
#include "tapegrad/io.h"

tg_status tg_params_save(const tg_params *params, const char *path, tg_error *error) {
  int n = params->count;
  if (!params->sealed) return tgi_error(error, TG_STATE, "the parameters to save are not sealed");
  size_t size = (size_t)n * sizeof(tg_named_tensor);
  tg_named_tensor *tensors = tgi_alloc(params->runtime, size);
  if (n > 0 && !tensors) return tgi_error(error, TG_NO_MEMORY, "no memory to save the parameters");
  for (int i = 0; i < n; i++)
    tensors[i] = (tg_named_tensor){tg_params_name(params, i), tg_params_tensor(params, i)};
  tg_status status = tg_safetensors_write(path, tensors, n, NULL, 0, params->runtime, error);
  tgi_free(params->runtime, tensors, size);
  return status;
}

static tg_status check_fit(const char *name, const tg_tensor *x, const tg_named_tensor *found,
                           tg_error *error) {
  if (!found->name)
    return tgi_error(error, TG_FORMAT, "the parameter \"%s\" is not in the file", name);
  const tg_tensor *y = &found->tensor;
  if (x->dtype == y->dtype && tg_tensor_same_shape(x, y)) return TG_OK;
  char expected[128], shape[128];
  tg_tensor_shape_text(x, expected, sizeof expected);
  tg_tensor_shape_text(y, shape, sizeof shape);
  return tgi_error(error, x->dtype == y->dtype ? TG_SHAPE : TG_DTYPE,
                   "the parameter \"%s\" is %s %s in the file, expected %s %s", name,
                   tg_dtype_name(y->dtype), shape, tg_dtype_name(x->dtype), expected);
}

static tg_named_tensor find(const tg_params *params, int index, const tg_safetensors *file) {
  return tg_safetensors_tensor(file, tg_safetensors_find(file, tg_params_name(params, index)));
}

tg_status tg_params_load_from(tg_params *params, const tg_safetensors *file, tg_error *error) {
  int n = params->count;
  if (!params->sealed) return tgi_error(error, TG_STATE, "the parameters to load are not sealed");
  tg_status status = TG_OK;
  for (int i = 0; i < n && !status; i++) {
    tg_tensor x = tg_params_tensor(params, i);
    tg_named_tensor found = find(params, i, file);
    status = check_fit(tg_params_name(params, i), &x, &found, error);
  }
  for (int i = 0; i < n && !status; i++)
    status = tg_params_write(params, i, find(params, i, file).tensor, error);
  return status;
}

tg_status tg_params_load(tg_params *params, const char *path, tg_error *error) {
  tg_error unread;
  if (!error) error = &unread;
  tg_safetensors *file = tg_safetensors_open(path, params->runtime, error);
  if (!file) return error->status;
  tg_status status = tg_params_load_from(params, file, error);
  tg_safetensors_free(file);
  return status;
}
