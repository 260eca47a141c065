/* What the sweeps share: which nodes lie on a path, and how an operator's rules are called and what
   they return is checked. Sweeps know no particular operator but add and the broadcasts. */
#ifndef TGI_SWEEP_H
#define TGI_SWEEP_H

#include "tape/tape.h"
#include "tapegrad/diff.h"

enum { TGI_ON_PATH = 1, TGI_TARGET = 2 };

/* For ids up to `top`: is the node made from a target, by nodes through which gradients pass?
   Memory of the work arena; NULL with the tape failed. with_params: parameters are targets too
   (without the TGI_TARGET bit). */
uint8_t *tgi_paths(tg_tape *t, uint32_t top, const tg_var x[], int n, bool with_params);

/* All vars live on one tape that has not failed, f32 or f64; NULL with that tape failed, or where
   every var is absent. `what` names the caller. */
tg_tape *tgi_sweep_tape(const tg_var x[], int n, const char *what);
bool tgi_sweep_vars(tg_tape *t, const tg_var x[], int n, const char *what);
/* g is absent or has y's shape and dtype. */
bool tgi_check_cotangent(tg_tape *t, tg_var y, tg_var g, const char *what);
/* y has one element. */
bool tgi_check_scalar(tg_tape *t, tg_var y, const char *what);

/* What lived at the mark lives, or the sticky error which says that a rule of `what` rewound it. */
bool tgi_check_intact(tg_tape *t, tg_mark mark, const char *what);

/* A sweep records with gradients on, since a rule may sweep what it recorded. Where they were off,
   all that came of it is constant in the end. */
typedef struct tgi_recording {
  uint32_t nodes;
  bool grad; /* what it was */
} tgi_recording;
tgi_recording tgi_recording_begin(tg_tape *t);
void tgi_recording_end(tg_tape *t, tgi_recording r);

/* The largest id among vars. */
uint32_t tgi_top(const tg_var x[], int n);

/* A var of x's shape filled with one number: a broadcast scalar. */
tg_var tgi_filled_like(tg_var x, double value);

/* The call that made node id, with operands as vars too: memory of the work arena; false with the
   tape failed. */
bool tgi_rule_call(tg_tape *t, uint32_t id, tg_call *c);
/* dx[i] = the cotangents of the operands with want[i], given g, by the operator's rules; each
   checked for shape and dtype; TG_NONE for zero. False with the tape failed. */
bool tgi_apply_rules(tg_call *c, tg_var g, const bool want[], tg_var dx[]);

#endif
