// Chooses the matrix kernels of the CPU level in use.
#include "kite_cpu.h"
#include "matmul_table.h"

static const struct kite_matmul_table *table(void) {
    switch (kite_cpu_current()) {
#if defined(__x86_64__)
    case KITE_CPU_AVX2: return &kite_matmul_avx2;
    case KITE_CPU_AVXVNNI: return &kite_matmul_avxvnni;
    case KITE_CPU_AVX512:
    case KITE_CPU_AVX512BF16: return &kite_matmul_avx512;
#elif defined(__aarch64__)
    case KITE_CPU_NEON: return &kite_matmul_neon;
    case KITE_CPU_NEON_DOTPROD: return &kite_matmul_neon_dotprod;
    case KITE_CPU_NEON_I8MM: return &kite_matmul_neon_i8mm;
#endif
    default: return &kite_matmul_scalar;
    }
}

enum kite_activations kite_activations_of(enum kite_type type) {
    switch (type) {
    case KITE_F32:
    case KITE_F16: return KITE_ACTIVATIONS_F32;
    case KITE_BF16: return KITE_ACTIVATIONS_BF16;
    case KITE_Q4_0:
    case KITE_Q4_1:
    case KITE_Q5_0:
    case KITE_Q5_1:
    case KITE_Q8_0:
    case KITE_IQ4_NL: return KITE_ACTIVATIONS_Q32;
    default: return KITE_ACTIVATIONS_Q256;
    }
}

void kite_dequantize(enum kite_type type, const void *blocks, size_t count, float *out) {
    table()->dequantize(type, blocks, count, out);
}

size_t kite_panel_bytes(size_t k, size_t columns) { return (k + 255) / 256 * columns * sizeof(struct kite_record); }

size_t kite_panel_bytes_bf16(size_t k, size_t columns) { return (k + 255) / 256 * columns * 512; }

void kite_panel_write(enum kite_activations format, const float *x, size_t k, size_t columns, size_t column,
                      void *panel) {
    if (format == KITE_ACTIVATIONS_BF16) return kite_write_bf16(x, k, columns, (uint16_t *)panel + 256 * column);
    struct kite_record *record = (struct kite_record *)panel + column;
    if (format == KITE_ACTIVATIONS_Q32) table()->write_q32(x, k, columns, record);
    if (format == KITE_ACTIVATIONS_Q256) table()->write_q256(x, k, columns, record);
}

/// What the first bytes of scratch memory say about the rest.
struct scratch_header {
    uint64_t panel_version;
    enum kite_type type;
    enum kite_cpu_level level;
};

enum { HEADER_BYTES = 64 };

size_t kite_product_scratch(enum kite_activations format, size_t k) {
    return HEADER_BYTES + (format == KITE_ACTIVATIONS_F32 ? (k + 15) / 16 * 64 * KITE_FLOAT_ROWS : KITE_TILE_SCRATCH);
}

/// Whether the last product that used the scratch memory was of the same panel and with the same kernel; from now on it
/// is this one.
static int prepare(struct scratch_header *header, const struct kite_product *p) {
    const struct scratch_header wanted = {p->panel_version, p->type, kite_cpu_current()};
    const int is_same = wanted.panel_version != 0 && header->panel_version == wanted.panel_version &&
                        header->type == wanted.type && header->level == wanted.level;
    *header = wanted;
    return is_same;
}

static void (*multiply(enum kite_activations format))(const struct kite_product *, size_t, size_t, void *) {
#if defined(__x86_64__)
    if (format == KITE_ACTIVATIONS_BF16 && kite_cpu_current() == KITE_CPU_AVX512BF16) return kite_multiply_bf16_native;
#endif
    return table()->multiply[format] ? table()->multiply[format] : kite_matmul_scalar.multiply[format];
}

void kite_product_rows(const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    if (begin >= end || p->columns == 0) return;
    struct kite_product product = *p;
    product.is_prepared = prepare(scratch, p);
    multiply(p->format)(&product, begin, end, (uint8_t *)scratch + HEADER_BYTES);
    if (!p->bias) return;
    for (size_t c = 0; c < p->columns; c++)
        for (size_t row = begin; row < end; row++) p->out[c * p->out_stride + row] += p->bias[row];
}

void kite_product_prefetch(const struct kite_product *p, size_t begin) {
    enum { BYTES = 12288 };
    const uint8_t *first = kite_row(p, begin);
    for (size_t at = 0; at < BYTES; at += 64) __builtin_prefetch(first + at, 0, 2);
}
