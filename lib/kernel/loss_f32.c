/* The rows of losses as arithmetic on float. */
#define T      float
#define SUFFIX f
#define NAME   tgi_losses_f32
#include "kernel/loss_numbers.h"
