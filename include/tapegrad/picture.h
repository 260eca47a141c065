/* Pictures of DOT text by Graphviz's libgvc. A library of its own, libtapegrad-picture, so that
   libtapegrad needs no Graphviz. libgvc has global state: no two threads may be in these functions,
   nor in libgvc itself, at the same time. One context of libgvc is kept for the life of the
   process. What libgvc allocates, and what it does when memory runs out, is its own; its messages
   go into `error`, not to stderr. */
#ifndef TAPEGRAD_PICTURE_H
#define TAPEGRAD_PICTURE_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lays the first graph of the text out and hands the picture to `write`. format: "svg" or "png".
   TG_FORMAT where the text is not DOT, TG_ARGUMENT for another format, TG_UNSUPPORTED where this
   Graphviz cannot lay it out or draw it, TG_STOPPED where `write` said so. */
TG_API tg_status tg_picture_render(const char *dot, const char *format, tg_write_fn *write,
                                   void *user, tg_error *error);

/* The same into a file, which is replaced as a whole: a failure leaves the old one. */
TG_API tg_status tg_picture_write(const char *dot, const char *format, const char *path,
                                  tg_error *error);

/* The same from a file of DOT text, as tg_graph_dot_file writes it. */
TG_API tg_status tg_picture_convert(const char *dot_path, const char *format, const char *path,
                                    tg_error *error);

#ifdef __cplusplus
}
#endif
#endif
