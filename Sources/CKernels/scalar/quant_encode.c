// The encoder that needs no scale.
#include <string.h>

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
