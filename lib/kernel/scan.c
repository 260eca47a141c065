/* The linear recurrence and its slope: lines along the axis, of which neighbours advance together.
 */
#include "kernel/scan.h"

#include "kernel/lines.h"

enum { A, B, Y };                 /* of the recurrence; the slope has */
enum { SLOPE_A, G, DX, SLOPE_Y }; /* Y last: it may be absent */

typedef struct slope {
  bool product, accumulate; /* there is a y; dx is added to */
  double edge;
} slope;

#define T          float
#define NAME(name) name##_f32
#include "kernel/scan_of.h"
#define T          double
#define NAME(name) name##_f64
#include "kernel/scan_of.h"

static bool is_f32(const tg_tensor *x) { return x->dtype == TG_F32; }

void tgi_linear_scan(const tg_runtime *runtime, const tg_tensor *y, const tg_tensor *a,
                     const tg_tensor *b, int axis) {
  tgi_for_lines(runtime, is_f32(y) ? scan_f32 : scan_f64, NULL, axis, 3,
                (const tg_tensor *const[]){[A] = a, [B] = b, [Y] = y});
}

void tgi_scan_slope(const tg_runtime *runtime, const tg_tensor *dx, const tg_tensor *a,
                    const tg_tensor *g, const tg_tensor *y, double edge, int axis, double beta) {
  const slope s = {.product = y != NULL, .accumulate = beta != 0, .edge = edge};
  tgi_for_lines(runtime, is_f32(dx) ? slope_f32 : slope_f64, &s, axis, y ? 4 : 3,
                (const tg_tensor *const[]){[SLOPE_A] = a, [G] = g, [DX] = dx, [SLOPE_Y] = y});
}
