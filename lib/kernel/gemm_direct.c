/* The matrix product by its definition: for integers, which wrap, and for products so small that a
   call costs more than the sums. */
#include "kernel/gemm_parts.h"

/* U: what T is computed in, unsigned for integers. */
#define DIRECT(name, T, U)                                                                         \
  /* Row i of C, a dot product at a time. */                                                       \
  static void dots_##name(const tgi_product *p, const T *a, const T *add, T *y) {                  \
    int64_t n = p->n, k = p->k, step = p->a.col, row = p->b.row, col = p->b.col;                   \
    const T *b = p->b.data;                                                                        \
    for (int64_t j = 0; j < n; j++) {                                                              \
      U sum = add ? (U)add[j] : 0;                                                                 \
      for (int64_t l = 0; l < k; l++) sum += (U)a[l * step] * (U)b[l * row + j * col];             \
      y[j] = (T)sum;                                                                               \
    }                                                                                              \
  }                                                                                                \
  static void direct_##name(const tgi_product *p) {                                                \
    const T *a = p->a.data, *add = p->add.data;                                                    \
    T *y = p->c.data;                                                                              \
    int64_t m = p->m, a_row = p->a.row, y_row = p->c.row, add_row = p->add.row;                    \
    for (int64_t i = 0; i < m; i++)                                                                \
      dots_##name(p, a + i * a_row, add ? add + i * add_row : NULL, y + i * y_row);                \
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
