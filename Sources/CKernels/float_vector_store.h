// Part of float_vector.h: storing keys and values in the cache.

static void store_floats(const float *k, const float *v, size_t dim, size_t slot, float *keys, float *values) {
    memcpy(values + slot * dim, v, dim * sizeof(float));
    for (size_t d = 0; d < dim; d++) keys[d * KITE_PAGE_TOKENS + slot] = k[d];
}

static void store_halves(const float *k, const float *v, size_t dim, size_t slot, uint16_t *keys, uint16_t *values) {
    uint16_t row[64];
    floats_to_halves(v, values + slot * dim, dim);
    for (size_t d = 0; d < dim; d += 64) {
        size_t count = dim - d < 64 ? dim - d : 64;
        floats_to_halves(k + d, row, count);
        for (size_t i = 0; i < count; i++) keys[(d + i) * KITE_PAGE_TOKENS + slot] = row[i];
    }
}

/// One token's keys, [dim / 4][64][4] codes and 64 scales.
static void store_key_codes(const float *k, size_t dim, size_t slot, uint8_t *keys) {
    float inverse, scale = kite_code_scale(k, dim, &inverse);
    memcpy(keys + KITE_PAGE_TOKENS * kite_padded_to_4(dim) + slot * sizeof(float), &scale, sizeof scale);
    uint8_t row[64];
    for (size_t d = 0; d < dim; d += 64) {
        size_t count = dim - d < 64 ? dim - d : 64;
        kite_codes(k + d, count, inverse, row);
        for (size_t i = 0; i < count; i += 4)
            memcpy(keys + ((d + i) / 4 * KITE_PAGE_TOKENS + slot) * 4, row + i, count - i < 4 ? count - i : 4);
    }
}

/// `tokens` tokens' values of one group of four, from slot % 4 on: [64 / 4][dim][4] codes and 64 scales.
static void store_value_codes(const float *v, size_t stride, size_t tokens, size_t dim, size_t slot, uint8_t *values) {
    uint8_t *group = values + slot / 4 * dim * 4 + slot % 4, row[4][64];
    float inverse[4];
    for (size_t t = 0; t < tokens; t++) {
        float scale = kite_code_scale(v + t * stride, dim, &inverse[t]);
        memcpy(values + KITE_PAGE_TOKENS * dim + (slot + t) * sizeof(float), &scale, sizeof scale);
    }
    for (size_t d = 0; d < dim; d += 64) {
        size_t count = dim - d < 64 ? dim - d : 64;
        for (size_t t = 0; t < tokens; t++) kite_codes(v + t * stride + d, count, inverse[t], row[t]);
        if (tokens == 4) {
            for (size_t i = 0; i < count; i++) {
                uint32_t four = (uint32_t)row[0][i] | (uint32_t)row[1][i] << 8 | (uint32_t)row[2][i] << 16 |
                                (uint32_t)row[3][i] << 24;
                four ^= 0x80808080;
                memcpy(group + (d + i) * 4, &four, sizeof four);
            }
        } else {
            for (size_t t = 0; t < tokens; t++)
                for (size_t i = 0; i < count; i++) group[(d + i) * 4 + t] = row[t][i] ^ 0x80;
        }
    }
}

static void cache_store(enum kite_cache_type type, const float *k, const float *v, size_t stride, size_t tokens,
                        size_t dim, size_t slot, void *keys, void *values) {
    if (type == KITE_CACHE_INT8)
        for (size_t t = 0, count; t < tokens; t += count) {
            size_t left = tokens - t, room = 4 - (slot + t) % 4;
            count = left < room ? left : room;
            store_value_codes(v + t * stride, stride, count, dim, slot + t, values);
        }
    for (size_t t = 0; t < tokens; t++) {
        const float *kt = k + t * stride, *vt = v + t * stride;
        switch (type) {
        case KITE_CACHE_F32: store_floats(kt, vt, dim, slot + t, keys, values); break;
        case KITE_CACHE_F16: store_halves(kt, vt, dim, slot + t, keys, values); break;
        case KITE_CACHE_INT8: store_key_codes(kt, dim, slot + t, keys); break;
        }
    }
}
