/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing cue sheets: every layout in every form reads back as it was, and the text is what other
 * programs expect. */
#include "formats/formats.h"
#include "tests/cue_sheet.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void check_layout(const struct layout *layout, const char *settings, bool refused)
{
	struct folder folder;
	struct sp_source *src = layout_source(layout, 7);
	struct sp_error err;
	char what[160];

	snprintf(what, sizeof(what), "%s, %s", layout->name, settings);
	sheet_empty(&folder);
	const int r = sheet_make(&folder, src, settings, false, &err);
	if (r < 0 && !refused)
		print_message("%s: %s\n", what, err.text);
	if (refused)
		assert_int_equal(r, SP_ERR_UNSUPPORTED);
	else
		assert_int_equal(r, 0);
	if (!r)
		sheet_check_same(&folder, src, what);
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

	sheet_empty(&folder);
	assert_int_equal(sheet_make(&folder, src, "bins=track", false, &err), SP_ERR_LOSSY);
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

	sheet_empty(&folder);
	assert_int_equal(sp_memory_open(folder.mem, "out.cue", true, &io, &err), 0);
	assert_int_equal(sp_format_cue.create(&sink, io, &options, &err), 0);
	assert_int_equal(sink->msf_end, SP_LBA_MSF_END);
	assert_int_equal(sink->ops->begin(sink, disc, NULL, &err), 0);
	assert_int_equal(sink->ops->finish(sink, disc, &err), 0);
	assert_non_null(strstr(sheet_text(&folder, "out.cue"),
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

	sheet_empty(&folder);
	if (sheet_make(&folder, src, printed->settings, false, &err) < 0)
		print_message("%s: %s\n", printed->layout, err.text);
	for (const char *c = sheet_text(&folder, "out.cue"); *c; c++)
		if (*c != '\r')
			sheet[strlen(sheet)] = *c == '\n' ? '|' : *c;
	for (size_t i = 1; i < sp_memory_count(folder.mem); i++) {
		const char *name = sp_memory_name(folder.mem, i);

		snprintf(files + strlen(files), sizeof(files) - strlen(files), "%s%s %llu",
			 i > 1 ? ", " : "", name, (unsigned long long)sheet_size(&folder, name));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_reads_back_as_it_was),
		cmocka_unit_test(user_data_reads_back_where_it_can_be_kept_alone),
		cmocka_unit_test(sub_channel_reads_back_from_a_file_or_from_cdg),
		cmocka_unit_test(stored_gap_is_a_loss_only_where_it_has_content),
		cmocka_unit_test(full_disc_has_its_times),
		cmocka_unit_test(sheets_read_as_other_programs_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
