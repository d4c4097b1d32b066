/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw sectors: what their content says of them is found. */
#include "tests/rawfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

static void every_size_offset_and_sub_channel_is_found(void **unused)
{
	static const struct {
		unsigned main, mode;
	} size[] = {{2352, SP_MODE_MODE1}, {2352, SP_MODE_XA}, {2352, SP_MODE_MODE2},
		    {2336, SP_MODE_XA},    {2332, SP_MODE_XA}, {2048, SP_MODE_MODE1}};
	static const char *const order[] = {"", "96 (interleaved)", "96 (linear)", "+ 16"};
	static const sp_lba base[] = {0, -150};

	(void)unused;
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]) * 4 * 2; i++) {
		const unsigned main = size[i / 8].main, mode = size[i / 8].mode;
		struct rawfile_shape s = {.main = main,
					  .order = i / 2 % 4,
					  .base = base[i % 2],
					  .volume = true,
					  .piece = {{mode, 172}}};
		char name[40];

		if (main == 2048 && s.order == NONE)
			continue; /* that is iso */
		snprintf(name, sizeof(name), "%u %s at %d", main, order[s.order], (int)s.base);
		s.name = name;
		struct rawfile im = rawfile_make(&s);
		struct sp_source *src = rawfile_must_open(&im, &s, "a.bin");
		const struct sp_track *t = &src->disc->track[0];
		assert_int_equal(src->disc->tracks, 1);
		assert_int_equal(t->mode, mode);
		assert_int_equal(t->start, 0);
		assert_int_equal(t->index[0], -150);
		assert_int_equal(t->length, 172 + s.base);
		assert_int_equal(src->disc->region[0].stored, s.base < 0);
		rawfile_check(&s, &im, src);
		rawfile_must_say(&s, &im, order[s.order]);
		sp_source_close(src);
		rawfile_free(&im);
	}
}

/* Without a volume: by sync, by error detection code, by Q. */
static void sectors_without_a_volume_are_found(void **unused)
{
	static const struct rawfile_shape shapes[] = {
		{.name = "mode 1", .main = 2352, .piece = {{SP_MODE_MODE1, 5}}},
		{.name = "one sector", .main = 2352, .piece = {{SP_MODE_MODE1, 1}}},
		{.name = "2336", .main = 2336, .piece = {{SP_MODE_XA, 9}}},
		{.name = "2332", .main = 2332, .piece = {{SP_MODE_XA, 40}}},
		{.name = "2332 + 16", .main = 2332, .order = PQ16, .piece = {{SP_MODE_XA, 4}}},
		{.name = "2332 + 96", .main = 2332, .order = LINEAR, .piece = {{SP_MODE_XA, 40}}},
		{.name = "audio", .main = 2352, .order = LINEAR, .piece = {{SP_MODE_AUDIO, 40}}},
		{.name = "audio at 00:00:00",
		 .main = 2352,
		 .order = INTERLEAVED,
		 .base = -150,
		 .piece = {{SP_MODE_AUDIO, 180}}},
		{.name = "audio + 16", .main = 2352, .order = PQ16, .piece = {{SP_MODE_AUDIO, 40}}},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct rawfile im = rawfile_make(&shapes[i]);
		struct sp_source *src = rawfile_must_open(&im, &shapes[i], "a.bin");

		assert_int_equal(src->disc->tracks, 1);
		assert_int_equal(src->disc->track[0].mode, shapes[i].piece[0].mode);
		rawfile_check(&shapes[i], &im, src);
		sp_source_close(src);
		rawfile_free(&im);
	}
}

static void scrambled_sectors_come_unscrambled(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < 6; i++) {
		const struct rawfile_shape s = {
			.name = "scrambled",
			.main = 2352,
			.order = i % 3,
			.scrambled = true,
			.base = i / 3 ? 2000 : 0,
			.piece = {{i % 2 ? SP_MODE_XA : SP_MODE_MODE1, 30}}};
		struct rawfile im = rawfile_make(&s);
		struct sp_source *src = rawfile_must_open(&im, &s, "a.img");

		assert_int_equal(src->disc->track[0].start, s.base);
		rawfile_check(&s, &im, src);
		rawfile_must_say(&s, &im, " scrambled sectors");
		sp_source_close(src);
		rawfile_free(&im);
	}
}

static void the_first_header_says_where_it_begins(void **unused)
{
	static const sp_lba base[] = {-150, -149, -75, -1, 0, 1, 16, 4500, 333000};
	static const char *const said[] = {"00:00:00", "00:00:01", "00:01:00",
					   "00:01:74", "00:02:00", "00:02:01",
					   "00:02:16", "01:02:00", "74:02:00"};

	(void)unused;
	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
		const struct rawfile_shape s = {.name = said[i],
						.main = 2352,
						.base = base[i],
						.piece = {{SP_MODE_MODE1, 160}}};
		struct rawfile im = rawfile_make(&s);
		struct sp_source *src = rawfile_must_open(&im, &s, "a.bin");
		const struct sp_track *t = &src->disc->track[0];

		assert_int_equal(t->start, base[i] > 0 ? base[i] : 0);
		assert_int_equal(t->index[0], base[i] > 0 ? SP_LBA_NONE : -150);
		assert_int_equal(src->disc->session[0].lead_out, base[i] + 160);
		rawfile_check(&s, &im, src);
		rawfile_must_say(&s, &im, said[i]);
		sp_source_close(src);
		rawfile_free(&im);
	}
}

static void modes_that_change_are_tracks(void **unused)
{
	static const struct {
		struct rawfile_shape shape;
		unsigned tracks;
		sp_lba start[4];
		unsigned mode[4];
	} row[] = {
		{{"data, audio",
		  2352,
		  NONE,
		  0,
		  false,
		  true,
		  0,
		  {{SP_MODE_MODE1, 310}, {SP_MODE_AUDIO, 305}}},
		 2,
		 {0, 310},
		 {SP_MODE_MODE1, SP_MODE_AUDIO}},
		{{"audio, data, audio",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_AUDIO, 301}, {SP_MODE_XA, 400}, {SP_MODE_AUDIO, 300}}},
		 3,
		 {0, 301, 701},
		 {SP_MODE_AUDIO, SP_MODE_XA, SP_MODE_AUDIO}},
		{{"scrambled, with P-W",
		  2352,
		  LINEAR,
		  0,
		  true,
		  false,
		  0,
		  {{SP_MODE_MODE1, 320}, {SP_MODE_AUDIO, 300}}},
		 2,
		 {0, 320},
		 {SP_MODE_MODE1, SP_MODE_AUDIO}},
		{{"mode 1, mode 2",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_MODE1, 320}, {SP_MODE_MODE2, 300}}},
		 2,
		 {0, 320},
		 {SP_MODE_MODE1, SP_MODE_MODE2}},
		{{"a short run is no track",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_MODE1, 320}, {SP_MODE_AUDIO, 299}, {SP_MODE_MODE1, 320}}},
		 1,
		 {0},
		 {SP_MODE_MODE1}},
		{{"of a few sectors most decide",
		  2352,
		  NONE,
		  0,
		  false,
		  false,
		  0,
		  {{SP_MODE_MODE1, 20}, {SP_MODE_AUDIO, 10}}},
		 1,
		 {0},
		 {SP_MODE_MODE1}},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rawfile im = rawfile_make(&row[i].shape);
		struct sp_source *src = rawfile_must_open(&im, &row[i].shape, "a.bin");

		assert_int_equal(src->disc->tracks, row[i].tracks);
		for (unsigned t = 0; t < row[i].tracks; t++) {
			assert_int_equal(src->disc->track[t].start, row[i].start[t]);
			assert_int_equal(src->disc->track[t].mode, row[i].mode[t]);
		}
		if (!row[i].shape.scrambled || row[i].tracks > 1)
			rawfile_check(&row[i].shape, &im, src);
		rawfile_must_say(&row[i].shape, &im,
				 row[i].tracks > 1 ? "track 2" : "of another kind than the track");
		sp_source_close(src);
		rawfile_free(&im);
	}
}

static void a_last_sector_cut_short_is_padded_and_told(void **unused)
{
	static const unsigned cut[] = {1, 95, 96, 97, 2000, 2351};

	(void)unused;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]) * 4; i++) {
		static const unsigned main[] = {2352, 2352, 2336, 2332};
		const struct rawfile_shape s = {.name = "cut",
						.main = main[i % 4],
						.order = i % 2 ? LINEAR : NONE,
						.volume = true,
						.cut = cut[i / 4] < main[i % 4] ? cut[i / 4] : 2000,
						.piece = {{SP_MODE_XA, 20}}};
		struct rawfile im = rawfile_make(&s);
		struct sp_source *src = rawfile_must_open(&im, &s, "a.bin");
		char said[60];

		rawfile_check(&s, &im, src);
		snprintf(said, sizeof(said), "ends inside sector 19: %u bytes missing", s.cut);
		rawfile_must_say(&s, &im, said);
		sp_source_close(src);
		rawfile_free(&im);
	}
}

static void headers_of_another_place_are_told(void **unused)
{
	const struct rawfile_shape s = {
		.name = "away", .main = 2352, .piece = {{SP_MODE_MODE1, 400}}};
	struct rawfile im = rawfile_make(&s);

	(void)unused;
	/* the second half is that of sectors 100 further on */
	for (size_t i = 200; i < 400; i++)
		rawfile_sector(&s, SP_MODE_MODE1, (sp_lba)i + 100, im.file + i * SP_RAW_SIZE);
	struct sp_source *src = rawfile_must_open(&im, &s, "a.bin");
	assert_int_equal(src->disc->track[0].start, 0);
	rawfile_must_say(&s, &im, "200 have a header of another place");
	sp_source_close(src);
	rawfile_free(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_offset_and_sub_channel_is_found),
		cmocka_unit_test(sectors_without_a_volume_are_found),
		cmocka_unit_test(scrambled_sectors_come_unscrambled),
		cmocka_unit_test(the_first_header_says_where_it_begins),
		cmocka_unit_test(modes_that_change_are_tracks),
		cmocka_unit_test(a_last_sector_cut_short_is_padded_and_told),
		cmocka_unit_test(headers_of_another_place_are_told),
	};

	return cmocka_run_group_tests_name("raw", tests, NULL, NULL);
}
