/* Tensors as text, in NumPy's brackets. Prints nothing itself. */
#include <inttypes.h>
#include <math.h>

#include "tensor/tensor.h"

size_t tg_tensor_shape_text(const tg_tensor *x, char *text, size_t size) {
  tgi_text b = {.text = text, .size = size};
  if (x->rank < 0 || x->rank > TG_MAX_RANK) {
    tgi_text_add(&b, "[rank %d]", x->rank);
    return b.length;
  }
  tgi_text_add(&b, "[");
  for (int k = 0; k < x->rank; k++) tgi_text_add(&b, "%s%" PRId64, k ? "," : "", x->dims[k]);
  tgi_text_add(&b, "]");
  return b.length;
}

static void add_float(tgi_text *b, double value) {
  if (isnan(value))
    tgi_text_add(b, "nan");
  else
    tgi_text_add(b, "%g", value);
}

static void add_element(tgi_text *b, const tg_tensor *x, int64_t position) {
  const char *at = tgi_address(x, position);
  switch (x->dtype) {
  case TG_F32: add_float(b, *(const float *)at); return;
  case TG_F64: add_float(b, *(const double *)at); return;
  case TG_I64: tgi_text_add(b, "%" PRId64, *(const int64_t *)at); return;
  case TG_I32: tgi_text_add(b, "%" PRId32, *(const int32_t *)at); return;
  case TG_U8: tgi_text_add(b, "%d", *(const uint8_t *)at); return;
  case TG_BOOL: tgi_text_add(b, "%s", *(const uint8_t *)at ? "true" : "false"); return;
  case TG_DTYPE_NONE:
  case TG_DTYPE_COUNT: return;
  }
}

static void repeat(tgi_text *b, const char *text, int n) {
  for (int i = 0; i < n; i++) tgi_text_add(b, "%s", text);
}

/* How many of the innermost axes begin anew at `position`. */
static int axes_begun(const tg_tensor *x, int64_t position) {
  int n = 0;
  while (n < x->rank && position % x->dims[x->rank - 1 - n] == 0)
    position /= x->dims[x->rank - 1 - n++];
  return n;
}

/* From the element before `position` to the row of `position`: ", ", or brackets, comma, newlines
   and indentation. */
static void add_gap(tgi_text *b, const tg_tensor *x, int begun) {
  repeat(b, "]", begun);
  tgi_text_add(b, begun ? "," : ", ");
  repeat(b, "\n", begun);
  if (begun) repeat(b, " ", x->rank - begun);
}

size_t tg_tensor_text(const tg_tensor *x, int64_t limit, char *text, size_t size) {
  tgi_text b = {.text = text, .size = size};
  int64_t n = x->data ? tg_tensor_numel(x) : 0;
  int open = 0; /* brackets */
  for (int64_t i = 0; i < n && i <= limit; i++) {
    int begun = axes_begun(x, i);
    if (i > 0) add_gap(&b, x, begun);
    if (i > 0) open -= begun;
    if (i == limit) {
      tgi_text_add(&b, "...");
      break;
    }
    repeat(&b, "[", begun);
    open += begun;
    add_element(&b, x, i);
  }
  if (n == 0) tgi_text_add(&b, "[");
  repeat(&b, "]", n == 0 ? 1 : open);
  return b.length;
}
