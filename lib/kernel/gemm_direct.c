/* The matrix product by its definition: for integers, which wrap, and for products so small that a
   call costs more than the sums. */
#include "kernel/gemm_parts.h"

/* m rows of C: add and `count` steps of k, a constant wherever it is called. U: what T is computed
   in, unsigned for integers. */
#define PASS(name, T, U)                                                                           \
  static inline __attribute__((always_inline)) void pass_##name(                                   \
      int count, const tgi_product *p, int64_t m, const T *a, const T *b, const T *add,            \
      int64_t add_row, int64_t add_col, T *c) {                                                    \
    int64_t step = p->a.col, row = p->b.row, col = p->b.col, n = p->n;                             \
    for (; m > 0; m--, a += p->a.row, add += add_row, c += p->c.row) {                             \
      U a0 = count > 0 ? (U)a[0] : 0, a1 = count > 1 ? (U)a[step] : 0;                             \
      U a2 = count > 2 ? (U)a[2 * step] : 0, a3 = count > 3 ? (U)a[3 * step] : 0;                  \
      const T *x = b, *start = add;                                                                \
      for (int64_t j = 0; j < n; j++, x += col, start += add_col) {                                \
        U sum = count > 0 ? a0 * (U)x[0] : 0;                                                      \
        if (count > 1) sum += a1 * (U)x[row];                                                      \
        if (count > 2) sum += a2 * (U)x[2 * row];                                                  \
        if (count > 3) sum += a3 * (U)x[3 * row];                                                  \
        c[j] = (T)((U)*start + sum);                                                               \
      }                                                                                            \
    }                                                                                              \
  }

#define DIRECT(name, T, U)                                                                         \
  PASS(name, T, U)                                                                                 \
  static void few_##name(int64_t k, const tgi_product *p, int64_t m, const T *a, const T *b,       \
                         const T *add, int64_t add_row, int64_t add_col, T *c) {                   \
    switch (k) {                                                                                   \
    case 0: pass_##name(0, p, m, a, b, add, add_row, add_col, c); break;                           \
    case 1: pass_##name(1, p, m, a, b, add, add_row, add_col, c); break;                           \
    case 2: pass_##name(2, p, m, a, b, add, add_row, add_col, c); break;                           \
    case 3: pass_##name(3, p, m, a, b, add, add_row, add_col, c); break;                           \
    default: pass_##name(4, p, m, a, b, add, add_row, add_col, c);                                 \
    }                                                                                              \
  }                                                                                                \
  static void row_##name(const tgi_product *p, const T *a, const T *add, int64_t col, T *c) {      \
    const T *b = p->b.data;                                                                        \
    int64_t k = p->k;                                                                              \
    for (; k > 4; k -= 4, a += 4 * p->a.col, b += 4 * p->b.row, add = c, col = 1)                  \
      pass_##name(4, p, 1, a, b, add, 0, col, c);                                                  \
    few_##name(k, p, 1, a, b, add, 0, col, c);                                                     \
  }                                                                                                \
  static void direct_##name(const tgi_product *p) {                                                \
    static const T zero = 0;                                                                       \
    const T *a = p->a.data, *add = p->add.data ? p->add.data : &zero;                              \
    int64_t row = p->add.data ? p->add.row : 0, col = p->add.data != NULL;                         \
    T *c = p->c.data;                                                                              \
    if (p->k <= 4)                                                                                 \
      few_##name(p->k, p, p->m, a, p->b.data, add, row, col, c);                                   \
    else                                                                                           \
      for (int64_t i = 0; i < p->m; i++, a += p->a.row, add += row, c += p->c.row)                 \
        row_##name(p, a, add, col, c);                                                             \
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
