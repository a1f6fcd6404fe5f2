// float_vector.h for AVX-512 with VNNI: a vector is one register, 32 registers in all.
#if defined(__x86_64__)
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)
#define KITE_FLOAT_TABLE kite_float_avx512
#define KITE_BLOCK_VECTORS 5
#define KITE_DOT "x86/dot_avx512.h"
#include "float_vector.h"
#pragma clang attribute pop
#endif
