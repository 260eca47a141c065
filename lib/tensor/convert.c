/* Runs of elements from one dtype to another: a function for each pair, made by the dtype table. */
#include <math.h>

#include "tensor/tensor.h"

/* ---- one number ---- */

/* Integers are cut as C does; bool is "not 0", NaN included. */
#define CAST_INTEGER(from, type)                                                                   \
  static inline float from##_to_F32(type x) { return (float)x; }                                   \
  static inline double from##_to_F64(type x) { return (double)x; }                                 \
  static inline int64_t from##_to_I64(type x) { return (int64_t)x; }                               \
  static inline int32_t from##_to_I32(type x) { return (int32_t)x; }                               \
  static inline uint8_t from##_to_U8(type x) { return (uint8_t)x; }                                \
  static inline uint8_t from##_to_BOOL(type x) { return x != 0; }

CAST_INTEGER(I64, int64_t)
CAST_INTEGER(I32, int32_t)
CAST_INTEGER(U8, uint8_t)
CAST_INTEGER(BOOL, uint8_t)

/* Floats saturate, NaN gives 0. `high` is the first number past the range. */
#define SATURATE(x, type, low, high, least, most)                                                  \
  (isnan(x) ? 0 : (x) < (low) ? (least) : (x) >= (high) ? (most) : (type)(x))
#define CAST_FLOAT(from, type)                                                                     \
  static inline float from##_to_F32(type x) { return (float)x; }                                   \
  static inline double from##_to_F64(type x) { return (double)x; }                                 \
  static inline int64_t from##_to_I64(type x) {                                                    \
    return SATURATE(x, int64_t, (type)-0x1p63, (type)0x1p63, INT64_MIN, INT64_MAX);                \
  }                                                                                                \
  static inline int32_t from##_to_I32(type x) {                                                    \
    return SATURATE(x, int32_t, (type)-0x1p31, (type)0x1p31, INT32_MIN, INT32_MAX);                \
  }                                                                                                \
  static inline uint8_t from##_to_U8(type x) {                                                     \
    return SATURATE(x, uint8_t, (type)0, (type)256, 0, UINT8_MAX);                                 \
  }                                                                                                \
  static inline uint8_t from##_to_BOOL(type x) { return x != 0; }

CAST_FLOAT(F32, float)
CAST_FLOAT(F64, double)

/* ---- a run ---- */

/* The condition is for the compiler: in the dense loop the steps are constants. */
#define RUN(to_name, to_type, from_name, from_type)                                                \
  static void from_name##_run_##to_name(int64_t n, char *to, int64_t to_step, const char *from,    \
                                        int64_t from_step) {                                       \
    const int64_t to_size = (int64_t)sizeof(to_type), from_size = (int64_t)sizeof(from_type);      \
    if (to_step == to_size && from_step == from_size)                                              \
      for (int64_t i = 0; i < n; i++)                                                              \
        ((to_type *)to)[i] = from_name##_to_##to_name(((const from_type *)from)[i]);               \
    else if (to_step == to_size && from_step == 0) {                                               \
      const to_type x = from_name##_to_##to_name(*(const from_type *)from);                        \
      for (int64_t i = 0; i < n; i++) ((to_type *)to)[i] = x;                                      \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++)                                                              \
        *(to_type *)(to + i * to_step) =                                                           \
            from_name##_to_##to_name(*(const from_type *)(from + i * from_step));                  \
  }
#define RUNS_FROM(name, type)                                                                      \
  RUN(F32, float, name, type)                                                                      \
  RUN(F64, double, name, type)                                                                     \
  RUN(I64, int64_t, name, type)                                                                    \
  RUN(I32, int32_t, name, type)                                                                    \
  RUN(U8, uint8_t, name, type)                                                                     \
  RUN(BOOL, uint8_t, name, type)

RUNS_FROM(F32, float)
RUNS_FROM(F64, double)
RUNS_FROM(I64, int64_t)
RUNS_FROM(I32, int32_t)
RUNS_FROM(U8, uint8_t)
RUNS_FROM(BOOL, uint8_t)

tgi_convert_fn *tgi_convert_for(tg_dtype to, tg_dtype from) {
#define TO(name, from) [TG_##name] = from##_run_##name,
#define FROM(name, type, text)                                                                     \
  [TG_##name] = {TO(F32, name) TO(F64, name) TO(I64, name) TO(I32, name) TO(U8, name)              \
                     TO(BOOL, name)},
  static tgi_convert_fn *const table[TG_DTYPE_COUNT][TG_DTYPE_COUNT] = {TG_DTYPE_MAP(FROM)};
#undef FROM
#undef TO
  return table[from][to];
}
