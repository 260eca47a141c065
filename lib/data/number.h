/* Numbers in text, with a point in any locale. */
#ifndef TGI_NUMBER_H
#define TGI_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The C locale for tgi_number to read by; freed with freelocale. (locale_t)0: no memory. */
locale_t tgi_number_locale(void);

/* The whole of the text as a double, correctly rounded: C's decimal and hexadecimal forms, inf,
   nan. What follows the text in memory cannot be part of a number (a separator, a quote, a line
   end, 0, a space). False: it is no number. */
bool tgi_number(const char *text, size_t length, locale_t locale, double *value);

/* The whole of the text as a decimal integer. */
bool tgi_integer(const char *text, size_t length, int64_t *value);

#endif
