// Part of float_vector_attention.h: one head's page of 8-bit codes. Products of codes are summed as integers.
//
// Scores: lane = key, the page's keys are [dim / 4][64][4]. The query is rounded to 8 bits.
// Mixing: lane = dimension, the page's values are [64 / 4][dim][4]. A key's weight times its values' scale is rounded
// to 14 bits of the page's largest such product, in two digits of 7 bits. A sum of 64 products stays below 2^27.

/// The row's query in codes, where its floats would be: past its end there are zeros.
INLINE void query_codes(const struct block *b, size_t row, const float *query) {
    const struct kite_attention *a = b->attention;
    uint8_t *codes = (uint8_t *)(b->queries + row * b->padded);
    b->state[row].factor = kite_round_codes(query, a->dim, codes) * a->scale;
    int32_t sum = 0;
    for (size_t d = 0; d < a->dim; d++) {
        codes[d] ^= 0x80;
        sum += (int8_t)codes[d];
    }
    for (size_t d = a->dim; d < kite_padded_to_4(a->dim); d++) codes[d] = 0;
    b->state[row].code_sum = sum;
}

INLINE u8x64 load_codes(const void *p) { return *(const u8x64u *)p; }

INLINE int32_t load_four(const void *p) {
    int32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/// A key's or value's scale is behind its codes.
INLINE const float *key_scales(const struct block *b, const struct head_page *p) {
    return (const float *)((const char *)p->keys + kite_padded_to_4(b->attention->dim) * KITE_PAGE_TOKENS);
}

INLINE const float *value_scales(const struct block *b, const struct head_page *p) {
    return (const float *)((const char *)p->values + b->attention->dim * KITE_PAGE_TOKENS);
}

/// Scores of `rows` rows from `row` on, `vectors` x 16 keys at a time.
INLINE void score_codes(const int rows, const int vectors, const struct block *b, const struct head_page *p, size_t row,
                        const int fetch) {
    const char *keys = p->keys, *queries = (const char *)(b->queries + row * b->padded);
    size_t quads = kite_padded_to_4(b->attention->dim) / 4, stride = b->padded * sizeof(float);
    const float *scales = key_scales(b, p);
    float *scores = b->scores + row * KITE_PAGE_TOKENS;
    if (fetch) fetch_ahead(scales, KITE_PAGE_TOKENS * sizeof(float), p->after_keys);
    for (int first = 0; first < 4; first += vectors) {
        i32x16 sums[4][4];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] = dot_start(b->state[row + (size_t)r].code_sum);
        for (size_t quad = 0; quad < quads; quad++) {
            const char *at = keys + quad * 4 * KITE_PAGE_TOKENS;
            u8x64 key[4];
            if (fetch && first == 0) fetch_ahead(at, 4 * KITE_PAGE_TOKENS, p->after_keys);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) key[v] = load_codes(at + (first + v) * 64);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                int32_t query = load_four(queries + (size_t)r * stride + quad * 4);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) sums[r][v] = dot_keys(sums[r][v], key[v], query);
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) {
                f32x16 dot = __builtin_convertvector(sums[r][v], f32x16);
                store(scores + r * KITE_PAGE_TOKENS + (first + v) * 16,
                      dot * load(scales + (first + v) * 16) * b->state[row + (size_t)r].factor);
            }
    }
}

/// A row's weights of a page in two digits of 7 bits, where its scores were.
struct digits {
    uint8_t high[KITE_PAGE_TOKENS], low[KITE_PAGE_TOKENS];
    /// What a sum over digits is multiplied with, and what the output shrinks by before.
    float factor, shrink;
};
_Static_assert(sizeof(struct digits) <= KITE_PAGE_TOKENS * sizeof(float), "digits replace scores");

INLINE struct digits *row_digits(const struct block *b, size_t row) {
    return (struct digits *)(b->scores + row * KITE_PAGE_TOKENS);
}

/// Scores of `row` become digits, for the keys [low, high) that it sees.
INLINE void soften_codes(const struct block *b, const struct head_page *p, size_t row, size_t low, size_t high) {
    const float *scores = b->scores + row * KITE_PAGE_TOKENS, *scales = value_scales(b, p);
    struct digits *out = row_digits(b, row);
    f32x16 s[4];
    i32x16 bits[4];
    for (int v = 0; v < 4; v++) s[v] = load(scores + v * 16);
    float shrink = soften(s, low, high, &b->state[row]);
    for (int v = 0; v < 4; v++) s[v] *= load(scales + v * 16);
    // Slots that hold no token of this sequence may hold any scale.
    if (low > 0 || high < KITE_PAGE_TOKENS)
        for (int v = 0; v < 4; v++) s[v] = seen_lanes((size_t)v * 16, low, high) ? s[v] : (f32x16)0.0f;
    // As integers, magnitudes compare like the floats they are, and NaN is above infinity.
    for (int v = 0; v < 4; v++) bits[v] = bits_of(s[v]) & 0x7fffffff;
    i32x16 most = __builtin_elementwise_max(__builtin_elementwise_max(bits[0], bits[1]),
                                            __builtin_elementwise_max(bits[2], bits[3]));
    struct kite_weight_digits d = kite_weight_digits(__builtin_reduce_max(most));
    for (int v = 0; v < 4; v++) {
        i32x16 weight = bits_of(fma16(s[v], (f32x16)d.inverse, (f32x16)KITE_ROUNDER));
        *(u8x16u *)(out->high + v * 16) = __builtin_convertvector(weight >> 7 & 127, u8x16);
        *(u8x16u *)(out->low + v * 16) = __builtin_convertvector(weight & 127, u8x16);
    }
    out->factor = d.factor;
    out->shrink = shrink;
}

/// output[row] = shrink * output[row] + factor * (digits . values), for rows from `row` on and `vectors` x 16
/// dimensions.
INLINE void mix_codes_tile(const int rows, const int vectors, const struct block *b, const struct head_page *p,
                           size_t row, size_t column, const int fetch) {
    const char *values = (const char *)p->values + column * 4;
    size_t dim = b->attention->dim;
    i32x16 high[2][ROW_VECTORS], low[2][ROW_VECTORS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) high[r][v] = low[r][v] = 0;
    for (size_t quad = 0; quad < KITE_PAGE_TOKENS / 4; quad++) {
        const char *at = values + quad * dim * 4;
        if (fetch) fetch_ahead(at, (size_t)vectors * 64, p->after_values);
        u8x64 value[ROW_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) value[v] = load_codes(at + v * 64);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const struct digits *d = row_digits(b, row + (size_t)r);
            int32_t h = load_four(d->high + quad * 4), l = load_four(d->low + quad * 4);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) high[r][v] = dot_values(high[r][v], h, value[v]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) low[r][v] = dot_values(low[r][v], l, value[v]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const struct digits *d = row_digits(b, row + (size_t)r);
            float *out = b->output + (row + (size_t)r) * b->padded + column + v * 16;
            f32x16 sum = __builtin_convertvector((high[r][v] << 7) + low[r][v], f32x16);
            store(out, fma16(sum, (f32x16)d->factor, load(out) * d->shrink));
        }
}

/// All dimensions, in tiles of at most `widest` vectors that are as even as can be.
INLINE void mix_codes_rows(const int rows, const int widest, const struct block *b, const struct head_page *p,
                           size_t row, const int fetch) {
    size_t left = b->padded / 16, tiles = (left + (size_t)widest - 1) / (size_t)widest, column = 0;
    for (; tiles > 0; tiles--) {
        size_t vectors = (left + tiles - 1) / tiles;
#define MIX(n) mix_codes_tile(rows, n, b, p, row, column, fetch)
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

/// `asks` for what comes next while it reads.
static void score_codes_page(const struct block *b, const struct head_page *p, size_t from, size_t to, int asks) {
    const int vectors = KITE_BLOCK_VECTORS < 4 ? KITE_BLOCK_VECTORS : 4;
    size_t row = from;
    if (asks && row + 4 <= to) {
        score_codes(4, vectors, b, p, row, 1);
        row += 4;
    } else if (asks) {
        score_codes(1, 4, b, p, row++, 1);
    }
    for (; row + 4 <= to; row += 4) score_codes(4, vectors, b, p, row, 0);
    for (; row < to; row++) score_codes(1, 4, b, p, row, 0);
}

static void mix_codes_page(const struct block *b, const struct head_page *p, size_t from, size_t to, int asks) {
    size_t row = from;
    if (asks) fetch_ahead(value_scales(b, p), KITE_PAGE_TOKENS * sizeof(float), p->after_values);
    if (asks && row + 2 <= to) {
        mix_codes_rows(2, KITE_BLOCK_VECTORS, b, p, row, 1);
        row += 2;
    } else if (asks) {
        mix_codes_rows(1, KITE_BLOCK_VECTORS, b, p, row++, 1);
    }
    for (; row + 2 <= to; row += 2) mix_codes_rows(2, KITE_BLOCK_VECTORS, b, p, row, 0);
    for (; row < to; row++) mix_codes_rows(1, KITE_BLOCK_VECTORS, b, p, row, 0);
}
