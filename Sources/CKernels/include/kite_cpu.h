// Which instruction set the kernels use. Detected once; tests and KITE_CPU force a lower level.
#ifndef KITE_CPU_H
#define KITE_CPU_H

/// Ordered within one architecture: a CPU that has a level has every lower one of its architecture.
enum kite_cpu_level {
    KITE_CPU_SCALAR = 0,
    KITE_CPU_AVX2 = 1,     ///< AVX2, FMA, F16C
    KITE_CPU_AVXVNNI = 2,  ///< + 256-bit VPDPBUSD (VEX)
    KITE_CPU_AVX512 = 3,   ///< AVX-512 F BW VL DQ VNNI
    KITE_CPU_AVX512BF16 = 4,  ///< + VDPBF16PS
    KITE_CPU_NEON = 8,
    KITE_CPU_NEON_DOTPROD = 9,
    KITE_CPU_NEON_I8MM = 10,
};

/// The highest level this CPU supports.
enum kite_cpu_level kite_cpu_detected(void);
/// The level in use: the detected one, or the one forced by kite_cpu_force or the environment variable KITE_CPU
/// (scalar, avx2, avxvnni, avx512, avx512bf16, neon, dotprod, i8mm).
enum kite_cpu_level kite_cpu_current(void);
/// Uses `level` from now on. Returns 0, or -1 when this CPU lacks it (nothing changes). Not for use while kernels run.
int kite_cpu_force(enum kite_cpu_level level);
/// Name of a level as KITE_CPU spells it; NULL for an unknown value.
const char *kite_cpu_name(enum kite_cpu_level level);

/// Tells the core that this thread is spinning.
static inline void kite_cpu_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
