/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CloneCD sheets from anywhere: opened over an .img and a .sub of any size, a few sectors of each
 * region read, and what opened is printed again as a sheet that must be read. */
#include "disc/sector.h"
#include "formats/ccd.h"
#include "formats/formats.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".ccd";

/* The sheet; beside it files without end, as large as the sheet's lead-outs could want. */
struct fuzz_io {
	struct sp_io io;
	const uint8_t *data;
	unsigned turn; /* which sizes the files have */
};

static int fuzz_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	(void)err;
	memcpy(data, ((struct fuzz_io *)io)->data + at, size);
	return 0;
}

/* Every third sector of eight has a sync; the rest is what the place makes it. */
static int fuzz_read_file(struct sp_io *io, uint64_t at, void *data, size_t size,
			  struct sp_error *err)
{
	static const uint8_t sync[16] = "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\2\0\1";
	uint8_t *to = data;

	(void)io;
	(void)err;
	for (size_t i = 0; i < size; i++) {
		const uint64_t byte = (at + i) % SP_RAW_SIZE, sector = (at + i) / SP_RAW_SIZE;

		to[i] = byte < sizeof(sync) && sector % 64 < 32 ? sync[byte] : 0;
	}
	return 0;
}

static void fuzz_close(struct sp_io *io)
{
	free(io);
}

static int fuzz_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = fuzz_read_file, .close = fuzz_close};
	static const uint64_t size[] = {100, 20, 60, 80, 449850, 11480 - 11400};
	const unsigned turn = ((struct fuzz_io *)io)->turn;
	const bool sub = strstr(name, ".sub") != NULL;

	if (!sub && !strstr(name, ".img")) {
		if (err)
			*err = (struct sp_error){.status = SP_ERR_IO, .sys_errno = 2};
		return SP_ERR_IO;
	}
	*out = calloc(1, sizeof(**out));
	if (!*out)
		abort();
	**out = (struct sp_io){.ops = &ops,
			       .name = sub ? "fuzz.sub" : "fuzz.img",
			       .size = size[turn % 6] * (sub ? 96 : 2352) + (turn / 6) * 100};
	return 0;
}

static void fuzz_read_sectors(struct sp_source *src)
{
	uint8_t data[4 * 3000];
	uint16_t state[4];

	for (size_t i = 0; i < src->disc->regions && i < 64; i++) {
		const struct sp_region *r = &src->disc->region[i];
		const uint32_t count = r->count < 4 ? (uint32_t)r->count : 4;
		struct sp_error err;
		struct sp_span span = {.lba = r->lba,
				       .count = count,
				       .mode = r->mode,
				       .parts = r->parts,
				       .stride = sp_sector_size(r->mode, r->parts),
				       .data = data,
				       .state = state};

		memset(state, 0, sizeof(state));
		if (sp_source_read(src, &span, &err) < 0)
			abort();
		span.lba = r->lba + (sp_lba)(r->count - count);
		if (sp_source_read(src, &span, &err) < 0)
			abort();
	}
}

/* A sheet of what a sheet says is a sheet. */
static void fuzz_print(const struct sp_disc *disc)
{
	struct sp_ccd_part part[SP_TRACK_MAX + 1] = {{0}};
	struct sp_ccd_sheet sheet;
	struct sp_error err;
	size_t size;
	char *text;

	sp_ccd_plan(disc, part);
	if (sp_ccd_print(disc, part, disc->cdtext, disc->cdtext_size, &text, &size, &err) < 0 ||
	    sp_ccd_parse(&sheet, "out.ccd", text, size, NULL, &err) < 0 ||
	    strcmp(sheet.mcn, disc->mcn) != 0)
		abort();
	sp_ccd_sheet_clear(&sheet);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sp_io_ops ops = {
		.read = fuzz_read, .sibling = fuzz_sibling, .close = fuzz_close};
	const struct sp_probe probe = {.head = data,
				       .head_size = size < SP_PROBE_HEAD ? size : SP_PROBE_HEAD,
				       .size = size};

	sp_format_ccd.probe(&probe);
	/* a few of the sizes for a sheet that parses, one for the many that do not */
	for (unsigned turn = size % 4; turn < 12; turn += 4) {
		struct fuzz_io *io = calloc(1, sizeof(*io));
		struct sp_error err = {0};
		struct sp_source *src;

		if (!io)
			abort();
		*io = (struct fuzz_io){.io = {.ops = &ops, .name = "fuzz.ccd", .size = size},
				       .data = data,
				       .turn = turn};
		if (sp_format_ccd.open(&src, &io->io, NULL, &err) < 0) {
			if (!err.text[0])
				abort();
			free(io);
			if (!strstr(err.text, "fuzz.img"))
				return 0;
			continue;
		}
		fuzz_read_sectors(src);
		fuzz_print(src->disc);
		sp_source_close(src);
	}
	return 0;
}
