/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What our own writer sends, byte for byte, against bytes written down by hand from MMC-6 6.35 and
 * ECMA-130 22: cue sheets, a raw lead-in and lead-out, scrambled sectors. */
#include "drive/recorder_own.h"

#include "base/bytes.h"
#include "tests/layouts.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static const struct recorder_place place = {.first = -150};

static struct sp_disc *laid_out(const char *name, bool more)
{
	struct sp_disc *disc = layout_build(layout_named(name)), *made;
	struct sp_error err = {0};

	if (more) {
		memcpy(disc->mcn, "4006381333931", 14);
		memcpy(disc->track[1].isrc, "DEABC2400002", 13);
		disc->track[1].control = SP_CONTROL_PREEMPHASIS;
		disc->track[1].index[2] = 45;
	}
	if (recorder_layout(&made, disc, &place, &err))
		fail_msg("%s: %s", name, err.text);
	sp_disc_free(disc);
	return made;
}

static void expect_cue(const struct sp_disc *disc, size_t session, bool text,
		       const struct sp_msf *lead_in, const uint8_t *want, size_t size)
{
	struct sp_error err = {0};
	uint8_t *sheet;
	size_t got;

	if (recorder_cue(&sheet, &got, disc, session, text, lead_in, &err))
		fail_msg("%s", err.text);
	assert_int_equal(got, size);
	assert_memory_equal(sheet, want, size);
	free(sheet);
}

static void a_cue_sheet_says_something_else(void **state)
{
	/* clang-format off */
	static const uint8_t mixed[] = {
		0x02, '4', '0', '0', '6', '3', '8', '1',
		0x02, '3', '3', '3', '9', '3', '1', 0,
		0x41, 0x00, 0x00, 0x14, 0, 0, 0, 0,
		0x41, 0x01, 0x00, 0x10, 0, 0, 0, 0,
		0x41, 0x01, 0x01, 0x10, 0, 0, 2, 0,
		0x13, 0x02, 'D', 'E', 'A', 'B', 'C', '2',
		0x13, 0x02, '4', '0', '0', '0', '0', '2',
		0x11, 0x02, 0x00, 0x00, 0, 0, 2, 25,
		0x11, 0x02, 0x01, 0x00, 0, 0, 2, 40,
		0x11, 0x02, 0x02, 0x00, 0, 0, 2, 45,
		0x01, 0x03, 0x01, 0x00, 0, 0, 2, 60,
		0x01, 0xaa, 0x01, 0x01, 0, 0, 2, 70,
	};
	static const uint8_t extra[] = { /* 46 + 11250 frames on its pause begins */
		0x41, 0x00, 0x00, 0x24, 0, 0, 0, 0,
		0x41, 0x03, 0x00, 0x20, 0, 2, 32, 46,
		0x41, 0x03, 0x01, 0x20, 0, 2, 34, 46,
		0x41, 0xaa, 0x01, 0x24, 0, 2, 34, 66,
	};
	static const uint8_t formless[] = {
		0x41, 0x00, 0x00, 0x34, 0, 0, 0, 0,
		0x41, 0x01, 0x00, 0x30, 0, 0, 0, 0,
		0x41, 0x01, 0x01, 0x30, 0, 0, 2, 0,
		0x41, 0xaa, 0x01, 0x34, 0, 0, 2, 30,
	};
	/* a pause of data before audio; LBA 25: 00:02:25 */
	static const uint8_t pause[] = {
		0x41, 0x00, 0x00, 0x14, 0, 0, 0, 0,
		0x41, 0x01, 0x00, 0x10, 0, 0, 0, 0,
		0x41, 0x01, 0x01, 0x10, 0, 0, 2, 0,
		0x41, 0x02, 0x00, 0x10, 0, 0, 2, 25,
		0x01, 0x02, 0x01, 0x00, 0, 0, 2, 40,
		0x01, 0xaa, 0x01, 0x01, 0, 0, 2, 60,
	};
	static const uint8_t text[] = {
		0x01, 0x00, 0x00, 0x41, 0, 97, 34, 23,
		0x01, 0x01, 0x00, 0x00, 0, 0, 0, 0,
		0x01, 0x01, 0x01, 0x00, 0, 0, 2, 0,
		0x01, 0xaa, 0x01, 0x01, 0, 0, 2, 33,
	};
	/* clang-format on */
	static const struct sp_msf lead_in = {97, 34, 23};
	struct sp_disc *disc = laid_out("mixed", true);

	(void)state;
	expect_cue(disc, 0, false, NULL, mixed, sizeof(mixed));
	sp_disc_free(disc);
	disc = laid_out("cd-extra", false);
	expect_cue(disc, 1, false, NULL, extra, sizeof(extra));
	sp_disc_free(disc);
	disc = laid_out("mode2-raw", false);
	expect_cue(disc, 0, false, NULL, formless, sizeof(formless));
	sp_disc_free(disc);
	disc = laid_out("mixed-pregap", false);
	expect_cue(disc, 0, false, NULL, pause, sizeof(pause));
	sp_disc_free(disc);
	disc = laid_out("audio", false);
	expect_cue(disc, 0, true, &lead_in, text, sizeof(text));
	sp_disc_free(disc);
}

static void a_pause_of_two_kinds_is_said_as_one(void **state)
{
	struct sp_disc *disc = laid_out("mixed-pregap", false);
	struct sp_error err = {0};
	uint8_t *sheet;
	size_t size;

	(void)state;
	/* its pause: 15 sectors of mode 1, of which the last 5 shall be audio */
	struct sp_region *region = NULL;
	for (size_t i = 0; i < disc->regions; i++)
		if (disc->region[i].kind == SP_REGION_PREGAP && disc->region[i].track == 2)
			region = &disc->region[i];
	assert_non_null(region);
	const struct sp_region last = disc->region[disc->regions - 1];
	region->count = 10;
	disc->region[disc->regions - 1] = (struct sp_region){.lba = 35,
							     .count = 5,
							     .session = 1,
							     .track = 2,
							     .kind = SP_REGION_PREGAP,
							     .mode = SP_MODE_AUDIO,
							     .parts = SP_PART_USER};
	assert_non_null(sp_disc_add_region(disc, &last));
	assert_int_equal(sp_disc_check(disc, &err), 0);
	assert_int_equal(recorder_cue(&sheet, &size, disc, 0, false, NULL, &err),
			 SP_ERR_UNSUPPORTED);
	assert_string_equal(err.text, "track 2, index 00: from LBA 35 on its sectors are audio and "
				      "not mode1, which a cue sheet cannot say");
	assert_null(sheet);
	sp_disc_free(disc);
}

/* Q out of 96 bytes: bit 6 of each. */
static void q_of(const uint8_t block[RECORDER_BLOCK], uint8_t q[12])
{
	memset(q, 0, 12);
	for (unsigned i = 0; i < 96; i++)
		q[i / 8] |= (uint8_t)((block[2352 + i] >> 6 & 1) << (7 - i % 8));
	/* CRC-16 of 10 bytes, x^16 + x^12 + x^5 + 1, inverted */
	uint16_t crc = 0;
	for (unsigned i = 0; i < 80; i++) {
		const unsigned bit = (crc >> 15) ^ (q[i / 8] >> (7 - i % 8) & 1u);

		crc = (uint16_t)(crc << 1 ^ (bit ? 0x1021 : 0));
	}
	assert_int_equal((uint16_t)~crc, get_be16(q + 10));
}

static void a_raw_lead_in_has_another_toc(void **state)
{
	static const uint8_t entries[6][10] = {
		{0x41, 0, 0x01, 0, 0, 0, 0, 0x00, 0x02, 0x00},
		{0x11, 0, 0x02, 0, 0, 0, 0, 0x00, 0x02, 0x40},
		{0x01, 0, 0x03, 0, 0, 0, 0, 0x00, 0x02, 0x60},
		{0x41, 0, 0xa0, 0, 0, 0, 0, 0x01, 0x00, 0x00},
		{0x01, 0, 0xa1, 0, 0, 0, 0, 0x03, 0x00, 0x00},
		{0x01, 0, 0xa2, 0, 0, 0, 0, 0x00, 0x02, 0x70},
	};
	/* four bytes are 32 symbols' bits; 18 bytes are 24 symbols */
	static const uint8_t pack[18] = {0x80, 0x00, 0x01, 0xff};
	uint8_t symbols[24], block[RECORDER_BLOCK], q[12];
	struct sp_disc *disc = laid_out("mixed", true);
	struct recorder_lead_in lead_in;

	(void)state;
	recorder_symbols(pack, 1, symbols);
	assert_memory_equal(symbols, ((const uint8_t[8]){0x20, 0, 0, 1, 0x3f, 0x30, 0, 0}), 8);
	recorder_lead_in(&lead_in, disc);
	lead_in.symbols = symbols;
	lead_in.symbols_size = sizeof(symbols);
	assert_int_equal(lead_in.count, 6);
	for (size_t n = 0; n < 40; n++) {
		/* the last 40 sectors: 99:59:35 to 99:59:74 */
		const sp_lba lba = -190 + (sp_lba)n;
		uint8_t want[10];

		assert_true(recorder_lead_in_block(&lead_in, n, lba, block));
		memcpy(want, entries[n / 3 % 6], 10);
		want[3] = 0x99;
		want[4] = 0x59;
		want[5] = (uint8_t)((35 + n) / 10 << 4 | (35 + n) % 10);
		q_of(block, q);
		assert_memory_equal(q, want, 10);
		for (unsigned i = 0; i < 96; i++) {
			assert_int_equal(block[2352 + i] & 0x3f, symbols[i % 24]);
			assert_int_equal(block[2352 + i] & 0x80, 0);
		}
		/* mode 0 with that time, scrambled by 01 80 00 60 … */
		assert_memory_equal(block, sp_sector_sync, 12);
		assert_int_equal(block[12], 0x99 ^ 0x01);
		assert_int_equal(block[13], 0x59 ^ 0x80);
		assert_int_equal(block[14], want[5]);
		assert_int_equal(block[15], 0x60);
	}
	sp_disc_free(disc);
}

static void a_raw_lead_out_is_none(void **state)
{
	uint8_t block[RECORDER_BLOCK], q[12];
	struct sp_disc *disc = laid_out("mixed", false);
	unsigned changes = 0, before = 0;

	(void)state;
	for (sp_lba n = 0; n < 6750; n++) {
		assert_true(recorder_lead_out_block(disc, 70 + n, block));
		q_of(block, q);
		assert_int_equal(q[0], 0x01);
		assert_int_equal(q[1], 0xaa);
		assert_int_equal(q[2], 0x01);
		assert_int_equal(sp_from_bcd(q[4]) * 75 + sp_from_bcd(q[5]), (unsigned)(n % 4500));
		const unsigned p = block[2352] >> 7;
		changes += n >= 150 + 38 && p != before;
		before = p;
	}
	/* P: 2 Hz for 6750 / 75 - 2 s, two changes each */
	assert_in_range(changes, 4 * 88 - 4, 4 * 88);
	sp_disc_free(disc);
}

static void a_raw_sector_is_not_scrambled(void **state)
{
	uint8_t block[RECORDER_BLOCK], q[12];
	struct sp_disc *disc = laid_out("mixed-pregap", false);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const sp_lba lba = i ? 30 : 45; /* audio, and data in its pause */
		const struct sp_region *region = sp_disc_region(disc, lba);

		assert_true(recorder_empty(disc, region, SP_PART_MAIN | SP_PART_PW, lba, block));
		recorder_program_block(disc, region, true, lba, block);
		q_of(block, q);
		assert_int_equal(q[0], i ? 0x41 : 0x01);
		assert_int_equal(q[1], 0x02);
		assert_int_equal(q[2], i ? 0x00 : 0x01);
		if (i) { /* 00:02:30 mode 1 */
			assert_int_equal(block[12], 0x00 ^ 0x01);
			assert_int_equal(block[13], 0x02 ^ 0x80);
			assert_int_equal(block[14], 0x30);
			assert_int_equal(block[15], 0x01 ^ 0x60);
		} else {
			assert_int_equal(block[12], 0);
		}
	}
	sp_disc_free(disc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cue_sheet_says_something_else),
		cmocka_unit_test(a_pause_of_two_kinds_is_said_as_one),
		cmocka_unit_test(a_raw_lead_in_has_another_toc),
		cmocka_unit_test(a_raw_lead_out_is_none),
		cmocka_unit_test(a_raw_sector_is_not_scrambled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
