// Chooses the measuring loop of the CPU level in use.
#include "ceiling_table.h"
#include "kite_cpu.h"

#include <math.h>

uint64_t kite_ceiling_read(const void *data, size_t bytes) {
    enum { WORDS = 32 };  // four cache lines per step, a sum for each word: enough loads in flight for any core
    const uint64_t *words = data;
    uint64_t sums[WORDS] = {0};
    for (size_t i = 0; i + WORDS <= bytes / sizeof *words; i += WORDS) {
        __builtin_prefetch(words + i + 512, 0, 3);
        __builtin_prefetch(words + i + 520, 0, 3);
        __builtin_prefetch(words + i + 528, 0, 3);
        __builtin_prefetch(words + i + 536, 0, 3);
        for (size_t j = 0; j < WORDS; j++) sums[j] += words[i + j];
    }
    uint64_t sum = 0;
    for (size_t j = 0; j < WORDS; j++) sum += sums[j];
    return sum;
}

/// Without vector instructions: eight chains.
static uint64_t int8_scalar(uint64_t rounds) {
    enum { CHAINS = 8 };
    int32_t sums[CHAINS] = {0};
    for (uint64_t i = 0; i < rounds; i++)
        for (int j = 0; j < CHAINS; j++) {
            sums[j] += (int8_t)i * (int8_t)(j + 3);
            KITE_KEEP(sums[j]);
        }
    return rounds * CHAINS * 2;
}

static uint64_t f32_scalar(uint64_t rounds) {
    enum { CHAINS = 8 };
    float sums[CHAINS] = {0};
    for (uint64_t i = 0; i < rounds; i++)
        for (int j = 0; j < CHAINS; j++) sums[j] = fmaf(0.5f, (float)(j + 1), sums[j]);
    float sum = 0;
    for (int j = 0; j < CHAINS; j++) sum += sums[j];
    KITE_KEEP((int)(sum > 0));
    return rounds * CHAINS * 2;
}

static uint64_t int8(enum kite_cpu_level level, uint64_t rounds) {
    switch (level) {
#if defined(__x86_64__)
    case KITE_CPU_AVX2: return kite_int8_avx2(rounds);
    case KITE_CPU_AVXVNNI: return kite_int8_avxvnni(rounds);
    case KITE_CPU_AVX512:
    case KITE_CPU_AVX512BF16: return kite_int8_avx512(rounds);
#elif defined(__aarch64__)
    case KITE_CPU_NEON: return kite_int8_neon(rounds);
    case KITE_CPU_NEON_DOTPROD: return kite_int8_dotprod(rounds);
    case KITE_CPU_NEON_I8MM: return kite_int8_i8mm(rounds);
#endif
    default: return int8_scalar(rounds);
    }
}

static uint64_t bf16(enum kite_cpu_level level, uint64_t rounds) {
#if defined(__x86_64__)
    if (level == KITE_CPU_AVX512BF16) return kite_bf16_avx512(rounds);
#endif
    (void)level;
    (void)rounds;
    return 0;
}

static uint64_t f32(enum kite_cpu_level level, uint64_t rounds) {
    switch (level) {
#if defined(__x86_64__)
    case KITE_CPU_AVX2:
    case KITE_CPU_AVXVNNI: return kite_f32_avx2(rounds);
    case KITE_CPU_AVX512:
    case KITE_CPU_AVX512BF16: return kite_f32_avx512(rounds);
#elif defined(__aarch64__)
    case KITE_CPU_NEON:
    case KITE_CPU_NEON_DOTPROD:
    case KITE_CPU_NEON_I8MM: return kite_f32_neon(rounds);
#endif
    default: return f32_scalar(rounds);
    }
}

uint64_t kite_ceiling_compute(enum kite_cpu_level level, enum kite_arithmetic kind, uint64_t rounds) {
    switch (kind) {
    case KITE_ARITHMETIC_INT8: return int8(level, rounds);
    case KITE_ARITHMETIC_BF16: return bf16(level, rounds);
    case KITE_ARITHMETIC_F32: return f32(level, rounds);
    }
    return 0;
}
