/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A UDIF image made byte by byte, so that any of its bytes can be wrong. */
#ifndef TEST_DMG_IMAGE_H
#define TEST_DMG_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCKS = 64, MISH = 204, RUN = 40, KOLY = 512 };

struct dmg_image_run {
	uint32_t type;
	uint64_t first, count, at, stored;
};

/* An image of 64 blocks: block n is filled with n + 1, but for zeros where runs say so. */
struct dmg_image {
	uint8_t fork[40000];
	size_t fork_size;
	struct dmg_image_run run[2][12]; /* of two parts: 40 blocks, 24 blocks */
	size_t runs[2];
	uint32_t sum_type, sum_bits;
	uint8_t sum[2][64], fork_sum[64], master[64];
	char doctype[100];
	uint8_t out[100000];
	size_t size, koly, mish[2]; /* places in out; mish is base64 there, see `spoil` */
	bool rsrc, first;           /* maps in a resource fork; trailer at the beginning */
	void (*spoil)(uint8_t *mish, unsigned part);
};

/* What blocks of the disk hold. */
void dmg_image_fill(uint8_t *out, uint64_t block, uint64_t count);
/* Of `part`, with what it stores. */
void dmg_image_add(struct dmg_image *im, unsigned part, uint32_t type, uint64_t first,
		   uint64_t count);
/* Two parts with runs of every kind here, and their checksums; free() it. */
struct dmg_image *dmg_image_new(void);
/* The whole file in `out`. */
void dmg_image_finish(struct dmg_image *im);

#endif
