/* What rules of products need of the cumulative operators. */
#ifndef TGI_OPS_SCAN_H
#define TGI_OPS_SCAN_H

#include "tapegrad/ops.h"

/* x moved by one along the axis: y[i] = x[i-1], the first one `fill`; where reverse from the
   end. */
tg_var tgi_scan_previous(tg_var x, int axis, bool reverse, double fill);
/* The product of all that come before i along the axis, or after it where reverse. */
tg_var tgi_cumprod_but_last(tg_var x, int axis, bool reverse);

#endif
