// The most multiply-adds per second of arm64 cores: independent instructions on registers, nothing read or written.
#if defined(__aarch64__)
#include "../ceiling_table.h"

#include <arm_neon.h>

enum { CHAINS = 16 };

/// As on x86: CHAINS independent accumulators; STEP adds PRODUCTS products to `sum`.
#define LOOP(NAME, TARGET, V, PRODUCTS, SETUP, START, STEP)                       \
    TARGET uint64_t NAME(uint64_t rounds) {                                       \
        SETUP;                                                                    \
        V sums[CHAINS];                                                           \
        for (int i = 0; i < CHAINS; i++) sums[i] = START;                         \
        for (uint64_t round = 0; round < rounds; round++) {                       \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) { \
                V sum = sums[i];                                                  \
                sums[i] = STEP;                                                   \
            }                                                                     \
        }                                                                         \
        for (int i = 0; i < CHAINS; i++) __asm__ volatile("" : : "w"(sums[i]));   \
        return rounds * CHAINS * PRODUCTS * 2;                                    \
    }

static volatile int8_t integer = 3;
static volatile float number = 0x1p-20f;

LOOP(kite_int8_neon, , int32x4_t, 16, int8x16_t a = vdupq_n_s8(integer), vdupq_n_s32(0),
     vpadalq_s16(sum, vmlal_high_s8(vmull_s8(vget_low_s8(a), vget_low_s8(vreinterpretq_s8_s32(sum))), a, a)))
LOOP(kite_int8_dotprod, __attribute__((target("dotprod"))), int32x4_t, 16, int8x16_t a = vdupq_n_s8(integer),
     vdupq_n_s32(0), vdotq_s32(sum, a, a))
LOOP(kite_int8_i8mm, __attribute__((target("i8mm"))), int32x4_t, 32, int8x16_t a = vdupq_n_s8(integer), vdupq_n_s32(0),
     vmmlaq_s32(sum, a, a))
LOOP(kite_f32_neon, , float32x4_t, 4, float32x4_t a = vdupq_n_f32(number), vdupq_n_f32(0), vfmaq_f32(sum, a, a))
#endif
