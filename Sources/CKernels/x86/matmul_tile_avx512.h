// Products with two or more columns. 16 rows of 256 weights are unpacked into a tile where a register holds 4
// consecutive k of 16 rows; VPDPBUSD multiplies it by 4 activation codes broadcast to all lanes. A lane is a row:
// nothing is summed across. Tiles of 64 rows stay in the L1 cache while all columns pass by; sums stay in L2.
#ifndef KITE_MATMUL_TILE_AVX512_H
#define KITE_MATMUL_TILE_AVX512_H

#include "matmul_pack256_avx512.h"
#include "matmul_pack32_avx512.h"

#define TILE_ROWS 64
#define TILE_COLUMNS 512
/// Up to this many columns the time goes into reading and unpacking weights: fewer rows at a time, whose successors
/// are fetched meanwhile, fit the L1 cache.
#define BATCH_COLUMNS 16
#define BATCH_ROWS 32

struct tile_scratch {
    struct tile tile[TILE_ROWS / 16];
    _Alignas(64) float sum[TILE_COLUMNS][TILE_ROWS];
    uint8_t row[16][8 * 34];
};
_Static_assert(sizeof(struct tile_scratch) <= KITE_TILE_SCRATCH, "fits the scratch memory");

/// Columns that a register tile of 32 rows takes: with two sums per output, and with one.
#define STEP 6
#define LONG_STEP 12

KITE_INLINE __m512i broadcast32(const void *p) {
    int x;
    memcpy(&x, p, sizeof x);
    return _mm512_set1_epi32(x);
}

/// Adds the integer sums of a block of 256, of 16 rows and one column, to `place`.
KITE_INLINE void add_block256(enum kite_type type, const struct tile *t, const struct kite_record *x, __m512i total,
                              float *place) {
    const int group = group_of(type);
    __m512 a = _mm512_set1_ps(x->q256.scale), scale = _mm512_mul_ps(t->d, a), y = _mm512_load_ps(place);
    // The codes of Q3_K have the sign turned.
    y = type == KITE_Q3_K ? _mm512_fnmadd_ps(_mm512_cvtepi32_ps(total), scale, y)
                          : _mm512_fmadd_ps(_mm512_cvtepi32_ps(total), scale, y);
    if (kite_has_min(type)) {
        const int16_t *sums = group == 32 ? x->q256.sum32 : x->q256.sum16;
        __m512i minimum = _mm512_setzero_si512();
        for (int g = 0; g < 128 / group; g++)
            minimum = _mm512_dpwssd_epi32(minimum, t->min[g], broadcast32(sums + 2 * g));
        y = _mm512_fnmadd_ps(_mm512_cvtepi32_ps(minimum), _mm512_mul_ps(t->dmin, a), y);
    }
    _mm512_store_ps(place, y);
}

/// 32 rows by `columns` (a constant, at most STEP) columns by 256.
KITE_INLINE void step256(enum kite_type type, const struct tile *t, const struct kite_record *x, float *sum,
                         int columns) {
    const int group = group_of(type);
    __m512i total[2][STEP], part[2][STEP];
    for (int c = 0; c < columns; c++) {
        total[0][c] = t[0].start[0];
        total[1][c] = t[1].start[0];
    }
#pragma clang loop unroll(disable)
    for (int g = 0; g < 256 / group; g++) {
        for (int c = 0; c < columns; c++) part[0][c] = part[1][c] = _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (int q = 0; q < group / 4; q++) {
            __m512i first = t[0].code[g * (group / 4) + q], second = t[1].code[g * (group / 4) + q];
            for (int c = 0; c < columns; c++) {
                __m512i codes = broadcast32(x[c].code + group * g + 4 * q);
                part[0][c] = _mm512_dpbusd_epi32(part[0][c], codes, first);
                part[1][c] = _mm512_dpbusd_epi32(part[1][c], codes, second);
            }
        }
        for (int c = 0; c < columns; c++) {
            total[0][c] = _mm512_add_epi32(total[0][c], _mm512_mullo_epi32(part[0][c], t[0].scale[g]));
            total[1][c] = _mm512_add_epi32(total[1][c], _mm512_mullo_epi32(part[1][c], t[1].scale[g]));
        }
    }
    for (int c = 0; c < columns; c++)
        for (int h = 0; h < 2; h++) add_block256(type, t + h, x + c, total[h][c], sum + c * TILE_ROWS + 16 * h);
}

/// The same for codes that hold their scale; at most LONG_STEP columns.
KITE_INLINE void step_premultiplied(enum kite_type type, const struct tile *t, const struct kite_record *x, float *sum,
                                    int columns) {
    __m512i total[2][LONG_STEP];
    for (int c = 0; c < columns; c++) {
        total[0][c] = t[0].start[0];
        total[1][c] = t[1].start[0];
    }
#pragma clang loop unroll_count(4)
    for (int q = 0; q < 64; q++) {
        __m512i first = t[0].code[q], second = t[1].code[q];
        for (int c = 0; c < columns; c++) {
            __m512i codes = broadcast32(x[c].code + 4 * q);
            total[0][c] = _mm512_dpbusd_epi32(total[0][c], codes, first);
            total[1][c] = _mm512_dpbusd_epi32(total[1][c], codes, second);
        }
    }
    for (int c = 0; c < columns; c++)
        for (int h = 0; h < 2; h++) add_block256(type, t + h, x + c, total[h][c], sum + c * TILE_ROWS + 16 * h);
}

KITE_INLINE void step32(enum kite_type type, const struct tile *t, const struct kite_record *x, float *sum, int columns,
                        int blocks) {
    __m512i part[2][STEP];
    __m512 total[2][STEP];
    for (int c = 0; c < columns; c++)
        for (int h = 0; h < 2; h++) total[h][c] = _mm512_load_ps(sum + c * TILE_ROWS + 16 * h);
#pragma clang loop unroll(disable)
    for (int b = 0; b < blocks; b++) {
        for (int c = 0; c < columns; c++) {
            part[0][c] = t[0].start[b];
            part[1][c] = t[1].start[b];
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < 8; q++) {
            __m512i first = t[0].code[8 * b + q], second = t[1].code[8 * b + q];
            for (int c = 0; c < columns; c++) {
                __m512i codes = broadcast32(x[c].code + 32 * b + 4 * q);
                part[0][c] = _mm512_dpbusd_epi32(part[0][c], codes, first);
                part[1][c] = _mm512_dpbusd_epi32(part[1][c], codes, second);
            }
        }
        for (int c = 0; c < columns; c++) {
            __m512 a = _mm512_set1_ps(x[c].q32.scale[b]);
            for (int h = 0; h < 2; h++) {
                __m512 scale = _mm512_mul_ps(_mm512_castsi512_ps(t[h].scale[b]), a);
                total[h][c] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(part[h][c]), scale, total[h][c]);
                if (kite_has_min(type))
                    total[h][c] = _mm512_fmadd_ps(_mm512_castsi512_ps(t[h].min[b]), _mm512_set1_ps(x[c].q32.sum[b]),
                                                  total[h][c]);
            }
        }
    }
    for (int c = 0; c < columns; c++)
        for (int h = 0; h < 2; h++) _mm512_store_ps(sum + c * TILE_ROWS + 16 * h, total[h][c]);
}

KITE_INLINE void step(enum kite_type type, const struct tile *t, const struct kite_record *x, float *sum, int columns,
                      int blocks) {
    if (is_premultiplied(type))
        step_premultiplied(type, t, x, sum, columns);
    else if (kite_is_by_256(type))
        step256(type, t, x, sum, columns);
    else
        step32(type, t, x, sum, columns, blocks);
}

/// The next register tile's columns of the `left` that remain: equal parts, of sizes that `tile_columns` has.
KITE_INLINE size_t step_columns(enum kite_type type, size_t left) {
    if (is_premultiplied(type) && left >= LONG_STEP) return LONG_STEP;
    return left == 0 ? 0 : (left - 1) / ((left + STEP - 1) / STEP) + 1;
}

/// 16 * `tiles` rows by all columns by 256.
KITE_INLINE void tile_columns(enum kite_type type, struct tile_scratch *s, size_t tiles, const struct kite_record *x,
                              size_t columns, int blocks) {
    for (size_t c = 0, width; (width = step_columns(type, columns - c)) > 0; c += width)
        for (size_t i = 0; i < tiles; i += 2) {
            float *sum = s->sum[c] + 16 * i;
            switch (width) {
            case 1: step(type, s->tile + i, x + c, sum, 1, blocks); break;
            case 2: step(type, s->tile + i, x + c, sum, 2, blocks); break;
            case 3: step(type, s->tile + i, x + c, sum, 3, blocks); break;
            case 4: step(type, s->tile + i, x + c, sum, 4, blocks); break;
            case 5: step(type, s->tile + i, x + c, sum, 5, blocks); break;
            case LONG_STEP:
                if (is_premultiplied(type)) step(type, s->tile + i, x + c, sum, LONG_STEP, blocks);
                break;
            default: step(type, s->tile + i, x + c, sum, STEP, blocks); break;
            }
        }
}

/// A copy of `bytes` of the rows from `first` to `end`, fewer than 16, with the last one repeated.
KITE_INLINE struct rows repeat_last(const struct kite_product *p, size_t first, size_t end, size_t at, size_t bytes,
                                    struct tile_scratch *s) {
    for (size_t r = 0; r < 16; r++) memcpy(s->row[r], kite_row(p, first + r < end ? first + r : end - 1) + at, bytes);
    return (struct rows){s->row[0], sizeof s->row[0], kite_row(p, end)};
}

/// At most TILE_ROWS rows by at most TILE_COLUMNS columns.
KITE_INLINE void tile_block(enum kite_type type, const struct kite_product *p, size_t begin, size_t rows, size_t column,
                            size_t columns, struct tile_scratch *s) {
    const size_t tiles = (rows + 31) / 32 * 2, block = kite_block_bytes(type) * (kite_is_by_256(type) ? 1 : 8);
    // The rows after these are fetched in the order of memory, a part with each tile.
    const uint8_t *ahead = kite_row(p, begin + 16 * tiles);
    memset(s->sum, 0, columns * sizeof s->sum[0]);
    for (size_t slab = 0; slab * 256 < p->k; slab++) {
        const size_t left = (p->k - slab * 256) / 32;
        const int blocks = left < 8 ? (int)left : 8;
        const size_t bytes = left < 8 && !kite_is_by_256(type) ? left * kite_block_bytes(type) : block;
        for (size_t i = 0; i < tiles; i++) {
            const size_t first = begin + 16 * i;
            struct rows r = {kite_row(p, first) + slab * block, p->row_bytes, ahead};
            if (first + 16 > begin + rows) r = repeat_last(p, first, begin + rows, slab * block, bytes, s);
            ahead += 16 * block;
            if (kite_is_by_256(type))
                pack256(type, r, &s->tile[i]);
            else
                pack32(type, r, blocks, &s->tile[i]);
        }
        tile_columns(type, s, tiles, kite_records(p, slab) + column, columns, blocks);
    }
    for (size_t c = 0; c < columns; c++)
        memcpy(p->out + (column + c) * p->out_stride + begin, s->sum[c], rows * sizeof(float));
}

KITE_INLINE void tile_rows(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    const size_t most = p->columns <= BATCH_COLUMNS ? BATCH_ROWS : TILE_ROWS;
    for (size_t column = 0; column < p->columns; column += TILE_COLUMNS) {
        const size_t columns = p->columns - column < TILE_COLUMNS ? p->columns - column : TILE_COLUMNS;
        for (size_t r = begin; r < end; r += most)
            tile_block(type, p, r, end - r < most ? end - r : most, column, columns, scratch);
    }
}

#endif
