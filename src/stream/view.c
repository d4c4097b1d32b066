/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views: a source whose disc is a part of another's, or the same one moved. */
#include <spindle/stream.h>

#include <stdlib.h>
#include <string.h>

#define VIEW_SHIFT_MAX ((sp_lba)1 << 40)

struct view_source {
	struct sp_source source;
	struct sp_source *inner;
	sp_lba shift; /* ours minus inner's */
};

static int view_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct view_source *view = (const struct view_source *)src;
	struct sp_span inner = *span;

	inner.lba -= view->shift;
	return sp_source_read(view->inner, &inner, err);
}

static int view_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	return sp_source_prove(((struct view_source *)src)->inner, fn, user, err);
}

static void view_close(struct sp_source *src)
{
	struct view_source *view = (struct view_source *)src;

	sp_source_close(view->inner);
	sp_disc_free(src->disc);
	free(view);
}

/* Takes both on success. Checksums of a container are of the whole: a part proves nothing. */
static int view_make(struct sp_source **out, struct sp_source *src, struct sp_disc *disc,
		     sp_lba shift, bool part, struct sp_error *err)
{
	static const struct sp_source_ops whole_ops = {
		.read = view_read, .prove = view_prove, .close = view_close};
	static const struct sp_source_ops part_ops = {.read = view_read, .close = view_close};
	int rc = sp_disc_check(disc, err);

	if (rc < 0)
		return rc;
	struct view_source *view = malloc(sizeof(*view));
	if (!view)
		return sp_fail_memory(err);
	*view = (struct view_source){{part ? &part_ops : &whole_ops, disc, src->caps}, src, shift};
	*out = &view->source;
	return 0;
}

/* Which regions of a disc a part keeps, and between which LBAs. */
struct view_cut {
	sp_lba first, end;
	unsigned track, session; /* 0: any */
};

/* Clip a region to the cut; false: nothing of it is left. */
static bool view_clip(const struct view_cut *cut, struct sp_region *region)
{
	sp_lba first = region->lba, end = region->lba + (sp_lba)region->count;

	if ((cut->track && region->track != cut->track) ||
	    (cut->session && (region->session != cut->session || !region->track)))
		return false;
	first = cut->first > first ? cut->first : first;
	end = cut->end < end ? cut->end : end;
	if (first >= end)
		return false;
	region->lba = first;
	region->count = (uint64_t)(end - first);
	return true;
}

static int view_regions(struct sp_disc *disc, const struct sp_disc *from,
			const struct view_cut *cut, struct sp_error *err)
{
	for (size_t i = 0; i < from->regions; i++) {
		struct sp_region region = from->region[i];

		if (view_clip(cut, &region) && !sp_disc_add_region(disc, &region))
			return sp_fail_memory(err);
	}
	if (!disc->regions)
		return sp_fail(err, SP_ERR_USAGE, "there are no sectors in that part of the disc");
	return 0;
}

/* What is left of a track: from *first to *end, INDEX 01 at *start. False: nothing. A part that has
 * nothing but the pregap or the postgap has that as the track. */
static bool view_extent(struct sp_disc *disc, unsigned number, sp_lba *first, sp_lba *start,
			sp_lba *end)
{
	struct sp_region *head = NULL, *body = NULL;

	for (size_t i = 0; i < disc->regions; i++) {
		struct sp_region *r = &disc->region[i];

		if (r->track != number)
			continue;
		if (!head)
			head = r;
		if (!body && r->kind != SP_REGION_PREGAP)
			body = r;
		*end = r->lba + (sp_lba)r->count;
	}
	if (!head)
		return false;
	for (size_t i = 0; !body && i < disc->regions; i++)
		if (disc->region[i].track == number)
			disc->region[i].kind = SP_REGION_TRACK;
	body = body ? body : head;
	body->kind = SP_REGION_TRACK;
	*first = head->lba;
	*start = body->lba;
	return true;
}

static int view_tracks(struct sp_disc *disc, const struct sp_disc *from, struct sp_error *err)
{
	for (size_t i = 0; i < from->tracks; i++) {
		const struct sp_track *old = &from->track[i];
		sp_lba first, start, end;

		if (!view_extent(disc, old->number, &first, &start, &end))
			continue;
		struct sp_track *track = sp_disc_add_track(disc);
		if (!track)
			return sp_fail_memory(err);
		*track = *old;
		if (start != old->start)
			track->mode = sp_disc_region(disc, start)->mode;
		track->start = start;
		track->length = (uint64_t)(end - start);
		track->index[0] = first < start ? first : SP_LBA_NONE;
		track->index[1] = start;
		for (unsigned j = 2; j <= SP_INDEX_MAX; j++)
			if (old->index[j] <= start || old->index[j] >= end)
				track->index[j] = SP_LBA_NONE;
	}
	if (!disc->tracks && from->tracks)
		return sp_fail(err, SP_ERR_USAGE, "there is no track in that part of the disc");
	return 0;
}

/* Gaps before the first and behind the last track lead nowhere. */
static void view_trim(struct sp_disc *disc)
{
	size_t lead = 0;

	while (disc->regions && disc->region[disc->regions - 1].kind == SP_REGION_GAP)
		disc->regions--;
	while (lead < disc->regions && disc->region[lead].kind == SP_REGION_GAP)
		lead++;
	disc->regions -= lead;
	memmove(disc->region, disc->region + lead, disc->regions * sizeof(disc->region[0]));
}

/* The sessions that still have tracks, numbered from 1. */
static int view_sessions(struct sp_disc *disc, const struct sp_disc *from, struct sp_error *err)
{
	for (size_t i = 0; i < from->sessions; i++) {
		const struct sp_session *old = &from->session[i];
		const unsigned number = (unsigned)disc->sessions + 1;
		bool any = false;
		sp_lba lead_out = old->lead_out;

		for (size_t j = 0; j < disc->regions; j++) {
			struct sp_region *r = &disc->region[j];

			/* numbers only sink, so what was renumbered is not met again */
			if (r->session != old->number)
				continue;
			any = true;
			r->session = number;
			if (r->track)
				lead_out = r->lba + (sp_lba)r->count;
		}
		for (size_t j = 0; j < disc->tracks; j++)
			if (disc->track[j].session == old->number)
				disc->track[j].session = number;
		struct sp_session *session = any ? sp_disc_add_session(disc) : NULL;
		if (any && !session)
			return sp_fail_memory(err);
		if (any)
			*session = (struct sp_session){number, old->type, lead_out};
	}
	return 0;
}

static int view_texts(struct sp_disc *disc, const struct sp_disc *from, struct sp_error *err)
{
	for (size_t i = 0; i < from->texts; i++) {
		const struct sp_text *text = &from->text[i];

		if (text->track && !sp_disc_track(disc, text->track))
			continue;
		const int rc = sp_disc_set_block_text(disc, text->block, text->track, text->type,
						      text->text);
		if (rc < 0)
			return rc == SP_ERR_MEMORY ? sp_fail_memory(err) : rc;
	}
	return 0;
}

/* Structures that tell of the whole disc (CD-Text packs, full TOC, PFI, DMI) are not a part's. */
static int view_part(struct sp_source **out, struct sp_source *src, const struct view_cut *cut,
		     struct sp_error *err)
{
	const struct sp_disc *from = src->disc;

	if (src->caps & SP_SOURCE_ONCE)
		return sp_fail(
			err, SP_ERR_USAGE,
			"a source that is read once has to be spooled before a part is taken");
	struct sp_disc *disc = sp_disc_new();
	if (!disc)
		return sp_fail_memory(err);
	disc->medium = from->medium;
	disc->profile = from->profile;
	memcpy(disc->block, from->block, sizeof(disc->block));
	memcpy(disc->mcn, from->mcn, sizeof(disc->mcn));
	int rc = view_regions(disc, from, cut, err);
	if (!rc)
		rc = view_tracks(disc, from, err);
	if (rc < 0)
		goto out;
	if (disc->tracks)
		view_trim(disc);
	if (from->layer_break > disc->region[0].lba && sp_disc_region(disc, from->layer_break))
		disc->layer_break = from->layer_break;
	rc = view_sessions(disc, from, err);
	if (!rc)
		rc = view_texts(disc, from, err);
	if (!rc)
		rc = view_make(out, src, disc, 0, true, err);
out:
	if (rc < 0)
		sp_disc_free(disc);
	return rc;
}

int sp_view_track(struct sp_source **out, struct sp_source *src, unsigned number,
		  struct sp_error *err)
{
	const struct view_cut cut = {.first = INT64_MIN, .end = INT64_MAX, .track = number};

	if (!number || !sp_disc_track(src->disc, number))
		return sp_fail(err, SP_ERR_USAGE, "there is no track %u", number);
	return view_part(out, src, &cut, err);
}

int sp_view_session(struct sp_source **out, struct sp_source *src, unsigned number,
		    struct sp_error *err)
{
	const struct view_cut cut = {.first = INT64_MIN, .end = INT64_MAX, .session = number};
	size_t i = 0;

	while (i < src->disc->sessions && src->disc->session[i].number != number)
		i++;
	if (i == src->disc->sessions)
		return sp_fail(err, SP_ERR_USAGE, "there is no session %u", number);
	return view_part(out, src, &cut, err);
}

int sp_view_range(struct sp_source **out, struct sp_source *src, sp_lba lba, uint64_t count,
		  struct sp_error *err)
{
	struct view_cut cut = {.first = lba};

	if (count > INT64_MAX || __builtin_add_overflow(lba, (int64_t)count, &cut.end))
		cut.end = INT64_MAX;
	return view_part(out, src, &cut, err);
}

static void view_move(struct sp_disc *disc, sp_lba shift)
{
	for (size_t i = 0; i < disc->regions; i++)
		disc->region[i].lba += shift;
	for (size_t i = 0; i < disc->sessions; i++)
		disc->session[i].lead_out += shift;
	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_track *track = &disc->track[i];

		track->start += shift;
		for (unsigned j = 0; j <= SP_INDEX_MAX; j++)
			if (track->index[j] != SP_LBA_NONE)
				track->index[j] += shift;
	}
	if (disc->layer_break != SP_LBA_NONE)
		disc->layer_break += shift;
}

int sp_view_shift(struct sp_source **out, struct sp_source *src, sp_lba shift, struct sp_error *err)
{
	if (shift > VIEW_SHIFT_MAX || shift < -VIEW_SHIFT_MAX)
		return sp_fail(err, SP_ERR_USAGE, "a disc cannot be moved that far");
	if (src->caps & SP_SOURCE_ONCE)
		return sp_fail(err, SP_ERR_USAGE,
			       "a source that is read once has to be spooled before it is moved");
	struct sp_disc *disc = sp_disc_copy(src->disc);
	if (!disc)
		return sp_fail_memory(err);
	view_move(disc, shift);
	if (shift) { /* they hold addresses */
		free(disc->full_toc);
		free(disc->pfi);
		free(disc->dmi);
		disc->full_toc = disc->pfi = disc->dmi = NULL;
		disc->full_toc_size = 0;
	}
	const int rc = view_make(out, src, disc, shift, false, err);
	if (rc < 0)
		sp_disc_free(disc);
	return rc;
}
