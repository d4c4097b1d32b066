/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another decoder of FLAC than ours. */
#ifndef TESTS_FLAC_DECODE_H
#define TESTS_FLAC_DECODE_H

#include <spindle/io.h>

/* What libFLAC makes of a file in memory. */
struct decoded {
	const uint8_t *data;
	uint64_t size, at;
	uint8_t *pcm;
	size_t pcm_size;
	char comments[4096]; /* each with a newline */
	char vendor[80];
	uint64_t padding, total;
	unsigned seektables, errors;
};

/* The file must decode, and its MD5 must be right. */
void decode(struct decoded *d, struct sp_memory *mem, const char *name);
void decoded_clear(struct decoded *d);

#endif
