/* tg_op: everything the library knows about one operator, laid open. An operator is a value: a
   node points at its const tg_op, and one that you write is exactly as good as a built-in one
   (examples/custom_op.c). */
#ifndef TAPEGRAD_OP_H
#define TAPEGRAD_OP_H

#include "random.h"
#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_op tg_op;
struct tgi_arena;

enum { TG_MAX_RULES = 4, TG_VARIADIC = 1 << 16, TG_NO_AXIS = -1 };

/* One application of an operator, as its functions see it. The dictionary: x operands, y result, g
   the cotangent of y, dx tangents. */
typedef struct tg_call {
  const tg_op *op;
  const void *attrs;         /* the operator's attribute struct, or NULL */
  int n;                     /* operands */
  int i;                     /* vjp: the operand that is asked about */
  const tg_tensor *in;       /* [n] operand values */
  tg_tensor out;             /* the result; shape functions fill it in */
  const tg_var *x;           /* [n] operands as vars; NULL in grad */
  tg_var y;                  /* the result as a var; rules only */
  tg_tape *tape;             /* for errors and new leaves */
  const tg_runtime *runtime; /* never NULL */
  struct tgi_arena *scratch; /* see tg_call_scratch */
  int64_t *notes; /* vjp and grad, which are called for one operand after another: two numbers that
                     they may leave for those to come, 0 at first; NULL: there is no room */
} tg_call;

/* Replaces operands before anything else: broadcasts them against each other, say. Optional. */
typedef tg_status tg_arrange_fn(const tg_call *c, tg_var x[]);
/* Says dtype, rank and dims of c->out (strides are contiguous unless it sets data), or refuses with
   tg_call_fail. It may point c->out.data into an operand's memory and set strides: a view, and the
   kernel is not run. c->out arrives with dtype, rank and dims of operand 0 where there is one. */
typedef tg_status tg_shape_fn(tg_call *c);
/* Computes c->out from c->in. Operands may have any strides, the result is contiguous. */
typedef tg_status tg_kernel_fn(const tg_call *c);
/* The cotangent of operand c->i, given the cotangent g of the result: an expression in operators,
   so that it can be differentiated again. Same shape and dtype as the operand; the sweep checks. */
typedef tg_var tg_vjp_fn(const tg_call *c, tg_var g);
/* All cotangents at once, for operators whose cotangents share most of their work: dx[i] where
   want[i]; TG_NONE for zero. Used instead of vjp where it is there. */
typedef void tg_vjp_all_fn(const tg_call *c, tg_var g, const bool want[], tg_var dx[]);
/* The tangent of the result, given the operands' (TG_NONE for a zero one, at least one is not).
   TG_NONE for zero. */
typedef tg_var tg_jvp_fn(const tg_call *c, const tg_var dx[]);
/* The same as vjp, on memory: dx = beta * dx + cotangent of operand i. beta is 0 (dx holds garbage)
   or 1. dx is contiguous, g may have any strides. Optional: the plain sweep then runs vjp. */
typedef tg_status tg_grad_fn(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta);
/* Elements [first, first + n) of what grad gives, in row-major order, for operators whose operands
   all have as many elements, and whose result has as many too, or one. In the first case element k
   of a cotangent depends on the k-th elements alone, and g holds those of the range; in the second
   g is the result's whole cotangent. dx holds the range, and may be g where the result has it too.
   Operands and result are contiguous. Each element has the bits that grad gives it. It takes no
   scratch, touches no tape, cannot fail, and is called from any thread. Plain sweeps then reverse
   runs of such nodes block by block, so that cotangents between them never leave the cache.
   Optional, beside grad. */
typedef void tg_grad_part_fn(const tg_call *c, int i, int64_t first, int64_t n, const void *g,
                             void *dx, double beta);
/* For programs, which call the kernel on other numbers again and again: settles what follows from
   dtypes and layouts alone. c is a call whose data may be NULL. Returns what is to be called
   instead, with *attrs (from tg_call_scratch, of the program here) for c->attrs; NULL: the kernel.
   The result has the same bits. Optional. */
typedef tg_kernel_fn *tg_bind_fn(const tg_call *c, const void **attrs);
/* For composite operators: the result as an expression in other operators. */
typedef tg_var tg_compose_fn(const tg_call *c);
/* The axis of the result that axis k of operand i becomes, as long as it is: index j of the result
   is made from index j of the operand alone, for each j in the same way. TG_NO_AXIS: there is none.
   c has dtypes, ranks and dims alone, which the shape function took. Where all operands are equal
   along such an axis, programs apply the operator, with the same attributes, to operands cut to
   length 1 there, and broadcast what it gives. Optional; TG_OP_ELEMENTWISE says it of all axes. */
typedef int tg_axis_fn(const tg_call *c, int i, int k);

/* ---- attributes: a per-operator struct, copied into the tape; the table below serves equality,
   dumps and pictures ---- */

typedef enum tg_field_type {
  TG_FIELD_F64,     /* double */
  TG_FIELD_I64,     /* int64_t */
  TG_FIELD_INT,     /* int */
  TG_FIELD_BOOL,    /* bool */
  TG_FIELD_DTYPE,   /* tg_dtype */
  TG_FIELD_KEY,     /* tg_key */
  TG_FIELD_ENUM,    /* int; `names` says what its values are called */
  TG_FIELD_I64S,    /* int64_t[TG_MAX_RANK]; the int at `count` says how many are used */
  TG_FIELD_POINTER, /* void *: equal where the same */
} tg_field_type;

typedef struct tg_field {
  const char *name; /* ends the table where NULL */
  tg_field_type type;
  size_t offset;
  size_t count;             /* TG_FIELD_I64S: where its count is */
  const char *const *names; /* TG_FIELD_ENUM: by value, ended by NULL */
} tg_field;

/* ---- samples: what an operator is tested on ---- */

enum { TG_SAMPLE_INPUTS = 4 };

/* One operand of a sample: numbers spread over [low, high] by a hash of sample, operand and
   position; integers likewise, both ends among them. */
typedef struct tg_sample_input {
  int rank;
  int64_t dims[TG_MAX_RANK];
  tg_dtype dtype; /* TG_DTYPE_NONE: the dtype under test */
  double low, high;
} tg_sample_input;

typedef struct tg_sample {
  int n;
  tg_sample_input in[TG_SAMPLE_INPUTS];
  const void *attrs;
  tg_status refuse; /* TG_OK: accepted; else the status with which it must be refused */
  int n_kinks;      /* operand values at which the derivative jumps: numbers are kept 0.05 away */
  double kinks[4];
} tg_sample;

/* ---- the operator ---- */

typedef enum tg_op_flags {
  TG_OP_MIXED = 1 << 0,  /* operands may differ in dtype; the shape function checks them */
  TG_OP_RANDOM = 1 << 1, /* draws numbers, by a key among its attributes */
  TG_OP_VIEW = 1 << 2,   /* may give a view of operand 0 */
  TG_OP_CONST = 1 << 3,  /* the result is a constant: no gradient passes (argmax, detach) */
  /* Programs may have the kernel write its result over an operand of the same layout and dtype. */
  TG_OP_IN_PLACE = 1 << 4,
  /* grad does in one pass over memory what the rules do in many: captures record that pass as one
     node, which the rules differentiate again. */
  TG_OP_FUSED = 1 << 5,
  /* The cotangent of operand 0, of operand 1, is the result's as it is: the same numbers in
     row-major order (add, reshape). The plain sweep then hands it on without a copy. */
  TG_OP_PASSES_0 = 1 << 6,
  TG_OP_PASSES_1 = 1 << 7,
  /* The rule of operand 0 gives a broadcast view, where grad would fill memory (sum). */
  TG_OP_SPREADS = 1 << 8,
  /* An element of the result is made from those in its place in the operands, which have its shape,
     and from nothing else: of equal ones the tape may compute one. */
  TG_OP_ELEMENTWISE = 1 << 9,
  /* Where `axis` names an axis of the result, what is computed at one index of it has the same bits
     whatever its length (concat, softmax): of equal indices the tape may compute one. */
  TG_OP_SAME_BITS = 1 << 10,
} tg_op_flags;

/* Fields are added at the end alone, and are read only where size says that they are there: an
   operator that was compiled with an older header is as good as ever. */
struct tg_op {
  uint32_t size;         /* sizeof(tg_op) where it was compiled; TG_OP_INIT sets it */
  uint32_t flags;        /* of tg_op_flags */
  const char *name;      /* as in tg_NAME */
  const char *label;     /* for pictures: "@", "exp" */
  const char *formula;   /* one line */
  int arity, max_arity;  /* operands, at least and at most (0: as arity; TG_VARIADIC: no limit) */
  uint32_t dtypes;       /* those that it takes: TG_FLOATS, TG_NUMBERS, TG_ANY */
  size_t attrs_size;     /* sizeof its attribute struct; 0: none */
  const tg_field *attrs; /* ended by a row without a name; NULL: none */
  tg_arrange_fn *arrange;
  tg_shape_fn *shape;
  tg_kernel_fn *kernel;
  tg_vjp_fn *vjp[TG_MAX_RULES]; /* one per operand; of a TG_VARIADIC one, those without use row 0 */
  tg_vjp_all_fn *vjp_all;       /* optional */
  tg_jvp_fn *jvp;               /* optional: without it, forward mode transposes vjp twice */
  tg_grad_fn *grad;
  tg_compose_fn *compose; /* instead of kernel and rules */
  tg_bind_fn *bind;
  tg_grad_part_fn *grad_part;
  const tg_sample *samples;
  int n_samples;
  tg_axis_fn *axis;
};

#define TG_OP_INIT        .size = sizeof(tg_op)
#define TG_SAMPLES(array) .samples = (array), .n_samples = (int)(sizeof(array) / sizeof(*(array)))

/* ---- applying one ---- */

/* Evaluates op on x[0..n), records it, and names the result. attrs is copied. A failed var on
   failure, with the reason on the tape; TG_NONE where every operand is TG_NONE. Trailing TG_NONE
   operands count as absent. */
TG_API tg_var tg_apply(const tg_op *op, const tg_var x[], int n, const void *attrs);
/* The same with the tape given, for operators without operands. */
TG_API tg_var tg_apply_on(tg_tape *t, const tg_op *op, const tg_var x[], int n, const void *attrs);

/* ---- for the functions of an operator ---- */

/* The sticky error of the call's tape: operator, operands with names and shapes, then the text.
   Returns status. */
TG_API tg_status tg_call_fail(const tg_call *c, tg_status status, const char *format, ...)
    TG_PRINTF(3, 4);
/* Aligned memory until the function returns; NULL where there is none, with the tape failed. */
TG_API void *tg_call_scratch(const tg_call *c, size_t bytes);

/* Ready-made rules. */
TG_API tg_var tg_vjp_zero(const tg_call *c, tg_var g); /* the derivative is zero everywhere */
TG_API tg_var tg_vjp_none(
    const tg_call *c, tg_var g); /* there is none: TG_NOT_DIFFERENTIABLE, names op and operand */
TG_API tg_var tg_jvp_zero(const tg_call *c, const tg_var dx[]);
/* Elementwise operators: the Jacobian is diagonal, so the sum of each vjp rule on its tangent. */
TG_API tg_var tg_jvp_elementwise(const tg_call *c, const tg_var dx[]);
/* Linear in all its float operands jointly: op on the tangents; integer and bool operands stay. */
TG_API tg_var tg_jvp_linear(const tg_call *c, const tg_var dx[]);
/* Linear in each of two operands: the product rule. */
TG_API tg_var tg_jvp_bilinear(const tg_call *c, const tg_var dx[]);
/* Arranges the operands by NumPy's broadcasting, through views by broadcast_to. */
TG_API tg_status tg_arrange_broadcast(const tg_call *c, tg_var x[]);
/* The result is as operand 0, whose shape all operands have. */
TG_API tg_status tg_shape_same(tg_call *c);

/* ---- the operator a var was made by ---- */

TG_API const tg_op *tg_op_of(tg_var x); /* NULL where there is no node */
TG_API int tg_operands(tg_var x);       /* how many; -1 where there is no node */
TG_API tg_var tg_operand(tg_var x, int i);
TG_API const void *tg_attrs_of(tg_var x);

/* Built-in operators, in the table's order; NULL past the end. And by name; NULL where there is
   none. */
TG_API const tg_op *tg_op_at(int index);
TG_API const tg_op *tg_op_find(const char *name);
/* The attributes as text: "axes=[0,1] keepdim=true". Like snprintf. */
TG_API size_t tg_attrs_text(const tg_op *op, const void *attrs, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
