/* Statuses, and the struct by which objects without a tape report an error.
   The library never prints, aborts or exits: every fallible function returns a tg_status, a failed
   tg_var, or NULL, and its declaration says which. Pointers to objects and texts that are handed in
   may be NULL where a declaration says so, and only there. */
#ifndef TAPEGRAD_STATUS_H
#define TAPEGRAD_STATUS_H

#include <stddef.h>

#if defined(__GNUC__)
#define TG_API                 __attribute__((visibility("default")))
#define TG_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define TG_API
#define TG_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* One row per status: its name and what it means. */
/* clang-format off */
#define TG_STATUS_MAP(X)                                                          \
  X(OK,                 "no error")                                               \
  X(NO_MEMORY,          "out of memory, or past a byte budget")                   \
  X(SHAPE,              "shapes do not fit")                                      \
  X(DTYPE,              "dtypes do not fit")                                      \
  X(ARGUMENT,           "an argument is outside its range")                       \
  X(INDEX,              "an index is outside its range")                          \
  X(OVERFLOW,           "a size does not fit into 63 bits")                       \
  X(DIVISION,           "integer division by zero")                               \
  X(STALE,              "the var's node is gone: its tape was rewound or reset")  \
  X(FOREIGN,            "the var belongs to another tape")                        \
  X(NOT_DIFFERENTIABLE, "the operator has no derivative in this operand")         \
  X(CHANGED,            "a leaf was written between recording and backward")      \
  X(NOT_FINITE,         "a NaN or an infinity appeared")                          \
  X(STATE,              "not allowed in the object's present state")              \
  X(FILE,               "a file cannot be read or written")                       \
  X(FORMAT,             "a file's content is not of its format")                  \
  X(STOPPED,            "a callback asked to stop")                               \
  X(UNSUPPORTED,        "not in this build of the library")                       \
  X(BRANCH,             "a branch of a program came out otherwise than captured")
/* clang-format on */

typedef enum tg_status {
#define TG_STATUS_ENUM(name, sentence) TG_##name,
  TG_STATUS_MAP(TG_STATUS_ENUM)
#undef TG_STATUS_ENUM
      TG_STATUS_COUNT
} tg_status;

/* The name of a status ("NO_MEMORY") and its sentence. Static strings; "?" for an unknown
   number. */
TG_API const char *tg_status_name(tg_status status);
TG_API const char *tg_status_text(tg_status status);

enum { TG_MESSAGE_SIZE = 512 };

/* Where functions without a tape put what went wrong. Callers may pass NULL instead. It is written
   on failure only, so `tg_error e = {0};` before the first call is enough. */
typedef struct tg_error {
  tg_status status;
  char message[TG_MESSAGE_SIZE]; /* one sentence, no newline */
} tg_error;

#ifdef __cplusplus
}
#endif
#endif
