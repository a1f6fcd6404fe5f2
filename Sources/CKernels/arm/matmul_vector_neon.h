// Products with few columns: a block of a row is unpacked, multiplied along k by each column and summed across.
#ifndef KITE_MATMUL_VECTOR_NEON_H
#define KITE_MATMUL_VECTOR_NEON_H

#include "lanes_neon.h"

/// Most columns for which this is used: more pay for tiles.
#define VECTOR_COLUMNS 3

/// sums + the products of 16 codes, in four lanes.
KITE_INLINE int32x4_t dot16(int32x4_t sums, const int8_t *weights, const uint8_t *codes) {
    int8x16_t w = vld1q_s8(weights), x = (int8x16_t)veorq_u8(vld1q_u8(codes), vdupq_n_u8(128));
#ifdef KITE_DOTPROD
    return vdotq_s32(sums, w, x);
#else
    // 2 * 128 * 127 is below 2^15.
    return vpadalq_s16(sums, vmlal_high_s8(vmull_s8(vget_low_s8(w), vget_low_s8(x)), w, x));
#endif
}

/// Sum of minima times sums of codes.
KITE_INLINE int32_t dot_minima(const uint8_t *min, const int16_t *sums) {
    uint8x16_t m = vld1q_u8(min);
    int16x8_t a = (int16x8_t)vmovl_u8(vget_low_u8(m)), b = (int16x8_t)vmovl_high_u8(m);
    int16x8_t x = vld1q_s16(sums), y = vld1q_s16(sums + 8);
    int32x4_t total = vmlal_high_s16(vmull_s16(vget_low_s16(a), vget_low_s16(x)), a, x);
    return vaddvq_s32(vmlal_high_s16(vmlal_s16(total, vget_low_s16(b), vget_low_s16(y)), b, y));
}

KITE_INLINE void vector_row256(enum kite_type type, const struct kite_product *p, const uint8_t *row, float *sum) {
    const size_t bytes = kite_block_bytes(type);
    for (size_t slab = 0; slab < p->k / 256; slab++) {
        struct kite_block256 w;
        const struct kite_record *x = kite_records(p, slab);
        for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(row + slab * bytes + at + 2048);
        kite_unpack256(type, row + slab * bytes, &w);
        for (size_t c = 0; c < p->columns; c++) {
            int32x4_t total = vdupq_n_s32(0);
            for (int g = 0; g < 16; g++)
                total = vmlaq_n_s32(total, dot16(vdupq_n_s32(0), w.code + 16 * g, x[c].code + 16 * g), w.scale[g]);
            const float a = x[c].q256.scale;
            sum[c] = __builtin_fmaf((float)vaddvq_s32(total), w.d * a, sum[c]);
            if (kite_has_min(type))
                sum[c] = __builtin_fmaf((float)dot_minima(w.min, x[c].q256.sum16), -(w.dmin * a), sum[c]);
        }
    }
}

KITE_INLINE void vector_row32(enum kite_type type, const struct kite_product *p, const uint8_t *row, float *sum) {
    const size_t bytes = kite_block_bytes(type);
    for (size_t b = 0; b < p->k / 32; b++) {
        struct kite_block32 w;
        const struct kite_record *x = kite_records(p, b / 8);
        __builtin_prefetch(row + b * bytes + 2048);
        kite_unpack32(type, row + b * bytes, &w);
        for (size_t c = 0; c < p->columns; c++) {
            const uint8_t *codes = x[c].code + b % 8 * 32;
            int32x4_t total = dot16(dot16(vdupq_n_s32(0), w.code, codes), w.code + 16, codes + 16);
            sum[c] = __builtin_fmaf((float)vaddvq_s32(total), w.d * x[c].q32.scale[b % 8], sum[c]);
            if (kite_has_min(type)) sum[c] = __builtin_fmaf(w.m, x[c].q32.sum[b % 8], sum[c]);
        }
    }
}

/// Rows [begin, end), at most VECTOR_COLUMNS columns.
KITE_INLINE void vector_rows(enum kite_type type, const struct kite_product *p, size_t begin, size_t end) {
    for (size_t row = begin; row < end; row++) {
        float sum[VECTOR_COLUMNS] = {0};
        if (kite_is_by_256(type))
            vector_row256(type, p, kite_row(p, row), sum);
        else
            vector_row32(type, p, kite_row(p, row), sum);
        for (size_t c = 0; c < p->columns; c++) p->out[c * p->out_stride + row] = sum[c];
    }
}

#endif
