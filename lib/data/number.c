/* Text to numbers: a short exact path for plain decimals, strtod for the rest. */
#include "data/number.h"

#include <stdlib.h>

locale_t tgi_number_locale(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* [-]digits[.digits] of at most 15 digits: the digits as an integer and the power of ten are exact
   doubles, so their quotient is the correctly rounded value (Clinger 1990). */
static bool plain_decimal(const char *text, size_t length, double *value) {
  static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  size_t i = length > 0 && text[0] == '-', digits = 0, fraction = 0;
  bool minus = i == 1, point = false;
  int64_t whole = 0;
  for (; i < length && digits <= 15; i++) {
    if (text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return false;
    whole = 10 * whole + (text[i] - '0');
    digits++;
    fraction += point;
  }
  if (digits == 0 || digits > 15) return false;
  double magnitude = (double)whole / powers[fraction];
  *value = minus ? -magnitude : magnitude;
  return true;
}

bool tgi_number(const char *text, size_t length, locale_t locale, double *value) {
  if (plain_decimal(text, length, value)) return true;
  char *end;
  locale_t before = uselocale(locale);
  *value = strtod(text, &end);
  uselocale(before);
  return length > 0 && end == text + length;
}

bool tgi_integer(const char *text, size_t length, int64_t *value) {
  size_t i = length > 0 && (text[0] == '-' || text[0] == '+');
  bool minus = i == 1 && text[0] == '-';
  *value = 0;
  if (i == length) return false;
  for (; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    int64_t digit = minus ? '0' - text[i] : text[i] - '0';
    if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, digit, value))
      return false;
  }
  return true;
}
