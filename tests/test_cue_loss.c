/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing cue sheets of what a sheet hardly has words for: it is kept another way, or told by name.
 */
#include "formats/formats.h"
#include "stream/pattern.h"
#include "tests/cue_sheet.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void with_remarks(struct sp_disc *disc)
{
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "GENRE Rock"), 0);
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "SESSION 02"), 0);
	assert_int_equal(sp_disc_set_text(disc, 1, SP_TEXT_REMARK, "of track"), 0);
}

static void remarks_are_kept_and_never_become_structure(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_remarks), *back;
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), 0);
	assert_int_equal(folder_open(&folder, "out.cue", &back, &err), 0);
	assert_int_equal(back->disc->sessions, 1);
	assert_int_equal(back->disc->texts, 3);
	assert_string_equal(back->disc->text[0].text, "GENRE Rock");
	assert_string_equal(back->disc->text[1].text, "COMMENT SESSION 02");
	assert_string_equal(back->disc->text[2].text, "of track");
	assert_int_equal(back->disc->text[2].track, 1);
	sp_source_close(back);
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_newline(struct sp_disc *disc)
{
	assert_int_equal(sp_disc_set_text(disc, 1, SP_TEXT_TITLE, "One\nREM"), 0);
}

static void control_characters_are_refused_by_name(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_newline);
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), SP_ERR_LOSSY);
	assert_string_equal(err.text, "this format cannot hold: a letter of CD-Text");
	assert_int_equal(sp_memory_count(folder.mem), 1);
	assert_int_equal(sheet_make(&folder, src, "", true, &err), 0);
	assert_non_null(strstr(sheet_text(&folder, "out.cue"), "    TITLE \"OneREM\"\r\n"));
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_quotes(struct sp_disc *disc)
{
	static const char *const text[] = {"\"", "\"\"", "\"a\" b \"c", " spaces ", "a\tb", "Ä\""};

	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(sp_disc_set_text(disc, 1, SP_TEXT_TITLE + i, text[i]), 0);
}

static void quotes_and_spaces_in_texts_survive(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_quotes);
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), 0);
	sheet_check_same(&folder, src, "quotes");
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_packs(struct sp_disc *disc)
{
	uint8_t packs[36] = {0x80, 0, 0, 0, 'D', 'i', 's', 'c', 0, 'O', 'n', 'e', 0};

	packs[18] = 0x88; /* a TOC, for which there is no keyword */
	assert_int_equal(sp_disc_set_cdtext(disc, packs, sizeof(packs)), 0);
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_TITLE, "Disc"), 0);
}

static void packs_without_keywords_go_to_a_file(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_packs), *back;
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), 0);
	assert_non_null(strstr(sheet_text(&folder, "out.cue"), "CDTEXTFILE \"out.cdt\"\r\n"));
	assert_int_equal(sheet_size(&folder, "out.cdt"), 36);
	assert_int_equal(folder_open(&folder, "out.cue", &back, &err), 0);
	assert_int_equal(back->disc->cdtext_size, 36);
	assert_memory_equal(back->disc->cdtext, src->disc->cdtext, 36);
	sp_source_close(back);
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_late_start(struct sp_disc *disc)
{
	disc->track[0].start += 1000;
	disc->track[0].index[1] += 1000;
	disc->session[0].lead_out += 1000;
	disc->region[0].count += 1000;
	disc->region[1].lba += 1000;
}

static void unstored_hidden_pregap_becomes_a_pregap(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_late_start);
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), 0);
	assert_non_null(
		strstr(sheet_text(&folder, "out.cue"), "    PREGAP 00:13:25\r\n    INDEX 01 0"));
	sheet_check_same(&folder, src, "late start");
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_stored_lead(struct sp_disc *disc)
{
	disc->region[0].stored = true;
}

static void content_before_lba_0_is_a_loss(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_stored_lead);
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), SP_ERR_LOSSY);
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_stored_hidden(struct sp_disc *disc)
{
	with_late_start(disc);
	disc->region[0].stored = true;
}

static void hidden_track_is_kept_without_what_is_before_lba_0(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_stored_hidden);
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), SP_ERR_LOSSY);
	assert_non_null(strstr(err.text, "150 sectors of a pregap"));
	folder_clear(&folder);
	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", true, &err), 0);
	assert_int_equal(sheet_size(&folder, "out.bin"), 1033 * 2352);
	assert_non_null(strstr(sheet_text(&folder, "out.cue"),
			       "    INDEX 00 00:00:00\r\n    INDEX 01 00:13:25\r\n"));
	sp_source_close(src);
	folder_clear(&folder);
}

static void with_pregap_inside_out(struct sp_disc *disc)
{
	const struct sp_region rest = {.lba = 33,
				       .count = 5,
				       .session = 1,
				       .track = 2,
				       .kind = SP_REGION_PREGAP,
				       .parts = SP_PART_USER,
				       .stored = true};
	struct sp_region next = rest;
	struct sp_track *track = sp_disc_add_track(disc);

	assert_non_null(sp_disc_add_region(disc, &rest));
	next.lba = 38;
	next.stored = false;
	assert_non_null(sp_disc_add_region(disc, &next));
	next.lba = 43;
	next.kind = SP_REGION_TRACK;
	next.stored = true;
	assert_non_null(sp_disc_add_region(disc, &next));
	track->index[0] = 33;
	track->index[1] = track->start = 43;
	track->length = 5;
	disc->session[0].lead_out = 48;
}

static void what_a_sheet_cannot_say_is_refused(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_audio_with(with_pregap_inside_out);
	struct sp_error err;

	assert_int_equal(sp_disc_check(src->disc, &err), 0);
	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "", false, &err), SP_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "the pregap of track 2 is stored in part"));
	sp_source_close(src);
	src = layout_source(layout_named("block"), 1);
	assert_int_equal(sheet_make(&folder, src, "", true, &err), SP_ERR_UNSUPPORTED);
	sp_source_close(src);
	folder_clear(&folder);
}

static void unknown_settings_are_refused(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_source(layout_named("audio"), 1);
	struct sp_error err;

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "sector=2336", false, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "cue has no sector=2336");
	assert_int_equal(sheet_make(&folder, src, "bins=", false, &err), SP_ERR_USAGE);
	sp_source_close(src);
	folder_clear(&folder);
}

static void full_toc_is_the_one_thing_not_carried(void **state)
{
	(void)state;
	const struct sp_option none = {"sub", "none"};
	const struct sp_options options = {.option = &none, .options = 1};

	assert_int_equal(SP_CARRY_ALL & ~sp_format_cue.carries(NULL), SP_CARRY(SP_LOSS_TOC));
	assert_int_equal(SP_CARRY_ALL & ~sp_format_cue.carries(&options),
			 SP_CARRY(SP_LOSS_TOC) | SP_CARRY(SP_LOSS_SUBCHANNEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remarks_are_kept_and_never_become_structure),
		cmocka_unit_test(control_characters_are_refused_by_name),
		cmocka_unit_test(quotes_and_spaces_in_texts_survive),
		cmocka_unit_test(packs_without_keywords_go_to_a_file),
		cmocka_unit_test(unstored_hidden_pregap_becomes_a_pregap),
		cmocka_unit_test(content_before_lba_0_is_a_loss),
		cmocka_unit_test(hidden_track_is_kept_without_what_is_before_lba_0),
		cmocka_unit_test(what_a_sheet_cannot_say_is_refused),
		cmocka_unit_test(unknown_settings_are_refused),
		cmocka_unit_test(full_toc_is_the_one_thing_not_carried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
