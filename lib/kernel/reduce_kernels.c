/* The kernels of every kind of reduction and dtype, all from reduce_kernels_of.h. Sums and products
   of integers are computed unsigned, so that they wrap. */
#include <math.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "kernel/lines.h"
#include "kernel/reduce_parts.h"

#define PASTE_(a, b, c) a##_##b##_##c
#define PASTE(a, b, c)  PASTE_(a, b, c)

enum { AHEAD = 16 }; /* rows that are fetched before they are read */

/* clang-format off */

/* What a kind does, to numbers and to vectors alike: a is the result so far, x the next element, c
   what squares are taken about. */
#define KIND          sum
#define STEP(a, x, c) ((a) + (x))
#define STEPS         STEP
#define FOLD(a, b)    ((a) + (b))
#define IDENTITY      0
#define T float
#define NAME f32
#include "kernel/reduce_kernels_of.h"
#define T double
#define NAME f64
#include "kernel/reduce_kernels_of.h"
#define T uint64_t
#define NAME i64
#include "kernel/reduce_kernels_of.h"
#define T uint32_t
#define NAME i32
#include "kernel/reduce_kernels_of.h"
#define T uint8_t
#define NAME u8
#include "kernel/reduce_kernels_of.h"
#undef KIND
#undef STEP

#define KIND          squares
#define STEP(a, x, c) ((a) + ((x) - (c)) * ((x) - (c)))
#define T float
#define NAME f32
#include "kernel/reduce_kernels_of.h"
#define T double
#define NAME f64
#include "kernel/reduce_kernels_of.h"
#undef KIND
#undef STEP
#undef STEPS

/* How many elements equal c. A comparison of vectors is 0 or -1 by lane. */
#define KIND           equals
#define STEP(a, x, c)  ((a) + (T)((x) == (c)))
#define STEPS(a, x, c) ((a) - __builtin_convertvector((x) == (c), vec))
#define T float
#define NAME f32
#include "kernel/reduce_kernels_of.h"
#define T double
#define NAME f64
#include "kernel/reduce_kernels_of.h"
#undef KIND
#undef STEP
#undef STEPS
#undef FOLD
#undef IDENTITY

#define KIND          prod
#define STEP(a, x, c) ((a) * (x))
#define STEPS         STEP
#define FOLD(a, b)    ((a) * (b))
#define IDENTITY      1
#define T float
#define NAME f32
#include "kernel/reduce_kernels_of.h"
#define T double
#define NAME f64
#include "kernel/reduce_kernels_of.h"
#define T uint64_t
#define NAME i64
#include "kernel/reduce_kernels_of.h"
#define T uint32_t
#define NAME i32
#include "kernel/reduce_kernels_of.h"
#define T uint8_t
#define NAME u8
#include "kernel/reduce_kernels_of.h"
#undef KIND
#undef STEP
#undef STEPS
#undef FOLD
#undef IDENTITY

/* The kinds that choose: whether x takes the place of a, as 0 or 1, or as a mask of lanes. */
#define KIND        max
#define BEATS(x, a) ((x) > (a))
#define IS_NAN(x)   ((x) != (x))
#define IDENTITY    (-(T)INFINITY)
#if defined(__SSE2__)
#define BEST _mm_max_ps
#define EITHER_NAN _mm_cmpunord_ps
#endif
#define T float
#define MASK int32_t
#define NAME f32
#include "kernel/reduce_kernels_of.h"
#if defined(__SSE2__)
#define BEST _mm_max_pd
#define EITHER_NAN _mm_cmpunord_pd
#endif
#define T double
#define MASK int64_t
#define NAME f64
#include "kernel/reduce_kernels_of.h"
#undef BEATS
#undef IS_NAN
#undef IDENTITY

#define BEATS(x, a) ((x) > (a))
#define IS_NAN(x)   ((x) < (x)) /* never */
#define IDENTITY    INT64_MIN
#define T int64_t
#define MASK int64_t
#define NAME i64
#include "kernel/reduce_kernels_of.h"
#undef IDENTITY
#define IDENTITY    INT32_MIN
#define T int32_t
#define MASK int32_t
#define NAME i32
#include "kernel/reduce_kernels_of.h"
#undef IDENTITY
#define IDENTITY    0
#define T uint8_t
#define MASK int8_t
#define NAME u8
#include "kernel/reduce_kernels_of.h"
#undef KIND
#undef BEATS
#undef IS_NAN
#undef IDENTITY

#define KIND        min
#define BEATS(x, a) ((x) < (a))
#define IS_NAN(x)   ((x) != (x))
#define IDENTITY    ((T)INFINITY)
#if defined(__SSE2__)
#define BEST _mm_min_ps
#define EITHER_NAN _mm_cmpunord_ps
#endif
#define T float
#define MASK int32_t
#define NAME f32
#include "kernel/reduce_kernels_of.h"
#if defined(__SSE2__)
#define BEST _mm_min_pd
#define EITHER_NAN _mm_cmpunord_pd
#endif
#define T double
#define MASK int64_t
#define NAME f64
#include "kernel/reduce_kernels_of.h"
#undef BEATS
#undef IS_NAN
#undef IDENTITY

#define BEATS(x, a) ((x) < (a))
#define IS_NAN(x)   ((x) < (x)) /* never */
#define IDENTITY    INT64_MAX
#define T int64_t
#define MASK int64_t
#define NAME i64
#include "kernel/reduce_kernels_of.h"
#undef IDENTITY
#define IDENTITY    INT32_MAX
#define T int32_t
#define MASK int32_t
#define NAME i32
#include "kernel/reduce_kernels_of.h"
#undef IDENTITY
#define IDENTITY    UINT8_MAX
#define T uint8_t
#define MASK int8_t
#define NAME u8
#include "kernel/reduce_kernels_of.h"
#undef IDENTITY
#define IDENTITY    1 /* bool: min is `all` */
#define T uint8_t
#define MASK int8_t
#define NAME b8
#include "kernel/reduce_kernels_of.h"

const tgi_reduction tgi_sum = {{[TG_F32] = &sum_f32, [TG_F64] = &sum_f64, [TG_I64] = &sum_i64,
                                [TG_I32] = &sum_i32, [TG_U8] = &sum_u8}};
const tgi_reduction tgi_squares = {{[TG_F32] = &squares_f32, [TG_F64] = &squares_f64}};
const tgi_reduction tgi_equals = {{[TG_F32] = &equals_f32, [TG_F64] = &equals_f64}};
const tgi_reduction tgi_prod = {{[TG_F32] = &prod_f32, [TG_F64] = &prod_f64, [TG_I64] = &prod_i64,
                                 [TG_I32] = &prod_i32, [TG_U8] = &prod_u8}};
const tgi_reduction tgi_max = {{[TG_F32] = &max_f32, [TG_F64] = &max_f64, [TG_I64] = &max_i64,
                                [TG_I32] = &max_i32, [TG_U8] = &max_u8, [TG_BOOL] = &max_u8}};
const tgi_reduction tgi_min = {{[TG_F32] = &min_f32, [TG_F64] = &min_f64, [TG_I64] = &min_i64,
                                [TG_I32] = &min_i32, [TG_U8] = &min_u8, [TG_BOOL] = &min_b8}};
