/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CloneCD sheets: every sheet of data/ccd has its layout or its error beside it; a line "; img …"
 * in it says what its .img holds. And what a sheet cannot say: sub-channel, losses, parts of discs.
 */
#include "base/bytes.h"
#include "disc/scramble.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/formats.h"
#include "tests/cue_folder.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shelf {
	struct sp_memory *mem;
	char notes[4096];
	struct sp_notes sink;
};

static void shelf_note(void *user, const char *text)
{
	struct shelf *shelf = user;
	const size_t used = strlen(shelf->notes);

	snprintf(shelf->notes + used, sizeof(shelf->notes) - used, "note %s\n", text);
}

static void shelf_begin(struct shelf *shelf)
{
	*shelf = (struct shelf){.mem = sp_memory_new()};
	assert_non_null(shelf->mem);
	shelf->sink = (struct sp_notes){shelf_note, shelf};
}

static int shelf_open(struct shelf *shelf, const char *name, const char *key, const char *value,
		      struct sp_source **src, struct sp_error *err)
{
	const struct sp_option option = {key, value};
	const struct sp_options options = {
		.option = &option, .options = key != NULL, .notes = &shelf->sink};
	struct sp_io *io;

	*src = NULL;
	*err = (struct sp_error){0};
	shelf->notes[0] = '\0';
	assert_int_equal(sp_memory_open(shelf->mem, name, false, &io, err), 0);
	const int r = sp_format_ccd.open(src, io, &options, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

/* One raw sector of a kind: a audio, m mode 1, f formless, x XA, s scrambled mode 1, z zeros. */
static void img_sector(char kind, sp_lba lba, uint8_t raw[SP_RAW_SIZE])
{
	const unsigned mode = kind == 'x'   ? SP_MODE_XA_FORM1
			      : kind == 'f' ? SP_MODE_MODE2
					    : SP_MODE_MODE1;
	uint8_t user[2336];

	memset(raw, kind == 'a' ? (int)(lba & 127) + 1 : 0, SP_RAW_SIZE);
	if (kind == 'a' || kind == 'z')
		return;
	for (size_t i = 0; i < sizeof(user); i++)
		user[i] = (uint8_t)(lba + (sp_lba)i * 7);
	assert_int_equal(sp_sector_convert(NULL, mode, SP_PART_USER, SP_PART_MAIN, lba, 1, user,
					   raw, NULL, NULL, NULL),
			 0);
	if (kind == 's')
		sp_scramble(raw);
}

/* "a100 @11500 m20 +7": runs, the LBA of what follows, odd bytes at the end. */
static void img_make(struct shelf *shelf, const char *name, const char *spec)
{
	uint8_t *data = calloc(3000, SP_RAW_SIZE);
	size_t size = 0;
	sp_lba lba = 0;

	assert_non_null(data);
	while (*spec == ' ')
		spec++;
	while (*spec && *spec != '\r' && *spec != '\n') {
		const char kind = *spec++;
		char *end;
		long count = strtol(spec, &end, 10);

		spec = end;
		if (kind == '@')
			lba = count;
		else if (kind == '+')
			size += (size_t)count;
		else
			for (; count--; size += SP_RAW_SIZE)
				img_sector(kind, lba++, data + size);
		while (*spec == ' ')
			spec++;
	}
	assert_int_equal(sp_memory_put(shelf->mem, name, data, size), 0);
	free(data);
}

static char *data_path(const char *name)
{
	const char *top = getenv("top_srcdir");

	return sp_format_text("%s/tests/data/ccd/%s", top ? top : ".", name);
}

static char *data_read(const char *name, const char *extension, size_t *size)
{
	char *other = sp_format_text("%.*s%s", (int)strlen(name) - 4, name, extension);
	char *path = data_path(other), *text = calloc(1, 1 << 16);
	FILE *file = fopen(path, "rb");

	if (!file)
		print_message("%s is not there\n", path);
	assert_non_null(file);
	*size = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	free(path);
	free(other);
	return text;
}

/* The sheet and its .img. */
static void shelf_put(struct shelf *shelf, const char *name)
{
	size_t size;
	char *sheet = data_read(name, ".ccd", &size);
	const char *spec = strstr(sheet, "; img ");
	char *img = sp_format_text("%.*s.img", (int)strlen(name) - 4, name);

	shelf_begin(shelf);
	assert_int_equal(sp_memory_put(shelf->mem, name, sheet, size), 0);
	img_make(shelf, img, spec ? spec + 6 : "a100");
	free(img);
	free(sheet);
}

static void check_good(const char *name)
{
	struct shelf shelf;
	struct sp_source *src;
	struct sp_error err;
	size_t size;
	char *expected = data_read(name, ".layout", &size);

	shelf_put(&shelf, name);
	if (shelf_open(&shelf, name, NULL, NULL, &src, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	char *text = folder_describe(src->disc), *found = sp_format_text("%s%s", text, shelf.notes);
	if (strcmp(found, expected) != 0)
		print_message("%s:\n%s", name, found);
	assert_string_equal(found, expected);
	sp_source_close(src);
	free(found);
	free(text);
	free(expected);
	sp_memory_free(shelf.mem);
}

static void check_bad(const char *name)
{
	struct shelf shelf;
	struct sp_source *src;
	struct sp_error err;
	size_t size;
	char *expected = data_read(name, ".line", &size);

	expected[strcspn(expected, "\n")] = '\0';
	shelf_put(&shelf, name);
	if (!shelf_open(&shelf, name, NULL, NULL, &src, &err))
		fail_msg("%s opens", name);
	assert_string_equal(err.text, expected);
	sp_memory_free(shelf.mem);
	free(expected);
}

static unsigned check_all(const char *prefix, void (*check)(const char *))
{
	char *path = data_path("");
	DIR *dir = opendir(path);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;

		if (strncmp(name, prefix, strlen(prefix)) != 0 ||
		    strcmp(name + strlen(name) - 4, ".ccd") != 0)
			continue;
		check(name);
		count++;
	}
	closedir(dir);
	free(path);
	return count;
}

static void good_sheets_have_their_layout(void **state)
{
	(void)state;
	assert_true(check_all("good.", check_good) >= 16);
}

static void bad_sheets_are_refused_with_their_line(void **state)
{
	(void)state;
	assert_true(check_all("bad.", check_bad) >= 40);
}

/* A layout's pattern as a sheet in memory; losses as text. */
static int shelf_write(struct shelf *shelf, struct sp_source *src, const char *key,
		       const char *value, char *losses, size_t size)
{
	const struct sp_option option = {key, value};
	const struct sp_options options = {
		.option = &option, .options = key != NULL, .notes = NULL};
	struct sp_copy copy = {.source = src};
	struct sp_error err;
	struct sp_io *io;

	shelf_begin(shelf);
	assert_int_equal(sp_memory_open(shelf->mem, "x.ccd", true, &io, NULL), 0);
	assert_int_equal(sp_format_ccd.create(&copy.sink, io, &options, NULL), 0);
	const int r = sp_copy(&copy, &err);
	if (r && r != SP_ERR_LOSSY)
		print_message("%s\n", err.text);
	sp_losses_text(&copy.losses, losses, size);
	sp_sink_close(copy.sink);
	sp_source_close(src);
	return r;
}

static void a_new_sheet_is_what_others_write(void **state)
{
	(void)state;
	static const char expected[] =
		"[CloneCD]\r\nVersion=3\r\n\r\n[Disc]\r\nTocEntries=6\r\nSessions=1\r\n"
		"DataTracksScrambled=0\r\nCDTextLength=0\r\nCATALOG=4006381333931\r\n\r\n"
		"[Session 1]\r\nPreGapMode=0\r\nPreGapSubC=0\r\n\r\n"
		"[Entry 0]\r\nSession=1\r\nPoint=0xa0\r\nADR=0x01\r\nControl=0x02\r\nTrackNo=0\r\n"
		"AMin=0\r\nASec=0\r\nAFrame=0\r\nALBA=-150\r\nZero=0\r\n"
		"PMin=1\r\nPSec=0\r\nPFrame=0\r\nPLBA=4350\r\n\r\n";
	static const char track[] = "[TRACK 2]\r\nMODE=0\r\nFLAGS=PRE\r\nISRC=DEABC2400002\r\n"
				    "INDEX 0=20\r\nINDEX 1=27\r\n\r\n";
	char losses[200];
	struct shelf shelf;
	uint64_t size, img, sub;

	assert_int_equal(shelf_write(&shelf, layout_source(layout_named("codes"), 3), NULL, NULL,
				     losses, sizeof(losses)),
			 0);
	const uint8_t *text = sp_memory_get(shelf.mem, "x.ccd", &size);
	assert_true(size > sizeof(expected));
	assert_memory_equal(text, expected, sizeof(expected) - 1);
	assert_non_null(memmem(text, size, track, sizeof(track) - 1));
	sp_memory_get(shelf.mem, "x.img", &img);
	const uint8_t *q = sp_memory_get(shelf.mem, "x.sub", &sub);
	assert_int_equal(img, (20 + 28 + 27) * 2352);
	assert_int_equal(sub, (20 + 28 + 27) * 96);
	assert_true(sp_q_valid(q + 12) && sp_q_valid(q + 96 + 12));
	assert_int_equal(q[96 + 12 + 9], 0x01); /* 00:02:01 */
	sp_memory_free(shelf.mem);
}

static void what_a_sheet_cannot_hold_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *layout, *key, *value, *losses;
	} row[] = {
		{"gap-stored", NULL, NULL,
		 "450 sectors of a pregap or gap with content (first at LBA 20)"},
		{"gd-rom", NULL, NULL,
		 "the two areas of a GD-ROM, a session that begins without a pregap"},
		{"block", NULL, NULL, "track 1"},
		{"dvd-layers", NULL, NULL, "the full TOC or disc structures"},
		{"sub-channel", "sub", "none", "sub-channel"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char losses[200];
		struct shelf shelf;

		assert_int_equal(shelf_write(&shelf, layout_source(layout_named(row[i].layout), 3),
					     row[i].key, row[i].value, losses, sizeof(losses)),
				 SP_ERR_LOSSY);
		assert_string_equal(losses, row[i].losses);
		sp_memory_free(shelf.mem);
	}
}

static bool has_sub(const struct sp_source *src)
{
	for (size_t i = 0; i < src->disc->regions; i++)
		if (src->disc->region[i].parts & SP_PART_PW)
			return true;
	return false;
}

/* A bit of Q flipped in the .sub of a new sheet; linear as written, or interleaved. */
static void sub_change(struct shelf *shelf, size_t record, bool interleave)
{
	uint64_t size;
	const uint8_t *old = sp_memory_get(shelf->mem, "x.sub", &size);
	uint8_t *sub = malloc(size), other[96];

	memcpy(sub, old, size);
	sub[record * 96 + 12 + 5] ^= 1;
	for (uint64_t at = 0; interleave && at < size; at += 96) {
		sp_sub_to_interleaved(sub + at, other);
		memcpy(sub + at, other, sizeof(other));
	}
	assert_int_equal(sp_memory_put(shelf->mem, "x.sub", sub, size), 0);
	free(sub);
}

static void sub_channel_counts_where_it_says_more_than_the_layout(void **state)
{
	(void)state;
	char losses[200];
	struct shelf shelf;
	struct sp_source *src;
	struct sp_error err;

	for (unsigned turn = 0; turn < 3; turn++) {
		uint8_t sector[3072], q[12];

		shelf_write(&shelf, layout_source(layout_named("audio-3"), 3), NULL, NULL, losses,
			    sizeof(losses));
		if (turn)
			sub_change(&shelf, 40, turn == 2);
		assert_int_equal(shelf_open(&shelf, "x.ccd", NULL, NULL, &src, &err), 0);
		assert_int_equal(has_sub(src), turn > 0);
		if (turn) {
			folder_sector(src, 40, sector);
			sp_sub_get_q(sector + 2352, q);
			assert_false(sp_q_valid(q));
			folder_sector(src, 41, sector);
			sp_sub_get_q(sector + 2352, q);
			assert_true(sp_q_valid(q));
		}
		assert_int_equal(strstr(shelf.notes, "interleaved") != NULL, turn == 2);
		sp_source_close(src);
		sp_memory_free(shelf.mem);
	}
}

/* Everything from the first [TRACK] on taken away: Q has it. */
static void without_tracks_in_the_sheet_q_tells_pregaps_and_indexes(void **state)
{
	(void)state;
	static const char *const name[] = {"audio-3", "indexes", "codes", "mixed"};

	for (size_t i = 0; i < 4; i++) {
		const struct layout *layout = layout_named(name[i]);
		struct sp_disc *disc = layout_build(layout);
		char losses[200];
		struct shelf shelf;
		struct sp_source *src;
		struct sp_error err;
		uint64_t size;

		shelf_write(&shelf, layout_source(layout, 3), NULL, NULL, losses, sizeof(losses));
		const uint8_t *text = sp_memory_get(shelf.mem, "x.ccd", &size);
		const uint8_t *track = memmem(text, size, "[TRACK 1]", 9);
		char *cut = strndup((const char *)text, (size_t)(track - text));
		sp_memory_put(shelf.mem, "x.ccd", cut, (uint64_t)(track - text));
		free(cut);
		assert_int_equal(shelf_open(&shelf, "x.ccd", NULL, NULL, &src, &err), 0);
		assert_non_null(strstr(shelf.notes, "are those of x.sub"));
		for (size_t t = 0; t < disc->tracks; t++)
			for (unsigned k = 0; k <= SP_INDEX_MAX; k++)
				assert_int_equal(src->disc->track[t].index[k],
						 disc->track[t].index[k]);
		sp_source_close(src);
		sp_disc_free(disc);
		sp_memory_free(shelf.mem);
	}
}

static void a_part_of_a_disc_keeps_its_place(void **state)
{
	(void)state;
	struct sp_source *view, *src;
	struct sp_error err;
	struct shelf shelf;
	char losses[200];
	uint64_t size;

	assert_int_equal(
		sp_view_session(&view, layout_source(layout_named("cd-extra"), 3), 2, &err), 0);
	assert_int_equal(shelf_write(&shelf, view, NULL, NULL, losses, sizeof(losses)), 0);
	sp_memory_get(shelf.mem, "x.img", &size);
	assert_int_equal(size, 20 * 2352);
	assert_int_equal(shelf_open(&shelf, "x.ccd", NULL, NULL, &src, &err), 0);
	assert_int_equal(src->disc->track[0].start, 46 + 11250 + 150);
	assert_int_equal(src->disc->track[0].index[0], 46 + 11250);
	sp_source_close(src);
	sp_memory_free(shelf.mem);
}

static void scrambled_sectors_are_read_plain(void **state)
{
	(void)state;
	struct shelf shelf;
	struct sp_source *src;
	struct sp_error err;
	uint8_t sector[3072], plain[SP_RAW_SIZE];

	shelf_put(&shelf, "good.scrambled.ccd");
	assert_int_equal(shelf_open(&shelf, "good.scrambled.ccd", NULL, NULL, &src, &err), 0);
	folder_sector(src, 5, sector);
	img_sector('m', 5, plain);
	assert_memory_equal(sector, plain, SP_RAW_SIZE);
	sp_source_close(src);
	sp_memory_free(shelf.mem);
}

static void a_sheet_at_each_cap_opens_and_beyond_does_not(void **state)
{
	(void)state;
	static const char head[] = "[CloneCD]\n[Disc]\n[Entry 0]\nSession=1\nPoint=1\nPLBA=0\n"
				   "[Entry 1]\nSession=1\nPoint=0xA2\nPLBA=+10\n";
	char *sheet = malloc(1200000);
	struct shelf shelf;
	struct sp_source *src;
	struct sp_error err;
	size_t n = sizeof(head) - 1;

	shelf_begin(&shelf);
	img_make(&shelf, "x.img", "a10");
	memcpy(sheet, head, n);
	memset(sheet + n, '\n', 100000 - 10);
	n += 100000 - 10;
	sp_memory_put(shelf.mem, "x.ccd", sheet, n);
	assert_int_equal(shelf_open(&shelf, "x.ccd", NULL, NULL, &src, &err), 0);
	sp_source_close(src);
	memcpy(sheet + n, "\n;\nA=1", 6);
	sp_memory_put(shelf.mem, "x.ccd", sheet, n + 6);
	assert_int_equal(shelf_open(&shelf, "x.ccd", NULL, NULL, &src, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.ccd:100003:1: more than 100000 lines");
	memset(sheet, ';', 1048577);
	sp_memory_put(shelf.mem, "x.ccd", sheet, 1048577);
	assert_int_equal(shelf_open(&shelf, "x.ccd", NULL, NULL, &src, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.ccd: larger than 1 MiB: no CloneCD sheet");
	free(sheet);
	sp_memory_free(shelf.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_sheets_have_their_layout),
		cmocka_unit_test(bad_sheets_are_refused_with_their_line),
		cmocka_unit_test(a_new_sheet_is_what_others_write),
		cmocka_unit_test(what_a_sheet_cannot_hold_is_named),
		cmocka_unit_test(sub_channel_counts_where_it_says_more_than_the_layout),
		cmocka_unit_test(without_tracks_in_the_sheet_q_tells_pregaps_and_indexes),
		cmocka_unit_test(a_part_of_a_disc_keeps_its_place),
		cmocka_unit_test(scrambled_sectors_are_read_plain),
		cmocka_unit_test(a_sheet_at_each_cap_opens_and_beyond_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
