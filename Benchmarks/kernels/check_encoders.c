// The quantizers and the codes of log-probabilities, byte by byte against the scalar twin.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

enum { BLOCKS = 3, NUMBERS = BLOCKS * 256, TAIL = 64 };

struct encoder_inputs {
    float x[NUMBERS], importance[NUMBERS];
    const float *weights;  ///< importance, or NULL
    size_t count;          ///< numbers in use where whole blocks are not asked for
};

/// Finite numbers of the kinds that a search for scales goes wrong with: usual, constant, tiny, huge, mostly zero, few
/// different values (ties).
static void random_inputs(struct encoder_inputs *in) {
    const size_t kind = random_below(6);
    const float constant = random_float();
    for (size_t i = 0; i < NUMBERS; i++) {
        const float usual = random_float();
        in->x[i] = kind == 0   ? usual
                   : kind == 1 ? constant
                   : kind == 2 ? usual * 1e-39f
                   : kind == 3 ? usual * 3e38f
                   : kind == 4 ? (random_below(16) ? 0 : usual)
                               : (float)(int)random_below(5) - 2;
        in->importance[i] = random_below(8) ? fabsf(random_float()) : 0;
    }
    in->weights = random_below(2) ? in->importance : NULL;
    in->count = 1 + random_below(NUMBERS);
}

static void report(enum kite_cpu_level level, const char *what, size_t *bad) {
    printf("%s %s differs\n", kite_cpu_name(level), what);
    ++*bad;
}

static void check_types(enum kite_cpu_level level, const struct encoder_inputs *in, size_t *bad) {
    static uint8_t out[2][NUMBERS * 4 + TAIL];
    for (size_t i = 0; i < weight_type_count; i++) {
        for (int j = 0; j < 2; j++) {
            kite_cpu_force(j ? level : KITE_CPU_SCALAR);
            memset(out[j], 0x55, sizeof out[j]);
            kite_quantize(weight_types[i].type, in->x, BLOCKS, NUMBERS / BLOCKS, in->weights, out[j]);
        }
        if (memcmp(out[0], out[1], sizeof out[0])) report(level, weight_types[i].name, bad);
    }
}

static void check_log_probabilities(enum kite_cpu_level level, const struct encoder_inputs *in, size_t *bad) {
    static uint16_t rows[2][NUMBERS + 8];
    double sums[2], divergences[2];
    for (int j = 0; j < 2; j++) {
        kite_cpu_force(j ? level : KITE_CPU_SCALAR);
        memset(rows[j], 0x55, sizeof rows[j]);
        sums[j] = kite_encode_log_probabilities(in->x, in->count, rows[j]);
        divergences[j] = kite_divergence(in->importance, 1, rows[j], in->count);
    }
    if (memcmp(rows[0], rows[1], sizeof rows[0]) || memcmp(&sums[0], &sums[1], sizeof sums[0]))
        report(level, "encode_log_probabilities", bad);
    if (memcmp(&divergences[0], &divergences[1], sizeof divergences[0])) report(level, "divergence", bad);
}

static void check_search(enum kite_cpu_level level, struct encoder_inputs *in, size_t *bad) {
    const float odd[] = {NAN, INFINITY, -INFINITY, 3.4e38f};
    in->x[random_below(NUMBERS)] = odd[random_below(COUNT(odd))];
    size_t found[2];
    for (int j = 0; j < 2; j++) {
        kite_cpu_force(j ? level : KITE_CPU_SCALAR);
        found[j] = kite_first_non_finite(in->x, in->count);
    }
    if (found[0] != found[1]) report(level, "first_non_finite", bad);
}

size_t check_encoders(enum kite_cpu_level level, size_t rounds) {
    static struct encoder_inputs in;
    size_t bad = 0;
    for (size_t round = 0; round < 12 * rounds; round++) {
        random_inputs(&in);
        check_types(level, &in, &bad);
        check_log_probabilities(level, &in, &bad);
        check_search(level, &in, &bad);
    }
    return bad;
}
