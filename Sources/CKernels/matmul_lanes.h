// Products with several columns for instruction sets with registers of 16 or 32 bytes. Rows of 256 weights are unpacked
// into tiles where a lane of a register belongs to one row (and one column, where an instruction multiplies matrices):
// nothing is summed across lanes. A block of rows stays in the L1 cache while all columns pass by; sums stay in L2.
//
// The level includes this file after it has defined
//   LANES, LANE_COLUMNS   lanes of a register, and over how many columns they are spread, column by column
//   LANE_NUMBERS          consecutive weights of a row in a register of codes
//   STEP_TILES, STEP      a register tile: tiles of rows by groups of LANE_COLUMNS columns, at most
//   floats, ints, bytes   vectors of LANES floats and integers, and of as many bytes
//   struct tile           with `code`, `scale`, `start`, `d`, `dmin`, `d32`, `m32`
//   partial               sums of few products, narrower than `ints` where the level has nothing wider
//   operand               codes of activations
// and the functions used below; `step_of` narrows STEP for a type.
#ifndef KITE_MATMUL_LANES_H
#define KITE_MATMUL_LANES_H

#include "matmul_table.h"

enum {
    LANE_ROWS = LANES / LANE_COLUMNS,
    BLOCK_ROWS = 64,
    BLOCK_COLUMNS = 512,
    BLOCK_TILES = BLOCK_ROWS / LANE_ROWS,
};

struct block_scratch {
    struct tile tile[BLOCK_TILES];
    floats sum[BLOCK_COLUMNS / LANE_COLUMNS][BLOCK_TILES];
};
_Static_assert(sizeof(struct block_scratch) <= KITE_TILE_SCRATCH, "fits the scratch memory");

/// Some columns of a slab, a group of LANE_COLUMNS after the other.
struct columns {
    const struct kite_record *first;
    int groups;          ///< a constant where loops are to be unrolled
    size_t last_stride;  ///< bytes from a column of the last group to the next: 0 when it is the only one
};

KITE_INLINE size_t stride_of(struct columns x, int group) {
    return group + 1 < x.groups ? sizeof(struct kite_record) : x.last_stride;
}

/// Adds the integer sums of a block of 256 to `place`.
KITE_INLINE void add_block256(enum kite_type type, const struct tile *t, struct columns x, int c, ints total,
                              floats *place) {
    const struct kite_record *record = x.first + c * LANE_COLUMNS;
    const size_t stride = stride_of(x, c);
    floats a = (floats)column_words(&record->q256.scale, stride);
    floats y = fused(__builtin_convertvector(total, floats), t->d * a, *place);
    if (kite_has_min(type)) {
        const int group = group_of(type);
        const int16_t *sums = group == 32 ? record->q256.sum32 : record->q256.sum16;
        ints minimum = 0;
        for (int g = 0; g < 128 / group; g++)
            minimum = add_minima(minimum, t->min[g], column_words(sums + 2 * g, stride));
        y = fused(-__builtin_convertvector(minimum, floats), t->dmin * a, y);
    }
    *place = y;
}

/// `count` registers of codes from register `at` on, by all of the columns, into `part`. All counts are constants.
KITE_INLINE void add_codes(enum kite_type type, const struct tile *t, struct columns x, int at, int count,
                           partial part[STEP_TILES][STEP]) {
    for (int c = 0; c < x.groups; c++)
        for (int r = 0; r < STEP_TILES; r++) part[r][c] = no_products();
#pragma clang loop unroll(full)
    for (int q = 0; q < count; q++)
        for (int c = 0; c < x.groups; c++) {
            operand codes = load_codes(type, x.first[c * LANE_COLUMNS].code, stride_of(x, c), at, q);
            for (int r = 0; r < STEP_TILES; r++)
                part[r][c] = add_products(type, part[r][c], (t[r].code + at)[q], codes);
        }
}

KITE_INLINE void step256(enum kite_type type, const struct tile *t, struct columns x, floats *sum) {
    const int group = is_premultiplied(type) ? 64 : group_of(type), registers = group / LANE_NUMBERS;
    const int batch = batch_of(type) < registers ? batch_of(type) : registers;
    ints total[STEP_TILES][STEP];
    for (int c = 0; c < x.groups; c++)
        for (int r = 0; r < STEP_TILES; r++) total[r][c] = t[r].start[0];
#pragma clang loop unroll(disable)
    for (int g = 0; g < 256 / group; g++)
#pragma clang loop unroll(full)
        for (int i = 0; i < registers / batch; i++) {
            partial part[STEP_TILES][STEP];
            add_codes(type, t, x, g * registers + i * batch, batch, part);
            for (int c = 0; c < x.groups; c++)
                for (int r = 0; r < STEP_TILES; r++)
                    total[r][c] = is_premultiplied(type) ? add_sums(total[r][c], part[r][c])
                                                         : add_scaled(total[r][c], part[r][c], t[r].scale[g]);
        }
    for (int c = 0; c < x.groups; c++)
        for (int r = 0; r < STEP_TILES; r++) add_block256(type, t + r, x, c, total[r][c], sum + c * BLOCK_TILES + r);
}

KITE_INLINE void step32(enum kite_type type, const struct tile *t, struct columns x, floats *sum, int blocks) {
    const int registers = 32 / LANE_NUMBERS, batch = batch_of(type) < registers ? batch_of(type) : registers;
    floats total[STEP_TILES][STEP];
    for (int c = 0; c < x.groups; c++)
        for (int r = 0; r < STEP_TILES; r++) total[r][c] = sum[c * BLOCK_TILES + r];
#pragma clang loop unroll(disable)
    for (int b = 0; b < blocks; b++) {
        ints product[STEP_TILES][STEP];
        for (int c = 0; c < x.groups; c++)
            for (int r = 0; r < STEP_TILES; r++) product[r][c] = t[r].start[b];
#pragma clang loop unroll(full)
        for (int i = 0; i < registers / batch; i++) {
            partial part[STEP_TILES][STEP];
            add_codes(type, t, x, b * registers + i * batch, batch, part);
            for (int c = 0; c < x.groups; c++)
                for (int r = 0; r < STEP_TILES; r++) product[r][c] = add_sums(product[r][c], part[r][c]);
        }
        for (int c = 0; c < x.groups; c++) {
            const struct kite_record *record = x.first + c * LANE_COLUMNS;
            floats a = (floats)column_words(&record->q32.scale[b], stride_of(x, c));
            for (int r = 0; r < STEP_TILES; r++) {
                floats y = __builtin_convertvector(product[r][c], floats);
                total[r][c] = fused(y, t[r].d32[b] * a, total[r][c]);
                if (kite_has_min(type)) {
                    floats s = (floats)column_words(&record->q32.sum[b], stride_of(x, c));
                    total[r][c] = fused(t[r].m32[b], s, total[r][c]);
                }
            }
        }
    }
    for (int c = 0; c < x.groups; c++)
        for (int r = 0; r < STEP_TILES; r++) sum[c * BLOCK_TILES + r] = total[r][c];
}

/// A register tile, `groups` (a constant) groups of columns wide.
KITE_INLINE void step(enum kite_type type, const struct tile *t, struct columns x, int groups, floats *sum,
                      int blocks) {
    x.groups = groups;
    if (kite_is_by_256(type))
        step256(type, t, x, sum);
    else
        step32(type, t, x, sum, blocks);
}

/// All columns of a slab.
KITE_INLINE void sweep(enum kite_type type, struct block_scratch *s, int tiles, const struct kite_record *x,
                       size_t columns, int blocks) {
    const int groups = (int)(columns + LANE_COLUMNS - 1) / LANE_COLUMNS, most = step_of(type);
    for (int c = 0, width; c < groups; c += width) {
        const int left = groups - c;
        // Equal parts rather than a narrow last one.
        width = (left - 1) / ((left + most - 1) / most) + 1;
        struct columns part = {x + c * LANE_COLUMNS, width, sizeof *x};
        if (c + width == groups && columns % LANE_COLUMNS != 0) part.last_stride = 0;
        for (int i = 0; i < tiles; i += STEP_TILES) {
            floats *sum = &s->sum[c][i];
            switch (width) {
            case 1: step(type, s->tile + i, part, 1, sum, blocks); break;
            case 2: step(type, s->tile + i, part, 2, sum, blocks); break;
            case 3: step(type, s->tile + i, part, 3, sum, blocks); break;
            case 4: step(type, s->tile + i, part, 4, sum, blocks); break;
#if STEP > 4
            case 5:
                if (most > 4) step(type, s->tile + i, part, 5, sum, blocks);
                break;
            default:
                if (most > 4) step(type, s->tile + i, part, STEP, sum, blocks);
#endif
            }
        }
    }
}

/// At most BLOCK_ROWS rows by at most BLOCK_COLUMNS columns.
KITE_INLINE void multiply_block(enum kite_type type, const struct kite_product *p, size_t begin, size_t rows,
                                size_t column, size_t columns, struct block_scratch *s) {
    const int step_rows = LANE_ROWS * STEP_TILES;
    const int tiles = ((int)rows + step_rows - 1) / step_rows * STEP_TILES;
    const size_t slab_bytes = kite_block_bytes(type) * (kite_is_by_256(type) ? 1 : 8);
    memset(s->sum, 0, (columns + LANE_COLUMNS - 1) / LANE_COLUMNS * sizeof s->sum[0]);
    for (size_t slab = 0; slab * 256 < p->k; slab++) {
        const size_t left = (p->k - slab * 256) / 32;
        const int blocks = left < 8 ? (int)left : 8;
        for (int i = 0; i < tiles; i++) {
            const uint8_t *row[LANE_ROWS];
            for (size_t r = 0; r < LANE_ROWS; r++) {
                const size_t at = (size_t)i * LANE_ROWS + r;
                // The last row fills a tile up.
                row[r] = kite_row(p, begin + (at < rows ? at : rows - 1)) + slab * slab_bytes;
                for (size_t byte = 0; byte < slab_bytes; byte += 64) __builtin_prefetch(row[r] + slab_bytes + byte);
            }
            if (kite_is_by_256(type))
                pack256(type, row, s->tile + i);
            else
                pack32(type, row, blocks, s->tile + i);
        }
        sweep(type, s, tiles, kite_records(p, slab) + column, columns, blocks);
    }
    for (size_t c = 0; c < columns; c++) {
        const float *sum = (const float *)s->sum[c / LANE_COLUMNS] + c % LANE_COLUMNS * LANE_ROWS;
        float *out = p->out + (column + c) * p->out_stride + begin;
        for (size_t r = 0; r < rows; r++) out[r] = sum[r / LANE_ROWS * LANES + r % LANE_ROWS];
    }
}

KITE_INLINE void lane_rows(enum kite_type type, const struct kite_product *p, size_t begin, size_t end, void *scratch) {
    for (size_t column = 0; column < p->columns; column += BLOCK_COLUMNS) {
        const size_t columns = p->columns - column < BLOCK_COLUMNS ? p->columns - column : BLOCK_COLUMNS;
        for (size_t r = begin; r < end; r += BLOCK_ROWS)
            multiply_block(type, p, r, end - r < BLOCK_ROWS ? end - r : BLOCK_ROWS, column, columns, scratch);
    }
}

#endif
