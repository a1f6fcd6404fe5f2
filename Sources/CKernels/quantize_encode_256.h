// Part of quantize_encode.h: the types with blocks of 256.

/// Up to 16 blocks and what was found for their groups.
struct kite_chunk {
    struct kite_groups groups;
    struct kite_fits fits;
    // What the block keeps of the scales: codes per group, and scales per block.
    uint8_t scale_codes[KITE_FIT_GROUPS], min_codes[KITE_FIT_GROUPS];
    float scale[KITE_CHUNK], min[KITE_CHUNK];
};

/// The highest of `count` numbers and 0.
KITE_QUANTIZE_INLINE float highest_of(const float *x, int count) {
    float high = 0;
    for (int i = 0; i < count; i++)
        if (x[i] > high) high = x[i];
    return high;
}

/// Scales that are at least 0, as multiples of the highest / top; of Q4_K and Q5_K at most `top`.
KITE_QUANTIZE_INLINE float round_scales(const float *x, int count, int top, int is_bounded, uint8_t *codes) {
    float high = highest_of(x, count), step = high > 0 ? (float)top / high : 0;
    for (int i = 0; i < count; i++) {
        uint8_t code = (uint8_t)kite_nearest(step * x[i]);
        codes[i] = is_bounded && code > top ? (uint8_t)top : code;
    }
    return high > 0 ? high / (float)top : 0;
}

/// Rounds the scales and minima of the chunk's groups to codes.
static inline void round_affine_scales(const struct kite_fitters *fitters, struct kite_chunk *chunk, size_t blocks,
                                       int groups, int top, int has_importance) {
    struct kite_fits *fits = &chunk->fits;
    if (!has_importance) {
        for (size_t b = 0; b < blocks; b++) {
            size_t g = b * (size_t)groups;
            chunk->scale[b] = round_scales(fits->scale + g, groups, top, groups == 8, chunk->scale_codes + 16 * b);
            chunk->min[b] = round_scales(fits->min + g, groups, top, groups == 8, chunk->min_codes + 16 * b);
        }
        return;
    }
    const float *scales[KITE_CHUNK], *mins[KITE_CHUNK], *weights[KITE_CHUNK];
    for (size_t b = 0; b < KITE_CHUNK; b++) {
        size_t g = (b < blocks ? b : blocks - 1) * (size_t)groups;
        scales[b] = fits->scale + g;
        mins[b] = fits->min + g;
        weights[b] = fits->weight + g;
    }
    fitters->positive(scales, weights, groups, top, chunk->scale_codes, chunk->scale);
    fitters->positive(mins, weights, groups, top, chunk->min_codes, chunk->min);
}

static inline void store_q2_k(const struct kite_chunk *chunk, size_t b, uint8_t *out) {
    const uint8_t *scale = chunk->scale_codes + 16 * b, *min = chunk->min_codes + 16 * b;
    uint8_t codes[256], scales[16];
    // Scales beyond four bits reach into the minimum: the block is read back as it is stored.
    for (int i = 0; i < 16; i++) scales[i] = (uint8_t)(scale[i] | min[i] << 4);
    float d = through_half(chunk->scale[b]), dmin = through_half(chunk->min[b]);
    for (int i = 0; i < 16; i++) {
        size_t g = 16 * b + (size_t)i;
        const float *x = chunk->groups.x[g];
        float group_scale = d * (float)(scales[i] & 15);
        if (group_scale != 0) {
            code_group(x, 16, dmin * (float)(scales[i] >> 4), group_scale, 0, 3, codes + 16 * i);
        } else {
            code_as_found(x, 16, &chunk->fits, g, 0, 3, codes + 16 * i);
        }
    }
    memcpy(out, scales, 16);
    pack_pairs(codes, out + 16);
    store_half(store_half(out + 80, chunk->scale[b]), chunk->min[b]);
}

static inline void store_q4_k_or_q5_k(enum kite_type type, const struct kite_chunk *chunk, size_t b, uint8_t *out) {
    int top = type == KITE_Q4_K ? 15 : 31;
    uint8_t codes[256], min[16];
    int8_t scale[16];
    uint8_t scale_codes[8], min_codes[8];
    for (int i = 0; i < 8; i++) {
        scale_codes[i] = chunk->scale_codes[16 * b + (size_t)i];
        min_codes[i] = chunk->min_codes[16 * b + (size_t)i];
        // Codes of negative scales wrap. Q5_K bounds them, Q4_K keeps all bits.
        if (type == KITE_Q5_K && scale_codes[i] > 63) scale_codes[i] = 63;
        if (type == KITE_Q5_K && min_codes[i] > 63) min_codes[i] = 63;
    }
    pack_scales_k4(scale_codes, min_codes, out + 4);
    kite_unpack_scales_k4(out + 4, scale, min);
    float d = through_half(chunk->scale[b]), dmin = through_half(chunk->min[b]);
    for (int i = 0; i < 8; i++) {
        size_t g = 8 * b + (size_t)i;
        const float *x = chunk->groups.x[g];
        float group_scale = d * (float)scale[2 * i];
        if (group_scale != 0) {
            code_group(x, 32, dmin * (float)min[2 * i], group_scale, 0, top, codes + 32 * i);
        } else {
            code_as_found(x, 32, &chunk->fits, g, 0, top, codes + 32 * i);
        }
    }
    store_half(store_half(out, chunk->scale[b]), chunk->min[b]);
    if (type == KITE_Q5_K) pack_high_bits(codes, 4, out + 16);
    pack_quarters(codes, out + (type == KITE_Q4_K ? 16 : 48));
}

/// The first scale of largest magnitude.
KITE_QUANTIZE_INLINE float peak_scale(const struct kite_fits *fits, size_t b) {
    return fit_peak(fits->scale + 16 * b, 16);
}

static inline void store_q3_k(struct kite_chunk *chunk, size_t b, int has_importance, uint8_t *out) {
    uint8_t codes[256], *scale = chunk->scale_codes + 16 * b;
    float block_scale = chunk->scale[b], peak = peak_scale(&chunk->fits, b);
    if (!has_importance) {
        float step = peak != 0 ? -32 / peak : 0;
        block_scale = peak != 0 ? 1 / step : 0;
        memset(scale, 0, 16);
        for (int i = 0; peak != 0 && i < 16; i++) {
            int8_t code = (int8_t)kite_nearest(step * chunk->fits.scale[16 * b + (size_t)i]);
            scale[i] = (uint8_t)(kite_within(code, -32, 31) + 32);
        }
    }
    float d = through_half(block_scale);
    for (int i = 0; i < 16; i++) {
        size_t g = 16 * b + (size_t)i;
        float group_scale = d * (float)((int)scale[i] - 32);
        if (group_scale != 0) {
            code_group(chunk->groups.x[g], 16, 0, group_scale, -4, 3, codes + 16 * i);
        } else if (has_importance) {
            code_as_found(chunk->groups.x[g], 16, &chunk->fits, g, -4, 3, codes + 16 * i);
        } else {
            fit_descend(chunk->groups.x[g], codes + 16 * i);
        }
    }
    pack_high_bits(codes, 2, out);
    pack_pairs(codes, out + 32);
    pack_scales_q3_k(scale, out + 96);
    store_half(out + 108, block_scale);
}

static inline void store_q6_k(const struct kite_chunk *chunk, size_t b, uint8_t *out) {
    uint8_t codes[256];
    float peak = peak_scale(&chunk->fits, b);
    if (fabsf(peak) < KITE_FIT_TINY) {
        memset(out, 0, 210);
        return;
    }
    float step = -128 / peak, d = through_half(1 / step);
    for (int i = 0; i < 16; i++) {
        size_t g = 16 * b + (size_t)i;
        int code = kite_nearest(step * chunk->fits.scale[g]);
        int8_t scale = (int8_t)(code < 127 ? code : 127);
        float group_scale = d * (float)scale;
        if (group_scale != 0) {
            code_group(chunk->groups.x[g], 16, 0, group_scale, -32, 31, codes + 16 * i);
        } else {
            code_as_found(chunk->groups.x[g], 16, &chunk->fits, g, -32, 31, codes + 16 * i);
        }
        out[192 + i] = (uint8_t)scale;
    }
    pack_six_bits(codes, out, out + 128);
    store_half(out + 208, 1 / step);
}

static inline void store_iq4_xs(const struct kite_chunk *chunk, size_t b, uint8_t *out) {
    uint8_t codes[32];
    float peak = fit_peak(chunk->fits.scale + 8 * b, 8), d = -peak / 32, step = d != 0 ? 1 / d : 0;
    int high = 0;
    memset(out + 4, 0, 4);
    for (int i = 0; i < 8; i++) {
        size_t g = 8 * b + (size_t)i;
        int scale = kite_within(kite_nearest(step * chunk->fits.scale[g]), -32, 31);
        float group_scale = d * (float)scale;
        code_values(chunk->groups.x[g], 32, group_scale != 0 ? 1 / group_scale : 0, codes);
        pack_nibbles(codes, out + 8 + 16 * i);
        scale += 32;
        out[4 + i / 2] |= (uint8_t)((scale & 15) << 4 * (i % 2));
        high |= scale >> 4 << 2 * i;
    }
    store_half(out, d);
    out[2] = (uint8_t)high;
    out[3] = (uint8_t)(high >> 8);
}

/// Finds scales for 16 groups of a K type or IQ4_XS.
KITE_QUANTIZE_INLINE void fit_256(const struct kite_fitters *fitters, enum kite_type type, int has_importance,
                                  struct kite_chunk *chunk, size_t first) {
    struct kite_groups *groups = &chunk->groups;
    struct kite_fits *fits = &chunk->fits;
    enum kite_fit_weight weight = has_importance ? KITE_WEIGHT_IMPORTANCE : KITE_WEIGHT_SQUARE;
    if (type == KITE_IQ4_XS) {
        fitters->codebook(groups, weight, first, fits);
    } else if (type == KITE_Q6_K) {
        struct kite_signed_rule rule = {16, 32, has_importance ? KITE_WEIGHT_GIVEN : KITE_WEIGHT_SQUARE};
        fitters->symmetric(groups, &rule, first, fits);
    } else if (type == KITE_Q3_K && has_importance) {
        struct kite_signed_rule rule = {16, 4, weight};
        fitters->symmetric(groups, &rule, first, fits);
    } else if (type == KITE_Q3_K) {
        if (first % (4 * KITE_FIT_LANES) == 0) fitters->descend(groups, first, fits);
    } else {
        int top = type == KITE_Q2_K ? 3 : type == KITE_Q4_K ? 15 : 31;
        struct kite_affine_rule rule = {type == KITE_Q2_K ? 16 : 32, top, -0.9f, 0.05f, 36, 0, weight};
        if (!has_importance) {
            rule.first = type == KITE_Q4_K ? -1 : -0.5f;
            rule.stride = 0.1f;
            rule.last = type == KITE_Q4_K ? 20 : 15;
            rule.is_absolute = type == KITE_Q2_K;
            rule.weight = type == KITE_Q2_K ? KITE_WEIGHT_MAGNITUDE : KITE_WEIGHT_LIFTED;
        }
        fitters->affine(groups, &rule, first, fits);
    }
}

/// How the importance of a number of a block depends on the block's sum of squares.
KITE_QUANTIZE_INLINE float block_energy(enum kite_type type, float squares) {
    if (type == KITE_IQ4_XS) return squares * (2.0f / 256);
    return type == KITE_Q2_K ? squares / 256 : 2 * squares / 256;
}

/// The 6-bit scales of Q3_K with importance: codes less 32 of a scale per block.
static inline void round_signed_scales(const struct kite_fitters *fitters, struct kite_chunk *chunk, size_t blocks) {
    struct kite_groups sets = {.count = blocks};
    struct kite_fits found;
    struct kite_signed_rule rule = {16, 32, KITE_WEIGHT_GIVEN};
    for (size_t b = 0; b < KITE_CHUNK; b++) {
        size_t g = 16 * (b < blocks ? b : blocks - 1);
        sets.x[b] = chunk->fits.scale + g;
        sets.importance[b] = chunk->fits.weight + g;
    }
    fitters->symmetric(&sets, &rule, 0, &found);
    for (size_t b = 0; b < blocks; b++) {
        chunk->scale[b] = found.scale[b];
        code_as_found(sets.x[b], 16, &found, b, -32, 31, chunk->scale_codes + 16 * b);
    }
}

/// Encodes up to 16 blocks.
static inline void encode_chunk(const struct kite_fitters *fitters, const struct kite_rows *rows, size_t block,
                                size_t blocks, struct kite_chunk *chunk) {
    enum kite_type type = rows->type;
    int has_importance = rows->importance != NULL;
    size_t groups = type == KITE_Q4_K || type == KITE_Q5_K || type == KITE_IQ4_XS ? 8 : 16;
    cut(rows, block * 256, 256 / groups, blocks * groups, &chunk->groups);
    if (has_importance && type != KITE_Q6_K) {
        float squares[KITE_CHUNK];
        energies(fitters, rows->x + block * 256, 256, blocks, 256, squares);
        for (size_t g = 0; g < KITE_FIT_GROUPS; g++)
            chunk->groups.energy[g] = block_energy(type, squares[g / groups % KITE_CHUNK]);
    }
    for (size_t first = 0; first < blocks * groups; first += KITE_FIT_LANES)
        fit_256(fitters, type, has_importance, chunk, first);
    if (type == KITE_Q3_K && has_importance) round_signed_scales(fitters, chunk, blocks);
    if (kite_has_min(type))
        round_affine_scales(fitters, chunk, blocks, (int)groups, type == KITE_Q2_K ? 15 : 63, has_importance);

    size_t bytes = kite_block_bytes(type);
    uint8_t *out = rows->out + block * bytes;
    for (size_t b = 0; b < blocks; b++, out += bytes) switch (type) {
        case KITE_Q2_K: store_q2_k(chunk, b, out); break;
        case KITE_Q3_K: store_q3_k(chunk, b, has_importance, out); break;
        case KITE_Q6_K: store_q6_k(chunk, b, out); break;
        case KITE_IQ4_XS: store_iq4_xs(chunk, b, out); break;
        default: store_q4_k_or_q5_k(type, chunk, b, out); break;
        }
}

KITE_QUANTIZE_INLINE void encode_by_256(const struct kite_fitters *fitters, const struct kite_rows *rows,
                                        size_t blocks) {
    struct kite_chunk chunk;
    for (size_t block = 0; block < blocks; block += KITE_CHUNK)
        encode_chunk(fitters, rows, block, blocks - block < KITE_CHUNK ? blocks - block : KITE_CHUNK, &chunk);
}
