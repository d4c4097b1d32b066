/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink of raw: every sector of a session with its framing, in order, and nothing of the layout.
 */
#include "disc/sector.h"
#include "formats/raw.h"
#include "stream/extents.h"
#include "stream/loss.h"

#include <stdlib.h>
#include <string.h>

struct raw_sink {
	struct sp_sink sink;
	struct sp_extents map; /* its one io is the image */
	unsigned sub, encoding;
	unsigned session; /* the one that is kept: that of the first stored region asked about … */
	sp_lba first;     /* … and where that begins; SP_LBA_NONE: none yet */
};

/* Regions are asked about in ascending order. From the first stored one on all are wanted, so that
 * a sector's place in the file is its place on the disc. */
static unsigned raw_wants(struct sp_sink *sink, const struct sp_region *region)
{
	struct raw_sink *raw = (struct raw_sink *)sink;
	const unsigned data2048 = SP_PART_SYNC | SP_PART_HEADER | SP_PART_USER | SP_PART_ECC;

	if (raw->first == SP_LBA_NONE && region->stored) {
		raw->first = region->lba;
		raw->session = region->session;
	}
	if (raw->first == SP_LBA_NONE || region->lba < raw->first ||
	    region->session != raw->session || region->kind == SP_REGION_GAP ||
	    region->mode == SP_MODE_BLOCK512)
		return 0;
	return (region->mode == SP_MODE_DATA2048 ? data2048 : sp_mode_parts(region->mode)) |
	       raw->sub;
}

static const struct sp_region *raw_first(const struct sp_disc *disc)
{
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].stored)
			return &disc->region[i];
	return NULL;
}

/* What reading finds out again: a single track whose headers or Q say where it lies. */
static int raw_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		      struct sp_error *err)
{
	static const struct sp_sink_ops plain = {.wants = raw_wants};
	const struct sp_region *first = raw_first(disc);
	struct raw_sink common = *(struct raw_sink *)sink;

	common.sink.ops = &plain;
	const int r = sp_losses_layout(losses, &common.sink, disc, err);
	if (r < 0 || !first)
		return r;
	if (disc->tracks > 1) {
		losses->count[SP_LOSS_TRACKS] = disc->tracks;
		losses->text[SP_LOSS_TRACKS] = "where tracks begin and end";
	} else if (disc->track[0].start != (first->lba < 0 ? 0 : first->lba)) {
		losses->count[SP_LOSS_INDEX]++;
		losses->text[SP_LOSS_INDEX] = "where the pregap ends";
	} else if (first->lba && first->mode == SP_MODE_AUDIO && !common.sub) {
		losses->count[SP_LOSS_INDEX]++;
		losses->text[SP_LOSS_INDEX] = "where on the disc its samples lie (see -O pw=)";
	}
	return 0;
}

static int raw_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct raw_sink *raw = (struct raw_sink *)sink;
	struct sp_extent extent = {.io = raw->map.io[0], .encoding = raw->encoding};

	(void)source;
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];

		extent.parts = raw_wants(sink, region);
		if (!extent.parts)
			continue;
		extent.lba = region->lba;
		extent.count = region->count;
		extent.mode = region->mode;
		extent.stride = (uint32_t)sp_sector_size(region->mode, extent.parts);
		const int r = sp_extents_add(&raw->map, &extent, false, false, err);
		if (r < 0)
			return r;
		extent.offset += region->count * extent.stride;
	}
	if (!raw->map.mains)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: there are no sectors of a CD to make a raw image of",
			       raw->map.io[0]->name);
	return 0;
}

static int raw_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	return sp_extents_write(&((struct raw_sink *)sink)->map, span, err);
}

static int raw_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	(void)sink, (void)disc, (void)err;
	return 0;
}

static void raw_close(struct sp_sink *sink)
{
	struct raw_sink *raw = (struct raw_sink *)sink;

	sp_extents_clear(&raw->map);
	free(raw);
}

unsigned sp_raw_carries(const struct sp_options *options)
{
	const char *pw = sp_options_get(options, "pw");

	return pw && strcmp(pw, "none") != 0 ? SP_CARRY(SP_LOSS_SUBCHANNEL) : 0;
}

int sp_raw_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = raw_wants,
					       .begin = raw_begin,
					       .write = raw_write,
					       .finish = raw_finish,
					       .close = raw_close,
					       .losses = raw_losses};
	const char *pw = sp_options_get(options, "pw");
	struct raw_sink *raw = calloc(1, sizeof(*raw));

	if (!raw)
		return sp_fail_memory(err);
	raw->sink = (struct sp_sink){.ops = &ops,
				     .flags = SP_SINK_PLAIN,
				     .carries = sp_raw_carries(options),
				     .msf_end = SP_LBA_MSF_END};
	raw->sub = raw->sink.carries ? SP_PART_PW : 0;
	raw->encoding = pw && !strcmp(pw, "linear") ? SP_ENC_SUB_LINEAR : 0;
	raw->first = SP_LBA_NONE;
	const int r = sp_extents_own(&raw->map, io, err);
	if (r < 0) {
		free(raw);
		return r;
	}
	*out = &raw->sink;
	return 0;
}
