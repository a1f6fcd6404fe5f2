// The quantized formats unpacked into AVX-512 registers, 256 numbers at a time.
//
// Codes come out unsigned, in the order of the numbers: register j holds numbers 64 j to 64 j + 63. The signed code is
// the unsigned one less OFFSET, a constant of the type.
#ifndef KITE_QUANT_UNPACK_AVX512_H
#define KITE_QUANT_UNPACK_AVX512_H

#include <immintrin.h>

#include "../matmul_table.h"

/// 256 numbers of a type with blocks of 256.
struct unpacked256 {
    __m512i code[4];
    __m128i scale;  ///< 16 signed bytes, one per 16 numbers
    __m128i min;    ///< 16 unsigned bytes, for the types that have minima
};

/// 256 numbers of a type with blocks of 32. Scales are in the order of blocks 0 2 4 6 1 3 5 7.
struct unpacked32 {
    __m512i code[4];
    __m256 d, m;
};

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

/// The 6-bit scales and minima of Q4_K and Q5_K, four bytes at a time; each byte is repeated.
KITE_INLINE void unpack_scales_k4(const uint8_t *b, struct unpacked256 *o) {
    uint32_t first = kite_load32(b), second = kite_load32(b + 4), third = kite_load32(b + 8);
    uint64_t scale = (first & 0x3f3f3f3f) | (uint64_t)((third & 0x0f0f0f0f) | (first >> 2 & 0x30303030)) << 32;
    uint64_t min = (second & 0x3f3f3f3f) | (uint64_t)((third >> 4 & 0x0f0f0f0f) | (second >> 2 & 0x30303030)) << 32;
    __m128i s = _mm_cvtsi64_si128((long long)scale), m = _mm_cvtsi64_si128((long long)min);
    o->scale = _mm_unpacklo_epi8(s, s);
    o->min = _mm_unpacklo_epi8(m, m);
}

KITE_INLINE void unpack_scales_q3(const uint8_t *b, struct unpacked256 *o) {
    __m128i low = _mm_loadl_epi64((const __m128i *)b);
    low = _mm_and_si128(_mm_unpacklo_epi64(low, _mm_srli_epi64(low, 4)), _mm_set1_epi8(15));
    uint32_t top = kite_load32(b + 8);
    __m128i high = _mm_srlv_epi32(_mm_set1_epi32((int)top), _mm_setr_epi32(0, 2, 4, 6));
    high = _mm_slli_epi32(_mm_and_si128(high, _mm_set1_epi8(3)), 4);
    o->scale = _mm_sub_epi8(_mm_or_si128(low, high), _mm_set1_epi8(32));
}

KITE_INLINE void unpack_scales_iq4(const uint8_t *b, struct unpacked256 *o) {
    uint32_t high = kite_load16(b), low = kite_load32(b + 2);
    // Nibble g of `low` and pair g of `high` to byte g.
    uint64_t nibbles = _pdep_u64(low, 0x0f0f0f0f0f0f0f0f), pairs = _pdep_u64(high, 0x3030303030303030);
    __m128i s = _mm_sub_epi8(_mm_cvtsi64_si128((long long)(nibbles | pairs)), _mm_set1_epi8(32));
    o->scale = _mm_unpacklo_epi8(s, s);
}

/// Sets bit `bit` of the codes whose high bit is set: bit `a` of `high` for the low half, bit `b` for the high half.
KITE_INLINE __m512i add_high_bit(__m512i codes, __m512i high, int a, int b, int bit) {
    __m512i select = _mm512_inserti64x4(_mm512_set1_epi8((char)(1 << a)), _mm256_set1_epi8((char)(1 << b)), 1);
    return _mm512_mask_add_epi8(codes, _mm512_test_epi8_mask(high, select), codes, _mm512_set1_epi8((char)(1 << bit)));
}

KITE_INLINE void unpack256(enum kite_type type, const uint8_t *b, struct unpacked256 *o) {
    const __m512i low2 = _mm512_set1_epi8(3), low4 = _mm512_set1_epi8(15);
    if (type == KITE_Q2_K || type == KITE_Q3_K) {
        const uint8_t *codes = b + (type == KITE_Q2_K ? 16 : 32);
        for (int half = 0; half < 2; half++) {
            __m512i x = twice32(codes + 32 * half);
            o->code[2 * half] = _mm512_and_si512(shift_halves(x, 0, 2), low2);
            o->code[2 * half + 1] = _mm512_and_si512(shift_halves(x, 4, 6), low2);
        }
        if (type == KITE_Q3_K) {
            __m512i high = twice32(b);
            for (int j = 0; j < 4; j++) o->code[j] = add_high_bit(o->code[j], high, 2 * j, 2 * j + 1, 2);
            unpack_scales_q3(b + 96, o);
        } else {
            __m128i x = _mm_loadu_si128((const __m128i *)b);
            o->scale = _mm_and_si128(x, _mm_set1_epi8(15));
            o->min = _mm_and_si128(_mm_srli_epi64(x, 4), _mm_set1_epi8(15));
        }
    } else if (type == KITE_Q4_K || type == KITE_Q5_K) {
        const uint8_t *codes = b + (type == KITE_Q4_K ? 16 : 48);
        for (int j = 0; j < 4; j++) o->code[j] = _mm512_and_si512(shift_halves(twice32(codes + 32 * j), 0, 4), low4);
        if (type == KITE_Q5_K) {
            __m512i high = twice32(b + 16);
            for (int j = 0; j < 4; j++) o->code[j] = add_high_bit(o->code[j], high, 2 * j, 2 * j + 1, 4);
        }
        unpack_scales_k4(b + 4, o);
    } else if (type == KITE_Q6_K) {
        const __m512i low6 = _mm512_set1_epi8(63);
        for (int half = 0; half < 2; half++) {
            __m512i low = _mm512_loadu_si512(b + 64 * half), high = twice32(b + 128 + 32 * half);
            // The pairs to bits 4 and 5: left by 4 and 2, then by 0 and right by 2.
            __m512i first = _mm512_sllv_epi64(high, _mm512_setr_epi64(4, 4, 4, 4, 2, 2, 2, 2));
            __m512i second = shift_halves(high, 0, 2);
            o->code[2 * half] = _mm512_and_si512(select_bits(low4, low, first), low6);
            o->code[2 * half + 1] = _mm512_and_si512(select_bits(low4, _mm512_srli_epi64(low, 4), second), low6);
        }
        o->scale = _mm_loadu_si128((const __m128i *)(b + 192));
    } else {
        for (int j = 0; j < 4; j++) {
            __m512i x = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(b + 8 + 32 * j)));
            x = _mm512_srlv_epi64(_mm512_shuffle_i64x2(x, x, 0x50), _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4));
            o->code[j] = iq4_values(_mm512_and_si512(x, low4));
        }
        unpack_scales_iq4(b + 2, o);
    }
}

/// Where a block of a type with a scale and minimum per block keeps them.
KITE_INLINE float scale_of(enum kite_type type, const uint8_t *b) {
    int at = type == KITE_Q2_K ? 80 : type == KITE_Q3_K ? 108 : type == KITE_Q6_K ? 208 : 0;
    return _cvtsh_ss(kite_load16(b + at));
}

KITE_INLINE float min_of(enum kite_type type, const uint8_t *b) {
    return _cvtsh_ss(kite_load16(b + (type == KITE_Q2_K ? 82 : 2)));
}

/// The f16 at the same place of eight consecutive blocks, even blocks first.
KITE_INLINE __m256 eight_halves(const uint8_t *b, size_t stride) {
    __m128i x = _mm_cvtsi32_si128(kite_load16(b));
    x = _mm_insert_epi16(x, kite_load16(b + 2 * stride), 1);
    x = _mm_insert_epi16(x, kite_load16(b + 4 * stride), 2);
    x = _mm_insert_epi16(x, kite_load16(b + 6 * stride), 3);
    x = _mm_insert_epi16(x, kite_load16(b + stride), 4);
    x = _mm_insert_epi16(x, kite_load16(b + 3 * stride), 5);
    x = _mm_insert_epi16(x, kite_load16(b + 5 * stride), 6);
    x = _mm_insert_epi16(x, kite_load16(b + 7 * stride), 7);
    return _mm256_cvtph_ps(x);
}

/// Eight whole blocks of 32.
KITE_INLINE void unpack32(enum kite_type type, const uint8_t *b, struct unpacked32 *o) {
    const size_t bytes = kite_block_bytes(type);
    const int has_min = kite_has_min(type), has_high = type == KITE_Q5_0 || type == KITE_Q5_1;
    o->d = eight_halves(b, bytes);
    if (has_min) o->m = eight_halves(b + 2, bytes);
    for (int j = 0; j < 4; j++) {
        const uint8_t *first = b + 2 * (size_t)j * bytes + 2 + 2 * has_min, *second = first + bytes;
        if (type == KITE_Q8_0) {
            __m512i x = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)first));
            x = _mm512_inserti64x4(x, _mm256_loadu_si256((const __m256i *)second), 1);
            o->code[j] = _mm512_xor_si512(x, _mm512_set1_epi8(-128));
            continue;
        }
        __m512i x = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(first + 4 * has_high)));
        x = _mm512_mask_broadcast_i32x4(x, 0xff00, _mm_loadu_si128((const __m128i *)(second + 4 * has_high)));
        x = _mm512_srlv_epi64(x, _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4));
        x = _mm512_and_si512(x, _mm512_set1_epi8(15));
        if (has_high) {
            __mmask64 high = kite_load32(first) | (uint64_t)kite_load32(second) << 32;
            x = _mm512_mask_add_epi8(x, high, x, _mm512_set1_epi8(16));
        }
        o->code[j] = type == KITE_IQ4_NL ? iq4_values(x) : x;
    }
}

#endif
