// What a core can do at most: reading memory, and multiply-adds of a CPU level. Kernels are measured against it.
#ifndef KITE_CEILING_H
#define KITE_CEILING_H

#include "kite_cpu.h"

#include <stddef.h>
#include <stdint.h>

enum kite_arithmetic {
    KITE_ARITHMETIC_INT8 = 0,  ///< products of 8-bit integers summed in 32 bits
    KITE_ARITHMETIC_BF16 = 1,  ///< products of bf16 pairs summed in f32
    KITE_ARITHMETIC_F32 = 2,   ///< fused multiply-adds
};

/// Reads `bytes` bytes at `data`, whole cache lines, in rising order. Returns their sum, so that nobody skips the
/// reading.
uint64_t kite_ceiling_read(const void *data, size_t bytes);
/// Multiplies and adds in registers, `rounds` times a fixed piece of work of some 24 independent instructions of
/// `level`, which the CPU must have. Returns the operations done (a multiply-add is two), or 0 when the level has no
/// instruction for it.
uint64_t kite_ceiling_compute(enum kite_cpu_level level, enum kite_arithmetic kind, uint64_t rounds);

#endif
