/* libm's function of the type that is compiled for: LIBM(exp) is expf where SUFFIX is f. So nothing
   is promoted to double and rounded back. */
#ifndef TGI_LIBM_H
#define TGI_LIBM_H

#include <math.h>

#define LIBM_(name, suffix)   name##suffix
#define LIBM_OF(name, suffix) LIBM_(name, suffix)
#define LIBM(name)            LIBM_OF(name, SUFFIX)

#endif
