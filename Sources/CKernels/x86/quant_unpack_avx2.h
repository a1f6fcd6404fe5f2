// The quantized formats unpacked into AVX2 registers: codes come out unsigned, in the order of the numbers, 32 to a
// register. The signed code is the unsigned one less offset_of(type). IQ4's are signed from the start.
#ifndef KITE_QUANT_UNPACK_AVX2_H
#define KITE_QUANT_UNPACK_AVX2_H

#include <immintrin.h>

#include "../matmul_table.h"

struct unpacked256 {
    __m256i code[8];
    __m128i scale;  ///< 16 signed bytes, one per 16 numbers
    __m128i min;    ///< 16 unsigned bytes, for the types that have minima
};

KITE_INLINE int offset_of(enum kite_type type) {
    switch (type) {
    case KITE_Q4_0: return 8;
    case KITE_Q5_0: return 16;
    case KITE_Q3_K: return 4;
    case KITE_Q6_K: return 32;
    default: return 0;
    }
}

/// Whether codes are signed and need all 8 bits.
KITE_INLINE int is_wide(enum kite_type type) {
    return type == KITE_Q8_0 || type == KITE_IQ4_NL || type == KITE_IQ4_XS;
}

/// Numbers that share a scale.
KITE_INLINE int group_of(enum kite_type type) {
    return type == KITE_Q4_K || type == KITE_Q5_K || type == KITE_IQ4_XS ? 32 : 16;
}

KITE_INLINE __m256i load32(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }

/// x shifted right by `right` bits (left if negative), of which those of `mask` stay.
KITE_INLINE __m256i bits(__m256i x, int right, int mask) {
    x = right >= 0 ? _mm256_srli_epi16(x, right) : _mm256_slli_epi16(x, -right);
    return _mm256_and_si256(x, _mm256_set1_epi8((char)mask));
}

/// 16 bytes of nibbles: the low ones, then the high ones.
KITE_INLINE __m256i nibbles(const uint8_t *p) {
    __m128i x = _mm_loadu_si128((const __m128i *)p);
    return bits(_mm256_inserti128_si256(_mm256_castsi128_si256(x), _mm_srli_epi16(x, 4), 1), 0, 15);
}

KITE_INLINE __m256i iq4_codes(const uint8_t *p) {
    __m128i table = _mm_loadu_si128((const __m128i *)kite_iq4_values);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), nibbles(p));
}

KITE_INLINE void unpack_scales(enum kite_type type, const uint8_t *b, struct unpacked256 *o) {
    if (type == KITE_Q2_K) {
        __m128i x = _mm_loadu_si128((const __m128i *)b), low = _mm_set1_epi8(15);
        o->scale = _mm_and_si128(x, low);
        o->min = _mm_and_si128(_mm_srli_epi16(x, 4), low);
    } else if (type == KITE_Q3_K) {
        __m128i low = _mm_loadl_epi64((const __m128i *)(b + 96));
        low = _mm_and_si128(_mm_unpacklo_epi64(low, _mm_srli_epi64(low, 4)), _mm_set1_epi8(15));
        __m128i high = _mm_srlv_epi32(_mm_set1_epi32((int)kite_load32(b + 104)), _mm_setr_epi32(0, 2, 4, 6));
        high = _mm_slli_epi32(_mm_and_si128(high, _mm_set1_epi8(3)), 4);
        o->scale = _mm_sub_epi8(_mm_or_si128(low, high), _mm_set1_epi8(32));
    } else if (type == KITE_Q4_K || type == KITE_Q5_K) {
        // Four bytes at a time; each byte is repeated, as groups have 32 numbers.
        uint32_t first = kite_load32(b + 4), second = kite_load32(b + 8), third = kite_load32(b + 12);
        uint32_t scales = (third & 0x0f0f0f0f) | (first >> 2 & 0x30303030);
        uint32_t minima = (third >> 4 & 0x0f0f0f0f) | (second >> 2 & 0x30303030);
        __m128i s = _mm_cvtsi64_si128((long long)((first & 0x3f3f3f3f) | (uint64_t)scales << 32));
        __m128i m = _mm_cvtsi64_si128((long long)((second & 0x3f3f3f3f) | (uint64_t)minima << 32));
        o->scale = _mm_unpacklo_epi8(s, s);
        o->min = _mm_unpacklo_epi8(m, m);
    } else if (type == KITE_Q6_K) {
        o->scale = _mm_loadu_si128((const __m128i *)(b + 192));
    } else {
        // Nibble g and pair g to byte g.
        uint64_t low = _pdep_u64(kite_load32(b + 4), 0x0f0f0f0f0f0f0f0f);
        uint64_t high = _pdep_u64(kite_load16(b + 2), 0x3030303030303030);
        __m128i s = _mm_sub_epi8(_mm_cvtsi64_si128((long long)(low | high)), _mm_set1_epi8(32));
        o->scale = _mm_unpacklo_epi8(s, s);
    }
}

KITE_INLINE void unpack256(enum kite_type type, const uint8_t *b, struct unpacked256 *o) {
    unpack_scales(type, b, o);
    if (type == KITE_Q2_K || type == KITE_Q3_K) {
        const uint8_t *codes = b + (type == KITE_Q2_K ? 16 : 32);
        for (int j = 0; j < 8; j++) o->code[j] = bits(load32(codes + j / 4 * 32), j % 4 * 2, 3);
        if (type == KITE_Q3_K)
            for (int j = 0; j < 8; j++) o->code[j] = _mm256_or_si256(o->code[j], bits(load32(b), j - 2, 4));
    } else if (type == KITE_Q4_K || type == KITE_Q5_K) {
        const uint8_t *codes = b + (type == KITE_Q4_K ? 16 : 48);
        for (int j = 0; j < 8; j++) o->code[j] = bits(load32(codes + j / 2 * 32), j % 2 * 4, 15);
        if (type == KITE_Q5_K)
            for (int j = 0; j < 8; j++) o->code[j] = _mm256_or_si256(o->code[j], bits(load32(b + 16), j - 4, 16));
    } else if (type == KITE_Q6_K) {
        for (int j = 0; j < 8; j++) {
            __m256i low = bits(load32(b + j / 4 * 64 + j % 2 * 32), j / 2 % 2 * 4, 15);
            o->code[j] = _mm256_or_si256(low, bits(load32(b + 128 + j / 4 * 32), j % 4 * 2 - 4, 48));
        }
    } else {
        for (int j = 0; j < 8; j++) o->code[j] = iq4_codes(b + 8 + 16 * j);
    }
}

/// One block of 32.
KITE_INLINE __m256i unpack32(enum kite_type type, const uint8_t *b) {
    if (type == KITE_Q8_0) return load32(b + 2);
    if (type == KITE_IQ4_NL) return iq4_codes(b + 2);
    const uint8_t *at = b + (kite_has_min(type) ? 4 : 2);
    if (type == KITE_Q4_0 || type == KITE_Q4_1) return nibbles(at);
    // A bit to each byte: the bytes of `high` eight times each, then all bits but one are set.
    __m256i high = _mm256_set1_epi32((int)kite_load32(at));
    high = _mm256_shuffle_epi8(high, _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
    high = _mm256_or_si256(high, _mm256_set1_epi64x(0x7fbfdfeff7fbfdfe));
    high = _mm256_cmpeq_epi8(high, _mm256_set1_epi8(-1));
    return _mm256_or_si256(nibbles(at + 4), _mm256_and_si256(high, _mm256_set1_epi8(16)));
}

/// Where a block keeps its scale and its minimum.
KITE_INLINE const uint8_t *scale_at(enum kite_type type, const uint8_t *b) {
    return b + (type == KITE_Q2_K ? 80 : type == KITE_Q3_K ? 108 : type == KITE_Q6_K ? 208 : 0);
}

KITE_INLINE const uint8_t *min_at(enum kite_type type, const uint8_t *b) { return b + (type == KITE_Q2_K ? 82 : 2); }

#endif
