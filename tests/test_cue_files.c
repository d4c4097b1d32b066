/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a cue sheet: how they are found, what their bytes are taken for, and what may lie
 * beside them. */
#include "base/bytes.h"
#include "disc/cdtext.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/sound_io.h"
#include "tests/cue_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void assert_word(struct sp_source *src, sp_lba lba, char letter, uint64_t offset)
{
	uint8_t sector[3072];

	assert_int_equal(folder_sector(src, lba, sector), 0);
	assert_int_equal(get_le32(sector), folder_word(letter, offset));
	assert_int_equal(get_le32(sector + 2032), folder_word(letter, offset + 2032));
}

static void motorola_swaps_audio_and_nothing_else(void **state)
{
	(void)state;
	struct folder folder;
	uint8_t sector[3072];

	folder_make(&folder);
	struct sp_source *src = folder_sheet(&folder, "FILE \"c.bin\" MOTOROLA\n"
						      "TRACK 01 MODE1/2352\nINDEX 01 0:0:0\n"
						      "TRACK 02 AUDIO\nINDEX 01 0:1:0\n");
	assert_word(src, 0, 'c', 0);
	assert_int_equal(folder_sector(src, 75, sector), 0);
	sp_swap16(sector, 2352);
	assert_int_equal(get_le32(sector), folder_word('c', 75 * 2352));
	sp_source_close(src);
	folder_clear(&folder);
}

static void cut_last_sector_is_padded_and_says_so(void **state)
{
	(void)state;
	struct folder folder;
	uint8_t sector[3072];

	folder_make(&folder);
	struct sp_source *src =
		folder_sheet(&folder, "FILE \"cut.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n");
	assert_int_equal(folder_sector(src, 9, sector), 0);
	assert_int_equal(folder_sector(src, 10, sector), SP_STATE_PADDED);
	assert_int_equal(get_le32(sector + 96), folder_word('c', 10 * 2352 + 96));
	assert_int_equal(get_le32(sector + 100), 0);
	sp_source_close(src);
	folder_clear(&folder);
}

static void data_file_is_found_under_the_sheets_name(void **state)
{
	(void)state;
	struct folder folder;

	folder_make(&folder);
	uint8_t data[4 * 2352];
	folder_words('s', data, sizeof(data));
	assert_int_equal(sp_memory_put(folder.mem, "sheet.bin", data, sizeof(data)), 0);
	struct sp_source *src = folder_sheet(
		&folder, "FILE \"old name.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n");
	assert_word(src, 3, 's', 3 * 2352);
	assert_string_equal(folder.notes, "sheet.cue: `old name.bin' is taken for sheet.bin\n");
	sp_source_close(src);
	folder_clear(&folder);
}

static void name_in_another_code_page_is_found(void **state)
{
	(void)state;
	struct folder folder;
	uint8_t data[2352];

	folder_make(&folder);
	folder_words('u', data, sizeof(data));
	assert_int_equal(sp_memory_put(folder.mem, "u\xc3\xa4.bin", data, sizeof(data)), 0);
	struct sp_source *src = folder_sheet(
		&folder, "FILE \"u\xe4.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n");
	assert_word(src, 0, 'u', 0);
	sp_source_close(src);
	folder_clear(&folder);
}

/* Sub-channel of `sectors` sectors of track 1 beside a.bin … */
static void put_sub(struct folder *folder, const struct sp_disc *disc, unsigned sectors,
		    bool linear)
{
	uint8_t *sub = calloc(sectors, 96), one[96];

	for (unsigned i = 0; i < sectors; i++) {
		assert_true(sp_sub_generate(disc, i, one));
		if (linear)
			sp_sub_to_linear(one, sub + i * 96);
		else
			memcpy(sub + i * 96, one, 96);
	}
	assert_int_equal(sp_memory_put(folder->mem, "c.sub", sub, sectors * 96), 0);
	free(sub);
}

static void check_sub(unsigned sectors, bool linear, bool taken)
{
	static const char sheet[] = "FILE \"c.bin\" BINARY\n  TRACK 01 AUDIO\n"
				    "    INDEX 00 0:0:0\n    INDEX 01 0:1:0\n";
	struct folder folder;
	uint8_t sector[3072], q[12], expected[12];

	folder_make(&folder);
	struct sp_source *src = folder_sheet(&folder, sheet);
	assert_int_equal(src->disc->region[1].parts, SP_PART_USER);
	put_sub(&folder, src->disc, sectors, linear);
	sp_source_close(src);
	src = folder_sheet(&folder, sheet);
	assert_int_equal(src->disc->region[2].parts,
			 taken ? SP_PART_USER | SP_PART_PW : SP_PART_USER);
	assert_int_equal(folder.notes[0] == '\0', taken);
	if (taken) {
		assert_word(src, 123, 'c', 123 * 2352);
		folder_sector(src, 123, sector);
		sp_sub_get_q(sector + 2352, q);
		assert_true(sp_q_position(src->disc, 123, expected));
		assert_memory_equal(q, expected, 12);
	}
	sp_source_close(src);
	folder_clear(&folder);
}

static void sub_file_is_read_in_either_order(void **state)
{
	(void)state;
	check_sub(200, true, true);
	check_sub(200, false, true);
}

static void sub_file_of_another_size_is_left_out(void **state)
{
	(void)state;
	check_sub(199, true, false);
}

static void sub_file_without_q_is_left_out(void **state)
{
	(void)state;
	struct folder folder;

	folder_make(&folder);
	assert_int_equal(sp_memory_put(folder.mem, "c.sub", NULL, 200 * 96), 0);
	struct sp_source *src =
		folder_sheet(&folder, "FILE \"c.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n");
	assert_int_equal(src->disc->region[1].parts, SP_PART_USER);
	assert_string_equal(folder.notes, "c.sub: is not the sub-channel of c.bin: left out\n");
	sp_source_close(src);
	folder_clear(&folder);
}

static void cdtext_file_is_read_with_and_without_its_header(void **state)
{
	(void)state;
	static const char sheet[] = "CDTEXTFILE \"t.cdt\"\nTITLE \"By keyword\"\n"
				    "FILE \"c.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n";
	static const size_t front[] = {0, 4, 0, 4}, back[] = {0, 0, 1, 1};
	struct sp_disc *disc = sp_disc_new();
	struct sp_error err;
	uint8_t *packs, file[1024];
	size_t size;

	assert_non_null(sp_disc_add_session(disc));
	assert_non_null(sp_disc_add_track(disc));
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_TITLE, "In packs"), 0);
	assert_int_equal(sp_disc_set_text(disc, 1, SP_TEXT_TITLE, "Of track 1"), 0);
	assert_int_equal(sp_cdtext_encode(disc, &packs, &size, NULL, &err), 0);
	assert_true(size && size + 5 < sizeof(file));
	for (unsigned i = 0; i < 4; i++) {
		struct folder folder;

		memset(file, 0, sizeof(file));
		put_be16(file, (uint16_t)(size + 2));
		memcpy(file + front[i], packs, size);
		folder_make(&folder);
		assert_int_equal(
			sp_memory_put(folder.mem, "t.cdt", file, front[i] + size + back[i]), 0);
		struct sp_source *src = folder_sheet(&folder, sheet);
		assert_int_equal(src->disc->cdtext_size, size);
		assert_memory_equal(src->disc->cdtext, packs, size);
		assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "By keyword");
		assert_string_equal(sp_disc_text(src->disc, 1, SP_TEXT_TITLE), "Of track 1");
		sp_source_close(src);
		folder_clear(&folder);
	}
	free(packs);
	sp_disc_free(disc);
}

static void cdtext_file_that_is_none_is_noted(void **state)
{
	(void)state;
	struct folder folder;

	folder_make(&folder);
	struct sp_source *src =
		folder_sheet(&folder, "CDTEXTFILE \"t.cdt\"\nFILE \"c.bin\" BINARY\n"
				      "TRACK 01 AUDIO\nINDEX 01 0:0:0\n");
	assert_string_equal(folder.notes, "sheet.cue: t.cdt is not there: no CD-Text from it\n");
	sp_source_close(src);
	src = folder_sheet(&folder, "CDTEXTFILE \"c.bin\"\nFILE \"c.bin\" BINARY\n"
				    "TRACK 01 AUDIO\nINDEX 01 0:0:0\n");
	assert_string_equal(folder.notes, "c.bin: holds no packs of CD-Text: left out\n");
	sp_source_close(src);
	folder_clear(&folder);
}

static void sound_files_of_other_kinds_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int status;
	} files[] = {{"a.wav", 0},
		     {"b.wav", 0},
		     {"a.aiff", 0},
		     {"48k.wav", SP_ERR_UNSUPPORTED},
		     {"mono.wav", SP_ERR_UNSUPPORTED},
		     {"x.flac", SP_ERR_FORMAT},
		     {"cut.wav", SP_ERR_FORMAT},
		     {"empty.bin", SP_ERR_FORMAT},
		     {"a.bin", SP_ERR_FORMAT}};
	struct folder folder;

	folder_make(&folder);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct sp_error err = {0};
		struct sp_io *io;
		bool big;

		assert_int_equal(sp_memory_open(folder.mem, files[i].name, false, &io, &err), 0);
		assert_int_equal(sp_sound_view(&io, false, &big, NULL, &err), files[i].status);
		if (files[i].status)
			assert_non_null(strstr(err.text, files[i].name));
		else
			assert_int_equal(io->size % 2352, 0);
		sp_io_close(io);
	}
	folder_clear(&folder);
}

/* What a FILE line says, what is there instead, and the note. */
static void renamed_files_are_found_and_noted(void **state)
{
	static const struct {
		const char *line, *there, *note;
		const char *sound; /* whose content it has, NULL: sectors */
	} cases[] = {
		{"FILE \"old.wav\" WAVE", "old.flac", "`old.wav' is taken for old.flac", "a.wav"},
		{"FILE \"OLD.WAV\" WAVE", "old.Flac", "`OLD.WAV' is taken for old.Flac", "a.wav"},
		{"FILE \"C D\\old.ape\" WAVE", "old.wv", "`C D\\old.ape' is taken for old.wv",
		 "a.wav"},
		{"FILE \"old.wav\" WAVE", "sheet.wav", "`old.wav' is taken for sheet.wav", "a.wav"},
		{"FILE \"old.wav\" WAVE", "Sheet.flac", "`old.wav' is taken for Sheet.flac",
		 "a.wav"},
		{"FILE \"old.img\" BINARY", "sheet.img", "`old.img' is taken for sheet.img", NULL},
		{"FILE \"old.dat\" BINARY", "sheet.bin", "`old.dat' is taken for sheet.bin", NULL},
		{"FILE \"old.iso\" BINARY", "sheet.iso", "`old.iso' is taken for sheet.iso", NULL},
		{"FILE \"d/e/old.bin\" BINARY", "old.bin", "`d/e/old.bin' is taken for old.bin",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder folder;
		uint64_t size;
		char *sheet = sp_format_text("%s\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n", cases[i].line);

		folder_make(&folder);
		const char *of = cases[i].sound ? cases[i].sound : "c.bin";
		const uint8_t *data = sp_memory_get(folder.mem, of, &size);
		assert_int_equal(sp_memory_put(folder.mem, cases[i].there, data, size), 0);
		struct sp_source *src = folder_sheet(&folder, sheet);
		if (!strstr(folder.notes, cases[i].note))
			fail_msg("%s: %s", cases[i].line, folder.notes);
		sp_source_close(src);
		free(sheet);
		folder_clear(&folder);
	}
}

/* A lone file of the right kind, another FILE's, or the sheet itself is no answer. */
static void nothing_is_guessed(void **state)
{
	static const char *const sheets[] = {
		"FILE \"old.wav\" WAVE\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n",
		"FILE \"old.cue\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n",
		("FILE \"old.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n"
		 "FILE \"c.bin\" BINARY\nTRACK 02 AUDIO\nINDEX 01 0:0:0\n"),
	};
	struct folder folder;

	(void)state;
	folder_make(&folder);
	for (size_t i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
		struct sp_source *src;
		struct sp_error err;

		if (i == 2)
			assert_int_equal(sp_memory_put(folder.mem, "s.bin", NULL, 2352), 0);
		folder_put(&folder, "s.cue", sheets[i]);
		assert_int_equal(folder_open(&folder, "s.cue", &src, &err), SP_ERR_IO);
		assert_non_null(strstr(err.text, "old."));
	}
	folder_clear(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(motorola_swaps_audio_and_nothing_else),
		cmocka_unit_test(cut_last_sector_is_padded_and_says_so),
		cmocka_unit_test(data_file_is_found_under_the_sheets_name),
		cmocka_unit_test(name_in_another_code_page_is_found),
		cmocka_unit_test(sub_file_is_read_in_either_order),
		cmocka_unit_test(sub_file_of_another_size_is_left_out),
		cmocka_unit_test(sub_file_without_q_is_left_out),
		cmocka_unit_test(cdtext_file_is_read_with_and_without_its_header),
		cmocka_unit_test(cdtext_file_that_is_none_is_noted),
		cmocka_unit_test(sound_files_of_other_kinds_are_named),
		cmocka_unit_test(renamed_files_are_found_and_noted),
		cmocka_unit_test(nothing_is_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
