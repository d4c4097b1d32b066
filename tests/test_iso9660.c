/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 volumes made by hand that are well-formed: what is listed is what is stored. */
#include "tests/made_iso.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void plain_names_sizes_and_bytes_are_those_stored(void **state)
{
	struct made_iso *image = *state;
	uint8_t *p = made_begin(image);
	struct sp_node node;
	struct sp_error err;

	p = made_record(p, "HELLO.TXT;1", DATA, 5, 0);
	p = made_record(p, "NOEXT.;1", DATA, 5, 0);
	p = made_record(p, "OLD.TXT;2", DATA, 5, 0);
	p = made_record(p, "SUB", SUB, 2048, FOLDER);
	memcpy(made_sector(image, DATA), "hello", 5);
	p = made_dots(made_sector(image, SUB), SUB, ROOT);
	made_record(p, "EMPTY;1", 0, 0, 0);
	made_open(image, &sp_fs_iso9660);
	assert_string_equal(made_walked(image),
			    "HELLO.TXT 0 5|NOEXT 0 5|OLD.TXT;2 0 5|SUB 1 0|SUB/EMPTY 0 0|");
	made_assert_content(image, "hello.txt", "hello");
	made_assert_content(image, "/SUB/EMPTY", "");
	assert_string_equal(sp_fs_label(image->fs), "LABEL");
	assert_int_equal(sp_fs_find(image->fs, "SUB/NONE", &node, &err), SP_ERR_USAGE);
	assert_int_equal(sp_fs_find(image->fs, "HELLO.TXT/X", &node, &err), SP_ERR_USAGE);
	assert_int_equal(sp_fs_find(image->fs, "HELLO.TXT", &node, &err), 0);
	/* 2026-11-27 16:05:09 at +01:00, by date(1) */
	assert_int_equal(node.time[SP_TIME_MODIFIED].seconds, 1795791909);
	assert_string_equal(image->told, "");
	assert_int_equal(sp_fs_damage(image->fs), 0);
	made_close(image);
}

static void extents_of_one_file_follow_one_another(void **state)
{
	struct made_iso *image = *state;
	uint8_t *p = made_begin(image);

	p = made_record(p, "BIG;1", DATA, 2048, MULTI);
	p = made_record(p, "BIG;1", DATA + 5, 2, 0);
	p = made_record(p, "CUT;1", DATA + 5, 2, MULTI);
	memset(made_sector(image, DATA), 'a', 2048);
	memcpy(made_sector(image, DATA + 5), "bc", 2);
	made_open(image, &sp_fs_iso9660);
	assert_string_equal(made_walked(image), "BIG 0 2050|CUT 0 2|");
	char wanted[2051];
	memset(wanted, 'a', 2048);
	memcpy(wanted + 2048, "bc", 3);
	made_assert_content(image, "BIG", wanted);
	made_assert_told(image, "CUT: the rest of the file is not in its folder");
	made_close(image);
}

static void joliet_names_are_read_as_utf16(void **state)
{
	struct made_iso *image = *state;
	uint8_t *d;

	made_begin(image);
	d = made_sector(image, 17);
	memcpy(d, made_sector(image, 16), 2048);
	d[0] = 2;
	memcpy(d + 88, "%/E", 3);
	memcpy(d + 40, "\0J\0o\0 \0 ", 8);
	memset(d + 48, 0, 24);
	made_both32(d + 158, 30);
	memcpy(made_sector(image, 18), "\377CD001\1", 7);
	uint8_t *p = made_dots(made_sector(image, 30), 30, 30);
	made_record_bytes(p,
			  "\x00\xe9\x20\xac\xd8\x3d\xde\x00\x00;\x00"
			  "1",
			  12, DATA, 3, 0, NULL, 0);
	made_open(image, &sp_fs_joliet);
	assert_string_equal(sp_fs_label(image->fs), "Jo");
	assert_string_equal(made_walked(image), "é€😀 0 3|");
	made_close(image);
}

static void names_may_be_anything_and_are_kept(void **state)
{
	static const uint8_t up[] = "NM\7\1\0..", slash[] = "NM\10\1\0a/b", nul[] = "NM\10\1\0x\0y";
	struct made_iso *image = *state;
	uint8_t *p = made_rock(image);

	p = made_record_bytes(p, "A;1", 3, DATA, 1, 0, up, 7);
	p = made_record_bytes(p, "B;1", 3, DATA, 1, 0, slash, 8);
	p = made_record_bytes(p, "C;1", 3, DATA, 1, 0, nul, 8);
	*made_sector(image, DATA) = 'z';
	made_open(image, &sp_fs_rockridge);
	assert_string_equal(made_walked(image), ".. 0 1|a\\x2Fb 0 1|x␀y 0 1|");
	made_assert_content(image, "a\\x2fb", "z");
	made_assert_content(image, "..", "z");
	made_close(image);
}

/* SL components: root, "..", a name in two parts, "." */
static void links_are_joined_from_their_components(void **state)
{
	static const uint8_t use[] = "PX\44\1\377\241\0\0\0\0\241\377\1\0\0\0\0\0\0\1"
				     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "NM\6\1\0l"
				     "SL\23\1\0\4\0\4\0\1\2ab\0\1c\2\0";
	struct made_iso *image = *state;
	uint8_t *p = made_rock(image);
	struct sp_node node;
	struct sp_error err;
	char *target;

	made_record_bytes(p, "L;1", 3, 0, 0, 0, use, 36 + 6 + 19);
	made_open(image, &sp_fs_rockridge);
	assert_string_equal(made_walked(image), "l 2 0|");
	assert_int_equal(sp_fs_find(image->fs, "l", &node, &err), 0);
	assert_int_equal(node.mode, 0777);
	assert_int_equal(sp_fs_link(image->fs, &node, &target, &err), 0);
	assert_string_equal(target, "../../abc/.");
	free(target);
	made_close(image);
}

static void relocated_folders_are_where_they_are_said_to_be(void **state)
{
	static const uint8_t re[] = "RE\4\1";
	uint8_t cl[12] = "CL\14\1", none[12] = "CL\14\1", loop[12] = "CL\14\1";
	struct made_iso *image = *state;
	uint8_t *p = made_rock(image);

	made_both32(cl + 4, SUB);
	made_both32(none + 4, 0xfffffff0);
	made_both32(loop + 4, ROOT);
	p = made_record_bytes(p, "A;1", 3, DATA, 1, 0, cl, 12);
	p = made_record_bytes(p, "B;1", 3, DATA, 1, 0, none, 12);
	p = made_record_bytes(p, "C;1", 3, DATA, 1, 0, loop, 12);
	p = made_record_bytes(p, "MOVED", 5, SUB, 2048, FOLDER, re, 4);
	made_record(p, "LAST;1", DATA, 1, 0);
	p = made_dots(made_sector(image, SUB), SUB, ROOT);
	made_record(p, "DEEP;1", DATA, 1, 0);
	made_open(image, &sp_fs_rockridge);
	assert_string_equal(made_walked(image), "A 1 0|A/DEEP 0 1|C 1 0|LAST 0 1|");
	made_assert_told(image, "said to lie at block 4294967280");
	made_assert_told(image, "C: the same folder");
	made_close(image);
}

static void a_volume_that_was_moved_is_found_where_it_is(void **state)
{
	struct made_iso *image = *state;
	uint8_t *p = made_begin(image);

	made_record(p, "F;1", DATA, 5, 0);
	memcpy(made_sector(image, DATA), "hello", 5);
	memmove(made_sector(image, 50), image->data, 100 * 2048);
	memset(image->data, 0, 50 * 2048);
	assert_int_equal(made_open_as(image, &sp_fs_iso9660, 50 * 2048, sizeof(image->data)), 1);
	made_assert_content(image, "F", "hello");
	assert_string_equal(image->told, "");
	made_close(image);
}

static void a_session_without_those_before_it_is_told(void **state)
{
	struct made_iso *image = *state;
	uint8_t *d;

	made_begin(image);
	d = made_sector(image, 16);
	made_both32(d + 158, 1000 + ROOT);
	uint8_t *p = made_record_bytes(made_sector(image, ROOT), "\0", 1, 1000 + ROOT, 2048, FOLDER,
				       NULL, 0);
	p = made_record_bytes(p, "\1", 1, 1000 + ROOT, 2048, FOLDER, NULL, 0);
	p = made_record(p, "NEW;1", 1000 + DATA, 5, 0);
	made_record(p, "OLD;1", 500, 5, 0);
	memcpy(made_sector(image, DATA), "hello", 5);
	made_open(image, &sp_fs_iso9660);
	assert_string_equal(made_walked(image), "NEW 0 5|OLD 0 5|");
	made_assert_content(image, "NEW", "hello");
	made_assert_told(image, "count from 1000");
	made_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names_sizes_and_bytes_are_those_stored),
		cmocka_unit_test(extents_of_one_file_follow_one_another),
		cmocka_unit_test(joliet_names_are_read_as_utf16),
		cmocka_unit_test(names_may_be_anything_and_are_kept),
		cmocka_unit_test(links_are_joined_from_their_components),
		cmocka_unit_test(relocated_folders_are_where_they_are_said_to_be),
		cmocka_unit_test(a_volume_that_was_moved_is_found_where_it_is),
		cmocka_unit_test(a_session_without_those_before_it_is_told),
	};

	return made_iso_tests("iso9660", tests, sizeof(tests) / sizeof(tests[0]));
}
