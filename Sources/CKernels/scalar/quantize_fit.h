// Finding the scale of one group: the plain form, which defines the results.
#ifndef KITE_QUANTIZE_FIT_H
#define KITE_QUANTIZE_FIT_H

#include <math.h>

#include "../quantize_table.h"

/// The weights of group `g`, as `rule` has it.
KITE_QUANTIZE_INLINE void fit_weights(const struct kite_groups *groups, size_t g, int size, enum kite_fit_weight rule,
                                      float *weight) {
    const float *x = groups->x[g], *importance = groups->importance[g];
    float lift = 0;
    if (rule == KITE_WEIGHT_LIFTED) {
        for (int i = 0; i < size; i++) lift += x[i] * x[i];
        lift = sqrtf(lift / (float)size);
    }
    for (int i = 0; i < size; i++) switch (rule) {
        case KITE_WEIGHT_SQUARE: weight[i] = x[i] * x[i]; break;
        case KITE_WEIGHT_MAGNITUDE: weight[i] = fabsf(x[i]); break;
        case KITE_WEIGHT_LIFTED: weight[i] = lift + fabsf(x[i]); break;
        case KITE_WEIGHT_GIVEN: weight[i] = importance[i]; break;
        case KITE_WEIGHT_IMPORTANCE: weight[i] = importance[i] * sqrtf(groups->energy[g] + x[i] * x[i]); break;
        }
}

/// The first number of largest magnitude.
KITE_QUANTIZE_INLINE float fit_peak(const float *x, int size) {
    float peak = 0, magnitude = 0;
    for (int i = 0; i < size; i++)
        if (fabsf(x[i]) > magnitude) {
            magnitude = fabsf(x[i]);
            peak = x[i];
        }
    return peak;
}

/// The loss of codes[i] * scale + min.
KITE_QUANTIZE_INLINE float fit_affine_loss(const float *x, const float *w, const uint8_t *codes, float scale, float min,
                                           const struct kite_affine_rule *rule) {
    float loss = 0;
    for (int i = 0; i < rule->size; i++) {
        float difference = scale * codes[i] + min - x[i];
        loss += w[i] * (rule->is_absolute ? fabsf(difference) : difference * difference);
    }
    return loss;
}

KITE_QUANTIZE_INLINE void fit_affine_codes(const float *x, float step, float base, int size, int top, uint8_t *codes) {
    for (int i = 0; i < size; i++) codes[i] = (uint8_t)kite_within(kite_nearest(step * (x[i] - base)), 0, top);
}

static inline void fit_affine(const struct kite_groups *groups, const struct kite_affine_rule *rule, size_t g,
                              struct kite_fits *fits) {
    const float *x = groups->x[g];
    float w[32];
    fit_weights(groups, g, rule->size, rule->weight, w);
    float low = x[0], high = x[0], weight = w[0], moment = w[0] * x[0];
    for (int i = 1; i < rule->size; i++) {
        if (x[i] < low) low = x[i];
        if (x[i] > high) high = x[i];
        weight += w[i];
        moment += w[i] * x[i];
    }
    if (low > 0) low = 0;
    fits->weight[g] = weight;
    fits->flat[g] = high <= low;
    fits->scale[g] = fits->step[g] = fits->base[g] = 0;
    fits->min[g] = -low;
    if (fits->flat[g]) return;

    uint8_t codes[32];
    float step = (float)rule->top / (high - low), scale = 1 / step;
    fits->step[g] = step;
    fits->base[g] = low;
    fit_affine_codes(x, step, low, rule->size, rule->top, codes);
    float least = fit_affine_loss(x, w, codes, scale, low, rule);
    for (int candidate = 0; candidate <= rule->last; candidate++) {
        step = (rule->first + rule->stride * (float)candidate + (float)rule->top) / (high - low);
        fit_affine_codes(x, step, low, rule->size, rule->top, codes);
        // Least squares for scale and offset with these codes.
        float sum = 0, squares = 0, products = 0;
        for (int i = 0; i < rule->size; i++) {
            float weighted = w[i] * codes[i];
            sum += weighted;
            squares += weighted * codes[i];
            products += weighted * x[i];
        }
        float determinant = weight * squares - sum * sum;
        if (!(determinant > 0)) continue;
        float new_scale = (weight * products - moment * sum) / determinant;
        float new_low = (squares * moment - sum * products) / determinant;
        if (new_low > 0) {
            new_low = 0;
            new_scale = products / squares;
        }
        float loss = fit_affine_loss(x, w, codes, new_scale, new_low, rule);
        if (!(loss < least)) continue;
        least = loss;
        fits->step[g] = step;
        fits->base[g] = low;
        scale = new_scale;
        low = new_low;
    }
    fits->scale[g] = scale;
    fits->min[g] = -low;
}

static inline void fit_symmetric(const struct kite_groups *groups, const struct kite_signed_rule *rule, size_t g,
                                 struct kite_fits *fits) {
    const float *x = groups->x[g];
    float w[32], total = 0, top = (float)rule->top, peak = fit_peak(x, rule->size);
    fit_weights(groups, g, rule->size, rule->weight, w);
    for (int i = 0; i < rule->size; i++) total += w[i];
    fits->weight[g] = total;
    fits->flat[g] = fabsf(peak) < KITE_FIT_TINY;
    fits->scale[g] = fits->min[g] = fits->step[g] = fits->base[g] = 0;
    if (fits->flat[g]) return;

    float scale = 0, best = 0;
    for (int candidate = -10; candidate <= 9; candidate++) {
        // The first is the plain scale; it is not tried twice.
        if (candidate == 0) continue;
        float step = candidate == -10 ? -top / peak : -(top + 0.1f * (float)candidate) / peak;
        float products = 0, squares = 0;
        for (int i = 0; i < rule->size; i++) {
            float code = (float)kite_within(kite_nearest(step * x[i]), -rule->top, rule->top - 1);
            products += w[i] * x[i] * code;
            squares += w[i] * code * code;
        }
        if (candidate == -10) {
            scale = squares != 0 ? products / squares : 0;
        } else if (squares > 0 && products * products > best * squares) {
            scale = products / squares;
        } else {
            continue;
        }
        best = scale * products;
        fits->step[g] = step;
    }
    fits->scale[g] = scale;
}

/// Returns the scale. `codes` are 0...7, zero where the group counts as zero.
static inline float fit_descend(const float *x, uint8_t *codes) {
    float peak = fit_peak(x, 16), code[16];
    memset(codes, 0, 16);
    if (fabsf(peak) < KITE_FIT_TINY) return 0;
    float step = -4 / peak, products = 0, squares = 0;
    for (int i = 0; i < 16; i++) {
        code[i] = (float)kite_within(kite_nearest(step * x[i]), -4, 3);
        products += x[i] * x[i] * x[i] * code[i];
        squares += x[i] * x[i] * code[i] * code[i];
    }
    int is_better = 1;
    for (int round = 0; round < 5 && is_better; round++) {
        is_better = 0;
        for (int i = 0; i < 16; i++) {
            // The best code for this number, all others staying.
            float w = x[i] * x[i];
            float other_products = products - w * x[i] * code[i], other_squares = squares - w * code[i] * code[i];
            if (!(other_products > 0)) continue;
            float fresh = (float)kite_within(kite_nearest(x[i] * other_squares / other_products), -4, 3);
            if (fresh == code[i]) continue;
            other_products += w * x[i] * fresh;
            other_squares += w * fresh * fresh;
            if (!(other_squares > 0)) continue;
            if (!(other_products * other_products * squares > products * products * other_squares)) continue;
            code[i] = fresh;
            products = other_products;
            squares = other_squares;
            is_better = 1;
        }
    }
    for (int i = 0; i < 16; i++) codes[i] = (uint8_t)(code[i] + 4);
    return squares > 0 ? products / squares : 0;
}

/// Which of the 16 values is nearest: the upper one in the middle, the last for NaN.
KITE_QUANTIZE_INLINE int fit_nearest_value(float x) {
    int index = 0;
    for (int i = 0; i < 15; i++) index += !(x < kite_iq4_bounds[i]);
    return index;
}

static inline void fit_codebook(const struct kite_groups *groups, enum kite_fit_weight rule, size_t g,
                                struct kite_fits *fits) {
    const float *x = groups->x[g];
    float w[32], peak = fit_peak(x, 32), scale = 0, best = 0;
    fit_weights(groups, g, 32, rule, w);
    fits->scale[g] = 0;
    if (fabsf(peak) < KITE_FIT_TINY) return;
    for (int candidate = -8; candidate <= 7; candidate++) {
        // The peak becomes -127 first, then -134 to -120.
        float inverse = candidate == -8 ? 1 / (-peak / -127) : ((float)candidate - 127) / peak;
        float products = 0, squares = 0;
        for (int i = 0; i < 32; i++) {
            float value = kite_iq4_floats[fit_nearest_value(inverse * x[i])];
            products += w[i] * value * x[i];
            squares += w[i] * value * value;
        }
        if (candidate == -8) {
            scale = squares > 0 ? products / squares : 0;
        } else if (squares > 0 && products * products > best * squares) {
            scale = products / squares;
        } else {
            continue;
        }
        best = scale * products;
    }
    fits->scale[g] = scale;
}

static inline float fit_positive(const float *x, const float *w, int count, int top, uint8_t *codes) {
    float high = 0;
    for (int i = 0; i < count; i++) high = high > x[i] ? high : x[i];
    memset(codes, 0, (size_t)count);
    if (high < KITE_FIT_TINY) return 0;
    float step = (float)top / high, least = 0;
    for (int candidate = -5; candidate <= 4; candidate++) {
        if (candidate == 0) continue;
        float new_step = candidate == -5 ? step : (0.1f * (float)candidate + (float)top) / high;
        float scale = 1 / new_step, loss = 0;
        for (int i = 0; i < count; i++) {
            int32_t code = kite_nearest(new_step * x[i]);
            // The codes of the first are kept in a byte as they are.
            code = candidate == -5 ? (uint8_t)code : code < top ? code : top;
            float difference = x[i] - scale * (float)code;
            loss += w[i] * difference * difference;
        }
        if (candidate > -5 && !(loss < least)) continue;
        least = loss;
        step = new_step;
    }
    float products = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        int32_t code = kite_nearest(step * x[i]);
        code = code < top ? code : top;
        codes[i] = (uint8_t)code;
        products += w[i] * x[i] * (float)code;
        squares += w[i] * (float)code * (float)code;
    }
    int is_better = 1;
    for (int round = 0; round < 5 && is_better; round++) {
        is_better = 0;
        for (int i = 0; i < count; i++) {
            float other_products = products - w[i] * x[i] * codes[i];
            float other_squares = squares - w[i] * codes[i] * codes[i];
            if (!(other_products > 0 && other_squares > 0)) continue;
            int32_t code = kite_nearest(x[i] * other_squares / other_products);
            code = code < top ? code : top;
            if (code == codes[i]) continue;
            other_products += w[i] * x[i] * (float)code;
            other_squares += w[i] * (float)code * (float)code;
            if (!(other_products * other_products * squares > products * products * other_squares)) continue;
            codes[i] = (uint8_t)code;
            products = other_products;
            squares = other_squares;
            is_better = 1;
        }
    }
    return squares > 0 ? products / squares : 0;
}

#endif
