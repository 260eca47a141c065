/* First values drawn from distributions: element i of a parameter is number i of the key. */
#include <math.h>

#include "nn/nn.h"

tg_status tgi_init_target(tg_params *params, int index, int rank, tg_tensor *x, tg_error *error) {
  *x = tg_params_tensor(params, index);
  if (x->data == NULL)
    return tgi_error(error, TG_ARGUMENT, "init: no sealed parameter has the index %d", index);
  const char *name = tg_params_name(params, index);
  if (rank >= 0 && !tg_dtype_is_float(x->dtype))
    return tgi_error(error, TG_DTYPE, "init: \"%s\" is %s, expected f32 or f64", name,
                     tg_dtype_name(x->dtype));
  if (x->rank >= rank) return TG_OK;
  return tgi_error(error, TG_SHAPE, "init: \"%s\" has rank %d, expected [out, in, ...]", name,
                   x->rank);
}

tg_status tg_init_constant(tg_params *params, int index, double value, tg_error *error) {
  tg_tensor x;
  tg_status status = tgi_init_target(params, index, -1, &x, error);
  if (status != TG_OK) return status;
  tgi_fill(&x, value);
  tg_params_touch(params, index);
  return TG_OK;
}

tg_status tg_init_zeros(tg_params *params, int index, tg_error *error) {
  return tg_init_constant(params, index, 0, error);
}

/* ---- uniform and normal ---- */

typedef tg_status draw_fn(tg_tensor x, tg_key key, double a, double b);

static tg_status draw(tg_params *params, int index, draw_fn *fill, tg_key key, double a, double b,
                      tg_error *error) {
  tg_tensor x;
  tg_status status = tgi_init_target(params, index, 0, &x, error);
  if (status != TG_OK) return status;
  status = fill(x, key, a, b);
  if (status != TG_OK)
    return tgi_error(error, status, "init: \"%s\" cannot be filled with the %s %g and %g",
                     tg_params_name(params, index),
                     fill == tg_fill_uniform ? "bounds" : "mean and deviation", a, b);
  tg_params_touch(params, index);
  return TG_OK;
}

tg_status tg_init_uniform(tg_params *params, int index, tg_key key, double low, double high,
                          tg_error *error) {
  return draw(params, index, tg_fill_uniform, key, low, high, error);
}

tg_status tg_init_normal(tg_params *params, int index, tg_key key, double mean, double std,
                         tg_error *error) {
  return draw(params, index, tg_fill_normal, key, mean, std, error);
}

/* ---- by fans ---- */

/* What one input or one output sees: [in, out] times the window. In doubles, which do not wrap. */
static tg_status fans(tg_params *params, int index, double fan[2], tg_error *error) {
  tg_tensor x;
  tg_status status = tgi_init_target(params, index, 2, &x, error);
  if (status != TG_OK) return status;
  double window = 1;
  for (int k = 2; k < x.rank; k++) window *= (double)x.dims[k];
  fan[TG_FAN_IN] = window * (double)x.dims[1];
  fan[TG_FAN_OUT] = window * (double)x.dims[0];
  return TG_OK;
}

/* The deviation gain / sqrt(fan); where nothing is seen there is nothing to fill. */
static double deviation(double gain, double fan) { return fan > 0 ? gain / sqrt(fan) : 0; }

/* A uniform distribution on [-b, b) has the deviation b / sqrt(3). */
static tg_status draw_uniform(tg_params *params, int index, tg_key key, double std,
                              tg_error *error) {
  double bound = sqrt(3.0) * std;
  return tg_init_uniform(params, index, key, -bound, bound, error);
}

static tg_status draw_normal(tg_params *params, int index, tg_key key, double std,
                             tg_error *error) {
  return tg_init_normal(params, index, key, 0, std, error);
}

typedef tg_status spread_fn(tg_params *params, int index, tg_key key, double std, tg_error *error);

static tg_status xavier(tg_params *params, int index, spread_fn *fill, tg_key key, double gain,
                        tg_error *error) {
  double fan[2];
  tg_status status = fans(params, index, fan, error);
  if (status != TG_OK) return status;
  double mean = (fan[TG_FAN_IN] + fan[TG_FAN_OUT]) / 2;
  return fill(params, index, key, deviation(fabs(gain), mean), error);
}

tg_status tg_init_xavier_uniform(tg_params *params, int index, tg_key key, double gain,
                                 tg_error *error) {
  return xavier(params, index, draw_uniform, key, gain, error);
}

tg_status tg_init_xavier_normal(tg_params *params, int index, tg_key key, double gain,
                                tg_error *error) {
  return xavier(params, index, draw_normal, key, gain, error);
}

static tg_status kaiming(tg_params *params, int index, spread_fn *fill, tg_key key, tg_fan which,
                         double slope, tg_error *error) {
  double fan[2], gain = sqrt(2 / (1 + slope * slope));
  tg_status status = fans(params, index, fan, error);
  if (status != TG_OK) return status;
  return fill(params, index, key, deviation(gain, fan[which == TG_FAN_OUT]), error);
}

tg_status tg_init_kaiming_uniform(tg_params *params, int index, tg_key key, tg_fan fan,
                                  double slope, tg_error *error) {
  return kaiming(params, index, draw_uniform, key, fan, slope, error);
}

tg_status tg_init_kaiming_normal(tg_params *params, int index, tg_key key, tg_fan fan, double slope,
                                 tg_error *error) {
  return kaiming(params, index, draw_normal, key, fan, slope, error);
}
