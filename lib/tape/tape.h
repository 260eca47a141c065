/* The tape from inside: nodes, layouts, names, errors. The tape knows no operator but its own
   leaves, and no sweep. Nodes never move; ids count from 1 in the order of recording, which is
   topological. */
#ifndef TGI_TAPE_H
#define TGI_TAPE_H

#include "base/base.h"
#include "tapegrad/op.h"
#include "tapegrad/params.h"
#include "tensor/tensor.h"

/* Rank, dims and strides, shared by all nodes of a tape that have the same. */
typedef struct tgi_layout {
  const struct tgi_layout *next; /* in its bucket */
  uint64_t hash;
  int64_t numel;
  int rank;
  bool contiguous, plain; /* plain: the very strides that tgi_set_contiguous gives */
  int64_t entries[];      /* dims[rank], then strides[rank] */
} tgi_layout;

enum tgi_node_flags {
  TGI_NEEDS_GRAD = 1 << 0, /* made from a parameter, by nodes through which gradients pass */
  TGI_CONSTANT = 1 << 1,   /* no gradient passes to its operands */
  TGI_LEAF = 1 << 2,       /* borrows memory: attrs is a tgi_leaf */
  TGI_NAMED = 1 << 3,      /* has a row in the tape's names */
  TGI_REPEATS = 1 << 4,    /* of its memory only the first row is written yet: repeat.c */
};

enum { TGI_INLINE_OPERANDS = 4, TGI_MAX_OPERANDS = UINT16_MAX };

/* One cache line. A value of at most one element lies in `small`. */
typedef struct tgi_node {
  const tg_op *op;
  const tgi_layout *layout;
  void *data; /* own memory, an operand's (a view), or borrowed */
  const void *attrs;
  union {
    double f64;
    int64_t i64;
  } small;
  union {
    uint32_t few[TGI_INLINE_OPERANDS];
    const uint32_t *many;
  } x; /* ids of the operands */
  uint32_t generation;
  uint16_t n;
  uint8_t dtype, flags;
} tgi_node;

_Static_assert(sizeof(void *) != 8 || sizeof(tgi_node) == 64, "a node is one cache line");

enum { TGI_BLOCK_BITS = 10, TGI_BLOCK_NODES = 1 << TGI_BLOCK_BITS };

/* What a node that borrows memory remembers of its origin. */
typedef struct tgi_leaf {
  tg_params *params; /* NULL: the caller's own memory */
  int index;
  uint64_t version; /* of the parameter when it was recorded */
  uint64_t hash;    /* of the memory then; 0 unless the tape checks leaves */
} tgi_leaf;

typedef struct tgi_name {
  uint32_t id;
  const char *text;
  tgi_arena_mark after; /* of the values, when the text lay there */
} tgi_name;

typedef struct tgi_scope {
  const char *name;
  tgi_arena_mark after; /* of the values, when the name lay there */
  uint32_t parent;      /* its index + 1; 0: none */
  uint32_t first, last; /* ids; last is UINT32_MAX while it is open */
} tgi_scope;

typedef struct tgi_capture tgi_capture;

struct tg_tape {
  const tg_runtime *runtime;
  tgi_arena values;  /* values, attributes, operand lists, names: in tape order */
  tgi_arena work;    /* scratch of kernels and sweeps: in stack order */
  tgi_arena sweeps;  /* cotangents of plain sweeps, which outlive the scratch of a rule */
  tgi_arena layouts; /* lives until reset */
  size_t budget;
  tgi_node **blocks; /* of TGI_BLOCK_NODES nodes each */
  size_t block_count, block_capacity;
  uint32_t nodes, generation;
  bool grad, trace_nan, check_leaves, backward;
  const tg_call *rule;  /* whose rules are running; NULL: none */
  bool composing;       /* a compose function is running */
  tgi_capture *capture; /* what a running capture has declared; NULL: none is on */
  const tgi_layout **buckets;
  size_t bucket_count, layout_count;
  tgi_name *names; /* sorted by id */
  size_t name_count, name_capacity;
  tgi_arena_mark names_after; /* the latest of their texts */
  tgi_scope *scopes;
  size_t scope_count, scope_capacity;
  uint32_t scope;   /* the open one: its index + 1; 0: none */
  uint32_t *leaves; /* ids of nodes that borrow memory, ascending */
  size_t leaf_count, leaf_capacity;
  tg_status status;
  uint32_t errors; /* how many errors have been first ones */
  char message[TG_MESSAGE_SIZE];
};

/* ---- nodes ---- */

static inline tgi_node *tgi_node_at(const tg_tape *t, uint32_t id) {
  return &t->blocks[id >> TGI_BLOCK_BITS][id & (TGI_BLOCK_NODES - 1)];
}
static inline const uint32_t *tgi_operand_ids(const tgi_node *node) {
  return node->n <= TGI_INLINE_OPERANDS ? node->x.few : node->x.many;
}
static inline tg_var tgi_var_of(tg_tape *t, uint32_t id) {
  return (tg_var){t, id, tgi_node_at(t, id)->generation};
}
static inline bool tgi_lives_on(const tg_tape *t, tg_var x) {
  return x.tape == t && x.id != 0 && x.id <= t->nodes &&
         tgi_node_at(t, x.id)->generation == x.generation;
}
static inline tg_var tgi_failed(tg_tape *t) { return (tg_var){t, 0, 0}; }
static inline bool tgi_is_live(tg_var x) { return x.tape != NULL && tgi_lives_on(x.tape, x); }
/* The view of a node's value. Entries past the rank stay unset. */
static inline void tgi_node_tensor(const tgi_node *node, tg_tensor *value) {
  const tgi_layout *layout = node->layout;
  value->data = node->data;
  value->dtype = (tg_dtype)node->dtype;
  value->rank = layout->rank;
  tgi_copy_entries(layout->rank, value->dims, layout->entries);
  tgi_copy_entries(layout->rank, value->strides, layout->entries + layout->rank);
}
/* The shared layout of a view's shape and strides; NULL: no memory. */
const tgi_layout *tgi_layout_of(tg_tape *t, const tg_tensor *x);
static inline bool tgi_has_layout(const tgi_layout *layout, const tg_tensor *x) {
  int rank = layout->rank;
  return rank == x->rank && tgi_same_dims(rank, layout->entries, x->dims) &&
         tgi_same_dims(rank, layout->entries + rank, x->strides);
}
extern const tgi_layout tgi_scalar_layout;
/* Slots of a block remember the layouts of the nodes that they held; this forgets them. */
void tgi_forget_layouts(tgi_node block[]);

/* tg_value and tg_item for the library itself, which asks during captures too. */
static inline tg_tensor tgi_value(tg_var x) {
  if (!tgi_is_live(x)) return (tg_tensor){0};
  tg_tensor value;
  tgi_node_tensor(tgi_node_at(x.tape, x.id), &value);
  return value;
}
double tgi_item(tg_var x);

/* The live operand x as a var of tape t, or the sticky error that says why it is not (`what` names
   the caller). */
bool tgi_check_var(tg_tape *t, tg_var x, const char *what);

/* The first tape among vars; NULL where all are TG_NONE. */
tg_tape *tgi_tape_of(const tg_var x[], int n);

/* ---- operators and calls ---- */

/* The size of a tg_op before it had the fields that are asked for here. */
enum { TGI_OP_FIRST_SIZE = offsetof(tg_op, axis) };
static inline tg_axis_fn *tgi_op_axis(const tg_op *op) {
  return op->size > offsetof(tg_op, axis) ? op->axis : NULL;
}

/* The call that made a node, for the sweeps: operand values in `in`, room for node->n. */
void tgi_call_of(tg_tape *t, uint32_t id, tg_tensor in[], tg_call *c);
/* The rule for operand i; NULL where there is none. */
static inline tg_vjp_fn *tgi_rule(const tg_op *op, int i) {
  tg_vjp_fn *own = i < TG_MAX_RULES ? op->vjp[i] : NULL;
  return own || op->max_arity != TG_VARIADIC ? own : op->vjp[0];
}

/* ---- values that repeat ---- */

enum { TGI_REPEATED_MANY = 256 }; /* elements, of which it is worth while to compute fewer */

/* Does the operator take what repeats as it is? */
static inline bool tgi_may_repeat(const tg_op *op) {
  return op->flags & TG_OP_ELEMENTWISE || (op->flags & TG_OP_SAME_BITS && tgi_op_axis(op) != NULL);
}
/* Leading axes that such an operator takes index by index, and along which all operands repeat
   themselves, where the rest is not short; c->out has its shape. 0: none. */
int tgi_repeated_axes(const tg_call *c);
/* Runs the kernel for the first row alone. The node, whose memory has room for all, becomes a view
   of it. */
bool tgi_run_repeated(tg_tape *t, tgi_node *node, tg_call *c, int axes,
                      bool run(tg_tape *t, tg_call *c));
/* Writes the other rows: the node's value is then dense, as any operator's. */
void tgi_write_repeats(tg_tape *t, tgi_node *node);

/* ---- memory ---- */

/* Of one of the arenas, which may grow by what the budget leaves; NULL with the tape failed. */
void *tgi_tape_take_slow(tg_tape *t, tgi_arena *arena, size_t size);
static inline void *tgi_tape_take(tg_tape *t, tgi_arena *arena, size_t size) {
  void *memory = tgi_arena_try(arena, size);
  return memory ? memory : tgi_tape_take_slow(t, arena, size);
}
static inline void *tgi_tape_values(tg_tape *t, size_t n) {
  return tgi_tape_take(t, &t->values, n);
}
static inline void *tgi_tape_work(tg_tape *t, size_t n) { return tgi_tape_take(t, &t->work, n); }
static inline void *tgi_tape_sweeps(tg_tape *t, size_t n) {
  return tgi_tape_take(t, &t->sweeps, n);
}
/* Before a kernel is called, which takes scratch without asking the tape: what the budget leaves is
   its limit. The mark is for after. Cold: few tapes have a budget, and what is inline stays so. */
void tgi_tape_limit(tg_tape *t, tgi_arena *arena) __attribute__((cold));
static inline tgi_arena_mark tgi_scratch_mark(tg_tape *t) {
  if (t->budget != 0) tgi_tape_limit(t, &t->work);
  return tgi_arena_mark_of(&t->work);
}
/* Does the tape's budget have room for so many bytes more? False with the tape failed. */
bool tgi_tape_affords(tg_tape *t, size_t size);
/* Do all nodes live that lived at the mark? */
bool tgi_is_intact(const tg_tape *t, tg_mark mark);
/* Forgets nodes since the mark, but no error. */
void tgi_tape_drop(tg_tape *t, tg_mark mark);
/* Growth of one of the tape's arrays, as tgi_grow; false with the tape failed. */
bool tgi_tape_grow_slow(tg_tape *t, void *array, size_t *capacity, size_t need, size_t element);
static inline bool tgi_tape_grow(tg_tape *t, void *array, size_t *capacity, size_t need,
                                 size_t element) {
  return need <= *capacity || tgi_tape_grow_slow(t, array, capacity, need, element);
}
/* The sticky error of memory; returns false. */
bool tgi_no_memory(tg_tape *t, const char *what);

/* ---- names ---- */

const char *tgi_node_name(const tg_tape *t, uint32_t id);
bool tgi_is_later(tgi_arena_mark a, tgi_arena_mark b);
/* Drops names, leaves and scopes that came after the mark. */
void tgi_forget_names(tg_tape *t, tg_mark mark);
/* "x" [2,3] of a node: its name where it has one, and the shape. */
void tgi_describe(const tg_tape *t, uint32_t id, tgi_text *text);

/* ---- leaves ---- */

/* A node that borrows x's memory, whose dims, strides and dtype are right; `trained`: gradients are
   asked for. A failed var where there is no memory, or x is traced and not finite. */
tg_var tgi_push_leaf(tg_tape *t, const tg_op *op, const tg_tensor *x, const tgi_leaf *leaf,
                     bool trained);
extern const tg_op tgi_op_leaf, tgi_op_param, tgi_op_constant, tgi_op_scalar;
/* TG_CHANGED, sticky, where borrowed memory was written after it was recorded. */
tg_status tgi_check_leaves(tg_tape *t);
uint64_t tgi_hash_tensor(const tg_tensor *x);

/* ---- finiteness ---- */

/* Sticky TG_NOT_FINITE that names operator and shapes where x (of node id, or of a cotangent
   computed by its rule) holds a NaN or an infinity. Only called where the tape traces. */
tg_status tgi_trace(tg_tape *t, const tg_tensor *x, const tg_call *c, const char *where);

/* ---- walking from roots ---- */

/* The nodes that the roots need, operands before results, in the order of a walk from the roots in
   operand order; for n = 0 all nodes in tape order. Memory of the work arena; `place[id]` is 1 +
   the position, 0 for the rest. */
typedef struct tgi_order {
  uint32_t *ids, *place;
  uint32_t count;
} tgi_order;
tg_status tgi_order_of(tg_tape *t, const tg_var roots[], int n, tgi_order *order);

#endif
