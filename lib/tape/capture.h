/* What a capture has declared: inputs, keys, and what replays do besides computing. It belongs to
   the tape; lib/program makes a program of it. */
#ifndef TGI_CAPTURE_H
#define TGI_CAPTURE_H

#include "tape/tape.h"
#include "tapegrad/program.h"

typedef enum tgi_effect_kind { TGI_BRANCH, TGI_STORE, TGI_ASSIGN, TGI_THEN } tgi_effect_kind;

typedef struct tgi_effect {
  tgi_effect_kind kind;
  tg_var x;
  bool expected;     /* BRANCH */
  tg_tensor to;      /* STORE, and ASSIGN: the parameter's memory */
  tg_params *params; /* ASSIGN */
  int index;
  tg_then_fn *then; /* THEN */
  void *user;
} tgi_effect;

/* A key that is an input, or folded from an earlier one. */
typedef struct tgi_key_entry {
  tg_key key;
  int parent; /* -1: an input */
  uint64_t fold;
  int input; /* its number among keys that are inputs */
} tgi_key_entry;

struct tgi_capture {
  tg_mark begin;
  tg_var *inputs; /* by index; TG_NONE: not declared yet */
  size_t input_count, input_capacity;
  tgi_key_entry *keys;
  size_t key_count, key_capacity;
  tgi_effect *effects;
  size_t effect_count, effect_capacity;
};

/* The running capture; NULL with the tape failed, which names `what`. */
tgi_capture *tgi_capture_of(tg_tape *t, const char *what);
/* Is x one of its inputs? */
bool tgi_is_input(const tg_tape *t, tg_var x);
tg_status tgi_capture_add(tg_tape *t, tgi_effect effect);
/* Forgets it. */
void tgi_capture_free(tg_tape *t);

#endif
