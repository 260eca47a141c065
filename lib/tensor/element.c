/* Single elements as doubles. */
#include "tensor/tensor.h"

static char *element(const tg_tensor *x, const int64_t index[]) {
  int64_t offset = 0;
  for (int k = 0; k < x->rank; k++) offset += index[k] * x->strides[k];
  return (char *)x->data + offset * (int64_t)tg_dtype_size(x->dtype);
}

static double load(const tg_tensor *x, const char *at) {
  double value;
  tgi_convert_for(TG_F64, x->dtype)(1, (char *)&value, 0, at, 0);
  return value;
}

static void store(const tg_tensor *x, char *at, double value) {
  tgi_convert_for(x->dtype, TG_F64)(1, at, 0, (const char *)&value, 0);
}

double tg_tensor_get(const tg_tensor *x, const int64_t index[]) {
  return load(x, element(x, index));
}

void tg_tensor_set(const tg_tensor *x, const int64_t index[], double value) {
  store(x, element(x, index), value);
}

double tg_tensor_at(const tg_tensor *x, int64_t position) {
  return load(x, tgi_address(x, position));
}

void tg_tensor_put(const tg_tensor *x, int64_t position, double value) {
  store(x, tgi_address(x, position), value);
}
