/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cuts of a sheet's files, laid one after another with what no file holds between them: a disc
 * and where its sectors lie. */
#include "disc/sector.h"
#include "formats/cue.h"

#include <string.h>

/* The disc on the way. */
struct layout_state {
	struct sp_cue_layout *layout;
	struct sp_disc *disc;
	struct sp_extents *map;
	sp_lba lba;
	const struct sp_cue_track *now; /* the sheet's track at hand, NULL: none yet */
	bool closed;                    /* its session's end is laid */
	struct sp_error *err;
};

static struct sp_track *layout_track(const struct layout_state *s)
{
	return &s->disc->track[s->disc->tracks - 1];
}

static size_t layout_position(const struct layout_state *s)
{
	return (size_t)(s->now - s->layout->sheet->track);
}

/* Regions of one kind, mode and storage are one, whatever files they lie in. */
static int layout_region(struct layout_state *s, const struct sp_region *region)
{
	struct sp_disc *disc = s->disc;
	struct sp_region *last = disc->regions ? &disc->region[disc->regions - 1] : NULL;

	if (!region->count)
		return 0;
	s->lba += (sp_lba)region->count;
	if (last && last->session == region->session && last->track == region->track &&
	    last->kind == region->kind && last->mode == region->mode &&
	    last->parts == region->parts && last->stored == region->stored) {
		last->count += region->count;
		return 0;
	}
	struct sp_region added = *region;
	added.lba = s->lba - (sp_lba)region->count;
	return sp_disc_add_region(disc, &added) ? 0 : sp_fail_memory(s->err);
}

/* Sectors that are in no file, of the track at hand or, GAP, after it. */
static int layout_empty(struct layout_state *s, unsigned kind, uint64_t count)
{
	const unsigned mode = s->layout->mode[layout_position(s)];
	const unsigned user =
		sp_sector_size(mode, SP_PART_USER) ? SP_PART_USER : sp_mode_parts(mode);
	const struct sp_region region = {.count = count,
					 .session = (unsigned)s->now->session + 1,
					 .track = kind == SP_REGION_GAP ? 0 : s->now->number,
					 .kind = kind,
					 .mode = mode,
					 .parts = user};

	return layout_region(s, &region);
}

/* What follows a track's last sector in a file. */
static int layout_end_track(struct layout_state *s)
{
	const int r = layout_empty(s, SP_REGION_POSTGAP, s->now->postgap);
	struct sp_track *track = layout_track(s);

	track->length = (uint64_t)(s->lba - track->start);
	s->closed = true;
	return r;
}

static int layout_end_session(struct layout_state *s)
{
	if (s->closed)
		return 0;
	const int r = layout_end_track(s);

	s->disc->session[s->disc->sessions - 1].lead_out = s->lba;
	return r;
}

/* Sectors of the pregap that track `n`, whose first cut this is, has in files. */
static uint64_t layout_stored_pregap(const struct sp_cue_layout *layout, size_t i)
{
	const size_t track = layout->cut[i].track;
	uint64_t count = 0;

	for (; i < layout->cuts && layout->cut[i].track == track; i++)
		if (layout->cut[i].kind == SP_REGION_PREGAP)
			count += layout->cut[i].count;
	return count;
}

/* Lead-out and lead-in before a session whose first cut is `i`, and how much of its pregap is in no
 * file. What the sheet does not say is as the Orange Book has it. */
static int layout_gap(struct layout_state *s, size_t i, uint64_t *pregap)
{
	const struct sp_cue_sheet *sheet = s->layout->sheet;
	const struct sp_cue_track *track = &sheet->track[s->layout->cut[i].track];
	const struct sp_cue_session *now = &sheet->session[track->session], *before = now - 1;
	const uint64_t stored = layout_stored_pregap(s->layout, i);
	const uint32_t usual = now->dense ? 0 : SP_MSF_OFFSET;
	uint64_t gap = before->has_lead_out     ? before->lead_out
		       : s->disc->sessions == 1 ? SP_CUE_LEAD_OUT
						: SP_CUE_LEAD_OUT_2;

	*pregap = now->has_pregap ? now->pregap : stored < usual ? usual - stored : 0;
	gap += now->has_lead_in ? now->lead_in : SP_CUE_LEAD_IN;
	if (now->dense) {
		const sp_lba end = SP_CUE_GD_DENSE - (sp_lba)(stored + *pregap + track->pregap);

		if (end < s->lba)
			return sp_cue_fail(s->layout->name, now->at, s->err,
					   "the single-density area reaches LBA %lld, where the "
					   "high-density area lies",
					   (long long)s->lba);
		gap = (uint64_t)(end - s->lba);
	}
	return layout_empty(s, SP_REGION_GAP, gap);
}

static int layout_begin_session(struct layout_state *s, size_t i, uint64_t *pregap)
{
	const size_t n = s->layout->sheet->track[s->layout->cut[i].track].session;
	int r = 0;

	if (s->now) {
		r = layout_end_session(s);
		if (!r && !s->layout->joined[n])
			r = layout_gap(s, i, pregap);
	} else {
		s->lba = -SP_MSF_OFFSET;
		*pregap = SP_MSF_OFFSET;
	}
	if (r < 0)
		return r;
	return sp_disc_add_session(s->disc) ? 0 : sp_fail_memory(s->err);
}

/* `i` is the first cut of a track. */
static int layout_begin_track(struct layout_state *s, size_t i)
{
	const struct sp_cue_track *track = &s->layout->sheet->track[s->layout->cut[i].track];
	uint64_t pregap = 0;
	int r = 0;

	if (track->session >= s->disc->sessions)
		r = layout_begin_session(s, i, &pregap);
	else
		r = layout_end_track(s);
	s->closed = false;
	if (r < 0)
		return r;
	struct sp_track *t = sp_disc_add_track(s->disc);
	if (!t)
		return sp_fail_memory(s->err);
	s->now = track;
	t->number = track->number;
	t->session = (unsigned)track->session + 1;
	t->control = track->control;
	t->mode = s->layout->mode[layout_position(s)];
	memcpy(t->isrc, track->isrc, sizeof(t->isrc));
	pregap += track->pregap;
	if (pregap)
		t->index[0] = s->lba;
	return layout_empty(s, SP_REGION_PREGAP, pregap);
}

/* Where the cut's sectors lie; `region` is the one they were added to. */
static int layout_extent(struct layout_state *s, const struct sp_cue_cut *cut, sp_lba lba,
			 const struct sp_region *region)
{
	const struct sp_cue_bin *bin = &s->layout->bin[cut->file];
	const struct sp_cue_type *type = s->layout->sheet->track[cut->track].type;
	const struct sp_extent main = {
		.lba = lba,
		.count = cut->count,
		.io = bin->io,
		.offset = cut->offset,
		.stride = type->size,
		.mode = region->mode,
		.parts = bin->sub ? region->parts & ~(unsigned)SP_PART_PW : region->parts,
		.encoding = (bin->swap ? (unsigned)SP_ENC_SWAP : 0) |
			    (cut->padded ? (unsigned)SP_ENC_PADDED : 0),
	};
	const struct sp_extent sub = {
		.lba = lba,
		.count = cut->count,
		.io = bin->sub,
		.offset = cut->sector * SP_SUB_SIZE,
		.stride = SP_SUB_SIZE,
		.mode = region->mode,
		.parts = SP_PART_PW,
		.encoding = bin->sub_encoding,
	};
	const int r = sp_extents_add(s->map, &main, false, true, s->err);

	return r < 0 || !bin->sub ? r : sp_extents_add(s->map, &sub, true, true, s->err);
}

static int layout_cut(struct layout_state *s, size_t i)
{
	const struct sp_cue_cut *cut = &s->layout->cut[i];
	const struct sp_cue_track *track = &s->layout->sheet->track[cut->track];
	const bool sub = s->layout->bin[cut->file].sub != NULL;
	int r = 0;

	if (cut->kind == SP_REGION_GAP)
		r = layout_end_session(s);
	else if (!s->now || track > s->now)
		r = layout_begin_track(s, i);
	if (r < 0 || !cut->count)
		return r;
	const sp_lba lba = s->lba;
	struct sp_track *t = layout_track(s);
	const int number = cut->kind == SP_REGION_PREGAP ? 0 : cut->number;
	if (number >= 0 && t->index[number] == SP_LBA_NONE)
		t->index[number] = lba;
	if (cut->number == 1)
		t->start = lba;
	const struct sp_region region = {.count = cut->count,
					 .session = (unsigned)track->session + 1,
					 .track = cut->kind == SP_REGION_GAP ? 0 : track->number,
					 .kind = cut->kind,
					 .mode = s->layout->mode[cut->track],
					 .parts = s->layout->parts[cut->track] |
						  (sub ? (unsigned)SP_PART_PW : 0),
					 .stored = true};
	r = layout_region(s, &region);
	return r < 0 ? r : layout_extent(s, cut, lba, &region);
}

/* Point A0 of the TOC: what the session's tracks make of it. */
static void layout_session_types(const struct sp_cue_layout *layout, struct sp_disc *disc)
{
	for (size_t i = 0; i < layout->sheet->tracks; i++) {
		const struct sp_cue_track *track = &layout->sheet->track[i];
		unsigned *type = &disc->session[track->session].type;
		const unsigned mode = layout->mode[i];

		if (track->type->cdi)
			*type = SP_SESSION_CDI;
		else if (*type != SP_SESSION_CDI &&
			 (mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 ||
			  mode == SP_MODE_XA_FORM2))
			*type = SP_SESSION_XA;
	}
}

int sp_cue_build(struct sp_cue_layout *layout, struct sp_disc *disc, struct sp_extents *map,
		 struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	struct layout_state s = {.layout = layout, .disc = disc, .map = map, .err = err};
	int r = 0;

	disc->medium = sheet->gd ? SP_MEDIUM_GD : SP_MEDIUM_CD;
	for (size_t i = 0; !r && i < layout->cuts; i++)
		r = layout_cut(&s, i);
	if (!r)
		r = layout_end_session(&s);
	if (r < 0)
		return r;
	layout_session_types(layout, disc);
	memcpy(disc->mcn, sheet->mcn, sizeof(disc->mcn));
	for (size_t i = 0; !r && i < sheet->texts; i++) {
		const struct sp_text *text = &sheet->text[i];

		if (text->type != SP_TEXT_REMARK && sp_disc_text(disc, text->track, text->type))
			sp_note(layout->notes, "%s: a second %s (track %u) replaces the first",
				layout->name, sp_cue_text_keyword(text->type), text->track);
		r = sp_disc_set_text(disc, text->track, text->type, text->text);
	}
	return r < 0 ? sp_fail_memory(err) : 0;
}
