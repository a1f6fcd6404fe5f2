// The most multiply-adds per second of x86 cores: independent instructions on registers, nothing read or written.
#if defined(__x86_64__)
#include "../ceiling_table.h"

#include <immintrin.h>

/// A loop over CHAINS independent accumulators of the vector type V. `step` is one instruction (or the shortest
/// sequence) that adds PRODUCTS products to accumulator `sum`; the operands a and b come through volatile memory.
#define LOOP(NAME, TARGET, V, CHAINS, PRODUCTS, SETUP, STEP, REDUCE)             \
    __attribute__((target(TARGET))) uint64_t NAME(uint64_t rounds) {             \
        SETUP;                                                                   \
        V sums[CHAINS];                                                          \
        for (int i = 0; i < CHAINS; i++) sums[i] = a;                            \
        for (uint64_t round = 0; round < rounds; round++) {                      \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) { \
                V sum = sums[i];                                                 \
                sums[i] = STEP;                                                  \
            }                                                                    \
        }                                                                        \
        for (int i = 1; i < CHAINS; i++) sums[0] = REDUCE(sums[0], sums[i]);     \
        __asm__ volatile("" : : "x"(sums[0]));                                   \
        return rounds * CHAINS * PRODUCTS * 2;                                   \
    }

static volatile int32_t integers = 0x01020301;
static volatile float number = 0x1p-20f;

#define AVX2 "avx2,fma"
#define AVX512 "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
#define INTEGERS_256 __m256i a = _mm256_set1_epi32(integers), b = a
#define INTEGERS_512 __m512i a = _mm512_set1_epi32(integers), b = a

// AVX2 has no 8-bit dot product: pairs to 16 bits, pairs of those to 32, a sum.
LOOP(kite_int8_avx2, AVX2, __m256i, 12, 32, INTEGERS_256; __m256i ones = _mm256_set1_epi16((short)integers),
     _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_xor_si256(b, sum), a), ones)),
     _mm256_add_epi32)
LOOP(kite_int8_avxvnni, "avx2,avxvnni", __m256i, 12, 32, INTEGERS_256, _mm256_dpbusd_avx_epi32(sum, a, b),
     _mm256_add_epi32)
LOOP(kite_int8_avx512, AVX512, __m512i, 24, 64, INTEGERS_512, _mm512_dpbusd_epi32(sum, a, b), _mm512_add_epi32)
LOOP(kite_bf16_avx512, AVX512 ",avx512bf16", __m512, 24, 32,
     __m512 a = _mm512_set1_ps(number); __m512bh b = (__m512bh)_mm512_set1_epi32(0x3f803f80 & integers),
     _mm512_dpbf16_ps(sum, b, b), _mm512_add_ps)
LOOP(kite_f32_avx2, AVX2, __m256, 12, 8, __m256 a = _mm256_set1_ps(number), _mm256_fmadd_ps(a, a, sum), _mm256_add_ps)
LOOP(kite_f32_avx512, AVX512, __m512, 24, 16, __m512 a = _mm512_set1_ps(number), _mm512_fmadd_ps(a, a, sum),
     _mm512_add_ps)
#endif
