/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isomd5sum's way of summing an image: the whole, and on the way pieces of it. */
#ifndef SP_TREE_ISOMD5_H
#define SP_TREE_ISOMD5_H

#include <spindle/error.h>

#include <stddef.h>
#include <stdint.h>

enum {
	ISOMD5_STEP = 32768, /* bytes: pieces end where so many have been summed */
	ISOMD5_FIELD = 883,  /* application use, ECMA-119 8.4.32, from 0 */
	ISOMD5_ROOM = 512,   /* its bytes, which count as spaces */
	ISOMD5_SUMS = 60,    /* digits of all pieces */
	ISOMD5_SPACE = ISOMD5_SUMS + 16,
	ISOMD5_MD5 = 1, /* digest.h */
};

struct sp_isomd5 {
	struct sp_digest_state *md5;
	uint64_t at, end, piece; /* bytes: summed so far, of all, of a piece */
	uint64_t last;           /* piece that the step before belonged to */
	unsigned digits;         /* kept of each piece's sum so far */
	char text[ISOMD5_SPACE]; /* of pieces that have ended */
	size_t pieces;
	uint64_t ended[ISOMD5_SUMS + 1]; /* where, bytes */
};

/* 1…ISOMD5_SUMS pieces. Clear it in any case. */
int sp_isomd5_begin(struct sp_isomd5 *sum, uint64_t end, unsigned pieces, struct sp_error *err);
int sp_isomd5_add(struct sp_isomd5 *sum, const uint8_t *data, size_t size, struct sp_error *err);
/* The MD5 of all that was added. */
int sp_isomd5_end(struct sp_isomd5 *sum, uint8_t md5[16], struct sp_error *err);
void sp_isomd5_clear(struct sp_isomd5 *sum);

#endif
