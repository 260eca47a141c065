/* The rows read as arithmetic on integers and on bool, where their class takes them: values only.
   The build names T (int32_t, ...), U (T unsigned), DTYPE, ISA, and INTEGERS: 0 for bool, which
   takes the class ANY alone. */
#include "kernel/map_integer.h"
#include "kernel/map_names.h"

/* ---- values and the table ---- */

#define ANY_ROW(...) __VA_ARGS__
#define FLOATS_ROW(...)
#if INTEGERS
#define NUMBERS_ROW(...) __VA_ARGS__
#else
#define NUMBERS_ROW(...)
#endif
#include "kernel/map_reader.h"

/* clang-format off */
const tgi_map_table TGI_MAP_TABLE(DTYPE, ISA) = {
#define ENTRY(name, label, class, ...) class##_ROW(.name.value = value_##name,)
#define UNARY(...)   ENTRY(__VA_ARGS__)
#define UNARY1(...)  ENTRY(__VA_ARGS__)
#define UNARY2(...)  ENTRY(__VA_ARGS__)
#define BINARY(...)  ENTRY(__VA_ARGS__)
#define STEP(...)    ENTRY(__VA_ARGS__)
#define TEST(...)    ENTRY(__VA_ARGS__)
#define TEST1(...)   ENTRY(__VA_ARGS__)
#define COMPARE(...) ENTRY(__VA_ARGS__)
#include "kernel/elementwise_rows.h"
  .where.value = value_where,
};
/* clang-format on */
