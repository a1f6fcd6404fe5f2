// float_vector.h for NEON with dot products of bytes.
#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define KITE_FLOAT_TABLE kite_float_neon_dotprod
#define KITE_BLOCK_VECTORS 1
#define KITE_DOT "arm/dot_neon.h"
#define KITE_DOT_SDOT
#include "float_vector.h"
#pragma clang attribute pop
#endif
