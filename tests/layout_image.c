/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every layout as an image, its facts as lines and its sectors as others are to read them:
 * layout_image LAYOUT… makes NAME.disc, NAME.sectors (2352 bytes of each stored sector of a CD in
 * order, 2048 of others') and prints
 *
 *   layout NAME MEDIUM SESSIONS
 *   track NUMBER SESSION MODE CONTROL START LENGTH
 *   region LBA COUNT MODE        stored, and in NAME.sectors
 */
#include "tests/layouts.h"

#include "disc/sector.h"

#include <spindle/spindle.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void image_fail(const char *name, const struct sp_error *err)
{
	fprintf(stderr, "%s: %s\n", name, err->text);
	exit(1);
}

static void image_facts(const char *name, const struct sp_disc *disc)
{
	printf("layout %s %u %zu\n", name, disc->medium, disc->sessions);
	for (size_t i = 0; i < disc->tracks; i++) {
		const struct sp_track *track = &disc->track[i];

		printf("track %u %u %s %u %" PRId64 " %" PRIu64 "\n", track->number, track->session,
		       sp_mode_name(track->mode), track->control, track->start, track->length);
	}
}

static void image_region(struct sp_source *source, const struct sp_region *region, FILE *out)
{
	const unsigned want =
		source->disc->medium == SP_MEDIUM_CD || source->disc->medium == SP_MEDIUM_GD
			? SP_PART_MAIN
			: SP_PART_USER;
	const unsigned mode = region->mode == SP_MODE_DATA2048 && want == SP_PART_MAIN
				      ? SP_MODE_MODE1
				      : region->mode;
	struct sp_error err = {0};

	printf("region %" PRId64 " %" PRIu64 " %s\n", region->lba, region->count,
	       sp_mode_name(region->mode));
	for (uint64_t i = 0; i < region->count; i++) {
		uint8_t data[SP_RAW_SIZE + SP_SUB_SIZE], main[SP_RAW_SIZE];
		const sp_lba lba = region->lba + (sp_lba)i;
		uint16_t state = 0;
		struct sp_span span = {.lba = lba,
				       .count = 1,
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = sp_sector_size(region->mode, region->parts),
				       .data = data,
				       .state = &state};

		if (sp_source_read(source, &span, &err) < 0 ||
		    sp_sector_convert(source->disc, mode, region->parts, want, lba, 1, data, main,
				      NULL, NULL, &err) < 0)
			image_fail("sectors", &err);
		if (fwrite(main, sp_sector_size(mode, want), 1, out) != 1)
			exit(1);
	}
}

static void image_make(const char *name)
{
	const struct sp_options options = {0};
	struct sp_source *source = layout_source(layout_named(name), 11);
	struct sp_output out = {0};
	struct sp_error err = {0};
	char path[64];

	snprintf(path, sizeof(path), "%s.disc", name);
	if (sp_output_create(&out, path, "store", 0, &options, &err) < 0)
		image_fail(name, &err);
	struct sp_copy copy = {.source = source, .sink = out.sink};
	if (sp_copy(&copy, &err) < 0 || sp_output_commit(&out, &err) < 0)
		image_fail(name, &err);
	sp_output_close(&out);
	image_facts(name, source->disc);
	snprintf(path, sizeof(path), "%s.sectors", name);
	FILE *file = fopen(path, "wb");
	if (!file)
		exit(1);
	for (size_t i = 0; i < source->disc->regions; i++)
		if (source->disc->region[i].stored && source->disc->region[i].kind != SP_REGION_GAP)
			image_region(source, &source->disc->region[i], file);
	if (fclose(file))
		exit(1);
	sp_source_close(source);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		image_make(argv[i]);
	return 0;
}
