/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files without a sheet from anywhere: probed, opened as raw sectors by content and by options, and
 * as a plain disk; what opens is a sound disc whose sectors can be read. */
#include "disc/sector.h"
#include "formats/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".raw";

static void fuzz_note(void *user, const char *text)
{
	*(size_t *)user += strlen(text);
}

static void fuzz_read_sectors(struct sp_source *src)
{
	uint8_t data[4 * (SP_RAW_SIZE + SP_SUB_SIZE)];
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

static void fuzz_open(const struct sp_format *format, struct sp_memory *mem, const char *key,
		      const char *value)
{
	size_t said = 0;
	const struct sp_notes notes = {fuzz_note, &said};
	const struct sp_option option = {key, value};
	const struct sp_options options = {
		.option = &option, .options = key != NULL, .notes = &notes};
	struct sp_error err = {0};
	struct sp_source *src;
	struct sp_io *io;

	if (sp_memory_open(mem, "fuzz.raw", false, &io, &err) < 0)
		abort();
	if (format->open(&src, io, &options, &err) < 0) {
		if (!err.text[0])
			abort();
		sp_io_close(io);
		return;
	}
	/* raw sectors say what they were taken for; a disk has something to say only if it is odd
	 */
	if (sp_disc_check(src->disc, &err) < 0 || (format == &sp_format_raw && !said))
		abort();
	fuzz_read_sectors(src);
	sp_source_close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const option[][2] = {{NULL, NULL},       {"stride", "2332"},
						{"stride", "2432"}, {"stride", "2368"},
						{"mode", "xa"},     {"start", "-30"}};
	struct sp_memory *mem = sp_memory_new();
	const struct sp_format *found;
	struct sp_error err;
	struct sp_io *io;

	if (!mem || sp_memory_put(mem, "fuzz.raw", data, size) < 0 ||
	    sp_memory_open(mem, "fuzz.raw", false, &io, &err) < 0)
		abort();
	sp_identify(&found, io, &err);
	sp_io_close(io);
	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++)
		fuzz_open(&sp_format_raw, mem, option[i][0], option[i][1]);
	fuzz_open(&sp_format_img, mem, NULL, NULL);
	sp_memory_free(mem);
	return 0;
}
