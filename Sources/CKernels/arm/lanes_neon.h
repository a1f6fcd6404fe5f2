// What matmul_lanes.h needs, for NEON. Activations become signed as they are loaded.
//
//   plain        a lane is a row; SMLAL adds products in 16 bits. 8 products of codes to 32, and 2 of 8 bits
//                (2 * 128 * 127 = 32,512), stay below 2^15.
//   KITE_DOTPROD a lane is a row; SDOT adds four products in 32 bits.
//   KITE_I8MM    two rows by two columns; SMMLA multiplies 2 x 8 by 8 x 2.
#ifndef KITE_LANES_NEON_H
#define KITE_LANES_NEON_H

#include <arm_neon.h>

#include "../matmul_table.h"

#define LANES 4
#if defined(KITE_I8MM)
#define LANE_COLUMNS 2
#define LANE_NUMBERS 8
#define STEP_TILES 4
#define STEP 4
#elif defined(KITE_DOTPROD)
#define LANE_COLUMNS 1
#define LANE_NUMBERS 4
#define STEP_TILES 2
#define STEP 6
#else
#define LANE_COLUMNS 1
#define LANE_NUMBERS 4
#define STEP_TILES 2
#define STEP 4
#endif
#define ROWS_PER_TILE (LANES / LANE_COLUMNS)

typedef float floats __attribute__((ext_vector_type(4)));
typedef int32_t ints __attribute__((ext_vector_type(4)));
typedef int8x16_t bytes, operand;

struct tile {
    bytes code[256 / LANE_NUMBERS];  ///< LANE_NUMBERS consecutive numbers of each row
    ints scale[16];                  ///< per group of a block of 256
    ints min[8];                     ///< minima of groups 2 g and 2 g + 1, 16 bits each
    ints start[8];                   ///< zeros: nothing to make up for
    floats d, dmin;
    floats d32[8], m32[8];
};

/// Numbers that share a scale.
KITE_INLINE int group_of(enum kite_type type) {
    return type == KITE_Q4_K || type == KITE_Q5_K || type == KITE_IQ4_XS ? 32 : 16;
}

KITE_INLINE int step_of(enum kite_type type) {
    (void)type;
    return STEP;
}

KITE_INLINE floats fused(floats a, floats b, floats c) { return __builtin_elementwise_fma(a, b, c); }

/// The word at `p` for the lanes of a column, that `stride` bytes on for those of the next.
KITE_INLINE ints column_words(const void *p, size_t stride) {
    int32_t first, second;
    memcpy(&first, p, sizeof first);
    if (LANE_COLUMNS == 1) return first;
    memcpy(&second, (const char *)p + stride, sizeof second);
    return (ints){first, first, second, second};
}

KITE_INLINE ints add_minima(ints sum, ints a, ints b) {
    int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
    return sum + (ints)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}

KITE_INLINE operand load_codes(enum kite_type type, const uint8_t *codes, size_t stride, int at, int q) {
    (void)type;
    const uint8x16_t bias = vdupq_n_u8(128);
#ifdef KITE_I8MM
    codes += 8 * (at + q);
    return (int8x16_t)veorq_u8(vcombine_u8(vld1_u8(codes), vld1_u8(codes + stride)), bias);
#else
    // 16 codes at a time, of which a lane is taken: SDOT by element.
    (void)stride;
    ints four = (ints)veorq_u8(vld1q_u8(codes + 16 * ((at + q) / 4)), bias);
    return (int8x16_t)vdupq_n_s32(four[(at + q) % 4]);
#endif
}

#ifdef KITE_DOTPROD
typedef ints partial;

KITE_INLINE int is_premultiplied(enum kite_type type) { return type == KITE_Q2_K || type == KITE_Q3_K; }

KITE_INLINE int batch_of(enum kite_type type) {
    (void)type;
    return 64;
}

KITE_INLINE partial no_products(void) { return 0; }

KITE_INLINE partial add_products(enum kite_type type, partial sum, bytes weights, operand codes) {
    (void)type;
#ifdef KITE_I8MM
    return (ints)vmmlaq_s32((int32x4_t)sum, codes, weights);
#else
    return (ints)vdotq_s32((int32x4_t)sum, weights, codes);
#endif
}

KITE_INLINE ints widened(partial sum) { return sum; }
#else
typedef struct {
    int16x8_t low, high;
} partial;

KITE_INLINE int is_premultiplied(enum kite_type type) {
    (void)type;
    return 0;
}

KITE_INLINE int batch_of(enum kite_type type) {
    return type == KITE_Q8_0 || type == KITE_IQ4_NL || type == KITE_IQ4_XS ? 2 : 8;
}

KITE_INLINE partial no_products(void) { return (partial){vdupq_n_s16(0), vdupq_n_s16(0)}; }

KITE_INLINE partial add_products(enum kite_type type, partial sum, bytes weights, operand codes) {
    (void)type;
    return (partial){vmlal_s8(sum.low, vget_low_s8(weights), vget_low_s8(codes)),
                     vmlal_high_s8(sum.high, weights, codes)};
}

KITE_INLINE ints widened(partial sum) { return (ints)vpaddq_s32(vpaddlq_s16(sum.low), vpaddlq_s16(sum.high)); }
#endif

KITE_INLINE ints add_sums(ints total, partial sum) { return total + widened(sum); }

KITE_INLINE ints add_scaled(ints total, partial sum, ints scale) { return total + widened(sum) * scale; }

/// Sets the lanes of a row.
KITE_INLINE void put_int(ints *v, int row, int32_t x) {
    for (int c = 0; c < LANE_COLUMNS; c++) (*v)[c * ROWS_PER_TILE + row] = x;
}

KITE_INLINE void put_float(floats *v, int row, float x) {
    for (int c = 0; c < LANE_COLUMNS; c++) (*v)[c * ROWS_PER_TILE + row] = x;
}

/// `numbers` codes of each row to registers of LANE_NUMBERS codes of each row.
KITE_INLINE void interleave(const int8_t *const code[ROWS_PER_TILE], int numbers, bytes *out) {
    for (int k = 0; k < numbers; k += 16) {
#ifdef KITE_I8MM
        uint64x2x2_t x = {{(uint64x2_t)vld1q_s8(code[0] + k), (uint64x2_t)vld1q_s8(code[1] + k)}};
        vst2q_u64((uint64_t *)(out + k / 8), x);
#else
        uint32x4x4_t x;
        for (int r = 0; r < 4; r++) x.val[r] = (uint32x4_t)vld1q_s8(code[r] + k);
        vst4q_u32((uint32_t *)(out + k / 4), x);
#endif
    }
}

KITE_INLINE void pack256(enum kite_type type, const uint8_t *const row[ROWS_PER_TILE], struct tile *t) {
    struct kite_block256 block[ROWS_PER_TILE];
    const int8_t *code[ROWS_PER_TILE];
    const int group = group_of(type), each = group / 16;
    t->start[0] = 0;
    for (int r = 0; r < ROWS_PER_TILE; r++) {
        struct kite_block256 *b = &block[r];
        kite_unpack256(type, row[r], b);
        code[r] = b->code;
        if (is_premultiplied(type)) {
            // The highest product of Q3_K is 128 = -32 * -4: with the sign turned it fits.
            const int sign = type == KITE_Q3_K ? -1 : 1;
            for (int k = 0; k < 256; k++) b->code[k] = (int8_t)(sign * b->scale[k / 16] * b->code[k]);
            b->d *= (float)sign;
        } else {
            for (int g = 0; g < 256 / group; g++) put_int(&t->scale[g], r, b->scale[each * g]);
        }
        put_float(&t->d, r, b->d);
        if (!kite_has_min(type)) continue;
        for (int g = 0; g < 128 / group; g++)
            put_int(&t->min[g], r, b->min[2 * each * g] | b->min[2 * each * g + each] << 16);
        put_float(&t->dmin, r, b->dmin);
    }
    interleave(code, 256, t->code);
}

KITE_INLINE void pack32(enum kite_type type, const uint8_t *const row[ROWS_PER_TILE], int blocks, struct tile *t) {
    for (int b = 0; b < blocks; b++) {
        struct kite_block32 block[ROWS_PER_TILE];
        const int8_t *code[ROWS_PER_TILE];
        t->start[b] = 0;
        for (int r = 0; r < ROWS_PER_TILE; r++) {
            kite_unpack32(type, row[r] + (size_t)b * kite_block_bytes(type), &block[r]);
            code[r] = block[r].code;
            put_float(&t->d32[b], r, block[r].d);
            if (kite_has_min(type)) put_float(&t->m32[b], r, block[r].m);
        }
        interleave(code, 32, t->code + 32 / LANE_NUMBERS * b);
    }
}

#endif
