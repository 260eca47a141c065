/* The linear layer: a weight and perhaps a bias, by their indexes. */
#include <math.h>
#include <stdio.h>

#include "tape/params.h"
#include "tapegrad/nn.h"
#include "tapegrad/ops.h"

enum { NAME_SIZE = 256 };

static int add(tg_params *params, const char *name, const char *part, tg_dtype dtype, int rank,
               const int64_t dims[]) {
  char text[NAME_SIZE];
  int length = snprintf(text, sizeof text, "%s.%s", name, part);
  if (length >= 0 && length < NAME_SIZE) return tg_params_add(params, text, dtype, rank, dims);
  if (params->error.status == TG_OK)
    tgi_error(&params->error, TG_ARGUMENT, "linear: the name \"%.60s...\" is too long", name);
  return -1;
}

tg_linear_layer tg_linear_declare(tg_params *params, const char *name, tg_dtype dtype, int64_t in,
                                  int64_t out, bool bias) {
  int weight = add(params, name, "weight", dtype, TG_DIMS(out, in));
  return (tg_linear_layer){weight, bias ? add(params, name, "bias", dtype, TG_DIMS(out)) : -1};
}

tg_status tg_linear_init(tg_params *params, tg_linear_layer layer, tg_key key, tg_error *error) {
  tg_tensor w = tg_params_tensor(params, layer.weight); /* [out, in] */
  double bound = w.rank == 2 && w.dims[1] > 0 ? 1 / sqrt((double)w.dims[1]) : 0;
  tg_status status =
      tg_init_uniform(params, layer.weight, tg_key_fold(key, 0), -bound, bound, error);
  if (status != TG_OK || layer.bias < 0) return status;
  return tg_init_uniform(params, layer.bias, tg_key_fold(key, 1), -bound, bound, error);
}

tg_var tg_linear_apply(tg_tape *t, tg_params *params, tg_linear_layer layer, tg_var x) {
  tg_var weight = tg_param(t, params, layer.weight);
  return tg_linear(x, weight, layer.bias < 0 ? TG_NONE : tg_param(t, params, layer.bias));
}
