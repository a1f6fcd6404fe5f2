// float_vector.h for AVX2 + FMA + F16C: a vector of 16 lanes is two registers, 16 registers in all.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define KITE_FLOAT_TABLE kite_float_avx2
#define KITE_BLOCK_VECTORS 1
#define KITE_DOT "x86/dot_avx2.h"
#include "float_vector.h"
#pragma clang attribute pop
#endif
