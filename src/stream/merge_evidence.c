/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of a sector weighed: by what was read, EDC and parity, the header's place, then by count.
 */
#include "stream/merge_evidence.h"

#include "disc/repair.h"
#include "disc/subchannel.h"

#include <string.h>

/* Ascending; the header's place decides within each. What is sound but not of its place is below
 * what is of it, even if that has to be corrected. */
enum { RANK_UNREAD, RANK_BEYOND, RANK_C2, RANK_PLAIN, RANK_ELSEWHERE, RANK_REPAIRED, RANK_GOOD };
#define SCORE(rank, placed) ((rank)*2u + (placed))

static unsigned evidence_rank(const struct merge_sector *sector, struct merge_copy *copy)
{
	const uint8_t *c2 = copy->parts & SP_PART_C2 ? copy->sub : NULL;

	switch (sp_repair_stored(sector->mode, sector->parts, copy->main, c2, &copy->bytes)) {
	case SP_REPAIR_GOOD:
		return RANK_GOOD;
	case SP_REPAIR_CORRECTABLE:
	case SP_REPAIR_PARITY:
		return RANK_REPAIRED;
	case SP_REPAIR_BEYOND:
		return RANK_BEYOND;
	default:
		return copy->state & SP_STATE_C2 ? RANK_C2 : RANK_PLAIN;
	}
}

static bool evidence_placed(const struct merge_sector *sector, const uint8_t *main)
{
	const unsigned framing = SP_PART_SYNC | SP_PART_HEADER;

	return (sp_mode_parts(sector->mode) & sector->parts & framing) != framing ||
	       sp_sector_placed(sector->mode, sector->lba, main);
}

static void evidence_judge(const struct merge_sector *sector, struct merge_copy *copy)
{
	const unsigned filler = SP_STATE_UNREAD | SP_STATE_GENERATED;

	if (!copy->main || copy->state & (filler | SP_STATE_PADDED)) {
		/* half a sector is more than none */
		copy->score = SCORE(RANK_UNREAD, copy->main && !(copy->state & filler));
		return;
	}
	const unsigned rank = evidence_rank(sector, copy);
	const bool placed = evidence_placed(sector, copy->main);
	copy->score = SCORE(!placed && rank > RANK_ELSEWHERE ? RANK_ELSEWHERE : rank, placed);
}

static bool evidence_same(const struct merge_sector *sector, size_t a, size_t b)
{
	return !memcmp(sector->copy[a].main, sector->copy[b].main, sector->size);
}

/* Judge all; true: they came with the same bytes and states, so that the first speaks for all. */
static bool evidence_weigh(struct merge_sector *sector)
{
	const struct merge_copy *head = &sector->copy[0];
	bool alike = true;

	for (size_t i = 1; i < sector->copies && alike; i++)
		alike = head->main && sector->copy[i].main && !head->state &&
			!sector->copy[i].state && evidence_same(sector, 0, i);
	for (size_t i = 0; i < (alike ? 1 : sector->copies); i++)
		evidence_judge(sector, &sector->copy[i]);
	return alike;
}

/* Copies with the best evidence: `first` is set in each that differs from those before. Returns how
 * many differ; *among is how many there are, *choice the first. */
static size_t evidence_best(struct merge_sector *sector, size_t *choice, size_t *among)
{
	unsigned best = 0;
	size_t different = 0;

	for (size_t i = 0; i < sector->copies; i++)
		best = sector->copy[i].score > best ? sector->copy[i].score : best;
	*among = 0;
	for (size_t i = 0; i < sector->copies; i++) {
		struct merge_copy *copy = &sector->copy[i];

		copy->first = copy->main && copy->score == best;
		if (copy->score != best)
			continue;
		if (!(*among)++)
			*choice = i;
		for (size_t j = 0; j < i && copy->first; j++)
			if (sector->copy[j].first && evidence_same(sector, i, j))
				copy->first = false;
		different += copy->first;
	}
	return different;
}

/* The copy that more than half of `among` are like; false: there is none. */
static bool evidence_vote(const struct merge_sector *sector, size_t among, size_t *choice)
{
	const unsigned best = sector->copy[*choice].score;

	for (size_t i = 0; i < sector->copies; i++) {
		size_t votes = 0;

		if (!sector->copy[i].first)
			continue;
		for (size_t j = i; j < sector->copies; j++)
			votes += sector->copy[j].score == best && evidence_same(sector, i, j);
		if (votes * 2 > among) {
			*choice = i;
			return true;
		}
	}
	return false;
}

/* Copies that are all beyond correction are wrong where they differ, if not elsewhere too: with
 * that told, the parity may do. Into the copy that is the choice. */
static bool evidence_join(struct merge_sector *sector, size_t choice)
{
	struct merge_copy *copy = &sector->copy[choice];
	const uint8_t *main = copy->main;
	uint8_t differ[SP_C2_SIZE] = {0};

	for (size_t i = 0; i < sector->copies; i++) {
		if (!sector->copy[i].first)
			continue;
		for (size_t at = 0; at < sector->size; at++)
			if (main[at] != sector->copy[i].main[at])
				differ[at / 8] |= (uint8_t)(0x80 >> at % 8);
	}
	const enum sp_repair_verdict verdict =
		sp_repair_stored(sector->mode, sector->parts, copy->main, differ, &copy->bytes);
	return verdict == SP_REPAIR_CORRECTABLE || verdict == SP_REPAIR_PARITY;
}

/* Between copies of equal evidence that differ. */
static enum sp_merge_how evidence_decide(struct merge_sector *sector, const struct sp_merge *merge,
					 size_t among, size_t *choice)
{
	const unsigned rank = sector->copy[*choice].score / 2;
	const size_t preferred = merge->prefer - 1u;

	if (rank == RANK_UNREAD)
		return SP_MERGE_UNREAD;
	if (rank == RANK_BEYOND && evidence_join(sector, *choice))
		return SP_MERGE_REPAIRED;
	/* a right EDC is evidence against what most say */
	if (sector->copies >= 3 && (rank < RANK_ELSEWHERE || merge->majority) &&
	    evidence_vote(sector, among, choice))
		return rank == RANK_BEYOND ? SP_MERGE_DAMAGED : SP_MERGE_VOTED;
	if (merge->prefer && sector->copy[preferred].score == sector->copy[*choice].score) {
		*choice = preferred;
		return rank <= RANK_C2 ? SP_MERGE_DAMAGED : SP_MERGE_PREFERRED;
	}
	return rank <= RANK_C2 ? SP_MERGE_DAMAGED : SP_MERGE_CONFLICT;
}

static bool evidence_q(const struct merge_sector *sector, const struct merge_copy *copy)
{
	const uint8_t *q = copy->sub;
	uint8_t bits[12];

	if (!copy->main || copy->state & (SP_STATE_UNREAD | SP_STATE_GENERATED) ||
	    sector->parts & ~copy->parts & (SP_PART_Q | SP_PART_PW))
		return false;
	if (copy->parts & SP_PART_C2)
		q += SP_C2_SIZE;
	if (!(copy->parts & SP_PART_PW))
		return sp_q_valid(q);
	if (copy->parts & SP_PART_Q)
		q += SP_Q_SIZE;
	sp_sub_get_q(q, bits);
	return sp_q_valid(bits);
}

/* Whose sub-channel is taken: its Q is right, or none is. */
static unsigned evidence_channel(const struct merge_sector *sector, size_t choice, uint16_t *state)
{
	if (!(sector->parts & (SP_PART_Q | SP_PART_PW)))
		return (unsigned)choice;
	if (evidence_q(sector, &sector->copy[choice]))
		return (unsigned)choice;
	for (size_t i = 0; i < sector->copies; i++) {
		if (!evidence_q(sector, &sector->copy[i]))
			continue;
		*state &= (uint16_t) ~(unsigned)SP_STATE_Q;
		return (unsigned)i;
	}
	return sector->parts & ~sector->copy[choice].parts & (SP_PART_Q | SP_PART_PW)
		       ? 0
		       : (unsigned)choice;
}

static uint16_t evidence_state(const struct merge_copy *copy, enum sp_merge_how how)
{
	const unsigned rank = copy->score / 2, damage = SP_STATE_C2 | SP_STATE_EDC | SP_STATE_ECC;

	if (how == SP_MERGE_REPAIRED || rank > RANK_PLAIN)
		return copy->state & (uint16_t)~damage;
	return rank == RANK_BEYOND ? copy->state | SP_STATE_EDC : copy->state;
}

struct merge_choice merge_choose(struct merge_sector *sector, const struct sp_merge *merge)
{
	const bool alike = evidence_weigh(sector);
	size_t choice = 0, among = sector->copies;
	enum sp_merge_how how = alike ? SP_MERGE_EQUAL : SP_MERGE_EVIDENCE;

	if (!alike && evidence_best(sector, &choice, &among) > 1)
		how = evidence_decide(sector, merge, among, &choice);
	else if (!alike && among == sector->copies)
		how = SP_MERGE_EQUAL; /* but for sub-channel and states */
	const struct merge_copy *copy = &sector->copy[choice];
	const unsigned rank = copy->score / 2;
	if (rank == RANK_UNREAD)
		how = SP_MERGE_UNREAD;
	else if (rank == RANK_REPAIRED && (how == SP_MERGE_EQUAL || how == SP_MERGE_EVIDENCE))
		how = SP_MERGE_REPAIRED;
	else if (how != SP_MERGE_REPAIRED &&
		 (rank == RANK_BEYOND || (rank == RANK_C2 && among == 1)))
		how = SP_MERGE_DAMAGED;
	struct merge_choice result = {.how = how, .source = (unsigned)choice};
	result.state = evidence_state(copy, how);
	result.channel = evidence_channel(sector, choice, &result.state);
	result.bytes = how == SP_MERGE_UNREAD ? 0 : copy->bytes;
	return result;
}
