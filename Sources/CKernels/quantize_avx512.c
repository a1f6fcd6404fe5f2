// quantize_lanes.h for AVX-512: a vector is one register, 32 registers in all.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,f16c,avx512f,avx512bw,avx512vl,avx512dq"))), \
                             apply_to = function)
#include "x86/quant_x86.h"
#define KITE_ENCODE kite_encode_avx512
#define KITE_NEAREST_VALUES "x86/quantize_values_avx512.h"
#include "quantize_lanes.h"
#pragma clang attribute pop
#endif
