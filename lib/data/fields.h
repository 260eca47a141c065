/* The fields of CSV text, one after another (RFC 4180). Nothing is copied or changed. Knows no
   numbers and no columns. */
#ifndef TGI_FIELDS_H
#define TGI_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tgi_fields {
  const char *at, *end;
  char separator;
  int64_t line; /* of `at`, from 1 */
} tgi_fields;

typedef struct tgi_field {
  const char *text; /* without the quotes around it; spaces around an unquoted one are dropped */
  size_t length;
  bool doubled; /* holds doubled quotes, which stand for one each */
  bool last;    /* of its record */
  int64_t line;
  const char *fault; /* NULL, or what is wrong with it */
} tgi_field;

/* False: no record is left. Blank lines are passed. */
bool tgi_fields_more(tgi_fields *f);
/* The next field of the record. After the last one, tgi_fields_more comes first. */
tgi_field tgi_fields_next(tgi_fields *f);
void tgi_fields_skip_line(tgi_fields *f);

#endif
