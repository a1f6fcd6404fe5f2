// Chooses the kernels of the CPU level in use. The parts that need no SIMD of their own are here.
#include "float_table.h"

#include <math.h>
#include <string.h>

#include "kite_cpu.h"

static const struct kite_float_table *table(void) {
    switch (kite_cpu_current()) {
#if defined(__x86_64__)
    case KITE_CPU_AVX2: return &kite_float_avx2;
    case KITE_CPU_AVXVNNI: return &kite_float_avxvnni;
    case KITE_CPU_AVX512:
    case KITE_CPU_AVX512BF16: return &kite_float_avx512;
#elif defined(__aarch64__)
    case KITE_CPU_NEON: return &kite_float_neon;
    case KITE_CPU_NEON_DOTPROD:
    case KITE_CPU_NEON_I8MM: return &kite_float_neon_dotprod;
#endif
    default: return &kite_float_scalar;
    }
}

void kite_layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count, float epsilon) {
    table()->layer_norm(x, weight, bias, y, count, epsilon);
}

void kite_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon) {
    table()->rms_norm(x, weight, y, count, epsilon);
}

void kite_rotate_halves(float *x, const float *cosines, const float *sines, size_t pairs) {
    table()->rotate_halves(x, cosines, sines, pairs);
}

void kite_rotate_adjacent(float *x, const float *cosines, const float *sines, size_t pairs) {
    table()->rotate_adjacent(x, cosines, sines, pairs);
}

void kite_swiglu(const float *gate, const float *up, float *y, size_t count) { table()->swiglu(gate, up, y, count); }

void kite_add(float *x, const float *y, size_t count) { table()->add(x, y, count); }

void kite_exp(const float *x, float *y, size_t count) { table()->exp(x, y, count); }

float kite_max(const float *x, size_t count) { return table()->max(x, count); }

size_t kite_argmax(const float *x, size_t count) {
    float max = kite_max(x, count);
    for (size_t i = 0; i < count; i++)
        if (x[i] == max) return i;
    return 0;
}

void kite_softmax(const float *x, float *y, size_t count) {
    const struct kite_float_table *kernels = table();
    double sum = kernels->exp_sum(x, kernels->max(x, count), y, count);
    kernels->multiply(y, (float)(1 / sum), count);
}

double kite_log_sum_exp(const float *x, size_t count) {
    const struct kite_float_table *kernels = table();
    float max = kernels->max(x, count);
    return (double)max + log(kernels->exp_sum(x, max, NULL, count));
}

double kite_encode_log_probabilities(const float *x, size_t count, uint16_t *row) {
    const struct kite_float_table *kernels = table();
    float max = kernels->max(x, count), lowest = kernels->min(x, count);
    // Codes cover no more than this below the likeliest.
    if (!(lowest > max + KITE_LOWEST_LOG_PROBABILITY)) lowest = max + KITE_LOWEST_LOG_PROBABILITY;
    double log_sum = (double)max + log(kernels->exp_sum(x, max, NULL, count));
    float header[2] = {(max - lowest) / 65535.0f, (float)((double)lowest - log_sum)};
    memcpy(row, header, sizeof header);
    // Logits that are all but equal have no codes.
    float inverse = header[0] > 0 && 1 / header[0] < INFINITY ? 1 / header[0] : 0;
    kernels->encode_codes(x, lowest, inverse, row + 4, count);
    if (count % 2) row[4 + count] = 0;
    return log_sum;
}

double kite_divergence(const float *x, double log_sum, const uint16_t *row, size_t count) {
    float header[2];
    memcpy(header, row, sizeof header);
    return table()->divergence(x, log_sum, row + 4, header[0], header[1], count);
}

void kite_half_to_float(const uint16_t *x, float *y, size_t count) { table()->half_to_float(x, y, count); }

void kite_float_to_half(const float *x, uint16_t *y, size_t count) { table()->float_to_half(x, y, count); }

void kite_cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                      size_t dim, size_t slot, void *keys, void *values) {
    table()->cache_store(type, k, v, stride, tokens, dim, slot, keys, values);
}

size_t kite_partial_floats(size_t dim) { return (dim + 15) / 16 * 16 + 16; }

/// Per row: query, mix of a span and of all before it padded to whole vectors, a page's scores, maxima and sums. Then
/// one page's keys and values in f32, with room to read a vector past the last.
size_t kite_attention_scratch(size_t rows, size_t dim) {
    size_t padded = (dim + 15) / 16 * 16;
    return rows * (3 * padded + KITE_PAGE_TOKENS + 16) + 2 * KITE_PAGE_TOKENS * padded + 64;
}

void kite_attend(const struct kite_attention *attention, float *scratch) { table()->attend(attention, scratch); }

void kite_merge_spans(const struct kite_attention *attention, float *scratch) {
    table()->merge_spans(attention, scratch);
}

void kite_low_rank_add(const struct kite_low_rank *product, size_t begin, size_t end, float *out, size_t out_stride) {
    if (begin < end) table()->low_rank_add(product, begin, end, out, out_stride);
}
