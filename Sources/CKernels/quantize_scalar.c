// One group after another: the twin of the SIMD levels.
#include "quantize_encode.h"

static void squares(const float *const *x, size_t count, float *sums) {
    for (int i = 0; i < KITE_FIT_LANES; i++) {
        sums[i] = 0;
        for (size_t k = 0; k < count; k++) sums[i] += x[i][k] * x[i][k];
    }
}

static void ranges(const struct kite_groups *groups, size_t first, struct kite_fits *fits) {
    for (size_t g = first; g < first + KITE_FIT_LANES; g++) {
        const float *x = groups->x[g];
        float low = x[0], high = x[0];
        for (int i = 1; i < 32; i++) {
            if (x[i] < low) low = x[i];
            if (x[i] > high) high = x[i];
        }
        fits->scale[g] = fit_peak(x, 32);
        fits->min[g] = low;
        fits->base[g] = high;
    }
}

static void affine(const struct kite_groups *groups, const struct kite_affine_rule *rule, size_t first,
                   struct kite_fits *fits) {
    for (size_t g = first; g < first + KITE_FIT_LANES; g++) fit_affine(groups, rule, g, fits);
}

static void symmetric(const struct kite_groups *groups, const struct kite_signed_rule *rule, size_t first,
                      struct kite_fits *fits) {
    for (size_t g = first; g < first + KITE_FIT_LANES; g++) fit_symmetric(groups, rule, g, fits);
}

static void descend(const struct kite_groups *groups, size_t first, struct kite_fits *fits) {
    uint8_t codes[16];
    for (size_t g = first; g < first + 4 * KITE_FIT_LANES && g < groups->count; g++)
        fits->scale[g] = fit_descend(groups->x[g], codes);
}

static void codebook(const struct kite_groups *groups, enum kite_fit_weight weight, size_t first,
                     struct kite_fits *fits) {
    for (size_t g = first; g < first + KITE_FIT_LANES; g++) fit_codebook(groups, weight, g, fits);
}

static void positive(const float *const *values, const float *const *weights, int count, int top, uint8_t *codes,
                     float *scales) {
    for (int i = 0; i < KITE_FIT_LANES; i++)
        scales[i] = fit_positive(values[i], weights[i], count, top, codes + 16 * i);
}

void kite_encode_scalar(enum kite_type type, const float *x, size_t rows, size_t columns, const float *importance,
                        uint8_t *out) {
    static const struct kite_fitters fitters = {squares, ranges,   affine,  symmetric,
                                                descend, codebook, positive};
    encode_rows(&fitters, type, x, rows, columns, importance, out);
}
