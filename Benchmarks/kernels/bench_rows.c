// Speed of the operations on rows, on data in the first-level cache, and of decoding and encoding.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

enum { WIDTH = 2560, REPEATS = 200 };

struct row_job {
    void (*work)(struct row_job *);
    float *x, *y, *z;
    void *bytes;
    const struct weight_type *type;
    enum kite_activations format;
};

static void layer_norm(struct row_job *j) { kite_layer_norm(j->x, j->y, j->y, j->z, WIDTH, 1e-5f); }
static void rms_norm(struct row_job *j) { kite_rms_norm(j->x, j->y, j->z, WIDTH, 1e-5f); }
static void rotate_halves(struct row_job *j) { kite_rotate_halves(j->z, j->x, j->y, WIDTH / 2); }
static void rotate_adjacent(struct row_job *j) { kite_rotate_adjacent(j->z, j->x, j->y, WIDTH / 2); }
static void swiglu(struct row_job *j) { kite_swiglu(j->x, j->y, j->z, WIDTH); }
static void add(struct row_job *j) { kite_add(j->z, j->x, WIDTH); }
static void exponential(struct row_job *j) { kite_exp(j->x, j->z, WIDTH); }
static void largest(struct row_job *j) { j->z[0] = kite_max(j->x, WIDTH); }
static void argmax(struct row_job *j) { j->z[0] = (float)kite_argmax(j->x, WIDTH); }
static void softmax(struct row_job *j) { kite_softmax(j->x, j->z, WIDTH); }
static void log_sum_exp(struct row_job *j) { j->z[0] = (float)kite_log_sum_exp(j->x, WIDTH); }
static void from_half(struct row_job *j) { kite_half_to_float(j->bytes, j->z, WIDTH); }
static void to_half(struct row_job *j) { kite_float_to_half(j->x, j->bytes, WIDTH); }
static void encode_bf16(struct row_job *j) { kite_encode_bf16(j->x, WIDTH, j->bytes); }
static void encode(struct row_job *j) { kite_quantize(j->type->type, j->x, 1, WIDTH, NULL, j->bytes); }
static void panel(struct row_job *j) { kite_panel_write(j->format, j->x, WIDTH, 1, 0, j->bytes); }
static void decode(struct row_job *j) { kite_dequantize(j->type->type, j->bytes, WIDTH, j->z); }

static const struct {
    const char *name;
    void (*work)(struct row_job *);
} operations[] = {
    {"LayerNorm", layer_norm},      {"RMSNorm", rms_norm},
    {"rotary, halves", rotate_halves}, {"rotary, adjacent", rotate_adjacent},
    {"SwiGLU", swiglu},             {"add", add},
    {"exp", exponential},           {"max", largest},
    {"argmax", argmax},             {"softmax", softmax},
    {"log-sum-exp", log_sum_exp},   {"f16 to f32", from_half},
    {"f32 to f16", to_half},        {"encode BF16", encode_bf16},
};

static void repeat(void *context, int thread) {
    struct row_job *job = context;
    (void)thread;
    for (int i = 0; i < REPEATS; i++) job->work(job);
}

/// Prints the time of one row and numbers per second.
static void report(const char *verb, const char *name, struct row_job *job) {
    double time = best_time(repeat, job, 1) / REPEATS;
    printf("| %s%s | %.0f | %.2f |\n", verb, name, time * 1e9, WIDTH / time * 1e-9);
}

void bench_rows(struct ceilings ceilings) {
    (void)ceilings;
    struct row_job job = {.x = aligned(WIDTH * 4), .y = aligned(WIDTH * 4), .z = aligned(WIDTH * 4)};
    job.bytes = aligned(WIDTH * 4);
    random_floats(job.x, WIDTH);
    random_floats(job.y, WIDTH);
    printf("\nRows of %d numbers, one thread.\n\n| operation | ns | 10⁹ numbers/s |\n| --- | ---: | ---: |\n", WIDTH);
    for (size_t i = 0; i < COUNT(operations); i++) {
        job.work = operations[i].work;
        report("", operations[i].name, &job);
    }
    static const char *const formats[] = {"f32", "8 bits by 32", "8 bits by 256"};
    job.work = panel;
    for (int format = KITE_ACTIVATIONS_Q32; format <= KITE_ACTIVATIONS_Q256; format++) {
        job.format = (enum kite_activations)format;
        report("activations to ", formats[format], &job);
    }
    job.work = decode;
    for (size_t i = 0; i < weight_type_count; i++) {
        job.type = &weight_types[i];
        random_weights(job.type, WEIGHTS_USUAL, job.bytes, WIDTH / job.type->numbers);
        report("decode ", job.type->name, &job);
    }
    job.work = encode;
    for (size_t i = 0; i < weight_type_count; i++) {
        job.type = &weight_types[i];
        report("encode ", job.type->name, &job);
    }
    free(job.x);
    free(job.y);
    free(job.z);
    free(job.bytes);
}
