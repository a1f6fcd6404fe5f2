// Chooses the encoder of the CPU level in use.
#include "kite_cpu.h"
#include "kite_float.h"
#include "quantize_table.h"

static kite_encode_rows *encoder(void) {
    switch (kite_cpu_current()) {
#if defined(__x86_64__)
    case KITE_CPU_AVX2:
    case KITE_CPU_AVXVNNI: return kite_encode_avx2;
    case KITE_CPU_AVX512:
    case KITE_CPU_AVX512BF16: return kite_encode_avx512;
#elif defined(__aarch64__)
    case KITE_CPU_NEON:
    case KITE_CPU_NEON_DOTPROD:
    case KITE_CPU_NEON_I8MM: return kite_encode_neon;
#endif
    default: return kite_encode_scalar;
    }
}

void kite_quantize(enum kite_type type, const float *x, size_t rows, size_t columns, const float *importance,
                   void *out) {
    size_t count = rows * columns;
    switch (type) {
    case KITE_F32: memcpy(out, x, count * sizeof *x); break;
    case KITE_F16: {
        // Through a small buffer: nothing says that the result is aligned.
        uint16_t halves[256];
        for (size_t at = 0; at < count; at += 256) {
            size_t some = count - at < 256 ? count - at : 256;
            kite_float_to_half(x + at, halves, some);
            memcpy((uint8_t *)out + 2 * at, halves, 2 * some);
        }
        break;
    }
    case KITE_BF16: kite_encode_bf16(x, count, out); break;
    default:
        if (count > 0) encoder()(type, x, rows, columns, importance, out);
    }
}

size_t kite_first_non_finite(const float *x, size_t count) {
    for (size_t at = 0; at < count; at += 256) {
        size_t some = count - at < 256 ? count - at : 256;
        uint32_t largest = 0;
        for (size_t i = 0; i < some; i++) {
            uint32_t bits;
            memcpy(&bits, x + at + i, sizeof bits);
            bits &= 0x7fffffff;
            largest = bits > largest ? bits : largest;
        }
        if (largest < 0x7f800000) continue;
        for (size_t i = at;; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, sizeof bits);
            if ((bits & 0x7fffffff) >= 0x7f800000) return i;
        }
    }
    return count;
}
