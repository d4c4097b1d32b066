/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts and other sector sizes of discs of blocks: partitions taken out, 512 bytes to 2048. */
#include "base/bytes.h"
#include "formats/formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* 4003 blocks that name themselves, under an MBR: two partitions within, two up to the end. */
enum { BLOCKS = 4003 };
static const struct {
	uint32_t first, count;
} part[4] = {{63, 700}, {801, 3}, {3999, 4}, {3000, 1003}};

static uint8_t *disk_make(void)
{
	uint8_t *data = calloc(BLOCKS, 512);

	assert_non_null(data);
	for (uint32_t i = 1; i < BLOCKS; i++)
		for (uint32_t j = 0; j < 512; j += 4)
			put_le32(data + (size_t)i * 512 + j, i * 128 + j / 4);
	for (unsigned i = 0; i < 4; i++) {
		data[446 + 16 * i + 4] = 0x83;
		put_le32(data + 446 + 16 * i + 8, part[i].first);
		put_le32(data + 446 + 16 * i + 12, part[i].count);
	}
	memcpy(data + 510, "\x55\xaa", 2);
	return data;
}

static struct sp_source *disk_open(struct sp_memory *mem, const struct sp_format *format,
				   const uint8_t *data, size_t size)
{
	struct sp_source *source;
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, "disk.iso", data, size), 0);
	assert_int_equal(sp_memory_open(mem, "disk.iso", false, &io, NULL), 0);
	assert_int_equal(format->open(&source, io, NULL, NULL), 0);
	return source;
}

/* All of a source in spans of `most` sectors; *state: those of all. */
static uint8_t *read_all(struct sp_source *src, uint32_t most, size_t *size, unsigned *state)
{
	const struct sp_region *region = &src->disc->region[0];
	const size_t stride = sp_sector_size(region->mode, region->parts);
	uint8_t *data = malloc((size_t)region->count * stride);
	uint16_t *states = calloc(most, sizeof(states[0]));

	assert_non_null(data);
	assert_non_null(states);
	*size = (size_t)region->count * stride;
	*state = 0;
	for (uint64_t at = 0; at < region->count;) {
		const uint64_t left = region->count - at;
		struct sp_span span = {.lba = (sp_lba)at,
				       .count = left < most ? (uint32_t)left : most,
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = stride,
				       .data = data + at * stride,
				       .state = states};
		assert_int_equal(sp_source_read(src, &span, NULL), 0);
		for (uint32_t i = 0; i < span.count; i++)
			*state |= states[i];
		at += span.count;
	}
	free(states);
	return data;
}

static void a_partition_is_its_blocks_and_nothing_else(void **unused)
{
	static const struct sp_format *const format[] = {&sp_format_img, &sp_format_iso};
	uint8_t *disk = disk_make();

	(void)unused;
	for (unsigned f = 0; f < 2; f++) {
		for (unsigned number = 1; number <= 4; number++) {
			struct sp_memory *mem = sp_memory_new();
			struct sp_source *src =
				disk_open(mem, format[f], disk, (BLOCKS / 4) * 2048);
			struct sp_source *view;
			struct sp_error err;
			unsigned state;
			size_t size;

			/* 4000 blocks: the last two partitions end behind those */
			const int r = sp_view_partition(&view, src, number, &err);
			if (number > 2) {
				assert_int_equal(r, SP_ERR_FORMAT);
				assert_non_null(strstr(err.text, "beyond the disk's end at block "
								 "4000"));
				sp_source_close(src);
				sp_memory_free(mem);
				continue;
			}
			assert_int_equal(r, 0);
			assert_int_equal(view->disc->medium, SP_MEDIUM_BLOCK);
			assert_int_equal(view->disc->track[0].mode, SP_MODE_BLOCK512);
			assert_int_equal(view->disc->region[0].lba, 0);
			for (uint32_t most = 1; most <= 300; most = most * 3 + 2) {
				uint8_t *data = read_all(view, most, &size, &state);
				assert_int_equal(size, part[number - 1].count * 512);
				assert_memory_equal(data, disk + part[number - 1].first * 512,
						    size);
				assert_int_equal(state, 0);
				free(data);
			}
			sp_source_close(view);
			sp_memory_free(mem);
		}
	}
	free(disk);
}

static void a_partition_that_is_not_there_names_those_that_are(void **unused)
{
	uint8_t *disk = disk_make();
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *src = disk_open(mem, &sp_format_img, disk, (size_t)BLOCKS * 512), *view;
	struct sp_error err;

	(void)unused;
	assert_int_equal(sp_view_partition(&view, src, 5, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "there is no partition 5; the table has: 1, 2, 3, 4");
	sp_source_close(src);
	src = disk_open(mem, &sp_format_img, disk + 512, (size_t)(BLOCKS - 1) * 512);
	assert_int_equal(sp_view_partition(&view, src, 1, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "there is no partition 1: there is no partition table");
	src->caps |= SP_SOURCE_ONCE;
	assert_int_equal(sp_view_partition(&view, src, 1, &err), SP_ERR_USAGE);
	sp_source_close(src);
	sp_memory_free(mem);
	free(disk);
}

static void the_volume_of_an_optical_disc_keeps_its_sectors(void **unused)
{
	uint8_t *disk = disk_make();
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *view;
	unsigned state;
	size_t size;

	(void)unused;
	memcpy(disk + 63 * 512 + 32768, "\1CD001\1", 7);
	struct sp_source *src = disk_open(mem, &sp_format_img, disk, (size_t)BLOCKS * 512);
	assert_int_equal(sp_view_partition(&view, src, 1, NULL), 0);
	assert_int_equal(view->disc->track[0].mode, SP_MODE_DATA2048);
	uint8_t *data = read_all(view, 50, &size, &state);
	assert_int_equal(size, 700 * 512);
	assert_memory_equal(data, disk + 63 * 512, size);
	free(data);
	sp_source_close(view);
	sp_memory_free(mem);
	free(disk);
}

static void blocks_in_larger_sectors_are_filled_up_with_zeros(void **unused)
{
	static const uint8_t zeros[512];
	uint8_t *disk = disk_make();

	(void)unused;
	for (unsigned left = 0; left < 4; left++) {
		struct sp_memory *mem = sp_memory_new();
		struct sp_source *src =
			disk_open(mem, &sp_format_img, disk, (size_t)(BLOCKS - left) * 512);
		const unsigned wanted = (left + 1) % 4 * 512;
		struct sp_source *view;
		unsigned padding, state;
		size_t size;

		assert_int_equal(sp_view_sectors(&view, src, &padding, NULL), 0);
		assert_int_equal(padding, wanted);
		assert_int_equal(view->disc->track[0].mode, SP_MODE_DATA2048);
		uint8_t *data = read_all(view, 77, &size, &state);
		assert_int_equal(size, (BLOCKS - left) * 512 + padding);
		assert_memory_equal(data, disk, size - padding);
		for (unsigned at = 0; at < padding; at += 512)
			assert_memory_equal(data + size - padding + at, zeros, 512);
		assert_int_equal(state, 0);
		free(data);
		sp_source_close(view);
		sp_memory_free(mem);
	}
	free(disk);
}

/* The last block is cut short: it, or the sector it is in, says so, and no other. */
static void what_is_known_of_a_sector_is_known_of_its_blocks(void **unused)
{
	uint8_t *disk = disk_make(), byte[4 * 2048];
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *src = disk_open(mem, &sp_format_img, disk, (size_t)BLOCKS * 512 - 9);
	struct sp_source *view;
	uint16_t state[4] = {0};
	unsigned padding;

	(void)unused;
	assert_int_equal(sp_view_sectors(&view, src, &padding, NULL), 0);
	struct sp_span span = {.lba = 998,
			       .count = 3,
			       .mode = SP_MODE_DATA2048,
			       .parts = SP_PART_USER,
			       .stride = 2048,
			       .data = byte,
			       .state = state};
	assert_int_equal(sp_source_read(view, &span, NULL), 0);
	assert_int_equal(state[0] | state[1], 0);
	assert_int_equal(state[2], SP_STATE_PADDED);
	sp_source_close(view);

	/* the other way: four blocks are of the sector that was cut */
	put_le32(disk + 446 + 8, 3994);
	put_le32(disk + 446 + 12, 6);
	src = disk_open(mem, &sp_format_iso, disk, 4000 * 512 - 9);
	assert_int_equal(sp_view_partition(&view, src, 1, NULL), 0);
	uint16_t six[6] = {0};
	span = (struct sp_span){.count = 6,
				.mode = SP_MODE_BLOCK512,
				.parts = SP_PART_USER,
				.stride = 512,
				.data = byte,
				.state = six};
	assert_int_equal(sp_source_read(view, &span, NULL), 0);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(six[i], i < 2 ? 0 : SP_STATE_PADDED);
	sp_source_close(view);
	sp_memory_free(mem);
	free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_is_its_blocks_and_nothing_else),
		cmocka_unit_test(a_partition_that_is_not_there_names_those_that_are),
		cmocka_unit_test(the_volume_of_an_optical_disc_keeps_its_sectors),
		cmocka_unit_test(blocks_in_larger_sectors_are_filled_up_with_zeros),
		cmocka_unit_test(what_is_known_of_a_sector_is_known_of_its_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
