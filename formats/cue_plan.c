/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of a disc's sectors go to which file of a new sheet, and whether a sheet can say so. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "formats/cue_write.h"

#include <stdlib.h>
#include <string.h>

unsigned sp_cue_stored(const struct sp_cue_plan *plan, const struct sp_region *region)
{
	const bool framed = region->mode == SP_MODE_MODE1 || region->mode == SP_MODE_DATA2048;
	const bool beside = plan->sub != SP_CUE_SUB_NONE && plan->sub != SP_CUE_SUB_CDG;
	const unsigned sub = beside ? region->parts & SP_PART_PW : 0;

	/* the first file begins at LBA 0 */
	if (region->mode == SP_MODE_BLOCK512 || region->lba + (sp_lba)region->count <= 0)
		return 0;
	/* what parts sessions is no part of a track's file, and no sound */
	if (region->kind == SP_REGION_GAP && (!region->stored || plan->per_track || plan->audio))
		return 0;
	/* a track without sectors there is none: what is not stored of it becomes silence */
	if (!region->stored && region->kind != SP_REGION_TRACK)
		return 0;
	if (region->mode == SP_MODE_AUDIO && plan->sub == SP_CUE_SUB_CDG)
		return SP_PART_USER | SP_PART_PW;
	if (plan->user && (framed || region->mode == SP_MODE_XA_FORM1))
		return SP_PART_USER | sub;
	return sp_mode_parts(framed ? SP_MODE_MODE1 : region->mode) | sub;
}

/* Bytes a sector of the region takes in the data file. */
static size_t plan_size(const struct sp_cue_plan *plan, const struct sp_region *region)
{
	unsigned parts = sp_cue_stored(plan, region);

	if (plan->sub != SP_CUE_SUB_CDG)
		parts &= ~(unsigned)SP_PART_PW;
	return parts ? sp_sector_size(region->mode, parts) : 0;
}

const struct sp_cue_type *sp_cue_track_type(const struct sp_cue_plan *plan,
					    const struct sp_disc *disc,
					    const struct sp_track *track)
{
	const struct sp_region *region = sp_disc_region(disc, track->start);
	const size_t size = region ? plan_size(plan, region) : 0;
	const unsigned mode = region ? region->mode : SP_MODES;
	const bool cdi = disc->session[track->session - 1].type == SP_SESSION_CDI;
	const bool two = mode == SP_MODE_MODE2 || mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 ||
			 mode == SP_MODE_XA_FORM2;
	const char *name = mode == SP_MODE_AUDIO ? size == 2448 ? "CDG" : "AUDIO"
			   : !two                ? size == 2048 ? "MODE1/2048" : "MODE1/2352"
			   : size == 2048        ? "MODE2/2048"
			   : cdi                 ? "CDI/2352"
						 : "MODE2/2352";
	const struct sp_cue_type *type = sp_cue_types;

	while (strcmp(type->name, name) != 0)
		type++;
	return type;
}

/* Do the region's sectors go to a sound file? The track decides: what an old writer left of data in
 * its pregap is kept as the samples it reads as. */
static bool plan_sound(const struct sp_cue_plan *plan, const struct sp_disc *disc,
		       const struct sp_region *region)
{
	const struct sp_track *track = sp_disc_track(disc, region->track);

	return plan->audio && track && track->mode == SP_MODE_AUDIO;
}

static int plan_begin_file(struct sp_cue_plan *plan, const struct sp_region *region, bool sound,
			   struct sp_error *err)
{
	struct sp_cue_out *list = sp_grow(plan->out, plan->outs, sizeof(list[0]));

	if (!list)
		return sp_fail_memory(err);
	plan->out = list;
	list[plan->outs++] = (struct sp_cue_out){.track = region->track,
						 .session = region->session,
						 .last = region->session,
						 .sound = sound};
	return 0;
}

/* Does the region begin another file? */
static bool plan_turns(const struct sp_cue_plan *plan, const struct sp_region *region, bool sound)
{
	const struct sp_cue_out *out = plan->outs ? &plan->out[plan->outs - 1] : NULL;

	if (!out || (out->last != region->session && !plan->joined[region->session]))
		return true;
	if (out->sound != sound)
		return true;
	if (!plan->per_track || out->track == region->track || region->kind == SP_REGION_GAP)
		return false;
	return region->kind != SP_REGION_PREGAP || !plan->previous;
}

static int plan_place(struct sp_cue_plan *plan, const struct sp_disc *disc,
		      const struct sp_region *region, struct sp_error *err)
{
	const size_t size = plan_size(plan, region);
	const struct sp_track *track = sp_disc_track(disc, region->track);

	if (!size)
		return 0;
	const bool sound = plan_sound(plan, disc, region);
	if (plan_turns(plan, region, sound)) {
		const int r = plan_begin_file(plan, region, sound, err);
		if (r < 0)
			return r;
	}
	struct sp_cue_out *out = &plan->out[plan->outs - 1];
	/* a gap lies in the file as the track before it does */
	for (const struct sp_region *r = region; !track && r > disc->region; r--)
		track = sp_disc_track(disc, r[-1].track);
	if (!track || sp_cue_track_type(plan, disc, track)->size != size)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: track %u has %s sectors of %zu bytes in its %s, which a sheet "
			       "cannot say; with sector=2352 all are of one size",
			       plan->name, track ? track->number : 0, sp_mode_name(region->mode),
			       size, sp_region_kind_name(region->kind));
	struct sp_cue_spot *list = sp_grow(plan->spot, plan->spots, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	plan->spot = list;
	const sp_lba lba = region->lba < 0 ? 0 : region->lba;
	const uint64_t count = (uint64_t)(region->lba + (sp_lba)region->count - lba);
	list[plan->spots++] =
		(struct sp_cue_spot){lba, count, out->frames, out->bytes, plan->outs - 1};
	out->frames += count;
	out->bytes += count * size;
	out->last = region->session;
	return 0;
}

/* A gap of which one part is stored and another is not has no words. */
static int plan_join(struct sp_cue_plan *plan, const struct sp_disc *disc, struct sp_error *err)
{
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];
		const bool stored = sp_cue_stored(plan, region) != 0;

		if (region->kind != SP_REGION_GAP || !i || region->session > SP_TRACK_MAX - 1)
			continue;
		if (region[-1].kind == SP_REGION_GAP && stored != plan->joined[region->session + 1])
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: the gap after session %u is stored in part, which a "
				       "sheet cannot say",
				       plan->name, region->session);
		plan->joined[region->session + 1] = stored;
	}
	return 0;
}

/* PREGAP is what comes first of a track and POSTGAP what comes last, whatever is stored. */
static int plan_check_order(const struct sp_cue_plan *plan, const struct sp_disc *disc,
			    struct sp_error *err)
{
	for (size_t i = 1; i < disc->regions; i++) {
		const struct sp_region *a = &disc->region[i - 1], *b = &disc->region[i];
		const bool was = plan_size(plan, a) != 0, is = plan_size(plan, b) != 0;

		if (a->track != b->track || a->kind != b->kind || was == is)
			continue;
		if ((a->kind == SP_REGION_PREGAP && was && b->lba > 0) ||
		    (a->kind == SP_REGION_POSTGAP && is))
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: the %s of track %u is stored in part, in an order a "
				       "sheet cannot say",
				       plan->name, sp_region_kind_name(a->kind), a->track);
	}
	return 0;
}

static int plan_check_disc(const struct sp_cue_plan *plan, const struct sp_disc *disc,
			   struct sp_error *err)
{
	if (disc->medium == SP_MEDIUM_BLOCK || !disc->tracks || !disc->sessions)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a sheet describes a CD; this is a block image", plan->name);
	for (size_t i = 0; i < disc->sessions; i++)
		if (disc->session[i].number != i + 1)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: session %u stands where a sheet has session %zu",
				       plan->name, disc->session[i].number, i + 1);
	for (size_t i = 0; disc->medium == SP_MEDIUM_GD && i < disc->tracks; i++) {
		const struct sp_track *t = &disc->track[i];

		if (t->session > 2 ||
		    (t->session == 2 && t[-1].session == 1 && t->start != SP_CUE_GD_DENSE))
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: track %u begins at LBA %lld; a sheet has a GD-ROM's "
				       "high-density area at LBA %d",
				       plan->name, t->number, (long long)t->start, SP_CUE_GD_DENSE);
	}
	return 0;
}

int sp_cue_plan(struct sp_cue_plan *plan, const struct sp_disc *disc, struct sp_error *err)
{
	int r = plan_check_disc(plan, disc, err);

	if (!r)
		r = plan_join(plan, disc, err);
	if (!r)
		r = plan_check_order(plan, disc, err);
	for (size_t i = 0; !r && i < disc->regions; i++)
		r = plan_place(plan, disc, &disc->region[i], err);
	if (!r && !plan->outs)
		r = sp_fail(err, SP_ERR_UNSUPPORTED, "%s: no sector is stored", plan->name);
	return r < 0 ? r : sp_cue_name_files(plan, disc, err);
}

void sp_cue_plan_clear(struct sp_cue_plan *plan)
{
	for (size_t i = 0; i < plan->outs; i++)
		free(plan->out[i].name);
	free(plan->out);
	free(plan->spot);
	plan->out = NULL;
	plan->spot = NULL;
	plan->outs = plan->spots = 0;
}

const struct sp_cue_spot *sp_cue_spot(const struct sp_cue_plan *plan, sp_lba lba)
{
	size_t low = 0, high = plan->spots;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const struct sp_cue_spot *spot = &plan->spot[mid];

		if (spot->lba > lba)
			high = mid;
		else if (spot->lba + (sp_lba)spot->count <= lba)
			low = mid + 1;
		else
			return spot;
	}
	return NULL;
}
