// Weights in their file format: decoding, encoding, and products with activations.
//
// Type numbers are those of GGUF files (ggml_type). Block layouts: the GGUF specification, checked number by number
// against the `gguf` Python package. Weight pointers need no alignment and nothing is read past the last block.
//
// Activation formats. A product y = W x first brings x to one of:
//   BF16  x rounded to the upper half of f32, ties to even. For BF16 weights: the products are exact in f32.
//   F32   x as it is. For F32 and F16 weights (11 bits, which BF16 has no room for), and for every type in the exact
//         mode: the weight is decoded to f32 and multiplied with fused multiply-adds.
//   Q32   8 bits, one f32 scale per 32 numbers. For the types with blocks of 32: the two block sizes agree, so each
//         block of weights meets one activation scale.
//   Q256  8 bits, one f32 scale per 256 numbers. For the types with blocks of 256: their sub-scales are integers, so
//         a whole block is summed in int32 and only then becomes a float.
// Codes are symmetric, -127...127, scale = largest magnitude / 127, rounded half to even.
//
// Order of the float operations, the same on every CPU level, for every number of columns and rows in a call:
//   Q32    per block: sum = fma(i, d * a, sum), then for types with a minimum sum = fma(m, s, sum);
//          i = the integer product of the codes, d and m of the weights, a = scale and s = a * (sum of codes) of x.
//   Q256   per block: sum = fma(i, d * a, sum), then for types with a minimum sum = fma(-(dmin * a), j, sum);
//          i = sum over groups of scale * (product of the codes), j = sum over groups of minimum * (sum of codes).
//   F32    lane[k % 16] = fma(w[k], x[k], lane[k % 16]) for rising k, then lanes are halved: [i] += [i + 8], 4, 2, 1.
//   BF16  numbers in pairs, k filled up with zeros to a multiple of 32, subnormal weights and activations taken as
//          zero. lane[k / 2 % 16] of each pair in turn: lane = fma(w[k + 1], x[k + 1], lane), then
//          lane = fma(w[k], x[k], lane), where a subnormal result becomes zero: the two halves of VDPBF16PS. Whether a
//          result is subnormal is decided after rounding, as by CPUs that flush to zero. Lanes are halved as for F32.
// A block of activations that holds NaN or infinity has the scale NaN, so the outputs it meets are NaN.
#ifndef KITE_MATMUL_H
#define KITE_MATMUL_H

#include <stddef.h>
#include <stdint.h>

enum kite_type {
    KITE_F32 = 0, KITE_F16 = 1, KITE_Q4_0 = 2, KITE_Q4_1 = 3, KITE_Q5_0 = 6, KITE_Q5_1 = 7, KITE_Q8_0 = 8,
    KITE_Q2_K = 10, KITE_Q3_K = 11, KITE_Q4_K = 12, KITE_Q5_K = 13, KITE_Q6_K = 14, KITE_IQ4_NL = 20,
    KITE_IQ4_XS = 23, KITE_BF16 = 30,
};

enum kite_activations { KITE_ACTIVATIONS_F32 = 0, KITE_ACTIVATIONS_Q32 = 1, KITE_ACTIVATIONS_Q256 = 2,
                        KITE_ACTIVATIONS_BF16 = 3 };

/// The coarsest activation format that suits a type. Every type takes F32 as well.
enum kite_activations kite_activations_of(enum kite_type type);

// ---- decoding and encoding ----

/// Decodes `count` numbers, a whole number of blocks. d * scale is rounded first, then its product with the code,
/// then the minimum is taken off: the operations of the reference decoder, hence its bits.
void kite_dequantize(enum kite_type type, const void *blocks, size_t count, float *out);
/// Encodes as BF16, ties to even, NaN as 0x7fc0.
void kite_encode_bf16(const float *x, size_t count, void *out);

// ---- activations ----

/// Bytes of a panel: `columns` vectors of `k` numbers in format Q32 or Q256.
size_t kite_panel_bytes(size_t k, size_t columns);
/// Bytes of a panel in format BF16.
size_t kite_panel_bytes_bf16(size_t k, size_t columns);
/// Writes one column of a panel. `panel` is 64-byte aligned. k is a multiple of 32 for Q32 and of
/// 256 for Q256.
void kite_panel_write(enum kite_activations format, const float *x, size_t k, size_t columns, size_t column,
                      void *panel);

// ---- products ----

/// out[c * out_stride + r] = sum over k of weights[r][k] * x[c][k], plus bias[r].
struct kite_product {
    enum kite_type type;
    enum kite_activations format;
    const void *weights;  ///< row r at weights + r * row_bytes
    size_t row_bytes;
    size_t k;             ///< numbers per row
    const void *panel;    ///< Q32, Q256, BF16: a panel of `columns` columns. F32: column c at floats + c * panel_stride
    size_t panel_stride;
    size_t columns;
    /// A number that no other content of any panel has; 0 when there is none. With it, what a kernel makes of the
    /// panel is kept in the scratch memory from one call to the next.
    uint64_t panel_version;
    const float *bias;    ///< one per row, or NULL
    float *out;
    size_t out_stride;
    int is_prepared;      ///< set by kite_product_rows: the scratch memory holds what this kernel made of this panel
};

/// Bytes of scratch memory, 64-byte aligned and zero at first, that one thread needs for a product of these sizes.
size_t kite_product_scratch(enum kite_activations format, size_t k);
/// Computes rows row_begin to row_end of all columns. Ranges that start at multiples of 64 are fastest.
void kite_product_rows(const struct kite_product *product, size_t row_begin, size_t row_end, void *scratch);
/// Asks for the first weights from row `row_begin` on, as many as it takes until a kernel's own reading ahead sets in:
/// for rows that will be computed soon but do not follow those computed last.
void kite_product_prefetch(const struct kite_product *product, size_t row_begin);

#endif
