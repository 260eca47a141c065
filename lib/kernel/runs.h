/* Runs of elements, whatever their dtype. */
#ifndef TGI_RUNS_H
#define TGI_RUNS_H

#include <stddef.h>
#include <stdint.h>

/* to = n > 0 elements of 1, 4 or 8 bytes that lie `stride` bytes apart, one after the other; `to`
   is aligned for them. */
void tgi_gather_run(size_t size, int64_t n, void *to, const char *from, int64_t stride);
/* to = the element n times. */
void tgi_fill_run(size_t size, int64_t n, void *to, const char *from);

#endif
