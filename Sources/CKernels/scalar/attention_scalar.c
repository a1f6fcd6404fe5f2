// Scalar twin of attention over the KV cache: one query at a time, as plainly as possible.
#include "../quant_round.h"
#include "float_scalar.h"

// ---- places in a head's part of a page ----

static float *key_scales(const void *keys, size_t dim) {
    return (float *)((char *)keys + KITE_PAGE_TOKENS * kite_padded_to_4(dim));
}

static float *value_scales(const void *values, size_t dim) {
    return (float *)((char *)values + KITE_PAGE_TOKENS * dim);
}

static size_t key_index(size_t d, size_t slot) { return (d / 4 * KITE_PAGE_TOKENS + slot) * 4 + d % 4; }

static size_t value_index(size_t d, size_t slot, size_t dim) { return (slot / 4 * dim + d) * 4 + slot % 4; }

static float element(enum kite_cache_type type, const void *base, size_t i) {
    return type == KITE_CACHE_F16 ? half_to_float(((const uint16_t *)base)[i]) : ((const float *)base)[i];
}

// ---- storing ----

static void set_element(enum kite_cache_type type, void *base, size_t i, float x) {
    if (type == KITE_CACHE_F16)
        ((uint16_t *)base)[i] = float_to_half(x);
    else
        ((float *)base)[i] = x;
}

static void store_codes(const float *k, const float *v, size_t dim, size_t slot, uint8_t *keys, uint8_t *values) {
    float key_inverse, value_inverse;
    key_scales(keys, dim)[slot] = kite_code_scale(k, dim, &key_inverse);
    value_scales(values, dim)[slot] = kite_code_scale(v, dim, &value_inverse);
    for (size_t d = 0; d < dim; d++) {
        uint8_t value;
        kite_codes(k + d, 1, key_inverse, keys + key_index(d, slot));
        kite_codes(v + d, 1, value_inverse, &value);
        values[value_index(d, slot, dim)] = value ^ 0x80;
    }
}

void kite_scalar_cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                             size_t dim, size_t slot, void *keys, void *values) {
    for (size_t t = 0; t < tokens; t++) {
        const float *kt = k + t * stride, *vt = v + t * stride;
        if (type == KITE_CACHE_INT8) {
            store_codes(kt, vt, dim, slot + t, keys, values);
            continue;
        }
        for (size_t d = 0; d < dim; d++) {
            set_element(type, keys, d * KITE_PAGE_TOKENS + slot + t, kt[d]);
            set_element(type, values, (slot + t) * dim + d, vt[d]);
        }
    }
}

// ---- attention ----

/// A query, and what it has found: in floats, or for a cache of codes in codes.
struct query {
    const struct kite_attention *attention;
    size_t head, position;
    const float *floats;
    uint8_t *codes;
    float factor;
};

/// exp(x) for x <= 0.
static float weight_of(float x) {
    x = x < KITE_WEIGHT_LOWEST ? KITE_WEIGHT_LOWEST : x;
    float shifted = fma32(x, KITE_LOG2_E, KITE_ROUNDER);
    float n = shifted - KITE_ROUNDER;
    float r = fma32(n, -KITE_LN2_LOW, fma32(n, -KITE_LN2_HIGH, x));
    float q = fma32(r, KITE_EXP_Q4, KITE_EXP_Q3);
    q = fma32(q, r, KITE_EXP_Q2);
    q = fma32(q, r, KITE_EXP_Q1);
    q = fma32(q, r, KITE_EXP_Q0);
    return float_of(bits_of(fma32(q, r * r, r) + 1) + (bits_of(shifted) << 23));
}

static float score(const struct query *q, const void *keys, size_t slot) {
    const struct kite_attention *a = q->attention;
    if (a->type == KITE_CACHE_INT8) {
        int32_t dot = 0;
        for (size_t d = 0; d < a->dim; d++)
            dot += (((const uint8_t *)keys)[key_index(d, slot)] - 128) * (q->codes[d] - 128);
        return (float)dot * key_scales(keys, a->dim)[slot] * q->factor;
    }
    float dot = 0;
    for (size_t d = 0; d < a->dim; d++)
        dot = fma32(q->floats[d], element(a->type, keys, d * KITE_PAGE_TOKENS + slot), dot);
    return dot * a->scale;
}

/// mix = shrink * mix + weights . values, of keys [low, high) of a page.
static void mix_floats(const struct kite_attention *a, const void *values, const float *weights, size_t low,
                       size_t high, float shrink, float *mix) {
    for (size_t d = 0; d < a->dim; d++) {
        float sum = mix[d] * shrink;
        for (size_t j = low; j < high; j++) sum = fma32(weights[j], element(a->type, values, j * a->dim + d), sum);
        mix[d] = sum;
    }
}

static void mix_codes(const struct kite_attention *a, const void *values, const float *weights, size_t low,
                      size_t high, float shrink, float *mix) {
    float products[KITE_PAGE_TOKENS];
    int32_t largest = 0, integers[KITE_PAGE_TOKENS];
    for (size_t j = low; j < high; j++) {
        products[j] = weights[j] * value_scales(values, a->dim)[j];
        int32_t bits = (int32_t)(bits_of(products[j]) & 0x7fffffff);
        largest = bits > largest ? bits : largest;
    }
    struct kite_weight_digits digits = kite_weight_digits(largest);
    for (size_t j = low; j < high; j++)
        integers[j] = bits_of(fma32(products[j], digits.inverse, KITE_ROUNDER)) & 16383;
    for (size_t d = 0; d < a->dim; d++) {
        int32_t sum = 0;
        for (size_t j = low; j < high; j++)
            sum += integers[j] * ((const int8_t *)values)[value_index(d, j, a->dim)];
        mix[d] = fma32((float)sum, digits.factor, mix[d] * shrink);
    }
}

/// What the keys of one span mix to, with the softmax rescaled page by page.
static void attend_span(const struct query *q, size_t span, float *mix, float *highest, float *sum) {
    const struct kite_attention *a = q->attention;
    size_t low = kite_lowest_key(q->position, a->window), end = q->position + 1;
    if (low < span * KITE_SPAN_TOKENS) low = span * KITE_SPAN_TOKENS;
    if (end > (span + 1) * KITE_SPAN_TOKENS) end = (span + 1) * KITE_SPAN_TOKENS;
    *highest = -INFINITY;
    *sum = 0;
    for (size_t d = 0; d < a->dim; d++) mix[d] = 0;
    for (size_t page = low / KITE_PAGE_TOKENS; page * KITE_PAGE_TOKENS < end; page++) {
        const char *base = (const char *)a->pages[page] + q->head * a->head_stride;
        const void *keys = base + a->key_offset, *values = base + a->value_offset;
        size_t start = page * KITE_PAGE_TOKENS, first = low > start ? low - start : 0;
        size_t last = end - start < KITE_PAGE_TOKENS ? end - start : KITE_PAGE_TOKENS;
        float weights[KITE_PAGE_TOKENS], lanes[16];
        for (size_t j = 0; j < KITE_PAGE_TOKENS; j++)
            weights[j] = j < first || j >= last ? -INFINITY : score(q, keys, j);
        for (int i = 0; i < 16; i++)
            lanes[i] = larger(larger(weights[i], weights[16 + i]), larger(weights[32 + i], weights[48 + i]));
        float before = *highest, shrink;
        *highest = larger(before, max_lanes(lanes));
        shrink = weight_of(before - *highest);
        for (size_t j = 0; j < KITE_PAGE_TOKENS; j++)
            weights[j] = j < first || j >= last ? 0 : weight_of(weights[j] - *highest);
        *sum = fma32(*sum, shrink, sum_accumulators(weights));
        (a->type == KITE_CACHE_INT8 ? mix_codes : mix_floats)(a, values, weights, first, last, shrink, mix);
    }
}

/// Adds a span's result to that of the spans before it.
static void merge_span(size_t dim, int is_first, const float *mix, float highest, float sum, float *total,
                       float *all_highest, float *all_sum) {
    if (is_first) {
        memcpy(total, mix, dim * sizeof(float));
        *all_highest = highest;
        *all_sum = sum;
        return;
    }
    float before = *all_highest;
    *all_highest = larger(before, highest);
    float old = weight_of(before - *all_highest), new = weight_of(highest - *all_highest);
    *all_sum = fma32(*all_sum, old, sum * new);
    for (size_t d = 0; d < dim; d++) total[d] = fma32(total[d], old, mix[d] * new);
}

/// Attends, or only adds up what the spans have found.
static void run(const struct kite_attention *a, float *scratch, int attends) {
    float *mix = scratch, *total = mix + a->dim;
    size_t rows = a->tokens * a->group;
    for (size_t i = 0; i < a->heads * rows; i++) {
        size_t head = i / rows, token = i % rows / a->group, column = (head * a->group + i % a->group) * a->dim;
        struct query q = {a, head, a->first_position + token, a->queries + token * a->query_stride + column,
                          (uint8_t *)(total + a->dim), 0};
        if (a->type == KITE_CACHE_INT8) q.factor = kite_round_codes(q.floats, a->dim, q.codes) * a->scale;
        size_t first = kite_lowest_key(q.position, a->window) / KITE_SPAN_TOKENS;
        float highest, sum, all_highest = 0, all_sum = 0;
        for (size_t span = first; span <= q.position / KITE_SPAN_TOKENS; span++) {
            if (attends && a->partials) {
                if (span < a->first_span || span >= a->end_span) continue;
                float *record = kite_attention_partial(a, i, span), *end = record + kite_partial_floats(a->dim) - 16;
                attend_span(&q, span, record, &end[0], &end[1]);
            } else if (attends) {
                attend_span(&q, span, mix, &highest, &sum);
                merge_span(a->dim, span == first, mix, highest, sum, total, &all_highest, &all_sum);
            } else {
                float *record = kite_attention_partial(a, i, span), *end = record + kite_partial_floats(a->dim) - 16;
                merge_span(a->dim, span == first, record, end[0], end[1], total, &all_highest, &all_sum);
            }
        }
        if (attends && a->partials) continue;
        float *output = a->output + token * a->output_stride + column, factor = 1 / all_sum;
        for (size_t d = 0; d < a->dim; d++) output[d] = total[d] * factor;
    }
}

void kite_scalar_attend(const struct kite_attention *a, float *scratch) { run(a, scratch, 1); }

void kite_scalar_merge_spans(const struct kite_attention *a, float *scratch) { run(a, scratch, 0); }
