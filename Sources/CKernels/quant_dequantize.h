// Decoding of every type to f32, compiled once per CPU level.
#ifndef KITE_QUANT_DEQUANTIZE_H
#define KITE_QUANT_DEQUANTIZE_H

#include "quant_blocks.h"

KITE_INLINE void kite_dequantize_halves(const uint8_t *b, size_t count, float *out) {
    size_t i = 0;
#ifdef KITE_HAS_SIMD_UNPACK
    i = kite_convert_halves(b, count, out);
#endif
    for (; i < count; i++) out[i] = kite_half(kite_load16(b + 2 * i));
}

KITE_INLINE void kite_dequantize_bf16(const uint8_t *b, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)kite_load16(b + 2 * i) << 16;
        memcpy(out + i, &bits, sizeof bits);
    }
}

KITE_INLINE void kite_dequantize256(enum kite_type type, const uint8_t *b, size_t count, float *out) {
    struct kite_block256 block;
    for (size_t i = 0; i < count; i += 256, b += kite_block_bytes(type), out += 256) {
        kite_unpack256(type, b, &block);
        for (int g = 0; g < 16; g++) {
            float d = block.d * (float)block.scale[g];
            if (kite_has_min(type)) {
                float m = block.dmin * (float)block.min[g];
                for (int k = 16 * g; k < 16 * g + 16; k++) out[k] = d * (float)block.code[k] - m;
            } else {
                for (int k = 16 * g; k < 16 * g + 16; k++) out[k] = d * (float)block.code[k];
            }
        }
    }
}

KITE_INLINE void kite_dequantize32(enum kite_type type, const uint8_t *b, size_t count, float *out) {
    struct kite_block32 block;
    for (size_t i = 0; i < count; i += 32, b += kite_block_bytes(type), out += 32) {
        kite_unpack32(type, b, &block);
        if (kite_has_min(type))
            for (int k = 0; k < 32; k++) out[k] = block.d * (float)block.code[k] + block.m;
        else
            for (int k = 0; k < 32; k++) out[k] = block.d * (float)block.code[k];
    }
}

/// A switch over constants, so that each type gets loops of its own.
KITE_INLINE void kite_dequantize_inline(enum kite_type type, const uint8_t *b, size_t count, float *out) {
    switch (type) {
    case KITE_F32: memcpy(out, b, 4 * count); break;
    case KITE_F16: kite_dequantize_halves(b, count, out); break;
    case KITE_BF16: kite_dequantize_bf16(b, count, out); break;
    case KITE_Q4_0: kite_dequantize32(KITE_Q4_0, b, count, out); break;
    case KITE_Q4_1: kite_dequantize32(KITE_Q4_1, b, count, out); break;
    case KITE_Q5_0: kite_dequantize32(KITE_Q5_0, b, count, out); break;
    case KITE_Q5_1: kite_dequantize32(KITE_Q5_1, b, count, out); break;
    case KITE_Q8_0: kite_dequantize32(KITE_Q8_0, b, count, out); break;
    case KITE_IQ4_NL: kite_dequantize32(KITE_IQ4_NL, b, count, out); break;
    case KITE_Q2_K: kite_dequantize256(KITE_Q2_K, b, count, out); break;
    case KITE_Q3_K: kite_dequantize256(KITE_Q3_K, b, count, out); break;
    case KITE_Q4_K: kite_dequantize256(KITE_Q4_K, b, count, out); break;
    case KITE_Q5_K: kite_dequantize256(KITE_Q5_K, b, count, out); break;
    case KITE_Q6_K: kite_dequantize256(KITE_Q6_K, b, count, out); break;
    case KITE_IQ4_XS: kite_dequantize256(KITE_IQ4_XS, b, count, out); break;
    }
}

#endif
