#include "kite_cpu.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define KITE_HWCAP_ASIMDDP (1ul << 20)
#define KITE_HWCAP2_I8MM (1ul << 13)
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>

/// Whether the kernel says that an optional instruction set is there.
static int has_feature(const char *name) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(name, &value, &size, NULL, 0) == 0 && value != 0;
}
#endif

static const struct {
    enum kite_cpu_level level;
    const char *name;
} names[] = {
    {KITE_CPU_SCALAR, "scalar"},   {KITE_CPU_AVX2, "avx2"},       {KITE_CPU_AVXVNNI, "avxvnni"},
    {KITE_CPU_AVX512, "avx512"},   {KITE_CPU_AVX512BF16, "avx512bf16"},
    {KITE_CPU_NEON, "neon"},       {KITE_CPU_NEON_DOTPROD, "dotprod"}, {KITE_CPU_NEON_I8MM, "i8mm"},
};

const char *kite_cpu_name(enum kite_cpu_level level) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].level == level) return names[i].name;
    return NULL;
}

/// Whether this CPU can run `level`. AVX-VNNI (VEX) is no part of AVX-512 machines in general, so levels are tested
/// one by one rather than by order.
static int supports(enum kite_cpu_level level) {
    if (level == KITE_CPU_SCALAR) return 1;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
               __builtin_cpu_supports("bmi2");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vnni");
    switch (level) {
    case KITE_CPU_AVX2: return avx2;
    case KITE_CPU_AVXVNNI: return avx2 && __builtin_cpu_supports("avxvnni");
    case KITE_CPU_AVX512: return avx512;
    case KITE_CPU_AVX512BF16: return avx512 && __builtin_cpu_supports("avx512bf16");
    default: return 0;
    }
#elif defined(__aarch64__)
    switch (level) {
    case KITE_CPU_NEON: return 1;
#if defined(__linux__)
    case KITE_CPU_NEON_DOTPROD: return (getauxval(AT_HWCAP) & KITE_HWCAP_ASIMDDP) != 0;
    case KITE_CPU_NEON_I8MM:
        return (getauxval(AT_HWCAP) & KITE_HWCAP_ASIMDDP) && (getauxval(AT_HWCAP2) & KITE_HWCAP2_I8MM);
#elif defined(__APPLE__)
    case KITE_CPU_NEON_DOTPROD: return has_feature("hw.optional.arm.FEAT_DotProd");
    case KITE_CPU_NEON_I8MM:
        return has_feature("hw.optional.arm.FEAT_DotProd") && has_feature("hw.optional.arm.FEAT_I8MM");
#endif
    default: return 0;
    }
#else
    return 0;
#endif
}

enum kite_cpu_level kite_cpu_detected(void) {
    for (size_t i = sizeof names / sizeof names[0]; i-- > 0;)
        if (supports(names[i].level)) return names[i].level;
    return KITE_CPU_SCALAR;
}

static enum kite_cpu_level initial_level(void) {
    const char *wanted = getenv("KITE_CPU");
    if (wanted)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strcmp(names[i].name, wanted) == 0 && supports(names[i].level)) return names[i].level;
    return kite_cpu_detected();
}

static _Atomic int current_level = -1;

enum kite_cpu_level kite_cpu_current(void) {
    int level = atomic_load_explicit(&current_level, memory_order_relaxed);
    if (level < 0) {
        level = (int)initial_level();
        atomic_store_explicit(&current_level, level, memory_order_relaxed);
    }
    return (enum kite_cpu_level)level;
}

int kite_cpu_force(enum kite_cpu_level level) {
    if (!supports(level)) return -1;
    atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
    return 0;
}
