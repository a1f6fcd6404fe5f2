// Products, activation panels and decoding, bit by bit against the scalar twin.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

/// The shape of one product. Rows [begin, end) of `rows` are computed.
struct shape {
    size_t rows, begin, end, k, columns;
    enum kite_activations format;
    enum weight_kind kind;
};

/// The same bits, or both NaN.
static int is_same(float a, float b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

/// Activations: usually random; else magnitudes that saturate, vanish or are no numbers.
static void random_activations(float *x, size_t count, enum weight_kind kind) {
    for (size_t i = 0; i < count; i++) x[i] = random_float() * (random_below(8) == 0 ? 10 : 1);
    if (kind == WEIGHTS_USUAL) return;
    for (size_t at = 0; at < count; at += 32) {
        const size_t end = at + 32 < count ? at + 32 : count;
        const float special[] = {0, 0x1p-140f, 0x1p-101f, 0x1p100f, INFINITY, NAN, -1, 1};
        const size_t pick = random_below(32);
        for (size_t i = at; i < end; i++) {
            if (pick >= 6 && pick < 16) x[i] = x[i] < 0 ? -1 : 1;  // codes of the largest magnitude
            if (pick < 4 || pick >= 30) x[i] = special[pick % 8] * (random_below(2) ? 1 : -1);
        }
        if ((pick == 4 || pick == 5) && random_below(8) == 0) x[at] = special[pick];
    }
}

static size_t bytes_of_panel(const struct shape *s) {
    return s->format == KITE_ACTIVATIONS_BF16 ? kite_panel_bytes_bf16(s->k, s->columns)
                                              : kite_panel_bytes(s->k, s->columns);
}

static void *write_panel(const struct shape *s, const float *x, size_t stride) {
    void *panel = guarded(bytes_of_panel(s));
    for (size_t c = 0; c < s->columns; c++)
        kite_panel_write(s->format, x + c * stride, s->k, s->columns, c, panel);
    return panel;
}

static size_t check_product(enum kite_cpu_level level, const struct weight_type *t, const struct shape *s) {
    const size_t row_bytes = s->k / t->numbers * t->bytes, stride = s->k + random_below(3), out_stride = s->rows + 3;
    const size_t weight_bytes = s->rows * row_bytes, float_bytes = s->columns * stride * sizeof(float);
    const size_t outputs = s->columns * out_stride, panel_bytes = bytes_of_panel(s);
    uint8_t *weights = guarded(weight_bytes);
    random_weights(t, s->kind, weights, weight_bytes / t->bytes);
    float *x = guarded(float_bytes), *bias = guarded(s->rows * sizeof(float)), *out[2];
    random_activations(x, float_bytes / sizeof(float), s->kind);
    random_floats(bias, s->rows);
    void *panel[2] = {NULL, NULL};
    const int has_bias = random_below(2) == 0, has_version = random_below(2) == 0;
    size_t bad = 0;
    for (int i = 0; i < 2; i++) {
        kite_cpu_force(i ? level : KITE_CPU_SCALAR);
        if (s->format != KITE_ACTIVATIONS_F32) panel[i] = write_panel(s, x, stride);
        out[i] = aligned(outputs * sizeof(float));
        memset(out[i], 0x55, outputs * sizeof(float));
        void *scratch = aligned(kite_product_scratch(s->format, s->k));
        struct kite_product p = {.type = t->type, .format = s->format, .weights = weights, .row_bytes = row_bytes,
                                 .k = s->k, .panel = panel[i] ? panel[i] : x, .panel_stride = stride,
                                 .columns = s->columns, .panel_version = has_version,
                                 .bias = has_bias ? bias : NULL, .out = out[i], .out_stride = out_stride};
        // The second part may use what the first has made of the panel.
        const size_t middle = s->begin + (s->end - s->begin) / 2;
        kite_product_rows(&p, s->begin, middle, scratch);
        kite_product_rows(&p, middle, s->end, scratch);
        free(scratch);
    }
    if (panel[0] && memcmp(panel[0], panel[1], panel_bytes) != 0 && ++bad) printf("panel differs: ");
    for (size_t i = 0; i < outputs && bad == 0; i++)
        if (!is_same(out[0][i], out[1][i]) && ++bad)
            printf("row %zu column %zu: %g, not %g: ", i % out_stride, i / out_stride, (double)out[1][i],
                   (double)out[0][i]);
    if (bad)
        printf("%s %s format %d rows %zu to %zu of %zu, k %zu, columns %zu, weights %d\n", kite_cpu_name(level),
               t->name, (int)s->format, s->begin, s->end, s->rows, s->k, s->columns, (int)s->kind);
    for (int i = 0; i < 2; i++) {
        free(out[i]);
        if (panel[i]) release_guarded(panel[i], panel_bytes);
    }
    release_guarded(weights, weight_bytes);
    release_guarded(x, float_bytes);
    release_guarded(bias, s->rows * sizeof(float));
    return bad;
}

static size_t check_decoding(enum kite_cpu_level level, const struct weight_type *t, enum weight_kind kind) {
    const size_t blocks = 1 + random_below(600 / t->numbers + 40), count = blocks * t->numbers;
    uint8_t *weights = guarded(blocks * t->bytes);
    random_weights(t, kind, weights, blocks);
    float *out[2];
    size_t bad = 0;
    for (int i = 0; i < 2; i++) {
        kite_cpu_force(i ? level : KITE_CPU_SCALAR);
        out[i] = guarded(count * sizeof(float));
        kite_dequantize(t->type, weights, count, out[i]);
    }
    for (size_t i = 0; i < count && bad == 0; i++)
        if (!is_same(out[0][i], out[1][i]) && ++bad)
            printf("%s decodes %s number %zu as %g, not %g\n", kite_cpu_name(level), t->name, i, (double)out[1][i],
                   (double)out[0][i]);
    for (int i = 0; i < 2; i++) release_guarded(out[i], count * sizeof(float));
    release_guarded(weights, blocks * t->bytes);
    return bad;
}

size_t check_products(enum kite_cpu_level level, size_t rounds) {
    // One column, each small batch, register tiles with every remainder, more than a block of columns.
    static const size_t columns[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 31, 50};
    size_t bad = 0;
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < weight_type_count; i++) {
            const struct weight_type *t = &weight_types[i];
            for (int exact = 0; exact < 2; exact++) {
                struct shape s = {.format = exact ? KITE_ACTIVATIONS_F32 : kite_activations_of(t->type)};
                if (exact && kite_activations_of(t->type) == KITE_ACTIVATIONS_F32) continue;
                for (size_t j = 0; j < COUNT(columns); j++) {
                    s.columns = columns[j];
                    s.kind = random_below(3) == 0 ? WEIGHTS_EXTREME : WEIGHTS_USUAL;
                    s.k = t->numbers == 256  ? 256 * (1 + random_below(3))
                          : t->numbers == 32 ? 32 * (1 + random_below(20))
                                             : 1 + random_below(200);
                    s.rows = 1 + random_below(random_below(2) ? 9 : 100);
                    s.begin = random_below(3) == 0 ? random_below(s.rows) : 0;
                    s.end = s.begin + 1 + random_below(s.rows - s.begin);
                    if (random_below(2)) s.end = s.rows;
                    bad += check_product(level, t, &s);
                }
            }
            for (int kind = 0; kind < 2; kind++) bad += check_decoding(level, t, (enum weight_kind)kind);
        }
    // More columns than a block of any level holds.
    static const char *const wide[] = {"Q4_K", "Q8_0"};
    for (size_t i = 0; i < weight_type_count; i++)
        for (size_t j = 0; j < COUNT(wide); j++)
            if (strcmp(weight_types[i].name, wide[j]) == 0) {
                struct shape s = {35, 0, 35, 256, 517, kite_activations_of(weight_types[i].type), WEIGHTS_USUAL};
                bad += check_product(level, &weight_types[i], &s);
            }
    return bad;
}
