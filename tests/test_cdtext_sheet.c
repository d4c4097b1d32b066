/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text on its way through sheets with their .cdt files and through the work store, and how what
 * does not get through is called. */
#include "disc/cdtext.h"
#include "formats/cdt.h"
#include "formats/formats.h"
#include "stream/compare.h"
#include "stream/loss.h"
#include "stream/pattern.h"
#include "stream/store_text.h"
#include "tests/cue_folder.h"
#include "tests/layouts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void set(struct sp_disc *disc, unsigned block, unsigned track, unsigned type,
		const char *text)
{
	assert_int_equal(sp_disc_set_block_text(disc, block, track, type, text), 0);
}

static int make_sheet(struct folder *folder, struct sp_source *src, bool lossy,
		      struct sp_error *err)
{
	const struct sp_options options = {.notes = &folder->sink};
	struct sp_sink *sink;
	struct sp_io *io;

	assert_int_equal(sp_memory_open(folder->mem, "out.cue", true, &io, err), 0);
	assert_int_equal(sp_format_cue.create(&sink, io, &options, err), 0);
	struct sp_copy copy = {.source = src, .sink = sink, .lossy = lossy};
	const int r = sp_copy(&copy, err);
	sp_sink_close(sink);
	return r;
}

/* The sheet made of `change`, opened; no loss, no difference. */
static struct sp_source *there_and_back(struct folder *folder, void (*change)(struct sp_disc *disc))
{
	struct sp_source *src = layout_audio_with(change), *back;
	struct sp_error err = {0};
	char text[160];

	*folder = (struct folder){.mem = sp_memory_new()};
	if (make_sheet(folder, src, false, &err) < 0)
		fail_msg("%s", err.text);
	if (folder_open(folder, "out.cue", &back, &err) < 0)
		fail_msg("%s", err.text);
	sp_compare_layout(src->disc, back->disc, text, sizeof(text));
	assert_string_equal(text, "");
	sp_source_close(src);
	return back;
}

static uint64_t packs_size(struct folder *folder)
{
	uint64_t size = 0;

	sp_memory_get(folder->mem, "out.cdt", &size);
	return size;
}

static void with_languages(struct sp_disc *disc)
{
	set(disc, 0, 0, SP_TEXT_TITLE, "Wide 日 and é");
	set(disc, 0, 1, SP_TEXT_TITLE, "One");
	set(disc, 1, 1, SP_TEXT_TITLE, "Grün");
	set(disc, 1, 0, SP_TEXT_MESSAGE, "für alle");
	set(disc, 2, 1, SP_TEXT_PERFORMER, "日本");
	disc->block[1].language = 8;
	disc->block[2].language = 0x69;
}

static void languages_beside_the_first_go_to_a_file_of_packs(void **state)
{
	struct folder folder;
	struct sp_source *back = there_and_back(&folder, with_languages);

	(void)state;
	assert_true(packs_size(&folder) > 0);
	assert_string_equal(sp_disc_text(back->disc, 0, SP_TEXT_TITLE), "Wide 日 and é");
	assert_string_equal(sp_disc_block_text(back->disc, 2, 1, SP_TEXT_PERFORMER), "日本");
	assert_int_equal(back->disc->block[1].language, 8);
	sp_source_close(back);
	folder_clear(&folder);
}

static void with_one(struct sp_disc *disc)
{
	set(disc, 0, 0, SP_TEXT_TITLE, "Wide 日 and é");
	set(disc, 0, 1, SP_TEXT_UPC_EAN, "DEABC2400001");
}

static void keywords_alone_need_no_file(void **state)
{
	struct folder folder;
	struct sp_source *back = there_and_back(&folder, with_one);

	(void)state;
	assert_int_equal(packs_size(&folder), 0);
	assert_int_equal(sp_memory_count(folder.mem), 2);
	sp_source_close(back);
	folder_clear(&folder);
}

static void with_closed(struct sp_disc *disc)
{
	set(disc, 0, 0, SP_TEXT_TITLE, "T");
	set(disc, 0, 0, SP_TEXT_CLOSED, "for the plant");
	set(disc, 0, 0, SP_TEXT_GENRE, "Cat music");
	disc->block[0].genre = 5;
}

static void what_has_no_keyword_goes_to_packs(void **state)
{
	struct folder folder;
	struct sp_source *back = there_and_back(&folder, with_closed);

	(void)state;
	assert_true(packs_size(&folder) > 0);
	assert_int_equal(back->disc->block[0].genre, 5);
	sp_source_close(back);
	folder_clear(&folder);
}

/* A message of two lines, as the packs of a disc can have it. */
static void with_lines(struct sp_disc *disc)
{
	uint8_t *packs;
	size_t size;

	set(disc, 0, 0, SP_TEXT_MESSAGE, "one.two");
	assert_int_equal(sp_cdtext_encode(disc, &packs, &size, NULL, NULL), 0);
	packs[4 + 3] = '\n';
	sp_cdtext_seal(packs);
	assert_int_equal(sp_disc_set_cdtext(disc, packs, size), 0);
	set(disc, 0, 0, SP_TEXT_MESSAGE, "one\ntwo");
	free(packs);
}

static void lines_of_a_message_stay_in_its_packs(void **state)
{
	struct folder folder;
	struct sp_source *back = there_and_back(&folder, with_lines);

	(void)state;
	assert_int_equal(packs_size(&folder), back->disc->cdtext_size);
	assert_string_equal(sp_disc_text(back->disc, 0, SP_TEXT_MESSAGE), "one\ntwo");
	sp_source_close(back);
	folder_clear(&folder);
}

static void packs_go_from_sheet_to_sheet_unchanged(void **state)
{
	static const char sheet[] =
		"CDTEXTFILE \"t.cdt\"\nTITLE \"Keyword\"\nFILE \"c.bin\" BINARY\n"
		"TRACK 01 AUDIO\nINDEX 01 0:0:0\n";
	struct sp_disc *disc = layout_build(layout_named("audio"));
	struct folder folder;
	struct sp_error err;
	uint64_t written = 0;
	uint8_t *packs;
	size_t size;

	(void)state;
	with_languages(disc);
	assert_int_equal(sp_cdtext_encode(disc, &packs, &size, NULL, NULL), 0);
	folder_make(&folder);
	assert_int_equal(sp_memory_put(folder.mem, "t.cdt", packs, size), 0);
	struct sp_source *src = folder_sheet(&folder, sheet);
	assert_string_equal(folder.notes, "CD-Text: 1 texts of packs differ from those that are "
					  "known already, which stay\n");
	assert_string_equal(sp_disc_text(src->disc, 0, SP_TEXT_TITLE), "Keyword");
	assert_string_equal(sp_disc_block_text(src->disc, 1, 1, SP_TEXT_TITLE), "Grün");
	assert_int_equal(make_sheet(&folder, src, false, &err), 0);
	const uint8_t *again = sp_memory_get(folder.mem, "out.cdt", &written);
	assert_int_equal(written, size);
	assert_memory_equal(again, packs, size);
	sp_source_close(src);
	folder_clear(&folder);
	free(packs);
	sp_disc_free(disc);
}

static void with_korean(struct sp_disc *disc)
{
	set(disc, 0, 0, SP_TEXT_TITLE, "한국");
	set(disc, 1, 1, SP_TEXT_TITLE, "a 한국");
}

static void letters_no_set_has_are_refused_by_name(void **state)
{
	struct sp_source *src = layout_audio_with(with_korean), *back;
	struct folder folder = {.mem = sp_memory_new()};
	struct sp_error err;

	(void)state;
	assert_int_equal(make_sheet(&folder, src, false, &err), SP_ERR_LOSSY);
	assert_string_equal(err.text, "this format cannot hold: 2 letters of CD-Text");
	assert_int_equal(make_sheet(&folder, src, true, &err), 0);
	assert_int_equal(folder_open(&folder, "out.cue", &back, &err), 0);
	assert_string_equal(sp_disc_text(back->disc, 0, SP_TEXT_TITLE), "한국");
	assert_string_equal(sp_disc_block_text(back->disc, 1, 1, SP_TEXT_TITLE), "a ");
	sp_source_close(back);
	sp_source_close(src);
	folder_clear(&folder);
}

static const char *losses_of(unsigned flags, void (*change)(struct sp_disc *disc))
{
	static char text[160];
	struct sp_source *src = layout_audio_with(change);
	struct sp_losses losses = {0};
	struct sp_error err;
	struct sp_sink *sink;

	assert_int_equal(sp_sink_null(&sink, &err), 0);
	sink->flags = flags;
	sink->carries = SP_CARRY_ALL;
	assert_int_equal(sp_losses_layout(&losses, sink, src->disc, &err), 0);
	sp_losses_text(&losses, text, sizeof(text));
	sp_sink_close(sink);
	sp_source_close(src);
	return text;
}

static void with_two(struct sp_disc *disc)
{
	with_one(disc);
	set(disc, 4, 1, SP_TEXT_TITLE, "four");
}

static void with_much(struct sp_disc *disc)
{
	char text[4000];

	memset(text, 'm', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	set(disc, 1, 0, SP_TEXT_MESSAGE, text);
	set(disc, 1, 1, SP_TEXT_TITLE, "ends\n");
}

static void every_loss_of_cd_text_has_its_words(void **state)
{
	(void)state;
	assert_string_equal(losses_of(SP_SINK_KEYWORDS, with_one), "");
	assert_string_equal(losses_of(SP_SINK_KEYWORDS, with_two), "CD-Text of another language");
	assert_string_equal(losses_of(SP_SINK_KEYWORDS, with_languages),
			    "CD-Text of 2 other languages");
	assert_string_equal(losses_of(SP_SINK_PACKS, with_languages), "a letter of CD-Text");
	assert_string_equal(losses_of(SP_SINK_PACKS, with_korean), "4 letters of CD-Text");
	assert_string_equal(losses_of(SP_SINK_PACKS, with_two), "a letter of CD-Text");
	assert_string_equal(losses_of(SP_SINK_PACKS | SP_SINK_KEYWORDS, with_two), "");
	assert_string_equal(losses_of(SP_SINK_PACKS | SP_SINK_KEYWORDS, with_much),
			    "2 letters and texts of CD-Text");
	assert_string_equal(losses_of(SP_SINK_PACKS, with_lines), "");
}

static char *printed(struct sp_disc *disc, size_t *size)
{
	const struct sp_store_text store = {
		.stem = "a", .identity = "", .origin = -150, .stride = 2352, .disc = disc};
	struct sp_error err;
	char *text;

	assert_int_equal(sp_store_print(&store, &text, size, &err), 0);
	return text;
}

static void a_store_keeps_languages_and_is_old_where_it_can(void **state)
{
	struct sp_disc *disc = layout_build(layout_named("audio"));
	struct sp_store_text back;
	struct sp_error err = {0};
	char differs[160];
	uint64_t end;
	size_t size;

	(void)state;
	with_one(disc);
	char *text = printed(disc, &size);
	assert_memory_equal(text, "spindle-store 1\n", 16);
	free(text);
	with_languages(disc);
	with_closed(disc);
	disc->block[2].charset = SP_TEXT_MSJIS;
	text = printed(disc, &size);
	assert_memory_equal(text, "spindle-store 2\n", 16);
	if (sp_store_parse(&back, "s", (const uint8_t *)text, size, &end, &err) < 0)
		fail_msg("%s", err.text);
	sp_compare_layout(disc, back.disc, differs, sizeof(differs));
	assert_string_equal(differs, "");
	assert_int_equal(back.disc->texts, disc->texts);
	assert_memory_equal(back.disc->block, disc->block, sizeof(disc->block));
	sp_store_text_clear(&back);
	free(text);
	sp_disc_free(disc);
}

static void differences_name_the_block(void **state)
{
	struct sp_disc *a = layout_build(layout_named("audio"));
	struct sp_disc *b = layout_build(layout_named("audio"));
	char text[160];

	(void)state;
	with_languages(a);
	with_languages(b);
	set(b, 2, 1, SP_TEXT_PERFORMER, "Nippon");
	sp_compare_layout(a, b, text, sizeof(text));
	assert_string_equal(text, "CD-Text: the performer of track 1 in block 2");
	set(b, 2, 1, SP_TEXT_PERFORMER, "日本");
	b->block[1].language = 9;
	sp_compare_layout(a, b, text, sizeof(text));
	assert_string_equal(text, "CD-Text: the language of block 1: 0x08 and 0x09");
	b->block[1].language = 0;
	sp_compare_layout(a, b, text, sizeof(text));
	assert_string_equal(text, "");
	sp_disc_free(a);
	sp_disc_free(b);
}

static void copies_and_checks_know_blocks(void **state)
{
	struct sp_disc *disc = layout_build(layout_named("audio"));
	struct sp_error err;

	(void)state;
	with_languages(disc);
	assert_int_equal(sp_disc_check(disc, &err), 0);
	struct sp_disc *copy = sp_disc_copy(disc);
	assert_string_equal(sp_disc_block_text(copy, 1, 1, SP_TEXT_TITLE), "Grün");
	assert_null(sp_disc_block_text(copy, 3, 1, SP_TEXT_TITLE));
	assert_memory_equal(copy->block, disc->block, sizeof(disc->block));
	assert_int_equal(sp_disc_set_block_text(copy, 8, 0, SP_TEXT_TITLE, "x"), SP_ERR_USAGE);
	assert_int_equal(sp_disc_set_block_text(copy, 1, 0, SP_TEXT_REMARK, "x"), SP_ERR_USAGE);
	copy->text[0].block = 8;
	assert_int_equal(sp_disc_check(copy, &err), SP_ERR_FORMAT);
	copy->text[0].block = 0;
	copy->block[7].language = 256;
	assert_int_equal(sp_disc_check(copy, &err), SP_ERR_FORMAT);
	sp_disc_free(copy);
	sp_disc_free(disc);
}

/* Every length: what is no whole number of packs, with the four bytes and the zero some have. */
static void only_whole_packs_are_a_file_of_them(void **state)
{
	uint8_t data[18 * 2 + 5] = {0};

	(void)state;
	for (size_t size = 0; size <= sizeof(data); size++) {
		size_t at, packs;
		const size_t odd = size % 18;

		memset(data, 0, sizeof(data));
		data[odd >= 4 ? 4 : 0] = 0x80;
		const bool is = size >= 18 && (odd <= 1 || odd == 4 || odd == 5);
		assert_int_equal(sp_cdtext_find(data, size, &at, &packs), is);
		if (is)
			assert_int_equal(packs, size / 18 * 18);
		data[at] = 0x90;
		assert_false(sp_cdtext_find(data, size, &at, &packs));
	}
	assert_false(sp_cdtext_find(data, SP_CDTEXT_MAX + 18, &(size_t){0}, &(size_t){0}));
}

static void a_table_of_contents_of_another_disc_is_noted(void **state)
{
	struct folder folder;

	(void)state;
	folder_make(&folder);
	struct sp_source *src =
		folder_sheet(&folder, "FILE \"c.bin\" BINARY\nTRACK 01 AUDIO\nINDEX 01 0:0:0\n"
				      "TRACK 02 AUDIO\nINDEX 01 0:1:0\n");
	uint8_t packs[36] = {0x88, 0, 0, 0, 1, 2, 0, 0, 4, 50, 0, 0, 0, 0, 0, 0, 0, 0,
			     0x88, 1, 1, 0, 0, 2, 0, 0, 3, 0,  0, 0, 0, 0, 0, 0, 0, 0};

	for (unsigned i = 0; i < 2; i++) {
		sp_cdtext_seal(packs);
		sp_cdtext_seal(packs + 18);
		folder.notes[0] = '\0';
		assert_int_equal(sp_disc_set_cdtext(src->disc, packs, sizeof(packs)), 0);
		assert_int_equal(sp_cdtext_decode(src->disc, &folder.sink, NULL), 0);
		assert_string_equal(folder.notes,
				    i ? "CD-Text: its table of contents is not that of this disc\n"
				      : "");
		packs[18 + 9]++; /* track 2 a frame later */
	}
	sp_source_close(src);
	folder_clear(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(languages_beside_the_first_go_to_a_file_of_packs),
		cmocka_unit_test(keywords_alone_need_no_file),
		cmocka_unit_test(what_has_no_keyword_goes_to_packs),
		cmocka_unit_test(lines_of_a_message_stay_in_its_packs),
		cmocka_unit_test(packs_go_from_sheet_to_sheet_unchanged),
		cmocka_unit_test(letters_no_set_has_are_refused_by_name),
		cmocka_unit_test(every_loss_of_cd_text_has_its_words),
		cmocka_unit_test(a_store_keeps_languages_and_is_old_where_it_can),
		cmocka_unit_test(differences_name_the_block),
		cmocka_unit_test(copies_and_checks_know_blocks),
		cmocka_unit_test(only_whole_packs_are_a_file_of_them),
		cmocka_unit_test(a_table_of_contents_of_another_disc_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
