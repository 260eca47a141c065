/* Differentiation: sweeps over a recorded tape. Reverse gives vector-Jacobian products (vjp),
   forward gives Jacobian-vector products (jvp). What they record can be differentiated again, to
   any order. */
#ifndef TAPEGRAD_DIFF_H
#define TAPEGRAD_DIFF_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- plain: numbers into memory, nothing recorded ---- */

/* Adds d root / d p to grads for every parameter p that root was made from. root: one element, f32
   or f64. The tape stays as it was and may be swept again. Failures are sticky on the tape, and
   change no gradient when they are found before the sweep (TG_STALE, TG_SHAPE, TG_CHANGED,
   TG_DTYPE; TG_STATE during a capture, where tg_store_grads stands for it). */
TG_API tg_status tg_backward(tg_var root, tg_grads *grads);

/* The same, written instead of added to: grads becomes the gradient of root, zeros where root was
   not made from a parameter. As tg_grads_zero before tg_backward, without two passes over grads. */
TG_API tg_status tg_backward_write(tg_var root, tg_grads *grads);

/* The same as tg_backward for several roots with their cotangents (g[j] has y[j]'s shape and dtype;
   TG_NONE stands for ones), and for any vars x[i] besides: dx[i] += sum_j g[j]^T dy[j]/dx[i], where
   dx[i] is contiguous memory of x[i]'s shape and dtype. grads may be NULL, and n_x 0. */
TG_API tg_status tg_backward_into(const tg_var y[], const tg_var g[], int n_y, tg_grads *grads,
                                  const tg_var x[], const tg_tensor dx[], int n_x);

/* For vars alone, written instead of added to: dx[i] = sum_j g[j]^T dy[j]/dx[i], and zeros where no
   y was made from x[i]. It needs one pass over dx less, and no memory for those cotangents: dx[i]
   are apart from each other and from all that the tape borrows. */
TG_API tg_status tg_vjp_into(const tg_var y[], const tg_var g[], int n_y, const tg_var x[], int n_x,
                             const tg_tensor dx[]);

/* ---- recorded: vars that can be differentiated again ---- */

/* dx[i] = d y / d x[i]; y has one element; x are leaves or intermediate vars. A var that y was not
   made from gives zeros. On failure all dx are failed vars. */
TG_API tg_status tg_grad(tg_var y, const tg_var x[], int n, tg_var dx[]);
/* dx[i] = sum_j g[j]^T dy[j]/dx[i]. g[j]: TG_NONE for ones. */
TG_API tg_status tg_vjp(const tg_var y[], const tg_var g[], int n_y, const tg_var x[], int n_x,
                        tg_var dx[]);
/* dy[j] = sum_i dy[j]/dx[i] dx[i]: forward mode over what is already recorded. dx[i]: TG_NONE for
   zero. */
TG_API tg_status tg_jvp(const tg_var y[], int n_y, const tg_var x[], const tg_var dx[], int n_x,
                        tg_var dy[]);
/* hv[i] = sum_k d2y/dx[i]dx[k] v[k]: forward over reverse. y has one element. */
TG_API tg_status tg_hvp(tg_var y, const tg_var x[], const tg_var v[], int n, tg_var hv[]);

/* dy/dx with shape [dims of y, dims of x]; TG_SHAPE past rank 8. Sweeps numel(y) times in reverse,
   or numel(x) times forward, whichever is less. */
TG_API tg_var tg_jacobian(tg_var y, tg_var x);
/* d2y/dx2 with shape [dims of x, dims of x]; y has one element. */
TG_API tg_var tg_hessian(tg_var y, tg_var x);

/* ---- regions with a derivative of their own ---- */

/* A function from vars to one var, evaluated on the tape it is given. Must be pure: the same
   inputs, the same value. */
typedef tg_var tg_fn(tg_tape *t, const tg_var x[], void *user);

/* Gradients pass through x only: what fn takes by `user` (parameters among it) is constant to the
   region.

   fn(x), keeping no intermediate value: they are computed again when the gradient is asked for
   (Griewank & Walther, "Revolve", 2000; Chen et al., arXiv:1604.06174). `user` must live as long as
   the tape's node. */
TG_API tg_var tg_checkpoint(tg_fn *fn, tg_tape *t, const tg_var x[], int n, void *user);

/* The cotangents of x[0..n) given that of y, as expressions in operators. */
typedef void tg_custom_vjp_fn(tg_tape *t, const tg_var x[], int n, tg_var y, tg_var g, tg_var dx[],
                              void *user);

/* fn(x), whose gradient is not that of its operators but what `vjp` says: stabler, cheaper, or not
   the derivative at all (straight-through estimators). */
TG_API tg_var tg_custom_vjp(tg_fn *fn, tg_custom_vjp_fn *vjp, tg_tape *t, const tg_var x[], int n,
                            void *user);

#ifdef __cplusplus
}
#endif
#endif
