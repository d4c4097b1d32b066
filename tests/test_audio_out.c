/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Audio tracks as sound files: the samples are those of the disc, the tags say what the disc says,
 * names are fit for any file system. */
#include "formats/audio_write.h"
#include "formats/formats.h"
#include "tests/cue_folder.h"
#include "tests/flac_decode.h"
#include "tests/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* Copy `src` (borrowed) to out.cue with options "key=value key=value". */
static int make_sheet(struct sp_memory *mem, struct sp_source *src, const char *settings,
		      struct sp_error *err)
{
	char words[128], *save = NULL;
	struct sp_option option[8];
	struct sp_options options = {.option = option};
	struct sp_sink *sink;
	struct sp_io *io;

	snprintf(words, sizeof(words), "%s", settings);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *value = strchr(w, '=');

		*value++ = '\0';
		option[options.options++] = (struct sp_option){w, value};
	}
	*err = (struct sp_error){0};
	assert_int_equal(sp_memory_open(mem, "out.cue", true, &io, err), 0);
	int r = sp_format_cue.create(&sink, io, &options, err);
	if (r < 0) {
		sp_io_close(io);
		return r;
	}
	struct sp_copy copy = {.source = src, .sink = sink};
	r = sp_copy(&copy, err);
	sp_sink_close(sink);
	return r;
}

static struct sp_memory *must_make(const char *layout, const char *settings)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *src = layout_source(layout_named(layout), 7);
	struct sp_error err;

	if (make_sheet(mem, src, settings, &err) < 0)
		fail_msg("%s, %s: %s", layout, settings, err.text);
	sp_source_close(src);
	return mem;
}

static void check_names(struct sp_memory *mem, const char *expected)
{
	char names[2048] = "";

	for (size_t i = 0; i < sp_memory_count(mem); i++) {
		const size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", i ? "|" : "",
			 sp_memory_name(mem, i));
	}
	assert_string_equal(names, expected);
}

static bool sheet_has(struct sp_memory *mem, const char *text)
{
	uint64_t size;
	const char *sheet = (const char *)sp_memory_get(mem, "out.cue", &size);

	return memmem(sheet, size, text, strlen(text)) != NULL;
}

/* WAVE files hold what .bin files would, FLAC files decode to what WAVE files hold, and the sheets
 * differ in nothing but extensions. */
static void check_same_samples(struct sp_memory *wav, struct sp_memory *flac)
{
	assert_int_equal(sp_memory_count(wav), sp_memory_count(flac));
	for (size_t i = 1; i < sp_memory_count(wav); i++) {
		const char *a = sp_memory_name(wav, i), *b = sp_memory_name(flac, i);
		uint64_t size, other;
		const uint8_t *data = sp_memory_get(wav, a, &size);
		const char *dot = strrchr(b, '.');
		struct decoded d;

		assert_memory_equal(a, b, (size_t)(dot - b));
		if (strcmp(dot, ".flac") != 0) {
			assert_string_equal(a, b);
			assert_memory_equal(data, sp_memory_get(flac, b, &other), size);
			assert_int_equal(size, other);
			continue;
		}
		decode(&d, flac, b);
		assert_true(size >= d.pcm_size + SP_WAVE_HEAD);
		assert_memory_equal(data + SP_WAVE_HEAD, d.pcm, d.pcm_size);
		decoded_clear(&d);
	}
}

static void every_layout_is_the_same_disc_in_sound_files(void **state)
{
	(void)state;
	static const char *const settings[] = {
		"", "bins=track", "bins=track gaps=previous names=title", "bins=track sub=file"};
	unsigned sound = 0;

	for (const struct layout *l = layouts; l->name; l++) {
		for (size_t i = 0; i < 4 && !(l->flags & LAYOUT_HUGE); i++) {
			struct folder wav = {.mem = sp_memory_new()};
			struct sp_memory *flac = sp_memory_new();
			struct sp_source *src = layout_source(l, 7), *back;
			struct sp_compared found;
			struct sp_copy copy = {.source = src};
			struct sp_error err;
			char words[128];

			snprintf(words, sizeof(words), "audio=wav %s", settings[i]);
			const int r = make_sheet(wav.mem, src, words, &err);
			snprintf(words, sizeof(words), "audio=flac %s", settings[i]);
			assert_int_equal(make_sheet(flac, src, words, &err), r);
			if (!r) {
				check_same_samples(wav.mem, flac);
				if (folder_open(&wav, "out.cue", &back, &err))
					fail_msg("%s, %s: %s", l->name, words, err.text);
				assert_int_equal(sp_sink_compare(&copy.sink, back, &found, &err),
						 0);
				assert_int_equal(sp_copy(&copy, &err), 0);
				sp_sink_close(copy.sink);
				if (found.layout[0] || found.differ || found.only_a || found.only_b)
					fail_msg("%s, %s: %s", l->name, words, found.layout);
				sp_source_close(back);
				sound += sheet_has(flac, ".flac\" WAVE\r\n");
			}
			sp_source_close(src);
			sp_memory_free(flac);
			folder_clear(&wav);
		}
	}
	assert_true(sound >= 40);
}

static void runs_of_audio_are_one_file_each(void **state)
{
	(void)state;
	struct sp_memory *mem = must_make("mixed", "audio=flac");
	struct decoded d;

	check_names(mem, "out.cue|out (Track 1).bin|out (Track 2).flac");
	decode(&d, mem, "out (Track 2).flac");
	assert_int_equal(d.pcm_size, (15 + 20 + 10) * 2352);
	decoded_clear(&d);
	sp_memory_free(mem);
	mem = must_make("audio-3", "audio=wav");
	check_names(mem, "out.cue|out.wav");
	sp_memory_free(mem);
	mem = must_make("data2048", "audio=flac");
	check_names(mem, "out.cue|out.bin");
	sp_memory_free(mem);
}

static void pregap_lies_in_the_file_it_is_asked_into(void **state)
{
	(void)state;
	struct sp_memory *mem = must_make("audio-3", "audio=flac bins=track");
	struct decoded d;

	decode(&d, mem, "out (Track 2).flac");
	assert_int_equal(d.pcm_size, (7 + 21) * 2352);
	decoded_clear(&d);
	sp_memory_free(mem);
	mem = must_make("audio-3", "audio=flac bins=track gaps=previous");
	decode(&d, mem, "out (Track 1).flac");
	assert_int_equal(d.pcm_size, (20 + 7) * 2352);
	decoded_clear(&d);
	sp_memory_free(mem);
	/* data before sound: there is no file of both */
	mem = must_make("mixed", "audio=flac bins=track gaps=previous");
	decode(&d, mem, "out (Track 2).flac");
	assert_int_equal(d.pcm_size, (15 + 20) * 2352);
	decoded_clear(&d);
	sp_memory_free(mem);
}

static void hidden_track_begins_the_first_file(void **state)
{
	(void)state;
	struct sp_memory *mem = must_make("audio-hidden", "audio=flac bins=track names=title");
	struct decoded d;

	check_names(mem, "out.cue|01.flac|02.flac");
	assert_true(sheet_has(mem, "FILE \"01.flac\" WAVE\r\n  TRACK 01 AUDIO\r\n"
				   "    INDEX 00 00:00:00\r\n    INDEX 01 00:00:32\r\n"));
	decode(&d, mem, "01.flac");
	assert_int_equal(d.pcm_size, (32 + 20) * 2352);
	decoded_clear(&d);
	sp_memory_free(mem);
}

static void tags_say_what_the_disc_says(void **state)
{
	(void)state;
	struct sp_memory *mem = must_make("cd-text", "audio=flac bins=track names=title");
	struct decoded d;

	decode(&d, mem, "01 - One.flac");
	assert_string_equal(d.comments, "TITLE=One\nARTIST=H\xc3\xa4ndel\n"
					"ALBUM=A disc with \"quotes\" in it\n"
					"ALBUMARTIST=H\xc3\xa4ndel\nTRACKNUMBER=1\nTRACKTOTAL=3\n");
	decoded_clear(&d);
	decode(&d, mem, "02 - Two.flac");
	assert_non_null(strstr(d.comments, "\nARTIST=Somebody else\n"));
	decoded_clear(&d);
	sp_memory_free(mem);
	mem = must_make("cd-text", "audio=flac");
	decode(&d, mem, "out.flac");
	assert_string_equal(d.comments, "ARTIST=H\xc3\xa4ndel\nALBUM=A disc with \"quotes\" in it\n"
					"ALBUMARTIST=H\xc3\xa4ndel\n");
	decoded_clear(&d);
	sp_memory_free(mem);
	mem = must_make("codes", "audio=flac bins=track");
	decode(&d, mem, "out (Track 2).flac");
	assert_string_equal(d.comments, "TRACKNUMBER=2\nTRACKTOTAL=3\nISRC=DEABC2400002\n");
	decoded_clear(&d);
	sp_memory_free(mem);
	mem = must_make("first-4", "audio=flac bins=track names=title");
	decode(&d, mem, "04.flac");
	assert_string_equal(d.comments, "TRACKNUMBER=4\nTRACKTOTAL=6\n");
	decoded_clear(&d);
	sp_memory_free(mem);
}

static void code_the_source_learns_late_is_in_the_tags(void **state)
{
	(void)state;
	const struct sp_option flac = {"audio", "flac"};
	struct sp_error err;
	struct trial trial;
	struct decoded d;

	trial_init(&trial, &sp_format_cue, layout_named("audio"), &flac);
	trial.plan = (struct double_source_plan){.once = true, .late = true};
	assert_int_equal(trial_create(&trial, NULL, false, &err), 0);
	decode(&d, trial.mem, sp_memory_name(trial.mem, 1));
	assert_string_equal(d.comments, "TRACKNUMBER=1\nTRACKTOTAL=1\nISRC=DEABC2400001\n");
	decoded_clear(&d);
	trial_clear(&trial);
}

/* The names of three tracks' files when these are their titles. */
static struct sp_memory *make_titled(const char *one, const char *two, const char *three)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *src = layout_source(layout_named("audio-3"), 7);
	const char *const title[] = {one, two, three};
	struct sp_error err;

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sp_disc_set_text(src->disc, i + 1, SP_TEXT_TITLE, title[i]), 0);
	if (make_sheet(mem, src, "audio=wav bins=track names=title", &err) < 0)
		fail_msg("%s", err.text);
	sp_source_close(src);
	return mem;
}

static void odd_titles_become_names_for_any_file_system(void **state)
{
	(void)state;
	static const struct {
		const char *one, *two, *three, *names;
	} row[] = {
		{"a/b\\c", "What? *Now*", "<a> | \"b\": c",
		 "01 - a_b_c|02 - What_ _Now_|03 - _a_ _ _b__ c"},
		{"Same", "Same", "same", "01 - Same|02 - Same|03 - same"},
		{"", "..", "/", "01|02|03 - _"},
		{".hidden", "...Baby", "Etc. ... ", "01 - .hidden|02 - ...Baby|03 - Etc"},
		{"CON", "a\tb", "-rf", "01 - CON|02 - a_b|03 - -rf"},
		{"H\xc3\xa4ndel", "\xe6\x97\xa5\xe6\x9c\xac", "a\xc2\x9bm",
		 "01 - H\xc3\xa4ndel|02 - \xe6\x97\xa5\xe6\x9c\xac|03 - a__m"},
		{"../../etc/passwd", "..", "   ", "01 - .._.._etc_passwd|02|03"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sp_memory *mem = make_titled(row[i].one, row[i].two, row[i].three);
		char names[256] = "", expected[256] = "";

		snprintf(expected, sizeof(expected), "%s", row[i].names);
		for (size_t n = 1; n < sp_memory_count(mem); n++) {
			const char *name = sp_memory_name(mem, n);
			const size_t used = strlen(names);

			assert_string_equal(name + strlen(name) - 4, ".wav");
			snprintf(names + used, sizeof(names) - used, "%s%.*s", n > 1 ? "|" : "",
				 (int)strlen(name) - 4, name);
		}
		assert_string_equal(names, expected);
		sp_memory_free(mem);
	}
}

static void long_title_is_cut_between_letters(void **state)
{
	(void)state;
	char title[3][600];

	for (size_t n = 0; n < 3; n++) {
		memset(title[n], 'x', sizeof(title[n]));
		for (size_t at = n; at + 3 < sizeof(title[n]); at += 3)
			memcpy(title[n] + at, "\xe2\x82\xac", 3);
		title[n][n + 3 * 190] = '\0';
	}
	struct sp_memory *mem = make_titled(title[0], title[1], title[2]);
	for (size_t n = 0; n < 3; n++) {
		const char *name = sp_memory_name(mem, n + 1);
		const size_t body = strlen(name) - strlen("01 - ") - strlen(".wav");

		assert_in_range(body, 198, 200);
		assert_int_equal((body - n) % 3, 0);
		assert_memory_equal(name + 5, title[n], body);
	}
	sp_memory_free(mem);
}

static void ninety_nine_tracks_are_ninety_nine_files(void **state)
{
	(void)state;
	struct sp_memory *mem = must_make("tracks-99", "audio=flac bins=track names=title");
	struct decoded d;

	assert_int_equal(sp_memory_count(mem), 100);
	assert_string_equal(sp_memory_name(mem, 99), "99.flac");
	decode(&d, mem, "99.flac");
	assert_string_equal(d.comments, "TRACKNUMBER=99\nTRACKTOTAL=99\n");
	decoded_clear(&d);
	sp_memory_free(mem);
}

static void settings_that_make_no_sound_file_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"audio=mp3", "level=9",  "level=10",          "level=",
					  "level=-1",  "names=no", "audio=flac sub=cdg"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sp_memory *mem = sp_memory_new();
		struct sp_source *src = layout_source(layout_named("audio"), 7);
		struct sp_error err;

		assert_int_equal(make_sheet(mem, src, bad[i], &err), SP_ERR_USAGE);
		assert_true(err.text[0]);
		sp_source_close(src);
		sp_memory_free(mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_is_the_same_disc_in_sound_files),
		cmocka_unit_test(runs_of_audio_are_one_file_each),
		cmocka_unit_test(pregap_lies_in_the_file_it_is_asked_into),
		cmocka_unit_test(hidden_track_begins_the_first_file),
		cmocka_unit_test(tags_say_what_the_disc_says),
		cmocka_unit_test(code_the_source_learns_late_is_in_the_tags),
		cmocka_unit_test(odd_titles_become_names_for_any_file_system),
		cmocka_unit_test(long_title_is_cut_between_letters),
		cmocka_unit_test(ninety_nine_tracks_are_ninety_nine_files),
		cmocka_unit_test(settings_that_make_no_sound_file_are_refused),
	};

	return cmocka_run_group_tests_name("audio_out", tests, NULL, NULL);
}
