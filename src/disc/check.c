/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a disc keep the model's rules: one function for each list, the first fault named. */
#include <spindle/disc.h>

#include <string.h>

#define LEAD_IN_LBA (-45150) /* 90:00:00: no sector of a CD has an address before it */

#define CHECK_FAIL(err, ...) sp_fail(err, SP_ERR_FORMAT, __VA_ARGS__)

/* The LBA after a run; false when there is none that can be counted. */
static bool check_end(sp_lba lba, uint64_t count, sp_lba *end)
{
	return count <= INT64_MAX && !__builtin_add_overflow(lba, (sp_lba)count, end);
}

static const struct sp_session *check_session(const struct sp_disc *disc, unsigned number)
{
	for (size_t i = 0; i < disc->sessions; i++)
		if (disc->session[i].number == number)
			return &disc->session[i];
	return NULL;
}

static int check_sessions(const struct sp_disc *disc, struct sp_error *err)
{
	for (size_t i = 0; i < disc->sessions; i++) {
		const struct sp_session *s = &disc->session[i];

		if (s->number < 1 || s->number > SP_TRACK_MAX)
			return CHECK_FAIL(err, "session %u: number is not within 1…99", s->number);
		if (i && s->number <= s[-1].number)
			return CHECK_FAIL(err, "session %u follows session %u", s->number,
					  s[-1].number);
		if (i && s->lead_out <= s[-1].lead_out)
			return CHECK_FAIL(err,
					  "session %u: lead-out at LBA %lld is not after that of "
					  "session %u",
					  s->number, (long long)s->lead_out, s[-1].number);
		if (s->type != SP_SESSION_CDROM && s->type != SP_SESSION_CDI &&
		    s->type != SP_SESSION_XA)
			return CHECK_FAIL(err, "session %u: type 0x%02x is none of 00, 10, 20",
					  s->number, s->type);
	}
	return 0;
}

static int check_indexes(const struct sp_track *t, sp_lba end, struct sp_error *err)
{
	unsigned last = 0;

	if (t->start == SP_LBA_NONE || t->index[1] != t->start)
		return CHECK_FAIL(err, "track %u: its start is not its index 01", t->number);
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++) {
		if (t->index[i] == SP_LBA_NONE)
			continue;
		if (i && t->index[last] != SP_LBA_NONE && t->index[i] <= t->index[last])
			return CHECK_FAIL(
				err, "track %u: index %02u at LBA %lld is not after index %02u",
				t->number, i, (long long)t->index[i], last);
		if (t->index[i] >= end)
			return CHECK_FAIL(
				err, "track %u: index %02u at LBA %lld lies after the track's end",
				t->number, i, (long long)t->index[i]);
		last = i;
	}
	return 0;
}

/* A track by itself, without regard to where its neighbours lie. */
static int check_track(const struct sp_disc *disc, const struct sp_track *t, struct sp_error *err)
{
	sp_lba end;

	if (t->number < 1 || t->number > SP_TRACK_MAX)
		return CHECK_FAIL(err, "track %u: number is not within 1…99", t->number);
	if (t > disc->track && t->number <= t[-1].number)
		return CHECK_FAIL(err, "track %u follows track %u", t->number, t[-1].number);
	if (!check_session(disc, t->session))
		return CHECK_FAIL(err, "track %u: there is no session %u", t->number, t->session);
	if (t > disc->track && t->session < t[-1].session)
		return CHECK_FAIL(err, "track %u: session %u follows session %u", t->number,
				  t->session, t[-1].session);
	if (t->control > 15)
		return CHECK_FAIL(err, "track %u: control %u has more than four bits", t->number,
				  t->control);
	if (t->mode >= SP_MODES)
		return CHECK_FAIL(err, "track %u: mode %u is unknown", t->number, t->mode);
	if (!memchr(t->isrc, '\0', sizeof(t->isrc)) || (*t->isrc && !sp_isrc_valid(t->isrc)))
		return CHECK_FAIL(err, "track %u: \"%.12s\" is not an ISRC", t->number, t->isrc);
	if (!t->length)
		return CHECK_FAIL(err, "track %u is empty", t->number);
	if (!check_end(t->start, t->length, &end))
		return CHECK_FAIL(err, "track %u: its length cannot be counted", t->number);
	return check_indexes(t, end, err);
}

/* Where the track ends: at the next one of its session, pregap included, or at the lead-out. */
static sp_lba check_track_end(const struct sp_disc *disc, const struct sp_track *t)
{
	const struct sp_track *next = t + 1;

	if (next < disc->track + disc->tracks && next->session == t->session)
		return next->index[0] != SP_LBA_NONE ? next->index[0] : next->start;
	return check_session(disc, t->session)->lead_out;
}

static int check_track_place(const struct sp_disc *disc, const struct sp_track *t,
			     struct sp_error *err)
{
	const sp_lba end = t->start + (sp_lba)t->length, next = check_track_end(disc, t);

	if (end != next)
		return CHECK_FAIL(err,
				  "track %u ends at LBA %lld, and what follows it begins at %lld",
				  t->number, (long long)end, (long long)next);
	return 0;
}

/* Sessions begin where the one before has ended. */
static int check_tracks(const struct sp_disc *disc, struct sp_error *err)
{
	int status = 0;

	for (size_t i = 0; i < disc->tracks && !status; i++)
		status = check_track(disc, &disc->track[i], err);
	for (size_t i = 0; i < disc->tracks && !status; i++) {
		const struct sp_track *t = &disc->track[i];

		status = check_track_place(disc, t, err);
		if (status)
			break;
		const sp_lba first = t->index[0] != SP_LBA_NONE ? t->index[0] : t->start;
		if (i && t->session != t[-1].session &&
		    first < check_session(disc, t[-1].session)->lead_out)
			return CHECK_FAIL(
				err,
				"track %u begins at LBA %lld, before the lead-out of session "
				"%u",
				t->number, (long long)first, t[-1].session);
	}
	for (size_t i = 0; i < disc->sessions && !status; i++) {
		size_t k = 0;

		while (k < disc->tracks && disc->track[k].session != disc->session[i].number)
			k++;
		if (k == disc->tracks)
			return CHECK_FAIL(err, "session %u has no track", disc->session[i].number);
	}
	return status;
}

/* A region of a track lies where the track says. */
static int check_region_place(const struct sp_disc *disc, const struct sp_region *r, sp_lba end,
			      struct sp_error *err)
{
	const char *kind = sp_region_kind_name(r->kind);
	const struct sp_track *t = sp_disc_track(disc, r->track);

	if (!t)
		return CHECK_FAIL(err, "%s at LBA %lld: there is no track %u", kind,
				  (long long)r->lba, r->track);
	if (r->session != t->session)
		return CHECK_FAIL(err, "%s at LBA %lld: track %u is not in session %u", kind,
				  (long long)r->lba, r->track, r->session);
	const bool pregap = r->kind == SP_REGION_PREGAP;
	const sp_lba from = pregap ? t->index[0] : t->start;
	const sp_lba to = pregap ? t->start : t->start + (sp_lba)t->length;
	if (from == SP_LBA_NONE)
		return CHECK_FAIL(err, "track %u has a pregap and no index 00", t->number);
	if (r->lba < from || end > to)
		return CHECK_FAIL(err, "%s at LBA %lld lies outside of its part of track %u", kind,
				  (long long)r->lba, t->number);
	if (r->kind == SP_REGION_TRACK && r->lba == t->start && r->mode != t->mode)
		return CHECK_FAIL(err, "track %u is %s and its first region %s", t->number,
				  sp_mode_name(t->mode), sp_mode_name(r->mode));
	if (r->kind == SP_REGION_TRACK && r > disc->region && r[-1].track == r->track &&
	    r[-1].kind == SP_REGION_POSTGAP)
		return CHECK_FAIL(err, "track %u goes on after its postgap", t->number);
	return 0;
}

static int check_region(const struct sp_disc *disc, const struct sp_region *r, struct sp_error *err)
{
	const long long lba = r->lba;
	sp_lba end;

	if (!r->count || !check_end(r->lba, r->count, &end))
		return CHECK_FAIL(err, "region at LBA %lld: a count of %llu", lba,
				  (unsigned long long)r->count);
	if (r > disc->region) {
		const sp_lba before = r[-1].lba + (sp_lba)r[-1].count;

		if (r->lba != before)
			return CHECK_FAIL(err, "region at LBA %lld: the one before it ends at %lld",
					  lba, (long long)before);
	}
	if (r->kind > SP_REGION_GAP)
		return CHECK_FAIL(err, "region at LBA %lld: kind %u is unknown", lba, r->kind);
	if (r->mode >= SP_MODES)
		return CHECK_FAIL(err, "region at LBA %lld: mode %u is unknown", lba, r->mode);
	if (!sp_sector_size(r->mode, r->parts))
		return CHECK_FAIL(err, "region at LBA %lld: mode %s has no parts 0x%02x", lba,
				  sp_mode_name(r->mode), r->parts);
	if (!check_session(disc, r->session))
		return CHECK_FAIL(err, "region at LBA %lld: there is no session %u", lba,
				  r->session);
	if (r->kind != SP_REGION_GAP)
		return check_region_place(disc, r, end, err);
	if (r->track)
		return CHECK_FAIL(err, "gap at LBA %lld belongs to track %u", lba, r->track);
	return 0;
}

/* Regions keep to their track's bounds and do not overlap, so a track is covered when their lengths
 * add up. A view may begin within the first pregap. */
static int check_cover(const struct sp_disc *disc, struct sp_error *err)
{
	uint64_t pregap[SP_TRACK_MAX + 1] = {0}, track[SP_TRACK_MAX + 1] = {0};

	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		if (r->kind == SP_REGION_PREGAP)
			pregap[r->track] += r->count;
		else if (r->kind != SP_REGION_GAP)
			track[r->track] += r->count;
	}
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i];
		sp_lba first = t->index[0] != SP_LBA_NONE ? t->index[0] : t->start;

		if (first < disc->region[0].lba && t->start >= disc->region[0].lba)
			first = disc->region[0].lba;
		if (pregap[t->number] != (uint64_t)t->start - (uint64_t)first)
			return CHECK_FAIL(err, "track %u: its pregap is not covered by regions",
					  t->number);
		if (track[t->number] != t->length)
			return CHECK_FAIL(err, "track %u: %llu of %llu sectors are in regions",
					  t->number, (unsigned long long)track[t->number],
					  (unsigned long long)t->length);
	}
	return 0;
}

static int check_texts(const struct sp_disc *disc, struct sp_error *err)
{
	bool seen[SP_TEXT_BLOCKS][SP_TRACK_MAX + 1][16] = {{{false}}};

	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];
		const bool known = (text->type >= SP_TEXT_TITLE && text->type <= SP_TEXT_GENRE) ||
				   text->type == SP_TEXT_CLOSED || text->type == SP_TEXT_UPC_EAN ||
				   text->type == SP_TEXT_REMARK;

		if (!known || !text->text)
			return CHECK_FAIL(err, "text of type 0x%02x is unknown", text->type);
		if (text->track && !sp_disc_track(disc, text->track))
			return CHECK_FAIL(err, "text \"%.40s\": there is no track %u", text->text,
					  text->track);
		if (text->block >= (text->type == SP_TEXT_REMARK ? 1 : SP_TEXT_BLOCKS))
			return CHECK_FAIL(err, "text \"%.40s\": it cannot be in block %u",
					  text->text, text->block);
		if (text->type == SP_TEXT_REMARK)
			continue;
		if (seen[text->block][text->track][text->type & 15])
			return CHECK_FAIL(err, "text \"%.40s\": track %u has another of its type",
					  text->text, text->track);
		seen[text->block][text->track][text->type & 15] = true;
	}
	for (unsigned i = 0; i < SP_TEXT_BLOCKS; i++)
		if (disc->block[i].language > 0xff || disc->block[i].charset > 0xff ||
		    disc->block[i].genre > 0xffff)
			return CHECK_FAIL(err, "block %u of CD-Text: codes beyond their bytes", i);
	return 0;
}

/* What a medium other than a CD has: one session of one track, of blocks. */
static int check_medium(const struct sp_disc *disc, struct sp_error *err)
{
	if (disc->medium > SP_MEDIUM_BLOCK)
		return CHECK_FAIL(err, "medium %u is unknown", disc->medium);
	if (!disc->sessions || !disc->tracks || !disc->regions)
		return CHECK_FAIL(err, "the disc has no %s",
				  !disc->sessions ? "session"
				  : !disc->tracks ? "track"
						  : "sectors");
	const bool cd = disc->medium == SP_MEDIUM_CD || disc->medium == SP_MEDIUM_GD;
	if (disc->region[0].lba < (cd ? LEAD_IN_LBA : 0))
		return CHECK_FAIL(err, "a medium \"%s\" has no LBA %lld",
				  sp_medium_name(disc->medium), (long long)disc->region[0].lba);
	for (size_t i = 0; i < disc->tracks; i++) {
		const unsigned mode = disc->track[i].mode;
		const bool fits =
			cd ? mode != SP_MODE_BLOCK512
			   : mode == SP_MODE_DATA2048 || (mode == SP_MODE_BLOCK512 &&
							  disc->medium == SP_MEDIUM_BLOCK);

		if (!fits)
			return CHECK_FAIL(err, "track %u: a medium \"%s\" has no mode %s",
					  disc->track[i].number, sp_medium_name(disc->medium),
					  sp_mode_name(mode));
	}
	if (!cd && (disc->sessions != 1 || disc->tracks != 1 || disc->track[0].number != 1))
		return CHECK_FAIL(err, "a medium \"%s\" has one session and track 1 alone",
				  sp_medium_name(disc->medium));
	return 0;
}

static int check_identity(const struct sp_disc *disc, struct sp_error *err)
{
	const struct sp_region *last = &disc->region[disc->regions - 1];

	if (!memchr(disc->mcn, '\0', sizeof(disc->mcn)) ||
	    (*disc->mcn && !sp_mcn_valid(disc->mcn, false)))
		return CHECK_FAIL(err, "\"%.13s\" is not a media catalogue number", disc->mcn);
	if (disc->cdtext_size % 18 || !disc->cdtext != !disc->cdtext_size)
		return CHECK_FAIL(err, "CD-Text of %zu bytes is not made of packs",
				  disc->cdtext_size);
	if (!disc->full_toc != !disc->full_toc_size)
		return CHECK_FAIL(err, "a full TOC of %zu bytes", disc->full_toc_size);
	if (disc->layer_break != SP_LBA_NONE &&
	    (disc->layer_break <= disc->region[0].lba ||
	     disc->layer_break >= last->lba + (sp_lba)last->count))
		return CHECK_FAIL(err, "the layer break at LBA %lld lies outside of the disc",
				  (long long)disc->layer_break);
	return 0;
}

int sp_disc_check(const struct sp_disc *disc, struct sp_error *err)
{
	int status = check_medium(disc, err);

	if (!status)
		status = check_sessions(disc, err);
	if (!status)
		status = check_tracks(disc, err);
	for (size_t i = 0; i < disc->regions && !status; i++)
		status = check_region(disc, &disc->region[i], err);
	if (!status)
		status = check_cover(disc, err);
	if (!status)
		status = check_texts(disc, err);
	return status ? status : check_identity(disc, err);
}
