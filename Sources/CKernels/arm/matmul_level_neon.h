// The table of a NEON level. The file that includes it switches the instruction set on and defines KITE_MATMUL_TABLE,
// and KITE_DOTPROD, and KITE_I8MM where there is that as well.
#include "../matmul_float_lanes.h"
#include "lanes_neon.h"
// After the level's types and functions, which this uses.
#include "../matmul_lanes.h"
#include "matmul_bf16_neon.h"
#include "matmul_vector_neon.h"

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
    if (p->columns <= VECTOR_COLUMNS)
        vector_rows(type, p, begin, end);
    else
        lane_rows(type, p, begin, end, scratch);
}

#include "../matmul_types.h"

const struct kite_matmul_table KITE_MATMUL_TABLE = {
    dequantize, write_q32, write_q256, {multiply_f32, multiply_q32, multiply_q256, multiply_bf16},
};
