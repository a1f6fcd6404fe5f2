// Products with many columns. 16 rows of 256 weights are unpacked into a tile where a register holds 4 consecutive k
// of 16 rows; VPDPBUSD multiplies it by 4 activation codes broadcast to all lanes. A lane is a row: nothing is summed
// across. Tiles of 64 rows stay in the L1 cache while all columns pass by; sums stay in L2.
#ifndef KITE_MATMUL_TILE_AVX512_H
#define KITE_MATMUL_TILE_AVX512_H

#include "quant_unpack_avx512.h"

#define TILE_ROWS 64
#define TILE_COLUMNS 512

/// 16 rows of 256 weights. Codes are signed here: the unsigned operand is the activations, which have 128 added, and
/// `start` is what that adds too much, with the sign turned.
struct tile {
    __m512i code[64];   ///< [k / 4]
    __m512i scale[16];  ///< blocks of 256: int32 per group. Blocks of 32: f32 per block
    __m512i min[8];     ///< blocks of 256: int16 pairs of minima. Blocks of 32: f32 per block
    __m512i start[8];   ///< blocks of 256: one. Blocks of 32: one per block
    __m512 d, dmin;
};

struct tile_scratch {
    struct tile tile[TILE_ROWS / 16];
    _Alignas(64) float sum[TILE_COLUMNS][TILE_ROWS];
    __m512i row_code[16][4], row_scale[16], row_min[16];
};
_Static_assert(sizeof(struct tile_scratch) <= KITE_TILE_SCRATCH, "fits the scratch memory");

/// Rows become columns: 16 rows of 16 dwords.
KITE_INLINE void transpose16(__m512i x[16]) {
    __m512i y[16];
    for (int i = 0; i < 16; i += 2) {
        y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int h = 0; h < 2; h++) {
            x[i + 2 * h] = _mm512_unpacklo_epi64(y[i + h], y[i + h + 2]);
            x[i + 2 * h + 1] = _mm512_unpackhi_epi64(y[i + h], y[i + h + 2]);
        }
    // x[4 a + b]: rows 4 a to 4 a + 3, columns b, b + 4, b + 8, b + 12 in the four quarters.
    for (int b = 0; b < 4; b++) {
        __m512i p = _mm512_shuffle_i32x4(x[b], x[4 + b], 0x44), q = _mm512_shuffle_i32x4(x[b], x[4 + b], 0xee);
        __m512i r = _mm512_shuffle_i32x4(x[8 + b], x[12 + b], 0x44), s = _mm512_shuffle_i32x4(x[8 + b], x[12 + b], 0xee);
        y[b] = _mm512_shuffle_i32x4(p, r, 0x88);
        y[b + 4] = _mm512_shuffle_i32x4(p, r, 0xdd);
        y[b + 8] = _mm512_shuffle_i32x4(q, s, 0x88);
        y[b + 12] = _mm512_shuffle_i32x4(q, s, 0xdd);
    }
    for (int i = 0; i < 16; i++) x[i] = y[i];
}

KITE_INLINE void tile_codes(enum kite_type type, struct tile_scratch *s, struct tile *t) {
    for (int j = 0; j < 4; j++) {
        __m512i x[16];
        for (int r = 0; r < 16; r++) x[r] = _mm512_sub_epi8(s->row_code[r][j], _mm512_set1_epi8((char)offset_of(type)));
        transpose16(x);
        for (int i = 0; i < 16; i++) t->code[16 * j + i] = x[i];
    }
}

KITE_INLINE void pack256(enum kite_type type, const uint8_t *const row[16], size_t slab, struct tile_scratch *s,
                         struct tile *t) {
    const int group = group_of(type);
    for (int r = 0; r < 16; r++) {
        const uint8_t *block = row[r] + slab * kite_block_bytes(type);
        struct unpacked256 w;
        unpack256(type, block, &w);
        for (int j = 0; j < 4; j++) s->row_code[r][j] = w.code[j];
        s->row_scale[r] = _mm512_cvtepi8_epi32(w.scale);
        ((float *)&t->d)[r] = scale_of(type, block);
        if (kite_has_min(type)) {
            ((float *)&t->dmin)[r] = min_of(type, block);
            // Pairs of int16: two minima of 16, or one of 32 with its neighbour.
            __m128i min = group == 32 ? _mm_shuffle_epi8(w.min, _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, -1, -1, -1, -1,
                                                                              -1, -1, -1, -1))
                                      : w.min;
            s->row_min[r] = _mm512_zextsi256_si512(_mm256_cvtepu8_epi16(min));
        }
    }
    tile_codes(type, s, t);
    transpose16(s->row_scale);
    __m512i start = _mm512_setzero_si512();
    for (int g = 0; g < 256 / group; g++) {
        __m512i sum = _mm512_setzero_si512();
        t->scale[g] = s->row_scale[g * group / 16];
        for (int q = 0; q < group / 4; q++)
            sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(-128), t->code[g * group / 4 + q]);
        start = _mm512_sub_epi32(start, _mm512_mullo_epi32(sum, t->scale[g]));
    }
    t->start[0] = start;
    if (kite_has_min(type)) {
        transpose16(s->row_min);
        for (int g = 0; g < 128 / group; g++) t->min[g] = s->row_min[g];
    }
}

KITE_INLINE void pack32(enum kite_type type, const uint8_t *const row[16], size_t slab, int count,
                        struct tile_scratch *s, struct tile *t) {
    const size_t bytes = kite_block_bytes(type);
    const int has_min = kite_has_min(type);
    uint8_t padded[8 * 34] = {0};
    for (int r = 0; r < 16; r++) {
        const uint8_t *block = row[r] + slab * 8 * bytes;
        if (count < 8) {
            memcpy(padded, block, (size_t)count * bytes);
            block = padded;
        }
        struct unpacked32 w;
        unpack32(type, block, &w);
        for (int j = 0; j < 4; j++) s->row_code[r][j] = w.code[j];
        s->row_scale[r] = _mm512_zextsi256_si512(_mm256_castps_si256(w.d));
        if (has_min) s->row_min[r] = _mm512_zextsi256_si512(_mm256_castps_si256(w.m));
    }
    tile_codes(type, s, t);
    transpose16(s->row_scale);
    if (has_min) transpose16(s->row_min);
    for (int b = 0; b < 8; b++) {
        int from = b / 2 + b % 2 * 4;
        t->scale[b] = s->row_scale[from];
        if (has_min) t->min[b] = s->row_min[from];
        __m512i sum = _mm512_setzero_si512();
        for (int q = 0; q < 8; q++) sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(-128), t->code[8 * b + q]);
        t->start[b] = _mm512_sub_epi32(_mm512_setzero_si512(), sum);
    }
}

/// Columns that a register tile of 32 rows takes.
#define STEP 6

KITE_INLINE __m512i broadcast32(const void *p) {
    int x;
    memcpy(&x, p, sizeof x);
    return _mm512_set1_epi32(x);
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
    for (int c = 0; c < columns; c++) {
        __m512 a = _mm512_set1_ps(x[c].q256.scale);
        for (int h = 0; h < 2; h++) {
            float *place = sum + c * TILE_ROWS + 16 * h;
            __m512 y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(total[h][c]), _mm512_mul_ps(t[h].d, a), _mm512_load_ps(place));
            if (kite_has_min(type)) {
                const int16_t *sums = group == 32 ? x[c].q256.sum32 : x[c].q256.sum16;
                __m512i minimum = _mm512_setzero_si512();
                for (int g = 0; g < 128 / group; g++)
                    minimum = _mm512_dpwssd_epi32(minimum, t[h].min[g], broadcast32(sums + 2 * g));
                y = _mm512_fnmadd_ps(_mm512_cvtepi32_ps(minimum), _mm512_mul_ps(t[h].dmin, a), y);
            }
            _mm512_store_ps(place, y);
        }
    }
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
    if (kite_is_by_256(type))
        step256(type, t, x, sum, columns);
    else
        step32(type, t, x, sum, columns, blocks);
}

/// At most 64 rows by at most 512 columns. Rows past the end repeat the last one.
KITE_INLINE void tile_block(enum kite_type type, const struct kite_product *p, size_t begin, size_t rows, size_t column,
                            size_t columns, struct tile_scratch *s) {
    const int is256 = kite_is_by_256(type);
    const size_t tiles = (rows + 31) / 32 * 2;
    memset(s->sum, 0, columns * sizeof s->sum[0]);
    for (size_t slab = 0; slab * 256 < p->k; slab++) {
        const size_t left = (p->k - slab * 256) / 32;
        const int blocks = left < 8 ? (int)left : 8;
        for (size_t i = 0; i < tiles; i++) {
            const uint8_t *row[16];
            for (size_t r = 0; r < 16; r++) row[r] = kite_row(p, begin + (16 * i + r < rows ? 16 * i + r : rows - 1));
            if (is256)
                pack256(type, row, slab, s, &s->tile[i]);
            else
                pack32(type, row, slab, blocks, s, &s->tile[i]);
        }
        const struct kite_record *x = kite_records(p, slab) + column;
        size_t c = 0;
        for (; c + STEP <= columns; c += STEP)
            for (size_t i = 0; i < tiles; i += 2) step(type, s->tile + i, x + c, s->sum[c] + 16 * i, STEP, blocks);
        for (; c + 2 <= columns; c += 2)
            for (size_t i = 0; i < tiles; i += 2) step(type, s->tile + i, x + c, s->sum[c] + 16 * i, 2, blocks);
        for (; c < columns; c++)
            for (size_t i = 0; i < tiles; i += 2) step(type, s->tile + i, x + c, s->sum[c] + 16 * i, 1, blocks);
    }
    for (size_t c = 0; c < columns; c++)
        memcpy(p->out + (column + c) * p->out_stride + begin, s->sum[c], rows * sizeof(float));
}

KITE_INLINE void tile_rows(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    for (size_t column = 0; column < p->columns; column += TILE_COLUMNS) {
        const size_t columns = p->columns - column < TILE_COLUMNS ? p->columns - column : TILE_COLUMNS;
        for (size_t r = begin; r < end; r += TILE_ROWS)
            tile_block(type, p, r, end - r < TILE_ROWS ? end - r : TILE_ROWS, column, columns, scratch);
    }
}

#endif
