/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compare sink: what counts as the same, and where a difference is said to be. */
#include "stream/extents.h"
#include "stream/pattern.h"
#include "tests/doubles.h"
#include "tests/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define RAW SP_PART_MAIN
#define TAIL (SP_PART_SUBHEADER | SP_PART_USER | SP_PART_ECC)

static const struct layout_piece mixed[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, RAW}, {LAYOUT_PREGAP, 150, 0, 0},
	{LAYOUT_MAIN, 300, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER},
	{LAYOUT_PREGAP, 20, SP_MODES, RAW}, {LAYOUT_MAIN, 60, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece mixed_unstored[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, RAW}, {LAYOUT_PREGAP, 150, 0, 0},
	{LAYOUT_MAIN, 300, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER},
	{LAYOUT_PREGAP, 20, 0, 0}, {LAYOUT_MAIN, 60, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
static const struct layout_piece mixed_long[] = {
	{LAYOUT_SESSION, 0, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_MODE1, RAW}, {LAYOUT_PREGAP, 150, 0, 0},
	{LAYOUT_MAIN, 300, 0, 0}, {LAYOUT_TRACK, 0, SP_MODE_AUDIO, SP_PART_USER},
	{LAYOUT_PREGAP, 20, SP_MODES, RAW}, {LAYOUT_MAIN, 65, 0, 0}, {LAYOUT_END, 0, 0, 0},
};
/* clang-format on */

static struct sp_compared found;

/* A disc of one data track; a CD's begins with 150 sectors that are not stored. */
static struct sp_source *one_track(unsigned mode, unsigned parts, uint32_t count)
{
	const struct layout_piece piece[] = {
		{LAYOUT_SESSION, 0, 0, 0},  {LAYOUT_TRACK, 0, mode, parts},
		{LAYOUT_PREGAP, 150, 0, 0}, {LAYOUT_MAIN, count, 0, 0},
		{LAYOUT_END, 0, 0, 0},
	};

	return streams_source(piece, -150, false);
}

/* The same as a plain row of 2048-byte sectors. */
static struct sp_source *plain_track(uint32_t count)
{
	const struct layout_piece piece[] = {
		{LAYOUT_SESSION, 0, 0, 0},
		{LAYOUT_TRACK, 0, SP_MODE_DATA2048, SP_PART_USER},
		{LAYOUT_MAIN, count, 0, 0},
		{LAYOUT_END, 0, 0, 0},
	};

	return streams_source(piece, 0, false);
}

static struct sp_source *flip(struct sp_source *source, sp_lba lba, uint64_t count, size_t byte)
{
	static struct double_seen seen[2]; /* both sides of a comparison may be flipped */
	static unsigned turn;
	const struct double_source_plan plan = {
		.damage_at = lba, .damage_count = count, .damage_byte = byte};

	return double_source(source, &plan, &seen[turn++ & 1]);
}

/* Both are closed. */
static void compare(struct sp_source *a, struct sp_source *b)
{
	struct sp_error err = {0};
	struct sp_sink *sink;

	assert_int_equal(sp_sink_compare(&sink, b, &found, &err), 0);
	if (streams_copy(a, sink, &err) < 0)
		fail_msg("%s", err.text);
	sp_source_close(b);
	assert_int_equal(found.sectors, found.same + found.differ + found.only_a + found.only_b);
}

static void assert_run(size_t i, sp_lba lba, uint64_t count, unsigned parts, uint32_t offset)
{
	assert_true(i < found.differences);
	assert_int_equal(found.difference[i].lba, lba);
	assert_int_equal(found.difference[i].count, count);
	assert_int_equal(found.difference[i].parts, parts);
	assert_int_equal(found.difference[i].offset, offset);
}

static void equal_discs_are_the_same(void **unused)
{
	(void)unused;
	compare(streams_source(mixed, -150, false), streams_source(mixed, -150, false));
	assert_int_equal(found.sectors, 380);
	assert_int_equal(found.same, 380);
	assert_string_equal(found.layout, "");
	assert_int_equal(found.differences, 0);
}

static void one_different_byte_is_named_by_sector_offset_and_part(void **unused)
{
	static const struct {
		sp_lba lba;
		size_t byte;
		unsigned part;
	} at[] = {
		{0, 0, SP_PART_SYNC},      {17, 12, SP_PART_HEADER}, {255, 16, SP_PART_USER},
		{256, 2063, SP_PART_USER}, {299, 2064, SP_PART_ECC}, {300, 0, SP_PART_USER},
		{379, 2351, SP_PART_USER},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		compare(flip(streams_source(mixed, -150, false), at[i].lba, 1, at[i].byte),
			streams_source(mixed, -150, false));
		assert_int_equal(found.same, 379);
		assert_int_equal(found.differ, 1);
		assert_int_equal(found.differences, 1);
		assert_run(0, at[i].lba, 1, at[i].part, (uint32_t)at[i].byte);
		assert_string_equal(found.layout, "");
	}
}

static void neighbours_that_differ_are_one_run(void **unused)
{
	(void)unused;
	compare(flip(streams_source(mixed, -150, false), 250, 30, 100),
		flip(streams_source(mixed, -150, false), 290, 5, 2100));
	assert_int_equal(found.differ, 35);
	assert_int_equal(found.differences, 2);
	assert_run(0, 250, 30, SP_PART_USER, 100);
	assert_run(1, 290, 5, SP_PART_ECC, 2100);
}

static void runs_past_the_64th_are_counted_and_not_kept(void **unused)
{
	(void)unused;
	/* mixed XA of the pattern has form 2 in every odd sector: no 2048-byte sector equals that
	 */
	compare(one_track(SP_MODE_XA, RAW, 200), plain_track(200));
	assert_int_equal(found.differ, 100);
	assert_int_equal(found.same, 100);
	assert_int_equal(found.differences, 64);
	assert_run(63, 127, 1, SP_PART_USER, 0);
}

static void framing_one_side_lacks_is_no_difference(void **unused)
{
	static const struct {
		unsigned a_mode, a_parts, b_mode, b_parts;
	} pair[] = {
		{SP_MODE_MODE1, RAW, SP_MODE_MODE1, SP_PART_USER},
		{SP_MODE_MODE1, RAW, SP_MODE_DATA2048, SP_PART_USER},
		{SP_MODE_MODE1, SP_PART_USER, SP_MODE_DATA2048, SP_PART_USER},
		{SP_MODE_MODE2, RAW, SP_MODE_MODE2, SP_PART_USER},
		{SP_MODE_XA, RAW, SP_MODE_XA, TAIL},
		{SP_MODE_XA_FORM1, RAW, SP_MODE_XA_FORM1, SP_PART_USER},
		{SP_MODE_XA_FORM1, RAW, SP_MODE_DATA2048, SP_PART_USER},
		{SP_MODE_XA_FORM1, TAIL, SP_MODE_XA_FORM1, RAW},
		{SP_MODE_XA_FORM2, RAW, SP_MODE_XA_FORM2, SP_PART_USER},
		{SP_MODE_AUDIO, SP_PART_USER | SP_PART_PW, SP_MODE_AUDIO, SP_PART_USER},
		{SP_MODE_MODE1, RAW | SP_PART_PW, SP_MODE_DATA2048, SP_PART_USER},
		{SP_MODE_MODE1, RAW | SP_PART_PW, SP_MODE_MODE1, SP_PART_USER | SP_PART_PW},
	};

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof(pair) / sizeof(pair[0]); i++) {
		struct sp_source *a = one_track(pair[i / 2].a_mode, pair[i / 2].a_parts, 70);
		struct sp_source *b =
			pair[i / 2].b_mode == SP_MODE_DATA2048
				? plain_track(70)
				: one_track(pair[i / 2].b_mode, pair[i / 2].b_parts, 70);

		compare(i & 1 ? b : a, i & 1 ? a : b);
		assert_int_equal(found.same, 70);
		assert_int_equal(found.sectors, 70);
		assert_string_equal(found.layout, "");
	}
}

static void offsets_count_the_compared_bytes_alone(void **unused)
{
	(void)unused;
	compare(flip(one_track(SP_MODE_MODE1, RAW, 70), 33, 1, 16 + 5), plain_track(70));
	assert_int_equal(found.differ, 1);
	assert_run(0, 33, 1, SP_PART_USER, 5);
	/* parity only the one side stores */
	compare(flip(one_track(SP_MODE_MODE1, RAW, 70), 33, 1, 2200), plain_track(70));
	assert_int_equal(found.same, 70);
}

static void sub_channel_both_store_is_compared(void **unused)
{
	const unsigned parts = SP_PART_USER | SP_PART_PW;

	(void)unused;
	compare(flip(one_track(SP_MODE_AUDIO, parts, 70), 3, 2, 2352 + 9),
		one_track(SP_MODE_AUDIO, parts, 70));
	assert_int_equal(found.differ, 2);
	assert_run(0, 3, 2, SP_PART_PW, 2352 + 9);
	compare(flip(one_track(SP_MODE_AUDIO, parts, 70), 3, 2, 2352 + 9),
		one_track(SP_MODE_AUDIO, SP_PART_USER, 70));
	assert_int_equal(found.same, 70);
}

static void audio_is_never_the_same_as_bare_data(void **unused)
{
	(void)unused;
	compare(one_track(SP_MODE_AUDIO, SP_PART_USER, 10), plain_track(10));
	assert_int_equal(found.differ, 10);
	assert_string_equal(found.layout, "mode of track 1: audio and data2048");
}

static void what_one_side_alone_stores_is_counted_apart(void **unused)
{
	(void)unused;
	compare(streams_source(mixed, -150, false), streams_source(mixed_unstored, -150, false));
	assert_int_equal(found.same, 360);
	assert_int_equal(found.only_a, 20);
	assert_int_equal(found.blank, 0);
	assert_run(0, 300, 20, SP_PART_USER, 0);
	assert_true(found.difference[0].only_a && !found.difference[0].only_b);
	compare(streams_source(mixed_unstored, -150, false), streams_source(mixed, -150, false));
	assert_int_equal(found.same, 360);
	assert_int_equal(found.only_b, 20);
	assert_run(0, 300, 20, SP_PART_USER, 0);
	assert_true(found.difference[0].only_b && !found.difference[0].only_a);
}

/* `piece` over a file of zeros. */
static struct sp_source *zeros(const struct layout_piece *piece, struct sp_memory *mem)
{
	const struct layout layout = {"zeros", piece, 0, SP_MEDIUM_CD, 1, -150, NULL};
	struct sp_disc *disc = layout_build(&layout);
	struct sp_extents map = {0};
	struct sp_source *source;
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, "zeros", NULL, 1u << 20), 0);
	assert_int_equal(sp_memory_open(mem, "zeros", false, &io, NULL), 0);
	assert_int_equal(sp_extents_own(&map, io, NULL), 0);
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];
		const struct sp_extent extent = {.lba = r->lba,
						 .count = r->count,
						 .io = io,
						 .stride = 2352,
						 .mode = r->mode,
						 .parts = r->parts};

		if (r->stored)
			assert_int_equal(sp_extents_add(&map, &extent, false, true, NULL), 0);
	}
	assert_int_equal(sp_extents_source(&source, disc, &map, NULL), 0);
	return source;
}

static void silence_one_side_alone_stores_is_blank(void **unused)
{
	struct sp_memory *mem = sp_memory_new();

	(void)unused;
	compare(zeros(mixed, mem), zeros(mixed_unstored, mem));
	assert_int_equal(found.only_a, 20);
	assert_int_equal(found.blank, 20);
	assert_run(0, 300, 20, 0, 0);
	compare(zeros(mixed_unstored, mem), flip(zeros(mixed, mem), 310, 1, 2351));
	assert_int_equal(found.only_b, 20);
	assert_int_equal(found.blank, 19);
	assert_int_equal(found.differences, 3);
	assert_run(1, 310, 1, SP_PART_USER, 0);
	sp_memory_free(mem);
}

static void the_longer_side_has_the_rest_to_itself(void **unused)
{
	(void)unused;
	compare(streams_source(mixed_long, -150, false), streams_source(mixed, -150, false));
	assert_int_equal(found.same, 380);
	assert_int_equal(found.only_a, 5);
	assert_run(0, 380, 5, SP_PART_USER, 0);
	assert_string_equal(found.layout, "length of track 2: 65 and 60");
	compare(streams_source(mixed, -150, false), streams_source(mixed_long, -150, false));
	assert_int_equal(found.only_b, 5);
	assert_run(0, 380, 5, SP_PART_USER, 0);
	compare(plain_track(10), plain_track(600));
	assert_int_equal(found.only_b, 590);
	assert_string_equal(found.layout, "length of track 1: 10 and 600");
}

/* Regions in pieces of at most `n` sectors. */
static struct sp_source *recut(struct sp_source *source, uint64_t n)
{
	struct sp_disc *disc = source->disc;
	const size_t count = disc->regions;
	struct sp_region *old = malloc(count * sizeof(*old));

	assert_non_null(old);
	memcpy(old, disc->region, count * sizeof(*old));
	free(disc->region);
	disc->region = NULL;
	disc->regions = 0;
	for (size_t i = 0; i < count; i++) {
		for (uint64_t at = 0; at < old[i].count; at += n) {
			struct sp_region r = old[i];

			r.lba += (sp_lba)at;
			r.count = r.count - at < n ? r.count - at : n;
			assert_non_null(sp_disc_add_region(disc, &r));
		}
	}
	free(old);
	assert_int_equal(sp_disc_check(disc, NULL), 0);
	return source;
}

static void regions_cut_otherwise_are_no_difference(void **unused)
{
	(void)unused;
	for (uint64_t n = 1; n < 300; n = n * 3 + 4) {
		compare(recut(streams_source(mixed, -150, false), n),
			recut(streams_source(mixed, -150, false), 31));
		assert_int_equal(found.same, 380);
		assert_string_equal(found.layout, "");
		compare(flip(recut(streams_source(mixed, -150, false), 31), 299, 2, 77),
			recut(streams_source(mixed, -150, false), n));
		assert_int_equal(found.differ, 2);
		assert_run(0, 299, 2, SP_PART_USER, 77);
	}
}

static void set_isrc(struct sp_disc *disc)
{
	memcpy(disc->track[1].isrc, "DEABC2400001", 13);
}

static void set_mcn(struct sp_disc *disc)
{
	memcpy(disc->mcn, "4006381333931", 14);
}

static void set_flags(struct sp_disc *disc)
{
	disc->track[1].control |= SP_CONTROL_PREEMPHASIS;
}

static void set_index(struct sp_disc *disc)
{
	disc->track[1].index[2] = disc->track[1].start + 5;
}

static void set_title(struct sp_disc *disc)
{
	assert_int_equal(sp_disc_set_text(disc, 2, SP_TEXT_TITLE, "Two\n"), 0);
}

static void set_remark(struct sp_disc *disc)
{
	assert_int_equal(sp_disc_set_text(disc, 0, SP_TEXT_REMARK, "made by hand"), 0);
}

static void set_session_type(struct sp_disc *disc)
{
	disc->session[0].type = SP_SESSION_XA;
}

static void layout_facts_that_differ_are_said_in_words(void **unused)
{
	static const struct {
		void (*set)(struct sp_disc *disc);
		const char *b, *a; /* the fact is B's, or A's */
	} fact[] = {
		{set_isrc, "ISRC of track 2: none and DEABC2400001",
		 "ISRC of track 2: DEABC2400001 and none"},
		{set_mcn, "MCN: none and 4006381333931", "MCN: 4006381333931 and none"},
		{set_flags, "control flags of track 2: 0 and 1",
		 "control flags of track 2: 1 and 0"},
		{set_index, "INDEX 02 of track 2: none and 325",
		 "INDEX 02 of track 2: 325 and none"},
		{set_title, "CD-Text: the title of track 2", "CD-Text: the title of track 2"},
		{set_remark, "", ""},
		{set_session_type, "", ""}, /* no sheet says it */
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(fact) / sizeof(fact[0]); i++) {
		struct sp_source *a = streams_source(mixed, -150, false);
		struct sp_source *b = streams_source(mixed, -150, false);

		fact[i].set(b->disc);
		compare(a, b);
		assert_int_equal(found.same, 380);
		assert_string_equal(found.layout, fact[i].b);
		a = streams_source(mixed, -150, false);
		fact[i].set(a->disc);
		compare(a, streams_source(mixed, -150, false));
		assert_string_equal(found.layout, fact[i].a);
	}
}

static void a_missing_track_is_said(void **unused)
{
	(void)unused;
	compare(streams_source(mixed, -150, false), one_track(SP_MODE_MODE1, RAW, 300));
	assert_int_equal(found.same, 300);
	assert_int_equal(found.only_a, 80);
	assert_string_equal(found.layout, "tracks: 2 and 1");
}

static void what_plain_data_cannot_say_is_no_difference(void **unused)
{
	struct sp_source *cd = one_track(SP_MODE_MODE1, RAW, 70);

	(void)unused;
	set_mcn(cd->disc);
	cd->disc->track[0].control |= SP_CONTROL_COPY;
	cd->disc->track[0].index[2] = 9;
	cd->disc->session[0].type = SP_SESSION_XA;
	assert_int_equal(sp_disc_set_text(cd->disc, 0, SP_TEXT_TITLE, "A disc"), 0);
	compare(cd, plain_track(70));
	assert_int_equal(found.same, 70);
	assert_string_equal(found.layout, "");
}

static void a_reference_that_fails_ends_the_comparison(void **unused)
{
	struct double_seen seen = {0};
	struct sp_error err = {0};
	struct sp_sink *sink;
	const struct double_source_plan plan = {.fail_at = 100, .fail_count = 1};
	struct sp_source *b = double_source(streams_source(mixed, -150, false), &plan, &seen);

	(void)unused;
	assert_int_equal(sp_sink_compare(&sink, b, &found, NULL), 0);
	assert_int_equal(streams_copy(streams_source(mixed, -150, false), sink, &err), SP_ERR_IO);
	assert_string_equal(err.text, "double: cannot read LBA 100");
	assert_int_equal(seen.broken, 0);
	sp_source_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_discs_are_the_same),
		cmocka_unit_test(one_different_byte_is_named_by_sector_offset_and_part),
		cmocka_unit_test(neighbours_that_differ_are_one_run),
		cmocka_unit_test(runs_past_the_64th_are_counted_and_not_kept),
		cmocka_unit_test(framing_one_side_lacks_is_no_difference),
		cmocka_unit_test(offsets_count_the_compared_bytes_alone),
		cmocka_unit_test(sub_channel_both_store_is_compared),
		cmocka_unit_test(audio_is_never_the_same_as_bare_data),
		cmocka_unit_test(what_one_side_alone_stores_is_counted_apart),
		cmocka_unit_test(silence_one_side_alone_stores_is_blank),
		cmocka_unit_test(the_longer_side_has_the_rest_to_itself),
		cmocka_unit_test(regions_cut_otherwise_are_no_difference),
		cmocka_unit_test(layout_facts_that_differ_are_said_in_words),
		cmocka_unit_test(a_missing_track_is_said),
		cmocka_unit_test(what_plain_data_cannot_say_is_no_difference),
		cmocka_unit_test(a_reference_that_fails_ends_the_comparison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
