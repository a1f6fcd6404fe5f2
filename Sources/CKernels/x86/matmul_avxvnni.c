// Matrix products for AVX-VNNI: 256-bit VPDPBUSD.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2,avxvnni"))), apply_to = function)
#define KITE_MATMUL_TABLE kite_matmul_avxvnni
#define KITE_VNNI
#include "matmul_level_256.h"
#pragma clang attribute pop
#endif
