/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pregaps and indexes of a disc by few readings of Q: each change is sought by halves, and the
 * sectors around it are read one by one. */
#include "drive/reader_own.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

#define SURVEY_WINDOW 8  /* sectors of one reading */
#define SURVEY_TRIES  16 /* readings in a row without a Q that tells its place */

/* A place on the disc as one number that grows with it; index 00 of a track is before its 01. */
#define SURVEY_VALUE(track, index) ((track)*100u + (index))
#define SURVEY_UNKNOWN             0u /* no Q, a damaged one, or one of another sector */
#define SURVEY_CODE                1u /* an MCN or ISRC where a place could be: nothing is wrong with it */

struct survey {
	struct sp_reader *reader;
	struct sp_disc *disc; /* in the making: tracks; regions are cut in the end */
	struct sp_error *err;
	uint8_t data[SURVEY_WINDOW * (SP_RAW_SIZE + SP_SUB_SIZE)];
	uint16_t state[SURVEY_WINDOW];
	unsigned value[SURVEY_WINDOW]; /* of each sector, or what is the matter */
	unsigned mode[SURVEY_WINDOW];  /* of its main channel; SP_MODES: not read */
};

static unsigned survey_value(const uint8_t *pw, sp_lba lba)
{
	uint8_t q[12];
	sp_lba said;

	sp_sub_get_q(pw, q);
	if (!sp_q_valid(q))
		return SURVEY_UNKNOWN;
	if ((q[0] & 15) == 2 || (q[0] & 15) == 3)
		return SURVEY_CODE;
	if (!sp_q_lba(q, lba, &said) || said != lba || !sp_bcd_valid(q[1]) || !sp_bcd_valid(q[2]) ||
	    !q[1])
		return SURVEY_UNKNOWN;
	return SURVEY_VALUE(sp_from_bcd(q[1]), sp_from_bcd(q[2]));
}

/* Read sectors, a window at most. *lba and *value are of the first one that tells its place,
 * SP_LBA_NONE: none does. */
static int survey_read(struct survey *s, sp_lba from, sp_lba to, sp_lba *lba, unsigned *value)
{
	struct sp_read read = {.lba = from,
			       .count = to - from < SURVEY_WINDOW ? (uint32_t)(to - from)
								  : SURVEY_WINDOW,
			       .parts = SP_PART_MAIN | SP_PART_PW,
			       .mode = SP_MODES,
			       .data = s->data,
			       .state = s->state};
	const int r = sp_reader_read(s->reader, &read, s->err);

	*lba = SP_LBA_NONE;
	*value = SURVEY_UNKNOWN;
	if (r < 0)
		return r;
	if (read.outcome == SP_READ_GONE || read.outcome == SP_READ_CHANGED)
		return sp_fail(s->err, SP_ERR_DEVICE, "%s: the disc was taken out",
			       s->reader->transport->name);
	for (uint32_t i = 0; i < SURVEY_WINDOW; i++) {
		const uint8_t *sector = s->data + (size_t)i * (SP_RAW_SIZE + SP_SUB_SIZE);

		s->value[i] = SURVEY_UNKNOWN;
		s->mode[i] = SP_MODES;
		if (i >= read.count || s->state[i] & SP_STATE_UNREAD)
			continue;
		s->mode[i] = sp_sector_probe(sector, NULL);
		s->value[i] = survey_value(sector + SP_RAW_SIZE, from + i);
		if (*lba != SP_LBA_NONE || s->value[i] <= SURVEY_CODE)
			continue;
		*lba = from + i;
		*value = s->value[i];
	}
	return 0;
}

/* Narrow low … high, whose ends are before `target` and not before it, to a window at most. False
 * in *found: Q tells too little. */
static int survey_narrow(struct survey *s, sp_lba *low, sp_lba *high, unsigned target, bool *found)
{
	*found = false;
	while (*high - *low >= SURVEY_WINDOW) {
		const sp_lba middle = *low + (*high - *low) / 2;
		sp_lba lba = SP_LBA_NONE;
		unsigned value = 0, tries = 0;

		for (sp_lba at = middle; lba == SP_LBA_NONE && at < *high && tries < SURVEY_TRIES;
		     at += SURVEY_WINDOW, tries++) {
			const int r = survey_read(s, at, *high, &lba, &value);
			if (r < 0)
				return r;
		}
		if (lba == SP_LBA_NONE && tries == SURVEY_TRIES)
			return 0;
		if (lba == SP_LBA_NONE)
			*high = middle;
		else if (value >= target)
			*high = lba;
		else
			*low = lba;
	}
	*found = true;
	return 0;
}

/* The first sector in low … high whose place is `target` or later, given that low's is before it
 * and high's is not. Codes right before one that says so belong to what begins there: had it begun
 * later, a place would stand there. SP_LBA_NONE: not known. */
static int survey_bound(struct survey *s, sp_lba low, sp_lba high, unsigned target, sp_lba *bound)
{
	sp_lba lba;
	unsigned value;
	bool found;
	int r = survey_narrow(s, &low, &high, target, &found);

	*bound = SP_LBA_NONE;
	if (r < 0 || !found)
		return r;
	r = survey_read(s, low + 1, high + 1, &lba, &value);
	if (r < 0)
		return r;
	/* a place that says less ends the search; codes before the first that says as much count */
	*bound = high;
	for (sp_lba at = high; at > low; at--) {
		const unsigned v = s->value[at - low - 1];

		if (v == SURVEY_UNKNOWN || (v > SURVEY_CODE && v < target))
			break;
		*bound = at;
	}
	return 0;
}

/* The place that the last sectors before `end` tell: the last one that does. */
static int survey_last(struct survey *s, sp_lba start, sp_lba end, unsigned *value)
{
	const sp_lba from = end - start > SURVEY_WINDOW ? end - SURVEY_WINDOW : start;
	sp_lba lba;
	const int r = survey_read(s, from, end, &lba, value);

	for (unsigned i = 0; !r && i < SURVEY_WINDOW; i++)
		if (s->value[i] > SURVEY_CODE)
			*value = s->value[i];
	return r;
}

static int survey_track(struct survey *s, size_t i)
{
	struct sp_track *t = &s->disc->track[i];
	const bool followed = i + 1 < s->disc->tracks && t[1].session == t->session;
	sp_lba end = t->start + (sp_lba)t->length, low = t->start;
	unsigned value;
	int r = survey_last(s, t->start, end, &value);

	if (!r && followed && value == SURVEY_VALUE(t[1].number, 0)) {
		sp_lba gap;

		r = survey_bound(s, t->start, end, value, &gap);
		if (!r && gap == SP_LBA_NONE)
			sp_note(&s->reader->notes,
				"track %u has a pregap; Q does not tell where it "
				"begins",
				t[1].number);
		if (!r && gap != SP_LBA_NONE && gap > t->start) {
			t[1].index[0] = end = gap;
			t->length = (uint64_t)(gap - t->start);
			r = survey_last(s, t->start, end, &value);
		}
	}
	const unsigned last = value / 100 == t->number ? value % 100 : 0;
	for (unsigned k = 2; !r && k <= last; k++) {
		sp_lba bound;

		r = survey_bound(s, low, end - 1, SURVEY_VALUE(t->number, k), &bound);
		if (r < 0 || bound == SP_LBA_NONE || bound <= low)
			break;
		low = t->index[k] = bound;
	}
	return r;
}

/* A pregap's region, two where its sectors change from one mode to another. */
static int survey_pregap(struct survey *s, struct sp_disc *disc, struct sp_region region)
{
	const sp_lba end = region.lba + (sp_lba)region.count;
	sp_lba low = region.lba, high = end, lba;
	unsigned first, value;
	int r = survey_read(s, low, end, &lba, &value);

	first = s->mode[0] < SP_MODES ? s->mode[0] : region.mode;
	while (!r && high - low > 1) {
		const sp_lba middle = low + (high - low) / 2;

		r = survey_read(s, middle, middle + 1, &lba, &value);
		if (s->mode[0] == first || s->mode[0] == SP_MODES)
			low = middle;
		else
			high = middle;
	}
	if (r < 0)
		return r;
	region.mode = first;
	region.parts = first == SP_MODE_AUDIO ? SP_PART_USER : SP_PART_MAIN;
	region.count = (uint64_t)(high - region.lba);
	if (!sp_disc_add_region(disc, &region))
		return sp_fail_memory(s->err);
	if (high == end)
		return 0;
	region.lba = high;
	region.count = (uint64_t)(end - high);
	region.mode = sp_disc_track(disc, region.track)->mode;
	region.parts = region.mode == SP_MODE_AUDIO ? SP_PART_USER : SP_PART_MAIN;
	return sp_disc_add_region(disc, &region) ? 0 : sp_fail_memory(s->err);
}

/* The TOC's regions, cut where a pregap was found in them. */
static int survey_regions(struct survey *s)
{
	const struct sp_disc *toc = s->reader->disc;
	int r = 0;

	s->disc->regions = 0;
	for (size_t i = 0; !r && i < toc->regions; i++) {
		struct sp_region region = toc->region[i];
		const struct sp_track *next = sp_disc_track(s->disc, region.track + 1);
		const sp_lba end = region.lba + (sp_lba)region.count;
		const bool cut = region.kind == SP_REGION_TRACK && next &&
				 next->index[0] > region.lba && next->index[0] < end;

		if (cut)
			region.count = (uint64_t)(next->index[0] - region.lba);
		if (!sp_disc_add_region(s->disc, &region))
			return sp_fail_memory(s->err);
		if (!cut)
			continue;
		region.lba = next->index[0];
		region.count = (uint64_t)(end - region.lba);
		region.track = next->number;
		region.kind = SP_REGION_PREGAP;
		region.mode = next->mode;
		r = survey_pregap(s, s->disc, region);
	}
	return r;
}

/* Codes as the drive tells them where Q was not asked for them. */
static void survey_codes(struct sp_reader *reader, struct sp_disc *disc)
{
	char text[14];

	if (!disc->mcn[0] && !sp_reader_code(reader, 0, text, NULL))
		memcpy(disc->mcn, text, sizeof(disc->mcn));
	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_track *t = &disc->track[i];

		if (t->isrc[0] || t->mode != SP_MODE_AUDIO ||
		    sp_reader_code(reader, t->number, text, NULL) < 0)
			continue;
		/* a drive that tells the last track's again */
		if (!i || strcmp(disc->track[i - 1].isrc, text) != 0)
			memcpy(t->isrc, text, sizeof(t->isrc));
	}
}

static int survey_all(struct sp_reader *reader, struct sp_error *err)
{
	struct survey *s = calloc(1, sizeof(*s));
	int r = 0;

	if (s) {
		s->reader = reader;
		s->err = err;
		s->disc = sp_disc_copy(reader->disc);
	}
	if (!s || !s->disc)
		r = sp_fail_memory(err);
	for (size_t i = 0; !r && i < s->disc->tracks; i++)
		r = survey_track(s, i);
	if (!r)
		r = survey_regions(s);
	if (!r)
		r = sp_disc_check(s->disc, err);
	if (!r) {
		sp_disc_free(reader->disc);
		reader->disc = s->disc;
		s->disc = NULL;
		survey_codes(reader, reader->disc);
	}
	if (s)
		sp_disc_free(s->disc);
	free(s);
	return r;
}

int sp_reader_survey(struct sp_reader *reader, struct sp_error *err)
{
	if (!reader->disc || reader->disc->medium != SP_MEDIUM_CD)
		return 0;
	const int r = sp_reader_probe(reader, err);
	if (r < 0)
		return r;
	if (reader->able.sub == SP_SUB_RAW || reader->able.sub == SP_SUB_Q)
		return survey_all(reader, err);
	sp_note(&reader->notes, "%s gives no sub-channel: pregaps and indexes are not known",
		reader->transport->name);
	survey_codes(reader, reader->disc);
	return 0;
}
