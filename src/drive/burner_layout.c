/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which discs libburn can write: it knows data of mode 1 and audio, and not both. */
#include "drive/burner.h"

#define TRACK_LEAST 300 /* sectors of an audio track; libburn fills up shorter ones */

bool sp_burner_is_audio(const struct sp_disc *disc)
{
	return disc->tracks > 0 && disc->track[0].mode == SP_MODE_AUDIO;
}

static int burner_takes_data(const struct sp_disc *disc, struct sp_error *err)
{
	const struct sp_track *track = &disc->track[0];

	if (disc->tracks != 1)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%zu tracks with data among them",
			       disc->tracks);
	if (track->mode != SP_MODE_MODE1 && track->mode != SP_MODE_DATA2048)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "track 1 is %s", sp_mode_name(track->mode));
	if (disc->medium == SP_MEDIUM_CD && track->start != 0 && track->mode == SP_MODE_MODE1)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "track 1 does not begin at LBA 0");
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored && disc->region[i].lba < track->start)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "there are sectors before track 1 to be kept");
	return 0;
}

static int burner_takes_indexes(const struct sp_track *track, struct sp_error *err)
{
	unsigned last = 1;

	for (unsigned i = 2; i <= SP_INDEX_MAX; i++) {
		if (track->index[i] == SP_LBA_NONE)
			continue;
		if (i != last + 1)
			return sp_fail(err, SP_ERR_UNSUPPORTED, "track %u lacks an index before %u",
				       track->number, i);
		last = i;
	}
	return 0;
}

static int burner_takes_audio(const struct sp_disc *disc, struct sp_error *err)
{
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *track = &disc->track[i];

		if (track->mode != SP_MODE_AUDIO)
			return sp_fail(err, SP_ERR_UNSUPPORTED, "audio and data on one disc");
		if (track->length < TRACK_LEAST)
			return sp_fail(err, SP_ERR_UNSUPPORTED, "track %u is shorter than 4 s",
				       track->number);
		const int r = burner_takes_indexes(track, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];

		if (region->lba < 0 && (region->stored || region->lba + (sp_lba)region->count > 0))
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "there are sectors before LBA 0 to be kept");
	}
	return 0;
}

int sp_burner_takes(const struct sp_disc *disc, struct sp_error *err)
{
	if (!disc->tracks)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "there is no track");
	if (disc->sessions > 1)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%zu sessions", disc->sessions);
	if (disc->medium == SP_MEDIUM_GD)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "a GD-ROM fits no medium");
	return sp_burner_is_audio(disc) ? burner_takes_audio(disc, err)
					: burner_takes_data(disc, err);
}

unsigned sp_burner_wants(const struct sp_disc *disc, const struct sp_region *region)
{
	if (region->kind == SP_REGION_GAP || !disc || !disc->tracks)
		return 0;
	if (sp_burner_is_audio(disc))
		return region->lba < 0 ? 0 : SP_PART_USER;
	return region->lba < disc->track[0].start ? 0 : SP_PART_USER;
}

uint64_t sp_burner_bytes(const struct sp_disc *disc, const struct sp_track *track)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];

		if (region->track == track->number && sp_burner_wants(disc, region))
			bytes += region->count * sp_sector_size(region->mode, SP_PART_USER);
	}
	return bytes;
}

uint64_t sp_burner_sectors(const struct sp_disc *disc)
{
	const uint64_t size = sp_burner_is_audio(disc) ? 2352 : 2048;
	uint64_t sectors = 0;

	for (size_t i = 0; i < disc->tracks; i++)
		sectors += (sp_burner_bytes(disc, &disc->track[i]) + size - 1) / size;
	return sectors;
}
