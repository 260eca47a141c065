/* What outlives a tape: named parameters and buffers (tg_params), and their gradients (tg_grads).
   Declared one by one, then sealed into one flat block per dtype that never moves. */
#ifndef TAPEGRAD_PARAMS_H
#define TAPEGRAD_PARAMS_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_grads tg_grads;

/* NULL on failure. runtime may be NULL. */
TG_API tg_params *tg_params_new(const tg_runtime *runtime, tg_error *error);
TG_API void tg_params_free(tg_params *params);

/* Declares a parameter (trained), or a buffer (kept and saved, not trained), filled with zeros when
   sealed. The name is copied and must be new. f32 and f64 for parameters, any dtype for buffers.
   Returns its index, counted from 0 over both; -1 on failure, which tg_params_seal reports too. */
TG_API int tg_params_add(tg_params *params, const char *name, tg_dtype dtype, int rank,
                         const int64_t dims[]);
TG_API int tg_params_add_buffer(tg_params *params, const char *name, tg_dtype dtype, int rank,
                                const int64_t dims[]);
/* Makes the blocks. Reports the first failed declaration since the params were new. */
TG_API tg_status tg_params_seal(tg_params *params, tg_error *error);

TG_API int tg_params_count(const tg_params *params);
TG_API int tg_params_find(const tg_params *params, const char *name); /* -1 where there is none */
TG_API const char *tg_params_name(const tg_params *params, int index);
TG_API bool tg_params_is_buffer(const tg_params *params, int index);
/* The memory of one; data NULL before sealing or for a bad index. Who writes through it calls
   tg_params_touch. */
TG_API tg_tensor tg_params_tensor(const tg_params *params, int index);
/* All parameters (no buffers) of one dtype as one vector. data NULL where there are none. */
TG_API tg_tensor tg_params_flat(const tg_params *params, tg_dtype dtype);

/* Says that the values were written; index -1: all. Tapes that recorded them fail with
   TG_CHANGED. */
TG_API void tg_params_touch(tg_params *params, int index);
/* Grows with every touch of that one. */
TG_API uint64_t tg_params_version(const tg_params *params, int index);
/* Copies values in and touches. Shape and dtype must be the parameter's. */
TG_API tg_status tg_params_write(tg_params *params, int index, tg_tensor value, tg_error *error);

/* Gradients for the parameters (not the buffers) of sealed params, zeroed. Several may share one
   params. NULL on failure. */
TG_API tg_grads *tg_grads_new(tg_params *params, tg_error *error);
TG_API void tg_grads_free(tg_grads *grads);
TG_API void tg_grads_zero(tg_grads *grads);
/* The gradient of one parameter; data NULL for a buffer or a bad index. */
TG_API tg_tensor tg_grads_tensor(const tg_grads *grads, int index);
TG_API tg_tensor tg_grads_flat(const tg_grads *grads, tg_dtype dtype);
TG_API tg_params *tg_grads_params(const tg_grads *grads);

#ifdef __cplusplus
}
#endif
#endif
