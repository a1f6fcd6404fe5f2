// Products of BF16 numbers for AVX-512 with VDPBF16PS. Everything else of this level is that of AVX-512.
#if defined(__x86_64__)
#pragma clang attribute push(                                                                               \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))), apply_to = function)

#define KITE_NATIVE_BF16 1
#include "matmul_bf16_avx512.h"

void kite_multiply_bf16_native(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    multiply_bf16(p, begin, end, scratch);
}
#pragma clang attribute pop
#endif
