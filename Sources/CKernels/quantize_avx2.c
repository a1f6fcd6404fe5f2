// quantize_lanes.h for AVX2 + F16C: a vector is two registers, 16 registers in all.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)
#include "x86/quant_x86.h"
#define KITE_ENCODE kite_encode_avx2
#include "quantize_lanes.h"
#pragma clang attribute pop
#endif
