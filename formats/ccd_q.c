/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the .sub of a CloneCD sheet says of the layout, where the sheet is silent; and whether it
 * says any more than the layout. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/ccd.h"

#include <stdlib.h>
#include <string.h>

enum {
	Q_CHUNK = 512, /* records */
	Q_AT = 12,     /* Q's place in a linear record */
	Q_SURE = 2,    /* readings of an ISRC that must agree more than they differ */
};

/* Records of the .sub one after another. */
struct q_reader {
	const struct sp_ccd_layout *layout;
	uint64_t first; /* record in the buffer */
	size_t held;
	uint8_t record[Q_CHUNK][SP_SUB_SIZE];
};

/* A record as linear; NULL: *r has the error. */
static const uint8_t *q_record(struct q_reader *q, uint64_t at, int *r, struct sp_error *err)
{
	if (at < q->first || at - q->first >= q->held) {
		const uint64_t left = q->layout->sub->size / SP_SUB_SIZE - at;
		const size_t count = left < Q_CHUNK ? (size_t)left : Q_CHUNK;

		q->held = 0;
		*r = sp_io_read(q->layout->sub, at * SP_SUB_SIZE, q->record, count * SP_SUB_SIZE,
				err);
		if (*r < 0)
			return NULL;
		q->first = at;
		q->held = count;
		for (size_t i = 0; i < count && !(q->layout->sub_encoding & SP_ENC_SUB_LINEAR);
		     i++) {
			uint8_t linear[SP_SUB_SIZE];

			sp_sub_to_linear(q->record[i], linear);
			memcpy(q->record[i], linear, sizeof(linear));
		}
	}
	return q->record[at - q->first];
}

static void q_take(struct sp_track *track, struct sp_q_vote *vote, const uint8_t *q, sp_lba lba)
{
	char isrc[13];
	sp_lba said;

	if (sp_q_get_isrc(q, isrc))
		sp_q_vote(vote, isrc);
	if (!sp_q_valid(q) || !sp_q_lba(q, lba, &said) || said != lba || !sp_bcd_valid(q[1]) ||
	    !sp_bcd_valid(q[2]) || sp_from_bcd(q[1]) != track->number)
		return;
	const unsigned index = sp_from_bcd(q[2]);
	/* INDEX 1 is the TOC's to say, and a first pregap the session's */
	if ((index == 0 && lba < track->start) || (index > 1 && lba > track->start))
		if (track->index[index] == SP_LBA_NONE)
			track->index[index] = lba;
}

/* Indexes out of order are a damaged or foreign sub-channel's: none of them is believed. */
static void q_mend(struct sp_track *track, sp_lba before)
{
	sp_lba last = track->start;
	bool sound = track->index[0] == SP_LBA_NONE || track->index[0] > before;

	for (unsigned i = 2; i <= SP_INDEX_MAX; i++) {
		if (track->index[i] == SP_LBA_NONE)
			continue;
		sound = sound && track->index[i] > last;
		last = track->index[i];
	}
	if (sound)
		return;
	track->index[0] = SP_LBA_NONE;
	for (unsigned i = 2; i <= SP_INDEX_MAX; i++)
		track->index[i] = SP_LBA_NONE;
}

static int q_ask_track(struct q_reader *reader, struct sp_disc *disc, struct sp_track *track,
		       struct sp_error *err)
{
	const struct sp_ccd_part *part = &reader->layout->part[track->session];
	const struct sp_track *next = track + 1;
	const bool first = track == disc->track || track[-1].session != track->session;
	const bool last = next == disc->track + disc->tracks || next->session != track->session;
	const sp_lba end = last ? disc->session[track->session - 1].lead_out : next->start;
	const sp_lba from = first ? track->start : track[-1].start + 1;
	struct sp_q_vote vote = {0};
	int r = 0;

	for (sp_lba lba = from; lba < end; lba++) {
		const uint8_t *record = q_record(reader, sp_ccd_at(part, lba), &r, err);

		if (!record)
			return r;
		q_take(track, &vote, record + Q_AT, lba);
	}
	if (vote.lead >= Q_SURE && !track->isrc[0])
		memcpy(track->isrc, vote.text, sizeof(track->isrc));
	if (!first)
		q_mend(track, track[-1].start);
	return 0;
}

int sp_ccd_ask_q(const struct sp_ccd_layout *layout, struct sp_disc *disc, struct sp_error *err)
{
	struct q_reader *reader = NULL;
	unsigned asked = 0;
	int r = 0;

	for (size_t i = 0; !r && layout->sub && i < disc->tracks; i++) {
		if (layout->sheet->track[disc->track[i].number].given)
			continue;
		if (!reader && !(reader = calloc(1, sizeof(*reader))))
			return sp_fail_memory(err);
		reader->layout = layout;
		r = q_ask_track(reader, disc, &disc->track[i], err);
		asked++;
	}
	free(reader);
	if (!r && asked)
		sp_note(layout->notes, "%s: pregaps and indexes of %u track%s are those of %s",
			layout->name, asked, asked == 1 ? "" : "s", layout->sub->name);
	return r;
}

int sp_ccd_sub_implied(const struct sp_ccd_layout *layout, const struct sp_disc *disc,
		       bool *implied, struct sp_error *err)
{
	struct q_reader *reader = calloc(1, sizeof(*reader));
	int r = 0;

	*implied = true;
	if (!reader)
		return sp_fail_memory(err);
	reader->layout = layout;
	for (size_t i = 0; !r && *implied && i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];
		const struct sp_ccd_part *part = &layout->part[region->session];

		for (uint64_t n = 0; !r && *implied && region->stored && n < region->count; n++) {
			const sp_lba lba = region->lba + (sp_lba)n;
			const uint8_t *record = q_record(reader, sp_ccd_at(part, lba), &r, err);
			uint8_t sub[SP_SUB_SIZE], linear[SP_SUB_SIZE];

			if (!record)
				break;
			*implied = sp_sub_generate(disc, lba, sub);
			sp_sub_to_linear(sub, linear);
			*implied = *implied && !memcmp(record, linear, sizeof(linear));
		}
	}
	free(reader);
	return r;
}
