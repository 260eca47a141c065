/* Slopes of reductions, one pass each, whose operands besides x are the reductions' results and
   cotangents spread over x: tgi_map walks them. [0] sets dst, [1] adds to it. */
#ifndef TGI_SLOPES_H
#define TGI_SLOPES_H

#include "kernel/map.h"

typedef struct tgi_slopes {
  tgi_map_fn *logsumexp[2]; /* of {x, y, g}: g e^(x - y), 0 where y is -inf */
  tgi_map_fn *norm[2];      /* of {x, y, g}: g sign(x) |x|^p y^q, 0 where x or y is 0 */
  tgi_map_fn *extreme[2];   /* of {x, y, g}: g where x equals y, else 0 */
  tgi_map_fn *prod[2];      /* of {x, y, g}: g y / x */
  tgi_map_fn *moments[2];   /* of {x, mean, u, v}: u p (x - mean) + v / q */
} tgi_slopes;

/* Never NULL for f32 and f64; the base instruction set where this build has not the one asked for.
 */
const tgi_slopes *tgi_slopes_for(tg_isa isa, tg_dtype dtype);

#endif
