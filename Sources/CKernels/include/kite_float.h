// Operations on f32 activations and on the KV cache: norms, rotary embedding, gating, softmax, attention.
//
// Every function gives the same bits on every CPU level: sums run in 16 lanes in a fixed order and end in a fixed
// tree, fused multiply-adds are explicit. Pointers need the alignment of their element only. Sources of the formulas:
// LayerNorm arXiv:1607.06450, RMSNorm arXiv:1910.07467, RoPE arXiv:2104.09864, SwiGLU arXiv:2002.05202,
// online softmax arXiv:1805.02867.
#ifndef KITE_FLOAT_H
#define KITE_FLOAT_H

#include <stddef.h>
#include <stdint.h>

#include "kite_matmul.h"

// ---- rows ----

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over `count` numbers. `bias` may be NULL; y may be x.
void kite_layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count, float epsilon);
/// y = x / sqrt(mean of squares + epsilon) * weight. y may be x.
void kite_rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon);
/// Rotates the pairs (i, i + pairs) of one head, i < pairs: the NeoX convention.
void kite_rotate_halves(float *x, const float *cosines, const float *sines, size_t pairs);
/// Rotates the pairs (2i, 2i + 1) of one head, i < pairs: the convention of GGUF files of architecture llama.
void kite_rotate_adjacent(float *x, const float *cosines, const float *sines, size_t pairs);
/// y = gate / (1 + exp(-gate)) * up. y may be gate or up.
void kite_swiglu(const float *gate, const float *up, float *y, size_t count);
/// x += y.
void kite_add(float *x, const float *y, size_t count);
/// y = exp(x), within 1 ulp. y may be x.
void kite_exp(const float *x, float *y, size_t count);
/// Largest number, NaN ignored; -infinity when there is none.
float kite_max(const float *x, size_t count);
/// Index of the first largest number, NaN ignored; 0 when there is none.
size_t kite_argmax(const float *x, size_t count);
/// y = exp(x - max x) / sum. y may be x.
void kite_softmax(const float *x, float *y, size_t count);
/// log(sum(exp x)).
double kite_log_sum_exp(const float *x, size_t count);
/// Numbers in a row of log-probabilities: scale and lowest as floats, then a code per token, padded to an even count.
static inline size_t kite_log_probability_row(size_t count) { return 4 + (count + 1) / 2 * 2; }
/// row = the log-probabilities of the logits x: log p = scale * code + lowest, the highest 16 over 65,536 codes; what is
/// lower has code 0. The codes of llama.cpp's files. Returns log(sum(exp x)).
double kite_encode_log_probabilities(const float *x, size_t count, uint16_t *row);
/// The sum of p * (log p - log q) over the tokens of log p > -16: p from a row, log q = x - log_sum.
double kite_divergence(const float *x, double log_sum, const uint16_t *row, size_t count);
/// IEEE half to single, exactly.
void kite_half_to_float(const uint16_t *x, float *y, size_t count);
/// Single to IEEE half, ties to even.
void kite_float_to_half(const float *x, uint16_t *y, size_t count);

// ---- low-rank products ----

/// The second half of a low-rank product B (A x), whose first half x = scale * (A x) is there already.
struct kite_low_rank {
    enum kite_type type;  ///< F32, F16 or BF16
    const void *weights;  ///< B as [rows / 32][rank][32], the last block filled up
    size_t rank;
    const float *x;       ///< `rank` numbers of column c at x + c * x_stride
    size_t x_stride;
    size_t columns;
};

/// out[c * out_stride + r - begin] += the sum over k of B[r][k] * x[c][k], for rows r from `begin`, a multiple of 32, to
/// `end`. The sum is a chain of fused multiply-adds from zero over rising k; then one addition.
void kite_low_rank_add(const struct kite_low_rank *product, size_t begin, size_t end, float *out, size_t out_stride);

// ---- KV cache ----

/// Tokens per page of the cache. Page boundaries are at absolute multiples of it.
#define KITE_PAGE_TOKENS 64

/// How the cache stores numbers.
///
/// INT8: a token's keys of a head, and its values, are signed codes with one f32 scale: the largest magnitude / 127;
/// number = scale * code, rounded half to even.
enum kite_cache_type { KITE_CACHE_F32 = 0, KITE_CACHE_F16 = 1, KITE_CACHE_INT8 = 2 };

/// Stores one head's keys and values of `tokens` consecutive tokens of one page, from `slot` on; token t of the source
/// is at k + t * stride.
///
/// F32, F16: `keys` of the page is [dim][64 tokens], `values` [64 tokens][dim].
/// INT8: `keys` is [dim / 4][64 tokens][4] codes with 128 added (dim in whole groups of 4; what is past it is ignored),
/// then the tokens' 64 scales; `values` is [64 / 4][dim][4 tokens] signed codes, then 64 scales.
void kite_cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                      size_t dim, size_t slot, void *keys, void *values);

/// Tokens per span. Spans start at absolute multiples of it; what a query finds in each is added up in their order.
#define KITE_SPAN_TOKENS 1024

/// Causal attention of consecutive tokens, for the query heads that share some consecutive key/value heads.
struct kite_attention {
    /// Address of each page of the sequence, pages 0 to (first_position + tokens - 1) / 64. The page's keys of the
    /// first head start at key_offset bytes, its values at value_offset, those of the next head_stride bytes later.
    /// 64 bytes past the values must be readable.
    const void *const *pages;
    size_t key_offset, value_offset, head_stride;
    enum kite_cache_type type;
    /// Key/value heads; head size; queries per token that share a key/value head.
    size_t heads, dim, group;
    /// Query and output of token t, head h, query g: queries + t * query_stride + (h * group + g) * dim, same for
    /// output.
    const float *queries;
    float *output;
    size_t query_stride, output_stride;
    /// Number of tokens and the position of the first.
    size_t tokens, first_position;
    /// A query sees keys at positions > its own - window; 0 = all up to its own.
    size_t window;
    /// Multiplies the scores, 1 / sqrt(dim) as a rule.
    float scale;
    /// NULL to attend to everything. Otherwise only the keys of spans [first_span, end_span) are, no output is
    /// written, and what they mix to goes here: room for [rows][partial_spans] times kite_partial_floats(dim), rows =
    /// heads * tokens * group, the first of the spans being partial_first. Spans that no query sees are left alone.
    float *partials;
    size_t first_span, end_span, partial_first, partial_spans;
};

/// Floats of a row's partial result for one span.
size_t kite_partial_floats(size_t dim);
/// Floats of scratch memory that kite_attend and kite_merge_spans need for `rows` = heads * tokens * group. 64-byte
/// aligned is fastest.
size_t kite_attention_scratch(size_t rows, size_t dim);
/// Computes `output`, which must not overlap the queries. The result of a query does not depend on the others of the
/// call. The order of operations, for a query:
///
/// - Scores of a page's 64 keys. F32, F16: a chain of fused multiply-adds over the dimensions, times scale. INT8: the
///   query is rounded as keys are; (float)(integer dot product) * key scale * (query scale * scale).
/// - The page's weights are exp(score - highest so far of the span), older weights and mixes shrink accordingly; the
///   weights' sum runs over 16 lanes. Masked keys weigh 0.
/// - Mix. F32, F16: a chain of fused multiply-adds over the keys the query sees. INT8: weight * value scale is rounded
///   to an integer, 16383 for the page's largest; mix = fma((float)(integer sum), largest / 16383, mix * shrink).
/// - Spans are added in order: both sides shrink to the higher maximum. The whole is divided by the sum of weights.
void kite_attend(const struct kite_attention *attention, float *scratch);
/// Computes `output` from the partial results of all spans, to the same bits.
void kite_merge_spans(const struct kite_attention *attention, float *scratch);

#endif
