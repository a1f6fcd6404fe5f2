// The table of a level with 256-bit integers. The file that includes it switches the instruction set on and defines
// KITE_MATMUL_TABLE, and KITE_VNNI for VPDPBUSD.
#include "quant_x86.h"

#include "../matmul_float_lanes.h"
#include "lanes_x86.h"
// After the level's types and functions, which these use.
#include "../matmul_lanes.h"
#include "matmul_bf16_avx2.h"
#include "matmul_vector_avx2.h"

static void dequantize(enum kite_type type, const uint8_t *blocks, size_t count, float *out) {
    kite_dequantize_inline(type, blocks, count, out);
}

static void write_q32(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q32(x, k, columns, record);
}

static void write_q256(const float *x, size_t k, size_t columns, struct kite_record *record) {
    kite_write_q256(x, k, columns, record);
}

/// Rows along k for few columns, tiles for many.
KITE_INLINE void multiply(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    if (p->columns > VECTOR_COLUMNS || vector_scratch(p) > KITE_TILE_SCRATCH) {
        lane_rows(type, p, begin, end, scratch);
        return;
    }
    struct vector_operand v = vector_prepare(type, p, scratch);
    switch (p->columns) {
    case 1: vector_rows(type, p, begin, end, 1, v); break;
    case 2: vector_rows(type, p, begin, end, 2, v); break;
    case 3: vector_rows(type, p, begin, end, 3, v); break;
    default: vector_rows(type, p, begin, end, 4, v); break;
    }
}

#include "../matmul_types.h"

const struct kite_matmul_table KITE_MATMUL_TABLE = {
    dequantize, write_q32, write_q256, {multiply_f32, multiply_q32, multiply_q256, multiply_bf16},
};
