/* The compiled elementwise rows by name, for their tests. */
#ifndef TESTS_ELEMENTWISE_H
#define TESTS_ELEMENTWISE_H

#include <math.h>
#include <string.h>

#include "kernel/map.h"
#include "support.h"

typedef struct row_name {
  const char *name;
  size_t offset;
  int operands;
  bool truth; /* its result is bool */
} row_name;

/* clang-format off */
static const row_name rows[] = {
#define UNARY(name, ...)   {#name, offsetof(tgi_map_table, name), 1, false},
#define UNARY1(name, ...)  {#name, offsetof(tgi_map_table, name), 1, false},
#define UNARY2(name, ...)  {#name, offsetof(tgi_map_table, name), 1, false},
#define STEP(name, ...)    {#name, offsetof(tgi_map_table, name), 1, false},
#define TEST(name, ...)    {#name, offsetof(tgi_map_table, name), 1, true},
#define TEST1(name, ...)   {#name, offsetof(tgi_map_table, name), 1, true},
#define BINARY(name, ...)  {#name, offsetof(tgi_map_table, name), 2, false},
#define COMPARE(name, ...) {#name, offsetof(tgi_map_table, name), 2, true},
#include "kernel/elementwise_rows.h"
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static inline const tgi_map_row *row_in(const tgi_map_table *table, const row_name *row) {
  return (const tgi_map_row *)((const char *)table + row->offset);
}

static inline const tgi_map_row *row_called(tg_isa isa, tg_dtype dtype, const char *name) {
  for (int r = 0; r < ROWS; r++)
    if (strcmp(rows[r].name, name) == 0) return row_in(tgi_map_table_for(isa, dtype), &rows[r]);
  ck_abort_msg("no row %s", name);
  return NULL;
}

/* The same number: NaN is NaN, whatever its bits; 0 and -0 are two. */
static inline bool same(double a, double b) {
  return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* Different numbers in [0, 1) by position. */
static inline double spread(int64_t i) {
  return (double)((uint64_t)(i + 1) * 0x9E3779B97F4A7C15u >> 11) * 0x1p-53;
}

#endif
