// Scalar twin of float_vector.h: the same numbers in the same order, one at a time, as plainly as possible. It is the
// oracle of the tests and the fallback of unknown processors.
#include <math.h>
#include <string.h>

#include "float_table.h"

static float fma32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// ---- f16 ----

static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31) return float_of(sign | 0x7f800000 | fraction << 13 | (fraction ? 1u << 22 : 0));
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f;
        return float_of(sign | bits_of(magnitude));
    }
    return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

static uint16_t float_to_half(float x) {
    uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 1023));
    if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Below the smallest normal half: adding 0.5 leaves the half's fraction, rounded, in the low bits.
        return (uint16_t)(sign | (bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f)));
    }
    return (uint16_t)(sign | ((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13));
}

static void halves_to_floats(const uint16_t *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = half_to_float(x[i]);
}

static void floats_to_halves(const float *x, uint16_t *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = float_to_half(x[i]);
}

// ---- reductions in lanes ----

/// Halves a row of 16 lanes until one sum is left.
static float sum_lanes(float *lanes) {
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

/// Four accumulators of 16 lanes.
static float sum_accumulators(const float *sums) {
    float lanes[16];
    for (int i = 0; i < 16; i++) lanes[i] = (sums[i] + sums[16 + i]) + (sums[32 + i] + sums[48 + i]);
    return sum_lanes(lanes);
}

static float larger(float a, float b) { return b > a ? b : a; }

static float max_lanes(float *lanes) {
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] = larger(lanes[i], lanes[i + width]);
    return lanes[0];
}

// ---- rows ----

static void layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count,
                       float epsilon) {
    float sums[64] = {0}, squares[64] = {0};
    for (size_t i = 0; i < count; i++) sums[i % 64] += x[i];
    float mean = sum_accumulators(sums) / (float)count;
    for (size_t i = 0; i < count; i++) {
        float d = x[i] - mean;
        squares[i % 64] = fma32(d, d, squares[i % 64]);
    }
    float scale = 1 / sqrtf(sum_accumulators(squares) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) {
        float normal = (x[i] - mean) * scale;
        y[i] = bias ? fma32(normal, weight[i], bias[i]) : normal * weight[i];
    }
}

static void rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon) {
    float squares[64] = {0};
    for (size_t i = 0; i < count; i++) squares[i % 64] = fma32(x[i], x[i], squares[i % 64]);
    float scale = 1 / sqrtf(sum_accumulators(squares) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) y[i] = x[i] * scale * weight[i];
}

static void rotate(float *a, float *b, float cosine, float sine) {
    float x = *a, y = *b;
    *a = fma32(x, cosine, -(y * sine));
    *b = fma32(y, cosine, x * sine);
}

static void rotate_halves(float *x, const float *cosines, const float *sines, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) rotate(&x[i], &x[i + pairs], cosines[i], sines[i]);
}

static void rotate_adjacent(float *x, const float *cosines, const float *sines, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) rotate(&x[2 * i], &x[2 * i + 1], cosines[i], sines[i]);
}

static float exp_of(float x) {
    x = x < KITE_EXP_LOWEST ? KITE_EXP_LOWEST : x;
    x = x > KITE_EXP_HIGHEST ? KITE_EXP_HIGHEST : x;
    float shifted = fma32(x, KITE_LOG2_E, KITE_ROUNDER);
    float n = shifted - KITE_ROUNDER;
    int32_t exponent = (int32_t)(bits_of(shifted) - bits_of(KITE_ROUNDER));
    float r = fma32(n, -KITE_LN2_LOW, fma32(n, -KITE_LN2_HIGH, x));
    float q = fma32(r, KITE_EXP_Q4, KITE_EXP_Q3);
    q = fma32(q, r, KITE_EXP_Q2);
    q = fma32(q, r, KITE_EXP_Q1);
    q = fma32(q, r, KITE_EXP_Q0);
    float y = fma32(q, r * r, r) + 1;
    // 2^n in two factors: one alone would leave the range of normal numbers.
    int32_t half = exponent >> 1;
    return y * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(exponent - half + 127) << 23);
}

static void swiglu(const float *gate, const float *up, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = gate[i] / (1 + exp_of(-gate[i])) * up[i];
}

static void add(float *x, const float *y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}

static void exponentials(const float *x, float *y, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] = exp_of(x[i]);
}

static float max(const float *x, size_t count) {
    float lanes[16];
    for (int i = 0; i < 16; i++) lanes[i] = -INFINITY;
    for (size_t i = 0; i < count; i++) lanes[i % 16] = larger(lanes[i % 16], x[i]);
    return max_lanes(lanes);
}

/// Sum of exp(x - shift); stores the exponentials in y unless it is NULL.
static double exp_sum(const float *x, float shift, float *y, size_t count) {
    double lanes[16] = {0};
    for (size_t i = 0; i < count; i++) {
        float e = exp_of(x[i] - shift);
        lanes[i % 16] += e;
        if (y) y[i] = e;
    }
    for (int width = 8; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

static void multiply(float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

// ---- cache and attention ----

static float element(enum kite_cache_type type, const void *base, size_t i) {
    return type == KITE_CACHE_F16 ? half_to_float(((const uint16_t *)base)[i]) : ((const float *)base)[i];
}

static void set_element(enum kite_cache_type type, void *base, size_t i, float x) {
    if (type == KITE_CACHE_F16)
        ((uint16_t *)base)[i] = float_to_half(x);
    else
        ((float *)base)[i] = x;
}

static void cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                        size_t dim, size_t slot, void *keys, void *values) {
    for (size_t t = 0; t < tokens; t++)
        for (size_t d = 0; d < dim; d++) {
            set_element(type, keys, d * KITE_PAGE_TOKENS + slot + t, k[t * stride + d]);
            set_element(type, values, (slot + t) * dim + d, v[t * stride + d]);
        }
}

/// One query over its pages, with the softmax rescaled page by page.
static void attend_query(const struct kite_attention *a, size_t head, size_t position, const float *query,
                         float *output) {
    size_t low = kite_lowest_key(position, a->window);
    float highest = -INFINITY, sum = 0;
    for (size_t d = 0; d < a->dim; d++) output[d] = 0;
    for (size_t page = low / KITE_PAGE_TOKENS; page <= position / KITE_PAGE_TOKENS; page++) {
        const char *base = (const char *)a->pages[page] + head * a->head_stride;
        const void *keys = base + a->key_offset, *values = base + a->value_offset;
        size_t start = page * KITE_PAGE_TOKENS;
        float scores[KITE_PAGE_TOKENS];
        for (size_t j = 0; j < KITE_PAGE_TOKENS; j++) {
            float dot = 0;
            for (size_t d = 0; d < a->dim; d++)
                dot = fma32(query[d], element(a->type, keys, d * KITE_PAGE_TOKENS + j), dot);
            scores[j] = start + j < low || start + j > position ? -INFINITY : dot * a->scale;
        }
        float lanes[16];
        for (int i = 0; i < 16; i++)
            lanes[i] = larger(larger(scores[i], scores[16 + i]), larger(scores[32 + i], scores[48 + i]));
        float before = highest;
        highest = larger(before, max_lanes(lanes));
        float shrink = exp_of(before - highest);
        for (size_t j = 0; j < KITE_PAGE_TOKENS; j++) scores[j] = exp_of(scores[j] - highest);
        sum = fma32(sum, shrink, sum_accumulators(scores));
        for (size_t d = 0; d < a->dim; d++) {
            float mix = output[d] * shrink;
            for (size_t j = 0; j < KITE_PAGE_TOKENS; j++)
                if (start + j >= low && start + j <= position)
                    mix = fma32(scores[j], element(a->type, values, j * a->dim + d), mix);
            output[d] = mix;
        }
    }
    float factor = 1 / sum;
    for (size_t d = 0; d < a->dim; d++) output[d] *= factor;
}

static void attend(const struct kite_attention *a, float *scratch) {
    (void)scratch;
    for (size_t t = 0; t < a->tokens; t++)
        for (size_t h = 0; h < a->heads * a->group; h++)
            attend_query(a, h / a->group, a->first_position + t, a->queries + t * a->query_stride + h * a->dim,
                         a->output + t * a->output_stride + h * a->dim);
}

const struct kite_float_table kite_float_scalar = {
    layer_norm, rms_norm, rotate_halves, rotate_adjacent,  swiglu,           add,         exponentials,
    max,        exp_sum,  multiply,      halves_to_floats, floats_to_halves, cache_store, attend,
};
