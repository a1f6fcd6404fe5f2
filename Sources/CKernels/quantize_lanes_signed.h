// Part of quantize_lanes.h: scales without a minimum.

INLINE void symmetric_lanes(const struct kite_groups *groups, const struct kite_signed_rule *rule, size_t first,
                            struct kite_fits *fits, int size, int is_small, const f32x16 *x, f32x16 *wx) {
    f32x16 w[32], weight = 0;
    weights_of(groups, first, size, rule->weight, x, w);
    for (int i = 0; i < size; i++) {
        weight += w[i];
        wx[i] = w[i] * x[i];
    }
    i32x16 flat;
    f32x16 peak = peaks_of(x, size, &flat), scale = 0, best = 0, found_step = 0;
    float top = (float)rule->top;
    for (int candidate = -10; candidate <= 9; candidate++) {
        if (candidate == 0) continue;
        f32x16 step = (candidate == -10 ? -top : -(top + 0.1f * (float)candidate)) / peak, products = 0, squares = 0;
#pragma clang loop unroll_count(8)
        for (int i = 0; i < size; i++) {
            f32x16 code = is_small ? nearest_of_small(step * x[i], -top, top - 1)
                                   : nearest_within(step * x[i], -rule->top, rule->top - 1);
            products += wx[i] * code;
            squares += w[i] * code * code;
        }
        f32x16 new_scale = products / squares;
        i32x16 is_better = (squares > 0) & (products * products > best * squares);
        if (candidate == -10) {
            new_scale = squares != 0 ? new_scale : (f32x16)0;
            is_better = -1;
        }
        scale = is_better ? new_scale : scale;
        best = is_better ? new_scale * products : best;
        found_step = is_better ? step : found_step;
    }
    store(fits->scale + first, flat ? (f32x16)0 : scale);
    store(fits->min + first, (f32x16)0);
    store(fits->weight + first, weight);
    store(fits->step + first, found_step);
    store(fits->base + first, (f32x16)0);
    *(i32x16u *)(fits->flat + first) = flat;
}

static void symmetric(const struct kite_groups *groups, const struct kite_signed_rule *rule, size_t first,
                      struct kite_fits *fits) {
    f32x16 x[32], wx[32];
    load_lanes(groups->x + first, rule->size, x);
    // Numbers of blocks are finite, but the scales of blocks, which come here too, may have overflowed.
    i32x16 is_finite = -1;
    for (int i = 0; i < rule->size; i++) is_finite &= magnitude_of(x[i]) <= 0x1.fffffep127f;
    if (!is_all(is_finite)) {
        symmetric_lanes(groups, rule, first, fits, rule->size, 0, x, wx);
    } else if (rule->size == 16) {
        symmetric_lanes(groups, rule, first, fits, 16, 1, x, wx);
    } else {
        symmetric_lanes(groups, rule, first, fits, 32, 1, x, wx);
    }
}

/// Every number waits for the one before, so four batches take turns.
#define BATCHES 4

static void descend(const struct kite_groups *groups, size_t first, struct kite_fits *fits) {
    f32x16 x[BATCHES][16], code[BATCHES][16], products[BATCHES], squares[BATCHES];
    i32x16 flat[BATCHES];
    for (size_t b = 0; b < BATCHES; b++) {
        size_t from = first + b * KITE_FIT_LANES;
        load_lanes(groups->x + (from < groups->count ? from : first), 16, x[b]);
        f32x16 step = -4 / peaks_of(x[b], 16, &flat[b]);
        products[b] = squares[b] = 0;
        for (int i = 0; i < 16; i++) {
            f32x16 v = x[b][i];
            code[b][i] = nearest_within(step * v, -4, 3);
            products[b] += v * v * v * code[b][i];
            squares[b] += v * v * code[b][i] * code[b][i];
        }
    }
    for (int round = 0, is_better = 1; round < 5 && is_better; round++) {
        i32x16 changed = 0;
        for (int i = 0; i < 16; i++)
#pragma clang loop unroll(full)
            for (int b = 0; b < BATCHES; b++) {
                f32x16 v = x[b][i], w = v * v, wx = w * v, old = code[b][i];
                f32x16 other_products = products[b] - wx * old, other_squares = squares[b] - w * old * old;
                f32x16 fresh = nearest_within(v * other_squares / other_products, -4, 3);
                i32x16 wins = (other_products > 0) & (fresh != old);
                other_products += wx * fresh;
                other_squares += w * fresh * fresh;
                wins &= (other_squares > 0) & (other_products * other_products * squares[b] >
                                               products[b] * products[b] * other_squares);
                code[b][i] = wins ? fresh : old;
                products[b] = wins ? other_products : products[b];
                squares[b] = wins ? other_squares : squares[b];
                changed |= wins & ~flat[b];
            }
        is_better = is_any(changed);
    }
    for (size_t b = 0; b < BATCHES; b++) {
        f32x16 scale = squares[b] > 0 ? products[b] / squares[b] : (f32x16)0;
        store(fits->scale + first + b * KITE_FIT_LANES, flat[b] ? (f32x16)0 : scale);
    }
}

#undef BATCHES

#ifdef KITE_NEAREST_VALUES
#include KITE_NEAREST_VALUES
#else
/// The nearest of kite_iq4_floats: the upper one in the middle, the last for NaN.
INLINE f32x16 nearest_values(f32x16 v) {
    f32x16 value = kite_iq4_floats[0];
#pragma clang loop unroll(full)
    for (int i = 0; i < 15; i++) value = v < kite_iq4_bounds[i] ? value : (f32x16)kite_iq4_floats[i + 1];
    return value;
}
#endif

static void codebook(const struct kite_groups *groups, enum kite_fit_weight rule, size_t first,
                     struct kite_fits *fits) {
    f32x16 x[32], w[32];
    load_lanes(groups->x + first, 32, x);
    weights_of(groups, first, 32, rule, x, w);
    i32x16 flat;
    f32x16 peak = peaks_of(x, 32, &flat), scale = 0, best = 0;
    for (int candidate = -8; candidate <= 7; candidate++) {
        f32x16 inverse = candidate == -8 ? 1 / (-peak / -127) : ((float)candidate - 127) / peak;
        f32x16 products = 0, squares = 0;
#pragma clang loop unroll_count(4)
        for (int i = 0; i < 32; i++) {
            f32x16 value = nearest_values(inverse * x[i]), weighted = w[i] * value;
            products += weighted * x[i];
            squares += weighted * value;
        }
        f32x16 new_scale = products / squares;
        i32x16 is_better = (squares > 0) & (products * products > best * squares);
        if (candidate == -8) {
            new_scale = squares > 0 ? new_scale : (f32x16)0;
            is_better = -1;
        }
        scale = is_better ? new_scale : scale;
        best = is_better ? new_scale * products : best;
    }
    store(fits->scale + first, flat ? (f32x16)0 : scale);
}
