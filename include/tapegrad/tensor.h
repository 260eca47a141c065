/* tg_tensor: a view of memory by value. It owns nothing; whoever gave the memory says how long it
   lives. NumPy's conventions: row-major, dims outermost first, strides counted in elements. */
#ifndef TAPEGRAD_TENSOR_H
#define TAPEGRAD_TENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TG_MAX_RANK = 8 };

/* One row per dtype: name, C type, the name that NumPy and safetensors would recognise. */
/* clang-format off */
#define TG_DTYPE_MAP(X)      \
  X(F32,  float,    "f32")   \
  X(F64,  double,   "f64")   \
  X(I64,  int64_t,  "i64")   \
  X(I32,  int32_t,  "i32")   \
  X(U8,   uint8_t,  "u8")    \
  X(BOOL, uint8_t,  "bool")
/* clang-format on */

/* 0 is no dtype, so that a zeroed struct is not a float by accident. BOOL holds 0 or 1. */
typedef enum tg_dtype {
  TG_DTYPE_NONE,
#define TG_DTYPE_ENUM(name, type, text) TG_##name,
  TG_DTYPE_MAP(TG_DTYPE_ENUM)
#undef TG_DTYPE_ENUM
      TG_DTYPE_COUNT
} tg_dtype;

/* Sets of dtypes, for operators: bit 1 << dtype. */
enum {
  TG_FLOATS = 1 << TG_F32 | 1 << TG_F64,
  TG_INTS = 1 << TG_I64 | 1 << TG_I32 | 1 << TG_U8,
  TG_BOOLS = 1 << TG_BOOL,
  TG_NUMBERS = TG_FLOATS | TG_INTS,
  TG_ANY = TG_NUMBERS | TG_BOOLS
};

TG_API const char *tg_dtype_name(tg_dtype dtype); /* "f32"; "none" where it is none */
TG_API size_t tg_dtype_size(tg_dtype dtype);      /* bytes of one element; 0 where it is none */
TG_API bool tg_dtype_is_float(tg_dtype dtype);

typedef struct tg_tensor {
  void *data;
  tg_dtype dtype;
  int rank;                     /* 0 to TG_MAX_RANK; entries past it mean nothing */
  int64_t dims[TG_MAX_RANK];    /* each >= 0 */
  int64_t strides[TG_MAX_RANK]; /* in elements; may be 0 or negative */
} tg_tensor;

/* A rank and its dims in one argument pair: tg_reshape(x, TG_DIMS(-1, 784)). C only; TG_SCALAR is
   the rank-0 pair, and TG_ALL, its twin, says "over all axes". */
#define TG_DIMS(...)                                                                               \
  (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) { __VA_ARGS__ }
#define TG_AXES   TG_DIMS
#define TG_SCALAR 0, NULL
#define TG_ALL    0, NULL

/* A contiguous view of `data`. The caller vouches for the memory: product of dims elements. A bad
   rank or dtype, a negative dim, or a size past 63 bits gives a tensor with data NULL and dtype
   none. */
TG_API tg_tensor tg_tensor_of(void *data, tg_dtype dtype, int rank, const int64_t dims[]);

TG_API int64_t tg_tensor_numel(const tg_tensor *x); /* 1 for rank 0 */
TG_API size_t tg_tensor_bytes(const tg_tensor *x);  /* numel times the element's size */
TG_API bool tg_tensor_is_contiguous(const tg_tensor *x);
TG_API bool tg_tensor_same_shape(const tg_tensor *a, const tg_tensor *b);

/* One element as a double (i64 beyond 2^53 rounds), by its index in each dimension. Unchecked. */
TG_API double tg_tensor_get(const tg_tensor *x, const int64_t index[]);
TG_API void tg_tensor_set(const tg_tensor *x, const int64_t index[], double value);
/* The same by position in row-major order, 0 to numel - 1. */
TG_API double tg_tensor_at(const tg_tensor *x, int64_t position);
TG_API void tg_tensor_put(const tg_tensor *x, int64_t position, double value);

/* Copies element by element, any strides, same shape; converts the dtype as C does, float to
   integer saturating and NaN to 0. TG_SHAPE where the shapes differ. The two may not overlap. */
TG_API tg_status tg_tensor_copy(const tg_tensor *to, const tg_tensor *from);

/* "[32,784]" into text; and the values, NumPy's way, cut after `limit` elements with "...".
   Both write at most `size` bytes with the ending 0 and return the length that would have been. */
TG_API size_t tg_tensor_shape_text(const tg_tensor *x, char *text, size_t size);
TG_API size_t tg_tensor_text(const tg_tensor *x, int64_t limit, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
