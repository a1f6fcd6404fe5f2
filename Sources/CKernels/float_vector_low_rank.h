// Part of float_vector.h: the second half of a low-rank product.

/// Columns of a register tile of 32 rows.
enum { LOW_RANK_COLUMNS = KITE_BLOCK_VECTORS > 1 ? 6 : 2 };

/// 16 weights.
INLINE f32x16 low_rank_load(enum kite_type type, const uint8_t *p) {
    if (type == KITE_F32) return load((const float *)p);
    if (type == KITE_F16) return __builtin_convertvector(*(const f16x16u *)p, f32x16);
    return float_of(__builtin_convertvector(*(const u16x16u *)p, i32x16) << 16);
}

/// `count` <= 32 rows of one block by `columns` (a constant) columns.
INLINE void low_rank_tile(enum kite_type type, const uint8_t *weights, size_t rank, const float *x, size_t x_stride,
                          int columns, float *out, size_t out_stride, size_t count) {
    const size_t bytes = type == KITE_F32 ? 4 : 2;
    f32x16 sums[LOW_RANK_COLUMNS][2] = {0};
    for (size_t k = 0; k < rank; k++, weights += 32 * bytes) {
        const f32x16 low = low_rank_load(type, weights), high = low_rank_load(type, weights + 16 * bytes);
        for (int c = 0; c < columns; c++) {
            const f32x16 factor = x[(size_t)c * x_stride + k];
            sums[c][0] = fma16(low, factor, sums[c][0]);
            sums[c][1] = fma16(high, factor, sums[c][1]);
        }
    }
    for (int c = 0; c < columns; c++) {
        float *y = out + (size_t)c * out_stride;
        for (size_t i = 0, left = count; left > 0; i++, y += 16) {
            const size_t part = left < 16 ? left : 16;
            if (part == 16)
                store(y, load(y) + sums[c][i]);
            else
                store_part(y, load_part(y, part, 0) + sums[c][i], part);
            left -= part;
        }
    }
}

INLINE void low_rank_rows(enum kite_type type, const struct kite_low_rank *p, size_t begin, size_t end, float *out,
                          size_t out_stride) {
    const size_t block = p->rank * 32 * (type == KITE_F32 ? 4 : 2);
    for (size_t row = begin; row < end; row += 32) {
        const uint8_t *weights = (const uint8_t *)p->weights + row / 32 * block;
        const size_t count = end - row < 32 ? end - row : 32;
        for (size_t c = 0; c < p->columns;) {
            const float *x = p->x + c * p->x_stride;
            float *y = out + c * out_stride + (row - begin);
            if (p->columns - c >= LOW_RANK_COLUMNS) {
                low_rank_tile(type, weights, p->rank, x, p->x_stride, LOW_RANK_COLUMNS, y, out_stride, count);
                c += LOW_RANK_COLUMNS;
            } else {
                low_rank_tile(type, weights, p->rank, x, p->x_stride, 1, y, out_stride, count);
                c++;
            }
        }
    }
}

static void low_rank_add(const struct kite_low_rank *p, size_t begin, size_t end, float *out, size_t out_stride) {
    switch (p->type) {
    case KITE_F32: low_rank_rows(KITE_F32, p, begin, end, out, out_stride); break;
    case KITE_F16: low_rank_rows(KITE_F16, p, begin, end, out, out_stride); break;
    default: low_rank_rows(KITE_BF16, p, begin, end, out, out_stride); break;
    }
}
