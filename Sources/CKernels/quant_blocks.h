// The quantized block formats, taken apart into signed codes, integer scales and floats.
//
// Included by one file per CPU level, so that the compiler vectorises the loops for it.
#ifndef KITE_QUANT_BLOCKS_H
#define KITE_QUANT_BLOCKS_H

#include <string.h>

#include "kite_matmul.h"

#define KITE_INLINE static inline __attribute__((always_inline, unused))

/// A block of 256: number k is d * scale[k / 16] * code[k] - dmin * min[k / 16]. Formats with groups of 32 repeat.
struct kite_block256 {
    _Alignas(64) int8_t code[256];
    int8_t scale[16];
    uint8_t min[16];
    float d, dmin;
};

/// A block of 32: number k is d * code[k] + m.
struct kite_block32 {
    _Alignas(32) int8_t code[32];
    float d, m;
};

/// Values of the 16 codes of IQ4_NL and IQ4_XS.
static const int8_t kite_iq4_values[16] __attribute__((unused)) = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                                   1,    13,   25,  38,  53,  69,  89,  113};

KITE_INLINE uint16_t kite_load16(const uint8_t *p) {
    uint16_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

KITE_INLINE uint32_t kite_load32(const uint8_t *p) {
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

#ifndef KITE_HAS_SIMD_UNPACK
/// IEEE half to single. Both branches are computed: no jumps in vectorised loops.
KITE_INLINE float kite_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
    uint32_t normal = (magnitude << 13) + (112u << 23);
    if (magnitude >= 0x7c00) normal += 112u << 23;
    float small = (float)(int32_t)magnitude * 0x1p-24f;
    uint32_t subnormal;
    memcpy(&subnormal, &small, sizeof small);
    uint32_t bits = sign | (magnitude < 0x400 ? subnormal : normal);
    float result;
    memcpy(&result, &bits, sizeof bits);
    return result;
}

/// 16 bytes of nibbles to the 32 numbers of IQ4_NL.
KITE_INLINE void kite_unpack_iq4(const uint8_t *b, int8_t *code) {
    for (int i = 0; i < 16; i++) {
        code[i] = kite_iq4_values[b[i] & 15];
        code[i + 16] = kite_iq4_values[b[i] >> 4];
    }
}
#endif

/// The 6-bit scales and minima of Q4_K and Q5_K: b[0..3] and b[4..7] hold the first four of each, whose top bits are
/// bits 4 and 5 of the last four; b[8..11] holds the low nibbles of those.
KITE_INLINE void kite_unpack_scales_k4(const uint8_t *restrict b, int8_t *restrict scale, uint8_t *restrict min) {
    for (int j = 0; j < 4; j++) {
        scale[2 * j] = scale[2 * j + 1] = (int8_t)(b[j] & 63);
        min[2 * j] = min[2 * j + 1] = b[j + 4] & 63;
        scale[2 * j + 8] = scale[2 * j + 9] = (int8_t)((b[j + 8] & 15) | (b[j] >> 6 << 4));
        min[2 * j + 8] = min[2 * j + 9] = (uint8_t)((b[j + 8] >> 4) | (b[j + 4] >> 6 << 4));
    }
}

/// Q2_K: scales 16 (low nibble scale, high nibble minimum), codes 64, d, dmin.
KITE_INLINE void kite_unpack_q2_k(const uint8_t *restrict b, struct kite_block256 *restrict o) {
    for (int i = 0; i < 16; i++) {
        o->scale[i] = (int8_t)(b[i] & 15);
        o->min[i] = b[i] >> 4;
    }
    for (int half = 0; half < 2; half++)
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 32; i++)
                o->code[128 * half + 32 * part + i] = (int8_t)(b[16 + 32 * half + i] >> 2 * part & 3);
    o->d = kite_half(kite_load16(b + 80));
    o->dmin = kite_half(kite_load16(b + 82));
}

/// Q3_K: high bits 32 (bit g of byte i: number 32 g + i), low bits 64, scales 12 (16 of 6 bits, less 32), d.
KITE_INLINE void kite_unpack_q3_k(const uint8_t *restrict b, struct kite_block256 *restrict o) {
    for (int i = 0; i < 16; i++) {
        int low = i < 8 ? b[96 + i] & 15 : b[96 + i - 8] >> 4;
        o->scale[i] = (int8_t)((low | (b[104 + i % 4] >> 2 * (i / 4) & 3) << 4) - 32);
    }
    for (int half = 0; half < 2; half++)
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 32; i++) {
                int low = b[32 + 32 * half + i] >> 2 * part & 3, high = b[i] >> (4 * half + part) & 1;
                o->code[128 * half + 32 * part + i] = (int8_t)(low + 4 * high - 4);
            }
    o->d = kite_half(kite_load16(b + 108));
}

/// Q4_K: d, dmin, scales 12, codes 128.
KITE_INLINE void kite_unpack_q4_k(const uint8_t *restrict b, struct kite_block256 *restrict o) {
    kite_unpack_scales_k4(b + 4, o->scale, o->min);
    for (int g = 0; g < 4; g++)
        for (int i = 0; i < 32; i++) {
            o->code[64 * g + i] = (int8_t)(b[16 + 32 * g + i] & 15);
            o->code[64 * g + 32 + i] = (int8_t)(b[16 + 32 * g + i] >> 4);
        }
    o->d = kite_half(kite_load16(b));
    o->dmin = kite_half(kite_load16(b + 2));
}

/// Q5_K: d, dmin, scales 12, fifth bits 32 (bit g of byte i: number 32 g + i), codes 128.
KITE_INLINE void kite_unpack_q5_k(const uint8_t *restrict b, struct kite_block256 *restrict o) {
    kite_unpack_scales_k4(b + 4, o->scale, o->min);
    for (int g = 0; g < 4; g++)
        for (int i = 0; i < 32; i++) {
            int code = b[48 + 32 * g + i], high = b[16 + i] >> 2 * g;
            o->code[64 * g + i] = (int8_t)((code & 15) | (high & 1) << 4);
            o->code[64 * g + 32 + i] = (int8_t)(code >> 4 | (high >> 1 & 1) << 4);
        }
    o->d = kite_half(kite_load16(b));
    o->dmin = kite_half(kite_load16(b + 2));
}

/// Q6_K: low nibbles 128, high pairs 64, scales 16 (signed), d.
KITE_INLINE void kite_unpack_q6_k(const uint8_t *restrict b, struct kite_block256 *restrict o) {
    memcpy(o->scale, b + 192, 16);
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 32; i++) {
            int first = b[64 * half + i], second = b[64 * half + 32 + i], high = b[128 + 32 * half + i];
            int8_t *code = o->code + 128 * half + i;
            code[0] = (int8_t)(((first & 15) | (high & 3) << 4) - 32);
            code[32] = (int8_t)(((second & 15) | (high >> 2 & 3) << 4) - 32);
            code[64] = (int8_t)((first >> 4 | (high >> 4 & 3) << 4) - 32);
            code[96] = (int8_t)((second >> 4 | (high >> 6 & 3) << 4) - 32);
        }
    o->d = kite_half(kite_load16(b + 208));
}

/// IQ4_XS: d, high pairs of the scales u16, low nibbles of the scales 4, codes 128 as in IQ4_NL.
KITE_INLINE void kite_unpack_iq4_xs(const uint8_t *restrict b, struct kite_block256 *restrict o) {
    uint32_t high = kite_load16(b + 2);
    for (int g = 0; g < 8; g++) {
        uint32_t low = b[4 + g / 2] >> 4 * (g % 2) & 15;
        o->scale[2 * g] = o->scale[2 * g + 1] = (int8_t)((int)(low | (high >> 2 * g & 3) << 4) - 32);
        kite_unpack_iq4(b + 8 + 16 * g, o->code + 32 * g);
    }
    o->d = kite_half(kite_load16(b));
}

/// Takes a block of 256 apart. `min` and `dmin` are set for Q2_K, Q4_K and Q5_K only.
KITE_INLINE void kite_unpack256(enum kite_type type, const uint8_t *restrict b, struct kite_block256 *restrict o) {
    switch (type) {
    case KITE_Q2_K: kite_unpack_q2_k(b, o); break;
    case KITE_Q3_K: kite_unpack_q3_k(b, o); break;
    case KITE_Q4_K: kite_unpack_q4_k(b, o); break;
    case KITE_Q5_K: kite_unpack_q5_k(b, o); break;
    case KITE_Q6_K: kite_unpack_q6_k(b, o); break;
    default: kite_unpack_iq4_xs(b, o); break;
    }
}

/// Takes a block of 32 apart. `m` is set for Q4_1 and Q5_1 only.
KITE_INLINE void kite_unpack32(enum kite_type type, const uint8_t *restrict b, struct kite_block32 *restrict o) {
    o->d = kite_half(kite_load16(b));
    if (type == KITE_Q8_0) {
        memcpy(o->code, b + 2, 32);
        return;
    }
    if (type == KITE_IQ4_NL) {
        kite_unpack_iq4(b + 2, o->code);
        return;
    }
    int has_m = type == KITE_Q4_1 || type == KITE_Q5_1, has_high = type == KITE_Q5_0 || type == KITE_Q5_1;
    if (has_m) o->m = kite_half(kite_load16(b + 2));
    const uint8_t *codes = b + 2 + 2 * has_m + 4 * has_high;
    uint32_t high = has_high ? kite_load32(b + 2 + 2 * has_m) : 0;
    for (int i = 0; i < 16; i++) {
        int first = codes[i] & 15, second = codes[i] >> 4;
        if (type == KITE_Q4_0) {
            first -= 8;
            second -= 8;
        } else if (has_high) {
            first = (first | (int)(high >> i & 1) << 4) - (has_m ? 0 : 16);
            second = (second | (int)(high >> (i + 16) & 1) << 4) - (has_m ? 0 : 16);
        }
        o->code[i] = (int8_t)first;
        o->code[i + 16] = (int8_t)second;
    }
}

/// Whether blocks are of 256 numbers, with integer scales inside.
KITE_INLINE int kite_is_by_256(enum kite_type type) {
    return (type >= KITE_Q2_K && type <= KITE_Q6_K) || type == KITE_IQ4_XS;
}

KITE_INLINE int kite_has_min(enum kite_type type) {
    return type == KITE_Q4_1 || type == KITE_Q5_1 || type == KITE_Q2_K || type == KITE_Q4_K || type == KITE_Q5_K;
}

KITE_INLINE size_t kite_block_bytes(enum kite_type type) {
    switch (type) {
    case KITE_F32: return 4;
    case KITE_F16:
    case KITE_BF16: return 2;
    case KITE_Q4_0:
    case KITE_IQ4_NL: return 18;
    case KITE_Q4_1: return 20;
    case KITE_Q5_0: return 22;
    case KITE_Q5_1: return 24;
    case KITE_Q8_0: return 34;
    case KITE_Q2_K: return 84;
    case KITE_Q3_K: return 110;
    case KITE_Q4_K: return 144;
    case KITE_Q5_K: return 176;
    case KITE_Q6_K: return 210;
    case KITE_IQ4_XS: return 136;
    }
    return 0;
}

#endif
