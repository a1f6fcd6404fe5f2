// Speed of attention: a token against the read bandwidth, a prompt against the multiply-adds; and of storing.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { CONTEXT = 2048, PAGES = CONTEXT / KITE_PAGE_TOKENS, PROMPT = 256 };

static const char *const names[] = {"f32", "f16", "int8"};

/// A layer's heads of a model.
struct heads {
    const char *name;
    size_t heads, group, dim;
};

struct attention_job {
    struct kite_attention attention;
    void *pages[PAGES];
    size_t side, layers;
    float *scratch, *k, *v;
    size_t group_tokens;
};

static size_t side_bytes(enum kite_cache_type type, size_t dim) {
    const size_t width = type == KITE_CACHE_F32 ? 4 * dim : type == KITE_CACHE_F16 ? 2 * dim : (dim + 3) / 4 * 4 + 4;
    return KITE_PAGE_TOKENS * width;
}

/// All heads of all layers, for the last token.
static void run_token(void *context, int thread) {
    struct attention_job *job = context;
    struct kite_attention a = job->attention;
    (void)thread;
    for (size_t layer = 0; layer < job->layers; layer++) {
        a.key_offset = layer * a.heads * a.head_stride;
        a.value_offset = a.key_offset + job->side;
        kite_attend(&a, job->scratch);
    }
}

/// One head of PROMPT tokens, some at a time.
static void run_prompt(void *context, int thread) {
    struct attention_job *job = context;
    struct kite_attention a = job->attention;
    (void)thread;
    a.heads = 1;
    a.tokens = job->group_tokens;
    for (size_t token = 0; token < PROMPT; token += a.tokens) {
        a.first_position = CONTEXT - PROMPT + token;
        kite_attend(&a, job->scratch);
    }
}

/// A page of tokens of every head of one layer.
static void run_store(void *context, int thread) {
    struct attention_job *job = context;
    const struct kite_attention *a = &job->attention;
    (void)thread;
    for (size_t head = 0; head < a->heads; head++) {
        char *base = (char *)job->pages[0] + head * a->head_stride;
        kite_cache_store(a->type, job->k, job->v, a->dim, KITE_PAGE_TOKENS, a->dim, 0, base, base + job->side);
    }
}

static void bench_shape(const struct heads *s, enum kite_cache_type type, struct ceilings ceilings) {
    const size_t width = s->heads * s->group * s->dim, side = side_bytes(type, s->dim);
    struct attention_job job = {.side = side, .group_tokens = s->group >= 32 ? 1 : 32 / s->group};
    struct kite_attention *a = &job.attention;
    // Enough layers for 128 MB of cache.
    job.layers = (128u << 20) / (PAGES * s->heads * 2 * side) + 1;
    float *queries = aligned(PROMPT * width * sizeof(float)), *out = aligned(PROMPT * width * sizeof(float));
    random_floats(queries, PROMPT * width);
    job.k = aligned(KITE_PAGE_TOKENS * s->dim * sizeof(float));
    job.v = aligned(KITE_PAGE_TOKENS * s->dim * sizeof(float));
    random_floats(job.k, KITE_PAGE_TOKENS * s->dim);
    random_floats(job.v, KITE_PAGE_TOKENS * s->dim);
    *a = (struct kite_attention){.pages = (const void *const *)job.pages, .value_offset = side,
                                 .head_stride = 2 * side, .type = type, .heads = s->heads, .dim = s->dim,
                                 .group = s->group, .queries = queries, .output = out, .query_stride = width,
                                 .output_stride = width, .tokens = 1, .first_position = CONTEXT - 1,
                                 .scale = 1 / sqrtf((float)s->dim)};
    job.scratch = aligned(kite_attention_scratch(s->heads * s->group * job.group_tokens, s->dim) * sizeof(float));
    for (size_t i = 0; i < PAGES; i++) {
        job.pages[i] = aligned(job.layers * s->heads * 2 * side + 64);
        for (size_t head = 0; head < job.layers * s->heads; head++) {
            char *base = (char *)job.pages[i] + head * 2 * side;
            kite_cache_store(type, job.k, job.v, s->dim, KITE_PAGE_TOKENS, s->dim, 0, base, base + side);
        }
    }
    double bytes = (double)job.layers * PAGES * (double)s->heads * 2 * (double)side;
    double token = bytes / best_time(run_token, &job, 1), keys = 0;
    for (size_t i = 0; i < PROMPT; i++) keys += CONTEXT - PROMPT + (double)i + 1;
    double prompt = 4.0 * (double)(s->dim * s->group) * keys / best_time(run_prompt, &job, 1);
    double stored = (double)s->heads * 2 * (double)side / best_time(run_store, &job, 1);
    printf("| %s | %zu | %zu x %zu | %s | %.1f (%.0f%%) | %.0f | %.1f |\n", s->name, s->dim, s->heads, s->group,
           names[type], token * 1e-9, token / ceilings.read * 100, prompt * 1e-9, stored * 1e-9);
    fflush(stdout);
    for (size_t i = 0; i < PAGES; i++) free(job.pages[i]);
    free(queries);
    free(out);
    free(job.k);
    free(job.v);
    free(job.scratch);
}

void bench_attention(struct ceilings ceilings) {
    static const struct heads shapes[] = {
        {"StableLM 3B", 32, 1, 80},
        {"StableLM 2 1.6B", 32, 1, 64},
        {"StableLM 2 12B", 8, 4, 160},
        {"Zephyr 7B", 8, 4, 128},
    };
    printf("\nAttention over %d tokens, one thread: a token (GB/s of cache, share of the read bandwidth), %d tokens\n"
           "of a prompt (GOP/s), storing a page (GB/s).\n\n"
           "| shape | head | heads | cache | token | prompt | store |\n"
           "| --- | ---: | ---: | --- | ---: | ---: | ---: |\n",
           CONTEXT, PROMPT);
    for (size_t i = 0; i < COUNT(shapes); i++)
        for (int type = 0; type < 3; type++) bench_shape(&shapes[i], (enum kite_cache_type)type, ceilings);
}
