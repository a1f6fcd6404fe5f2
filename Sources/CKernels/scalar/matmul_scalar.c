// Matrix products in plain C: the definition of every result, and what CPUs without SIMD kernels use.
#include <math.h>

#include "../matmul_table.h"
#include "../quant_dequantize.h"

static void dequantize(enum kite_type type, const uint8_t *blocks, size_t count, float *out) {
    kite_dequantize_inline(type, blocks, count, out);
}

static void write_q32(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q32(x, k, columns, record);
}

static void write_q256(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q256(x, k, columns, record);
}

static int32_t dot(const int8_t *weights, const uint8_t *codes, int count) {
    int32_t sum = 0;
    for (int i = 0; i < count; i++) sum += weights[i] * (codes[i] - 128);
    return sum;
}

static void multiply_q256(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    (void)scratch;
    struct kite_block256 block;
    for (size_t row = begin; row < end; row++) {
        float *out = p->out + row;
        for (size_t c = 0; c < p->columns; c++) out[c * p->out_stride] = 0;
        for (size_t slab = 0; slab < p->k / 256; slab++) {
            kite_unpack256(p->type, kite_row(p, row) + slab * kite_block_bytes(p->type), &block);
            const struct kite_record *x = kite_records(p, slab);
            for (size_t c = 0; c < p->columns; c++, x++) {
                int32_t product = 0, minimum = 0;
                for (int g = 0; g < 16; g++) product += block.scale[g] * dot(block.code + 16 * g, x->code + 16 * g, 16);
                float sum = fmaf((float)product, block.d * x->q256.scale, out[c * p->out_stride]);
                if (kite_has_min(p->type)) {
                    for (int g = 0; g < 16; g++) minimum += block.min[g] * x->q256.sum16[g];
                    sum = fmaf((float)minimum, -(block.dmin * x->q256.scale), sum);
                }
                out[c * p->out_stride] = sum;
            }
        }
    }
}

static void multiply_q32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    (void)scratch;
    struct kite_block32 block;
    for (size_t row = begin; row < end; row++) {
        float *out = p->out + row;
        for (size_t c = 0; c < p->columns; c++) out[c * p->out_stride] = 0;
        for (size_t b = 0; b < p->k / 32; b++) {
            kite_unpack32(p->type, kite_row(p, row) + b * kite_block_bytes(p->type), &block);
            const struct kite_record *x = kite_records(p, b / 8);
            for (size_t c = 0; c < p->columns; c++, x++) {
                int32_t product = dot(block.code, x->code + 32 * (b % 8), 32);
                float sum = fmaf((float)product, block.d * x->q32.scale[b % 8], out[c * p->out_stride]);
                if (kite_has_min(p->type)) sum = fmaf(block.m, x->q32.sum[b % 8], sum);
                out[c * p->out_stride] = sum;
            }
        }
    }
}

static float halve(float lanes[16]) {
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

static float dot_f32(const float *w, const float *x, size_t k) {
    float lanes[16] = {0};
    for (size_t i = 0; i < k; i++) lanes[i % 16] = fmaf(w[i], x[i], lanes[i % 16]);
    return halve(lanes);
}

static void multiply_f32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    float *weights = scratch;
    for (size_t row = begin; row < end; row++) {
        dequantize(p->type, kite_row(p, row), p->k, weights);
        for (size_t c = 0; c < p->columns; c++)
            p->out[c * p->out_stride + row] = dot_f32(weights, (const float *)p->panel + c * p->panel_stride, p->k);
    }
}

static float bf16(const void *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    uint32_t bits = (half & 0x7f80) ? (uint32_t)half << 16 : (uint32_t)(half & 0x8000) << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// fma(a, b, c), and zero with the sign of the result where it would be subnormal. Whether it is, is decided after
/// rounding to 24 bits as if exponents had no lower end: hence the second product, out of the subnormal range.
static float fma_to_zero(float a, float b, float c) {
    float sum = fmaf(a, b, c);
    if (fabsf(sum) > 0x1p-126f || sum == 0) return sum;
    return fabsf(fmaf(a * 0x1p64f, b, c * 0x1p64f)) < 0x1p-62f ? copysignf(0, sum) : sum;
}

static void multiply_bf16(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    (void)scratch;
    for (size_t row = begin; row < end; row++)
        for (size_t c = 0; c < p->columns; c++) {
            float lanes[16] = {0};
            for (size_t k = 0; k < (p->k + 31) / 32 * 32; k += 2) {
                const uint16_t *x = (const uint16_t *)p->panel + (k / 256 * p->columns + c) * 256 + k % 256;
                const uint8_t *w = kite_row(p, row) + 2 * k;
                float even = k < p->k ? bf16(w) : 0, odd = k + 1 < p->k ? bf16(w + 2) : 0, *lane = lanes + k / 2 % 16;
                *lane = fma_to_zero(odd, bf16(x + 1), *lane);
                *lane = fma_to_zero(even, bf16(x), *lane);
            }
            p->out[c * p->out_stride + row] = halve(lanes);
        }
}

const struct kite_matmul_table kite_matmul_scalar = {
    dequantize, write_q32, write_q256, {multiply_f32, multiply_q32, multiply_q256, multiply_bf16},
};
