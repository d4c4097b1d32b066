/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The .img of a CloneCD sheet as regions: what a sector is, it says itself; the sheet's MODE is
 * only held against it. */
#include "base/bytes.h"
#include "disc/scramble.h"
#include "disc/sector.h"
#include "formats/ccd.h"

#include <inttypes.h>
#include <string.h>

enum {
	LAY_PROBED = 16, /* sectors of a run that are asked for their mode */
	LAY_CHANGE =
		450, /* sectors of a pregap in which it may change, 2 or 3 seconds in real ones */
};

struct lay_state {
	struct sp_ccd_layout *layout;
	struct sp_disc *disc;
	struct sp_extents *map;
	struct sp_error *err;
	unsigned scrambled, plain; /* data sectors found to be so */
};

/* What the probed sectors of a run are. */
struct lay_votes {
	unsigned probed, sync, mode1, mode2;
	int xa; /* above 0 XA, below formless */
};

static int lay_read(const struct lay_state *s, const struct sp_ccd_part *part, sp_lba lba,
		    uint8_t raw[SP_RAW_SIZE])
{
	const struct sp_ccd_layout *layout = s->layout;
	const uint64_t at = sp_ccd_at(part, lba) * SP_RAW_SIZE;
	const uint64_t left = layout->img->size - at;
	const size_t size = left < SP_RAW_SIZE ? (size_t)left : SP_RAW_SIZE;

	memset(raw + size, 0, SP_RAW_SIZE - size);
	return sp_io_read(layout->img, at, raw, size, s->err);
}

static bool lay_address(const uint8_t *raw, sp_lba lba)
{
	struct sp_msf msf;

	return sp_lba_to_msf(lba, &msf) && raw[12] == sp_to_bcd(msf.m) &&
	       raw[13] == sp_to_bcd(msf.s) && raw[14] == sp_to_bcd(msf.f);
}

/* A data sector tells whether it is scrambled by the reading in which its address is right. */
static void lay_unscramble(struct lay_state *s, uint8_t *raw, sp_lba lba)
{
	uint8_t other[SP_RAW_SIZE];

	memcpy(other, raw, sizeof(other));
	sp_scramble(other);
	if (!lay_address(raw, lba) && lay_address(other, lba)) {
		memcpy(raw, other, sizeof(other));
		s->scrambled++;
	} else {
		s->plain += lay_address(raw, lba);
	}
}

static void lay_vote(struct lay_votes *votes, const uint8_t *raw)
{
	const unsigned mode = sp_sector_probe(raw, NULL);

	votes->probed++;
	votes->sync += mode != SP_MODE_AUDIO;
	votes->mode1 += mode == SP_MODE_MODE1;
	if (mode == SP_MODE_AUDIO || raw[15] != 2)
		return;
	votes->mode2++;
	if (mode != SP_MODE_XA)
		votes->xa--;
	else if (get_le32(raw + 16)) /* a sub-header of zeros, as in blank sectors, says nothing */
		votes->xa++;
}

static int lay_probe(struct lay_state *s, const struct sp_ccd_part *part, sp_lba lba,
		     uint64_t count, struct lay_votes *votes)
{
	uint8_t raw[SP_RAW_SIZE];

	*votes = (struct lay_votes){0};
	for (uint64_t i = 0; i < LAY_PROBED && i < count; i++) {
		const int r = lay_read(s, part, lba + (sp_lba)i, raw);

		if (r < 0)
			return r;
		if (sp_sector_probe(raw, NULL) != SP_MODE_AUDIO)
			lay_unscramble(s, raw, lba + (sp_lba)i);
		lay_vote(votes, raw);
	}
	return 0;
}

/* The mode of a run by its sectors; where they do not say, by what the sheet has. */
static unsigned lay_mode(const struct lay_state *s, const struct sp_track *t,
			 const struct lay_votes *votes)
{
	const struct sp_ccd_track *track = &s->layout->sheet->track[t->number];
	const bool said = sp_ccd_given(&track->values, SP_CCD_MODE);
	const unsigned type = s->disc->session[t->session - 1].type;
	const bool two = votes->mode1 || votes->mode2
				 ? votes->mode2 > votes->mode1
				 : said && track->values.value[SP_CCD_MODE] == 2;

	if (2 * votes->sync <= votes->probed && !(t->control & SP_CONTROL_DATA))
		return SP_MODE_AUDIO;
	if (!two)
		return SP_MODE_MODE1;
	if (votes->xa)
		return votes->xa > 0 ? SP_MODE_XA : SP_MODE_MODE2;
	if (t->mode == SP_MODE_XA) /* a pregap is as its track */
		return SP_MODE_XA;
	return type == SP_SESSION_CDROM ? SP_MODE_MODE2 : SP_MODE_XA;
}

static int lay_track_mode(struct lay_state *s, struct sp_track *t)
{
	static const int number[SP_MODES] = {
		[SP_MODE_AUDIO] = 0, [SP_MODE_MODE1] = 1, [SP_MODE_MODE2] = 2, [SP_MODE_XA] = 2};
	const struct sp_ccd_track *track = &s->layout->sheet->track[t->number];
	struct lay_votes votes;
	const int r = lay_probe(s, &s->layout->part[t->session], t->start, t->length, &votes);

	if (r < 0)
		return r;
	t->mode = lay_mode(s, t, &votes);
	if (sp_ccd_given(&track->values, SP_CCD_MODE) &&
	    track->values.value[SP_CCD_MODE] != number[t->mode])
		sp_note(s->layout->notes, "%s:%u: MODE=%d of track %u, whose sectors are %s",
			s->layout->name, track->values.at.line,
			(int)track->values.value[SP_CCD_MODE], t->number, sp_mode_name(t->mode));
	if ((t->mode != SP_MODE_AUDIO) != ((t->control & SP_CONTROL_DATA) != 0))
		sp_note(s->layout->notes,
			"%s: track %u is no data by its entry, and its sectors are",
			s->layout->name, t->number);
	return 0;
}

/* Sectors from `lba` on that are of one kind, data or audio. */
static int lay_run(const struct lay_state *s, const struct sp_ccd_part *part, sp_lba lba,
		   uint64_t count, uint64_t *run, bool *data)
{
	uint8_t raw[SP_RAW_SIZE];

	*run = count;
	for (uint64_t i = 0; i < count && i < LAY_CHANGE; i++) {
		const int r = lay_read(s, part, lba + (sp_lba)i, raw);

		if (r < 0)
			return r;
		const bool now = sp_sector_probe(raw, NULL) != SP_MODE_AUDIO;
		if (!i)
			*data = now;
		if (now == *data)
			continue;
		*run = i;
		break;
	}
	return 0;
}

static int lay_region(struct lay_state *s, const struct sp_region *region)
{
	if (!region->count)
		return 0;
	return sp_disc_add_region(s->disc, region) ? 0 : sp_fail_memory(s->err);
}

/* A run of the file. */
static int lay_stored(struct lay_state *s, const struct sp_track *t, unsigned kind, unsigned mode,
		      sp_lba lba, uint64_t count)
{
	const struct sp_region region = {.lba = lba,
					 .count = count,
					 .session = t->session,
					 .track = t->number,
					 .kind = kind,
					 .mode = mode,
					 .parts = sp_mode_parts(mode),
					 .stored = true};

	return lay_region(s, &region);
}

/* What is in no file, of a track or, GAP, after its session. */
static int lay_empty(struct lay_state *s, const struct sp_track *t, unsigned kind, sp_lba lba,
		     sp_lba end)
{
	const unsigned user =
		sp_sector_size(t->mode, SP_PART_USER) ? SP_PART_USER : sp_mode_parts(t->mode);
	const struct sp_region region = {.lba = lba,
					 .count = (uint64_t)(end - lba),
					 .session = t->session,
					 .track = kind == SP_REGION_GAP ? 0 : t->number,
					 .kind = kind,
					 .mode = t->mode,
					 .parts = user};

	return lay_region(s, &region);
}

/* A pregap between tracks of different kinds can begin as the one and end as the other. */
static int lay_pregap(struct lay_state *s, const struct sp_track *t, sp_lba lba)
{
	const struct sp_ccd_part *part = &s->layout->part[t->session];

	for (unsigned turn = 0; lba < t->start; turn++) {
		const uint64_t left = (uint64_t)(t->start - lba);
		struct lay_votes votes;
		bool data = false;
		uint64_t run;
		int r = lay_run(s, part, lba, left, &run, &data);

		if (turn)
			run = left;
		if (!r)
			r = lay_probe(s, part, lba, run, &votes);
		if (!r)
			r = lay_stored(s, t, SP_REGION_PREGAP,
				       data ? lay_mode(s, t, &votes) : SP_MODE_AUDIO, lba, run);
		if (r < 0)
			return r;
		lba += (sp_lba)run;
	}
	return 0;
}

static int lay_track(struct lay_state *s, const struct sp_track *t)
{
	const struct sp_ccd_part *part = &s->layout->part[t->session];
	const bool first = t == s->disc->track || t[-1].session != t->session;
	int r = 0;

	if (first) {
		const sp_lba pregap = part->base - (sp_lba)part->implied;

		if (t->session > 1)
			r = lay_empty(s, t - 1, SP_REGION_GAP,
				      s->disc->session[t->session - 2].lead_out, pregap);
		if (!r)
			r = lay_empty(s, t, SP_REGION_PREGAP, pregap, part->base);
		if (!r)
			r = lay_pregap(s, t, part->base);
	} else if (t->index[0] != SP_LBA_NONE) {
		r = lay_pregap(s, t, t->index[0]);
	}
	return r < 0 ? r : lay_stored(s, t, SP_REGION_TRACK, t->mode, t->start, t->length);
}

/* Where the regions lie; sub-channel is theirs where it says more than they do. */
static int lay_extents(struct lay_state *s, bool sub)
{
	const struct sp_ccd_layout *layout = s->layout;
	const uint64_t cut = layout->img->size % SP_RAW_SIZE;
	int r = 0;

	for (size_t i = 0; !r && i < s->disc->regions; i++) {
		struct sp_region *region = &s->disc->region[i];
		const uint64_t at =
			region->stored ? sp_ccd_at(&layout->part[region->session], region->lba) : 0;
		struct sp_extent e = {.lba = region->lba,
				      .count = region->count,
				      .io = layout->img,
				      .offset = at * SP_RAW_SIZE,
				      .stride = SP_RAW_SIZE,
				      .mode = region->mode,
				      .parts = region->parts};

		if (!region->stored)
			continue;
		if (cut && at + region->count == layout->sectors)
			e.encoding |= SP_ENC_PADDED;
		if (s->scrambled > s->plain && region->mode != SP_MODE_AUDIO)
			e.encoding |= SP_ENC_SCRAMBLED;
		r = sp_extents_add(s->map, &e, false, true, s->err);
		if (r < 0 || !sub)
			continue;
		region->parts |= SP_PART_PW;
		e.io = layout->sub;
		e.offset = at * SP_SUB_SIZE;
		e.stride = SP_SUB_SIZE;
		e.parts = SP_PART_PW;
		e.encoding = layout->sub_encoding;
		r = sp_extents_add(s->map, &e, true, true, s->err);
	}
	return r;
}

static void lay_lengths(struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_track *t = &disc->track[i], *next = t + 1;
		sp_lba end = disc->session[t->session - 1].lead_out;

		if (i + 1 < disc->tracks && next->session == t->session)
			end = next->index[0] != SP_LBA_NONE ? next->index[0] : next->start;
		t->length = (uint64_t)(end - t->start);
	}
}

int sp_ccd_lay(struct sp_ccd_layout *layout, struct sp_disc *disc, struct sp_extents *map,
	       struct sp_error *err)
{
	struct lay_state s = {.layout = layout, .disc = disc, .map = map, .err = err};
	const bool said = layout->sheet->disc.value[SP_CCD_SCRAMBLED];
	bool implied = true;
	int r = 0;

	lay_lengths(disc);
	for (size_t i = 0; !r && i < disc->tracks; i++)
		r = lay_track_mode(&s, &disc->track[i]);
	for (size_t i = 0; !r && i < disc->tracks; i++)
		r = lay_track(&s, &disc->track[i]);
	if (s.scrambled == s.plain && said)
		s.scrambled++;
	if (!r && said != (s.scrambled > s.plain))
		sp_note(layout->notes,
			"%s: DataTracksScrambled=%d, and the sectors are%s scrambled", layout->name,
			said, said ? " not" : "");
	if (!r && layout->sub)
		r = sp_ccd_sub_implied(layout, disc, &implied, err);
	return r < 0 ? r : lay_extents(&s, !implied);
}
