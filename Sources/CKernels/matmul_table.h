// The matrix kernels of one CPU level.
#ifndef KITE_MATMUL_TABLE_H
#define KITE_MATMUL_TABLE_H

#include "quant_panel.h"

struct kite_matmul_table {
    void (*dequantize)(enum kite_type, const uint8_t *, size_t, float *);
    void (*write_q32)(const float *, size_t, size_t, struct kite_record *);
    void (*write_q256)(const float *, size_t, size_t, struct kite_record *);
    /// Rows [begin, end) without the bias, one kernel per activation format. The scalar one is used where none is.
    void (*multiply[4])(const struct kite_product *, size_t begin, size_t end, void *scratch);
};

extern const struct kite_matmul_table kite_matmul_scalar;
#if defined(__x86_64__)
extern const struct kite_matmul_table kite_matmul_avx2, kite_matmul_avxvnni, kite_matmul_avx512;
void kite_multiply_bf16_native(const struct kite_product *, size_t begin, size_t end, void *scratch);
#elif defined(__aarch64__)
extern const struct kite_matmul_table kite_matmul_neon, kite_matmul_neon_dotprod, kite_matmul_neon_i8mm;
#endif

/// Scratch of the integer kernels: tiles of unpacked weights and partial sums.
#define KITE_TILE_SCRATCH (256 * 1024)
/// Rows of decoded weights that the float kernels hold at a time.
#define KITE_FLOAT_ROWS 16

KITE_INLINE const uint8_t *kite_row(const struct kite_product *p, size_t row) {
    return (const uint8_t *)p->weights + row * p->row_bytes;
}

KITE_INLINE const struct kite_record *kite_records(const struct kite_product *p, size_t slab) {
    return (const struct kite_record *)p->panel + slab * p->columns;
}

#endif
