/* A program from inside: what is left of a graph once it is planned and bound to memory. */
#ifndef TGI_PROGRAM_H
#define TGI_PROGRAM_H

#include "program/graph.h"

/* A step with all addresses in place: its kernel is called and nothing else. */
typedef struct tgi_instruction {
  tg_kernel_fn *kernel;
  tg_call call;
  const tgi_step *step;
  const void *attrs; /* the operator's; call.attrs may be what its bind made of them */
} tgi_instruction;

/* A tensor of an instruction that lies in an input's memory, `offset` bytes from its start. */
typedef struct tgi_patch {
  tg_tensor *tensor;
  int64_t offset;
} tgi_patch;

typedef struct tgi_program_input {
  tg_tensor like; /* contiguous */
  const char *name;
  char *data;    /* to which the patches are set now */
  char *staging; /* for inputs that are not contiguous; made when first needed */
  tgi_patch *patches;
  size_t patch_count;
} tgi_program_input;

/* What is copied after the steps have run, and after all that follows succeeded. */
typedef struct tgi_transfer {
  tg_tensor to, from;
  tg_params *params; /* of an assignment */
  int index;
} tgi_transfer;

typedef struct tgi_then {
  tg_then_fn *fn;
  void *user;
} tgi_then;

/* A key among a step's attributes that follows the keys that are inputs. */
typedef struct tgi_key_patch {
  void *attrs;
  size_t offset;
  int entry;
} tgi_key_patch;

struct tg_program {
  const tg_runtime *runtime;
  tgi_arena arena; /* the graph, the instructions, the constants */
  tg_tape *tape;   /* holds no node: for kernels' errors and scratch */
  tgi_graph graph;
  tgi_lie *lies;
  tgi_plan plan;
  char *block;
  tgi_instruction *instructions;
  size_t instruction_count;
  int32_t *numbers; /* by value: the instruction that makes it; -1: none */
  tgi_program_input *inputs;
  size_t input_count;
  tg_tensor *results;
  int result_count;
  tgi_transfer *stores, *assigns;
  size_t store_count, assign_count;
  tgi_then *thens;
  size_t then_count;
  tgi_key_patch *key_patches;
  size_t key_patch_count;
  bool valid; /* the last replay succeeded */
  tg_program_stats stats;
};

/* Makes instructions, patches and transfers of the graph, its layout and its plan. */
tg_status tgi_program_bind(tg_program *p, tg_error *error);

#endif
