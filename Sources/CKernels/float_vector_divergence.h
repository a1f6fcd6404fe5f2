// Part of float_vector.h: log-probabilities in 16-bit codes, and the divergence of logits from them.

INLINE f32x16 smaller(f32x16 a, f32x16 b) { return b < a ? b : a; }

static float min(const float *x, size_t count) {
    f32x16 lanes = INFINITY;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) lanes = smaller(lanes, load(x + i));
    if (i < count) lanes = smaller(lanes, load_part(x + i, count - i, INFINITY));
    return -max_lanes(-lanes);
}

INLINE u16x16 codes_of(f32x16 x, float lowest, float inverse) {
    f32x16 shifted = (x - lowest) * inverse + KITE_ROUNDER;
    i32x16 codes = bits_of(shifted) - bits_of((f32x16)KITE_ROUNDER);
    return __builtin_convertvector(x > lowest ? codes : 0, u16x16);
}

static void encode_codes(const float *x, float lowest, float inverse, uint16_t *codes, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) *(u16x16u *)(codes + i) = codes_of(load(x + i), lowest, inverse);
    if (i < count) {
        u16x16 part = codes_of(load_part(x + i, count - i, lowest), lowest, inverse);
        memcpy(codes + i, &part, (count - i) * sizeof(uint16_t));
    }
}

/// p * (log p - log q), 0 where log p is too low to count.
INLINE f64x16 divergence_terms(f32x16 log_p, f32x16 x, double log_sum) {
    f64x16 difference = __builtin_convertvector(log_p, f64x16) - (__builtin_convertvector(x, f64x16) - log_sum);
    f32x16 p = exp16(log_p);
    f64x16 terms = __builtin_convertvector(p, f64x16) * difference;
    typedef int64_t i64x16 __attribute__((ext_vector_type(16)));
    i64x16 counts = __builtin_convertvector(log_p > KITE_LOWEST_LOG_PROBABILITY, i64x16);
    return counts ? terms : 0.0;
}

static double divergence(const float *x, double log_sum, const uint16_t *codes, float scale, float lowest,
                         size_t count) {
    f64x16 lanes = 0.0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 numbers = __builtin_convertvector(*(const u16x16u *)(codes + i), f32x16);
        lanes += divergence_terms(fma16(numbers, (f32x16)scale, (f32x16)lowest), load(x + i), log_sum);
    }
    if (i < count) {
        u16x16 part = 0;
        memcpy(&part, codes + i, (count - i) * sizeof(uint16_t));
        f32x16 log_p = fma16(__builtin_convertvector(part, f32x16), (f32x16)scale, (f32x16)lowest);
        // The lanes that are not there have no probability.
        f32x16 present = -INFINITY;
        memcpy(&present, &log_p, (count - i) * sizeof(float));
        lanes += divergence_terms(present, load_part(x + i, count - i, 0), log_sum);
    }
    f64x8 a = lanes.lo + lanes.hi;
    f64x4 b = a.lo + a.hi;
    return (b[0] + b[2]) + (b[1] + b[3]);
}
