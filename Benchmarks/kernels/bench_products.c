// Speed of products: one column against the read bandwidth, many against the multiply-adds of the level.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common.h"

enum { ROWS = 6912, K = 2560, MOST_COLUMNS = 512, MOST_THREADS = 64 };
/// Weights that no cache holds, for few columns.
static const size_t large = 192u << 20;

struct product_job {
    struct kite_product product;
    size_t rows, threads;
    void *scratch[MOST_THREADS];
};

/// Each thread reads a long range of its own.
static void run_product(void *context, int thread) {
    struct product_job *job = context;
    const size_t step = 64, pieces = job->rows / step;
    const size_t begin = pieces * (size_t)thread / job->threads * step;
    const size_t end = pieces * ((size_t)thread + 1) / job->threads * step;
    for (size_t row = begin; row < end; row += step)
        kite_product_rows(&job->product, row, row + step, job->scratch[thread]);
}

/// Seconds for `rows` rows by `columns` columns.
static double time_product(const struct weight_type *t, const uint8_t *weights, size_t rows, size_t columns,
                           int threads) {
    struct product_job job = {.rows = rows, .threads = (size_t)threads};
    enum kite_activations format = kite_activations_of(t->type);
    float *x = aligned(columns * K * sizeof(float)), *out = aligned(columns * rows * sizeof(float));
    void *panel = aligned(format == KITE_ACTIVATIONS_BF16 ? kite_panel_bytes_bf16(K, columns)
                                                          : kite_panel_bytes(K, columns));
    random_floats(x, columns * K);
    if (format != KITE_ACTIVATIONS_F32)
        for (size_t c = 0; c < columns; c++) kite_panel_write(format, x + c * K, K, columns, c, panel);
    for (int i = 0; i < threads; i++) job.scratch[i] = aligned(kite_product_scratch(format, K));
    const void *numbers = format == KITE_ACTIVATIONS_F32 ? (void *)x : panel;
    static uint64_t version;
    job.product = (struct kite_product){.type = t->type, .format = format, .weights = weights,
                                        .row_bytes = K / t->numbers * t->bytes, .k = K, .panel = numbers,
                                        .panel_stride = K, .columns = columns, .panel_version = ++version, .out = out,
                                        .out_stride = rows};
    double time = best_time(run_product, &job, threads);
    for (int i = 0; i < threads; i++) free(job.scratch[i]);
    free(panel);
    free(out);
    free(x);
    return time;
}

void bench_products(int threads, struct ceilings ceilings, const char *only) {
    static const size_t batches[] = {2, 4, 8, 16, MOST_COLUMNS};
    printf("\nProducts of a %d x %d matrix: GB/s of weights for one column, GOP/s for more; in brackets the share\n"
           "of the read bandwidth and of the multiply-adds.\n\n| type | 1 column |", ROWS, K);
    for (size_t i = 0; i < COUNT(batches); i++) printf(" %zu |", batches[i]);
    printf("\n| --- | ---: |");
    for (size_t i = 0; i < COUNT(batches); i++) printf(" ---: |");
    puts("");
    for (size_t i = 0; i < weight_type_count; i++) {
        const struct weight_type *t = &weight_types[i];
        if (only && strcasecmp(only, t->name) != 0) continue;
        const size_t row_bytes = K / t->numbers * t->bytes, part = 64 * row_bytes;
        const size_t rows = large / part * 64;
        uint8_t *weights = aligned(rows * row_bytes);
        random_weights(t, WEIGHTS_USUAL, weights, part / t->bytes);
        for (size_t at = part; at < rows * row_bytes; at += part) memcpy(weights + at, weights, part);
        double rate = (double)(rows * row_bytes) / time_product(t, weights, rows, 1, threads);
        printf("| %s | %.1f (%.0f%%) |", t->name, rate * 1e-9, rate / ceilings.read * 100);
        for (size_t j = 0; j < COUNT(batches); j++) {
            double operations = 2.0 * ROWS * K * (double)batches[j];
            rate = operations / time_product(t, weights, ROWS, batches[j], threads);
            const enum kite_activations format = kite_activations_of(t->type);
            double peak = format == KITE_ACTIVATIONS_F32 ? ceilings.f32
                          : format == KITE_ACTIVATIONS_BF16 && ceilings.bf16 > 0 ? ceilings.bf16
                          : format == KITE_ACTIVATIONS_BF16 ? ceilings.f32 : ceilings.int8;
            if (batches[j] == MOST_COLUMNS)
                printf(" %.0f (%.0f%%) |", rate * 1e-9, rate / peak * 100);
            else
                printf(" %.0f |", rate * 1e-9);
        }
        puts("");
        fflush(stdout);
        free(weights);
    }
}

// ---- what the machine can do ----

struct ceiling_job {
    enum kite_arithmetic kind;
    const char *data;
    size_t bytes;
    _Atomic uint64_t done;
};

static void run_read(void *context, int thread) {
    struct ceiling_job *job = context;
    job->done += kite_ceiling_read(job->data + (size_t)thread * job->bytes, job->bytes) & 1;
}

static void run_compute(void *context, int thread) {
    struct ceiling_job *job = context;
    uint64_t done = kite_ceiling_compute(kite_cpu_current(), job->kind, 300000);
    if (thread == 0) job->done = done;
}

struct ceilings measure_ceilings(int threads) {
    struct ceilings c = {0};
    double *const rates[] = {&c.int8, &c.bf16, &c.f32};
    struct ceiling_job job = {.bytes = large / (size_t)threads / 4096 * 4096};
    char *data = aligned(large);
    memset(data, 1, large);
    job.data = data;
    c.read = (double)job.bytes * threads / best_time(run_read, &job, threads);
    free(data);
    for (int kind = 0; kind < 3; kind++) {
        job.kind = (enum kite_arithmetic)kind;
        if (kite_ceiling_compute(kite_cpu_current(), job.kind, 1) == 0) continue;
        double time = best_time(run_compute, &job, threads);
        *rates[kind] = (double)job.done * threads / time;
    }
    return c;
}
