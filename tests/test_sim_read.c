/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated drive reads finished discs: every layout, every selection, what it refuses. */
#include "sim/sim.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "stream/pattern.h"
#include "tests/sim_helper.h"

/* What the image has at an LBA, framed. */
static void expected(struct sp_source *src, sp_lba lba, uint8_t raw[2352], bool *audio)
{
	const struct sp_region *r = sp_disc_region(src->disc, lba);
	uint8_t data[2800];
	uint16_t state = 0;
	struct sp_span span = {.lba = lba,
			       .count = 1,
			       .mode = r->mode,
			       .parts = r->parts,
			       .stride = sp_sector_size(r->mode, r->parts),
			       .data = data,
			       .state = &state};

	assert_int_equal(sp_source_read(src, &span, NULL), 0);
	*audio = r->mode == SP_MODE_AUDIO;
	assert_int_equal(sp_sector_convert(src->disc, r->mode, r->parts, SP_PART_MAIN, lba, 1, data,
					   raw, NULL, NULL, NULL),
			 0);
}

static void a_stored_sector_is_not_read_as_the_image_has_it(void **state)
{
	(void)state;
	for (const struct layout *l = layouts; l->name; l++) {
		if (l->flags & LAYOUT_HUGE ||
		    (l->medium != SP_MEDIUM_CD && l->medium != SP_MEDIUM_GD))
			continue;
		struct drive *d = drive_with(l->name);
		struct sp_source *src = layout_source(l, 7);

		drive_ready(d);
		for (size_t i = 0; i < src->disc->regions; i++) {
			const struct sp_region *r = &src->disc->region[i];

			for (uint64_t k = 0; r->stored && k < r->count; k++) {
				const sp_lba lba = r->lba + (sp_lba)k;
				uint8_t raw[2352];
				bool audio;

				if (lba < 0)
					continue;
				expected(src, lba, raw, &audio);
				if (read_cd(d, 0, lba, 1, 0xf8, 0))
					fail_msg("%s: LBA %d: %02x/%02x", l->name, (int)lba,
						 d->c.sense[2], d->c.sense[12]);
				assert_int_equal(d->c.done, 2352);
				assert_memory_equal(d->data, raw, 2352);
				/* the long way: with C2 and P-W */
				assert_int_equal(read_cd(d, 0, lba, 1, 0xfa, 1), no_sense);
				assert_int_equal(d->c.done, 2352 + 294 + 96);
				assert_memory_equal(d->data, raw, 2352);
			}
		}
		sp_source_close(src);
		drive_free(d);
	}
}

/* By hand: tracks at LBA 0, 27 and 53, lead-out at 75 */
static void a_table_of_contents_has_other_bytes_than_mmc_says(void **state)
{
	struct drive *d = drive_with("audio-3");

	(void)state;
	drive_ready(d);
	assert_int_equal(RUN(d, 255, 0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0), no_sense);
	ANSWERS(d, 0, 0x22, 1, 3, 0, 0x10, 1, 0, 0, 0, 0, 0, 0, 0x10, 2, 0, 0, 0, 0, 27, 0, 0x10, 3,
		0, 0, 0, 0, 53, 0, 0x10, 0xaa, 0, 0, 0, 0, 75);
	assert_int_equal(RUN(d, 255, 0x43, 2, 0, 0, 0, 0, 3, 0, 255, 0), no_sense);
	ANSWERS(d, 0, 0x12, 1, 3, 0, 0x10, 3, 0, 0, 0, 2, 53, 0, 0x10, 0xaa, 0, 0, 0, 3, 0);
	assert_int_equal(RUN(d, 255, 0x43, 2, 1, 0, 0, 0, 0, 0, 255, 0), no_sense);
	ANSWERS(d, 0, 0x0a, 1, 1, 0, 0x10, 1, 0, 0, 0, 2, 0);
	assert_int_equal(RUN(d, 255, 0x43, 2, 2, 0, 0, 0, 0, 0, 255, 0), no_sense);
	ANSWERS(d, 0, 0x44, 1, 1, 1, 0x10, 0, 0xa0, 0, 0, 0, 0, 1, 0, 0, 1, 0x10, 0, 0xa1, 0, 0, 0,
		0, 3, 0, 0, 1, 0x10, 0, 0xa2, 0, 0, 0, 0, 0, 3, 0, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 2,
		0, 1, 0x10, 0, 2, 0, 0, 0, 0, 0, 2, 27, 1, 0x10, 0, 3, 0, 0, 0, 0, 0, 2, 53);
	/* cut to the allocation length, and to the room there is */
	assert_int_equal(RUN(d, 255, 0x43, 0, 0, 0, 0, 0, 0, 0, 6, 0), no_sense);
	ANSWERS(d, 0, 0x22, 1, 3, 0, 0x10);
	assert_int_equal(RUN(d, 3, 0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0), no_sense);
	ANSWERS(d, 0, 0x22, 1);
	drive_free(d);
}

static void formatted_q_does_not_count_down_to_a_track(void **state)
{
	struct drive *d = drive_with("audio-3");

	(void)state;
	drive_ready(d);
	assert_int_equal(read_cd(d, 0, 26, 2, 0, 2), no_sense);
	ANSWERS(d, 0x01, 0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x02, 0x26, 0xde, 0x4a, 0x00,
		0x00, 0x00, 0x80, 0x01, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x27, 0x23,
		0xe9, 0x00, 0x00, 0x00, 0x80);
	drive_free(d);
}

static void a_command_that_a_drive_refuses_is_executed(void **state)
{
	static const struct {
		const char *layout;
		uint32_t sense;
		unsigned size;
		uint8_t cdb[12];
	} refused[] = {
		{NULL, 0x023a01, 6, {0x00}},
		{NULL, 0x023a01, 10, {0x28, [8] = 1}},
		{"audio-3", 0x052000, 6, {0x02}},
		{"audio-3", 0x052400, 6, {0x28, [4] = 1}}, /* too short for its opcode */
		{"audio-3", 0x056400, 10, {0x28, [8] = 1}},
		{"audio-3", 0x052100, 10, {0x28, [5] = 75, [8] = 1}},
		{"mode1-raw", 0x052100, 10, {0x28, [5] = 39, [8] = 2}},
		{"mode1-raw", 0x052100, 12, {0xbe, [2] = 0xff, 0xff, 0xff, 0xff, [8] = 1, 0x10}},
		{"mode1-raw", 0x056400, 12, {0xbe, 1 << 2, [8] = 1, 0x10}},
		{"audio-3", 0x056400, 12, {0xbe, 2 << 2, [8] = 1, 0x10}},
		{"mode2-raw", 0x056400, 12, {0xbe, 4 << 2, [8] = 1, 0x10}},
		{"mode1-raw", 0x052400, 12, {0xbe, 6 << 2, [8] = 1, 0x10}},
		{"mode1-raw", 0x052400, 12, {0xbe, 0, [8] = 1, 0x28}},
		{"mode1-raw", 0x052400, 12, {0xbe, 0, [8] = 1, 0x16}},
		{"mode1-raw", 0x052400, 12, {0xbe, 0, [8] = 1, 0x10, 3}},
		{"xa-raw", 0x052400, 12, {0xbe, 0, [8] = 1, 0x30}},
		{"mixed", 0x056400, 12, {0xbe, 0, [5] = 24, [8] = 2, 0xf8}},
		{"mode1-raw", 0x052400, 10, {0x43, 0, 4, [8] = 4}}, /* pressed: no ATIP */
		{"mode1-raw", 0x052400, 10, {0x43, 0, 0, [6] = 2, [8] = 4}},
		{"dvd", 0x053002, 12, {0xbe, 0, [8] = 1, 0x10}},
		{"mode1-raw", 0x053002, 12, {0xad, [9] = 4}},
		{"mode1-raw", 0x052400, 10, {0x4a, 0, [4] = 16, [8] = 8}},
		{"mode1-raw", 0x053900, 10, {0x5a, 0, 0xc1, [8] = 8}},
		{"mode1-raw", 0x052400, 10, {0x5a, 0, 0x33, [8] = 8}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct drive *d = drive_with(refused[i].layout);

		if (refused[i].layout)
			drive_ready(d);
		const uint32_t got = run(d, 8192, refused[i].size, refused[i].cdb);
		if (got != refused[i].sense)
			fail_msg("%zu: %02x: %06x", i, refused[i].cdb[0], got);
		drive_free(d);
	}
}

static void a_locked_tray_opens(void **state)
{
	struct drive *d = drive_with("audio-3");

	(void)state;
	drive_ready(d);
	assert_int_equal(RUN(d, 0, 0x1e, 0, 0, 0, 1, 0), no_sense);
	assert_int_equal(RUN(d, 0, 0x1b, 0, 0, 0, 2, 0), 0x055302);
	assert_int_equal(RUN(d, 0, 0x1e, 0, 0, 0, 0, 0), no_sense);
	assert_int_equal(RUN(d, 0, 0x1b, 0, 0, 0, 2, 0), no_sense);
	assert_int_equal(RUN(d, 0, 0x00, 0, 0, 0, 0, 0), 0x023a02);
	assert_int_equal(RUN(d, 0, 0x1b, 0, 0, 0, 3, 0), no_sense);
	drive_ready(d);
	drive_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stored_sector_is_not_read_as_the_image_has_it),
		cmocka_unit_test(a_table_of_contents_has_other_bytes_than_mmc_says),
		cmocka_unit_test(formatted_q_does_not_count_down_to_a_track),
		cmocka_unit_test(a_command_that_a_drive_refuses_is_executed),
		cmocka_unit_test(a_locked_tray_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
