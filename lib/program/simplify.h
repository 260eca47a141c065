/* The pass `simplify` from inside: what its rules see and may do. */
#ifndef TGI_PROGRAM_SIMPLIFY_H
#define TGI_PROGRAM_SIMPLIFY_H

#include "program/graph.h"

/* One round over the steps. The arrays tell of the values that were there when it began. */
typedef struct tgi_simplify {
  tgi_graph *g;
  size_t known; /* how many values they tell of */
  const tgi_lie *lies;
  const bool *constant; /* is all that the value is a view of? */
  const int32_t *maker;
  uint32_t *uses;    /* at most too large */
  uint32_t *replace; /* by value: what is read instead */
  bool changed;
} tgi_simplify;

/* What a rule says of step `at`: a value that equals the step's; that it rewrote the step in place;
   or that it does not apply. */
#define TGI_KEEP      UINT32_MAX
#define TGI_REWRITTEN (UINT32_MAX - 1)
typedef uint32_t tgi_rule_fn(tgi_simplify *s, size_t at);

/* The step that makes v; NULL where none does, or where it is of this round. */
tgi_step *tgi_maker(const tgi_simplify *s, uint32_t v);
/* The same where it is of the operator. */
tgi_step *tgi_made_by(const tgi_simplify *s, uint32_t v, const tg_op *op);
/* Are all elements of v this number, by its bits? */
bool tgi_is_number(const tgi_simplify *s, uint32_t v, double number);
/* Do a and b have the elements of one memory in the same order? */
bool tgi_is_same_place(const tgi_lie *a, const tgi_lie *b);
/* Makes step `at` another one with the same value. */
uint32_t tgi_rewrite(tgi_simplify *s, size_t at, const tg_op *op, const void *attrs,
                     const uint32_t x[], uint32_t n);
/* The value of a new step; TGI_KEEP where there is no memory. */
uint32_t tgi_new_step(tgi_simplify *s, const tg_op *op, const void *attrs, const uint32_t x[],
                      uint32_t n, const tg_tensor *like);

/* ---- parts: simplify_parts.c ---- */

/* A view of what concat or stack put together, or slice_scatter wrote, is the part itself. */
tgi_rule_fn tgi_rule_part;
/* Sums of parts that slice_scatter put into zeros become one concat. */
void tgi_join_scatters(tgi_simplify *s);

#endif
