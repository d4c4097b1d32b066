/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a disk is parted when it becomes a dmg, and what is left out of it when that is asked for. */
#include "base/bytes.h"
#include "disc/partition.h"
#include "formats/dmg_free.h"
#include "formats/dmg_write.h"
#include "formats/formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static void expect_plan(const struct dmg_plan *plan, const char *const *name, size_t count)
{
	uint64_t end = 0;

	assert_int_equal(plan->pieces, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(plan->piece[i].name, name[i]);
		assert_true(plan->piece[i].first == end && plan->piece[i].count);
		assert_int_equal(plan->piece[i].free, strstr(name[i], "(Apple_Free") != NULL);
		end += plan->piece[i].count;
	}
	assert_true(end == plan->sectors);
}

static void parts_are_found_in_whatever_order_the_map_has(void **unused)
{
	static const char *const name[] = {"Master Boot Record (MBR : 0)",
					   " (Apple_Free : 1)",
					   " (Windows_FAT_16 : 2)",
					   " (Linux_Swap : 3)",
					   " (0xda : 4)",
					   " (Apple_Free : 5)"};
	struct sp_partition p[] = {
		{.number = 1, .first = 500, .count = 100, .type = "0xda", .kind = ""},
		{.number = 2, .first = 128, .count = 272, .type = "0x0e", .kind = "FAT16"},
		{.number = 3, .first = 400, .count = 100, .type = "0x82", .kind = "Linux swap"},
		/* lies in an extended one, which macOS takes whole */
		{.number = 5, .first = 450, .count = 10, .type = "0x83", .kind = "Linux"},
	};
	const struct sp_partitions map = {.scheme = SP_SCHEME_MBR,
					  .block_size = 512,
					  .blocks = 1000,
					  .partition = p,
					  .count = COUNT(p)};
	struct dmg_plan plan;

	(void)unused;
	assert_int_equal(dmg_plan_make(&plan, 1000, &map, "x", NULL), 0);
	assert_false(plan.whole);
	expect_plan(&plan, name, COUNT(name));
	dmg_plan_clear(&plan);
}

static void a_gpt_of_large_blocks_is_parted_in_512s(void **unused)
{
	static const char *const name[] = {"Protective Master Boot Record (MBR : 0)",
					   "GPT Header (Primary GPT Header : 1)",
					   "GPT Partition Data (Primary GPT Table : 2)",
					   "a<b (Apple_APFS : 3)",
					   " (Apple_Free : 4)",
					   "GPT Partition Data (Backup GPT Table : 5)",
					   "GPT Header (Backup GPT Header : 6)"};
	struct sp_partition p = {.number = 1,
				 .first = 48,
				 .count = 80,
				 .type = "7C3457EF-0000-11AA-AA11-00306543ECAC",
				 .name = "a<b"};
	const struct sp_partitions map = {.scheme = SP_SCHEME_GPT,
					  .block_size = 4096,
					  .blocks = 800,
					  .partition = &p,
					  .count = 1,
					  .header = {8, 792},
					  .entries = {16, 760},
					  .entries_count = 32};
	struct dmg_plan plan;

	(void)unused;
	assert_int_equal(dmg_plan_make(&plan, 800, &map, "x", NULL), 0);
	expect_plan(&plan, name, COUNT(name));
	assert_int_equal(plan.piece[0].count, 8);
	assert_int_equal(plan.piece[6].count, 8);
	dmg_plan_clear(&plan);
}

/* Whatever cannot be parted without a hole or twice is one piece. */
static void maps_that_are_not_sound_leave_the_disk_whole(void **unused)
{
	struct sp_partition p[2] = {
		{.number = 1, .first = 64, .count = 100, .type = "0x83"},
		{.number = 2, .first = 200, .count = 100, .type = "0x83"},
	};
	struct sp_partitions map = {.scheme = SP_SCHEME_MBR,
				    .block_size = 512,
				    .blocks = 1000,
				    .partition = p,
				    .count = 2};
	struct dmg_plan plan;

	(void)unused;
	for (unsigned i = 0; i < 7; i++) {
		p[0].first = i == 1 ? 0 : 64;                   /* over the table */
		p[1].first = i == 2 ? 163 : i == 3 ? 900 : 200; /* over the first; to the end */
		p[1].count = i == 4 ? UINT64_MAX : i == 3 ? 101 : 100; /* beyond it */
		map.scheme = i == 5 ? SP_SCHEME_GPT : SP_SCHEME_MBR;   /* half of a GPT is lost */
		map.header[0] = 1;
		map.scheme = i == 6 ? SP_SCHEME_WHOLE : map.scheme;
		assert_int_equal(dmg_plan_make(&plan, 1000, &map, "Apple_HFS", NULL), 0);
		assert_int_equal(plan.whole, i != 0);
		if (plan.whole)
			expect_plan(&plan, (const char *const[]){"whole disk (Apple_HFS : 0)"}, 1);
		else
			assert_int_equal(plan.pieces, 6);
		dmg_plan_clear(&plan);
	}
}

/* ---- unused space ---- */

struct note {
	char text[400];
};

static void note_keep(void *user, const char *text)
{
	struct note *n = user;

	strncat(n->text, text, sizeof(n->text) - strlen(n->text) - 1);
}

static int bytes_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	(void)err;
	memcpy(data, (const uint8_t *)user + at, size);
	return 0;
}

/* An HFS+ volume: header, bitmap in blocks 4 and 7, every third block used. */
#define HFS_BLOCKS 5000u
#define HFS_BLOCK  512u
#define HFS_SIZE   ((size_t)HFS_BLOCKS * HFS_BLOCK)

/* The bit of a block, and where it lies. */
static uint8_t *hfs_bit(uint8_t *v, size_t b, uint8_t *bit)
{
	*bit = (uint8_t)(0x80 >> b % 8);
	return v + (b / 8 < HFS_BLOCK ? 4 : 7 - 1) * HFS_BLOCK + b / 8;
}

static bool hfs_used(uint8_t *v, size_t b)
{
	uint8_t bit;

	return *hfs_bit(v, b, &bit) & bit;
}

static uint8_t *hfs_make(void)
{
	uint8_t *v = malloc(HFS_SIZE), *h = v + 1024, bit;

	assert_non_null(v);
	for (size_t i = 0; i < HFS_SIZE / 8; i++)
		put_le64(v + 8 * i, (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
	memset(v, 0, 8 * HFS_BLOCK);
	memcpy(h, "H+\0\4", 4);
	put_be32(h + 4, 0x100);
	put_be32(h + 40, HFS_BLOCK);
	put_be32(h + 44, HFS_BLOCKS);
	put_be64(h + 112, 2 * HFS_BLOCK);
	put_be32(h + 128, 4);
	put_be32(h + 132, 1);
	put_be32(h + 136, 7);
	put_be32(h + 140, 1);
	for (size_t b = 0; b < HFS_BLOCKS; b++)
		if (b < 8 || b % 3 == 0 || b == HFS_BLOCKS - 1)
			*hfs_bit(v, b, &bit) |= (uint8_t)(0x80 >> b % 8);
	return v;
}

static void hfs_find(uint8_t *volume, struct dmg_free *list, struct note *note)
{
	const struct sp_disk disk = {bytes_read, volume, HFS_SIZE};
	const struct sp_notes notes = {note_keep, note};
	struct sp_partitions map;

	note->text[0] = '\0';
	assert_int_equal(sp_partitions_read(&map, &disk, NULL), 0);
	assert_int_equal(map.partition[0].filesystem, SP_FS_HFSPLUS);
	assert_int_equal(dmg_free_find(list, &disk, &map, "x", &notes, NULL), 0);
	sp_partitions_free(&map);
}

static void the_bitmap_of_hfs_plus_tells_what_is_unused(void **unused)
{
	uint8_t *v = hfs_make();
	struct dmg_free list;
	struct note note;
	size_t i = 0;

	(void)unused;
	hfs_find(v, &list, &note);
	assert_string_equal(note.text, "");
	for (uint64_t b = 8; b < HFS_BLOCKS - 1; b++) {
		if (b % 3 == 0)
			continue;
		assert_true(i < list.ranges);
		assert_true(list.range[i].at == b * HFS_BLOCK);
		const unsigned n = b % 3 == 1 && b + 1 < HFS_BLOCKS - 1 ? 2 : 1;
		assert_int_equal(list.range[i++].size, n * HFS_BLOCK);
		b += n - 1;
	}
	assert_int_equal(list.ranges, i);
	dmg_free_clear(&list);
	free(v);
}

static void volumes_that_cannot_be_trusted_are_kept_whole(void **unused)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} bad[] = {
		{1024 + 6, 0, "not unmounted"},  /* the bit of a clean unmount */
		{1024 + 42, 0x0f, "not sound"},  /* block size 3840 */
		{1024 + 44, 0x01, "not sound"},  /* more blocks than there is room */
		{1024 + 118, 0x01, "not sound"}, /* a bitmap too small */
		{1024 + 143, 0, "in pieces"},    /* an extent is missing */
		{1024 + 136, 0x7f, "beyond"},    /* … or lies outside */
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t *v = hfs_make();
		struct dmg_free list;
		struct note note;

		v[bad[i].at] = bad[i].value;
		hfs_find(v, &list, &note);
		assert_int_equal(list.ranges, 0);
		if (!strstr(note.text, bad[i].why) && !strstr(note.text, "in pieces"))
			fail_msg("%zu: %s", i, note.text);
		dmg_free_clear(&list);
		free(v);
	}
}

/* ---- through the road ---- */

static int copy_disk(struct sp_memory *mem, const char *from, const char *to,
		     const struct sp_options *options, bool lossy, bool scan, char *losses)
{
	struct sp_source *src;
	struct sp_sink *sink;
	struct sp_error err = {0};
	struct sp_io *in, *out;

	assert_int_equal(sp_memory_open(mem, from, false, &in, NULL), 0);
	assert_int_equal(sp_format_img.open(&src, in, NULL, NULL), 0);
	assert_int_equal(sp_memory_open(mem, to, true, &out, NULL), 0);
	assert_int_equal(dmg_write_create(&sink, out, options, &err), 0);
	struct sp_copy copy = {.source = src, .sink = sink, .lossy = lossy, .scan = scan};
	const int r = sp_copy(&copy, &err);
	sp_losses_text(&copy.losses, losses, 200);
	sp_sink_close(sink);
	sp_source_close(src);
	return r;
}

static void unused_blocks_are_a_loss_only_where_they_have_content(void **unused)
{
	static const struct sp_option omit[] = {{"omit-free", "yes"}, {"chunk", "64"}};
	const struct sp_options options = {.option = omit, .options = 2};
	const size_t size = HFS_SIZE;
	uint8_t *v = hfs_make(), *back = malloc(size);
	struct sp_memory *mem = sp_memory_new();
	char losses[200];
	uint64_t blocks = 0;

	(void)unused;
	/* one free run is large enough to be passed over, and one is empty */
	uint8_t bit;
	memset(hfs_bit(v, 2000, &bit), 0, 1000 / 8);
	memset(v + 4000 * HFS_BLOCK, 0, 2 * HFS_BLOCK);
	for (size_t b = 0; b < HFS_BLOCKS; b++)
		blocks += !hfs_used(v, b) && b != 4000 && b != 4001;
	assert_int_equal(sp_memory_put(mem, "v", v, size), 0);
	/* a scan knows what a copy finds */
	assert_int_equal(copy_disk(mem, "v", "no", &options, false, true, losses), SP_ERR_LOSSY);
	char want[100];
	snprintf(want, sizeof(want), "%llu blocks of unused space that are not empty",
		 (unsigned long long)blocks);
	assert_string_equal(losses, want);
	assert_int_equal(copy_disk(mem, "v", "no", &options, false, false, losses), SP_ERR_LOSSY);
	assert_string_equal(losses, want);
	assert_int_equal(copy_disk(mem, "v", "a.dmg", &options, true, false, losses), 0);
	assert_string_equal(losses, want);

	struct sp_io *io;
	struct sp_source *src;
	struct sp_error err;
	uint16_t *state = calloc(size / 512, sizeof(*state));
	struct sp_span span = {.count = (uint32_t)(size / 512),
			       .mode = SP_MODE_BLOCK512,
			       .parts = SP_PART_USER,
			       .stride = 512,
			       .data = back,
			       .state = state};
	assert_int_equal(sp_memory_open(mem, "a.dmg", false, &io, NULL), 0);
	assert_true(io->size < size / 2);
	if (sp_format_dmg.open(&src, io, NULL, &err) || sp_source_read(src, &span, &err))
		fail_msg("%s", err.text);
	for (size_t b = 0; b < HFS_BLOCKS; b++) {
		if (!hfs_used(v, b))
			memset(v + b * HFS_BLOCK, 0, HFS_BLOCK);
		assert_memory_equal(back + b * HFS_BLOCK, v + b * HFS_BLOCK, HFS_BLOCK);
	}
	sp_source_close(src);
	/* what is left has nothing to lose */
	assert_int_equal(sp_memory_put(mem, "w", back, size), 0);
	assert_int_equal(copy_disk(mem, "w", "b.dmg", &options, false, false, losses), 0);
	assert_string_equal(losses, "");
	sp_memory_free(mem);
	free(state);
	free(back);
	free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found_in_whatever_order_the_map_has),
		cmocka_unit_test(a_gpt_of_large_blocks_is_parted_in_512s),
		cmocka_unit_test(maps_that_are_not_sound_leave_the_disk_whole),
		cmocka_unit_test(the_bitmap_of_hfs_plus_tells_what_is_unused),
		cmocka_unit_test(volumes_that_cannot_be_trusted_are_kept_whole),
		cmocka_unit_test(unused_blocks_are_a_loss_only_where_they_have_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
