/* Reductions on strided memory, in the simplest way. */
#include "kernel/reduce.h"

#include <string.h>

typedef void add_fn(int64_t n, char *dst, int64_t dst_stride, const char *x, int64_t x_stride);

struct tgi_reduction {
  add_fn *fn[TG_DTYPE_COUNT];
};

#define ADD(name, T, U)                                                                            \
  static void add_##name(int64_t n, char *dst, int64_t dst_stride, const char *x,                  \
                         int64_t x_stride) {                                                       \
    for (int64_t i = 0; i < n; i++)                                                                \
      *(T *)(void *)(dst + i * dst_stride) =                                                       \
          (T)((U) * (T *)(void *)(dst + i * dst_stride) +                                          \
              (U) * (const T *)(const void *)(x + i * x_stride));                                  \
  }
ADD(f32, float, float)
ADD(f64, double, double)
ADD(i64, int64_t, uint64_t)
ADD(i32, int32_t, uint32_t)
#undef ADD

const tgi_reduction tgi_sum = {
    .fn = {[TG_F32] = add_f32, [TG_F64] = add_f64, [TG_I64] = add_i64, [TG_I32] = add_i32}};

static void clear(const tg_tensor *x) {
  for (int64_t i = 0; i < tg_tensor_numel(x); i++) tg_tensor_put(x, i, 0);
}

tg_status tgi_reduce(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                     const tg_tensor *x, double beta) {
  (void)runtime;
  add_fn *fn = kind->fn[x->dtype];
  if (!fn || dst->dtype != x->dtype) return TG_DTYPE;
  if (beta == 0) clear(dst);
  tg_tensor to = tgi_broadcast_view(dst, x);
  tgi_walk w;
  tgi_walk_init(&w, 2, (const tg_tensor *const[]){x, &to});
  for (int64_t r = 0; r < w.runs; r++) {
    char *at[2];
    tgi_walk_run(&w, r, at);
    fn(w.n, at[1], w.strides[1][w.rank - 1], at[0], w.strides[0][w.rank - 1]);
  }
  return TG_OK;
}
