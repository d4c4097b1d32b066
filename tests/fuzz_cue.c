/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cue sheets from anywhere: opened over files that are always there, a few sectors of each region
 * read, and what opened is printed again as a sheet that must be read. */
#include "disc/sector.h"
#include "formats/cue_parse.h"
#include "formats/formats.h"
#include "tests/cue_folder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".cue";

/* The sheet, and beside it a file for every name. */
struct fuzz_io {
	struct sp_io io;
	struct sp_io *sheet;
};

static int fuzz_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_io_read(((struct fuzz_io *)io)->sheet, at, data, size, err);
}

/* A WAVE file of 80 minutes of silence that takes no memory. */
static int fuzz_read_wave(struct sp_io *io, uint64_t at, void *data, size_t size,
			  struct sp_error *err)
{
	static const uint8_t head[44] = "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\2\0"
					"\x44\xac\0\0\x10\xb1\2\0\4\0\x10\0data\xff\xff\xff\xff";
	uint8_t *to = data;

	(void)io;
	(void)err;
	for (size_t i = 0; i < size; i++)
		to[i] = at + i < sizeof(head) ? head[at + i] : 0;
	return 0;
}

static void fuzz_close_wave(struct sp_io *io)
{
	free(io);
}

static int fuzz_open_wave(struct sp_io **out)
{
	static const struct sp_io_ops ops = {.read = fuzz_read_wave, .close = fuzz_close_wave};

	*out = calloc(1, sizeof(**out));
	if (!*out)
		abort();
	**out = (struct sp_io){.ops = &ops, .name = "long.wav", .size = 44 + 360000ull * 2352};
	return 0;
}

static int fuzz_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	static const char *const file[][2] = {
		{".aiff", "a.aiff"}, {".flac", "x.flac"}, {".cdt", "t.cdt"},
		{".sub", "c.sub"},   {".img", "xa.bin"},
	};
	const char *dot = strrchr(name, '.'), *found = "long.bin";

	if (dot && !strcasecmp(dot, ".wav"))
		return fuzz_open_wave(out);
	if (name[0] == 'c' || name[0] == 'C')
		found = "c.bin";
	for (size_t i = 0; dot && i < sizeof(file) / sizeof(file[0]); i++)
		if (!strcasecmp(dot, file[i][0]))
			found = file[i][1];
	return sp_io_sibling(((struct fuzz_io *)io)->sheet, found, out, err);
}

static void fuzz_close(struct sp_io *io)
{
	sp_io_close(((struct fuzz_io *)io)->sheet);
	free(io);
}

static struct sp_io *fuzz_open(struct sp_memory *mem)
{
	static const struct sp_io_ops ops = {
		.read = fuzz_read, .sibling = fuzz_sibling, .close = fuzz_close};
	struct fuzz_io *io = calloc(1, sizeof(*io));

	if (!io || sp_memory_open(mem, "fuzz.cue", false, &io->sheet, NULL) < 0)
		abort();
	io->io = (struct sp_io){.ops = &ops, .name = "fuzz.cue", .size = io->sheet->size};
	return &io->io;
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
	struct sp_memory *mem = sp_memory_new();
	struct sp_options options = {0};
	struct sp_cue_sheet sheet;
	struct sp_sink *sink;
	struct sp_error err;
	struct sp_io *io;
	uint64_t size;

	if (!mem || sp_memory_open(mem, "out.cue", true, &io, &err) < 0 ||
	    sp_format_cue.create(&sink, io, &options, &err) < 0)
		abort();
	if (!sink->ops->begin(sink, disc, NULL, &err) && !sink->ops->finish(sink, disc, &err)) {
		const uint8_t *text = sp_memory_get(mem, "out.cue", &size);

		if (sp_cue_parse(&sheet, "out.cue", text, (size_t)size, NULL, NULL, &err) < 0 ||
		    sheet.tracks != disc->tracks || sheet.sessions != disc->sessions)
			abort();
		sp_cue_sheet_clear(&sheet);
	}
	sp_sink_close(sink);
	sp_memory_free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct folder folder; /* the same for every sheet */
	const struct sp_options options = {.notes = &folder.sink};
	struct sp_source *src;
	struct sp_error err = {0};

	if (!folder.mem) {
		folder_make(&folder);
		sp_memory_put(folder.mem, "t.cdt", "\x80\1\0\0Title\0\0\0\0\0\0\0\0\0", 18);
		sp_memory_put(folder.mem, "c.sub", NULL, 200 * 96);
	}
	folder.notes[0] = '\0';
	if (sp_memory_put(folder.mem, "fuzz.cue", data, size) < 0)
		abort();
	struct sp_io *io = fuzz_open(folder.mem);
	const struct sp_probe probe = {.head = data,
				       .head_size = size < SP_PROBE_HEAD ? size : SP_PROBE_HEAD,
				       .size = size,
				       .io = io};
	sp_format_cue.probe(&probe);
	if (sp_format_cue.open(&src, io, &options, &err) < 0) {
		if (!err.text[0])
			abort();
		sp_io_close(io);
		return 0;
	}
	fuzz_read_sectors(src);
	fuzz_print(src->disc);
	sp_source_close(src);
	return 0;
}
