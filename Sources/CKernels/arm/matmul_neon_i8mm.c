// Matrix products for NEON with products of small integer matrices.
#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#define KITE_MATMUL_TABLE kite_matmul_neon_i8mm
#define KITE_DOTPROD
#define KITE_I8MM
#include "matmul_level_neon.h"
#pragma clang attribute pop
#endif
