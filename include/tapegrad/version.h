/* The version, and what may change between two of them.
   While MAJOR is 0: PATCH changes no declaration and no result beyond fixes; MINOR may change
   anything, and changes the SONAME (libtapegrad.so.MAJOR.MINOR). From 1.0 on: MINOR only adds, and
   MAJOR carries the SONAME. Always: structs that callers fill in grow at the end, and zero there
   means the old behaviour; files written by a version are read by later ones; numbers are equal to
   the last bit only within one build. */
#ifndef TAPEGRAD_VERSION_H
#define TAPEGRAD_VERSION_H

#include "status.h"

#define TG_VERSION_MAJOR 0
#define TG_VERSION_MINOR 1
#define TG_VERSION_PATCH 0
#define TG_VERSION       "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, where TG_VERSION is that of the headers. */
TG_API const char *tg_version(void);

#ifdef __cplusplus
}
#endif
#endif
