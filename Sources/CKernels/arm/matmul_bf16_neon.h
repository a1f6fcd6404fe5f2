// Products of BF16 weights with BF16 activations: the 16 lanes of kite_matmul.h in four registers.
//
// Operands and results that are subnormal must count as zero, by a rule (after rounding) that FPCR.FZ does not follow.
// Weights and sums that small do not occur in practice: they are watched for, and a row that had one, or the smallest
// normal number, is left to the scalar twin.
#ifndef KITE_MATMUL_BF16_NEON_H
#define KITE_MATMUL_BF16_NEON_H

#include <arm_neon.h>

#include "../matmul_table.h"

/// Most columns of a register tile.
#define BF16_COLUMNS 3

/// The smallest magnitude seen so far, doubled, less one: zero does not count.
KITE_INLINE uint32x4_t watch(uint32x4_t least, float32x4_t x) {
    uint32x4_t doubled = vshlq_n_u32(vreinterpretq_u32_f32(x), 1);
    return vminq_u32(least, vsubq_u32(doubled, vdupq_n_u32(1)));
}

KITE_INLINE float32x4_t odd_numbers(uint32x4_t pairs) {
    return vreinterpretq_f32_u32(vandq_u32(pairs, vdupq_n_u32(0xffff0000)));
}

KITE_INLINE float32x4_t even_numbers(uint32x4_t pairs) { return vreinterpretq_f32_u32(vshlq_n_u32(pairs, 16)); }

/// One row by `columns` (a constant) columns. Returns whether the scalar twin has to do it.
KITE_INLINE int bf16_row(const struct kite_product *p, const uint8_t *row, size_t column, int columns, float *out) {
    float32x4_t sum[BF16_COLUMNS][4];
    uint32x4_t least = vdupq_n_u32(UINT32_MAX);
    uint8_t last[64] = {0};
    for (int c = 0; c < columns; c++)
        for (int i = 0; i < 4; i++) sum[c][i] = vdupq_n_f32(0);
    for (size_t k = 0; k < p->k; k += 32) {
        const uint16_t *x = (const uint16_t *)p->panel + (k / 256 * p->columns + column) * 256 + k % 256;
        const uint8_t *w = row + 2 * k;
        if (p->k - k < 32) w = memcpy(last, w, 2 * (p->k - k));
        for (int i = 0; i < 4; i++) {
            const uint32x4_t pairs = vreinterpretq_u32_u8(vld1q_u8(w + 16 * i));
            const float32x4_t odd = odd_numbers(pairs), even = even_numbers(pairs);
            least = watch(watch(least, odd), even);
            for (int c = 0; c < columns; c++) {
                const uint32x4_t numbers = vreinterpretq_u32_u16(vld1q_u16(x + 256 * c + 8 * i));
                const float32x4_t first = odd_numbers(numbers), second = even_numbers(numbers);
                sum[c][i] = vfmaq_f32(sum[c][i], odd, first);
                least = watch(watch(least, first), sum[c][i]);
                sum[c][i] = vfmaq_f32(sum[c][i], even, second);
                least = watch(watch(least, second), sum[c][i]);
            }
        }
    }
    for (int c = 0; c < columns; c++) {
        float32x4_t low = vaddq_f32(sum[c][0], sum[c][2]), high = vaddq_f32(sum[c][1], sum[c][3]);
        float32x4_t four = vaddq_f32(low, high);
        float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
        out[(column + (size_t)c) * p->out_stride] = vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
    }
    return vminvq_u32(least) < 2 * 0x00800000u;
}

static void multiply_bf16(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    for (size_t r = begin; r < end; r++) {
        const uint8_t *row = kite_row(p, r);
        int is_small = 0;
        size_t c = 0;
        for (; c + BF16_COLUMNS <= p->columns; c += BF16_COLUMNS)
            is_small |= bf16_row(p, row, c, BF16_COLUMNS, p->out + r);
        for (; c < p->columns; c++) is_small |= bf16_row(p, row, c, 1, p->out + r);
        if (is_small) kite_matmul_scalar.multiply[KITE_ACTIVATIONS_BF16](p, r, r + 1, scratch);
    }
}

#endif
