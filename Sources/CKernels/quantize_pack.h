// Codes, one per byte, into the bit layouts of the blocks.
#ifndef KITE_QUANTIZE_PACK_H
#define KITE_QUANTIZE_PACK_H

#include "quantize_table.h"

/// 32 codes of 4 bits: number i in the low half of byte i, number i + 16 in the high half.
KITE_QUANTIZE_INLINE void pack_nibbles(const uint8_t *codes, uint8_t *out) {
    for (int i = 0; i < 16; i++) out[i] = (uint8_t)((codes[i] & 15) | codes[i + 16] << 4);
}

/// The fifth bits of 32 codes: number i in bit i.
KITE_QUANTIZE_INLINE void pack_fifth_bits(const uint8_t *codes, uint8_t *out) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) bits |= (uint32_t)(codes[i] >> 4 & 1) << i;
    memcpy(out, &bits, sizeof bits);
}

/// 256 codes, their low two bits: in each half, byte i holds numbers i, i + 32, i + 64 and i + 96.
KITE_QUANTIZE_INLINE void pack_pairs(const uint8_t *codes, uint8_t *out) {
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *c = codes + 128 * half + i;
            out[32 * half + i] =
                (uint8_t)((c[0] & 3) | (c[32] & 3) << 2 | (c[64] & 3) << 4 | (c[96] & 3) << 6);
        }
}

/// 256 codes: bit `bit` of number 32 g + i becomes bit g of byte i.
KITE_QUANTIZE_INLINE void pack_high_bits(const uint8_t *codes, int bit, uint8_t *out) {
    for (int i = 0; i < 32; i++) {
        int bits = 0;
        for (int g = 0; g < 8; g++) bits |= (codes[32 * g + i] >> bit & 1) << g;
        out[i] = (uint8_t)bits;
    }
}

/// 256 codes, their low four bits: in each quarter, byte i holds numbers i and i + 32.
KITE_QUANTIZE_INLINE void pack_quarters(const uint8_t *codes, uint8_t *out) {
    for (int quarter = 0; quarter < 4; quarter++)
        for (int i = 0; i < 32; i++)
            out[32 * quarter + i] =
                (uint8_t)((codes[64 * quarter + i] & 15) | codes[64 * quarter + 32 + i] << 4);
}

/// 256 codes of 6 bits as Q6_K has them: 128 bytes of low nibbles, 64 of high pairs.
KITE_QUANTIZE_INLINE void pack_six_bits(const uint8_t *codes, uint8_t *low, uint8_t *high) {
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *c = codes + 128 * half + i;
            low[64 * half + i] = (uint8_t)((c[0] & 15) | c[64] << 4);
            low[64 * half + 32 + i] = (uint8_t)((c[32] & 15) | c[96] << 4);
            high[32 * half + i] =
                (uint8_t)(c[0] >> 4 | c[32] >> 4 << 2 | c[64] >> 4 << 4 | c[96] >> 4 << 6);
        }
}

/// Eight scales and eight minima of 6 bits as Q4_K and Q5_K have them. Bits above belong to nobody, but stay where the
/// first four have their own byte.
KITE_QUANTIZE_INLINE void pack_scales_k4(const uint8_t *scale, const uint8_t *min, uint8_t *out) {
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(scale[i] | scale[i + 4] >> 4 << 6);
        out[i + 4] = (uint8_t)(min[i] | min[i + 4] >> 4 << 6);
        out[i + 8] = (uint8_t)((scale[i + 4] & 15) | (min[i + 4] & 15) << 4);
    }
}

/// Sixteen scales of 6 bits as Q3_K has them.
KITE_QUANTIZE_INLINE void pack_scales_q3_k(const uint8_t *scale, uint8_t *out) {
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)((scale[i] & 15) | (scale[i + 8] & 15) << 4);
    for (int i = 0; i < 4; i++) {
        int bits = 0;
        for (int part = 0; part < 4; part++) bits |= scale[i + 4 * part] >> 4 << 2 * part;
        out[8 + i] = (uint8_t)bits;
    }
}

#endif
