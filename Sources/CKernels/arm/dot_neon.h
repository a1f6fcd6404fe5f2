// Dot products of four bytes in each of 16 lanes, for attention over 8-bit codes: NEON, in four quarters, by SDOT where
// the level has it. Magnitudes of at most 127 keep the sum of two products below 2^15.
#include <arm_neon.h>

INLINE int32x4_t dot_quarter(int32x4_t sums, int8x16_t a, int8x16_t b) {
#ifdef KITE_DOT_SDOT
    return vdotq_s32(sums, a, b);
#else
    int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
    return vpadalq_s16(sums, vpaddq_s16(low, high));
#endif
}

INLINE i32x16 dot_quarters(i32x16 sums, u8x64 a, int8x16_t b) {
    union {
        i32x16 whole;
        int32x4_t part[4];
    } s = {sums};
    union {
        u8x64 whole;
        int8x16_t part[4];
    } x = {a};
    for (int i = 0; i < 4; i++) s.part[i] = dot_quarter(s.part[i], x.part[i], b);
    return s.whole;
}

/// What a sum over keys starts with.
INLINE i32x16 dot_start(int32_t query_sum) {
    (void)query_sum;
    return (i32x16)0;
}

/// sums + keys . query. Keys have 128 added; `query` is four signed codes.
INLINE i32x16 dot_keys(i32x16 sums, u8x64 keys, int32_t query) {
    return dot_quarters(sums, keys ^ (uint8_t)0x80, vreinterpretq_s8_s32(vdupq_n_s32(query)));
}

/// sums + digits . values. `digits` is four numbers from 0 to 127; values are signed.
INLINE i32x16 dot_values(i32x16 sums, int32_t digits, u8x64 values) {
    return dot_quarters(sums, values, vreinterpretq_s8_s32(vdupq_n_s32(digits)));
}
