// Matrix products for NEON with dot products of bytes.
#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define KITE_MATMUL_TABLE kite_matmul_neon_dotprod
#define KITE_DOTPROD
#include "matmul_level_neon.h"
#pragma clang attribute pop
#endif
