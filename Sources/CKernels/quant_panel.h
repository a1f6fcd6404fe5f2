// The panel of 8-bit activations, and how a column of it is written. Compiled once per CPU level.
//
// A panel of BF16 has slabs as well: 256 numbers per column, column after column.
//
// A panel is cut into slabs of 256 consecutive k; a slab holds one record per column, column after column, so a sweep
// over the columns of a slab reads memory in order. The record of column c in slab s is number s * columns + c.
#ifndef KITE_QUANT_PANEL_H
#define KITE_QUANT_PANEL_H

#include "quant_blocks.h"
#include "quant_round.h"

/// 256 activations. Codes are stored with 128 added: the unsigned operand of VPDPBUSD, whose other operand, the
/// weights, may then be signed. Past the end of the vector codes are 128 and scales 0.
struct kite_record {
    _Alignas(64) uint8_t code[256];
    union {
        struct {
            float scale[8];
            float sum[8];  ///< scale * (sum of the 32 codes)
        } q32;
        struct {
            int16_t sum16[16];  ///< sums of 16 codes
            int16_t sum32[8];   ///< sums of 32 codes
            float scale;
            float unused[3];
        } q256;
    };
};
_Static_assert(sizeof(struct kite_record) == 320, "five cache lines");

/// Rounds to BF16, ties to even. Subnormal results are zero, and so is what fills the last slab up; NaN is 0x7fc0.
KITE_INLINE void kite_write_bf16(const float *x, size_t k, size_t columns, uint16_t *out) {
    for (size_t at = 0; at < k; at += 256, out += 256 * columns) {
        const size_t count = k - at < 256 ? k - at : 256;
        for (size_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, x + at + i, sizeof bits);
            uint32_t half = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
            half = (half & 0x7f80) ? half : half & 0x8000;
            out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : half);
        }
        memset(out + count, 0, (256 - count) * sizeof *out);
    }
}

KITE_INLINE void kite_write_q256(const float *x, size_t k, size_t columns, struct kite_record *record) {
    for (size_t at = 0; at < k; at += 256, record += columns) {
        record->q256.scale = kite_round_codes(x + at, 256, record->code);
        for (int g = 0; g < 16; g++) {
            int sum = -128 * 16;
            for (int i = 0; i < 16; i++) sum += record->code[16 * g + i];
            record->q256.sum16[g] = (int16_t)sum;
        }
        for (int g = 0; g < 8; g++)
            record->q256.sum32[g] = (int16_t)(record->q256.sum16[2 * g] + record->q256.sum16[2 * g + 1]);
    }
}

KITE_INLINE void kite_write_q32(const float *x, size_t k, size_t columns, struct kite_record *record) {
    for (size_t at = 0; at < k; at += 256, record += columns)
        for (int b = 0; b < 8; b++) {
            uint8_t *code = record->code + 32 * b;
            float scale = 0;
            int sum = -128 * 32;
            if (at + 32 * (size_t)b < k)
                scale = kite_round_codes(x + at + 32 * b, 32, code);
            else
                memset(code, 128, 32);
            for (int i = 0; i < 32; i++) sum += code[i];
            record->q32.scale[b] = scale;
            record->q32.sum[b] = scale * (float)sum;
        }
}

#endif
