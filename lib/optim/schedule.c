/* Learning rates as pure functions of the step. */
#include <math.h>

#include "tapegrad/optim.h"

static const double PI = 3.14159265358979323846;

static int64_t period_of(const tg_schedule *s) { return s->period > 0 ? s->period : 1; }

double tg_decay_step(const tg_schedule *s, double base_lr, int64_t step) {
  double gamma = s->gamma != 0 ? s->gamma : 0.1;
  int64_t drops = step / period_of(s);
  return base_lr * pow(gamma, (double)drops);
}

double tg_decay_exponential(const tg_schedule *s, double base_lr, int64_t step) {
  double gamma = s->gamma != 0 ? s->gamma : 0.95;
  return base_lr * pow(gamma, (double)step);
}

double tg_decay_cosine(const tg_schedule *s, double base_lr, int64_t step) {
  double angle = PI * (double)step / (double)period_of(s);
  return s->lr_min + (base_lr - s->lr_min) * (1 + cos(angle)) / 2;
}

/* LinearLR in closed form, to the factor 1. */
static double warm(const tg_schedule *s, double base_lr, int64_t step) {
  double from = s->warmup_start;
  if (from == 0) from = signbit(from) ? 0 : 1.0 / 3;
  return base_lr * (from + (1 - from) * (double)step / (double)s->warmup);
}

double tg_schedule_lr(const tg_schedule *s, double base_lr, int64_t step) {
  if (s == NULL) return base_lr;
  if (step < 0) step = 0;
  if (step < s->warmup) return warm(s, base_lr, step);
  int64_t since = s->warmup > 0 ? step - s->warmup : step;
  return s->decay != NULL ? s->decay(s, base_lr, since) : base_lr;
}
