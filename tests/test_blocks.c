/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compressed blocks as one io: right bytes in any order, damage with its place, bounded memory. The
 * compression is one of the test's own, so that nothing is believed of the real ones. */
#include "base/bytes.h"
#include "io/blocks.h"
#include "tests/blocks_runs.h"
#include "tests/doubles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* The bytes of every test: which of them lies at a place can be told from the place alone. */
static uint8_t want(uint64_t at)
{
	return (uint8_t)(at / 1000 * 7 + 3);
}

static void check(const uint8_t *data, uint64_t at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != want(at + i))
			fail_msg("byte %llu is %u, not %u", (unsigned long long)(at + i), data[i],
				 want(at + i));
}

/* A file of stored blocks as it grows. */
struct stored {
	uint8_t *data;
	size_t size, room;
};

static void put(struct stored *s, const void *data, size_t size)
{
	if (s->size + size > s->room) {
		s->room = 2 * (s->size + size);
		s->data = realloc(s->data, s->room);
		assert_non_null(s->data);
	}
	memcpy(s->data + s->size, data, size);
	s->size += size;
}

static void put_runs(struct stored *s, uint64_t at, uint64_t size)
{
	for (uint64_t end = at + size; at < end;) {
		uint64_t n = 1000 - at % 1000;

		n = n < end - at ? n : end - at;
		put(s, (const uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8), want(at)}, 3);
		at += n;
	}
	put(s, "\0\0X", 3);
}

static void put_raw(struct stored *s, uint64_t at, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		put(s, &(uint8_t){want(at + i)}, 1);
}

static struct sp_memory *mem;
static struct double_faults faults;

static int setup(void **state)
{
	(void)state;
	mem = sp_memory_new();
	memset(&faults, 0, sizeof(faults));
	decodes = most_inside = begins = 0;
	return !mem;
}

static int teardown(void **state)
{
	(void)state;
	sp_memory_free(mem);
	return works != 0;
}

/* A table over `s`, which is freed. */
static void begin_table(struct sp_blocks *table, struct stored *s, uint64_t size)
{
	struct sp_error err;
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, "stored", s->data, s->size), 0);
	free(s->data);
	*s = (struct stored){0};
	assert_int_equal(sp_memory_open(mem, "stored", false, &io, &err), 0);
	io = double_io(io, &faults);
	*table = (struct sp_blocks){.size = size};
	assert_int_equal(sp_blocks_own(table, io, &err), 0);
}

static void add(struct sp_blocks *table, const struct sp_block *block)
{
	struct sp_error err;

	if (sp_blocks_add(table, block, &err))
		fail_msg("%s", err.text);
}

static struct sp_io *open_table(struct sp_blocks *table)
{
	struct sp_error err;
	struct sp_io *io;

	if (sp_blocks_open(&io, table, "disc", &err))
		fail_msg("%s", err.text);
	return io;
}

/* `count` blocks of `size` bytes, compressed. */
static struct sp_io *open_coded(unsigned count, size_t size)
{
	struct sp_blocks table;
	struct stored s = {0};
	struct sp_block *block = calloc(count, sizeof(*block));

	assert_non_null(block);
	for (unsigned i = 0; i < count; i++) {
		block[i] = (struct sp_block){.at = (uint64_t)i * size,
					     .size = size,
					     .stored_at = s.size,
					     .codec = &runs};
		put_runs(&s, block[i].at, size);
		block[i].stored = s.size - block[i].stored_at;
	}
	begin_table(&table, &s, (uint64_t)count * size);
	for (unsigned i = 0; i < count; i++)
		add(&table, &block[i]);
	free(block);
	return open_table(&table);
}

static void read_all(struct sp_io *io, size_t step)
{
	uint8_t *data = malloc(step);
	struct sp_error err;

	assert_non_null(data);
	for (uint64_t at = 0; at < io->size; at += step) {
		const size_t n = io->size - at < step ? (size_t)(io->size - at) : step;
		if (sp_io_read(io, at, data, n, &err))
			fail_msg("%s", err.text);
		check(data, at, n);
	}
	free(data);
}

static void reading_in_order_decodes_each_block_once(void **state)
{
	static const struct {
		unsigned count;
		size_t size, step;
	} kind[] = {{40, 1 << 20, 65536},   {40, 1 << 20, 1 << 20}, {40, 1 << 20, 3000001},
		    {300, 2048, 65536},     {300, 2048, 100},       {7, 777777, 512},
		    {3, 16 << 20, 1 << 20}, {9, 262144, 262144}};

	(void)state;
	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		struct sp_io *io = open_coded(kind[i].count, kind[i].size);

		decodes = 0;
		read_all(io, kind[i].step);
		assert_int_equal(decodes, kind[i].count);
		sp_io_close(io);
	}
	assert_true(most_inside <= 64);
	assert_int_equal(begins, 0);
	assert_int_equal(faults.seen.broken, 0); /* the files were read by one thread */
}

static void reading_anywhere_gives_the_same_bytes(void **state)
{
	struct sp_io *io = open_coded(50, 300000);
	uint8_t *data = malloc(2000000);
	uint32_t random = 1;
	struct sp_error err;

	(void)state;
	assert_non_null(data);
	for (unsigned i = 0; i < 400; i++) {
		random = random * 1664525 + 1013904223;
		const uint64_t at = random % io->size;
		size_t n = (random >> 7) % 2000000;

		n = n > io->size - at ? (size_t)(io->size - at) : n;
		if (sp_io_read(io, at, data, n, &err))
			fail_msg("%s", err.text);
		check(data, at, n);
	}
	free(data);
	sp_io_close(io);
}

static void kinds_mixed_and_unsorted_are_put_in_order(void **state)
{
	struct sp_blocks table;
	struct stored s = {0};
	uint8_t data[4000];
	struct sp_error err;

	(void)state;
	/* coded, plain, plain and cut short, zeros, a hole, coded: added from the last on */
	put_runs(&s, 0, 1500);
	const size_t plain = s.size;
	put_raw(&s, 1500, 700);
	const size_t last = s.size;
	put_runs(&s, 3500, 500);
	const size_t size = s.size;
	begin_table(&table, &s, 4000);
	add(&table, &(struct sp_block){3500, 500, last, size - last, &runs, 0});
	add(&table, &(struct sp_block){2400, 100, 0, 0, NULL, 0});
	add(&table, &(struct sp_block){2000, 400, plain + 500, 200, NULL, 0});
	add(&table, &(struct sp_block){1500, 500, plain, 500, NULL, 0});
	add(&table, &(struct sp_block){1500, 0, 0, 0, NULL, 0});
	add(&table, &(struct sp_block){0, 1500, 0, plain, &runs, 0});
	struct sp_io *io = open_table(&table);
	for (size_t step = 1; step <= 4000; step = step * 3 + 1) {
		memset(data, 0xee, sizeof(data));
		for (size_t at = 0; at < 4000; at += step)
			assert_int_equal(sp_io_read(io, at, data + at,
						    step < 4000 - at ? step : 4000 - at, &err),
					 0);
		check(data, 0, 2200);
		for (size_t i = 2200; i < 3500; i++)
			assert_int_equal(data[i], 0);
		check(data + 3500, 3500, 500);
	}
	sp_io_close(io);
}

static void zeros_and_holes_cost_nothing(void **state)
{
	const uint64_t huge = UINT64_C(1) << 60;
	struct sp_blocks table = {.size = huge};
	uint8_t data[512];
	struct sp_error err;

	(void)state;
	add(&table, &(struct sp_block){.at = 512, .size = huge / 2});
	struct sp_io *io = open_table(&table);
	for (uint64_t at = 0; at + 512 <= huge; at += huge / 8 - 256) {
		memset(data, 1, sizeof(data));
		assert_int_equal(sp_io_read(io, at, data, sizeof(data), &err), 0);
		for (size_t i = 0; i < sizeof(data); i++)
			assert_int_equal(data[i], 0);
		assert_true(sp_blocks_quick(io, at, 512));
	}
	assert_int_equal(sp_io_read(io, huge, data, 1, &err), SP_ERR_FORMAT);
	sp_io_close(io);
}

static void plain_blocks_are_read_straight_through(void **state)
{
	struct sp_blocks table;
	struct stored s = {0};
	uint8_t *data = malloc(400000);
	struct sp_error err;

	(void)state;
	put_raw(&s, 0, 400000);
	begin_table(&table, &s, 400000);
	add(&table, &(struct sp_block){.size = 400000, .stored = 400000});
	struct sp_io *io = open_table(&table);
	faults.kinds = DOUBLE_READ;
	assert_int_equal(sp_io_read(io, 1000, data, 300000, &err), 0);
	check(data, 1000, 300000);
	assert_int_equal(faults.count, 1);
	assert_int_equal(decodes, 0);
	sp_io_close(io);
	free(data);
}

#define LARGE (SP_BLOCKS_WHOLE + 12345)

/* A large block between two small ones. */
static struct sp_io *open_large(void)
{
	const uint64_t at[] = {0, 5000, 5000 + LARGE, 10000 + LARGE};
	struct sp_block block[3];
	struct sp_blocks table;
	struct stored s = {0};

	for (unsigned i = 0; i < 3; i++) {
		block[i] = (struct sp_block){
			at[i], at[i + 1] - at[i], s.size, 0, &runs, 0,
		};
		put_runs(&s, at[i], at[i + 1] - at[i]);
		block[i].stored = s.size - block[i].stored_at;
	}
	begin_table(&table, &s, at[3]);
	for (unsigned i = 0; i < 3; i++)
		add(&table, &block[i]);
	return open_table(&table);
}

static void a_large_block_streams_in_order(void **state)
{
	struct sp_io *io = open_large();

	(void)state;
	read_all(io, 65536);
	assert_int_equal(begins, 1);
	assert_int_equal(decodes, 2);
	sp_io_close(io);
}

static void a_large_block_is_unpacked_once_for_reads_anywhere(void **state)
{
	struct sp_io *io = open_large();
	uint8_t data[5000];
	struct sp_error err;

	(void)state;
	assert_true(sp_blocks_quick(io, 5000, 4096)); /* its beginning */
	assert_false(sp_blocks_quick(io, 6000, 4096));
	for (unsigned i = 0; i < 50; i++) {
		const uint64_t at = (LARGE / 50) * (49 - i) + 3000;
		if (sp_io_read(io, at, data, sizeof(data), &err))
			fail_msg("%s", err.text);
		check(data, at, sizeof(data));
	}
	assert_true(begins <= 2); /* the last one, at its beginning */
	assert_true(sp_blocks_quick(io, 6000, 4096));
	sp_io_close(io);
}

/* Every way to be wrong, with blocks that are decoded whole and one that streams. */
static void damage_is_told_with_its_place(void **state)
{
	static const size_t sizes[] = {3000, LARGE};
	static const char *const how[] = {"a wrong end", "too short", "too long", "cut short"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t kind = 0; kind < 4; kind++) {
			struct sp_blocks table;
			struct stored s = {0};
			struct sp_error err;
			uint8_t *data = malloc(sizes[i]);

			put(&s, "junk", 4);
			put_runs(&s, 1000, sizes[i] + (kind == 2) - (kind == 1));
			if (kind == 0)
				s.data[s.size - 1] = 'Y';
			const uint64_t stored = s.size - 4 - (kind == 3);
			begin_table(&table, &s, 1000 + sizes[i]);
			add(&table, &(struct sp_block){1000, sizes[i], 4, stored, &runs, 0});
			struct sp_io *io = open_table(&table);
			int r = 0;
			for (size_t at = 0; at < sizes[i] && !r; at += 60000)
				r = sp_io_read(io, 1000 + at, data,
					       sizes[i] - at < 60000 ? sizes[i] - at : 60000, &err);
			if (r != SP_ERR_FORMAT)
				fail_msg("%s, %zu bytes: %d", how[kind], sizes[i], r);
			assert_non_null(strstr(err.text, "disc: block at byte 1000 (runs, "));
			assert_non_null(strstr(err.text, " bytes at byte 4 of stored): damaged"));
			assert_int_equal(err.offset, 4);
			/* and again, when asked again, also out of order */
			assert_int_equal(sp_io_read(io, 1000 + sizes[i] - 1, data, 1, &err),
					 SP_ERR_FORMAT);
			/* what lies before is still to be had */
			assert_int_equal(sp_io_read(io, 0, data, 1000, &err), 0);
			sp_io_close(io);
			free(data);
		}
	}
}

static void impossible_blocks_are_refused_when_added(void **state)
{
	static const struct {
		struct sp_block block;
		int status;
		const char *text;
	} bad[] = {
		{{1000, 1, 0, 0, NULL, 0}, SP_ERR_FORMAT, "within the 1000 there are"},
		{{UINT64_MAX, 2, 0, 0, NULL, 0}, SP_ERR_FORMAT, "within the 1000 there are"},
		{{0, UINT64_MAX, 0, 0, NULL, 0}, SP_ERR_FORMAT, "within the 1000 there are"},
		{{0, 10, 11, 10, NULL, 0}, SP_ERR_FORMAT, "within the 20 there are"},
		{{0, 10, UINT64_MAX, 10, &runs, 0}, SP_ERR_FORMAT, "within the 20 there are"},
		{{0, 10, 10, UINT64_MAX, &runs, 0}, SP_ERR_FORMAT, "within the 20 there are"},
		{{0, 10, 0, 11, NULL, 0}, SP_ERR_FORMAT, "stores 11 bytes, holds 10"},
		{{0, 10, 0, 0, &runs, 0}, SP_ERR_FORMAT, "no runs data is stored"},
		{{0, 10, 0, 10, NULL, 1}, SP_ERR_USAGE, "no file 1"},
	};
	struct sp_blocks table;
	struct stored s = {0};
	struct sp_error err;

	(void)state;
	put(&s, "01234567890123456789", 20);
	begin_table(&table, &s, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(sp_blocks_add(&table, &bad[i].block, &err), bad[i].status);
		if (!strstr(err.text, bad[i].text))
			fail_msg("%s is not \"%s\"", err.text, bad[i].text);
	}
	table.size = UINT64_MAX;
	assert_int_equal(
		sp_blocks_add(&table, &(struct sp_block){0, LARGE, 0, 20, &whole_only, 0}, &err),
		SP_ERR_UNSUPPORTED);
	add(&table, &(struct sp_block){0, SP_BLOCKS_WHOLE, 0, 20, &whole_only, 0});
	assert_int_equal(table.count, 1);
	sp_blocks_clear(&table);
}

static void overlapping_blocks_are_refused(void **state)
{
	struct sp_blocks table = {.size = 1000};
	struct sp_error err;
	struct sp_io *io;

	(void)state;
	add(&table, &(struct sp_block){.at = 100, .size = 100});
	add(&table, &(struct sp_block){.at = 0, .size = 101});
	assert_int_equal(sp_blocks_open(&io, &table, "disc", &err), SP_ERR_FORMAT);
	assert_null(io);
	assert_non_null(strstr(err.text, "byte 100 is in two blocks"));
	sp_blocks_clear(&table);
	/* the same with nothing in between is fine */
	table.size = 1000;
	add(&table, &(struct sp_block){.at = 100, .size = 100});
	add(&table, &(struct sp_block){.at = 0, .size = 100});
	sp_io_close(open_table(&table));
}

static void a_failing_file_is_an_error_or_right_bytes(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth < 60; nth++) {
		for (unsigned forever = 0; forever < 2; forever++) {
			uint8_t data[10000];
			struct sp_error err;

			memset(&faults, 0, sizeof(faults));
			struct sp_io *io = open_coded(30, 300000);
			faults.kinds = DOUBLE_READ;
			faults.nth = nth;
			faults.forever = forever;
			for (uint64_t at = 0; at < io->size; at += sizeof(data)) {
				const int r = sp_io_read(io, at, data, sizeof(data), &err);
				if (r) {
					assert_int_equal(r, SP_ERR_IO);
					assert_true(faults.failed);
					break;
				}
				check(data, at, sizeof(data));
			}
			sp_io_close(io);
		}
	}
}

static void sixteen_codecs_fit_and_no_more(void **state)
{
	struct sp_codec many[SP_BLOCKS_CODECS + 1];
	uint8_t data[1700];
	struct sp_error err;
	struct sp_io *io;

	(void)state;
	for (unsigned count = SP_BLOCKS_CODECS; count <= SP_BLOCKS_CODECS + 1; count++) {
		struct sp_blocks table;
		struct stored s = {0};
		size_t at[SP_BLOCKS_CODECS + 2] = {0};

		for (unsigned i = 0; i < count; i++) {
			many[i] = runs;
			put_runs(&s, i * 100, 100);
			at[i + 1] = s.size;
		}
		begin_table(&table, &s, count * 100);
		for (unsigned i = 0; i < count; i++)
			add(&table, &(struct sp_block){i * 100, 100, at[i], at[i + 1] - at[i],
						       &many[i], 0});
		if (count > SP_BLOCKS_CODECS) {
			assert_int_equal(sp_blocks_open(&io, &table, "disc", &err),
					 SP_ERR_UNSUPPORTED);
			sp_blocks_clear(&table);
			break;
		}
		io = open_table(&table);
		assert_int_equal(sp_io_read(io, 0, data, count * 100, &err), 0);
		check(data, 0, count * 100);
		sp_io_close(io);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(reading_in_order_decodes_each_block_once),
		TEST(reading_anywhere_gives_the_same_bytes),
		TEST(kinds_mixed_and_unsorted_are_put_in_order),
		TEST(zeros_and_holes_cost_nothing),
		TEST(plain_blocks_are_read_straight_through),
		TEST(a_large_block_streams_in_order),
		TEST(a_large_block_is_unpacked_once_for_reads_anywhere),
		TEST(damage_is_told_with_its_place),
		TEST(impossible_blocks_are_refused_when_added),
		TEST(overlapping_blocks_are_refused),
		TEST(a_failing_file_is_an_error_or_right_bytes),
		TEST(sixteen_codecs_fit_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
