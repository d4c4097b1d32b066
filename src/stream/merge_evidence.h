/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of several copies of one sector is to be believed. */
#ifndef SP_STREAM_MERGE_EVIDENCE_H
#define SP_STREAM_MERGE_EVIDENCE_H

#include <spindle/stream.h>

/* One source's copy. */
struct merge_copy {
	uint8_t *main;      /* corrected in place; NULL: the source does not have it */
	const uint8_t *sub; /* what follows the main channel: C2, Q and P-W by `parts` */
	unsigned parts;
	uint16_t state;
	/* judged: */
	unsigned score; /* the more, the better the evidence */
	unsigned bytes; /* corrected */
	bool first;     /* no copy before it has the same main channel */
};

/* One sector. */
struct merge_sector {
	sp_lba lba;
	unsigned mode, parts; /* of the merged disc */
	size_t size;          /* of the main channel */
	struct merge_copy copy[SP_MERGE_MAX];
	size_t copies;
};

struct merge_choice {
	enum sp_merge_how how;
	unsigned source;  /* whose main channel */
	unsigned channel; /* whose sub-channel */
	unsigned bytes;   /* corrected */
	uint16_t state;
};

struct merge_choice merge_choose(struct merge_sector *sector, const struct sp_merge *merge);

#endif
