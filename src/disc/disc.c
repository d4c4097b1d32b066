/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disc model: build it, copy it, ask it. */
#include <spindle/disc.h>

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define REGION_MAX 65536
#define PACK_SIZE  18

struct sp_disc *sp_disc_new(void)
{
	struct sp_disc *disc = calloc(1, sizeof(*disc));

	if (disc)
		disc->layer_break = SP_LBA_NONE;
	return disc;
}

void sp_disc_free(struct sp_disc *disc)
{
	if (!disc)
		return;
	for (size_t i = 0; i < disc->texts; i++)
		free(disc->text[i].text);
	free(disc->session);
	free(disc->track);
	free(disc->region);
	free(disc->text);
	free(disc->cdtext);
	free(disc->full_toc);
	free(disc->pfi);
	free(disc->dmi);
	free(disc);
}

struct sp_session *sp_disc_add_session(struct sp_disc *disc)
{
	const unsigned number = disc->sessions ? disc->session[disc->sessions - 1].number + 1 : 1;

	if (disc->sessions >= SP_TRACK_MAX || number > SP_TRACK_MAX)
		return NULL;
	struct sp_session *list = sp_grow(disc->session, disc->sessions, sizeof(*list));
	if (!list)
		return NULL;
	disc->session = list;
	list += disc->sessions++;
	*list = (struct sp_session){.number = number};
	return list;
}

struct sp_track *sp_disc_add_track(struct sp_disc *disc)
{
	const unsigned number = disc->tracks ? disc->track[disc->tracks - 1].number + 1 : 1;

	if (disc->tracks >= SP_TRACK_MAX || number > SP_TRACK_MAX)
		return NULL;
	struct sp_track *list = sp_grow(disc->track, disc->tracks, sizeof(*list));
	if (!list)
		return NULL;
	disc->track = list;
	list += disc->tracks++;
	*list = (struct sp_track){
		.number = number,
		.session = disc->sessions ? disc->session[disc->sessions - 1].number : 1};
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++)
		list->index[i] = SP_LBA_NONE;
	return list;
}

struct sp_region *sp_disc_add_region(struct sp_disc *disc, const struct sp_region *region)
{
	const struct sp_region added = *region; /* it may lie in the list that moves */

	if (disc->regions >= REGION_MAX)
		return NULL;
	struct sp_region *list = sp_grow(disc->region, disc->regions, sizeof(*list));
	if (!list)
		return NULL;
	disc->region = list;
	list += disc->regions++;
	*list = added;
	return list;
}

static struct sp_text *disc_find_text(const struct sp_disc *disc, unsigned block, unsigned track,
				      unsigned type)
{
	for (size_t i = 0; i < disc->texts; i++) {
		struct sp_text *text = &disc->text[i];

		if (text->track == track && text->type == type && text->block == block)
			return text;
	}
	return NULL;
}

int sp_disc_set_block_text(struct sp_disc *disc, unsigned block, unsigned track, unsigned type,
			   const char *text)
{
	const bool remark = type == SP_TEXT_REMARK;
	struct sp_text *old = remark ? NULL : disc_find_text(disc, block, track, type);

	if (track > SP_TRACK_MAX || block >= SP_TEXT_BLOCKS || (remark && block))
		return SP_ERR_USAGE;
	if (!remark && (!text || !*text)) {
		if (old) {
			free(old->text);
			disc->texts--;
			memmove(old, old + 1,
				(size_t)(disc->text + disc->texts - old) * sizeof(*old));
		}
		return 0;
	}
	char *copy = strdup(text ? text : "");
	if (!copy)
		return SP_ERR_MEMORY;
	if (old) {
		free(old->text);
		old->text = copy;
		return 0;
	}
	struct sp_text *list = sp_grow(disc->text, disc->texts, sizeof(*list));
	if (!list) {
		free(copy);
		return SP_ERR_MEMORY;
	}
	disc->text = list;
	list[disc->texts++] =
		(struct sp_text){.track = track, .type = type, .text = copy, .block = block};
	return 0;
}

int sp_disc_set_text(struct sp_disc *disc, unsigned track, unsigned type, const char *text)
{
	return sp_disc_set_block_text(disc, 0, track, type, text);
}

const char *sp_disc_block_text(const struct sp_disc *disc, unsigned block, unsigned track,
			       unsigned type)
{
	const struct sp_text *text = disc_find_text(disc, block, track, type);

	return text ? text->text : NULL;
}

const char *sp_disc_text(const struct sp_disc *disc, unsigned track, unsigned type)
{
	return sp_disc_block_text(disc, 0, track, type);
}

/* A copy of `size` bytes in *to, which is freed; none of none. */
static int disc_set_bytes(uint8_t **to, size_t *to_size, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = size && bytes ? malloc(size) : NULL;

	if (size && bytes && !copy)
		return SP_ERR_MEMORY;
	if (copy)
		memcpy(copy, bytes, size);
	free(*to);
	*to = copy;
	if (to_size)
		*to_size = copy ? size : 0;
	return 0;
}

int sp_disc_set_cdtext(struct sp_disc *disc, const uint8_t *packs, size_t size)
{
	if (size % PACK_SIZE)
		return SP_ERR_USAGE;
	return disc_set_bytes(&disc->cdtext, &disc->cdtext_size, packs, size);
}

static int disc_copy_lists(struct sp_disc *to, const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->sessions; i++) {
		struct sp_session *session = sp_disc_add_session(to);

		if (!session)
			return SP_ERR_MEMORY;
		*session = disc->session[i];
	}
	for (size_t i = 0; i < disc->tracks; i++) {
		struct sp_track *track = sp_disc_add_track(to);

		if (!track)
			return SP_ERR_MEMORY;
		*track = disc->track[i];
	}
	for (size_t i = 0; i < disc->regions; i++)
		if (!sp_disc_add_region(to, &disc->region[i]))
			return SP_ERR_MEMORY;
	for (size_t i = 0; i < disc->texts; i++) {
		const struct sp_text *text = &disc->text[i];

		if (sp_disc_set_block_text(to, text->block, text->track, text->type, text->text))
			return SP_ERR_MEMORY;
	}
	return 0;
}

struct sp_disc *sp_disc_copy(const struct sp_disc *disc)
{
	struct sp_disc *copy = sp_disc_new();

	if (!copy)
		return NULL;
	copy->medium = disc->medium;
	copy->profile = disc->profile;
	copy->layer_break = disc->layer_break;
	memcpy(copy->block, disc->block, sizeof(copy->block));
	memcpy(copy->mcn, disc->mcn, sizeof(copy->mcn));
	if (disc_copy_lists(copy, disc) ||
	    disc_set_bytes(&copy->cdtext, &copy->cdtext_size, disc->cdtext, disc->cdtext_size) ||
	    disc_set_bytes(&copy->full_toc, &copy->full_toc_size, disc->full_toc,
			   disc->full_toc_size) ||
	    disc_set_bytes(&copy->pfi, NULL, disc->pfi, 2048) ||
	    disc_set_bytes(&copy->dmi, NULL, disc->dmi, 2048)) {
		sp_disc_free(copy);
		return NULL;
	}
	return copy;
}

const struct sp_region *sp_disc_region(const struct sp_disc *disc, sp_lba lba)
{
	size_t low = 0, high = disc->regions;

	while (low < high) { /* the first region that begins after lba */
		const size_t middle = low + (high - low) / 2;

		if (disc->region[middle].lba > lba)
			high = middle;
		else
			low = middle + 1;
	}
	if (!low)
		return NULL;
	const struct sp_region *region = &disc->region[low - 1];
	return (uint64_t)lba - (uint64_t)region->lba < region->count ? region : NULL;
}

const struct sp_track *sp_disc_track(const struct sp_disc *disc, unsigned number)
{
	for (size_t i = 0; i < disc->tracks; i++)
		if (disc->track[i].number == number)
			return &disc->track[i];
	return NULL;
}

uint64_t sp_disc_sectors(const struct sp_disc *disc)
{
	uint64_t count = 0;

	for (size_t i = 0; i < disc->regions; i++)
		count += disc->region[i].count;
	return count;
}

uint64_t sp_disc_stored(const struct sp_disc *disc)
{
	uint64_t count = 0;

	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored)
			count += disc->region[i].count;
	return count;
}

const char *sp_medium_name(unsigned medium)
{
	static const char *const name[] = {[SP_MEDIUM_CD] = "cd",
					   [SP_MEDIUM_GD] = "gd",
					   [SP_MEDIUM_DVD] = "dvd",
					   [SP_MEDIUM_BD] = "bd",
					   [SP_MEDIUM_BLOCK] = "block"};

	return medium < sizeof(name) / sizeof(name[0]) ? name[medium] : "unknown";
}

const char *sp_mode_name(unsigned mode)
{
	static const char *const name[SP_MODES] = {
		[SP_MODE_AUDIO] = "audio",       [SP_MODE_MODE1] = "mode1",
		[SP_MODE_MODE2] = "mode2",       [SP_MODE_XA] = "xa",
		[SP_MODE_XA_FORM1] = "xa",       [SP_MODE_XA_FORM2] = "xa",
		[SP_MODE_DATA2048] = "data2048", [SP_MODE_BLOCK512] = "block512"};

	return mode < SP_MODES ? name[mode] : "unknown";
}

const char *sp_region_kind_name(unsigned kind)
{
	static const char *const name[] = {[SP_REGION_PREGAP] = "pregap",
					   [SP_REGION_TRACK] = "track",
					   [SP_REGION_POSTGAP] = "postgap",
					   [SP_REGION_GAP] = "gap"};

	return kind < sizeof(name) / sizeof(name[0]) ? name[kind] : "unknown";
}
