#include "common.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const struct weight_type weight_types[] = {
    {KITE_Q2_K, "Q2_K", 256, 84, 80, 82},   {KITE_Q3_K, "Q3_K", 256, 110, 108, -1},
    {KITE_Q4_0, "Q4_0", 32, 18, 0, -1},     {KITE_Q4_1, "Q4_1", 32, 20, 0, 2},
    {KITE_Q4_K, "Q4_K", 256, 144, 0, 2},    {KITE_Q5_0, "Q5_0", 32, 22, 0, -1},
    {KITE_Q5_1, "Q5_1", 32, 24, 0, 2},      {KITE_Q5_K, "Q5_K", 256, 176, 0, 2},
    {KITE_Q6_K, "Q6_K", 256, 210, 208, -1}, {KITE_Q8_0, "Q8_0", 32, 34, 0, -1},
    {KITE_IQ4_NL, "IQ4_NL", 32, 18, 0, -1}, {KITE_IQ4_XS, "IQ4_XS", 256, 136, 0, -1},
    {KITE_F32, "F32", 1, 4, -1, -1},        {KITE_F16, "F16", 1, 2, -1, -1},
    {KITE_BF16, "BF16", 1, 2, -1, -1},
};
const size_t weight_type_count = COUNT(weight_types);

// ---- random numbers ----

static uint64_t state = 1;

void seed_random(uint64_t seed) { state = seed * 2 + 1; }

uint32_t random_bits(void) {
    // PCG-XSH-RR, www.pcg-random.org.
    uint64_t old = state;
    state = old * 6364136223846793005u + 1442695040888963407u;
    uint32_t mixed = (uint32_t)((old >> 18 ^ old) >> 27), turn = (uint32_t)(old >> 59);
    return mixed >> turn | mixed << (-turn & 31);
}

size_t random_below(size_t bound) { return (size_t)((uint64_t)random_bits() * bound >> 32); }

float random_float(void) { return (float)(int32_t)random_bits() * 0x1p-31f; }

void random_floats(float *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = random_float();
}

// ---- memory ----

static void *checked(void *memory) {
    if (memory && memory != MAP_FAILED) return memory;
    fprintf(stderr, "kernels: out of memory\n");
    exit(1);
}

static size_t whole_pages(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

void *guarded(size_t bytes) {
    size_t size = whole_pages(bytes), page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = checked(mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(memory + size, page, PROT_NONE);
    return memory + size - bytes;
}

void release_guarded(void *memory, size_t bytes) {
    size_t size = whole_pages(bytes);
    munmap((char *)memory + bytes - size, size + (size_t)sysconf(_SC_PAGESIZE));
}

void *aligned(size_t bytes) {
    size_t size = (bytes + 63) / 64 * 64 + 64;
    return memset(checked(aligned_alloc(64, size)), 0, size);
}

static void store_half(uint8_t *out, enum weight_kind kind) {
    uint16_t half = (uint16_t)random_bits();
    if (kind == WEIGHTS_USUAL || random_below(4) != 0) {
        float scale = random_float() / 64;
        kite_float_to_half(&scale, &half, 1);
    }
    memcpy(out, &half, sizeof half);
}

void random_weights(const struct weight_type *type, enum weight_kind kind, uint8_t *out, size_t blocks) {
    for (size_t block = 0; block < blocks; block++, out += type->bytes) {
        if (type->numbers == 1 && kind == WEIGHTS_USUAL) {
            float x = random_float();
            if (type->type == KITE_F32) memcpy(out, &x, sizeof x);
            if (type->type == KITE_F16) kite_float_to_half(&x, (uint16_t *)out, 1);
            if (type->type == KITE_BF16) kite_encode_bf16(&x, 1, out);
            continue;
        }
        size_t pattern = kind == WEIGHTS_USUAL ? 3 : random_below(4);
        for (size_t i = 0; i < type->bytes; i++)
            out[i] = pattern == 0 ? 0xff : pattern == 1 ? 0 : pattern == 2 ? 0x80 : (uint8_t)random_bits();
        if (type->scale >= 0) store_half(out + type->scale, kind);
        if (type->minimum >= 0) store_half(out + type->minimum, kind);
    }
}

// ---- time ----

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct worker {
    void (*work)(void *, int);
    void *context;
    int index;
    pthread_barrier_t *barrier;
    double start, end;
};

static void *run_worker(void *argument) {
    struct worker *w = argument;
    pthread_barrier_wait(w->barrier);
    w->start = now();
    w->work(w->context, w->index);
    w->end = now();
    return NULL;
}

double best_time(void (*work)(void *, int), void *context, int threads) {
    double best = 1e30, begun = now();
    // At least three runs, and a quarter of a second.
    for (int run = 0; run < 3 || (now() - begun < 0.25 && run < 1000); run++) {
        struct worker workers[64];
        pthread_t handles[64];
        pthread_barrier_t barrier;
        pthread_barrier_init(&barrier, NULL, (unsigned)threads);
        for (int i = 0; i < threads; i++) workers[i] = (struct worker){work, context, i, &barrier, 0, 0};
        for (int i = 1; i < threads; i++) pthread_create(&handles[i], NULL, run_worker, &workers[i]);
        run_worker(&workers[0]);
        for (int i = 1; i < threads; i++) pthread_join(handles[i], NULL);
        pthread_barrier_destroy(&barrier);
        double start = workers[0].start, end = workers[0].end;
        for (int i = 1; i < threads; i++) {
            start = workers[i].start < start ? workers[i].start : start;
            end = workers[i].end > end ? workers[i].end : end;
        }
        best = end - start < best ? end - start : best;
    }
    return best;
}

// ---- levels ----

size_t usable_levels(enum kite_cpu_level levels[16]) {
    const char *wanted = getenv("KITE_CPU");
    size_t count = 0;
    for (int i = 0; i < 16; i++) {
        enum kite_cpu_level level = (enum kite_cpu_level)i;
        const char *name = kite_cpu_name(level);
        if (name && (!wanted || strcmp(wanted, name) == 0) && kite_cpu_force(level) == 0) levels[count++] = level;
    }
    return count;
}
