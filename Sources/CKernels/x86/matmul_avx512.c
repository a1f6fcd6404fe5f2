// Matrix products for AVX-512 with VNNI: one set of kernels per type.
#if defined(__x86_64__)
#pragma clang attribute push(                                                                        \
    __attribute__((target("avx2,fma,f16c,bmi,bmi2,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
    apply_to = function)

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

/// Rows along k for a single column, tiles for more.
KITE_INLINE void multiply(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    if (p->columns == 1 && kite_is_by_256(type))
        gemv256(type, p, begin, end, scratch);
    else if (p->columns == 1)
        gemv32(type, p, begin, end, scratch);
    else
        tile_rows(type, p, begin, end, scratch);
}

#include "../matmul_types.h"

const struct kite_matmul_table kite_matmul_avx512 = {
    dequantize, write_q32, write_q256, {multiply_floats, multiply_q32, multiply_q256, multiply_bf16},
};
#pragma clang attribute pop
#endif
