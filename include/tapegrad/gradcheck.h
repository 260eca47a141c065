/* Is a gradient right? Compares what the rules say with differences of the function itself, along
   random directions, and says which operator is to blame where they differ. Runs on private
   tapes. */
#ifndef TAPEGRAD_GRADCHECK_H
#define TAPEGRAD_GRADCHECK_H

#include "diff.h"
#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_verdict {
  TG_CHECK_RIGHT,
  TG_CHECK_WRONG,
  TG_CHECK_KINK,   /* the difference lies at a point where the derivative jumps: no verdict on the
                      rule */
  TG_CHECK_FAILED, /* the function itself failed, or is not finite; `message` says how */
} tg_verdict;

/* All zero: defaults by dtype. */
typedef struct tg_gradcheck_options {
  double step; /* of the central differences; 0: 1e-5 for f64, 5e-3 for f32; the check uses it and
                  half of it */
  double rtol,
      atol; /* |a - n| <= atol + rtol max(|a|, |n|); 0: f64 1e-6 and 1e-8, f32 3e-2 and 1e-3 */
  int directions; /* random directions; 0: 3 */
  int order;      /* 1, or 2: gradients of gradients too; 0: 2 */
  tg_key key;     /* of the directions */
  const tg_runtime *runtime;
  const double *kinks; /* operand values at which the derivative is known to jump */
  int n_kinks;
} tg_gradcheck_options;

typedef struct tg_gradcheck {
  tg_verdict verdict;
  tg_status status;                    /* what tg_gradcheck_run returned */
  double max_abs_error, max_rel_error; /* the worst, over everything that was compared */
  int operand;                         /* where the worst is: which x, */
  int64_t element;                     /* which element of it in row-major order, */
  double analytic, numeric;            /* and both values */
  char what[32];   /* "vjp", "jvp", "vjp of vjp", "jvp of vjp", "jvp-vjp identity" */
  char op[48];     /* the operator on the tape that is to blame, "" where it is not known */
  int64_t op_node; /* its place in tape order, -1 where it is not known */
  char message[TG_MESSAGE_SIZE]; /* all of it in one sentence */
} tg_gradcheck;

/* Checks fn's gradients at x[0..n) (f32 or f64 are perturbed and differentiated, others are passed
   along). options may be NULL. The result need not be a scalar: it is contracted with a random
   cotangent. TG_OK where the verdict is RIGHT or KINK, TG_NOT_FINITE or the function's own status
   where it is FAILED, TG_STATE where WRONG. result may not be NULL. */
TG_API tg_status tg_gradcheck_run(tg_fn *fn, const tg_tensor x[], int n, void *user,
                                  const tg_gradcheck_options *options, tg_gradcheck *result);

#ifdef __cplusplus
}
#endif
#endif
