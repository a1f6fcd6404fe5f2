// The measuring loops of the CPU levels.
#ifndef KITE_CEILING_TABLE_H
#define KITE_CEILING_TABLE_H

#include "kite_ceiling.h"

/// Keeps `value` alive without storing it anywhere.
#define KITE_KEEP(value) __asm__ volatile("" : : "r"(value))

#if defined(__x86_64__)
uint64_t kite_int8_avx2(uint64_t rounds);
uint64_t kite_int8_avxvnni(uint64_t rounds);
uint64_t kite_int8_avx512(uint64_t rounds);
uint64_t kite_bf16_avx512(uint64_t rounds);
uint64_t kite_f32_avx2(uint64_t rounds);
uint64_t kite_f32_avx512(uint64_t rounds);
#elif defined(__aarch64__)
uint64_t kite_int8_neon(uint64_t rounds);
uint64_t kite_int8_dotprod(uint64_t rounds);
uint64_t kite_int8_i8mm(uint64_t rounds);
uint64_t kite_f32_neon(uint64_t rounds);
#endif

#endif
