// Part of float_vector.h: the KV cache and attention.
//
// A page holds 64 tokens. Scores: lane = key, the page's keys are [dim][64], one fused multiply-add per dimension.
// Mixing: lane = dimension, the page's values are [64][dim], one fused multiply-add per key in the order of keys.
// Rows (queries) are taken four at a time so that a loaded key or value serves four; each row's arithmetic is its own.
// Pages are the outer loop and heads the inner one: a page's keys and values of consecutive heads are one run of
// memory, long enough for the hardware to fetch ahead. A single token's attention is nothing but that reading.

/// Rows from which it pays to widen a page of halves to f32 once instead of at every use.
#define WIDEN_ROWS 8
/// Widest register tile of one row; also the widest of KITE_BLOCK_VECTORS.
#define ROW_VECTORS 5
/// Bytes ahead of its use that memory is asked for when it is read once. A head's keys, its values and the next head's
/// keys follow each other.
#define AHEAD 8192

INLINE f32x16 load_element(const void *base, size_t i, int half) {
    if (half) return __builtin_convertvector(*(const f16x16u *)((const uint16_t *)base + i), f32x16);
    return load((const float *)base + i);
}

/// Asks for the memory AHEAD bytes past elements [i, i + count). Never faults.
INLINE void fetch_ahead(const void *base, size_t i, size_t count, int half) {
    const char *from = (const char *)base + i * (half ? 2 : 4) + AHEAD;
    for (size_t byte = 0; byte < count * (half ? 2 : 4); byte += 64) __builtin_prefetch(from + byte);
}

static void cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                        size_t dim, size_t slot, void *keys, void *values) {
    for (size_t t = 0; t < tokens; t++) {
        const float *kt = k + t * stride, *vt = v + t * stride;
        size_t column = slot + t;
        if (type == KITE_CACHE_F16) {
            uint16_t *out = (uint16_t *)keys + column, row[64];
            floats_to_halves(vt, (uint16_t *)values + column * dim, dim);
            for (size_t d = 0; d < dim; d += 64) {
                size_t count = dim - d < 64 ? dim - d : 64;
                floats_to_halves(kt + d, row, count);
                for (size_t i = 0; i < count; i++) out[(d + i) * KITE_PAGE_TOKENS] = row[i];
            }
        } else {
            float *out = (float *)keys + column;
            memcpy((float *)values + column * dim, vt, dim * sizeof(float));
            for (size_t d = 0; d < dim; d++) out[d * KITE_PAGE_TOKENS] = kt[d];
        }
    }
}

/// scores[row][64 keys] = scale * query[row] . key for `rows` rows, `vectors` x 16 keys at a time.
INLINE void score_tile(const int rows, const int vectors, const int half, const void *keys, const float *queries,
                       size_t query_stride, size_t dim, float scale, float *scores) {
    for (int first = 0; first < 4; first += vectors) {
        f32x16 sums[4][4];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] = 0.0f;
        for (size_t d = 0; d < dim; d++) {
            f32x16 key[4];
            if (first == 0 && (half || rows == 1)) fetch_ahead(keys, d * KITE_PAGE_TOKENS, KITE_PAGE_TOKENS, half);
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
            for (int v = 0; v < vectors; v++) store(scores + r * 64 + (first + v) * 16, sums[r][v] * scale);
    }
}

/// output[row] += sum over keys [first, last) of weight[row][key] * value[key], for `vectors` x 16 dimensions.
INLINE void mix_tile(const int rows, const int vectors, const int half, const float *weights, const void *values,
                     size_t dim, size_t column, float *output, size_t output_stride, size_t first, size_t last) {
    f32x16 sums[4][ROW_VECTORS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sums[r][v] = load(output + r * output_stride + column + v * 16);
    for (size_t j = first; j < last; j++) {
        f32x16 weight[4];
        if (half || rows == 1) fetch_ahead(values, j * dim + column, (size_t)vectors * 16, half);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) weight[r] = weights[(size_t)r * 64 + j];
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
                     size_t dim, float *output, size_t output_stride, size_t first, size_t last) {
    size_t left = output_stride / 16, tiles = (left + (size_t)widest - 1) / (size_t)widest, column = 0;
    for (; tiles > 0; tiles--) {
        size_t vectors = (left + tiles - 1) / tiles;
#define MIX(n) mix_tile(rows, n, half, weights, values, dim, column, output, output_stride, first, last)
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

/// One row's softmax over a page: scores become weights (0 where masked), maximum and sum move on, and the row's
/// output shrinks by the same factor as its old weights.
INLINE void soften(float *scores, size_t low, size_t high, float *highest, float *sum, float *output, size_t dim) {
    f32x16 s[4];
    const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int v = 0; v < 4; v++) s[v] = load(scores + v * 16);
    if (low > 0 || high < KITE_PAGE_TOKENS)
        for (int v = 0; v < 4; v++) {
            i32x16 key = lane + v * 16;
            i32x16 seen = (key >= (int32_t)low) & (key < (int32_t)high);
            s[v] = seen ? s[v] : (f32x16)-INFINITY;
        }
    float before = *highest, top = max_lanes(larger(larger(s[0], s[1]), larger(s[2], s[3])));
    float after = top > before ? top : before;
    for (int v = 0; v < 4; v++) s[v] = exp16(s[v] - after);
    float shrink = exp16((f32x16)(before - after))[0];
    *highest = after;
    *sum = __builtin_elementwise_fma(*sum, shrink, sum_lanes((s[0] + s[1]) + (s[2] + s[3])));
    for (int v = 0; v < 4; v++) store(scores + v * 16, s[v]);
    if (shrink != 1.0f)
        for (size_t d = 0; d < dim; d += 16) store(output + d, load(output + d) * shrink);
}

/// The rows of one head: row r is token r / group, query r % group.
struct block {
    const struct kite_attention *attention;
    size_t padded;
    float *queries, *output, *scores, *highest, *sums;
};

/// Keys of the page from `start` that `row` sees, as slots [low, high).
INLINE size_t row_low(const struct block *b, size_t row, size_t start) {
    size_t low = kite_lowest_key(b->attention->first_position + row / b->attention->group, b->attention->window);
    return low > start ? low - start : 0;
}

INLINE size_t row_high(const struct block *b, size_t row, size_t start) {
    size_t end = b->attention->first_position + row / b->attention->group + 1;
    return end - start < KITE_PAGE_TOKENS ? end - start : KITE_PAGE_TOKENS;
}

INLINE void attend_page(const struct block *b, const int half, const void *keys, const void *values, size_t start,
                        size_t from, size_t to) {
    size_t dim = b->attention->dim, padded = b->padded, row = from;
    float scale = b->attention->scale;
    for (; row + 4 <= to; row += 4)
        score_tile(4, KITE_BLOCK_VECTORS < 4 ? KITE_BLOCK_VECTORS : 4, half, keys, b->queries + row * padded, padded,
                   dim, scale, b->scores + row * 64);
    for (; row < to; row++)
        score_tile(1, 4, half, keys, b->queries + row * padded, padded, dim, scale, b->scores + row * 64);
    for (row = from; row < to; row++)
        soften(b->scores + row * 64, row_low(b, row, start), row_high(b, row, start), &b->highest[row],
               &b->sums[row], b->output + row * padded, padded);
#define MIX_ROWS(rows, widest, r, first, last) \
    mix_rows(rows, widest, half, b->scores + (r) * 64, values, dim, b->output + (r) * padded, padded, first, last)
    for (row = from; row + 4 <= to; row += 4) {
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

/// Where the scratch holds the rows of `head`.
INLINE struct block head_block(const struct kite_attention *a, size_t head, float *scratch) {
    size_t padded = (a->dim + 15) / 16 * 16, rows = a->tokens * a->group, all = a->heads * rows, first = head * rows;
    float *output = scratch + all * padded, *scores = output + all * padded, *highest = scores + all * 64;
    return (struct block){.attention = a,
                          .padded = padded,
                          .queries = scratch + first * padded,
                          .output = output + first * padded,
                          .scores = scores + first * 64,
                          .highest = highest + first,
                          .sums = highest + (all + 15) / 16 * 16 + first};
}

static void attend_head(const struct block *b, const char *page, size_t head, size_t start, float *wide) {
    const struct kite_attention *a = b->attention;
    const void *keys = page + a->key_offset + head * a->head_stride;
    const void *values = page + a->value_offset + head * a->head_stride;
    // Tokens whose own position is on this page or later, and whose window has not left it.
    size_t from = start > a->first_position ? start - a->first_position : 0, to = a->tokens;
    while (to > from && kite_lowest_key(a->first_position + to - 1, a->window) >= start + KITE_PAGE_TOKENS) to--;
    from *= a->group;
    to *= a->group;
    if (a->type == KITE_CACHE_F32) {
        attend_page(b, 0, keys, values, start, from, to);
    } else if (to - from < WIDEN_ROWS) {
        attend_page(b, 1, keys, values, start, from, to);
    } else {
        size_t count = KITE_PAGE_TOKENS * a->dim;
        halves_to_floats(keys, wide, count);
        halves_to_floats(values, wide + count, count);
        attend_page(b, 0, wide, wide + count, start, from, to);
    }
}

static void attend(const struct kite_attention *a, float *scratch) {
    size_t rows = a->tokens * a->group, all = (a->heads * rows + 15) / 16 * 16;
    float *wide = head_block(a, 0, scratch).sums + all;
    for (size_t head = 0; head < a->heads; head++) {
        struct block b = head_block(a, head, scratch);
        for (size_t row = 0; row < rows; row++) {
            size_t column = (head * a->group + row % a->group) * a->dim;
            memcpy(b.queries + row * b.padded, a->queries + row / a->group * a->query_stride + column,
                   a->dim * sizeof(float));
            memset(b.output + row * b.padded, 0, b.padded * sizeof(float));
            b.highest[row] = -INFINITY;
            b.sums[row] = 0;
        }
    }
    size_t first = kite_lowest_key(a->first_position, a->window) / KITE_PAGE_TOKENS;
    size_t last = (a->first_position + a->tokens - 1) / KITE_PAGE_TOKENS;
    for (size_t page = first; page <= last; page++)
        for (size_t head = 0; head < a->heads; head++) {
            struct block b = head_block(a, head, scratch);
            attend_head(&b, a->pages[page], head, page * KITE_PAGE_TOKENS, wide);
        }
    for (size_t head = 0; head < a->heads; head++) {
        struct block b = head_block(a, head, scratch);
        for (size_t row = 0; row < rows; row++) {
            size_t column = (head * a->group + row % a->group) * a->dim;
            float *out = a->output + row / a->group * a->output_stride + column;
            float factor = 1 / b.sums[row];
            for (size_t d = 0; d < a->dim; d++) out[d] = b.output[row * b.padded + d] * factor;
        }
    }
}
