/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Map files: ddrescue's own are understood, ours say what they mean, and nonsense is refused with
 * its line. That ddrescue reads ours is looked at in test_rescue_peers.sh. */
#include "drive/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static int map_parse(struct sp_map *map, const char *text, struct sp_error *err)
{
	return sp_map_parse(map, "x.map", text, strlen(text), err);
}

/* As ddrescue 1.27 wrote it (-b2048 --test-mode with bad 0x4000…0x6000). */
static void a_map_of_ddrescue_is_read(void **state)
{
	(void)state;
	static const char text[] = "# Mapfile. Created by GNU ddrescue version 1.27\n"
				   "# Command line: ddrescue in out m.map\n"
				   "# Finished\n"
				   "# current_pos  current_status  current_pass\n"
				   "0x00005800     +               1\n"
				   "#      pos        size  status\n"
				   "0x00000000  0x00004000  +\n"
				   "0x00004000  0x00002000  -\n"
				   "0x00006000  0x00001000  +\n";
	struct sp_error err;
	struct sp_map map;

	assert_int_equal(map_parse(&map, text, &err), 0);
	assert_int_equal(map.at, 0x5800);
	assert_int_equal(map.phase, SP_MAP_FINISHED);
	assert_int_equal(map.pass, 1);
	assert_int_equal(map.blocks, 3);
	assert_int_equal(map.size, 0x7000);
	assert_int_equal(map.block[1].status, SP_MAP_BAD);
	assert_int_equal(map.block[1].size, 0x2000);
	sp_map_clear(&map);
}

static void blocks_that_touch_with_one_status_are_one(void **state)
{
	(void)state;
	struct sp_map map = {.at = 4096, .phase = SP_MAP_SCRAPING, .pass = 2};
	static const char want[] = "# of a test two lines\n"
				   "# current_pos  current_status  current_pass\n"
				   "0x00001000     /               2\n"
				   "#      pos        size  status\n"
				   "0x00000000  0x00001800  +\n"
				   "0x00001800  0x100000000  /\n"
				   "0x100001800  0x00000800  -\n";
	char *text;
	size_t size;

	assert_int_equal(sp_map_add(&map, 2048, '+', NULL), 0);
	assert_int_equal(sp_map_add(&map, 4096, '+', NULL), 0);
	assert_int_equal(sp_map_add(&map, 0, '-', NULL), 0);
	assert_int_equal(sp_map_add(&map, UINT64_C(1) << 32, '/', NULL), 0);
	assert_int_equal(sp_map_add(&map, 2048, '-', NULL), 0);
	assert_int_equal(sp_map_print(&map, "of a test\ntwo lines", &text, &size, NULL), 0);
	assert_int_equal(size, strlen(want));
	assert_memory_equal(text, want, size);
	assert_int_equal(sp_map_add(&map, INT64_MAX, '-', NULL), SP_ERR_UNSUPPORTED);
	free(text);
	sp_map_clear(&map);
}

static void every_way_to_write_a_number_is_read(void **state)
{
	(void)state;
	struct sp_error err;
	struct sp_map map;

	assert_int_equal(
		map_parse(&map, "4096 *\n0 010 + # eight\r\n8 8 *\n0X10 0xf0 /\n256 1 -", &err), 0);
	assert_int_equal(map.blocks, 4);
	assert_int_equal(map.block[0].size, 8);
	assert_int_equal(map.block[2].size, 0xf0);
	assert_int_equal(map.pass, 1);
	sp_map_clear(&map);
	/* a map of a part begins where the part does */
	assert_int_equal(map_parse(&map, "0 ? 3\n4096 1 +\n", &err), 0);
	assert_int_equal(map.origin, 4096);
	assert_int_equal(map.pass, 3);
	sp_map_clear(&map);
}

static void nonsense_is_refused_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
	} bad[] = {
		{"", "x.map:0: the line with the current position is missing"},
		{"# only\n", "x.map:1: the line with the current position is missing"},
		{"x ?\n", "x.map:1: no position"},
		{"08 ?\n", "x.map:1: no position"},
		{"0x ?\n", "x.map:1: no position"},
		{"0 ??\n", "x.map:1: no current status: one of ? * / - F G +"},
		{"0 ? 0\n", "x.map:1: no number of a pass"},
		{"0 ? 1 1\n", "x.map:1: no number of a pass"},
		{"0 ?\n0 0 +\n", "x.map:2: no size"},
		{"0 ?\n0 1 F\n", "x.map:2: no status: one of ? * / - +"},
		{"0 ?\n0 1 + 1\n", "x.map:2: no status: one of ? * / - +"},
		{"0 ?\n0 1 +\n2 1 +\n",
		 "x.map:3: the block does not begin where the one before it ends"},
		{"0 ?\n0 2 +\n1 1 +\n",
		 "x.map:3: the block does not begin where the one before it ends"},
		{"0 ?\n1 0x7fffffffffffffff +\n", "x.map:2: the block ends too far out"},
		{"0 ?\n0 0x8000000000000000 +\n", "x.map:2: no size"},
		{"0 ?\n0 0x10000000000000001 +\n", "x.map:2: no size"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sp_error err;
		struct sp_map map;

		assert_int_equal(map_parse(&map, bad[i].text, &err), SP_ERR_FORMAT);
		assert_string_equal(err.text, bad[i].error);
		sp_map_clear(&map);
	}
}

static void a_file_cut_anywhere_is_a_shorter_map_or_an_error(void **state)
{
	(void)state;
	static const char text[] = "# x\n0x00000000     ?               2\n"
				   "0x00000000  0x00000800  +\n0x00000800  0x00000800  *\n";

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct sp_error err = {0};
		struct sp_map map;

		if (!sp_map_parse(&map, "x.map", text, cut, &err))
			assert_true(map.blocks <= 2);
		else
			assert_int_not_equal(err.text[0], 0);
		sp_map_clear(&map);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_of_ddrescue_is_read),
		cmocka_unit_test(blocks_that_touch_with_one_status_are_one),
		cmocka_unit_test(every_way_to_write_a_number_is_read),
		cmocka_unit_test(nonsense_is_refused_with_its_line),
		cmocka_unit_test(a_file_cut_anywhere_is_a_shorter_map_or_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
