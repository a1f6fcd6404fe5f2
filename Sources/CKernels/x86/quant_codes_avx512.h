// Codes of the quantized formats in AVX-512 registers. Kernels take them as unsigned: the signed code is the
// unsigned one less offset_of(type).
#ifndef KITE_QUANT_CODES_AVX512_H
#define KITE_QUANT_CODES_AVX512_H

#include <immintrin.h>

#include "../matmul_table.h"

KITE_INLINE int offset_of(enum kite_type type) {
    switch (type) {
    case KITE_Q4_0: return 8;
    case KITE_Q5_0: return 16;
    case KITE_Q8_0: return 128;
    case KITE_IQ4_NL:
    case KITE_IQ4_XS: return 127;
    case KITE_Q3_K: return 4;
    case KITE_Q6_K: return 32;
    default: return 0;
    }
}

/// Numbers that share a scale.
KITE_INLINE int group_of(enum kite_type type) {
    return type == KITE_Q4_K || type == KITE_Q5_K || type == KITE_IQ4_XS ? 32 : 16;
}

/// 32 bytes in both halves.
KITE_INLINE __m512i twice32(const uint8_t *p) { return _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)p)); }

/// The low half shifted right by `a` bits, the high half by `b`. Bits of neighbouring bytes come in at the top.
KITE_INLINE __m512i shift_halves(__m512i x, int a, int b) {
    return _mm512_srlv_epi64(x, _mm512_setr_epi64(a, a, a, a, b, b, b, b));
}

/// `a` where the bits of `mask` are set, `b` elsewhere.
KITE_INLINE __m512i select_bits(__m512i mask, __m512i a, __m512i b) {
    return _mm512_ternarylogic_epi64(mask, a, b, 0xca);
}

/// Values of the codes 0...15 of IQ4_NL and IQ4_XS, with 127 added.
KITE_INLINE __m512i iq4_values(__m512i codes) {
    __m128i table = _mm_add_epi8(_mm_loadu_si128((const __m128i *)kite_iq4_values), _mm_set1_epi8(127));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), codes);
}

#endif
