/* The matrix product by its definition: for integers, which wrap, and for products so small that a
   call costs more than the sums. */
#include "kernel/gemm_parts.h"

/* `count` steps of k, a constant wherever it is called, of one row of C. U: what T is computed in,
   unsigned for integers. */
#define PASS(name, T, U)                                                                           \
  static inline __attribute__((always_inline)) void pass_##name(                                   \
      int count, const tgi_product *p, const T *a, const T *b, const T *add, int64_t add_col,      \
      T *c) {                                                                                      \
    int64_t step = p->a.col, row = p->b.row, col = p->b.col;                                       \
    U a0 = count > 0 ? (U)a[0] : 0, a1 = count > 1 ? (U)a[step] : 0;                               \
    U a2 = count > 2 ? (U)a[2 * step] : 0, a3 = count > 3 ? (U)a[3 * step] : 0;                    \
    for (int64_t j = p->n; j > 0; j--, b += col, add += add_col, c++) {                            \
      U sum = count > 0 ? a0 * (U)b[0] : 0;                                                        \
      if (count > 1) sum += a1 * (U)b[row];                                                        \
      if (count > 2) sum += a2 * (U)b[2 * row];                                                    \
      if (count > 3) sum += a3 * (U)b[3 * row];                                                    \
      *c = (T)((U)*add + sum);                                                                     \
    }                                                                                              \
  }

#define DIRECT(name, T, U)                                                                         \
  PASS(name, T, U)                                                                                 \
  static void row_##name(const tgi_product *p, const T *a, const T *add, T *c) {                   \
    static const T zero = 0;                                                                       \
    const T *start = add ? add : &zero, *b = p->b.data;                                            \
    int64_t col = add != NULL, k = p->k;                                                           \
    for (; k > 4; k -= 4, a += 4 * p->a.col, b += 4 * p->b.row, start = c, col = 1)                \
      pass_##name(4, p, a, b, start, col, c);                                                      \
    switch (k) {                                                                                   \
    case 0: pass_##name(0, p, a, b, start, col, c); break;                                         \
    case 1: pass_##name(1, p, a, b, start, col, c); break;                                         \
    case 2: pass_##name(2, p, a, b, start, col, c); break;                                         \
    case 3: pass_##name(3, p, a, b, start, col, c); break;                                         \
    default: pass_##name(4, p, a, b, start, col, c);                                               \
    }                                                                                              \
  }                                                                                                \
  static void direct_##name(const tgi_product *p) {                                                \
    const T *a = p->a.data, *add = p->add.data;                                                    \
    T *c = p->c.data;                                                                              \
    for (int64_t i = 0; i < p->m; i++, a += p->a.row, c += p->c.row) {                             \
      row_##name(p, a, add, c);                                                                    \
      if (add) add += p->add.row;                                                                  \
    }                                                                                              \
  }
DIRECT(f32, float, float)
DIRECT(f64, double, double)
DIRECT(i64, int64_t, uint64_t)
DIRECT(i32, int32_t, uint32_t)
#undef DIRECT
#undef PASS

void tgi_gemm_direct(const tgi_product *p) {
  static void (*const direct[TG_DTYPE_COUNT])(const tgi_product *) = {
      [TG_F32] = direct_f32, [TG_F64] = direct_f64, [TG_I64] = direct_i64, [TG_I32] = direct_i32};
  direct[p->dtype](p);
}
