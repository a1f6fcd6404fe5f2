// Matrix products for AVX-512 with VNNI: one set of kernels per type.
#if defined(__x86_64__)
#pragma clang attribute push(                                                                               \
    __attribute__((target("avx2,fma,f16c,bmi,bmi2,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#include "quant_x86.h"

#include "gemv256_avx512.h"
#include "gemv32_avx512.h"
#include "gemv_float_avx512.h"
#include "matmul_bf16_avx512.h"
#include "matmul_float_avx512.h"
#include "matmul_tile_avx512.h"
#include "quant_panel_avx512.h"

static void dequantize(enum kite_type type, const uint8_t *blocks, size_t count, float *out) {
    kite_dequantize_inline(type, blocks, count, out);
}

static void write_q32(const float *x, size_t k, size_t columns, struct kite_record *record) {
    write_q32_avx512(x, k, columns, record);
}

static void write_q256(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q256(x, k, columns, record);
}

static void multiply_floats(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    if (p->columns > 1) return multiply_f32(p, begin, end, scratch);
    switch (p->type) {
    case KITE_F32: gemv_float(KITE_F32, p, begin, end); break;
    case KITE_F16: gemv_float(KITE_F16, p, begin, end); break;
    case KITE_BF16: gemv_float(KITE_BF16, p, begin, end); break;
    default: multiply_f32(p, begin, end, scratch); break;
    }
}

/// The kernels of one type: rows along k for a single column, tiles for more.
#define PRODUCT(TYPE)                                                                                               \
    static void multiply_##TYPE(const struct kite_product *p, size_t begin, size_t end, void *scratch) {            \
        if (p->columns == 1 && kite_is_by_256(KITE_##TYPE))                                                         \
            gemv256(KITE_##TYPE, p, begin, end, scratch);                                                           \
        else if (p->columns == 1)                                                                                   \
            gemv32(KITE_##TYPE, p, begin, end, scratch);                                                            \
        else                                                                                                        \
            tile_rows(KITE_##TYPE, p, begin, end, scratch);                                                         \
    }

PRODUCT(Q4_0)
PRODUCT(Q4_1)
PRODUCT(Q5_0)
PRODUCT(Q5_1)
PRODUCT(Q8_0)
PRODUCT(IQ4_NL)
PRODUCT(Q2_K)
PRODUCT(Q3_K)
PRODUCT(Q4_K)
PRODUCT(Q5_K)
PRODUCT(Q6_K)
PRODUCT(IQ4_XS)

static void multiply_q32(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    switch (p->type) {
    case KITE_Q4_0: multiply_Q4_0(p, begin, end, scratch); break;
    case KITE_Q4_1: multiply_Q4_1(p, begin, end, scratch); break;
    case KITE_Q5_0: multiply_Q5_0(p, begin, end, scratch); break;
    case KITE_Q5_1: multiply_Q5_1(p, begin, end, scratch); break;
    case KITE_Q8_0: multiply_Q8_0(p, begin, end, scratch); break;
    default: multiply_IQ4_NL(p, begin, end, scratch); break;
    }
}

static void multiply_q256(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    switch (p->type) {
    case KITE_Q2_K: multiply_Q2_K(p, begin, end, scratch); break;
    case KITE_Q3_K: multiply_Q3_K(p, begin, end, scratch); break;
    case KITE_Q4_K: multiply_Q4_K(p, begin, end, scratch); break;
    case KITE_Q5_K: multiply_Q5_K(p, begin, end, scratch); break;
    case KITE_Q6_K: multiply_Q6_K(p, begin, end, scratch); break;
    default: multiply_IQ4_XS(p, begin, end, scratch); break;
    }
}

const struct kite_matmul_table kite_matmul_avx512 = {
    dequantize, write_q32, write_q256, {multiply_floats, multiply_q32, multiply_q256, multiply_bf16},
};
#pragma clang attribute pop
#endif
