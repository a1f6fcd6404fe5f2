// Part of float_vector_attention.h: one head's page of 8-bit codes. Products of codes are summed as integers.
//
// Scores: lane = key, the page's keys are [dim / 4][64][4]. The query is rounded to 8 bits.
// Mixing: lane = dimension, the page's values are [64 / 4][dim][4]. A key's weight times its values' scale is rounded to
// 14 bits of the page's largest such product, in two digits of 7 bits. A sum of 64 products stays below 2^27.

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

/// scores[row][64 keys] for rows from `row` on, `vectors` x 16 keys at a time.
INLINE void score_codes(const int rows, const int vectors, const struct block *b, const struct head_page *p, size_t row,
                        float *scores, const int fetch) {
    const char *keys = p->keys, *queries = (const char *)(b->queries + row * b->padded);
    size_t quads = kite_padded_to_4(b->attention->dim) / 4, stride = b->padded * sizeof(float);
    const float *scales = (const float *)(keys + quads * 4 * KITE_PAGE_TOKENS);
    if (fetch) fetch_ahead(scales, KITE_PAGE_TOKENS * sizeof(float), p->ahead);
    for (int first = 0; first < 4; first += vectors) {
        i32x16 sums[4][4];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] = dot_start(b->state[row + (size_t)r].code_sum);
        for (size_t quad = 0; quad < quads; quad++) {
            const char *at = keys + quad * 4 * KITE_PAGE_TOKENS;
            u8x64 key[4];
            if (fetch && first == 0) fetch_ahead(at, 4 * KITE_PAGE_TOKENS, p->ahead);
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

/// A row's weights of a page in two digits of 7 bits: [high or low][64 keys].
struct digits {
    _Alignas(64) uint8_t digit[2][KITE_PAGE_TOKENS];
    /// What a sum over digits is multiplied with, and what the output shrinks by before.
    float factor, shrink;
};

INLINE void soften_codes(const struct block *b, const float *scores, const float *scales, size_t row, size_t start,
                         struct digits *out) {
    size_t low = row_low(b, row, start), high = row_high(b, row, start);
    f32x16 s[4];
    for (int v = 0; v < 4; v++) s[v] = load(scores + v * 16);
    out->shrink = soften(s, low, high, &b->state[row]);
    i32x16 bits[4];
    for (int v = 0; v < 4; v++) s[v] *= load(scales + v * 16);
    // Slots that hold no token of this sequence may hold any scale.
    if (low > 0 || high < KITE_PAGE_TOKENS)
        for (int v = 0; v < 4; v++) s[v] = seen_lanes((size_t)v * 16, low, high) ? s[v] : (f32x16)0.0f;
    // As integers, magnitudes compare like the floats they are, and NaN is above infinity.
    for (int v = 0; v < 4; v++) bits[v] = bits_of(s[v]) & 0x7fffffff;
    i32x16 most = __builtin_elementwise_max(__builtin_elementwise_max(bits[0], bits[1]),
                                            __builtin_elementwise_max(bits[2], bits[3]));
    struct kite_weight_digits d = kite_weight_digits(__builtin_reduce_max(most));
    out->factor = d.factor;
    for (int v = 0; v < 4; v++) {
        i32x16 weight = bits_of(fma16(s[v], (f32x16)d.inverse, (f32x16)KITE_ROUNDER));
        *(u8x16u *)(out->digit[0] + v * 16) = __builtin_convertvector(weight >> 7 & 127, u8x16);
        *(u8x16u *)(out->digit[1] + v * 16) = __builtin_convertvector(weight & 127, u8x16);
    }
}

/// output[row] = shrink * output[row] + factor * (digits . values), for rows from `row` on and `vectors` x 16
/// dimensions.
INLINE void mix_codes_tile(const int rows, const int vectors, const struct block *b, const struct head_page *p,
                           size_t row, size_t column, const struct digits *digits, const int fetch) {
    const char *values = (const char *)p->values + column * 4;
    size_t dim = b->attention->dim;
    i32x16 sums[2][ROW_VECTORS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sums[r][v][0] = sums[r][v][1] = 0;
    for (size_t quad = 0; quad < KITE_PAGE_TOKENS / 4; quad++) {
        const char *at = values + quad * dim * 4;
        if (fetch) fetch_ahead(at, (size_t)vectors * 64, p->ahead);
        u8x64 value[ROW_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) value[v] = load_codes(at + v * 64);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int i = 0; i < 2; i++) {
                int32_t four = load_four(digits[r].digit[i] + quad * 4);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) sums[r][v][i] = dot_values(sums[r][v][i], four, value[v]);
            }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            float *out = b->output + (row + (size_t)r) * b->padded + column + v * 16;
            f32x16 sum = __builtin_convertvector((sums[r][v][0] << 7) + sums[r][v][1], f32x16);
            store(out, fma16(sum, (f32x16)digits[r].factor, load(out) * digits[r].shrink));
        }
}

/// All dimensions, in tiles of at most `widest` vectors that are as even as can be.
INLINE void mix_codes(const int rows, const int widest, const struct block *b, const struct head_page *p, size_t row,
                      const struct digits *digits, const int fetch) {
    size_t left = b->padded / 16, tiles = (left + (size_t)widest - 1) / (size_t)widest, column = 0;
    for (; tiles > 0; tiles--) {
        size_t vectors = (left + tiles - 1) / tiles;
#define MIX(n) mix_codes_tile(rows, n, b, p, row, column, digits, fetch)
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

/// `rows` rows from `row` on, 1 or 4.
INLINE void attend_code_rows(const int rows, const struct block *b, const struct head_page *p, size_t row,
                             const int fetch) {
    const float *scales = (const float *)((const char *)p->values + KITE_PAGE_TOKENS * b->attention->dim);
    float scores[4 * KITE_PAGE_TOKENS];
    struct digits digits[4];
    score_codes(rows, rows == 1 ? 4 : KITE_BLOCK_VECTORS < 4 ? KITE_BLOCK_VECTORS : 4, b, p, row, scores, fetch);
    if (fetch) fetch_ahead(scales, KITE_PAGE_TOKENS * sizeof(float), p->ahead);
    for (int r = 0; r < rows; r++)
        soften_codes(b, scores + r * KITE_PAGE_TOKENS, scales, row + (size_t)r, p->start, &digits[r]);
    if (rows == 1) {
        mix_codes(1, KITE_BLOCK_VECTORS, b, p, row, digits, fetch);
    } else {
        mix_codes(2, KITE_BLOCK_VECTORS, b, p, row, digits, fetch);
        mix_codes(2, KITE_BLOCK_VECTORS, b, p, row + 2, digits + 2, 0);
    }
}

static void attend_codes(const struct block *b, const struct head_page *p, size_t from, size_t to) {
    size_t row = from;
    if (row + 4 <= to) {
        attend_code_rows(4, b, p, row, 1);
        for (row += 4; row + 4 <= to; row += 4) attend_code_rows(4, b, p, row, 0);
    } else if (row < to) {
        attend_code_rows(1, b, p, row, 1);
        row++;
    }
    for (; row < to; row++) attend_code_rows(1, b, p, row, 0);
}
