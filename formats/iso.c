/* SPDX-License-Identifier: GPL-3.0-or-later */
/* iso: the 2048-byte user data of one data track and nothing else. */
#include "disc/data.h"
#include "formats/formats.h"
#include "stream/extents.h"

#include <spindle/format.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ISO_SECTOR = 2048 };

static int iso_probe(const struct sp_probe *probe)
{
	const uint8_t *volume = probe->head + 16 * ISO_SECTOR;
	const size_t name = strlen(probe->io->name);

	if (probe->head_size >= 17 * ISO_SECTOR) {
		if (!memcmp(volume + 1, "CD001", 5) || !memcmp(volume + 9, "CDROM", 5) ||
		    !memcmp(volume + 1, "CD-I ", 5) || !memcmp(volume + 1, "BEA01", 5))
			return 95;
	}
	/* a file system not known here, or none: only where the name says so as well */
	return probe->size >= ISO_SECTOR && name > 4 &&
			       !strcasecmp(probe->io->name + name - 4, ".iso")
		       ? 10
		       : 0;
}

/* What the volume's own size says of the file's; trims what follows it only when asked. */
static void iso_compare_size(struct sp_source *src, const char *name,
			     const struct sp_options *options)
{
	const char *trim = sp_options_get(options, "trim");
	const struct sp_notes *notes = sp_options_notes(options);
	const uint64_t sectors = src->disc->region[0].count;
	struct sp_volume volume;

	/* what cannot be read says nothing of the volume; whoever reads on will be told */
	if (sp_volume_find(&volume, src, 0, sectors, NULL) < 0)
		return;
	if (!volume.kinds)
		sp_note(notes,
			"%s: no ISO 9660, High Sierra or UDF volume; taken as plain sectors of "
			"2048 bytes",
			name);
	if (!volume.sectors || volume.sectors == sectors)
		return;
	if (volume.sectors > sectors) {
		sp_note(notes,
			"%s: truncated: the volume has %llu sectors, the file %llu; %llu missing",
			name, (unsigned long long)volume.sectors, (unsigned long long)sectors,
			(unsigned long long)(volume.sectors - sectors));
		return;
	}
	const bool cut = trim && !strcmp(trim, "volume");
	sp_note(notes,
		"%s: %llu sectors follow the volume's end (run-out, padding or an appended "
		"partition), %s",
		name, (unsigned long long)(sectors - volume.sectors),
		cut ? "left out as asked" : "kept");
	if (cut)
		sp_disc_data_resize(src->disc, volume.sectors);
}

static int iso_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err)
{
	const uint64_t over = io->size % ISO_SECTOR;
	const uint64_t sectors = io->size / ISO_SECTOR + (over ? 1 : 0);
	struct sp_extents map = {0};
	const struct sp_extent extent = {.count = sectors,
					 .io = io,
					 .stride = ISO_SECTOR,
					 .mode = SP_MODE_DATA2048,
					 .parts = SP_PART_USER,
					 .encoding = over ? SP_ENC_PADDED : 0};

	if (io->size < ISO_SECTOR)
		return sp_fail(err, SP_ERR_FORMAT, "%s: %llu bytes are less than one sector",
			       io->name, (unsigned long long)io->size);
	struct sp_disc *disc = sp_disc_data(sectors);
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
			"%s: ends inside sector %llu: %llu bytes missing, filled with zeros",
			io->name, (unsigned long long)(sectors - 1),
			(unsigned long long)(ISO_SECTOR - over));
	iso_compare_size(*out, io->name, options);
	return 0;
}

struct iso_sink {
	struct sp_sink sink;
	struct sp_extents map; /* its one io is the image */
	unsigned track;        /* the one that is kept: the first data track asked about */
};

/* Regions are asked about in ascending order, so the first data track met is the first one. */
static unsigned iso_wants(struct sp_sink *sink, const struct sp_region *region)
{
	struct iso_sink *iso = (struct iso_sink *)sink;
	const bool data = region->mode == SP_MODE_MODE1 || region->mode == SP_MODE_DATA2048 ||
			  region->mode == SP_MODE_XA || region->mode == SP_MODE_XA_FORM1;

	if (!data || !region->stored || region->kind == SP_REGION_PREGAP ||
	    region->kind == SP_REGION_GAP)
		return 0;
	if (!iso->track)
		iso->track = region->track;
	if (region->track != iso->track)
		return 0;
	return region->mode == SP_MODE_XA ? SP_PART_USER | SP_PART_FORM1 : SP_PART_USER;
}

static int iso_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		     struct sp_error *err)
{
	struct iso_sink *iso = (struct iso_sink *)sink;
	struct sp_extent extent = {.io = iso->map.io[0], .stride = ISO_SECTOR};

	(void)source;
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *region = &disc->region[i];

		extent.parts = iso_wants(sink, region);
		if (!extent.parts)
			continue;
		extent.lba = region->lba;
		extent.count = region->count;
		extent.mode = region->mode;
		const int r = sp_extents_add(&iso->map, &extent, false, false, err);
		if (r < 0)
			return r;
		extent.offset += region->count * ISO_SECTOR;
	}
	if (!iso->map.mains)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: there is no data track to make an .iso of",
			       iso->map.io[0]->name);
	return 0;
}

static int iso_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	return sp_extents_write(&((struct iso_sink *)sink)->map, span, err);
}

static int iso_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	(void)sink, (void)disc, (void)err;
	return 0;
}

static void iso_close(struct sp_sink *sink)
{
	struct iso_sink *iso = (struct iso_sink *)sink;

	sp_extents_clear(&iso->map);
	free(iso);
}

static unsigned iso_carries(const struct sp_options *options)
{
	(void)options;
	return 0;
}

static int iso_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		      struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = iso_wants,
					       .begin = iso_begin,
					       .write = iso_write,
					       .finish = iso_finish,
					       .close = iso_close};
	struct iso_sink *iso = calloc(1, sizeof(*iso));

	if (!iso)
		return sp_fail_memory(err);
	iso->sink = (struct sp_sink){
		.ops = &ops, .flags = SP_SINK_PLAIN, .carries = iso_carries(options)};
	const int r = sp_extents_own(&iso->map, io, err);
	if (r < 0) {
		free(iso);
		return r;
	}
	*out = &iso->sink;
	return 0;
}

const struct sp_format sp_format_iso = {
	.name = "iso",
	.summary = "2048-byte sectors of one data track",
	.extension = (const char *const[]){".iso", NULL},
	.flags = SP_FORMAT_STREAMS,
	.option =
		(const struct sp_format_option[]){
			{"trim", "no|volume", "reading: leave out what follows the volume's end"},
			{NULL, NULL, NULL}},
	.carries = iso_carries,
	.probe = iso_probe,
	.open = iso_open,
	.create = iso_create,
};
