/* The matrix product by its definition: for integers, which wrap, and for products so small that a
   call costs more than the sums. */
#include "kernel/gemm_parts.h"

/* U: what T is computed in, unsigned for integers. */
#define DIRECT(name, T, U)                                                                         \
  static void dot_##name(const tgi_product *p, int64_t i, T *restrict y) {                         \
    const T *a = (const T *)p->a.data + i * p->a.row, *b = p->b.data;                              \
    for (int64_t j = 0; j < p->n; j++) {                                                           \
      U sum = 0;                                                                                   \
      for (int64_t l = 0; l < p->k; l++)                                                           \
        sum += (U)a[l * p->a.col] * (U)b[l * p->b.row + j * p->b.col];                             \
      y[j] = p->accumulate ? (T)((U)y[j] + sum) : (T)sum;                                          \
    }                                                                                              \
  }                                                                                                \
  /* B's rows contiguous: the same sums, added a row at a time. */                                 \
  static void row_##name(const tgi_product *p, int64_t i, T *restrict y) {                         \
    const T *a = (const T *)p->a.data + i * p->a.row;                                              \
    for (int64_t j = 0; !p->accumulate && j < p->n; j++) y[j] = 0;                                 \
    for (int64_t l = 0; l < p->k; l++) {                                                           \
      const T *b = (const T *)p->b.data + l * p->b.row;                                            \
      U al = (U)a[l * p->a.col];                                                                   \
      for (int64_t j = 0; j < p->n; j++) y[j] = (T)((U)y[j] + al * (U)b[j]);                       \
    }                                                                                              \
  }                                                                                                \
  static void direct_##name(const tgi_product *p) {                                                \
    for (int64_t i = 0; i < p->m; i++) {                                                           \
      T *y = (T *)p->c.data + i * p->c.row;                                                        \
      if (p->b.col == 1 && p->n >= 4)                                                              \
        row_##name(p, i, y);                                                                       \
      else                                                                                         \
        dot_##name(p, i, y);                                                                       \
    }                                                                                              \
  }
DIRECT(f32, float, float)
DIRECT(f64, double, double)
DIRECT(i64, int64_t, uint64_t)
DIRECT(i32, int32_t, uint32_t)
#undef DIRECT

void tgi_gemm_direct(const tgi_product *p) {
  static void (*const direct[TG_DTYPE_COUNT])(const tgi_product *) = {
      [TG_F32] = direct_f32, [TG_F64] = direct_f64, [TG_I64] = direct_i64, [TG_I32] = direct_i32};
  direct[p->dtype](p);
}
