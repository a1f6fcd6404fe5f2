// Part of float_vector_attention.h: one head's page of f32 or f16 numbers.
//
// Scores: lane = key, the page's keys are [dim][64], one fused multiply-add per dimension.
// Mixing: lane = dimension, the page's values are [64][dim], one fused multiply-add per key in the order of keys.

/// Rows from which it pays to widen a page of halves to f32 once instead of at every use.
#define WIDEN_ROWS 8

INLINE f32x16 load_element(const void *base, size_t i, int half) {
    if (half) return __builtin_convertvector(*(const f16x16u *)((const uint16_t *)base + i), f32x16);
    return load((const float *)base + i);
}

/// scores[row][64 keys] = scale * query[row] . key for `rows` rows, `vectors` x 16 keys at a time.
INLINE void score_tile(const int rows, const int vectors, const int half, const void *keys, const float *queries,
                       size_t query_stride, size_t dim, float scale, float *scores, ptrdiff_t ahead) {
    const size_t line = KITE_PAGE_TOKENS * (half ? 2 : 4);
    for (int first = 0; first < 4; first += vectors) {
        f32x16 sums[4][4];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] = 0.0f;
        for (size_t d = 0; d < dim; d++) {
            f32x16 key[4];
            if (first == 0 && ahead) fetch_ahead((const char *)keys + d * line, line, ahead);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                key[v] = load_element(keys, d * KITE_PAGE_TOKENS + (size_t)(first + v) * 16, half);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                f32x16 q = queries[(size_t)r * query_stride + d];
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) sums[r][v] = fma16(q, key[v], sums[r][v]);
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                store(scores + r * KITE_PAGE_TOKENS + (first + v) * 16, sums[r][v] * scale);
    }
}

/// output[row] += sum over keys [first, last) of weight[row][key] * value[key], for `vectors` x 16 dimensions.
INLINE void mix_tile(const int rows, const int vectors, const int half, const float *weights, const void *values,
                     size_t dim, size_t column, float *output, size_t output_stride, size_t first, size_t last,
                     ptrdiff_t ahead) {
    const size_t bytes = half ? 2 : 4;
    f32x16 sums[4][ROW_VECTORS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sums[r][v] = load(output + r * output_stride + column + v * 16);
    for (size_t j = first; j < last; j++) {
        f32x16 weight[4];
        if (ahead) fetch_ahead((const char *)values + (j * dim + column) * bytes, (size_t)vectors * 16 * bytes, ahead);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) weight[r] = weights[(size_t)r * KITE_PAGE_TOKENS + j];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            f32x16 value = load_element(values, j * dim + column + (size_t)v * 16, half);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) sums[r][v] = fma16(weight[r], value, sums[r][v]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) store(output + r * output_stride + column + v * 16, sums[r][v]);
}

/// All dimensions of `rows` rows, in tiles of at most `widest` vectors that are as even as can be.
INLINE void mix_rows(const int rows, const int widest, const int half, const float *weights, const void *values,
                     size_t dim, float *output, size_t output_stride, size_t first, size_t last, ptrdiff_t ahead) {
    size_t left = output_stride / 16, tiles = (left + (size_t)widest - 1) / (size_t)widest, column = 0;
    for (; tiles > 0; tiles--) {
        size_t vectors = (left + tiles - 1) / tiles;
#define MIX(n) mix_tile(rows, n, half, weights, values, dim, column, output, output_stride, first, last, ahead)
        if (widest == 1) {
            MIX(1);
        } else {
            switch (vectors) {
            case 1: MIX(1); break;
            case 2: MIX(2); break;
            case 3: MIX(3); break;
            case 4: MIX(4); break;
            default: MIX(5); break;
            }
        }
#undef MIX
        left -= vectors;
        column += vectors * 16;
    }
}

/// Scores of `row` become weights, for the keys [low, high) that it sees, and its output shrinks as its older weights
/// do.
INLINE void soften_floats(const struct block *b, size_t row, size_t low, size_t high) {
    float *scores = b->scores + row * KITE_PAGE_TOKENS, *output = b->output + row * b->padded;
    f32x16 s[4];
    for (int v = 0; v < 4; v++) s[v] = load(scores + v * 16);
    float shrink = soften(s, low, high, &b->state[row]);
    for (int v = 0; v < 4; v++) store(scores + v * 16, s[v]);
    if (shrink != 1.0f)
        for (size_t d = 0; d < b->padded; d += 16) store(output + d, load(output + d) * shrink);
}

/// `ahead` is 0 where nothing is to be asked for.
INLINE void score_elements(const struct block *b, const int half, const void *keys, size_t from, size_t to,
                           ptrdiff_t ahead) {
    size_t padded = b->padded, dim = b->attention->dim, row = from;
    float scale = b->attention->scale;
    for (; row + 4 <= to; row += 4)
        score_tile(4, KITE_BLOCK_VECTORS < 4 ? KITE_BLOCK_VECTORS : 4, half, keys, b->queries + row * padded, padded,
                   dim, scale, b->scores + row * KITE_PAGE_TOKENS, row == from ? ahead : 0);
    for (; row < to; row++)
        score_tile(1, 4, half, keys, b->queries + row * padded, padded, dim, scale,
                   b->scores + row * KITE_PAGE_TOKENS, row == from ? ahead : 0);
}

INLINE void mix_elements(const struct block *b, const int half, const void *values, size_t start, size_t from,
                         size_t to, ptrdiff_t ahead) {
    size_t dim = b->attention->dim, padded = b->padded, row = from;
#define MIX_ROWS(rows, widest, r, first, last)                                                                \
    mix_rows(rows, widest, half, b->scores + (r) * KITE_PAGE_TOKENS, values, dim, b->output + (r) * padded, padded, \
             first, last, r == from ? ahead : 0)
    for (; row + 4 <= to; row += 4) {
        // Bounds grow with the row, so the four agree on the keys between the last one's first and the first's last.
        size_t first = row_low(b, row + 3, start), last = row_high(b, row, start);
        if (first > last) last = first;
        for (size_t r = row; r < row + 4; r++) {
            size_t low = row_low(b, r, start), high = row_high(b, r, start);
            if (low < first) MIX_ROWS(1, ROW_VECTORS, r, low, high < first ? high : first);
        }
        if (first < last) MIX_ROWS(4, KITE_BLOCK_VECTORS, row, first, last);
        for (size_t r = row; r < row + 4; r++) {
            size_t high = row_high(b, r, start);
            if (last < high) MIX_ROWS(1, ROW_VECTORS, r, last, high);
        }
    }
    for (; row < to; row++) MIX_ROWS(1, ROW_VECTORS, row, row_low(b, row, start), row_high(b, row, start));
#undef MIX_ROWS
}

/// Halves to f32, asking for what comes next on the way.
INLINE void widen(const void *halves, float *wide, size_t count, ptrdiff_t ahead) {
    for (size_t i = 0; i < count; i += 64) {
        fetch_ahead((const uint16_t *)halves + i, 128, ahead);
        for (size_t j = i; j < i + 64; j += 16) store(wide + j, load_element(halves, j, 1));
    }
}

/// `wide` has room for one page's keys, or values, in f32.
static void attend_floats(const struct block *b, const struct head_page *p, size_t from, size_t to, float *wide) {
    const int halves = b->attention->type == KITE_CACHE_F16, widens = halves && to - from >= WIDEN_ROWS;
    size_t count = KITE_PAGE_TOKENS * b->attention->dim;
    if (widens) {
        widen(p->keys, wide, count, p->after_keys);
        score_elements(b, 0, wide, from, to, 0);
    } else if (halves) {
        score_elements(b, 1, p->keys, from, to, p->after_keys);
    } else {
        score_elements(b, 0, p->keys, from, to, p->after_keys);
    }
    for (size_t row = from; row < to; row++)
        soften_floats(b, row, row_low(b, row, p->start), row_high(b, row, p->start));
    if (widens) {
        widen(p->values, wide, count, p->after_values);
        mix_elements(b, 0, wide, p->start, from, to, 0);
    } else if (halves) {
        mix_elements(b, 1, p->values, p->start, from, to, p->after_values);
    } else {
        mix_elements(b, 0, p->values, p->start, from, to, p->after_values);
    }
}
