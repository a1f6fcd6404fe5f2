// Matrix products for AVX2.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define KITE_MATMUL_TABLE kite_matmul_avx2
#include "matmul_level_256.h"
#pragma clang attribute pop
#endif
