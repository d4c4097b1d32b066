/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TOC of a CloneCD sheet as sessions, tracks and indexes, and where the sessions lie in the
 * .img: that is told by the indexes of their first tracks, and held against its size. */
#include "base/bytes.h"
#include "formats/ccd.h"

#include <inttypes.h>
#include <string.h>

enum {
	TOC_PLBA_END = 404850, /* 90:00:00: from here on an LBA may stand as lead-in's */
	TOC_WRAP = 450000,
	TOC_POINTS = 4, /* kept of a session: A0, A1, A2 */
};

struct toc_state {
	struct sp_ccd_layout *layout;
	struct sp_disc *disc;
	struct sp_error *err;
	const struct sp_ccd_values *track[SP_TRACK_MAX + 1];
	const struct sp_ccd_values *point[SP_TRACK_MAX + 1][TOC_POINTS]; /* by session */
	unsigned sessions;
};

#define TOC_WRONG(s, at, ...) sp_ccd_fail((s)->layout->name, at, (s)->err, __VA_ARGS__)

static int toc_sort_one(struct toc_state *s, const struct sp_ccd_values *e)
{
	const unsigned point = (unsigned)e->value[SP_CCD_POINT];
	const unsigned session = (unsigned)e->value[SP_CCD_SESSION];
	const struct sp_ccd_values **slot = NULL;

	if (point >= 1 && point <= SP_TRACK_MAX)
		slot = &s->track[point];
	else if (point >= SP_CCD_A0 && point <= SP_CCD_A2)
		slot = &s->point[session][point - SP_CCD_A0];
	if (slot && *slot)
		return TOC_WRONG(s, e->at, "a second entry for point 0x%02x", point);
	if (slot)
		*slot = e;
	if (session > s->sessions)
		s->sessions = session;
	return 0;
}

static int toc_sort(struct toc_state *s)
{
	const struct sp_ccd_sheet *sheet = s->layout->sheet;
	const struct sp_ccd_values *disc = &sheet->disc;
	int r = 0;

	for (size_t i = 0; !r && i < sheet->entries; i++)
		r = toc_sort_one(s, &sheet->entry[i]);
	if (r < 0)
		return r;
	if (!sheet->entries)
		return TOC_WRONG(s, disc->at, "no [Entry]: a disc without a TOC");
	if (sp_ccd_given(disc, SP_CCD_SESSIONS) &&
	    (unsigned)disc->value[SP_CCD_SESSIONS] != s->sessions)
		return TOC_WRONG(s, disc->at, "Sessions=%d, and the entries are of %u",
				 (int)disc->value[SP_CCD_SESSIONS], s->sessions);
	for (unsigned i = 1; i <= s->sessions; i++)
		if (!s->point[i][SP_CCD_A2 - SP_CCD_A0])
			return TOC_WRONG(s, disc->at,
					 "session %u has no lead-out (an entry with Point=0xa2)",
					 i);
	return 0;
}

/* PMin, PSec, PFrame as an LBA; false: not given, or none. */
static bool toc_msf(const struct sp_ccd_values *e, sp_lba *lba)
{
	const struct sp_msf msf = {(uint8_t)e->value[SP_CCD_PMIN], (uint8_t)e->value[SP_CCD_PSEC],
				   (uint8_t)e->value[SP_CCD_PFRAME]};

	for (unsigned key = SP_CCD_PMIN; key <= SP_CCD_PFRAME; key++)
		if (!sp_ccd_given(e, key) || e->value[key] < 0 || e->value[key] > 99)
			return false;
	return sp_msf_to_lba(msf, false, lba);
}

/* Where an entry points; *other is what its other half says, the same where they agree. */
static int toc_lba(struct toc_state *s, const struct sp_ccd_values *e, sp_lba *lba, sp_lba *other)
{
	const unsigned point = (unsigned)e->value[SP_CCD_POINT];
	sp_lba msf = 0;
	const bool has_msf = toc_msf(e, &msf);

	*lba = e->value[SP_CCD_PLBA];
	if (*lba < -SP_MSF_OFFSET && *lba >= TOC_PLBA_END - TOC_WRAP)
		*lba += TOC_WRAP;
	if (!sp_ccd_given(e, SP_CCD_PLBA))
		*lba = msf;
	*other = has_msf ? msf : *lba;
	if (!sp_ccd_given(e, SP_CCD_PLBA) && !has_msf)
		return TOC_WRONG(s, e->at, "point 0x%02x: PMin, PSec and PFrame are no time",
				 point);
	if (*lba < 0 || *lba > SP_LBA_MSF_END)
		return TOC_WRONG(s, e->at, "point 0x%02x: PLBA=%" PRId64 " is on no disc", point,
				 (int64_t)*lba);
	if (*other != *lba)
		sp_note(s->layout->notes,
			"%s:%u: point 0x%02x: PLBA=%" PRId64
			", and PMin, PSec and PFrame make %" PRId64,
			s->layout->name, e->at.line, point, (int64_t)*lba, (int64_t)*other);
	return 0;
}

/* A0 and A1: the session's type, and what they say of its tracks. */
static void toc_session_ends(struct toc_state *s, unsigned number, unsigned first, unsigned last)
{
	const struct sp_ccd_values *a0 = s->point[number][0], *a1 = s->point[number][1];
	struct sp_session *session = &s->disc->session[number - 1];
	const unsigned type = a0 ? (unsigned)a0->value[SP_CCD_PSEC] : SP_SESSION_CDROM;

	session->type = type == SP_SESSION_CDI || type == SP_SESSION_XA ? type : SP_SESSION_CDROM;
	if (type != session->type)
		sp_note(s->layout->notes, "%s:%u: session type 0x%02x is none of 00, 10, 20",
			s->layout->name, a0->at.line, type);
	if ((a0 && sp_ccd_given(a0, SP_CCD_PMIN) && (unsigned)a0->value[SP_CCD_PMIN] != first) ||
	    (a1 && sp_ccd_given(a1, SP_CCD_PMIN) && (unsigned)a1->value[SP_CCD_PMIN] != last))
		sp_note(s->layout->notes,
			"%s: session %u has the tracks %u to %u, whatever its points A0 and A1 say",
			s->layout->name, number, first, last);
}

/* FLAGS of a [TRACK] are Control said again. */
static void toc_flags(const struct toc_state *s, const struct sp_track *t)
{
	const struct sp_ccd_track *track = &s->layout->sheet->track[t->number];
	const unsigned data = SP_CONTROL_DATA;

	if (track->has_flags && (track->flags & ~data) != (t->control & ~data))
		sp_note(s->layout->notes,
			"%s:%u: FLAGS of track %u are not those of its entry, which count",
			s->layout->name, track->values.at.line, t->number);
}

static int toc_tracks(struct toc_state *s)
{
	sp_lba before = -1, other;

	for (unsigned number = 1; number <= SP_TRACK_MAX; number++) {
		const struct sp_ccd_values *e = s->track[number];
		sp_lba lba = 0;

		if (!e)
			continue;
		const unsigned session = (unsigned)e->value[SP_CCD_SESSION];
		if (session != s->disc->sessions && session != s->disc->sessions + 1)
			return TOC_WRONG(s, e->at, "track %u is of session %u, after session %zu",
					 number, session, s->disc->sessions);
		if (session > s->disc->sessions && !sp_disc_add_session(s->disc))
			return sp_fail_memory(s->err);
		int r = toc_lba(s, e, &lba, &other);
		if (r < 0)
			return r;
		if (lba <= before)
			return TOC_WRONG(s, e->at,
					 "track %u at LBA %" PRId64
					 " is not after the one before it, at %" PRId64,
					 number, (int64_t)lba, (int64_t)before);
		struct sp_track *t = sp_disc_add_track(s->disc);
		if (!t)
			return sp_fail_memory(s->err);
		t->number = number;
		t->session = session;
		t->control = (unsigned)e->value[SP_CCD_CONTROL];
		t->start = t->index[1] = before = lba;
		memcpy(t->isrc, s->layout->sheet->track[number].isrc, sizeof(t->isrc));
		toc_flags(s, t);
	}
	if (s->disc->sessions != s->sessions)
		return TOC_WRONG(s, s->layout->sheet->disc.at, "session %zu has no track",
				 s->disc->sessions + 1);
	return 0;
}

/* First and last track of a session, as positions; every session has one. */
static struct sp_track *toc_first(const struct sp_disc *disc, unsigned session,
				  struct sp_track **last)
{
	struct sp_track *first = NULL;

	for (size_t i = 0; i < disc->tracks; i++) {
		if (disc->track[i].session != session)
			continue;
		first = first ? first : &disc->track[i];
		*last = &disc->track[i];
	}
	return first;
}

static int toc_lead_outs(struct toc_state *s, sp_lba *last_other)
{
	struct sp_track *last = NULL;

	for (unsigned i = 1; i <= s->sessions; i++) {
		const struct sp_ccd_values *e = s->point[i][SP_CCD_A2 - SP_CCD_A0];
		struct sp_session *session = &s->disc->session[i - 1];
		const struct sp_track *first = toc_first(s->disc, i, &last);
		const int r = toc_lba(s, e, &session->lead_out, last_other);

		if (r < 0)
			return r;
		if (session->lead_out <= last->start)
			return TOC_WRONG(s, e->at,
					 "the lead-out of session %u at LBA %" PRId64
					 " is not after track %u",
					 i, (int64_t)session->lead_out, last->number);
		if (i > 1 && first->start < session[-1].lead_out)
			return TOC_WRONG(s, s->track[first->number]->at,
					 "track %u at LBA %" PRId64
					 " lies before the lead-out of session %u",
					 first->number, (int64_t)first->start, i - 1);
		toc_session_ends(s, i, first->number, last->number);
	}
	return 0;
}

/* The sectors of a session's first pregap that the .img holds, by INDEX 1 of its first track: that
 * counts from the session's beginning in the file; some writers have the LBA or the place in the
 * file there. */
static uint64_t toc_stored_pregap(const struct sp_ccd_layout *layout, const struct sp_track *first,
				  uint64_t at)
{
	const struct sp_ccd_track *track = &layout->sheet->track[first->number];
	const sp_lba one = track->index[1], zero = track->index[0];
	const bool has_zero = zero != SP_LBA_NONE && zero >= 0;

	if (one == SP_LBA_NONE || one <= 0)
		return 0;
	if (first->session == 1)
		return (uint64_t)one;
	if (at && has_zero && (uint64_t)zero == at && one >= zero)
		return (uint64_t)(one - zero);
	if (one == first->start || (uint64_t)one == at)
		return 0;
	return !has_zero || !zero ? (uint64_t)one : 0;
}

/* Where the sessions lie; `by_index` false: as if no INDEX were there. Returns the sectors that are
 * in the file. */
static uint64_t toc_place(struct sp_ccd_layout *layout, const struct sp_disc *disc, bool by_index)
{
	uint64_t at = 0;
	sp_lba before = 0;

	for (size_t i = 0; i < disc->sessions; i++) {
		const struct sp_session *session = &disc->session[i];
		struct sp_track *last = NULL;
		const struct sp_track *first = toc_first(disc, session->number, &last);
		const sp_lba zero = layout->sheet->track[first->number].index[0];
		struct sp_ccd_part *part = &layout->part[session->number];
		uint64_t stored = by_index ? toc_stored_pregap(layout, first, at) : 0;

		if (stored > (uint64_t)(first->start - before))
			stored = 0;
		part->at = at;
		part->base = first->start - (sp_lba)stored;
		if (!i &&
		    (!by_index || layout->sheet->track[first->number].index[1] == SP_LBA_NONE))
			part->base = 0;
		part->count = (uint64_t)(session->lead_out - part->base);
		part->implied = by_index && zero < 0 && zero > -SP_LBA_MSF_END ? (uint64_t)-zero
									       : SP_MSF_OFFSET;
		if (i && part->implied > (uint64_t)(part->base - before))
			part->implied = (uint64_t)(part->base - before);
		at += part->count;
		before = session->lead_out;
	}
	return at;
}

/* The file's size against what the sheet says it holds. */
static int toc_fit(struct toc_state *s, sp_lba last_other)
{
	struct sp_ccd_layout *layout = s->layout;
	struct sp_session *last = &s->disc->session[s->disc->sessions - 1];
	uint64_t held = toc_place(layout, s->disc, true);
	const uint64_t bytes = layout->img->size;

	if (last_other != last->lead_out && held != layout->sectors &&
	    held - (uint64_t)last->lead_out + (uint64_t)last_other == layout->sectors) {
		last->lead_out = last_other;
		sp_note(layout->notes, "%s: the lead-out is at LBA %" PRId64 ", as %s has it",
			layout->name, (int64_t)last_other, layout->img->name);
		held = toc_place(layout, s->disc, true);
	}
	/* INDEX 1 of a session's first track is the one thing that is not the TOC's */
	if (held != layout->sectors && toc_place(layout, s->disc, false) == layout->sectors) {
		held = layout->sectors;
		sp_note(layout->notes, "%s: the indexes of first tracks do not fit %s: left out",
			layout->name, layout->img->name);
	} else {
		held = toc_place(layout, s->disc, true);
	}
	if (held > layout->sectors)
		return sp_fail(s->err, SP_ERR_FORMAT,
			       "%s: ends after %" PRIu64 " sectors, and %s says it holds %" PRIu64,
			       layout->img->name, layout->sectors, layout->name, held);
	if (held < layout->sectors)
		sp_note(layout->notes, "%s: holds %" PRIu64 " sectors after the lead-out: left out",
			layout->img->name, layout->sectors - held);
	else if (bytes % 2352)
		sp_note(layout->notes,
			"%s: ends inside a sector: %" PRIu64 " bytes missing, filled with zeros",
			layout->img->name, 2352 - bytes % 2352);
	return 0;
}

/* Indexes are known by their distance from INDEX 1, which lies where the entry says. */
static int toc_indexes(struct toc_state *s, struct sp_track *t, bool first)
{
	const struct sp_ccd_layout *layout = s->layout;
	const struct sp_ccd_track *track = &layout->sheet->track[t->number];
	const struct sp_ccd_part *part = &layout->part[t->session];
	const sp_lba one = track->index[1], relative = t->start - part->base;

	if (one == SP_LBA_NONE) {
		for (unsigned i = 0; i <= SP_INDEX_MAX; i++)
			if (track->index[i] != SP_LBA_NONE)
				return TOC_WRONG(s, track->index_at[i],
						 "INDEX %u of track %u, which has no INDEX 1", i,
						 t->number);
		return 0;
	}
	if (one != relative && one != t->start && one != relative + (sp_lba)part->at)
		sp_note(layout->notes,
			"%s:%u: INDEX 1 of track %u is not where its entry says; the entry counts",
			layout->name, track->index_at[1].line, t->number);
	for (unsigned i = first ? 2 : 0; i <= SP_INDEX_MAX; i++) {
		const sp_lba lba = track->index[i];

		if (lba == SP_LBA_NONE || i == 1 || (!i && lba == one))
			continue;
		t->index[i] = t->start + (lba - one);
		if (!i && lba > one)
			return TOC_WRONG(s, track->index_at[0],
					 "INDEX 0 of track %u is after INDEX 1", t->number);
		for (unsigned k = i - 1; i > 1 && k; k--)
			if (track->index[k] != SP_LBA_NONE && lba <= track->index[k])
				return TOC_WRONG(s, track->index_at[i],
						 "INDEX %u of track %u is not after INDEX %u", i,
						 t->number, k);
	}
	if (!first && t->index[0] != SP_LBA_NONE && t->index[0] <= t[-1].start)
		return TOC_WRONG(s, track->index_at[0],
				 "INDEX 0 of track %u is not after the track before it", t->number);
	return 0;
}

static int toc_all_indexes(struct toc_state *s)
{
	struct sp_disc *disc = s->disc;

	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_track *t = &disc->track[i];
		const bool first = !i || t[-1].session != t->session;
		const struct sp_ccd_part *part = &s->layout->part[t->session];
		const sp_lba pregap = part->base - (sp_lba)part->implied;
		const int r = toc_indexes(s, t, first);

		if (r < 0)
			return r;
		if (first && pregap < t->start)
			t->index[0] = pregap;
	}
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i], *next = t + 1;
		sp_lba end = disc->session[t->session - 1].lead_out;

		if (i + 1 < disc->tracks && next->session == t->session)
			end = next->index[0] != SP_LBA_NONE ? next->index[0] : next->start;
		for (unsigned k = 2; k <= SP_INDEX_MAX; k++)
			if (t->index[k] != SP_LBA_NONE && t->index[k] >= end)
				return TOC_WRONG(s, s->layout->sheet->track[t->number].index_at[k],
						 "INDEX %u of track %u lies after its end", k,
						 t->number);
	}
	return 0;
}

int sp_ccd_toc(struct sp_ccd_layout *layout, struct sp_disc *disc, struct sp_error *err)
{
	struct toc_state s = {.layout = layout, .disc = disc, .err = err};
	sp_lba other = 0;
	int r = toc_sort(&s);

	disc->medium = SP_MEDIUM_CD;
	if (!r)
		r = toc_tracks(&s);
	if (!r)
		r = toc_lead_outs(&s, &other);
	if (!r)
		r = toc_fit(&s, other);
	if (!r)
		r = toc_all_indexes(&s);
	for (unsigned n = 1; !r && n <= SP_TRACK_MAX; n++)
		if (layout->sheet->track[n].given && !s.track[n])
			sp_note(layout->notes, "%s:%u: [TRACK %u] is of no track: left out",
				layout->name, layout->sheet->track[n].values.at.line, n);
	memcpy(disc->mcn, layout->sheet->mcn, sizeof(disc->mcn));
	return r;
}
