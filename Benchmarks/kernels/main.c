// Checks every kernel bit by bit against its scalar twin, and measures them beside what the machine can do. README.md
// says how to build and use it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static int usage(void) {
    fprintf(stderr,
            "usage: kernels levels\n"
            "       kernels check [--rounds N] [--seed N]\n"
            "       kernels bench [--threads N] [--only products|rows|attention|low-rank|TYPE]\n"
            "All levels of this CPU take part, or just the one that KITE_CPU names.\n");
    return 2;
}

static int check(const enum kite_cpu_level *levels, size_t count, size_t rounds, uint64_t seed) {
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        if (levels[i] == KITE_CPU_SCALAR && count > 1) continue;
        seed_random(seed);
        double start = now();
        size_t products = check_products(levels[i], rounds);
        size_t rows = check_rows(levels[i], rounds), attention = check_attention(levels[i], rounds);
        size_t encoders = check_encoders(levels[i], rounds);
        bad += products + rows + attention + encoders;
        printf("%-10s products %s, rows %s, attention %s, encoders %s (%.1f s)\n", kite_cpu_name(levels[i]),
               products ? "DIFFER" : "equal", rows ? "DIFFER" : "equal", attention ? "DIFFER" : "equal",
               encoders ? "DIFFER" : "equal", now() - start);
    }
    return bad != 0;
}

static int bench(const enum kite_cpu_level *levels, size_t count, int threads, const char *only) {
    int products = !only, rows = !only || !strcmp(only, "rows"), attention = !only || !strcmp(only, "attention");
    int low_rank = !only || !strcmp(only, "low-rank");
    const char *type = NULL;
    if (only && !rows && !attention && !low_rank) {
        products = 1;
        if (strcmp(only, "products") != 0) type = only;
    }
    for (size_t i = 0; i < count; i++) {
        if (levels[i] == KITE_CPU_SCALAR && count > 1) continue;
        kite_cpu_force(levels[i]);
        struct ceilings c = measure_ceilings(threads);
        printf("\n## %s, %d thread%s\n\n", kite_cpu_name(levels[i]), threads, threads > 1 ? "s" : "");
        printf("Reads %.1f GB/s; at most %.0f GOP/s with 8-bit integers, %.0f with bf16, %.0f with f32.\n",
               c.read * 1e-9, c.int8 * 1e-9, c.bf16 * 1e-9, c.f32 * 1e-9);
        if (products) bench_products(threads, c, type);
        if (rows && threads == 1) bench_rows(c);
        if (attention && threads == 1) bench_attention(c);
        if (low_rank && threads == 1) bench_low_rank(c);
    }
    return 0;
}

int main(int argc, char **argv) {
    enum kite_cpu_level levels[16];
    size_t count = usable_levels(levels);
    const char *mode = argc > 1 ? argv[1] : "", *only = NULL;
    unsigned long rounds = 1, seed = 1, threads = 1;
    for (int i = 2; i < argc; i += 2) {
        if (i + 1 == argc) return usage();
        char *end = argv[i + 1];
        if (!strcmp(argv[i], "--only"))
            only = argv[i + 1];
        else if (!strcmp(argv[i], "--rounds"))
            rounds = strtoul(argv[i + 1], &end, 10);
        else if (!strcmp(argv[i], "--seed"))
            seed = strtoul(argv[i + 1], &end, 10);
        else if (!strcmp(argv[i], "--threads"))
            threads = strtoul(argv[i + 1], &end, 10);
        else
            return usage();
        if ((argv[i + 1] != only && (*end != 0 || end == argv[i + 1])) || threads < 1 || threads > 64) return usage();
    }
    if (count == 0) {
        fprintf(stderr, "kernels: this CPU lacks the level that KITE_CPU names: %s\n", getenv("KITE_CPU"));
        return 1;
    }
    if (!strcmp(mode, "levels")) {
        for (size_t i = 0; i < count; i++) puts(kite_cpu_name(levels[i]));
        return 0;
    }
    if (!strcmp(mode, "check")) return check(levels, count, rounds, seed);
    if (!strcmp(mode, "bench")) return bench(levels, count, (int)threads, only);
    return usage();
}
