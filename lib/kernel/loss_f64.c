/* The rows of losses as arithmetic on double. */
#define T double
#define SUFFIX
#define NAME tgi_losses_f64
#include "kernel/loss_numbers.h"
