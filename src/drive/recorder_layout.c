/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc's layout as a CD recorder makes it: where sessions begin, and its cue sheet. MMC-6 6.35.
 */
#include "drive/recorder_own.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_GAP   11250 /* lead-out and lead-in between the first two sessions … */
#define FURTHER_GAP 6750  /* … and between later ones: Orange Book, MMC-6 4.2.3.5 */
#define PAUSE       SP_MSF_OFFSET
#define LEAD_OUT    0xaa
#define FORM_TEXT   0x40 /* of a lead-in: R-W come with it */

sp_lba recorder_session_first(const struct recorder_place *place, const struct sp_disc *disc,
			      size_t i)
{
	if (!i)
		return place->first;
	return disc->session[i - 1].lead_out + (place->sessions + i == 1 ? FIRST_GAP : FURTHER_GAP);
}

const struct sp_track *recorder_session_track(const struct sp_disc *disc, size_t i, bool last)
{
	const struct sp_track *found = NULL;

	for (size_t k = 0; k < disc->tracks; k++)
		if (disc->track[k].session == disc->session[i].number && (last || !found))
			found = &disc->track[k];
	return found;
}

/* The pause of a session's first track, where the source has none or not all of it. */
static int layout_pause(struct sp_disc *disc, size_t at, sp_lba first, struct sp_error *err)
{
	const struct sp_region like = disc->region[at];
	struct sp_track *track = NULL;

	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].number == like.track)
			track = &disc->track[i];
	if (!track || !sp_disc_add_region(disc, &like))
		return sp_fail_memory(err);
	struct sp_region *region = &disc->region[at];
	memmove(region + 1, region, (disc->regions - 1 - at) * sizeof(*region));
	*region = (struct sp_region){.lba = first,
				     .count = (uint64_t)(like.lba - first),
				     .session = like.session,
				     .track = like.track,
				     .kind = SP_REGION_PREGAP,
				     .mode = like.mode,
				     .parts = sp_mode_parts(like.mode)};
	if (at) /* of the gap, which was too long by it */
		region[-1].count -= region->count;
	track->index[0] = first;
	return 0;
}

static int layout_session(struct sp_disc *disc, const struct recorder_place *place, size_t i,
			  struct sp_error *err)
{
	const sp_lba first = recorder_session_first(place, disc, i);
	const struct sp_track *track = recorder_session_track(disc, i, false);
	size_t at = 0;

	while (at < disc->regions && (disc->region[at].session != disc->session[i].number ||
				      disc->region[at].kind == SP_REGION_GAP))
		at++;
	if (at == disc->regions || !track)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "session %u has no sectors",
			       disc->session[i].number);
	const sp_lba is = disc->region[at].lba;
	if (is == first)
		return 0;
	const bool gap = at && disc->region[at - 1].kind == SP_REGION_GAP &&
			 disc->region[at - 1].count > PAUSE;
	if (is > first && (!i || (gap && is == first + PAUSE && is == track->start)))
		return layout_pause(disc, at, first, err);
	return sp_fail(err, SP_ERR_UNSUPPORTED,
		       "session %u begins at LBA %lld; a CD recorder begins it at LBA %lld, and "
		       "addresses in it would be wrong",
		       disc->session[i].number, (long long)is, (long long)first);
}

/* To where the disc in the drive goes on. */
static int layout_move(struct sp_disc *disc, const struct recorder_place *place,
		       struct sp_error *err)
{
	const sp_lba shift = place->first + PAUSE - disc->track[0].start;
	const unsigned further = place->track - disc->track[0].number;

	if (disc->track[disc->tracks - 1].number + further > SP_TRACK_MAX)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "there would be more than %d tracks",
			       SP_TRACK_MAX);
	for (size_t i = 0; i < disc->regions; i++) {
		disc->region[i].lba += shift;
		if (disc->region[i].track)
			disc->region[i].track += further;
	}
	for (size_t i = 0; i < disc->texts; i++)
		if (disc->text[i].track)
			disc->text[i].track += further;
	for (size_t i = 0; i < disc->sessions; i++)
		disc->session[i].lead_out += shift;
	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_track *track = &disc->track[i];

		track->number += further;
		track->start += shift;
		for (unsigned k = 0; k <= SP_INDEX_MAX; k++)
			if (track->index[k] != SP_LBA_NONE)
				track->index[k] += shift;
	}
	return 0;
}

int recorder_layout(struct sp_disc **out, const struct sp_disc *disc,
		    const struct recorder_place *place, struct sp_error *err)
{
	struct sp_disc *made = sp_disc_copy(disc);
	int r = 0;

	if (!made)
		return sp_fail_memory(err);
	made->medium = SP_MEDIUM_CD;
	if (place->sessions)
		r = layout_move(made, place, err);
	for (size_t i = 0; i < made->regions; i++) {
		if (made->region[i].mode == SP_MODE_BLOCK512)
			r = sp_fail(err, SP_ERR_UNSUPPORTED,
				    "blocks of 512 bytes are not those of a CD");
		if (made->region[i].mode == SP_MODE_DATA2048)
			made->region[i].mode = SP_MODE_MODE1;
	}
	for (size_t i = 0; i < made->tracks; i++) {
		if (made->track[i].mode != SP_MODE_DATA2048)
			continue;
		made->track[i].mode = SP_MODE_MODE1;
		made->track[i].control |= SP_CONTROL_DATA;
	}
	for (size_t i = 0; i < made->sessions && !r; i++)
		r = layout_session(made, place, i, err);
	if (!r)
		r = sp_disc_check(made, err);
	if (r < 0)
		sp_disc_free(made);
	else
		*out = made;
	return r;
}

/* --- the cue sheet ------------------------------------------------------------------------- */

struct cue {
	const struct sp_disc *disc;
	uint8_t *line; /* the next one */
};

/* Forms of main data, MMC-6 table 609: as sent, and of the lead-in and lead-out beside it. */
static unsigned cue_form(unsigned mode, bool empty)
{
	switch (mode) {
	case SP_MODE_AUDIO:
		return empty ? 0x01 : 0x00;
	case SP_MODE_MODE1:
		return empty ? 0x14 : 0x10; /* 2048 bytes */
	case SP_MODE_MODE2:
		return empty ? 0x34 : 0x30; /* 2336 bytes of user data */
	default:
		return empty ? 0x24 : 0x20; /* 2336: sub-header, both forms; EDC is the drive's */
	}
}

static void cue_line(struct cue *cue, unsigned control, unsigned number, unsigned index,
		     unsigned form, struct sp_msf msf)
{
	const uint8_t line[RECORDER_CUE_LINE] = {(uint8_t)(control << 4 | 1),
						 (uint8_t)number,
						 (uint8_t)index,
						 (uint8_t)form,
						 0,
						 msf.m,
						 msf.s,
						 msf.f};

	memcpy(cue->line, line, sizeof(line));
	cue->line += sizeof(line);
}

/* MCN: 7 letters of it in the first line, 6 in the second; ISRC: 6 in each, behind the track. */
static void cue_code(struct cue *cue, unsigned control, unsigned adr, unsigned number,
		     const char *text)
{
	const size_t room = number ? 6 : 7, length = strlen(text);

	for (size_t at = 0; at < length; at += room) {
		memset(cue->line, 0, RECORDER_CUE_LINE);
		cue->line[0] = (uint8_t)(control << 4 | adr);
		if (number)
			cue->line[1] = (uint8_t)number;
		memcpy(cue->line + RECORDER_CUE_LINE - room, text + at,
		       length - at < room ? length - at : room);
		cue->line += RECORDER_CUE_LINE;
	}
}

/* What all sectors from one index to the next are. */
static int cue_mode(const struct cue *cue, const struct sp_track *track, unsigned index, sp_lba to,
		    unsigned *mode, struct sp_error *err)
{
	const sp_lba from = track->index[index];
	bool first = true;

	for (size_t i = 0; i < cue->disc->regions; i++) {
		const struct sp_region *region = &cue->disc->region[i];
		const sp_lba end = region->lba + (sp_lba)region->count;

		if (end <= from || region->lba >= to)
			continue;
		if (!first && cue_form(region->mode, false) != cue_form(*mode, false))
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "track %u, index %02u: from LBA %lld on its sectors are "
				       "%s and not %s, which a cue sheet cannot say",
				       track->number, index, (long long)region->lba,
				       sp_mode_name(region->mode), sp_mode_name(*mode));
		*mode = region->mode;
		first = false;
	}
	return 0;
}

static int cue_track(struct cue *cue, const struct sp_track *track, sp_lba end,
		     struct sp_error *err)
{
	if (track->isrc[0])
		cue_code(cue, track->control, 3, track->number, track->isrc);
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		unsigned next = i + 1, mode = track->mode, control = track->control;
		struct sp_msf msf;

		if (track->index[i] == SP_LBA_NONE)
			continue;
		while (next <= SP_INDEX_MAX && track->index[next] == SP_LBA_NONE)
			next++;
		const int r = cue_mode(cue, track, i,
				       next <= SP_INDEX_MAX ? track->index[next] : end, &mode, err);
		if (r < 0)
			return r;
		/* a pause of data before audio says so itself */
		control = mode == SP_MODE_AUDIO ? control & ~(unsigned)SP_CONTROL_DATA
						: control | SP_CONTROL_DATA;
		if (!sp_lba_to_msf(track->index[i], &msf))
			return sp_fail(err, SP_ERR_UNSUPPORTED, "LBA %lld has no time on a CD",
				       (long long)track->index[i]);
		cue_line(cue, control, track->number, i, cue_form(mode, false), msf);
	}
	return 0;
}

int recorder_cue(uint8_t **sheet, size_t *size, const struct sp_disc *disc, size_t i, bool text,
		 const struct sp_msf *lead_in, struct sp_error *err)
{
	const struct sp_session *session = &disc->session[i];
	const struct sp_track *first = recorder_session_track(disc, i, false);
	const struct sp_track *last = recorder_session_track(disc, i, true);
	const size_t lines = 4 + (size_t)(last - first + 1) * (2 + SP_INDEX_MAX + 1);
	struct cue cue = {disc, malloc(lines * RECORDER_CUE_LINE)};
	struct sp_msf msf;
	int r = 0;

	*sheet = cue.line;
	if (!cue.line)
		return sp_fail_memory(err);
	if (disc->mcn[0])
		cue_code(&cue, 0, 2, 0, disc->mcn);
	cue_line(&cue, first->control, 0, 0, cue_form(first->mode, true) | (text ? FORM_TEXT : 0),
		 lead_in ? *lead_in : (struct sp_msf){0, 0, 0});
	for (const struct sp_track *track = first; track <= last && !r; track++)
		r = cue_track(&cue, track, track->start + (sp_lba)track->length, err);
	if (!r && !sp_lba_to_msf(session->lead_out, &msf))
		r = sp_fail(err, SP_ERR_UNSUPPORTED, "LBA %lld has no time on a CD",
			    (long long)session->lead_out);
	if (!r)
		cue_line(&cue, last->control, LEAD_OUT, 1, cue_form(last->mode, true), msf);
	*size = (size_t)(cue.line - *sheet);
	if (r < 0) {
		free(*sheet);
		*sheet = NULL;
	}
	return r;
}
