/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several sinks in one pass, and the far end of a disc no file would hold. */
#include "stream/extents.h"
#include "stream/pattern.h"
#include "tests/doubles.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 7 };

static void tee_sound(const struct double_seen *seen)
{
	if (seen->broken)
		fail_msg("%s", seen->text);
}

/* Bit by bit, as the polynomial is written. */
static uint32_t tee_crc32(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffffu;

	while (size--) {
		crc ^= *data++;
		for (unsigned i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void a_tee_of_three_gives_each_its_own(void **unused)
{
	(void)unused;
	static uint8_t raw[40 * 2352];
	static uint16_t state[40];
	static struct sp_hashes hashes;
	static struct sp_compared compared;
	struct double_record whole = {0}, user = {0};
	struct double_seen seen = {0};
	const struct double_source_plan from = {.once = true};
	const struct double_source_plan damaged = {
		.damage_at = 11, .damage_count = 2, .damage_byte = 100};
	const struct double_sink_plan image = {.carries = SP_CARRY_ALL, .keep = true};
	const struct double_sink_plan strip = {
		.carries = SP_CARRY_ALL, .parts = SP_PART_USER, .keep = true};
	struct sp_source *reference =
		double_source(layout_source(layout_named("mode1-raw"), SEED), &damaged, &seen);
	struct sp_sink *child[4] = {double_sink(&image, &whole), double_sink(&strip, &user)};
	struct sp_error err = {0};

	assert_int_equal(sp_sink_hash(&child[2], 1u << SP_DIGEST_CRC32, &hashes, &err), 0);
	assert_int_equal(sp_sink_compare(&child[3], reference, &compared, &err), 0);
	struct sp_source *inner = layout_source(layout_named("mode1-raw"), SEED);
	struct sp_span span = {.count = 40,
			       .mode = SP_MODE_MODE1,
			       .parts = SP_PART_MAIN,
			       .stride = 2352,
			       .data = raw,
			       .state = state};
	assert_int_equal(sp_source_read(inner, &span, &err), 0);
	struct sp_copy copy = {.source = double_source(inner, &from, &seen)};
	assert_int_equal(sp_sink_tee(&copy.sink, child, 4, &err), 0);
	if (sp_copy(&copy, &err))
		fail_msg("%s", err.text);
	assert_int_equal(whole.size, sizeof(raw));
	assert_memory_equal(whole.data, raw, sizeof(raw));
	assert_int_equal(user.size, 40 * 2048);
	for (sp_lba lba = 0; lba < 40; lba++) {
		uint8_t want[2048];

		sp_pattern_fill(SEED, lba, want, sizeof(want));
		assert_memory_equal(user.data + lba * 2048, want, sizeof(want));
	}
	char hex[9];
	snprintf(hex, sizeof(hex), "%08" PRIx32, tee_crc32(whole.data, whole.size));
	assert_string_equal(hashes.whole.hex[SP_DIGEST_CRC32], hex);
	assert_string_equal(hashes.whole.hex[SP_DIGEST_MD5], "");
	assert_int_equal(hashes.tracks, 1);
	assert_string_equal(hashes.track[0].hex[SP_DIGEST_CRC32], hex);
	assert_int_equal(hashes.whole.size, whole.size);
	assert_int_equal(compared.sectors, 40);
	assert_int_equal(compared.differ, 2);
	assert_int_equal(compared.same, 38);
	assert_int_equal(compared.differences, 1);
	assert_int_equal(compared.difference[0].lba, 11);
	assert_int_equal(compared.difference[0].count, 2);
	assert_int_equal(compared.difference[0].offset, 100);
	assert_string_equal(compared.layout, "");
	sp_sink_close(copy.sink);
	assert_int_equal(whole.closes, 1);
	assert_int_equal(user.closes, 1);
	sp_source_close(copy.source);
	sp_source_close(reference);
	tee_sound(&seen);
	tee_sound(&whole.seen);
	tee_sound(&user.seen);
	double_record_clear(&whole);
	double_record_clear(&user);
}

static void losses_of_every_child_count_through_a_tee(void **unused)
{
	(void)unused;
	/* what the first child strips; only an observer may do so without a loss */
	static const struct {
		unsigned flags, parts, want;
	} row[] = {
		{0, SP_PART_MAIN, 0},
		{0, SP_PART_USER, 3},
		{SP_SINK_OBSERVER, SP_PART_USER, 0},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (unsigned scan = 0; scan < 2; scan++) {
			struct double_record one = {0}, two = {0};
			struct double_seen seen = {0};
			const struct double_source_plan from = {
				.damage_at = 7, .damage_count = 3, .damage_byte = 2066};
			const struct double_sink_plan strip = {.flags = row[i].flags,
							       .carries = SP_CARRY_ALL,
							       .parts = row[i].parts};
			const struct double_sink_plan keep = {.carries = SP_CARRY_ALL};
			struct sp_sink *child[2] = {double_sink(&strip, &one),
						    double_sink(&keep, &two)};
			struct sp_source *inner = layout_source(layout_named("mode1-raw"), SEED);
			struct sp_copy copy = {.source = double_source(inner, &from, &seen),
					       .scan = scan};
			struct sp_error err = {0};

			assert_int_equal(sp_sink_tee(&copy.sink, child, 2, &err), 0);
			assert_int_equal(sp_copy(&copy, &err), row[i].want ? SP_ERR_LOSSY : 0);
			assert_int_equal(copy.losses.count[SP_LOSS_EDC], row[i].want);
			if (row[i].want)
				assert_int_equal(copy.losses.first[SP_LOSS_EDC], 7);
			assert_int_equal(one.finishes, !row[i].want && !scan);
			assert_int_equal(two.finishes, one.finishes);
			if (scan)
				assert_int_equal(one.begins + two.begins + one.writes + two.writes,
						 0);
			sp_sink_close(copy.sink);
			sp_source_close(copy.source);
			tee_sound(&one.seen);
			tee_sound(&two.seen);
			double_record_clear(&one);
			double_record_clear(&two);
		}
	}
}

static void a_loss_of_one_child_stops_storing_in_all(void **unused)
{
	(void)unused;
	struct double_record one = {0}, two = {0};
	struct double_seen seen = {0};
	const struct double_source_plan from = {
		.damage_at = 9000, .damage_count = 700, .damage_byte = 2066};
	const struct double_sink_plan strip = {.carries = SP_CARRY_ALL, .parts = SP_PART_USER};
	const struct double_sink_plan keep = {.carries = SP_CARRY_ALL, .delay = 100};
	struct sp_sink *child[2] = {double_sink(&keep, &one), double_sink(&strip, &two)};
	struct sp_source *inner = layout_source(layout_named("mode1-long"), SEED);
	struct sp_copy copy = {.source = double_source(inner, &from, &seen)};
	struct sp_error err = {0};

	assert_int_equal(sp_sink_tee(&copy.sink, child, 2, &err), 0);
	assert_int_equal(sp_copy(&copy, &err), SP_ERR_LOSSY);
	assert_int_equal(copy.losses.count[SP_LOSS_EDC], 700);
	assert_int_equal(copy.losses.first[SP_LOSS_EDC], 9000);
	/* only a write that has to be made shows the loss: a buffer more may be on its way */
	assert_true(one.next <= 9000 + 1024 && two.next <= 9000 + 1024);
	assert_int_equal(one.finishes + two.finishes, 0);
	sp_sink_close(copy.sink);
	sp_source_close(copy.source);
	tee_sound(&one.seen);
	tee_sound(&two.seen);
	double_record_clear(&one);
	double_record_clear(&two);
}

static void a_layout_fact_lost_by_one_child_is_refused_before_the_first_write(void **unused)
{
	(void)unused;
	struct double_record one = {0}, two = {0};
	const struct double_sink_plan poor = {.carries = 0}, rich = {.carries = SP_CARRY_ALL};
	struct sp_sink *child[2] = {double_sink(&rich, &one), double_sink(&poor, &two)};
	struct sp_copy copy = {.source = layout_source(layout_named("codes"), SEED)};
	struct sp_error err = {0};

	assert_int_equal(sp_sink_tee(&copy.sink, child, 2, &err), 0);
	assert_int_equal(sp_copy(&copy, &err), SP_ERR_LOSSY);
	assert_int_equal(copy.losses.count[SP_LOSS_MCN], 1);
	assert_int_equal(copy.losses.count[SP_LOSS_ISRC], 3);
	assert_int_equal(copy.losses.count[SP_LOSS_FLAGS], 3);
	assert_int_equal(one.begins + two.begins, 0);
	sp_sink_close(copy.sink);
	sp_source_close(copy.source);
	double_record_clear(&one);
	double_record_clear(&two);
}

#define FAR_BLOCKS ((uint64_t)1 << 33)

/* 2^33 blocks of 512 bytes, 4 TiB of zeros nobody stores. */
static struct sp_source *tee_far(struct sp_memory *mem, sp_lba changed, struct double_seen *seen)
{
	const struct double_source_plan plan = {
		.damage_at = changed, .damage_count = changed >= 0, .damage_byte = 300};
	struct sp_disc *disc = sp_disc_new();
	struct sp_extents map = {0};
	struct sp_extent extent = {.count = FAR_BLOCKS,
				   .stride = 512,
				   .mode = SP_MODE_BLOCK512,
				   .parts = SP_PART_USER};
	const struct sp_region region = {.count = FAR_BLOCKS,
					 .session = 1,
					 .track = 1,
					 .kind = SP_REGION_TRACK,
					 .mode = SP_MODE_BLOCK512,
					 .parts = SP_PART_USER,
					 .stored = true};
	struct sp_source *source;

	disc->medium = SP_MEDIUM_BLOCK;
	sp_disc_add_session(disc)->lead_out = (sp_lba)FAR_BLOCKS;
	struct sp_track *track = sp_disc_add_track(disc);
	track->session = 1;
	track->control = SP_CONTROL_DATA;
	track->mode = SP_MODE_BLOCK512;
	track->length = FAR_BLOCKS;
	track->start = track->index[1] = 0;
	sp_disc_add_region(disc, &region);
	assert_int_equal(sp_disc_check(disc, NULL), 0);
	assert_int_equal(sp_memory_open(mem, "far.img", false, &extent.io, NULL), 0);
	assert_int_equal(sp_extents_own(&map, extent.io, NULL), 0);
	assert_int_equal(sp_extents_add(&map, &extent, false, true, NULL), 0);
	assert_int_equal(sp_extents_source(&source, disc, &map, NULL), 0);
	return double_source(source, &plan, seen);
}

static void the_far_end_of_2_to_the_33_blocks_is_reached(void **unused)
{
	(void)unused;
	static struct sp_compared compared;
	const sp_lba changed = (sp_lba)FAR_BLOCKS - 7;
	struct sp_memory *mem = sp_memory_new();
	struct double_seen seen = {0};
	struct double_record record = {0};
	const struct double_sink_plan keep = {.carries = SP_CARRY_ALL};
	struct sp_error err = {0};
	struct sp_copy copy = {0};
	struct sp_sink *child[2] = {double_sink(&keep, &record)};

	assert_int_equal(sp_memory_put(mem, "far.img", NULL, FAR_BLOCKS * 512), 0);
	struct sp_source *far = tee_far(mem, -1, &seen), *reference = NULL;
	assert_int_equal(sp_disc_sectors(far->disc), FAR_BLOCKS);
	if (sp_view_range(&copy.source, far, (sp_lba)FAR_BLOCKS - 100, 100, &err) ||
	    sp_view_range(&reference, tee_far(mem, changed, &seen), (sp_lba)FAR_BLOCKS - 100, 100,
			  &err) ||
	    sp_sink_compare(&child[1], reference, &compared, &err) ||
	    sp_sink_tee(&copy.sink, child, 2, &err) || sp_copy(&copy, &err))
		fail_msg("%s", err.text);
	assert_int_equal(record.first, (sp_lba)FAR_BLOCKS - 100);
	assert_int_equal(record.next, (sp_lba)FAR_BLOCKS);
	assert_int_equal(record.sectors, 100);
	assert_int_equal(compared.same, 99);
	assert_int_equal(compared.differ, 1);
	assert_int_equal(compared.difference[0].lba, changed);
	assert_int_equal(compared.difference[0].offset, 300);
	sp_sink_close(copy.sink);
	sp_source_close(copy.source);
	sp_source_close(reference);
	sp_memory_free(mem);
	tee_sound(&seen);
	tee_sound(&record.seen);
	double_record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tee_of_three_gives_each_its_own),
		cmocka_unit_test(losses_of_every_child_count_through_a_tee),
		cmocka_unit_test(a_loss_of_one_child_stops_storing_in_all),
		cmocka_unit_test(a_layout_fact_lost_by_one_child_is_refused_before_the_first_write),
		cmocka_unit_test(the_far_end_of_2_to_the_33_blocks_is_reached),
	};

	return cmocka_run_group_tests_name("tee", tests, NULL, NULL);
}
