/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 volumes made by hand that are hostile: what is told, and what ends. */
#include "base/bytes.h"
#include "tests/made_iso.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void ce(uint8_t *p, uint32_t block, uint32_t offset, uint32_t size)
{
	memcpy(p, "CE\34\1", 4);
	made_both32(p + 4, block);
	made_both32(p + 12, offset);
	made_both32(p + 20, size);
}

/* `hops` continuation areas of one field each, the last one with the name. */
static void chain(struct made_iso *image, uint8_t *p, unsigned hops)
{
	uint8_t use[28];

	ce(use, CONT, 0, 28);
	made_record_bytes(p, "A;1", 3, DATA, 1, 0, use, 28);
	for (unsigned i = 0; i + 1 < hops; i++)
		ce(made_sector(image, CONT) + 28 * i, CONT, 28 * (i + 1), 28);
	memset(made_sector(image, CONT) + 28 * (hops - 1), 0, 28);
	memcpy(made_sector(image, CONT) + 28 * (hops - 1), "NM\12\1\0right", 10);
}

static void continuations_are_followed_so_far_and_no_further(void **state)
{
	struct made_iso *image = *state;

	chain(image, made_rock(image), 64);
	made_open(image, &sp_fs_rockridge);
	assert_string_equal(made_walked(image), "right 0 1|");
	assert_string_equal(image->told, "");
	made_close(image);
	chain(image, made_rock(image), 65);
	made_open(image, &sp_fs_rockridge);
	assert_string_equal(made_walked(image), "A 0 1|");
	made_assert_told(image, "go on and on");
	made_close(image);
}

static void continuations_that_lead_nowhere_are_told(void **state)
{
	static const struct {
		uint32_t block, offset, size;
		const char *told;
	} bad[] = {{CONT, 0, 28, "go on and on"}, /* to itself */
		   {0xffffffff, 0, 28, "nothing can be read"},
		   {CONT, 0xffffffff, 28, "nothing can be read"},
		   {CONT, 0, 0xffffffff, "go on and on"},
		   {SECTORS - 1, 2040, 28, "nothing can be read"},
		   {CONT, 2048, 28, "nothing can be read"}};
	struct made_iso *image = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t *p = made_rock(image), use[28];

		ce(use, bad[i].block, bad[i].offset, bad[i].size);
		made_record_bytes(p, "A;1", 3, DATA, 1, 0, use, 28);
		ce(made_sector(image, CONT), CONT, 0, 28);
		made_open(image, &sp_fs_rockridge);
		assert_string_equal(made_walked(image), "A 0 1|");
		made_assert_told(image, bad[i].told);
		assert_true(sp_fs_damage(image->fs) > 0);
		made_close(image);
	}
}

static void a_folder_within_itself_is_entered_once(void **state)
{
	struct made_iso *image = *state;
	uint8_t *p = made_begin(image);

	p = made_record(p, "LOOP", ROOT, 2048, FOLDER);
	made_record(p, "SUB", SUB, 2048, FOLDER);
	p = made_dots(made_sector(image, SUB), SUB, ROOT);
	p = made_record(p, "SELF", SUB, 2048, FOLDER);
	made_record(p, "UP", ROOT, 2048, FOLDER);
	made_open(image, &sp_fs_iso9660);
	assert_string_equal(made_walked(image), "LOOP 1 0|SUB 1 0|SUB/SELF 1 0|SUB/UP 1 0|");
	made_assert_told(image, "SUB/SELF: the same folder");
	made_close(image);
}

static void folders_of_gigabytes_cost_what_is_there(void **state)
{
	struct made_iso *image = *state;
	uint8_t *p = made_begin(image);

	/* each claims all, and begins a sector later: without bounds, 4 GiB times 60 */
	for (unsigned i = 0; i < 40; i++) {
		const char name[] = {(char)('A' + i / 26), (char)('A' + i % 26), 0};
		p = made_record(p, name, SUB + i, 0xffffffff, FOLDER);
	}
	for (unsigned i = 0; i < 40; i++) {
		uint8_t *q = made_sector(image, SUB + i);
		for (unsigned n = 0; n < 50; n++)
			q = made_record(q, "F;1", DATA, 1, 0);
	}
	made_open(image, &sp_fs_iso9660);
	made_walked(image);
	assert_in_range(image->entries, 40, 40 + 40 * 50);
	made_assert_told(image, "two folders are said to lie here");
	made_assert_told(image, "nothing of a folder from here on");
	made_close(image);
}

static void a_broken_record_hides_no_other_sector(void **state)
{
	struct made_iso *image = *state;
	uint8_t *p = made_begin(image);

	made_record(p, "SUB", SUB, 3 * 2048, FOLDER);
	p = made_dots(made_sector(image, SUB), SUB, ROOT);
	p = made_record(p, "FIRST;1", DATA, 1, 0);
	p[0] = 20; /* shorter than a record can be */
	p = made_record(made_sector(image, SUB + 1), "SECOND;1", DATA, 1, 0);
	p[0] = 60;
	p[32] = 40; /* a name beyond its record */
	made_record(made_sector(image, SUB + 2), "THIRD;1", DATA, 1, 0);
	made_open(image, &sp_fs_iso9660);
	assert_string_equal(made_walked(image),
			    "SUB 1 0|SUB/FIRST 0 1|SUB/SECOND 0 1|SUB/THIRD 0 1|");
	made_assert_told(image, "sector 21: a broken directory record");
	made_assert_told(image, "sector 22: a broken directory record");
	assert_int_equal(sp_fs_damage(image->fs), 2);
	made_close(image);
}

static void files_beyond_the_image_are_refused_with_their_place(void **state)
{
	static const uint32_t at[][2] = {
		{SECTORS, 1}, {0xffffffff, 0xffffffff}, {DATA, 0xffffffff}};
	struct made_iso *image = *state;

	for (size_t i = 0; i < 3; i++) {
		uint8_t *p = made_begin(image);
		struct sp_node node;
		struct sp_error err;
		struct sp_io *file;

		made_record(p, "F;1", at[i][0], at[i][1], 0);
		made_open(image, &sp_fs_iso9660);
		assert_int_equal(sp_fs_find(image->fs, "F", &node, &err), 0);
		assert_int_equal(node.size, at[i][1]);
		assert_int_equal(sp_fs_open_file(image->fs, &node, 0, "F", &file, &err),
				 SP_ERR_FORMAT);
		assert_non_null(strstr(err.text, "beyond the end"));
		made_close(image);
	}
}

static void zisofs_that_promises_more_than_it_has_is_refused(void **state)
{
	uint8_t use[] = "ZF\20\1pz\4\17\0\0\0\0\0\0\0\0";
	static const struct {
		unsigned header, log2;
		uint32_t size, pointers[2];
	} bad[] = {{4, 15, 100, {24, 30}},        {4, 40, 100, {24, 30}},   {4, 14, 100, {24, 30}},
		   {1, 15, 100, {24, 30}},        {4, 15, 0x7fffffff, {0}}, {4, 15, 100, {30, 24}},
		   {4, 15, 100, {24, 0xffffffff}}};
	struct made_iso *image = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t *p = made_rock(image), *d = made_sector(image, DATA), byte[200];
		struct sp_node node;
		struct sp_error err;
		struct sp_io *file = NULL;

		use[6] = (uint8_t)bad[i].header;
		use[7] = (uint8_t)bad[i].log2;
		made_both32(use + 8, bad[i].size);
		made_record_bytes(p, "Z;1", 3, DATA, 100, 0, use, 16);
		memcpy(d, "\x37\xe4\x53\x96\xc9\xdb\xd6\x07", 8);
		put_le32(d + 16, bad[i].pointers[0]);
		put_le32(d + 20, bad[i].pointers[1]);
		made_open(image, &sp_fs_rockridge);
		assert_int_equal(sp_fs_find(image->fs, "Z", &node, &err), 0);
		int r = sp_fs_open_file(image->fs, &node, 0, "Z", &file, &err);
		if (!r)
			r = sp_io_read(file, 0, byte, 100, &err);
		assert_int_equal(r, SP_ERR_FORMAT);
		sp_io_close(file);
		made_close(image);
	}
}

/* Everything a file system can be asked. */
static void image_use(struct made_iso *image, const struct sp_fs_format *format, size_t size)
{
	struct sp_error err;

	image->told[0] = '\0';
	image->fs = NULL;
	if (made_open_as(image, format, 0, size) == 1)
		sp_fs_walk(image->fs, sp_fs_root(image->fs), "", SP_WALK_SORTED, made_entry, image,
			   &err);
	made_close(image);
}

static void image_full(struct made_iso *image)
{
	uint8_t *p = made_rock(image), cl[12] = "CL\14\1";

	made_both32(cl + 4, SUB);
	chain(image, p, 3);
	p += p[0];
	p = made_record_bytes(p, "A;1", 3, DATA, 1, 0, cl, 12);
	p = made_record(p, "BIG;1", DATA, 2048, MULTI);
	p = made_record(p, "BIG;1", DATA + 5, 2, 0);
	p = made_dots(made_sector(image, SUB), SUB, ROOT);
	made_record(p, "DEEP;1", DATA, 1, 0);
}

static void cut_anywhere_it_ends(void **state)
{
	struct made_iso *image = *state;

	image_full(image);
	for (size_t size = 0; size <= 23 * 2048; size += size < 16 * 2048 ? 2048 : 61) {
		image_use(image, &sp_fs_rockridge, size);
		image_use(image, &sp_fs_iso9660, size);
	}
}

static void changed_anywhere_it_ends(void **state)
{
	struct made_iso *image = *state;
	uint32_t random = 1;

	for (unsigned i = 0; i < 3000; i++) {
		image_full(image);
		for (unsigned n = 0; n < 4; n++) {
			static const unsigned where[] = {16, ROOT, SUB, CONT};
			random = random * 1103515245 + 12345;
			image->data[where[random >> 28 & 3] * 2048 + (random >> 8) % 400] =
				(uint8_t)(random >> 16);
		}
		image_use(image, &sp_fs_rockridge, 150 * 2048);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(continuations_are_followed_so_far_and_no_further),
		cmocka_unit_test(continuations_that_lead_nowhere_are_told),
		cmocka_unit_test(a_folder_within_itself_is_entered_once),
		cmocka_unit_test(folders_of_gigabytes_cost_what_is_there),
		cmocka_unit_test(a_broken_record_hides_no_other_sector),
		cmocka_unit_test(files_beyond_the_image_are_refused_with_their_place),
		cmocka_unit_test(zisofs_that_promises_more_than_it_has_is_refused),
		cmocka_unit_test(cut_anywhere_it_ends),
		cmocka_unit_test(changed_anywhere_it_ends),
	};

	return made_iso_tests("iso9660_bad", tests, sizeof(tests) / sizeof(tests[0]));
}
