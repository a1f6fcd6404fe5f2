// Operations on rows of floats and conversions, bit by bit against the scalar twin.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

enum { MOST = 1200 };

/// What an operation reads. `width` numbers are in use; pairs of numbers are width / 2.
struct row_inputs {
    float x[MOST], y[MOST], z[MOST];
    uint16_t halves[MOST];
    size_t width;
    int has_bias;
};

/// Runs one operation; returns how many floats it wrote to `out`.
typedef size_t operation(const struct row_inputs *in, float *out);

static size_t layer_norm(const struct row_inputs *in, float *out) {
    kite_layer_norm(in->x, in->y, in->has_bias ? in->z : NULL, out, in->width, 1e-5f);
    return in->width;
}

static size_t rms_norm(const struct row_inputs *in, float *out) {
    kite_rms_norm(in->x, in->y, out, in->width, 1e-6f);
    return in->width;
}

static size_t rotate_halves(const struct row_inputs *in, float *out) {
    memcpy(out, in->x, in->width * sizeof *out);
    kite_rotate_halves(out, in->y, in->z, in->width / 2);
    return in->width;
}

static size_t rotate_adjacent(const struct row_inputs *in, float *out) {
    memcpy(out, in->x, in->width * sizeof *out);
    kite_rotate_adjacent(out, in->y, in->z, in->width / 2);
    return in->width;
}

static size_t swiglu(const struct row_inputs *in, float *out) {
    kite_swiglu(in->x, in->y, out, in->width);
    return in->width;
}

static size_t swiglu_in_place(const struct row_inputs *in, float *out) {
    memcpy(out, in->x, in->width * sizeof *out);
    kite_swiglu(out, in->y, out, in->width);
    return in->width;
}

static size_t add(const struct row_inputs *in, float *out) {
    memcpy(out, in->x, in->width * sizeof *out);
    kite_add(out, in->y, in->width);
    return in->width;
}

static size_t exponential(const struct row_inputs *in, float *out) {
    kite_exp(in->x, out, in->width);
    return in->width;
}

static size_t softmax(const struct row_inputs *in, float *out) {
    kite_softmax(in->x, out, in->width);
    return in->width;
}

static size_t reductions(const struct row_inputs *in, float *out) {
    double sum = kite_log_sum_exp(in->x, in->width);
    uint64_t index = kite_argmax(in->x, in->width);
    if (isnan(sum)) sum = -1;  // which NaN does not matter
    out[0] = kite_max(in->x, in->width);
    memcpy(out + 1, &sum, sizeof sum);
    memcpy(out + 3, &index, sizeof index);
    return 5;
}

static size_t from_half(const struct row_inputs *in, float *out) {
    kite_half_to_float(in->halves, out, in->width);
    return in->width;
}

static size_t to_half(const struct row_inputs *in, float *out) {
    const size_t count = (in->width + 1) / 2;
    out[count - 1] = 0;
    kite_float_to_half(in->x, (uint16_t *)out, in->width);
    return count;
}

static size_t encode_bf16(const struct row_inputs *in, float *out) {
    const size_t count = (in->width + 1) / 2;
    out[count - 1] = 0;
    kite_encode_bf16(in->x, in->width, out);
    return count;
}

/// Two blocks of rows, the second in part, of any rank and for any number of columns.
static size_t low_rank(const struct row_inputs *in, const void *weights, enum kite_type type, float *out) {
    const size_t rank = 1 + in->width % 17, rows = 33 + in->width % 31, columns = 1 + in->width % 15;
    const struct kite_low_rank product = {type, weights, rank, in->x, rank, columns};
    memcpy(out, in->y, MOST * sizeof *out);
    kite_low_rank_add(&product, 0, rows, out, rows);
    kite_low_rank_add(&product, 32, rows, out, rows);
    return rows * columns;
}

static size_t low_rank_f32(const struct row_inputs *in, float *out) { return low_rank(in, in->z, KITE_F32, out); }
static size_t low_rank_f16(const struct row_inputs *in, float *out) { return low_rank(in, in->halves, KITE_F16, out); }
static size_t low_rank_bf16(const struct row_inputs *in, float *out) { return low_rank(in, in->halves, KITE_BF16, out); }

#define OPERATION(NAME) {#NAME, NAME}

static const struct {
    const char *name;
    operation *run;
} operations[] = {
    OPERATION(layer_norm),  OPERATION(rms_norm),        OPERATION(rotate_halves), OPERATION(rotate_adjacent),
    OPERATION(swiglu),      OPERATION(swiglu_in_place), OPERATION(add),           OPERATION(exponential),
    OPERATION(softmax),     OPERATION(reductions),      OPERATION(from_half),     OPERATION(to_half),
    OPERATION(encode_bf16), OPERATION(low_rank_f32),    OPERATION(low_rank_f16),  OPERATION(low_rank_bf16),
};

/// Halves and floats of all exponents now and then, usual numbers otherwise.
static void random_inputs(struct row_inputs *in) {
    const int special = random_below(4) == 0;
    const float range = random_below(2) ? 1 : 30;
    in->width = 1 + random_below(random_below(2) ? 40 : 600);
    in->has_bias = random_below(2) == 0;
    for (size_t i = 0; i < MOST; i++) {
        uint32_t bits = random_bits();
        in->x[i] = random_float() * range;
        in->y[i] = random_float();
        in->z[i] = random_float();
        in->halves[i] = (uint16_t)random_bits();
        if (special && random_below(8) == 0) memcpy(&in->x[i], &bits, sizeof bits);
    }
}

static int is_same_number(const float *a, const float *b) {
    return memcmp(a, b, sizeof *a) == 0 || (isnan(*a) && isnan(*b));
}

size_t check_rows(enum kite_cpu_level level, size_t rounds) {
    static struct row_inputs in;
    static float out[2][2 * MOST];
    size_t bad = 0;
    for (size_t round = 0; round < 60 * rounds; round++) {
        random_inputs(&in);
        for (size_t i = 0; i < COUNT(operations); i++) {
            size_t count = 0;
            for (int j = 0; j < 2; j++) {
                kite_cpu_force(j ? level : KITE_CPU_SCALAR);
                memset(out[j], 0x55, sizeof out[j]);
                count = operations[i].run(&in, out[j]);
            }
            for (size_t j = 0; j < COUNT(out[0]); j++)
                if (!is_same_number(&out[0][j], &out[1][j])) {
                    printf("%s %s of %zu differs at %zu of %zu: %g, not %g\n", kite_cpu_name(level),
                           operations[i].name, in.width, j, count, (double)out[1][j], (double)out[0][j]);
                    bad++;
                    break;
                }
        }
    }
    return bad;
}
