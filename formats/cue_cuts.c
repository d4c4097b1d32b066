/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the files of a sheet are cut into runs of sectors. The size of a sector may change from
 * track to track inside a file, so bytes are added up from cut to cut. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "formats/cue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The system area and the first volume descriptor of a data track. */
enum { CUTS_PROBED = 17 };

static int cuts_add(struct sp_cue_layout *layout, const struct sp_cue_cut *cut,
		    struct sp_error *err)
{
	struct sp_cue_cut *list = sp_grow(layout->cut, layout->cuts, sizeof(list[0]));

	if (!list)
		return sp_fail_memory(err);
	layout->cut = list;
	list[layout->cuts++] = *cut;
	return 0;
}

/* Sectors in a file before its first INDEX: the rest of what an earlier file holds, or else a
 * pregap the sheet does not name (a hidden track). */
static int cuts_add_lead(struct sp_cue_layout *layout, const struct sp_cue_index *index,
			 const struct sp_cue_index *last, struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	const struct sp_cue_track *track = &sheet->track[index->track];
	struct sp_cue_cut cut = {.file = index->file,
				 .kind = SP_REGION_TRACK,
				 .track = index->track,
				 .number = -1,
				 .at = index->at};

	if (last && last->track == index->track) {
		if (last->number == 0)
			cut.kind = SP_REGION_PREGAP;
	} else if (last && index->number == 0 &&
		   sheet->track[last->track].session == track->session &&
		   !sheet->track[last->track].postgap && !track->pregap) {
		cut.track = last->track;
	} else {
		cut.kind = SP_REGION_PREGAP;
		cut.number = 0;
		sp_note(layout->notes,
			"%s:%u: what %s holds before INDEX %02u is taken for the pregap of track "
			"%u",
			layout->name, index->at.line, sheet->file[index->file].name, index->number,
			track->number);
	}
	return cuts_add(layout, &cut, err);
}

/* A session that begins in its predecessor's file. With a REM LEAD-OUT that is a position the gap
 * is in the file; else it is in no file, as between files. */
static int cuts_add_session(struct sp_cue_layout *layout, const struct sp_cue_index *index,
			    const struct sp_cue_index *last, struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	const size_t n = sheet->track[index->track].session;
	const struct sp_cue_session *before = &sheet->session[n - 1], *now = &sheet->session[n];
	const uint32_t pregap = now->has_pregap ? now->pregap : SP_MSF_OFFSET;
	uint32_t start = index->frames;

	if (now->dense)
		return sp_cue_fail(layout->name, now->at, err,
				   "the high-density area begins inside a FILE");
	if (!before->has_lead_out || before->lead_out <= last->frames ||
	    before->lead_out > index->frames) {
		sp_note(layout->notes, "%s:%u: the gap before session %zu is in no file",
			layout->name, now->at.line, n + 1);
		return 0;
	}
	layout->joined[n] = true;
	if (index->number != 0)
		start = index->frames - before->lead_out < pregap ? before->lead_out
								  : index->frames - pregap;
	const struct sp_cue_cut gap = {.file = index->file,
				       .kind = SP_REGION_GAP,
				       .track = last->track,
				       .number = -1,
				       .sector = before->lead_out,
				       .at = before->lead_out_at};
	const struct sp_cue_cut lead = {.file = index->file,
					.kind = SP_REGION_PREGAP,
					.track = index->track,
					.sector = start,
					.at = index->at};
	int r = start > before->lead_out ? cuts_add(layout, &gap, err) : 0;
	if (!r && start < index->frames)
		r = cuts_add(layout, &lead, err);
	return r;
}

static int cuts_add_index(struct sp_cue_layout *layout, size_t i, struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	const struct sp_cue_index *index = &sheet->index[i], *last = i ? index - 1 : NULL;
	const struct sp_cue_cut cut = {.file = index->file,
				       .kind = index->number ? SP_REGION_TRACK : SP_REGION_PREGAP,
				       .track = index->track,
				       .number = (int)index->number,
				       .sector = index->frames,
				       .at = index->at};
	int r = 0;

	if ((!last || last->file != index->file) && index->frames)
		r = cuts_add_lead(layout, index, last, err);
	else if (last && last->file == index->file &&
		 sheet->track[last->track].session != sheet->track[index->track].session)
		r = cuts_add_session(layout, index, last, err);
	return r < 0 ? r : cuts_add(layout, &cut, err);
}

static int cuts_past_end(const struct sp_cue_layout *layout, const struct sp_cue_cut *cut,
			 struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	char what[48] = "this place";

	if (cut->kind == SP_REGION_GAP)
		snprintf(what, sizeof(what), "this lead-out");
	else if (cut->number >= 0)
		snprintf(what, sizeof(what), "INDEX %02d of track %u", cut->number,
			 sheet->track[cut->track].number);
	return sp_cue_fail(layout->name, cut->at, err,
			   "%s lies at or past the end of %s (%" PRIu64 " bytes)", what,
			   sheet->file[cut->file].name, layout->bin[cut->file].size);
}

/* The last cut of a file goes to its end, which may lie inside a sector. */
static int cuts_measure_last(struct sp_cue_layout *layout, struct sp_cue_cut *cut,
			     struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	const uint32_t size = sheet->track[cut->track].type->size;
	const uint64_t left = layout->bin[cut->file].size - cut->offset, over = left % size;

	cut->count = left / size + (over ? 1 : 0);
	cut->padded = over != 0;
	/* an INDEX 00 there says that there is no pregap */
	if (!cut->count && cut->kind != SP_REGION_PREGAP)
		return cuts_past_end(layout, cut, err);
	if (over)
		sp_note(layout->notes,
			"%s: ends inside a sector: %" PRIu64 " bytes missing, filled with zeros",
			sheet->file[cut->file].name, size - over);
	return 0;
}

int sp_cue_measure(struct sp_cue_layout *layout, struct sp_error *err)
{
	const struct sp_cue_sheet *sheet = layout->sheet;
	int r = 0;

	for (size_t i = 0; !r && i < sheet->indexes; i++)
		r = cuts_add_index(layout, i, err);
	for (size_t i = 0; !r && i < layout->cuts; i++) {
		struct sp_cue_cut *cut = &layout->cut[i];
		const struct sp_cue_track *track = &sheet->track[cut->track];

		if (layout->bin[cut->file].sound &&
		    (track->type->mode != SP_MODE_AUDIO || track->type->size != SP_RAW_SIZE))
			return sp_cue_fail(layout->name, track->at, err,
					   "track %u is %s in a sound file", track->number,
					   track->type->name);
		if (i + 1 == layout->cuts || cut[1].file != cut->file) {
			r = cuts_measure_last(layout, cut, err);
			continue;
		}
		cut->count = cut[1].sector - cut->sector;
		cut[1].offset = cut->offset + cut->count * track->type->size;
		if (cut[1].offset > layout->bin[cut->file].size)
			r = cuts_past_end(layout, &cut[1], err);
	}
	return r;
}

uint64_t sp_cue_sectors(const struct sp_cue_layout *layout, unsigned file)
{
	uint64_t sectors = 0;

	for (size_t i = 0; i < layout->cuts; i++)
		if (layout->cut[i].file == file)
			sectors += layout->cut[i].count;
	return sectors;
}

/* What one sector says: above 0 XA, below 0 formless, 0 nothing. A sub-header of zeros, as in blank
 * sectors, says nothing. */
static int cuts_vote(const uint8_t *sector, uint32_t size)
{
	const uint8_t *data = sector;

	if (size != 2336) {
		if (sp_sector_probe(sector, NULL) != SP_MODE_XA &&
		    (sp_sector_probe(sector, NULL) != SP_MODE_MODE2 || sector[15] != 2))
			return 0;
		data += 16;
	}
	if (sp_sector_probe_2336(data, NULL) != SP_MODE_XA)
		return -1;
	return get_le32(data) ? 1 : 0;
}

static int cuts_probe(const struct sp_cue_layout *layout, const struct sp_cue_cut *cut, bool *xa,
		      struct sp_error *err)
{
	const struct sp_cue_type *type = layout->sheet->track[cut->track].type;
	uint8_t sector[2448];
	int votes = 0;

	for (uint64_t i = 0; i < CUTS_PROBED && i < cut->count - cut->padded; i++) {
		const int r = sp_io_read(layout->bin[cut->file].io, cut->offset + i * type->size,
					 sector, type->size, err);
		if (r < 0)
			return r;
		votes += cuts_vote(sector, type->size);
	}
	*xa = votes ? votes > 0 : type->cdi; /* CD-i has XA's sectors (Green Book) */
	return 0;
}

int sp_cue_resolve(struct sp_cue_layout *layout, struct sp_error *err)
{
	for (size_t i = 0; i < layout->cuts; i++) {
		const struct sp_cue_cut *cut = &layout->cut[i];
		const struct sp_cue_type *type = layout->sheet->track[cut->track].type;
		bool xa = false;

		if (cut->number != 1)
			continue;
		const int r = type->probed ? cuts_probe(layout, cut, &xa, err) : 0;
		if (r < 0)
			return r;
		layout->mode[cut->track] = xa ? SP_MODE_XA : type->mode;
		layout->parts[cut->track] = type->parts;
		if (type->size >= 2352 && type->mode != SP_MODE_AUDIO)
			layout->parts[cut->track] = sp_mode_parts(layout->mode[cut->track]) |
						    (type->parts & SP_PART_PW);
		else if (xa)
			layout->parts[cut->track] = SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC;
	}
	return 0;
}

void sp_cue_layout_clear(struct sp_cue_layout *layout)
{
	free(layout->cut);
	layout->cut = NULL;
	layout->cuts = 0;
}
