/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sector read several times: what is to be believed of it. */
#ifndef SP_DRIVE_RIP_VOTE_H
#define SP_DRIVE_RIP_VOTE_H

#include "disc/sector.h"

enum { SP_VOTE_MAX = 16 }; /* readings; further ones take the place of the last */

struct sp_vote_reading {
	uint8_t data[SP_RAW_SIZE];
	uint8_t c2[SP_C2_SIZE]; /* a bit for each byte that is in doubt */
	uint16_t state;
};
struct sp_vote {
	unsigned readings;
	struct sp_vote_reading reading[SP_VOTE_MAX];
};

/* `c2` NULL: the drive told none; with SP_STATE_C2 in `state` all of it is in doubt then. */
void sp_vote_add(struct sp_vote *vote, const uint8_t *data, const uint8_t *c2, unsigned state);
/*
 * Fill `out` and *state with the best there is; true: it is settled.
 * Data: a reading with nothing wrong with it; or two that are the same to the byte, their wrong EDC
 * then being the disc's. Audio: for each sample the value that most of the readings have in which
 * C2 does not doubt it, if at least `agree` have it and more than have any other. Readings that say
 * they are another sector's count only where all do.
 */
bool sp_vote_decide(const struct sp_vote *vote, bool audio, unsigned agree,
		    uint8_t out[SP_RAW_SIZE], uint16_t *state);

#endif
