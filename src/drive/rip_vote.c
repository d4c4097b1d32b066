/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readings of one sector weighed against one another. */
#include "drive/rip_vote.h"

#include "base/bytes.h"

#include <string.h>

enum { VOTE_SAMPLE = 4, VOTE_WRONG = SP_STATE_EDC | SP_STATE_ECC | SP_STATE_HEADER };

void sp_vote_add(struct sp_vote *vote, const uint8_t *data, const uint8_t *c2, unsigned state)
{
	const unsigned n = vote->readings < SP_VOTE_MAX ? vote->readings++ : SP_VOTE_MAX - 1;
	struct sp_vote_reading *r = &vote->reading[n];

	memcpy(r->data, data, sizeof(r->data));
	if (c2)
		memcpy(r->c2, c2, sizeof(r->c2));
	else
		memset(r->c2, state & SP_STATE_C2 ? 0xff : 0, sizeof(r->c2));
	r->state = (uint16_t)state;
}

static bool vote_data(const struct sp_vote *vote, uint8_t out[SP_RAW_SIZE], uint16_t *state)
{
	const struct sp_vote_reading *best = &vote->reading[0];
	bool settled = false;

	for (unsigned i = 0; i < vote->readings && !settled; i++) {
		const struct sp_vote_reading *r = &vote->reading[i];

		settled = !(r->state & VOTE_WRONG);
		for (unsigned k = 0; k < i && !settled; k++)
			settled = !memcmp(r->data, vote->reading[k].data, SP_RAW_SIZE);
		/* of those that are not, one that lies where it says */
		if (settled || (best->state & SP_STATE_HEADER && !(r->state & SP_STATE_HEADER)))
			best = r;
	}
	memcpy(out, best->data, SP_RAW_SIZE);
	*state = best->state;
	return settled;
}

/* A sample's C2: two of its four bits' worth are one nibble. */
static bool vote_doubts(const struct sp_vote_reading *r, unsigned sample)
{
	return (r->c2[sample / 2] >> (sample & 1 ? 0 : 4) & 15) != 0;
}

/* The value most readings of `set` have of a sample, and how much that is before the next. */
static uint32_t vote_sample(const struct sp_vote *vote, unsigned sample, bool doubtful,
			    unsigned skip, unsigned *most, bool *alone)
{
	uint32_t value = get_le32(vote->reading[0].data + sample * VOTE_SAMPLE);

	*most = 0;
	*alone = true;
	for (unsigned i = 0; i < vote->readings; i++) {
		const struct sp_vote_reading *r = &vote->reading[i];
		const uint32_t mine = get_le32(r->data + sample * VOTE_SAMPLE);
		unsigned same = 0;

		if (r->state & skip || (!doubtful && vote_doubts(r, sample)))
			continue;
		for (unsigned k = 0; k < vote->readings; k++) {
			const struct sp_vote_reading *o = &vote->reading[k];

			same += !(o->state & skip) && (doubtful || !vote_doubts(o, sample)) &&
				get_le32(o->data + sample * VOTE_SAMPLE) == mine;
		}
		if (same > *most) {
			*most = same;
			*alone = true;
			value = mine;
		} else if (same == *most && mine != value) {
			*alone = false;
		}
	}
	return value;
}

static bool vote_audio(const struct sp_vote *vote, unsigned agree, uint8_t out[SP_RAW_SIZE],
		       uint16_t *state)
{
	bool settled = true, placed = false;
	unsigned all = 0;

	for (unsigned i = 0; i < vote->readings; i++) {
		placed |= !(vote->reading[i].state & SP_STATE_HEADER);
		all |= vote->reading[i].state;
	}
	const unsigned skip = placed ? SP_STATE_HEADER : 0;
	for (unsigned s = 0; s < SP_RAW_SIZE / VOTE_SAMPLE; s++) {
		unsigned most;
		bool alone;
		uint32_t value = vote_sample(vote, s, false, skip, &most, &alone);

		settled = settled && most >= agree && alone;
		if (!most)
			value = vote_sample(vote, s, true, skip, &most, &alone);
		put_le32(out + s * VOTE_SAMPLE, value);
	}
	*state = (uint16_t)(all & SP_STATE_PADDED);
	if (!settled)
		*state |= SP_STATE_C2;
	return settled;
}

bool sp_vote_decide(const struct sp_vote *vote, bool audio, unsigned agree,
		    uint8_t out[SP_RAW_SIZE], uint16_t *state)
{
	return audio ? vote_audio(vote, agree, out, state) : vote_data(vote, out, state);
}
