// Speed of both halves of a low-rank product, as a pass runs them: some columns at a time, rows in pieces.
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

enum { WIDTH = 2560, RANK = 16, MOST_COLUMNS = 120, PIECE_COLUMNS = 24, PIECE_ROWS = 64, REPEATS = 4 };

struct low_rank_job {
    enum kite_type type;
    const void *weights;
    float *x, *reduced, *out;
    void *scratch;
    size_t columns;
};

static void first_half(void *context, int thread) {
    const struct low_rank_job *j = context;
    (void)thread;
    for (int i = 0; i < REPEATS; i++)
        for (size_t c = 0; c < j->columns; c += PIECE_COLUMNS) {
            const struct kite_product product = {
                .type = j->type, .format = KITE_ACTIVATIONS_F32, .weights = j->weights,
                .row_bytes = WIDTH * (j->type == KITE_F32 ? 4 : 2), .k = WIDTH, .panel = j->x + c * WIDTH,
                .panel_stride = WIDTH, .columns = j->columns - c < PIECE_COLUMNS ? j->columns - c : PIECE_COLUMNS,
                .out = j->reduced + c * RANK, .out_stride = RANK,
            };
            kite_product_rows(&product, 0, RANK, j->scratch);
        }
}

static void second_half(void *context, int thread) {
    const struct low_rank_job *j = context;
    const struct kite_low_rank product = {j->type, j->weights, RANK, j->reduced, RANK, j->columns};
    (void)thread;
    for (int i = 0; i < REPEATS; i++)
        for (size_t row = 0; row < WIDTH; row += PIECE_ROWS)
            kite_low_rank_add(&product, row, row + PIECE_ROWS, j->out + row, WIDTH);
}

void bench_low_rank(struct ceilings ceilings) {
    static const enum kite_type types[] = {KITE_F32, KITE_F16, KITE_BF16};
    static const char *const names[] = {"F32", "F16", "BF16"};
    static const size_t columns[] = {1, 4, 8, MOST_COLUMNS};
    struct low_rank_job job = {
        .x = aligned(MOST_COLUMNS * WIDTH * 4), .out = aligned(MOST_COLUMNS * WIDTH * 4),
        .reduced = aligned(MOST_COLUMNS * RANK * 4),
        .scratch = aligned(kite_product_scratch(KITE_ACTIVATIONS_F32, WIDTH)),
    };
    random_floats(job.x, MOST_COLUMNS * WIDTH);
    // Any bits are weights; zeros are as fast as others.
    void *weights = aligned(RANK * WIDTH * 4);
    job.weights = weights;
    printf("\nLow-rank products, rank %d, %d wide, one thread: GFLOP/s of A x and of B (A x), and of the f32 peak.\n\n"
           "| type | columns | A | | B | |\n| --- | ---: | ---: | ---: | ---: | ---: |\n", RANK, WIDTH);
    for (size_t t = 0; t < COUNT(types); t++)
        for (size_t c = 0; c < COUNT(columns); c++) {
            job.type = types[t];
            job.columns = columns[c];
            const double work = 2.0 * WIDTH * RANK * (double)job.columns * REPEATS;
            const double a = work / best_time(first_half, &job, 1), b = work / best_time(second_half, &job, 1);
            printf("| %s | %zu | %.0f | %.0f%% | %.0f | %.0f%% |\n", names[t], job.columns, a * 1e-9,
                   100 * a / ceilings.f32, b * 1e-9, 100 * b / ceilings.f32);
        }
    free(job.x);
    free(job.out);
    free(job.reduced);
    free(job.scratch);
    free(weights);
}
