/* What class_loss.c and its compiled rows share; no layer above kernel/ includes this. */
#ifndef TGI_CLASS_LOSS_PARTS_H
#define TGI_CLASS_LOSS_PARTS_H

#include "kernel/class_loss.h"
#include "kernel/map_names.h"

typedef struct tgi_class_job {
  const tgi_class_loss *c;
  void *each;    /* the losses of rows, or NULL */
  bool sums;     /* the losses are asked for */
  void *dx;      /* or NULL */
  const void *g; /* as many as rows, or one */
  int64_t g_step;
  double divisor, beta;
} tgi_class_job;

typedef struct tgi_class_kernels {
  /* The losses and the slopes of rows [start, end), as the job wants; returns the losses'
     sum where it sums. */
  double (*rows)(const tgi_class_job *j, int64_t start, int64_t end);
  double (*weight)(const tgi_class_loss *c); /* tgi_class_loss_weight */
} tgi_class_kernels;

#define TGI_CLASS_KERNELS(dtype, isa)  TGI_CLASS_KERNELS_(dtype, isa)
#define TGI_CLASS_KERNELS_(dtype, isa) tgi_class_kernels_##dtype##_##isa
#define TGI_CLASS_KERNELS_OF(ISA, isa)                                                             \
  extern const tgi_class_kernels TGI_CLASS_KERNELS(f32, isa), TGI_CLASS_KERNELS(f64, isa);
TGI_ISA_MAP(TGI_CLASS_KERNELS_OF)
#undef TGI_CLASS_KERNELS_OF

static inline bool tgi_class_is_ignored(const tgi_class_loss *c, int64_t r) {
  return c->ignores && c->index[r] == c->ignore_index;
}

#endif
