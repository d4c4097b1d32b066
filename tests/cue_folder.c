/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder in memory with the data files that test sheets name, and a disc in a few lines of text.
 */
#include "tests/cue_folder.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "formats/formats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void folder_note(void *user, const char *text)
{
	struct folder *folder = user;
	const size_t used = strlen(folder->notes);

	snprintf(folder->notes + used, sizeof(folder->notes) - used, "%s\n", text);
}

uint32_t folder_word(char letter, uint64_t offset)
{
	return (uint32_t)letter << 24 | (uint32_t)(offset / 4);
}

void folder_words(char letter, uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 4 <= size; at += 4)
		put_le32(data + at, folder_word(letter, at));
}

static void folder_add(struct folder *folder, const char *name, const void *data, uint64_t size)
{
	if (sp_memory_put(folder->mem, name, data, size) < 0)
		abort();
}

static void folder_add_words(struct folder *folder, const char *name, size_t size)
{
	uint8_t *data = calloc(1, size + 1);

	if (!data)
		abort();
	folder_words(name[0], data, size);
	folder_add(folder, name, data, size);
	free(data);
}

static void folder_add_wave(struct folder *folder, const char *name, unsigned channels,
			    unsigned rate, uint32_t said, uint32_t size)
{
	uint8_t *file = calloc(1, size + 56);

	if (!file)
		abort();
	memcpy(file, "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0", 22);
	put_le32(file + 4, size + 48);
	put_le16(file + 22, (uint16_t)channels);
	put_le32(file + 24, rate);
	put_le32(file + 28, rate * channels * 2);
	put_le16(file + 32, (uint16_t)(channels * 2));
	put_le16(file + 34, 16);
	memcpy(file + 36, "LIST\4\0\0\0INFOdata", 16);
	put_le32(file + 52, said);
	folder_words(name[0], file + 56, size);
	folder_add(folder, name, file, size + 56);
	free(file);
}

static void folder_add_aiff(struct folder *folder, const char *name, uint32_t size)
{
	static const uint8_t comm[] = {
		'F', 'O', 'R', 'M', 0, 0, 0, 0, 'A', 'I',  'F',  'F',  'C',  'O', 'M', 'M', 0, 0, 0,
		18,  0,   2,   0,   0, 0, 0, 0, 16,  0x40, 0x0e, 0xac, 0x44, 0,   0,   0,   0, 0, 0,
		'S', 'S', 'N', 'D', 0, 0, 0, 0, 0,   0,    0,    0,    0,    0,   0,   0};
	uint8_t *file = calloc(1, size + sizeof(comm));

	if (!file)
		abort();
	memcpy(file, comm, sizeof(comm));
	put_be32(file + 4, size + (uint32_t)sizeof(comm) - 8);
	put_be32(file + 42, size + 8);
	folder_words(name[0], file + sizeof(comm), size);
	sp_swap16(file + sizeof(comm), size);
	folder_add(folder, name, file, size + sizeof(comm));
	free(file);
}

static void folder_add_xa(struct folder *folder)
{
	uint8_t raw[40 * SP_RAW_SIZE], cooked[40 * 2336], user[2324];
	struct sp_error err;

	for (unsigned i = 0; i < 40; i++) {
		const unsigned mode = i % 3 ? SP_MODE_XA_FORM1 : SP_MODE_XA_FORM2;
		uint8_t *sector = raw + i * SP_RAW_SIZE;

		memset(user, (int)i, sizeof(user));
		if (sp_sector_convert(NULL, mode, SP_PART_USER, SP_PART_MAIN, i, 1, user, sector,
				      NULL, NULL, &err) < 0)
			abort();
		memcpy(cooked + i * 2336, sector + 16, 2336);
	}
	folder_add(folder, "xa.bin", raw, sizeof(raw));
	folder_add(folder, "xa2336.bin", cooked, sizeof(cooked));
}

void folder_make(struct folder *folder)
{
	*folder = (struct folder){.mem = sp_memory_new()};
	if (!folder->mem)
		abort();
	folder->sink = (struct sp_notes){folder_note, folder};
	folder_add_words(folder, "a.bin", 1000 * 2352);
	folder_add_words(folder, "b.bin", 500 * 2352);
	folder_add_words(folder, "c.bin", 200 * 2352);
	folder_add_words(folder, "user.bin", 100 * 2048);
	folder_add_words(folder, "cut.bin", 10 * 2352 + 100);
	folder_add(folder, "long.bin", NULL, 450000ull * 2352);
	folder_add(folder, "empty.bin", "", 0);
	folder_add_wave(folder, "a.wav", 2, 44100, 100 * 2352, 100 * 2352);
	folder_add_wave(folder, "b.wav", 2, 44100, UINT32_MAX, 50 * 2352);
	folder_add_wave(folder, "48k.wav", 2, 48000, 2352, 2352);
	folder_add_wave(folder, "mono.wav", 1, 44100, 2352, 2352);
	folder_add_wave(folder, "cut.wav", 2, 44100, 9999, 2352);
	folder_add_aiff(folder, "a.aiff", 30 * 2352);
	folder_add(folder, "x.flac", "fLaC\0\0\0\42................................", 40);
	folder_add(folder, "x.ape", "MAC \x96\x0f\0\0\x34\0\0\0................", 28);
	folder_add_xa(folder);
}

void folder_clear(struct folder *folder)
{
	sp_memory_free(folder->mem);
}

void folder_put(struct folder *folder, const char *name, const char *sheet)
{
	folder_add(folder, name, sheet, strlen(sheet));
}

int folder_open(struct folder *folder, const char *name, struct sp_source **src,
		struct sp_error *err)
{
	const struct sp_options options = {.notes = &folder->sink};
	struct sp_io *io;

	*src = NULL;
	*err = (struct sp_error){0};
	folder->notes[0] = '\0';
	if (sp_memory_open(folder->mem, name, false, &io, err) < 0)
		abort();
	const int r = sp_format_cue.open(src, io, &options, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

struct sp_source *folder_sheet(struct folder *folder, const char *sheet)
{
	struct sp_source *src;
	struct sp_error err;

	folder_put(folder, "sheet.cue", sheet);
	if (folder_open(folder, "sheet.cue", &src, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return src;
}

uint16_t folder_sector(struct sp_source *src, sp_lba lba, uint8_t sector[3072])
{
	const struct sp_region *region = sp_disc_region(src->disc, lba);
	struct sp_error err;
	uint16_t state = 0;

	if (!region)
		abort();
	struct sp_span span = {.lba = lba,
			       .count = 1,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = sector,
			       .state = &state};
	if (sp_source_read(src, &span, &err) < 0)
		abort();
	return state;
}

static const char *folder_parts(unsigned parts)
{
	static char text[32];
	static const char letter[] = "shfueCQP";

	size_t n = 0;
	for (unsigned i = 0; i < 8; i++)
		if (parts >> i & 1)
			text[n++] = letter[i];
	text[n] = '\0';
	return text;
}

static void folder_describe_track(FILE *out, const struct sp_track *t)
{
	fprintf(out, "track %u session %u %s control %u %" PRId64 "+%" PRIu64, t->number,
		t->session, sp_mode_name(t->mode), t->control, t->start, t->length);
	for (unsigned i = 0; i <= SP_INDEX_MAX; i++)
		if (t->index[i] != SP_LBA_NONE)
			fprintf(out, " %02u:%" PRId64, i, t->index[i]);
	fprintf(out, "%s%s\n", *t->isrc ? " isrc " : "", t->isrc);
}

char *folder_describe(const struct sp_disc *disc)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	fprintf(out, "medium %s%s%s\n", sp_medium_name(disc->medium), *disc->mcn ? " mcn " : "",
		disc->mcn);
	for (size_t i = 0; i < disc->sessions; i++)
		fprintf(out, "session %u type %02x lead-out %" PRId64 "\n", disc->session[i].number,
			disc->session[i].type, disc->session[i].lead_out);
	for (size_t i = 0; i < disc->tracks; i++)
		folder_describe_track(out, &disc->track[i]);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];

		fprintf(out, "region %" PRId64 "+%" PRIu64 " session %u track %u %s %s %s\n",
			r->lba, r->count, r->session, r->track, sp_region_kind_name(r->kind),
			sp_mode_name(r->mode), r->stored ? folder_parts(r->parts) : "-");
	}
	for (size_t i = 0; i < disc->texts; i++)
		fprintf(out, "text %u %x %s\n", disc->text[i].track, disc->text[i].type,
			disc->text[i].text);
	if (fclose(out))
		abort();
	return text;
}
