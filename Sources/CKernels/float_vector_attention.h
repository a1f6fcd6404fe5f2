// Part of float_vector.h: attention over the KV cache. What is the same for every type of cache.
//
// Pages are the outer loop and heads the inner one: a page's keys and values of consecutive heads are one run of
// memory, and while one head is computed the next one's is asked for. A single token's attention is nothing but that
// reading. Rows (queries) are taken several at a time so that a loaded key or value serves all of them; each row's
// arithmetic is its own.

#define SPAN_PAGES (KITE_SPAN_TOKENS / KITE_PAGE_TOKENS)
/// Widest register tile of a row; also the widest of KITE_BLOCK_VECTORS.
#define ROW_VECTORS 5
/// Heads of a page that go through the stages of attention together.
#define STAGE_HEADS 8
/// And rows.
#define STAGE_ROWS 4

/// A row's softmax: largest score and sum of the weights, of the span at hand and of all spans before it.
struct row_state {
    float highest, sum, all_highest, all_sum;
    /// Of a query in codes: what a score is multiplied with, and the sum of the codes.
    float factor;
    int32_t code_sum;
};

/// The rows of one head: row r is token r / group, query r % group.
struct block {
    const struct kite_attention *attention;
    /// The head size in whole vectors: floats from one row to the next of the three below.
    size_t padded;
    /// Queries (or their codes), and what the span at hand and all spans before it mix to.
    float *queries, *output, *totals;
    /// [row][64 keys].
    float *scores;
    struct row_state *state;
};

/// One head's part of one page.
struct head_page {
    const void *keys, *values;
    /// Position of the page's first token.
    size_t start;
    /// Bytes from the keys to what will be read after them, and from the values to what will be read after those.
    ptrdiff_t after_keys, after_values;
};

/// Asks for the memory that is `ahead` of bytes [at, at + count). Never faults.
INLINE void fetch_ahead(const void *at, size_t count, ptrdiff_t ahead) {
    for (size_t byte = 0; byte < count; byte += 64) __builtin_prefetch((const char *)at + byte + ahead);
}

/// Keys of the page from `start` that `row` sees, as slots [low, high).
INLINE size_t row_low(const struct block *b, size_t row, size_t start) {
    size_t low = kite_lowest_key(b->attention->first_position + row / b->attention->group, b->attention->window);
    return low > start ? low - start : 0;
}

INLINE size_t row_high(const struct block *b, size_t row, size_t start) {
    size_t end = b->attention->first_position + row / b->attention->group + 1;
    return end - start < KITE_PAGE_TOKENS ? end - start : KITE_PAGE_TOKENS;
}

/// Rows [*from, *to) are those that see a key at [start, start + count).
INLINE void rows_seeing(const struct kite_attention *a, size_t start, size_t count, size_t *from, size_t *to) {
    size_t first = start > a->first_position ? start - a->first_position : 0, end = a->tokens;
    while (end > first && kite_lowest_key(a->first_position + end - 1, a->window) >= start + count) end--;
    *from = first * a->group;
    *to = end * a->group;
}

/// All lanes whose key, `first` and up, is in [low, high).
INLINE i32x16 seen_lanes(size_t first, size_t low, size_t high) {
    const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    i32x16 key = lane + (int32_t)first;
    return (key >= (int32_t)low) & (key < (int32_t)high);
}

/// exp(x) for x <= 0; below KITE_WEIGHT_LOWEST as there.
INLINE f32x16 weight16(f32x16 x) {
    x = x < KITE_WEIGHT_LOWEST ? (f32x16)KITE_WEIGHT_LOWEST : x;
    f32x16 shifted = fma16(x, (f32x16)KITE_LOG2_E, (f32x16)KITE_ROUNDER);
    f32x16 n = shifted - KITE_ROUNDER;
    f32x16 r = fma16(n, (f32x16)-KITE_LN2_LOW, fma16(n, (f32x16)-KITE_LN2_HIGH, x));
    f32x16 q = fma16(r, (f32x16)KITE_EXP_Q4, (f32x16)KITE_EXP_Q3);
    q = fma16(q, r, (f32x16)KITE_EXP_Q2);
    q = fma16(q, r, (f32x16)KITE_EXP_Q1);
    q = fma16(q, r, (f32x16)KITE_EXP_Q0);
    // Times 2^n: the low bits of `shifted` are n.
    return float_of(bits_of(fma16(q, r * r, r) + 1.0f) + (bits_of(shifted) << 23));
}

/// Turns a row's scores of a page into weights, 0 where masked, and moves its maximum and sum on. Returns the factor by
/// which its older weights shrink.
INLINE float soften(f32x16 s[4], size_t low, size_t high, struct row_state *state) {
    const int partial = low > 0 || high < KITE_PAGE_TOKENS;
    if (partial)
        for (int v = 0; v < 4; v++) s[v] = seen_lanes((size_t)v * 16, low, high) ? s[v] : (f32x16)-INFINITY;
    float before = state->highest, top = max_lanes(larger(larger(s[0], s[1]), larger(s[2], s[3])));
    float after = top > before ? top : before;
    for (int v = 0; v < 4; v++) s[v] = weight16(s[v] - after);
    float shrink = weight16((f32x16)(before - after))[0];
    if (partial)
        for (int v = 0; v < 4; v++) s[v] = seen_lanes((size_t)v * 16, low, high) ? s[v] : (f32x16)0.0f;
    state->highest = after;
    state->sum = __builtin_elementwise_fma(state->sum, shrink, sum_lanes((s[0] + s[1]) + (s[2] + s[3])));
    return shrink;
}

#include "float_vector_attend_codes.h"
#include "float_vector_attend_floats.h"

/// Where the scratch holds the rows of `head`.
INLINE struct block head_block(const struct kite_attention *a, size_t head, float *scratch) {
    size_t padded = (a->dim + 15) / 16 * 16, rows = a->tokens * a->group, all = a->heads * rows, first = head * rows;
    float *scores = scratch + 3 * all * padded;
    return (struct block){.attention = a,
                          .padded = padded,
                          .queries = scratch + first * padded,
                          .output = scratch + (all + first) * padded,
                          .totals = scratch + (2 * all + first) * padded,
                          .scores = scores + first * KITE_PAGE_TOKENS,
                          .state = (struct row_state *)(scores + all * KITE_PAGE_TOKENS) + first};
}

INLINE void begin_span(const struct block *b, size_t row) {
    memset(b->output + row * b->padded, 0, b->padded * sizeof(float));
    b->state[row].highest = -INFINITY;
    b->state[row].sum = 0;
}

static void begin_rows(const struct kite_attention *a, size_t head, float *scratch) {
    struct block b = head_block(a, head, scratch);
    for (size_t row = 0; row < a->tokens * a->group; row++) {
        const float *query =
            a->queries + row / a->group * a->query_stride + (head * a->group + row % a->group) * a->dim;
        if (a->type == KITE_CACHE_INT8)
            query_codes(&b, row, query);
        else
            memcpy(b.queries + row * b.padded, query, a->dim * sizeof(float));
        begin_span(&b, row);
    }
}

/// Adds what a span mixes to (its weights' maximum, sum and mix) to what the spans before it do.
INLINE void merge_span(const struct block *b, size_t row, int is_first, float highest, float sum, const float *mix) {
    float *total = b->totals + row * b->padded;
    struct row_state *state = &b->state[row];
    if (is_first) {
        memcpy(total, mix, b->padded * sizeof(float));
        state->all_highest = highest;
        state->all_sum = sum;
        return;
    }
    float before = state->all_highest, after = highest > before ? highest : before;
    float old = weight16((f32x16)(before - after))[0], new = weight16((f32x16)(highest - after))[0];
    state->all_highest = after;
    state->all_sum = __builtin_elementwise_fma(state->all_sum, old, sum * new);
    for (size_t d = 0; d < b->padded; d += 16)
        store(total + d, fma16(load(total + d), (f32x16)old, load(mix + d) * new));
}

/// The span in which `row` sees its first key.
INLINE size_t row_first_span(const struct kite_attention *a, size_t row) {
    return kite_lowest_key(a->first_position + row / a->group, a->window) / KITE_SPAN_TOKENS;
}

static void end_span(const struct kite_attention *a, size_t span, float *scratch) {
    size_t from, to, rows = a->tokens * a->group;
    rows_seeing(a, span * KITE_SPAN_TOKENS, KITE_SPAN_TOKENS, &from, &to);
    for (size_t head = 0; head < a->heads; head++) {
        struct block b = head_block(a, head, scratch);
        for (size_t row = from; row < to; row++) {
            const float *mix = b.output + row * b.padded;
            if (a->partials) {
                float *record = kite_attention_partial(a, head * rows + row, span);
                memcpy(record, mix, b.padded * sizeof(float));
                record[b.padded] = b.state[row].highest;
                record[b.padded + 1] = b.state[row].sum;
            } else {
                merge_span(&b, row, span == row_first_span(a, row), b.state[row].highest, b.state[row].sum, mix);
            }
            begin_span(&b, row);
        }
    }
}

/// Writes the output of all rows.
static void end_rows(const struct kite_attention *a, float *scratch) {
    for (size_t head = 0; head < a->heads; head++) {
        struct block b = head_block(a, head, scratch);
        for (size_t row = 0; row < a->tokens * a->group; row++) {
            float *out = a->output + row / a->group * a->output_stride + (head * a->group + row % a->group) * a->dim;
            float factor = 1 / b.state[row].all_sum;
            for (size_t d = 0; d < a->dim; d++) out[d] = b.totals[row * b.padded + d] * factor;
        }
    }
}

/// Heads [head, end) of a page. With codes, each stage is done for all of them before the next one: the stages of a
/// head wait for each other, those of different heads do not.
static void attend_heads(const struct kite_attention *a, const char *page, const char *next_page, size_t start,
                         size_t head, size_t end, float *scratch) {
    struct block blocks[STAGE_HEADS];
    struct head_page pages[STAGE_HEADS];
    size_t count = end - head, from, to;
    rows_seeing(a, start, KITE_PAGE_TOKENS, &from, &to);
    const char *next = end < a->heads ? page + a->key_offset + end * a->head_stride : next_page + a->key_offset;
    for (size_t h = 0; h < count; h++) {
        const char *keys = page + a->key_offset + (head + h) * a->head_stride;
        const char *values = page + a->value_offset + (head + h) * a->head_stride;
        // Memory is asked for in the order of use: all keys, then all values, then the next heads' keys.
        ptrdiff_t stride = (ptrdiff_t)a->head_stride;
        blocks[h] = head_block(a, head + h, scratch);
        ptrdiff_t first_values = values - keys - (ptrdiff_t)h * stride;
        pages[h] = (struct head_page){.keys = keys,
                                      .values = values,
                                      .start = start,
                                      .after_keys = h + 1 < count ? stride : first_values,
                                      .after_values = h + 1 < count ? stride : next - values};
    }
    if (a->type != KITE_CACHE_INT8) {
        float *wide = (float *)head_block(a, a->heads, scratch).state;
        for (size_t h = 0; h < count; h++) attend_floats(&blocks[h], &pages[h], from, to, wide);
        return;
    }
    for (size_t row = from, stop; row < to; row = stop) {
        stop = to - row < STAGE_ROWS ? to : row + STAGE_ROWS;
        for (size_t h = 0; h < count; h++) score_codes_page(&blocks[h], &pages[h], row, stop, row == from);
        for (size_t r = row; r < stop; r++) {
            size_t low = row_low(&blocks[0], r, start), high = row_high(&blocks[0], r, start);
            for (size_t h = 0; h < count; h++) soften_codes(&blocks[h], &pages[h], r, low, high);
        }
        for (size_t h = 0; h < count; h++) mix_codes_page(&blocks[h], &pages[h], row, stop, row == from);
    }
}

static void attend(const struct kite_attention *a, float *scratch) {
    for (size_t head = 0; head < a->heads; head++) begin_rows(a, head, scratch);
    size_t page = kite_lowest_key(a->first_position, a->window) / KITE_PAGE_TOKENS;
    size_t last = (a->first_position + a->tokens - 1) / KITE_PAGE_TOKENS;
    if (a->partials) {
        if (page < a->first_span * SPAN_PAGES) page = a->first_span * SPAN_PAGES;
        if (last >= a->end_span * SPAN_PAGES) last = a->end_span * SPAN_PAGES - 1;
    }
    // With few rows memory waits while a core goes from stage to stage: less often with several heads at a time. Floats
    // are so many bytes that it does not matter, and are best read in one stream.
    size_t step = a->type == KITE_CACHE_INT8 && a->tokens * a->group < 4 ? STAGE_HEADS : 1;
    for (; page <= last; page++) {
        const void *next = a->pages[page < last ? page + 1 : page];
        for (size_t head = 0, end; head < a->heads; head = end) {
            end = a->heads - head < step ? a->heads : head + step;
            attend_heads(a, a->pages[page], next, page * KITE_PAGE_TOKENS, head, end, scratch);
        }
        if (page == last || (page + 1) % SPAN_PAGES == 0) end_span(a, page / SPAN_PAGES, scratch);
    }
    if (!a->partials) end_rows(a, scratch);
}

static void merge_spans(const struct kite_attention *a, float *scratch) {
    size_t rows = a->tokens * a->group;
    for (size_t head = 0; head < a->heads; head++) {
        struct block b = head_block(a, head, scratch);
        for (size_t row = 0; row < rows; row++) {
            size_t first = row_first_span(a, row), last = (a->first_position + row / a->group) / KITE_SPAN_TOKENS;
            for (size_t span = first; span <= last; span++) {
                const float *record = kite_attention_partial(a, head * rows + row, span);
                merge_span(&b, row, span == first, record[b.padded], record[b.padded + 1], record);
            }
        }
    }
    end_rows(a, scratch);
}
