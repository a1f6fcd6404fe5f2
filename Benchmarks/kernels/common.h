// What the parts of the kernel checker and benchmark share.
#ifndef KERNELS_COMMON_H
#define KERNELS_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include "ckernels.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/// A weight type: numbers and bytes per block, and where a block's f16 scale and minimum are (-1: none).
struct weight_type {
    enum kite_type type;
    const char *name;
    size_t numbers, bytes;
    int scale, minimum;
};
extern const struct weight_type weight_types[];
extern const size_t weight_type_count;

// ---- random numbers, the same in every run with the same seed ----

void seed_random(uint64_t seed);
uint32_t random_bits(void);
/// 0 to bound - 1.
size_t random_below(size_t bound);
/// -1 to 1.
float random_float(void);
void random_floats(float *x, size_t count);

// ---- memory ----

/// `bytes` bytes that end where a page starts that cannot be touched: reading past them crashes. Aligned as far as
/// `bytes` is. Ends the program when there is no memory.
void *guarded(size_t bytes);
void release_guarded(void *memory, size_t bytes);
/// 64-byte aligned, zeroed; to be freed with free.
void *aligned(size_t bytes);

/// How the bytes of random weights are chosen.
enum weight_kind {
    WEIGHTS_USUAL,    ///< random codes, scales of about 1/64
    WEIGHTS_EXTREME,  ///< all bits set or cleared for whole rows; scales of any f16 value, infinity and NaN included
};
/// Fills `blocks` blocks.
void random_weights(const struct weight_type *type, enum weight_kind kind, uint8_t *out, size_t blocks);

// ---- time ----

/// Seconds of a clock that never goes back.
double now(void);
/// Calls `work` for each of `threads` threads, numbered from 0; best time of some runs, in seconds.
double best_time(void (*work)(void *, int), void *context, int threads);

// ---- levels ----

/// The levels this CPU has, lowest first, or just the one that KITE_CPU names. Returns how many: 0 when it has none of
/// that name.
size_t usable_levels(enum kite_cpu_level levels[16]);

// ---- the two modes ----

/// Number of differences found, each reported on standard output.
size_t check_products(enum kite_cpu_level level, size_t rounds);
size_t check_rows(enum kite_cpu_level level, size_t rounds);
size_t check_encoders(enum kite_cpu_level level, size_t rounds);
size_t check_attention(enum kite_cpu_level level, size_t rounds);

/// Ceilings of the machine with some threads, at the level in use.
struct ceilings {
    double read, int8, bf16, f32;  ///< bytes and operations per second
};
struct ceilings measure_ceilings(int threads);
void bench_products(int threads, struct ceilings ceilings, const char *only);
void bench_rows(struct ceilings ceilings);
void bench_attention(struct ceilings ceilings);
void bench_low_rank(struct ceilings ceilings);

#endif
