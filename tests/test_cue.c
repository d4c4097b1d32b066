/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading cue sheets: every sheet of data/cue has its layout or its error beside it; and where the
 * sectors of the less plain ones lie. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "formats/formats.h"
#include "tests/cue_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *data_path(const char *name)
{
	const char *top = getenv("top_srcdir");

	return sp_format_text("%s/tests/data/cue/%s", top ? top : ".", name);
}

/* A file of data/cue, terminated; the caller frees it. */
static char *data_read(const char *name, size_t *size)
{
	char *path = data_path(name), *text = calloc(1, 1 << 16);
	FILE *file = fopen(path, "rb");

	if (!file)
		print_message("%s is not there\n", path);
	assert_non_null(file);
	*size = fread(text, 1, (1 << 16) - 1, file);
	fclose(file);
	free(path);
	return text;
}

static char *data_beside(const char *name, const char *extension)
{
	char *other = sp_format_text("%.*s%s", (int)strlen(name) - 4, name, extension);
	size_t size;
	char *text = data_read(other, &size);

	free(other);
	return text;
}

static void check_good(struct folder *folder, const char *name)
{
	char *expected = data_beside(name, ".layout"), *found, *text;
	struct sp_source *src;
	struct sp_error err;

	if (folder_open(folder, name, &src, &err) < 0)
		print_message("%s\n", err.text);
	assert_non_null(src);
	text = folder_describe(src->disc);
	found = sp_format_text("%s", text);
	for (char *line = strtok(folder->notes, "\n"); line; line = strtok(NULL, "\n")) {
		char *longer = sp_format_text("%snote %s\n", found, line);

		free(found);
		found = longer;
	}
	if (strcmp(found, expected) != 0)
		print_message("%s:\n%s", name, found);
	assert_string_equal(found, expected);
	sp_source_close(src);
	free(found);
	free(text);
	free(expected);
}

static void check_bad(struct folder *folder, const char *name)
{
	char *expected = data_beside(name, ".line");
	struct sp_source *src;
	struct sp_error err;

	expected[strcspn(expected, "\n")] = '\0';
	assert_true(folder_open(folder, name, &src, &err) < 0);
	assert_null(src);
	assert_string_equal(err.text, expected);
	free(expected);
}

static unsigned check_all(const char *prefix, void (*check)(struct folder *, const char *))
{
	char *path = data_path("");
	DIR *dir = opendir(path);
	unsigned count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;
		const size_t len = strlen(name);
		struct folder folder;
		size_t size;

		if (strncmp(name, prefix, strlen(prefix)) != 0 || strcmp(name + len - 4, ".cue"))
			continue;
		char *sheet = data_read(name, &size);
		folder_make(&folder);
		assert_int_equal(sp_memory_put(folder.mem, name, sheet, size), 0);
		check(&folder, name);
		folder_clear(&folder);
		free(sheet);
		count++;
	}
	closedir(dir);
	free(path);
	return count;
}

static void good_sheets_have_their_layout(void **state)
{
	(void)state;
	assert_true(check_all("good.", check_good) >= 42);
}

static void bad_sheets_are_refused_with_their_line(void **state)
{
	(void)state;
	assert_true(check_all("bad.", check_bad) >= 89);
}

static void assert_word(struct sp_source *src, sp_lba lba, char letter, uint64_t offset)
{
	uint8_t sector[3072];

	assert_int_equal(folder_sector(src, lba, sector), 0);
	assert_int_equal(get_le32(sector), folder_word(letter, offset));
	assert_int_equal(get_le32(sector + 2032), folder_word(letter, offset + 2032));
}

static void assert_generated(struct sp_source *src, sp_lba lba)
{
	uint8_t sector[3072];

	assert_int_equal(folder_sector(src, lba, sector), SP_STATE_GENERATED);
	assert_int_equal(get_le32(sector), 0);
}

struct place {
	const char *sheet;
	struct {
		sp_lba lba;
		char letter; /* 0: in no file */
		uint64_t offset;
	} at[24];
};

static void check_places(const char *sheet_name, size_t count, const struct place *place)
{
	struct folder folder;
	size_t size;
	char *sheet = data_read(sheet_name, &size);

	folder_make(&folder);
	assert_int_equal(sp_memory_put(folder.mem, "sheet.cue", sheet, size), 0);
	struct sp_source *src = folder_sheet(&folder, sheet);
	for (size_t i = 0; i < count; i++) {
		if (place->at[i].letter)
			assert_word(src, place->at[i].lba, place->at[i].letter,
				    place->at[i].offset);
		else
			assert_generated(src, place->at[i].lba);
	}
	sp_source_close(src);
	folder_clear(&folder);
	free(sheet);
}

static void sectors_lie_where_the_sheet_says(void **state)
{
	(void)state;
	static const struct place places[] = {
		{"good.hidden.cue",
		 {{-150, 0, 0}, {-1, 0, 0}, {0, 'a', 0}, {150, 'a', 150 * 2352}}},
		{"good.pregap.cue",
		 {{0, 0, 0},
		  {31, 0, 0},
		  {32, 'a', 0},
		  {331, 'a', 299 * 2352},
		  {332, 0, 0},
		  {631, 0, 0},
		  {632, 'a', 300 * 2352},
		  {1331, 'a', 999 * 2352},
		  {1332, 0, 0}}},
		{"good.pregap-both.cue",
		 {{299, 'a', 299 * 2352}, {300, 0, 0}, {375, 'a', 300 * 2352}}},
		{"good.previous.cue",
		 {{749, 'a', 749 * 2352},
		  {999, 'a', 999 * 2352},
		  {1000, 'b', 0},
		  {1499, 'b', 499 * 2352},
		  {1500, 'c', 0}}},
		{"good.previous-and-own.cue", {{999, 'a', 999 * 2352}, {1000, 'b', 0}}},
		{"good.file-goes-on.cue",
		 {{999, 'a', 999 * 2352}, {1000, 'b', 0}, {1074, 'b', 74 * 2352}}},
		{"good.sizes.cue",
		 {{0, 'a', 0},
		  {149, 'a', 149 * 2048},
		  {150, 'a', 150 * 2048},
		  {299, 'a', 150 * 2048 + 149 * 2352},
		  {300, 'a', 150 * 2048 + 150 * 2352},
		  {375, 'a', 150 * 2048 + 150 * 2352 + 75 * 2336},
		  {450, 'a', 150 * 2048 + 150 * 2352 + 75 * (2336 + 2324)},
		  {525, 'a', 150 * 2048 + 150 * 2352 + 75 * (2336 + 2324 + 2048)},
		  {600, 'a', 150 * 2048 + 150 * 2352 + 75 * (2336 + 2324 + 2048 + 2448)},
		  {675, 'a', 150 * 2048 + 150 * 2352 + 75 * (2336 + 2324 + 2048 + 2448 * 2)},
		  {750, 'a', 150 * 2048 + 150 * 2352 + 75 * (2336 + 2324 + 2048 + 2448 * 2 + 2352)},
		  {825, 'a',
		   150 * 2048 + 150 * 2352 + 75 * (2336 + 2324 + 2048 + 2448 * 3 + 2352)}}},
		{"good.sound.cue",
		 {{0, 'a', 0}, {100, 'b', 0}, {149, 'b', 49 * 2352}, {150, 'a', 0}}},
		{"good.same-file-goes-on.cue",
		 {{299, 'a', 299 * 2352}, {300, 'a', 300 * 2352}, {999, 'a', 999 * 2352}}},
		{"good.same-file-twice.cue", {{999, 'a', 999 * 2352}, {1000, 'a', 0}}},
		{"good.sessions-files.cue",
		 {{999, 'a', 999 * 2352}, {1000, 0, 0}, {12249, 0, 0}, {19340, 'c', 0}}},
		{"good.sessions-stripped.cue", {{12250, 'b', 0}, {12400, 'b', 150 * 2352}}},
		{"good.sessions-merged.cue",
		 {{449, 'a', 449 * 2352}, {450, 0, 0}, {11850, 'a', 450 * 2352}}},
		{"good.gd.cue", {{44999, 0, 0}, {45000, 'c', 0}}},
		{"good.gd-pregap.cue", {{44924, 0, 0}, {44925, 'c', 0}}},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t count = 1;

		while (count < 24 && (places[i].at[count].lba || places[i].at[count].letter))
			count++;
		check_places(places[i].sheet, count, &places[i]);
	}
}

static int probe_text(const char *text)
{
	const struct sp_probe probe = {
		.head = (const uint8_t *)text, .head_size = strlen(text), .size = strlen(text)};

	return sp_format_cue.probe(&probe);
}

static void probe_knows_sheets_by_content(void **state)
{
	(void)state;
	static const uint8_t nul[] = "FILE \"a\" BINARY\nTRACK 01 AUDIO\n\0";
	const struct sp_probe binary = {.head = nul, .head_size = sizeof(nul), .size = sizeof(nul)};

	assert_true(probe_text("REM x\nFILE \"a.bin\" BINARY\n  TRACK 01 AUDIO\n") > 90);
	assert_true(probe_text("file a.bin binary\rtrack 1 audio\r") > 90);
	assert_in_range(probe_text("FILE \"a.bin\" BINARY\n"), 1, 60);
	assert_int_equal(probe_text("CD_ROM\nTRACK MODE1\nFILE \"a.bin\" 0\n"), 0);
	assert_int_equal(probe_text("// x\nCD_DA\nFILE \"a.bin\" BINARY\nTRACK 01 AUDIO\n"), 0);
	assert_int_equal(probe_text("TRACK 01 AUDIO\n"), 0);
	assert_int_equal(probe_text("some text\n"), 0);
	assert_int_equal(sp_format_cue.probe(&binary), 0);
}

static void sheet_at_each_cap_opens_and_beyond_does_not(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src;
	struct sp_error err;
	char *sheet = malloc(1200000);
	size_t n = (size_t)sprintf(sheet, "FILE \"a.bin\" BINARY\n");

	for (unsigned i = 1; i <= 99; i++) /* 99 tracks */
		n += (size_t)sprintf(sheet + n, "TRACK %u AUDIO\nINDEX 1 0:%u:%u\n", i,
				     (i - 1) / 75, (i - 1) % 75);
	folder_make(&folder);
	src = folder_sheet(&folder, sheet);
	assert_int_equal(src->disc->tracks, 99);
	sp_source_close(src);
	for (unsigned i = 199; i < 100000; i++)
		n += (size_t)sprintf(sheet + n, "\n");
	src = folder_sheet(&folder, sheet); /* 100000 lines */
	sp_source_close(src);
	strcpy(sheet + n, "\n\n");
	folder_put(&folder, "sheet.cue", sheet);
	assert_int_equal(folder_open(&folder, "sheet.cue", &src, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "sheet.cue:100001:1: more than 100000 lines");
	n = (size_t)sprintf(sheet, "FILE \"a.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\nREM ");
	memset(sheet + n, 'x', 1048576 - n);
	sheet[1048576] = '\0';
	src = folder_sheet(&folder, sheet); /* 1 MiB */
	assert_int_equal(strlen(sp_disc_text(src->disc, 1, SP_TEXT_REMARK)), 1048576 - n);
	sp_source_close(src);
	strcpy(sheet + 1048576, "x");
	folder_put(&folder, "sheet.cue", sheet);
	assert_int_equal(folder_open(&folder, "sheet.cue", &src, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "sheet.cue: larger than 1 MiB: no cue sheet");
	free(sheet);
	folder_clear(&folder);
}

static void cut_sheets_never_open_as_if_whole(void **state)
{
	(void)state;
	static const char sheet[] = "CATALOG 4006381333931\r\nFILE \"a.bin\" BINARY\r\n"
				    "  TRACK 01 AUDIO\r\n    INDEX 01 00:00:00\r\n"
				    "  TRACK 02 AUDIO\r\n    INDEX 00 00:02:00\r\n"
				    "    INDEX 01 00:04:00\r\n";
	struct folder folder;
	unsigned opened = 0;

	folder_make(&folder);
	for (size_t size = 0; size < sizeof(sheet) - 3; size++) {
		struct sp_source *src;
		struct sp_error err;
		char cut[sizeof(sheet)] = {0};

		memcpy(cut, sheet, size);
		folder_put(&folder, "sheet.cue", cut);
		if (folder_open(&folder, "sheet.cue", &src, &err) < 0) {
			assert_true(err.text[0] != '\0');
			continue;
		}
		/* between the first track's last digit and the second one's TRACK, that is */
		assert_int_equal(src->disc->tracks, strstr(cut, "TRACK 02") ? 2 : 1);
		opened++;
		sp_source_close(src);
	}
	assert_in_range(opened, 1, 10);
	folder_clear(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_sheets_have_their_layout),
		cmocka_unit_test(bad_sheets_are_refused_with_their_line),
		cmocka_unit_test(sectors_lie_where_the_sheet_says),
		cmocka_unit_test(probe_knows_sheets_by_content),
		cmocka_unit_test(sheet_at_each_cap_opens_and_beyond_does_not),
		cmocka_unit_test(cut_sheets_never_open_as_if_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
