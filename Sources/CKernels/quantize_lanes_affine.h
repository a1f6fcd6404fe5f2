// Part of quantize_lanes.h: scales with a minimum, and the positive scales of blocks.

/// The codes of all numbers for one step, and what least squares needs of them.
INLINE void affine_codes(const f32x16 *x, const f32x16 *w, int size, f32x16 step, f32x16 low, int top, int is_small,
                         f32x16 *codes, f32x16 *sum, f32x16 *squares, f32x16 *products) {
    f32x16 a = 0, b = 0, c = 0;
#pragma clang loop unroll_count(8)
    for (int i = 0; i < size; i++) {
        f32x16 exact = step * (x[i] - low);
        f32x16 code = is_small ? nearest_of_small(exact, 0, (float)top) : nearest_within(exact, 0, top);
        f32x16 weighted = w[i] * code;
        codes[i] = code;
        a += weighted;
        b += weighted * code;
        c += weighted * x[i];
    }
    *sum = a;
    *squares = b;
    *products = c;
}

INLINE f32x16 affine_loss(const f32x16 *x, const f32x16 *w, const f32x16 *codes, int size, f32x16 scale, f32x16 min,
                          int is_absolute) {
    f32x16 loss = 0;
#pragma clang loop unroll_count(8)
    for (int i = 0; i < size; i++) {
        f32x16 difference = scale * codes[i] + min - x[i];
        loss += w[i] * (is_absolute ? magnitude_of(difference) : difference * difference);
    }
    return loss;
}

INLINE void affine_lanes(const struct kite_groups *groups, const struct kite_affine_rule *rule, size_t first,
                         struct kite_fits *fits, int size, int is_absolute) {
    f32x16 x[32], w[32], codes[32];
    load_lanes(groups->x + first, size, x);
    weights_of(groups, first, size, rule->weight, x, w);
    f32x16 low = x[0], high = x[0], weight = w[0], moment = w[0] * x[0];
    for (int i = 1; i < size; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        weight += w[i];
        moment += w[i] * x[i];
    }
    f32x16 lowest = low;
    low = low > 0 ? (f32x16)0 : low;
    i32x16 flat = high <= low;
    f32x16 min_if_flat = low, scale = 0, least = 0, found_step = 0, found_base = low;
    // The first candidate is the plain range; what it gives is compared with, not refined.
    for (int candidate = -1; candidate <= rule->last; candidate++) {
        float levels = candidate < 0 ? (float)rule->top
                                     : rule->first + rule->stride * (float)candidate + (float)rule->top;
        f32x16 range = flat ? (f32x16)1 : high - low, step = levels / range, sum, squares, products;
        // Codes rise or fall with the numbers: where the ends are small, all are.
        i32x16 is_small = magnitude_of(step * (lowest - low)) < 0x1p21f;
        is_small &= magnitude_of(step * (high - low)) < 0x1p21f;
        if (is_all(is_small)) {
            affine_codes(x, w, size, step, low, rule->top, 1, codes, &sum, &squares, &products);
        } else {
            affine_codes(x, w, size, step, low, rule->top, 0, codes, &sum, &squares, &products);
        }
        if (candidate < 0) {
            scale = 1 / step;
            least = affine_loss(x, w, codes, size, scale, low, is_absolute);
            found_step = step;
            continue;
        }
        f32x16 determinant = weight * squares - sum * sum;
        f32x16 new_scale = (weight * products - moment * sum) / determinant;
        f32x16 new_low = (squares * moment - sum * products) / determinant;
        new_scale = new_low > 0 ? products / squares : new_scale;
        new_low = new_low > 0 ? (f32x16)0 : new_low;
        f32x16 loss = affine_loss(x, w, codes, size, new_scale, new_low, is_absolute);
        i32x16 is_better = (determinant > 0) & (loss < least);
        least = is_better ? loss : least;
        found_step = is_better ? step : found_step;
        found_base = is_better ? low : found_base;
        scale = is_better ? new_scale : scale;
        low = is_better ? new_low : low;
    }
    store(fits->scale + first, flat ? (f32x16)0 : scale);
    store(fits->min + first, flat ? -min_if_flat : -low);
    store(fits->weight + first, weight);
    store(fits->step + first, found_step);
    store(fits->base + first, found_base);
    *(i32x16u *)(fits->flat + first) = flat;
}

static void affine(const struct kite_groups *groups, const struct kite_affine_rule *rule, size_t first,
                   struct kite_fits *fits) {
    if (rule->size == 32) {
        affine_lanes(groups, rule, first, fits, 32, 0);
    } else if (rule->is_absolute) {
        affine_lanes(groups, rule, first, fits, 16, 1);
    } else {
        affine_lanes(groups, rule, first, fits, 16, 0);
    }
}

/// kite_nearest in lanes, at most `top`.
INLINE i32x16 nearest_up_to(f32x16 v, int32_t top) {
    v += 0x1.8p23f;
    return __builtin_elementwise_min((*(i32x16 *)&v & 0x7fffff) - 0x400000, (i32x16)top);
}

static void positive(const float *const *values, const float *const *weights, int count, int top, uint8_t *codes,
                     float *scales) {
    f32x16 x[16], w[16], code[16];
    load_few(values, count, x);
    load_few(weights, count, w);
    f32x16 high = 0;
    for (int i = 0; i < count; i++) high = high > x[i] ? high : x[i];
    i32x16 flat = high < KITE_FIT_TINY;
    high = flat ? (f32x16)1 : high;
    f32x16 step = (float)top / high, least = 0;
    for (int candidate = -5; candidate <= 4; candidate++) {
        if (candidate == 0) continue;
        f32x16 new_step = candidate == -5 ? step : (0.1f * (float)candidate + (float)top) / high;
        f32x16 scale = 1 / new_step, loss = 0;
        for (int i = 0; i < count; i++) {
            // The codes of the first are kept in a byte as they are.
            i32x16 whole = candidate == -5 ? nearest_up_to(new_step * x[i], INT32_MAX) & 255
                                           : nearest_up_to(new_step * x[i], top);
            f32x16 difference = x[i] - scale * floats_of(whole);
            loss += w[i] * difference * difference;
        }
        i32x16 is_better = candidate == -5 ? (i32x16)-1 : loss < least;
        least = is_better ? loss : least;
        step = is_better ? new_step : step;
    }
    f32x16 products = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        i32x16 whole = nearest_up_to(step * x[i], top);
        products += w[i] * x[i] * floats_of(whole);
        squares += w[i] * floats_of(whole) * floats_of(whole);
        code[i] = floats_of(whole & 255);
    }
    for (int round = 0, is_better = 1; round < 5 && is_better; round++) {
        i32x16 changed = 0;
        for (int i = 0; i < count; i++) {
            f32x16 other_products = products - w[i] * x[i] * code[i];
            f32x16 other_squares = squares - w[i] * code[i] * code[i];
            i32x16 is_open = (other_products > 0) & (other_squares > 0);
            i32x16 whole = nearest_up_to(x[i] * other_squares / other_products, top);
            f32x16 fresh = floats_of(whole);
            other_products += w[i] * x[i] * fresh;
            other_squares += w[i] * fresh * fresh;
            i32x16 wins = is_open & (fresh != code[i]) &
                          (other_products * other_products * squares > products * products * other_squares);
            code[i] = wins ? floats_of(whole & 255) : code[i];
            products = wins ? other_products : products;
            squares = wins ? other_squares : squares;
            changed |= wins & ~flat;
        }
        is_better = is_any(changed);
    }
    store(scales, flat | ~(squares > 0) ? (f32x16)0 : products / squares);
    for (int i = 0; i < count; i++)
        for (int lane = 0; lane < 16; lane++) codes[16 * lane + i] = flat[lane] ? 0 : (uint8_t)code[i][lane];
}
