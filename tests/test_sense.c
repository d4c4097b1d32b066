/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sense data: both formats, cut anywhere, in words. */
#include "drive/sense.h"

#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void fixed_sense_is_read_wrong(void **state)
{
	static const uint8_t data[18] = {0xf0, 0, 0x03, 0xff, 0xff, 0xff, 0xb5, 10, 0,
					 0,    0, 0,    0x11, 0x05, 0,    0,    0,  0};
	static const uint8_t field[18] = {0x70, 0, 0x05, 0,    0,    0, 0,    10, 0,
					  0,    0, 0,    0x24, 0x00, 0, 0xc8, 0,  9};
	static const uint8_t busy[18] = {0x70, 0, 0x02, 0,    0,    0, 0,    10,   0,
					 0,    0, 0,    0x04, 0x08, 0, 0x80, 0x40, 0};
	struct sp_sense s;

	(void)state;
	assert_true(sp_sense_decode(data, sizeof(data), &s));
	assert_int_equal(s.key, SP_SENSE_MEDIUM);
	assert_int_equal(s.asc, 0x11);
	assert_int_equal(s.ascq, 0x05);
	assert_int_equal(s.lba, -75); /* 32 bits, signed */
	assert_false(s.deferred);
	assert_false(s.bad_field);
	assert_true(sp_sense_decode(field, sizeof(field), &s));
	assert_int_equal(s.lba, SP_LBA_NONE);
	assert_true(s.bad_field && s.in_command);
	assert_int_equal(s.field, 9);
	assert_int_equal(s.progress, -1);
	assert_true(sp_sense_decode(busy, sizeof(busy), &s));
	assert_int_equal(s.progress, 0x4000);
}

static void descriptor_sense_is_read_wrong(void **state)
{
	/* information of LBA 1000 behind a descriptor of another kind */
	static const uint8_t data[] = {0x73, 0x03, 0x11, 0x00, 0,    0, 0, 20, /* head: deferred */
				       0x03, 0x02, 0,    0, /* field replaceable */
				       0x00, 0x0a, 0x80, 0,    0,    0, 0, 0,  0,
				       0,    0x03, 0xe8, 0x05, 0x02, 0, 0};
	struct sp_sense s;

	(void)state;
	assert_true(sp_sense_decode(data, sizeof(data), &s));
	assert_int_equal(s.key, 3);
	assert_int_equal(s.asc, 0x11);
	assert_int_equal(s.lba, 1000);
	assert_true(s.deferred);
}

static void sense_that_is_cut_is_read_beyond_its_end(void **state)
{
	static const uint8_t fixed[18] = {0xf0, 0, 3, 0,    0, 1, 0, 10, 0,
					  0,    0, 0, 0x11, 5, 0, 0, 0,  0};
	static const uint8_t liar[] = {0x72, 3, 0x11, 0, 0, 0, 0, 255, 0, 200, 0x80, 0};
	static const uint8_t empty[] = {0x72, 3, 0x11, 0, 0, 0, 0, 8, 9, 0, 9, 0, 9, 0, 9, 0};
	struct sp_sense s;

	(void)state;
	for (size_t n = 0; n <= sizeof(fixed); n++) {
		uint8_t copy[sizeof(fixed)]; /* at the end of a frame the sanitizer watches */

		memcpy(copy + sizeof(copy) - n, fixed, n);
		assert_int_equal(sp_sense_decode(copy + sizeof(copy) - n, n, &s), n >= 4);
		assert_int_equal(s.asc, n >= 14 ? 0x11 : 0);
		assert_int_equal(s.lba, n >= 7 ? 256 : SP_LBA_NONE);
	}
	assert_true(sp_sense_decode(liar, sizeof(liar), &s));
	assert_int_equal(s.lba, SP_LBA_NONE);
	assert_true(sp_sense_decode(empty, sizeof(empty), &s));
	assert_false(sp_sense_decode((const uint8_t *)"\x7f\1\2\3\4\5\6\7", 8, &s));
}

static void words_for_a_sense_are_wrong(void **state)
{
	char text[96], small[12];

	(void)state;
	assert_string_equal(sp_sense_describe(3, 0x11, 0x05, text, sizeof(text)),
			    "medium error: unrecovered error beyond L-EC (03/11/05)");
	assert_string_equal(sp_sense_describe(2, 0x3a, 0x02, text, sizeof(text)),
			    "not ready: no disc in the drive, tray open (02/3a/02)");
	/* the pair is not known, its ASC is */
	assert_string_equal(sp_sense_describe(3, 0x11, 0x7e, text, sizeof(text)),
			    "medium error: unrecovered read error (03/11/7e)");
	assert_string_equal(sp_sense_describe(4, 0xee, 0x01, text, sizeof(text)),
			    "hardware error (04/ee/01)");
	assert_string_equal(sp_sense_describe(5, 0x6f, 0x03, small, sizeof(small)), "illegal req");
	assert_string_equal(sp_sense_key_text(6), "unit attention");
	assert_null(sp_sense_text(0xee, 0));
}

static void the_table_is_not_in_order(void **state)
{
	unsigned known = 0;

	/* a table out of order loses entries to the search: these stand at its ends and middle */
	(void)state;
	for (unsigned code = 0; code < 0x10000; code++) {
		const char *pair = sp_sense_text(code >> 8, code & 255);
		const char *alone = sp_sense_text(code >> 8, 0);

		known += pair && pair != alone;
	}
	/* pairs whose text is not that of their ASC alone */
	assert_true(known >= 100);
	assert_string_equal(sp_sense_text(0x73, 0x17), "the recording management area is full");
	assert_string_equal(sp_sense_text(0x64, 0x00), "illegal mode for this track");
	assert_string_equal(sp_sense_text(0x00, 0x06), "process terminated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_sense_is_read_wrong),
		cmocka_unit_test(descriptor_sense_is_read_wrong),
		cmocka_unit_test(sense_that_is_cut_is_read_beyond_its_end),
		cmocka_unit_test(words_for_a_sense_are_wrong),
		cmocka_unit_test(the_table_is_not_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
