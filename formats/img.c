/* SPDX-License-Identifier: GPL-3.0-or-later */
/* img: the 512-byte blocks of a floppy, hard disk or USB stick, and nothing else. */
#include "formats/img.h"

#include "base/bytes.h"
#include "disc/data.h"
#include "disc/partition.h"
#include "formats/formats.h"
#include "stream/extents.h"
#include "stream/loss.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ".img" first: new files get it */
static const char *const img_extension[] = {".img", ".ima", ".dsk", ".flp", ".vfd", NULL};

static bool img_named(const char *path, const char *const *extension)
{
	const char *dot = path ? strrchr(path, '.') : NULL;

	for (; dot && *extension; extension++)
		if (!strcasecmp(dot, *extension))
			return true;
	return false;
}

/* Macintosh CDs may have nothing but Apple's own volumes: such a file is a disc where its name says
 * so and it is made of 2048-byte sectors. */
static bool img_is_mac_disc(const struct sp_probe *probe, unsigned scheme, unsigned filesystem)
{
	static const char *const disc[] = {".iso", ".cdr", ".toast", NULL};

	return (scheme == SP_SCHEME_APM || filesystem == SP_FS_HFS || filesystem == SP_FS_HFSPLUS ||
		filesystem == SP_FS_HFSX) &&
	       probe->size % 2048 == 0 && probe->io && img_named(probe->io->name, disc);
}

/* An anchor (ECMA-167 3/10.2) says which sector it is, and so how large they are. */
static bool img_anchor(const struct sp_probe *probe, uint64_t sector, unsigned size)
{
	uint8_t d[16], sum = 0;

	if (sector >= probe->size / size ||
	    sp_io_read(probe->io, sector * size, d, sizeof(d), NULL) < 0)
		return false;
	for (unsigned i = 0; i < sizeof(d); i++)
		sum = (uint8_t)(sum + (i == 4 ? 0 : d[i]));
	return get_le16(d) == 2 && d[4] == sum && get_le32(d + 12) == sector;
}

/* UDF in a disk's blocks, that do not fill a disc's sectors. */
static bool img_is_udf_disk(const struct sp_probe *probe)
{
	for (unsigned size = SP_IMG_BLOCK; size <= 1024; size *= 2) {
		const uint64_t count = probe->size / size;

		if (!probe->io || probe->size % 2048 == 0 || probe->size % size || !count)
			continue;
		if (img_anchor(probe, 256, size) || img_anchor(probe, count - 1, size) ||
		    (count > 256 && img_anchor(probe, count - 257, size)))
			return true;
	}
	return false;
}

static int img_probe(const struct sp_probe *probe)
{
	const unsigned filesystem = sp_filesystem_find(probe->head, probe->head_size);
	const unsigned scheme =
		sp_scheme_find(probe->head, probe->head_size, probe->size / SP_IMG_BLOCK);

	/* hybrid discs carry partition tables too: they are what is on the disc */
	if (filesystem == SP_FS_UDF && img_is_udf_disk(probe))
		return 96;
	if (sp_filesystem_optical(filesystem))
		return 0;
	if (img_is_mac_disc(probe, scheme, filesystem))
		return 5;
	if (scheme == SP_SCHEME_GPT || scheme == SP_SCHEME_APM)
		return 80;
	if (scheme == SP_SCHEME_MBR || filesystem)
		return 60;
	/* nothing known: only where the name says so as well */
	return probe->size >= SP_IMG_BLOCK && probe->io && img_named(probe->io->name, img_extension)
		       ? 5
		       : 0;
}

struct sp_disc *sp_img_disc(uint64_t blocks)
{
	return sp_disc_plain(SP_MEDIUM_BLOCK, SP_MODE_BLOCK512, blocks);
}

static int img_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	const uint64_t over = io->size % SP_IMG_BLOCK;
	const uint64_t blocks = io->size / SP_IMG_BLOCK + (over ? 1 : 0);
	struct sp_extents map = {0};
	const struct sp_extent extent = {.count = blocks,
					 .io = io,
					 .stride = SP_IMG_BLOCK,
					 .mode = SP_MODE_BLOCK512,
					 .parts = SP_PART_USER,
					 .encoding = over ? SP_ENC_PADDED : 0};

	if (io->size < SP_IMG_BLOCK)
		return sp_fail(err, SP_ERR_FORMAT, "%s: %llu bytes are less than one block",
			       io->name, (unsigned long long)io->size);
	struct sp_disc *disc = sp_img_disc(blocks);
	int r = disc ? sp_disc_check(disc, err) : sp_fail_memory(err);
	if (!r)
		r = sp_extents_add(&map, &extent, false, true, err);
	if (!r)
		r = sp_extents_own(&map, io, err);
	if (!r)
		r = sp_extents_source(out, disc, &map, err);
	if (r < 0) {
		map.ios = 0; /* io stays the caller's */
		sp_extents_clear(&map);
		sp_disc_free(disc);
		return r;
	}
	if (over)
		sp_note(sp_options_notes(options),
			"%s: ends inside block %llu: %llu bytes missing, filled with zeros",
			io->name, (unsigned long long)(blocks - 1),
			(unsigned long long)(SP_IMG_BLOCK - over));
	sp_img_describe(io, sp_options_notes(options));
	return 0;
}

struct img_sink {
	struct sp_sink sink;
	struct sp_extents map; /* its one io is the image */
};

static unsigned img_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->mode == SP_MODE_BLOCK512 && region->stored ? SP_PART_USER : 0;
}

/* Sectors of a disc are no blocks: other programs would read the file as another disc. */
static int img_losses(struct sp_sink *sink, const struct sp_disc *disc, struct sp_losses *losses,
		      struct sp_error *err)
{
	static const struct sp_sink_ops plain = {.wants = img_wants};
	struct sp_sink common = *sink;

	common.ops = &plain;
	const int r = sp_losses_layout(losses, &common, disc, err);
	if (!r && losses->count[SP_LOSS_TRACKS])
		losses->text[SP_LOSS_TRACKS] =
			disc->track[0].mode == SP_MODE_DATA2048
				? "sectors of 2048 bytes (--to iso writes the same bytes)"
				: "sectors of a CD: a block image has 512-byte blocks of a disk "
				  "(see --to ccd, cue or raw)";
	return r;
}

static int img_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct img_sink *img = (struct img_sink *)sink;
	struct sp_extent extent = {.io = img->map.io[0],
				   .stride = SP_IMG_BLOCK,
				   .mode = SP_MODE_BLOCK512,
				   .parts = SP_PART_USER};

	(void)source;
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];

		if (!img_wants(sink, region))
			continue;
		extent.lba = region->lba;
		extent.count = region->count;
		const int r = sp_extents_add(&img->map, &extent, false, false, err);
		if (r < 0)
			return r;
		extent.offset += region->count * SP_IMG_BLOCK;
	}
	if (!img->map.mains)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: there are no 512-byte blocks to make a block image of",
			       img->map.io[0]->name);
	return 0;
}

static int img_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	return sp_extents_write(&((struct img_sink *)sink)->map, span, err);
}

static int img_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	(void)sink, (void)disc, (void)err;
	return 0;
}

static void img_close(struct sp_sink *sink)
{
	struct img_sink *img = (struct img_sink *)sink;

	sp_extents_clear(&img->map);
	free(img);
}

static unsigned img_carries(const struct sp_options *options)
{
	(void)options;
	return 0;
}

static int img_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		      struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = img_wants,
					       .begin = img_begin,
					       .write = img_write,
					       .finish = img_finish,
					       .close = img_close,
					       .losses = img_losses};
	struct img_sink *img = calloc(1, sizeof(*img));

	if (!img)
		return sp_fail_memory(err);
	img->sink = (struct sp_sink){
		.ops = &ops, .flags = SP_SINK_PLAIN, .carries = img_carries(options)};
	const int r = sp_extents_own(&img->map, io, err);
	if (r < 0) {
		free(img);
		return r;
	}
	*out = &img->sink;
	return 0;
}

const struct sp_format sp_format_img = {
	.name = "img",
	.summary = "512-byte blocks of a hard disk, floppy or USB stick",
	.extension = img_extension,
	.flags = SP_FORMAT_STREAMS,
	.carries = img_carries,
	.probe = img_probe,
	.open = img_open,
	.create = img_create,
};
