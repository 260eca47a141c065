/* Text on its way to a writer, in pieces. */
#ifndef TGI_OUT_H
#define TGI_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "tapegrad/status.h"

typedef struct tgi_out {
  bool (*write)(void *user, const char *text, size_t length);
  void *user;
  bool stopped; /* the writer said so */
  size_t used;
  char buffer[4096];
} tgi_out;

void tgi_out_put(tgi_out *o, const char *format, ...) TG_PRINTF(2, 3);
void tgi_out_flush(tgi_out *o);
/* Foreign text inside a quoted string of DOT, cut after TGI_OUT_SHOWN characters. */
enum { TGI_OUT_SHOWN = 64 };
void tgi_out_shown(tgi_out *o, const char *text);
/* Text of the library or of an operator inside one: whole, and a newline is a new line. */
void tgi_out_text(tgi_out *o, const char *text);

#endif
