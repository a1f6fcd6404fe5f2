// float_vector.h for AVX-VNNI and AVX2 + FMA + F16C: a vector of 16 lanes is two registers, 16 registers in all.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#define KITE_FLOAT_TABLE kite_float_avxvnni
#define KITE_BLOCK_VECTORS 1
#define KITE_DOT "x86/dot_avxvnni.h"
#include "float_vector.h"
#pragma clang attribute pop
#endif
