// Quantizing: floats to every weight format, by searching for the scales that lose least.
//
// The bytes are those of llama.cpp's reference encoders as its default build for x86-64 computes them: every sum runs
// over the numbers of a group in their order, and nothing is fused. All CPU levels give the same bytes.
#ifndef KITE_QUANTIZE_H
#define KITE_QUANTIZE_H

#include <stddef.h>

#include "kite_matmul.h"

/// Encodes `rows` rows of `columns` finite numbers, whole blocks, one row after another. `importance` has a weight that
/// is not negative for each column, or is NULL; F32, F16, BF16 and Q8_0 take no notice of it.
void kite_quantize(enum kite_type type, const float *x, size_t rows, size_t columns, const float *importance,
                   void *out);
/// Index of the first number that is NaN or infinite; `count` when there is none.
size_t kite_first_non_finite(const float *x, size_t count);

#endif
