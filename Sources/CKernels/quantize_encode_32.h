// Part of quantize_encode.h: the types with blocks of 32.

/// Codes and stores a block of Q4_0, Q4_1, Q5_0 or Q5_1. `codes` has 32 codes.
KITE_QUANTIZE_INLINE void store_block_32(enum kite_type type, float scale, float min, const uint8_t *codes,
                                         uint8_t *out) {
    out = store_half(out, scale);
    if (kite_has_min(type)) out = store_half(out, min);
    if (type == KITE_Q5_0 || type == KITE_Q5_1) {
        pack_fifth_bits(codes, out);
        out += 4;
    }
    pack_nibbles(codes, out);
}

/// Blocks whose scale follows from their range. `fits` holds ranges.
KITE_QUANTIZE_INLINE void encode_by_range(enum kite_type type, const float *x, const struct kite_fits *fits, size_t g,
                                          uint8_t *out) {
    uint8_t codes[32];
    float peak = fits->scale[g], low = fits->min[g];
    if (type == KITE_Q8_0) {
        float scale = fabsf(peak) / 127, inverse = scale != 0 ? 1 / scale : 0;
        out = store_half(out, scale);
        for (int i = 0; i < 32; i++) out[i] = round_away(x[i] * inverse);
        return;
    }
    int top = type == KITE_Q4_0 || type == KITE_Q4_1 ? 15 : 31;
    if (kite_has_min(type)) {
        float scale = (fits->base[g] - low) / (float)top, inverse = scale != 0 ? 1 / scale : 0;
        for (int i = 0; i < 32; i++) codes[i] = truncated((x[i] - low) * inverse + 0.5f);
        if (type == KITE_Q4_1)
            for (int i = 0; i < 32; i++) codes[i] = codes[i] < 15 ? codes[i] : 15;
        store_block_32(type, scale, low, codes, out);
    } else {
        float zero = (float)(top / 2 + 1), scale = peak / -zero, inverse = scale != 0 ? 1 / scale : 0;
        for (int i = 0; i < 32; i++) {
            uint8_t code = truncated(x[i] * inverse + (zero + 0.5f));
            codes[i] = code < top ? code : (uint8_t)top;
        }
        store_block_32(type, scale, 0, codes, out);
    }
}

/// Blocks for which scales were searched.
KITE_QUANTIZE_INLINE void encode_as_fitted(enum kite_type type, const float *x, const struct kite_fits *fits, size_t g,
                                           uint8_t *out) {
    uint8_t codes[32];
    float scale = fits->scale[g];
    int top = type == KITE_Q4_0 || type == KITE_Q4_1 ? 15 : 31, zero = top / 2 + 1;
    if (type == KITE_IQ4_NL) {
        code_values(x, 32, scale != 0 ? 1 / scale : 0, codes);
    } else if (kite_has_min(type)) {
        code_as_found(x, 32, fits, g, 0, top, codes);
    } else {
        code_as_found(x, 32, fits, g, -zero, zero - 1, codes);
    }
    store_block_32(type, scale, -fits->min[g], codes, out);
}

/// Finds scales for a batch of 16 groups.
KITE_QUANTIZE_INLINE void fit_32(const struct kite_fitters *fitters, enum kite_type type, int has_importance,
                                 const struct kite_groups *groups, size_t first, struct kite_fits *fits) {
    enum kite_fit_weight weight = has_importance ? KITE_WEIGHT_IMPORTANCE : KITE_WEIGHT_SQUARE;
    if (type == KITE_IQ4_NL) {
        fitters->codebook(groups, weight, first, fits);
    } else if (!has_importance || type == KITE_Q8_0) {
        fitters->ranges(groups, first, fits);
    } else if (kite_has_min(type)) {
        struct kite_affine_rule rule = {32, type == KITE_Q4_1 ? 15 : 31, -0.9f, 0.05f, 36, 0, weight};
        fitters->affine(groups, &rule, first, fits);
    } else {
        struct kite_signed_rule rule = {32, type == KITE_Q4_0 ? 8 : 16, weight};
        fitters->symmetric(groups, &rule, first, fits);
    }
}

/// Blocks from number `at` on, at most 256. `row_energy` is that of row `at / columns` and those after.
static inline void encode_groups_32(const struct kite_fitters *fitters, const struct kite_rows *rows, size_t at,
                                    size_t count, const float *row_energy, struct kite_groups *groups,
                                    struct kite_fits *fits) {
    cut(rows, at, 32, count, groups);
    size_t bytes = kite_block_bytes(rows->type), first_row = at / rows->columns;
    uint8_t *out = rows->out + at / 32 * bytes;
    int is_searched = rows->importance && rows->type != KITE_Q8_0;
    for (size_t first = 0; first < count; first += KITE_FIT_LANES) {
        for (size_t g = first; is_searched && g < first + KITE_FIT_LANES; g++) {
            size_t number = (size_t)(groups->x[g] - rows->x);
            groups->energy[g] = row_energy ? row_energy[number / rows->columns - first_row] : 0;
        }
        if (rows->type == KITE_IQ4_NL && is_searched) {
            float *energy = groups->energy + first;
            fitters->squares(groups->x + first, 32, energy);
            for (int i = 0; i < KITE_FIT_LANES; i++) energy[i] *= 2.0f / 32;
        }
        fit_32(fitters, rows->type, rows->importance != NULL, groups, first, fits);
    }
    for (size_t g = 0; g < count; g++, out += bytes) {
        if (is_searched || rows->type == KITE_IQ4_NL) {
            encode_as_fitted(rows->type, groups->x[g], fits, g, out);
        } else {
            encode_by_range(rows->type, groups->x[g], fits, g, out);
        }
    }
}

KITE_QUANTIZE_INLINE void encode_by_32(const struct kite_fitters *fitters, const struct kite_rows *rows, size_t count) {
    struct kite_groups groups;
    struct kite_fits fits;
    // With importance, how large the numbers of a row are matters; it is summed for 16 rows at once.
    int by_row = rows->importance && rows->type != KITE_Q8_0 && rows->type != KITE_IQ4_NL;
    size_t step = by_row ? KITE_FIT_LANES : count;
    for (size_t row = 0; row < count; row += step) {
        size_t end = row + step < count ? row + step : count;
        float energy[KITE_FIT_LANES + 1];
        if (by_row) {
            energies(fitters, rows->x + row * rows->columns, rows->columns, end - row, rows->columns, energy);
            for (size_t i = 0; i < KITE_FIT_LANES; i++) energy[i] /= (float)rows->columns;
        }
        for (size_t at = row * rows->columns; at < end * rows->columns; at += 32 * KITE_FIT_GROUPS) {
            size_t left = (end * rows->columns - at) / 32;
            // Chunks need not begin with a row: energies are counted from the row they begin in.
            size_t skipped = at / rows->columns - row;
            encode_groups_32(fitters, rows, at, left < KITE_FIT_GROUPS ? left : KITE_FIT_GROUPS,
                             by_row ? energy + skipped : NULL, &groups, &fits);
        }
    }
}
