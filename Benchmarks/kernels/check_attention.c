// The KV cache and attention, bit by bit against the scalar twin.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { MOST_PAGES = 40 };

/// A sequence's cache and the attention over it, at random sizes.
struct sequence {
    struct kite_attention attention;
    void *pages[MOST_PAGES];
    size_t page_count, head_bytes, page_bytes;
    float *queries, *k, *v;
};

/// Bytes of a page's keys of one head; its values take as many.
static size_t side_bytes(enum kite_cache_type type, size_t dim) {
    switch (type) {
    case KITE_CACHE_F32: return KITE_PAGE_TOKENS * dim * 4;
    case KITE_CACHE_F16: return KITE_PAGE_TOKENS * dim * 2;
    case KITE_CACHE_INT8: return KITE_PAGE_TOKENS * ((dim + 3) / 4 * 4) + KITE_PAGE_TOKENS * 4;
    }
    return 0;
}

static void random_sequence(struct sequence *s, int is_long) {
    static const size_t dims[] = {16, 64, 80, 128, 160};
    struct kite_attention *a = &s->attention;
    *a = (struct kite_attention){.pages = (const void *const *)s->pages};
    a->type = (enum kite_cache_type)random_below(3);
    a->dim = random_below(3) ? dims[random_below(COUNT(dims))] : 1 + random_below(170);
    a->group = 1 + random_below(random_below(2) ? 1 : 5);
    a->heads = 1 + random_below(3);
    a->tokens = 1 + random_below(random_below(2) ? 2 : 20);
    a->first_position = random_below(is_long ? 2300 : 200);
    a->window = random_below(3) ? 0 : 1 + random_below(300);
    a->scale = 1 / sqrtf((float)a->dim);
    size_t side = side_bytes(a->type, a->dim), width = a->heads * a->group * a->dim;
    size_t all = a->first_position + a->tokens;
    a->key_offset = 64 * random_below(2);
    a->value_offset = a->key_offset + (side + 63) / 64 * 64;
    a->head_stride = a->value_offset + (side + 63) / 64 * 64;
    s->page_count = (all + KITE_PAGE_TOKENS - 1) / KITE_PAGE_TOKENS;
    s->page_bytes = a->heads * a->head_stride + 64;
    a->query_stride = width + random_below(5);
    a->output_stride = width + random_below(5);
    s->queries = aligned(a->tokens * a->query_stride * sizeof(float));
    random_floats(s->queries, a->tokens * a->query_stride);
    a->queries = s->queries;
    s->k = aligned(all * width * sizeof(float));
    s->v = aligned(all * width * sizeof(float));
    const float range = random_below(2) ? 1 : 8;
    for (size_t i = 0; i < all * width; i++) {
        s->k[i] = random_float() * range;
        s->v[i] = random_float() * (random_below(50) == 0 ? 40 : 1);
    }
    for (size_t i = 0; i < s->page_count; i++) s->pages[i] = aligned(s->page_bytes);
}

/// Stores all tokens, some at a time as a prompt's chunks would.
static void store(const struct sequence *s, void *const *pages) {
    const struct kite_attention *a = &s->attention;
    const size_t width = a->heads * a->group * a->dim, all = a->first_position + a->tokens;
    for (size_t token = 0, count; token < all; token += count) {
        size_t slot = token % KITE_PAGE_TOKENS;
        count = 1 + (token * 7 + 3) % (KITE_PAGE_TOKENS - slot);
        if (count > all - token) count = all - token;
        for (size_t head = 0; head < a->heads; head++) {
            char *base = (char *)pages[token / KITE_PAGE_TOKENS] + head * a->head_stride;
            size_t at = token * width + head * a->dim;
            kite_cache_store(a->type, s->k + at, s->v + at, width, count, a->dim, slot, base + a->key_offset,
                             base + a->value_offset);
        }
    }
}

/// Attends in one call, or span by span as threads would.
static void attend(const struct sequence *s, int by_span, float *out) {
    struct kite_attention a = s->attention;
    const size_t rows = a.heads * a.tokens * a.group, spans = (a.first_position + a.tokens - 1) / KITE_SPAN_TOKENS + 1;
    float *scratch = aligned(kite_attention_scratch(rows, a.dim) * sizeof(float));
    a.output = out;
    if (by_span) {
        a.partials = aligned(rows * spans * kite_partial_floats(a.dim) * sizeof(float));
        a.partial_spans = spans;
        for (size_t span = 0; span < spans; span++) {
            a.first_span = span;
            a.end_span = span + 1;
            kite_attend(&a, scratch);
        }
        kite_merge_spans(&a, scratch);
        free(a.partials);
    } else {
        kite_attend(&a, scratch);
    }
    free(scratch);
}

static size_t check_sequence(enum kite_cpu_level level, int is_long) {
    struct sequence s;
    random_sequence(&s, is_long);
    const struct kite_attention *a = &s.attention;
    const size_t outputs = a->tokens * a->output_stride;
    float *out[3];
    void *pages[MOST_PAGES];
    size_t bad = 0;
    kite_cpu_force(KITE_CPU_SCALAR);
    store(&s, s.pages);
    for (int i = 0; i < 3; i++) memset(out[i] = aligned(outputs * sizeof(float)), 0x55, outputs * sizeof(float));
    attend(&s, 0, out[0]);

    kite_cpu_force(level);
    for (size_t i = 0; i < s.page_count; i++) pages[i] = aligned(s.page_bytes);
    store(&s, pages);
    for (size_t i = 0; i < s.page_count && bad == 0; i++)
        if (memcmp(s.pages[i], pages[i], s.page_bytes) != 0 && ++bad) printf("stores differ: ");
    attend(&s, 0, out[1]);
    attend(&s, 1, out[2]);
    if (bad == 0 && memcmp(out[0], out[1], outputs * sizeof(float)) != 0 && ++bad) printf("attention differs: ");
    if (bad == 0 && memcmp(out[0], out[2], outputs * sizeof(float)) != 0 && ++bad) printf("spans differ: ");
    if (bad)
        printf("%s cache %d dim %zu heads %zu group %zu tokens %zu from %zu window %zu\n", kite_cpu_name(level),
               (int)a->type, a->dim, a->heads, a->group, a->tokens, a->first_position, a->window);
    for (size_t i = 0; i < s.page_count; i++) {
        free(s.pages[i]);
        free(pages[i]);
    }
    for (int i = 0; i < 3; i++) free(out[i]);
    free(s.queries);
    free(s.k);
    free(s.v);
    return bad;
}

size_t check_attention(enum kite_cpu_level level, size_t rounds) {
    size_t bad = 0;
    for (size_t round = 0; round < 24 * rounds; round++) bad += check_sequence(level, round % 12 == 0);
    return bad;
}
