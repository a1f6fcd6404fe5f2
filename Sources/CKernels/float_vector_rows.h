// Part of float_vector.h: operations on rows.

/// Sums over the vectors of a row in four accumulators; FULL adds the vector at i, PART the last, partial one.
#define SUM_ROW(result, count, FULL, PART)                            \
    do {                                                              \
        f32x16 sums[4] = {0};                                         \
        size_t i = 0;                                                 \
        for (; i + 64 <= count; i += 64) {                            \
            FULL(sums[0], i);                                         \
            FULL(sums[1], i + 16);                                    \
            FULL(sums[2], i + 32);                                    \
            FULL(sums[3], i + 48);                                    \
        }                                                             \
        for (int k = 0; k < 4 && i < count; k++, i += 16) {           \
            if (count - i >= 16)                                      \
                FULL(sums[k], i);                                     \
            else                                                      \
                PART(sums[k], i, count - i);                          \
        }                                                             \
        result = sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])); \
    } while (0)

#define ADD_FULL(sum, i) sum += load(x + (i))
#define ADD_PART(sum, i, n) sum += load_part(x + (i), n, 0)
#define SQUARE(sum, d) sum = fma16(d, d, sum)
// Filling with the mean makes the missing differences zero.
#define VARIANCE_FULL(sum, i) SQUARE(sum, load(x + (i)) - mean)
#define VARIANCE_PART(sum, i, n) SQUARE(sum, load_part(x + (i), n, mean) - mean)
#define SQUARE_FULL(sum, i) SQUARE(sum, load(x + (i)))
#define SQUARE_PART(sum, i, n) SQUARE(sum, load_part(x + (i), n, 0))

static void layer_norm(const float *x, const float *weight, const float *bias, float *y, size_t count,
                       float epsilon) {
    float sum, squares;
    SUM_ROW(sum, count, ADD_FULL, ADD_PART);
    float mean = sum / (float)count;
    SUM_ROW(squares, count, VARIANCE_FULL, VARIANCE_PART);
    float scale = 1 / sqrtf(squares / (float)count + epsilon);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 normal = (load(x + i) - mean) * scale;
        store(y + i, bias ? fma16(normal, load(weight + i), load(bias + i)) : normal * load(weight + i));
    }
    for (; i < count; i++) {
        float normal = (x[i] - mean) * scale;
        y[i] = bias ? __builtin_elementwise_fma(normal, weight[i], bias[i]) : normal * weight[i];
    }
}

static void rms_norm(const float *x, const float *weight, float *y, size_t count, float epsilon) {
    float squares;
    SUM_ROW(squares, count, SQUARE_FULL, SQUARE_PART);
    float scale = 1 / sqrtf(squares / (float)count + epsilon);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) store(y + i, load(x + i) * scale * load(weight + i));
    for (; i < count; i++) y[i] = x[i] * scale * weight[i];
}

INLINE void rotate(float *a, float *b, float cosine, float sine) {
    float x = *a, y = *b;
    *a = __builtin_elementwise_fma(x, cosine, -(y * sine));
    *b = __builtin_elementwise_fma(y, cosine, x * sine);
}

static void rotate_halves(float *restrict x, const float *restrict cosines, const float *restrict sines,
                          size_t pairs) {
    for (size_t i = 0; i < pairs; i++) rotate(&x[i], &x[i + pairs], cosines[i], sines[i]);
}

static void rotate_adjacent(float *restrict x, const float *restrict cosines, const float *restrict sines,
                            size_t pairs) {
    for (size_t i = 0; i < pairs; i++) rotate(&x[2 * i], &x[2 * i + 1], cosines[i], sines[i]);
}

static void swiglu(const float *gate, const float *up, float *y, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 g = load(gate + i);
        store(y + i, g / (1.0f + exp16(-g)) * load(up + i));
    }
    if (i < count) {
        f32x16 g = load_part(gate + i, count - i, 0);
        store_part(y + i, g / (1.0f + exp16(-g)) * load_part(up + i, count - i, 0), count - i);
    }
}

static void add(float *x, const float *y, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] += y[i];
}

static void exponentials(const float *x, float *y, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) store(y + i, exp16(load(x + i)));
    if (i < count) store_part(y + i, exp16(load_part(x + i, count - i, 0)), count - i);
}

static float max(const float *x, size_t count) {
    f32x16 lanes = -INFINITY;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) lanes = larger(lanes, load(x + i));
    if (i < count) lanes = larger(lanes, load_part(x + i, count - i, -INFINITY));
    return max_lanes(lanes);
}

static double exp_sum(const float *x, float shift, float *y, size_t count) {
    f64x16 lanes = 0.0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        f32x16 e = exp16(load(x + i) - shift);
        lanes += __builtin_convertvector(e, f64x16);
        if (y) store(y + i, e);
    }
    if (i < count) {
        // exp(-infinity) = 0 in the lanes that are not there
        f32x16 e = exp16(load_part(x + i, count - i, -INFINITY) - shift);
        lanes += __builtin_convertvector(e, f64x16);
        if (y) store_part(y + i, e, count - i);
    }
    f64x8 a = lanes.lo + lanes.hi;
    f64x4 b = a.lo + a.hi;
    return (b[0] + b[2]) + (b[1] + b[3]);
}

static void multiply(float *x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] *= factor;
}

static void halves_to_floats(const uint16_t *x, float *y, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        store(y + i, __builtin_convertvector(*(const f16x16u *)(x + i), f32x16));
    if (i < count) {
        f16x16 part = 0;
        memcpy(&part, x + i, (count - i) * sizeof(uint16_t));
        store_part(y + i, __builtin_convertvector(part, f32x16), count - i);
    }
}

static void floats_to_halves(const float *x, uint16_t *y, size_t count) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) *(f16x16u *)(y + i) = __builtin_convertvector(load(x + i), f16x16);
    if (i < count) {
        f16x16 part = __builtin_convertvector(load_part(x + i, count - i, 0), f16x16);
        memcpy(y + i, &part, (count - i) * sizeof(uint16_t));
    }
}
