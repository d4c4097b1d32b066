/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing cue sheets: every layout in every form reads back as it was, and the text is what other
 * programs expect. */
#include "formats/formats.h"
#include "stream/pattern.h"
#include "tests/cue_folder.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copy `src` (borrowed) to out.cue with options "key=value key=value". */
static int make_sheet(struct folder *folder, struct sp_source *src, const char *settings,
		      bool lossy, struct sp_error *err)
{
	char words[128];
	struct sp_option option[8];
	struct sp_options options = {.option = option, .notes = &folder->sink};
	struct sp_sink *sink;
	struct sp_io *io;

	snprintf(words, sizeof(words), "%s", settings);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		option[options.options++] = (struct sp_option){word, value};
	}
	*err = (struct sp_error){0};
	assert_int_equal(sp_memory_open(folder->mem, "out.cue", true, &io, err), 0);
	int r = sp_format_cue.create(&sink, io, &options, err);
	if (r < 0) {
		sp_io_close(io);
		return r;
	}
	struct sp_copy copy = {.source = src, .sink = sink, .lossy = lossy};
	r = sp_copy(&copy, err);
	sp_sink_close(sink);
	return r;
}

static const char *file_text(struct folder *folder, const char *name)
{
	static char text[65536];
	uint64_t size = 0;
	const uint8_t *data = sp_memory_get(folder->mem, name, &size);

	assert_non_null(data);
	assert_true(size < sizeof(text));
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static uint64_t file_size(struct folder *folder, const char *name)
{
	uint64_t size = 0;

	sp_memory_get(folder->mem, name, &size);
	return size;
}

static void make_empty(struct folder *folder)
{
	*folder = (struct folder){.mem = sp_memory_new()};
	assert_non_null(folder->mem);
}

/* What was written says the same as `src`. */
static void check_same(struct folder *folder, struct sp_source *src, const char *what)
{
	struct sp_compared result = {0};
	struct sp_source *back;
	struct sp_sink *sink;
	struct sp_error err;

	if (folder_open(folder, "out.cue", &back, &err) < 0)
		print_message("%s: %s\n%s", what, err.text, file_text(folder, "out.cue"));
	assert_non_null(back);
	assert_int_equal(sp_sink_compare(&sink, back, &result, &err), 0);
	struct sp_copy copy = {.source = src, .sink = sink};
	const int r = sp_copy(&copy, &err);
	if (r < 0)
		print_message("%s: %s\n", what, err.text);
	assert_int_equal(r, 0);
	sp_sink_close(sink);
	if (result.layout[0] || result.differ || result.only_a || result.only_b)
		print_message("%s: layout \"%s\", %llu differ, first LBA %lld parts %x, only %llu "
			      "%llu\n%s",
			      what, result.layout, (unsigned long long)result.differ,
			      (long long)result.difference[0].lba, result.difference[0].parts,
			      (unsigned long long)result.only_a, (unsigned long long)result.only_b,
			      file_text(folder, "out.cue"));
	assert_string_equal(result.layout, "");
	assert_int_equal(result.differ, 0);
	assert_int_equal(result.only_a, 0);
	assert_int_equal(result.only_b, 0);
	sp_source_close(back);
}

static void check_layout(const struct layout *layout, const char *settings, bool refused)
{
	struct folder folder;
	struct sp_source *src = layout_source(layout, 7);
	struct sp_error err;
	char what[160];

	snprintf(what, sizeof(what), "%s, %s", layout->name, settings);
	make_empty(&folder);
	const int r = make_sheet(&folder, src, settings, false, &err);
	if (r < 0 && !refused)
		print_message("%s: %s\n", what, err.text);
	if (refused)
		assert_int_equal(r, SP_ERR_UNSUPPORTED);
	else
		assert_int_equal(r, 0);
	if (!r)
		check_same(&folder, src, what);
	sp_source_close(src);
	folder_clear(&folder);
}

static bool is(const struct layout *layout, const char *names)
{
	char list[128], *save;

	snprintf(list, sizeof(list), "%s", names);
	for (char *name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save))
		if (!strcmp(name, layout->name))
			return true;
	return false;
}

static void every_layout_reads_back_as_it_was(void **state)
{
	(void)state;
	static const char *const settings[] = {
		"",
		"bins=track",
		"bins=track gaps=previous",
	};

	for (const struct layout *layout = layouts; layout->name; layout++) {
		if ((layout->flags & LAYOUT_HUGE) || is(layout, "block dvd-layers"))
			continue;
		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			if (!is(layout, "gap-stored") || i == 0)
				check_layout(layout, settings[i], false);
	}
}

static void user_data_reads_back_where_it_can_be_kept_alone(void **state)
{
	(void)state;
	static const char *const names[] = {"data2048", "one-sector", "mode1-user", "xa-form1",
					    "audio-3",  "mode1-raw",  "mixed",      "gd-rom"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		check_layout(layout_named(names[i]), "sector=2048", false);
		check_layout(layout_named(names[i]), "sector=2048 bins=track gaps=previous", false);
	}
	check_layout(layout_named("mixed-pregap"), "sector=2048", true);
}

static void sub_channel_reads_back_from_a_file_or_from_cdg(void **state)
{
	(void)state;
	check_layout(layout_named("sub-channel"), "sub=file", false);
	check_layout(layout_named("sub-channel"), "sub=file bins=track", false);
	check_layout(layout_named("sub-channel"), "sub=file sector=2048", false);
	check_layout(layout_named("sub-channel"), "sub=cdg", false);
	check_layout(layout_named("audio-3"), "sub=cdg", false);
}

static void stored_gap_is_a_loss_only_where_it_has_content(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_source(layout_named("gap-stored"), 1);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "bins=track", false, &err), SP_ERR_LOSSY);
	assert_non_null(strstr(err.text, "gap with content"));
	sp_source_close(src);
	folder_clear(&folder);
}

static void full_disc_has_its_times(void **state)
{
	(void)state;
	const struct sp_options options = {0};
	struct folder folder;
	struct sp_disc *disc = layout_build(layout_named("cd-to-the-end"));
	struct sp_sink *sink;
	struct sp_io *io;
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(sp_memory_open(folder.mem, "out.cue", true, &io, &err), 0);
	assert_int_equal(sp_format_cue.create(&sink, io, &options, &err), 0);
	assert_int_equal(sink->msf_end, SP_LBA_MSF_END);
	assert_int_equal(sink->ops->begin(sink, disc, NULL, &err), 0);
	assert_int_equal(sink->ops->finish(sink, disc, &err), 0);
	assert_non_null(strstr(file_text(&folder, "out.cue"),
			       "    INDEX 00 88:53:25\r\n    INDEX 01 88:55:25\r\n"));
	sp_sink_close(sink);
	sp_disc_free(disc);
	folder_clear(&folder);
}

struct printed {
	const char *layout, *settings;
	const char *files; /* made, with their sizes */
	const char *sheet; /* "|" is CR LF */
};

static void check_printed(const struct printed *printed)
{
	struct folder folder;
	struct sp_source *src = layout_source(layout_named(printed->layout), 3);
	struct sp_error err;
	char sheet[4096] = "", files[512] = "";

	make_empty(&folder);
	if (make_sheet(&folder, src, printed->settings, false, &err) < 0)
		print_message("%s: %s\n", printed->layout, err.text);
	for (const char *c = file_text(&folder, "out.cue"); *c; c++)
		if (*c != '\r')
			sheet[strlen(sheet)] = *c == '\n' ? '|' : *c;
	for (size_t i = 1; i < sp_memory_count(folder.mem); i++) {
		const char *name = sp_memory_name(folder.mem, i);

		snprintf(files + strlen(files), sizeof(files) - strlen(files), "%s%s %llu",
			 i > 1 ? ", " : "", name, (unsigned long long)file_size(&folder, name));
	}
	assert_string_equal(sheet, printed->sheet);
	assert_string_equal(files, printed->files);
	sp_source_close(src);
	folder_clear(&folder);
}

static void sheets_read_as_other_programs_write_them(void **state)
{
	(void)state;
	static const struct printed printed[] = {
		{"data2048", "", "out.bin 94080",
		 "FILE \"out.bin\" BINARY|  TRACK 01 MODE1/2352|    INDEX 01 00:00:00|"},
		{"data2048", "sector=2048", "out.bin 81920",
		 "FILE \"out.bin\" BINARY|  TRACK 01 MODE1/2048|    INDEX 01 00:00:00|"},
		{"data2048", "bins=track", "out.bin 94080",
		 "FILE \"out.bin\" BINARY|  TRACK 01 MODE1/2352|    INDEX 01 00:00:00|"},
		{"audio-hidden", "", "out.bin 150528",
		 "FILE \"out.bin\" BINARY|  TRACK 01 AUDIO|    INDEX 00 00:00:00|"
		 "    INDEX 01 00:00:32|  TRACK 02 AUDIO|    INDEX 00 00:00:52|"
		 "    INDEX 01 00:00:55|"},
		{"gaps-not-stored", "", "out.bin 75264",
		 "FILE \"out.bin\" BINARY|  TRACK 01 AUDIO|    INDEX 01 00:00:00|"
		 "    POSTGAP 00:00:11|  TRACK 02 AUDIO|    PREGAP 00:02:00|"
		 "    INDEX 01 00:00:20|"},
		{"audio-3", "bins=track",
		 "out (Track 1).bin 47040, out (Track 2).bin 65856, out (Track 3).bin 63504",
		 "FILE \"out (Track 1).bin\" BINARY|  TRACK 01 AUDIO|    INDEX 01 00:00:00|"
		 "FILE \"out (Track 2).bin\" BINARY|  TRACK 02 AUDIO|    INDEX 00 00:00:00|"
		 "    INDEX 01 00:00:07|FILE \"out (Track 3).bin\" BINARY|  TRACK 03 AUDIO|"
		 "    INDEX 00 00:00:00|    INDEX 01 00:00:05|"},
		{"audio-3", "bins=track gaps=previous",
		 "out (Track 1).bin 63504, out (Track 2).bin 61152, out (Track 3).bin 51744",
		 "FILE \"out (Track 1).bin\" BINARY|  TRACK 01 AUDIO|    INDEX 01 00:00:00|"
		 "  TRACK 02 AUDIO|    INDEX 00 00:00:20|FILE \"out (Track 2).bin\" BINARY|"
		 "    INDEX 01 00:00:00|  TRACK 03 AUDIO|    INDEX 00 00:00:21|"
		 "FILE \"out (Track 3).bin\" BINARY|    INDEX 01 00:00:00|"},
		{"cd-extra", "", "out (Session 1).bin 108192, out (Session 2).bin 47040",
		 "REM SESSION 01|FILE \"out (Session 1).bin\" BINARY|  TRACK 01 AUDIO|"
		 "    INDEX 01 00:00:00|  TRACK 02 AUDIO|    INDEX 00 00:00:20|"
		 "    INDEX 01 00:00:26|REM LEAD-OUT 01:30:00|REM SESSION 02|"
		 "REM LEAD-IN 01:00:00|REM PREGAP 00:02:00|"
		 "FILE \"out (Session 2).bin\" BINARY|  TRACK 03 MODE2/2352|"
		 "    INDEX 01 00:00:00|"},
		{"gap-stored", "", "out.bin 1152480",
		 "REM SESSION 01|FILE \"out.bin\" BINARY|  TRACK 01 MODE1/2352|"
		 "    INDEX 01 00:00:00|REM LEAD-OUT 00:00:20|REM SESSION 02|"
		 "  TRACK 02 MODE1/2352|    INDEX 00 00:04:20|    INDEX 01 00:06:20|"},
		{"gd-rom", "",
		 "out (Track 1).bin 70560, out (Track 2).bin 82320, out (Track 3).bin 70560, "
		 "out (Track 4).bin 105840",
		 "REM SINGLE-DENSITY AREA|FILE \"out (Track 1).bin\" BINARY|"
		 "  TRACK 01 MODE1/2352|    INDEX 01 00:00:00|"
		 "FILE \"out (Track 2).bin\" BINARY|  TRACK 02 AUDIO|    INDEX 00 00:00:00|"
		 "    INDEX 01 00:00:15|REM HIGH-DENSITY AREA|"
		 "FILE \"out (Track 3).bin\" BINARY|  TRACK 03 MODE1/2352|"
		 "    INDEX 01 00:00:00|FILE \"out (Track 4).bin\" BINARY|  TRACK 04 AUDIO|"
		 "    INDEX 00 00:00:00|    INDEX 01 00:00:15|"},
		{"codes", "bins=one", "out.bin 176400",
		 "CATALOG 4006381333931|FILE \"out.bin\" BINARY|  TRACK 01 AUDIO|    FLAGS DCP|"
		 "    ISRC DEABC2400001|    INDEX 01 00:00:00|  TRACK 02 AUDIO|    FLAGS PRE|"
		 "    ISRC DEABC2400002|    INDEX 00 00:00:20|    INDEX 01 00:00:27|"
		 "  TRACK 03 AUDIO|    FLAGS DCP 4CH|    ISRC DEABC2400003|"
		 "    INDEX 00 00:00:48|    INDEX 01 00:00:53|"},
		{"cd-text", "", "out.bin 176400, out.cdt 288",
		 "CDTEXTFILE \"out.cdt\"|TITLE \"A disc with \"quotes\" in it\"|"
		 "PERFORMER \"Händel\"|FILE \"out.bin\" BINARY|  TRACK 01 AUDIO|"
		 "    TITLE \"One\"|"
		 "    INDEX 01 00:00:00|  TRACK 02 AUDIO|    TITLE \"Two\"|"
		 "    PERFORMER \"Somebody else\"|    INDEX 00 00:00:20|    INDEX 01 00:00:27|"
		 "  TRACK 03 AUDIO|    TITLE \"Three\"|    INDEX 00 00:00:48|"
		 "    INDEX 01 00:00:53|"},
		{"sub-channel", "sub=cdg", "out.bin 404640",
		 "FILE \"out.bin\" BINARY|  TRACK 01 MODE1/2352|    INDEX 01 00:00:00|"
		 "  TRACK 02 CDG|    INDEX 00 00:01:45|    INDEX 01 00:01:65|"},
		{"sub-channel", "", "out.bin 399840, out.sub 16320",
		 "FILE \"out.bin\" BINARY|  TRACK 01 MODE1/2352|    INDEX 01 00:00:00|"
		 "  TRACK 02 AUDIO|    INDEX 00 00:01:45|    INDEX 01 00:01:65|"},
	};

	for (size_t i = 0; i < sizeof(printed) / sizeof(printed[0]); i++)
		check_printed(&printed[i]);
}

/* A disc of one audio track, four sectors, as a source. */
static struct sp_source *small_source(void (*change)(struct sp_disc *))
{
	struct sp_disc *disc = layout_build(layout_named("audio"));
	struct sp_source *src;
	struct sp_error err;

	change(disc);
	assert_int_equal(sp_pattern_source(&src, disc, 1, &err), 0);
	return src;
}

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
	struct sp_source *src = small_source(with_remarks), *back;
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), 0);
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
	struct sp_source *src = small_source(with_newline);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), SP_ERR_LOSSY);
	assert_string_equal(err.text, "this format cannot hold: a letter of CD-Text");
	assert_int_equal(sp_memory_count(folder.mem), 1);
	assert_int_equal(make_sheet(&folder, src, "", true, &err), 0);
	assert_non_null(strstr(file_text(&folder, "out.cue"), "    TITLE \"OneREM\"\r\n"));
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
	struct sp_source *src = small_source(with_quotes);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), 0);
	check_same(&folder, src, "quotes");
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
	struct sp_source *src = small_source(with_packs), *back;
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), 0);
	assert_non_null(strstr(file_text(&folder, "out.cue"), "CDTEXTFILE \"out.cdt\"\r\n"));
	assert_int_equal(file_size(&folder, "out.cdt"), 36);
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
	struct sp_source *src = small_source(with_late_start);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), 0);
	assert_non_null(
		strstr(file_text(&folder, "out.cue"), "    PREGAP 00:13:25\r\n    INDEX 01 0"));
	check_same(&folder, src, "late start");
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
	struct sp_source *src = small_source(with_stored_lead);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), SP_ERR_LOSSY);
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
	struct sp_source *src = small_source(with_stored_hidden);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), SP_ERR_LOSSY);
	assert_non_null(strstr(err.text, "150 sectors of a pregap"));
	folder_clear(&folder);
	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", true, &err), 0);
	assert_int_equal(file_size(&folder, "out.bin"), 1033 * 2352);
	assert_non_null(strstr(file_text(&folder, "out.cue"),
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
	struct sp_source *src = small_source(with_pregap_inside_out);
	struct sp_error err;

	assert_int_equal(sp_disc_check(src->disc, &err), 0);
	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "", false, &err), SP_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "the pregap of track 2 is stored in part"));
	sp_source_close(src);
	src = layout_source(layout_named("block"), 1);
	assert_int_equal(make_sheet(&folder, src, "", true, &err), SP_ERR_UNSUPPORTED);
	sp_source_close(src);
	folder_clear(&folder);
}

static void unknown_settings_are_refused(void **state)
{
	(void)state;
	struct folder folder;
	struct sp_source *src = layout_source(layout_named("audio"), 1);
	struct sp_error err;

	make_empty(&folder);
	assert_int_equal(make_sheet(&folder, src, "sector=2336", false, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "cue has no sector=2336");
	assert_int_equal(make_sheet(&folder, src, "bins=", false, &err), SP_ERR_USAGE);
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
		cmocka_unit_test(every_layout_reads_back_as_it_was),
		cmocka_unit_test(user_data_reads_back_where_it_can_be_kept_alone),
		cmocka_unit_test(sub_channel_reads_back_from_a_file_or_from_cdg),
		cmocka_unit_test(stored_gap_is_a_loss_only_where_it_has_content),
		cmocka_unit_test(full_disc_has_its_times),
		cmocka_unit_test(sheets_read_as_other_programs_write_them),
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
