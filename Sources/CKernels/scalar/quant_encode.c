// Encoders that need no search for the best scale. Their bits are those of the reference encoders.
#include <math.h>
#include <string.h>

#include "kite_float.h"
#include "kite_matmul.h"

void kite_encode_bf16(const float *x, size_t count, void *out) {
    uint8_t *bytes = out;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        uint16_t half = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        if ((bits & 0x7fffffff) > 0x7f800000) half = 0x7fc0;
        memcpy(bytes + 2 * i, &half, sizeof half);
    }
}

/// To the nearest integer, ties away from zero, without overflow: |x| is at most 127 and some ulps, or x is NaN.
static int8_t round_away(float x) {
    float magnitude = fabsf(x), whole = (float)(int)(magnitude <= 128 ? magnitude : 0);
    whole += magnitude - whole >= 0.5f ? 1 : 0;
    return (int8_t)(x < 0 ? -whole : whole);
}

void kite_encode_q8_0(const float *x, size_t count, void *out) {
    uint8_t *block = out;
    for (size_t at = 0; at < count; at += 32, block += 34) {
        // As integers, magnitudes compare like the floats they are, and NaN is above infinity.
        uint32_t highest = 0;
        for (int i = 0; i < 32; i++) {
            uint32_t bits;
            memcpy(&bits, x + at + i, sizeof bits);
            bits &= 0x7fffffff;
            highest = bits > highest ? bits : highest;
        }
        float largest;
        memcpy(&largest, &highest, sizeof largest);
        float scale = largest / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0;
        uint16_t half;
        kite_float_to_half(&scale, &half, 1);
        memcpy(block, &half, sizeof half);
        for (int i = 0; i < 32; i++) block[2 + i] = (uint8_t)round_away(x[at + i] * inverse);
    }
}
