/* The gradient check from inside: one function, its inputs, and scalar functionals of them that can
   be differenced. */
#ifndef TGI_GRADCHECK_H
#define TGI_GRADCHECK_H

#include "diff/sweep.h"
#include "tapegrad/gradcheck.h"

typedef struct tgi_check {
  tg_fn *fn;
  void *user;
  int n;
  tg_gradcheck_options options; /* defaults filled in */
  tg_gradcheck *result;
  tg_tape *t;      /* evaluations, each rewound */
  tgi_arena arena; /* all of the below */
  tg_tensor *x;    /* [n] where the gradient is checked: dense copies */
  tg_tensor *at;   /* [n] where the function is evaluated */
  tg_tensor w;     /* contracts the result: s(x) = <w, fn(x)> */
  int64_t total;   /* float elements of all inputs: the coordinates */
  double *u, *d;   /* [total] second contraction, direction */
  double *g, *h;   /* [total] gradients of s, of <u, grad s> */
  bool is_f32;
} tgi_check;

/* A scalar function of the coordinates: s, or <u, grad s>. False with the result's verdict
   FAILED. */
typedef bool tgi_functional(tgi_check *c, double *value);

/* Coordinates of input i start here; -1 where it is no float. */
int64_t tgi_check_offset(const tgi_check *c, int i);
/* at = x + step * d over coordinates [low, high), x elsewhere. */
void tgi_check_move(tgi_check *c, double step, int64_t low, int64_t high);
/* The vars of `at` on the check's tape, and fn of them; false with the verdict FAILED. */
bool tgi_check_record(tgi_check *c, tg_var vars[], tg_var *y);
bool tgi_check_fail(tgi_check *c, tg_status status, const char *message);

/* F against its gradient along random directions; what differs is localised. Leaves verdict and
   worst error in the result. False where there is nothing more to check. */
bool tgi_check_functional(tgi_check *c, const char *what, tgi_functional *F,
                          const double gradient[]);
/* Direction k: numbers in +-[0.5, 1], all but those that were set to 0 since they are at a kink. */
void tgi_check_directions(tgi_check *c, int k);
/* Two numbers that should be equal to rounding. */
bool tgi_check_equal(tgi_check *c, const char *what, double analytic, double other);

/* tg_gradcheck_run; without blame where it is itself the search for one. */
tg_status tgi_check_run(tg_fn *fn, const tg_tensor x[], int n, void *user,
                        const tg_gradcheck_options *options, tg_gradcheck *result, bool blame);
/* Which operator on the tape of fn(x) has a rule that does not fit its kernel? Fills op and op_node
   of the result. */
void tgi_check_blame(tgi_check *c);

#endif
