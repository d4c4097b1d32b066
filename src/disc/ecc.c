/* SPDX-License-Identifier: GPL-3.0-or-later */
/* P/Q parity: two Reed-Solomon codes over GF(2^8), computed for sixteen columns at a time so that
 * it vectorises. ECMA-130 annex A. */
#include "disc/edc.h"

#include <string.h>

/* Bytes 12… of the sector are a matrix of 26 rows of 43 16-bit words, the last two rows being the
 * P parity. P: each of a row's 86 bytes belongs to the column below it. Q: 26 diagonals, of which
 * word k of diagonal n is in column k of row (n + k) mod 26.
 *
 * A code word d(0)…d(m-1) with parity p, q satisfies  sum d + p + q = 0  and
 * sum 2^(m+1-i) d(i) + 2p + q = 0,  so  3p = sum d + sum 2^(m+1-i) d(i)  and  q = p + sum d. */
#define ROW      86
#define ROWS     26
#define P_ROWS   24
#define Q_WORDS  43
#define Q_BYTES  52
#define LANES    16 /* bytes worked on at once: 16 P columns or 8 Q diagonals */
#define Q_BLOCKS 4  /* of LANES: 32 diagonals, of which 26 count */
#define MARGIN   14 /* bytes a block may reach out of the matrix; they are masked off */

#define VECTOR __attribute__((vector_size(LANES)))

struct lanes {
	uint8_t v VECTOR;
};

static inline struct lanes ecc_load(const uint8_t *p)
{
	struct lanes a;

	memcpy(&a, p, sizeof(a));
	return a;
}

static inline struct lanes ecc_double(struct lanes a)
{
	const int8_t carry VECTOR = (int8_t VECTOR)a.v < 0;

	return (struct lanes){(a.v + a.v) ^ ((uint8_t VECTOR)carry & 0x1d)};
}

/* a / 3, which is a × 0xF4 */
static inline struct lanes ecc_third(struct lanes a)
{
	struct lanes product = {.v = {0}};

	for (unsigned bits = 0xf4; bits; bits >>= 1) {
		if (bits & 1)
			product.v ^= a.v;
		a = ecc_double(a);
	}
	return product;
}

/* From the sums of a block of code words to their parity bytes, which are `apart` bytes apart. */
static inline void ecc_solve(struct lanes weighted, struct lanes sum, uint8_t *out, size_t apart)
{
	weighted = ecc_double(weighted);
	struct lanes p = ecc_third((struct lanes){weighted.v ^ sum.v});

	sum.v ^= p.v;
	memcpy(out, &p, sizeof(p));
	memcpy(out + apart, &sum, sizeof(sum));
}

static void ecc_p(uint8_t *matrix)
{
	/* the last block overlaps the one before: 86 is no multiple of 16 */
	static const uint8_t at[2][3] = {{0, 16, 32}, {48, 64, ROW - LANES}};

	for (unsigned half = 0; half < 2; half++) {
		struct lanes weighted[3] = {0}, sum[3] = {0};

		for (unsigned r = 0; r < P_ROWS; r++) {
			for (unsigned i = 0; i < 3; i++) {
				struct lanes d = ecc_load(matrix + r * ROW + at[half][i]);

				weighted[i].v ^= d.v;
				weighted[i] = ecc_double(weighted[i]);
				sum[i].v ^= d.v;
			}
		}
		for (unsigned i = 0; i < 3; i++)
			ecc_solve(weighted[i], sum[i], matrix + P_ROWS * ROW + at[half][i], ROW);
	}
}

/* In one row, neighbouring columns belong to diagonals that descend: column k to (row - k) mod 26.
 * So block b holds diagonals 25-8b … 18-8b, and at step u it takes columns u-7 … u of row
 * (u + 18 - 8b) mod 26. In the first and last seven steps some of these columns do not exist:
 * `here` tells which do, and the others keep their sums. */
static void ecc_q(const uint8_t *matrix, uint8_t *parity)
{
	static const uint8_t window[7 * 2 + LANES + 7 * 2] = {[14] = 255, 255, 255, 255, 255, 255,
							      255,        255, 255, 255, 255, 255,
							      255,        255, 255, 255};
	struct lanes weighted[Q_BLOCKS] = {0}, sum[Q_BLOCKS] = {0};
	unsigned row[Q_BLOCKS] = {18, 10, 2, ROWS - 6};

	for (unsigned u = 0; u < Q_WORDS + 7; u++) {
		const unsigned slide = u < 7         ? u * 2
				       : u < Q_WORDS ? 14
						     : 14 + (u - Q_WORDS + 1) * 2;
		const struct lanes here = ecc_load(window + slide);

		for (unsigned b = 0; b < Q_BLOCKS; b++) {
			struct lanes d = ecc_load(matrix + row[b] * ROW + u * 2 - MARGIN);

			d.v &= here.v;
			sum[b].v ^= d.v;
			d.v ^= weighted[b].v;
			d = ecc_double(d);
			weighted[b].v ^= (weighted[b].v ^ d.v) & here.v;
			row[b] = row[b] == ROWS - 1 ? 0 : row[b] + 1;
		}
	}

	uint8_t p[2][Q_BLOCKS * LANES];
	for (unsigned b = 0; b < Q_BLOCKS; b++)
		ecc_solve(weighted[b], sum[b], p[0] + b * LANES, sizeof(p[0]));
	for (unsigned n = 0; n < Q_BYTES / 2; n++) {
		const unsigned lane = Q_BYTES - 2 - n * 2;

		memcpy(parity + n * 2, p[0] + lane, 2);
		memcpy(parity + Q_BYTES + n * 2, p[1] + lane, 2);
	}
}

void sp_ecc(const uint8_t raw[2352], bool zero_header, uint8_t parity[276])
{
	uint8_t space[16 + ROWS * ROW + 16];
	uint8_t *matrix = space + 16;

	memset(space, 0, 16);
	memset(matrix + ROWS * ROW, 0, 16);
	memcpy(matrix, raw + 12, P_ROWS * ROW);
	if (zero_header)
		memset(matrix, 0, 4);
	ecc_p(matrix);
	memcpy(parity, matrix + P_ROWS * ROW, 2 * ROW);
	ecc_q(matrix, parity + 2 * ROW);
}
