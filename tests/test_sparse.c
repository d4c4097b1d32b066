/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparse images, made here byte by byte: bands in any order, bands that are not stored, further
 * index nodes, and tables that lie. */
#include "base/bytes.h"
#include "formats/formats.h"
#include "tests/doubles.h"

#include <spindle/spindle.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum { NODE = 4096, BAND = 4 * 512, MAKE_MAX = 1 << 20 };

/* A sparse image in the making. */
struct make {
	uint8_t *data;
	size_t size, node; /* node: where the last one is */
};

static void make_node(struct make *m)
{
	if (m->size) {
		put_be64(m->data + m->node + (m->node ? 12 : 20), m->size);
		m->node = m->size;
	}
	memcpy(m->data + m->node, "sprs", 4);
	m->size = m->node + NODE;
}

static void make_begin(struct make *m, uint64_t sectors)
{
	*m = (struct make){.data = calloc(1, MAKE_MAX)};
	assert_non_null(m->data);
	make_node(m);
	put_be32(m->data + 4, 3);
	put_be32(m->data + 8, BAND / 512);
	put_be32(m->data + 12, 1);
	put_be32(m->data + 16, (uint32_t)sectors);
	put_be64(m->data + 28, sectors);
}

/* Band `number` (from 0), filled with `byte`. */
static void make_band(struct make *m, uint32_t number, uint8_t byte)
{
	const size_t slot = (m->size - m->node - NODE) / BAND;

	put_be32(m->data + m->node + (m->node ? 56 : 64) + 4 * slot, number + 1);
	memset(m->data + m->size, byte, BAND);
	m->size += BAND;
}

static int make_open(const struct make *m, size_t size, struct double_faults *faults,
		     struct sp_memory **mem, struct sp_io **out, struct sp_error *err)
{
	char text[SP_WRAPPING_TEXT] = "";
	struct sp_io *io;

	*mem = sp_memory_new();
	assert_int_equal(sp_memory_put(*mem, "a.sparseimage", m->data, size), 0);
	assert_int_equal(sp_memory_open(*mem, "a.sparseimage", false, &io, err), 0);
	if (faults)
		io = double_io(io, faults);
	const int r = sp_format_sparseimage.unwrap(out, io, NULL, text, err);
	if (r < 0)
		sp_io_close(io);
	else
		assert_true(text[0]);
	return r;
}

/* What each band of the disk reads as, by one read over everything. */
static void assert_bands(struct sp_io *io, const char *bytes)
{
	struct sp_error err;
	uint8_t *got = malloc((size_t)io->size);

	assert_non_null(got);
	assert_int_equal(sp_io_read(io, 0, got, (size_t)io->size, &err), 0);
	for (size_t i = 0; i < io->size; i++)
		if (got[i] != (uint8_t)bytes[i / BAND])
			fail_msg("byte %zu is %u, not %u", i, got[i], bytes[i / BAND]);
	/* and by small ones across every border */
	for (size_t at = BAND - 3; at + 6 < io->size; at += BAND) {
		uint8_t few[6];

		assert_int_equal(sp_io_read(io, at, few, 6, &err), 0);
		assert_memory_equal(few, got + at, 6);
	}
	free(got);
}

static void bands_are_found_wherever_they_lie(void **unused)
{
	struct sp_memory *mem;
	struct sp_error err = {0};
	struct sp_io *io;
	struct make m;

	(void)unused;
	make_begin(&m, 7 * BAND / 512 - 1); /* the last band is not whole */
	make_band(&m, 4, 5);
	make_band(&m, 0, 1);
	make_band(&m, 6, 7);
	make_band(&m, 1, 2);
	assert_int_equal(make_open(&m, m.size, NULL, &mem, &io, &err), 0);
	assert_int_equal(io->size, 7 * BAND - 512);
	assert_bands(io, "\1\2\0\0\5\0\7");
	sp_io_close(io);
	sp_memory_free(mem);
	free(m.data);
}

static void the_last_band_may_end_with_the_disk(void **unused)
{
	struct sp_memory *mem;
	struct sp_error err = {0};
	struct sp_io *io;
	struct make m;

	(void)unused;
	make_begin(&m, 2 * BAND / 512 - 1);
	make_band(&m, 0, 1);
	make_band(&m, 1, 2);
	assert_int_equal(make_open(&m, m.size - 512, NULL, &mem, &io, &err), 0);
	assert_bands(io, "\1\2");
	sp_io_close(io);
	sp_memory_free(mem);
	assert_int_equal(make_open(&m, m.size - 513, NULL, &mem, &io, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text,
			    "a.sparseimage: truncated: band 2 at byte 6144 is not all there");
	sp_memory_free(mem);
	free(m.data);
}

static void further_nodes_go_on_where_the_bands_end(void **unused)
{
	struct sp_memory *mem;
	struct sp_error err = {0};
	struct sp_io *io;
	struct make m;

	(void)unused;
	make_begin(&m, 6 * BAND / 512);
	make_band(&m, 5, 6);
	make_band(&m, 2, 3);
	make_node(&m);
	make_band(&m, 0, 1);
	make_node(&m);
	make_band(&m, 3, 4);
	assert_int_equal(make_open(&m, m.size, NULL, &mem, &io, &err), 0);
	assert_bands(io, "\1\0\3\4\0\6");
	sp_io_close(io);
	sp_memory_free(mem);
	free(m.data);
}

/* 1008 bands in the first node, 1010 in the next: both full, and both used to the last. */
static void full_nodes_have_all_their_bands(void **unused)
{
	struct sp_memory *mem = sp_memory_new();
	uint8_t *data = calloc(1, 2 * NODE + 2018 * 512), byte;
	char text[SP_WRAPPING_TEXT];
	struct sp_error err = {0};
	struct sp_io *io, *disk;

	(void)unused;
	assert_non_null(data);
	memcpy(data, "sprs\0\0\0\3\0\0\0\1\0\0\0\1\0\0\x07\xe2", 20);
	put_be64(data + 20, NODE + 1008 * 512);
	memcpy(data + NODE + 1008 * 512, "sprs", 4);
	for (uint32_t i = 0; i < 2018; i++) { /* backwards */
		const size_t node = i < 1008 ? 0 : NODE + 1008 * 512;
		const size_t slot = i < 1008 ? i : i - 1008;

		put_be32(data + node + (node ? 56 : 64) + 4 * slot, 2018 - i);
		memset(data + node + NODE + slot * 512, (int)(2018 - i) & 255, 512);
	}
	assert_int_equal(sp_memory_put(mem, "a", data, 2 * NODE + 2018 * 512), 0);
	assert_int_equal(sp_memory_open(mem, "a", false, &io, &err), 0);
	assert_int_equal(sp_format_sparseimage.unwrap(&disk, io, NULL, text, &err), 0);
	for (uint32_t i = 0; i < 2018; i++) {
		assert_int_equal(sp_io_read(disk, i * 512 + 511, &byte, 1, &err), 0);
		assert_int_equal(byte, (i + 1) & 255);
	}
	sp_io_close(disk);
	sp_memory_free(mem);
	free(data);
}

/* A petabyte of which nothing is stored costs nothing. */
static void a_huge_disk_takes_no_memory(void **unused)
{
	struct sp_memory *mem;
	struct sp_error err = {0};
	struct sp_io *io;
	struct make m;
	uint8_t got[1000];

	(void)unused;
	make_begin(&m, UINT64_C(1) << 41);
	make_band(&m, UINT32_MAX - 1, 9);
	assert_int_equal(make_open(&m, m.size, NULL, &mem, &io, &err), 0);
	assert_int_equal(io->size, UINT64_C(1) << 50);
	assert_int_equal(sp_io_read(io, io->size - 1000, got, 1000, &err), 0);
	assert_int_equal(got[0] | got[999], 0);
	assert_int_equal(sp_io_read(io, (UINT32_MAX - UINT64_C(1)) * BAND - 1, got, 3, &err), 0);
	assert_memory_equal(got, "\0\x09\x09", 3);
	sp_io_close(io);
	sp_memory_free(mem);
	free(m.data);
}

struct lie {
	size_t at, size;
	const char *bytes;
	int status;
	const char *said;
};
#define LIE(at, bytes, status, said)                                                               \
	{                                                                                          \
		at, sizeof(bytes) - 1, bytes, status, said                                         \
	}
#define SECOND (NODE + 2 * BAND) /* the second node of the image below */

static void every_lie_of_a_table_is_named(void **unused)
{
	/* clang-format off */
	static const struct lie lies[] = {
		LIE(4, "\0\0\0\4", SP_ERR_UNSUPPORTED, "version 4 of sparse images is not known"),
		LIE(8, "\0\0\0\0", SP_ERR_FORMAT, "bands of 0 sectors"),
		LIE(8, "\xff\xff\xff\xff", SP_ERR_FORMAT, "bands of 4294967295 sectors"),
		LIE(8, "\0\x20\0\0", SP_ERR_FORMAT, "band 3 lies beyond the disk's end"), /* the cap itself is fine */
		LIE(8, "\0\x20\0\1", SP_ERR_FORMAT, "bands of 2097153 sectors"),
		LIE(16, "\0\0\0\1", SP_ERR_FORMAT, "says that it has 16 sectors and also 1"),
		LIE(16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", SP_ERR_FORMAT, "band 3 lies beyond the disk's end"),
		LIE(28, "\xff\xff\xff\xff\0\0\0\x10", SP_ERR_FORMAT, "sectors"),
		LIE(64, "\0\0\0\5", SP_ERR_FORMAT, "band 5 lies beyond the disk's end"),
		LIE(64, "\xff\xff\xff\xff", SP_ERR_FORMAT, "band 4294967295 lies beyond"),
		LIE(64, "\0\0\0\1", SP_ERR_FORMAT, "band 1 is there twice"),
		LIE(64 + 8, "\0\0\0\4", SP_ERR_UNSUPPORTED, "index node 1 is said to be at byte 8192"),
		LIE(20, "\0\0\0\0\0\0\0\1", SP_ERR_UNSUPPORTED, "index node 1 is said to be at byte 1,"),
		LIE(20, "\xff\xff\xff\xff\xff\xff\xff\xff", SP_ERR_FORMAT, "a.sparseimage: ends at"),
		LIE(SECOND, "Sprs", SP_ERR_UNSUPPORTED, "index node 1 at byte 8192 is not one as known"),
		LIE(SECOND + 12, "\0\0\0\0\0\0\x20\0", SP_ERR_UNSUPPORTED, "index node 2 is said to be at byte 8192"),
		LIE(SECOND + 56, "\0\0\0\3", SP_ERR_FORMAT, "band 3 is there twice"),
	};
	/* clang-format on */
	struct sp_memory *mem;
	struct sp_error err = {0};
	struct sp_io *io;
	struct make m;

	(void)unused;
	for (size_t i = 0; i < COUNT(lies); i++) {
		make_begin(&m, 4 * BAND / 512);
		make_band(&m, 2, 3);
		make_band(&m, 0, 1);
		make_node(&m);
		make_band(&m, 1, 2);
		assert_int_equal(m.node, SECOND);
		memcpy(m.data + lies[i].at, lies[i].bytes, lies[i].size);
		const int r = make_open(&m, m.size, NULL, &mem, &io, &err);
		if (r != lies[i].status || (lies[i].said && !strstr(err.text, lies[i].said)))
			fail_msg("lie %zu: %d, \"%s\"", i, r, err.text);
		sp_memory_free(mem);
		free(m.data);
	}
}

static void a_file_cut_anywhere_is_refused(void **unused)
{
	struct sp_memory *mem;
	struct sp_io *io;
	struct make m;

	(void)unused;
	make_begin(&m, 4 * BAND / 512);
	make_band(&m, 0, 1);
	make_node(&m);
	make_band(&m, 3, 2);
	for (size_t cut = 0; cut < m.size; cut++) {
		struct sp_error err = {0};

		if (make_open(&m, cut, NULL, &mem, &io, &err) >= 0)
			fail_msg("cut to %zu bytes it opens", cut);
		assert_true(err.text[0]);
		sp_memory_free(mem);
	}
	free(m.data);
}

static void a_read_that_fails_is_told(void **unused)
{
	struct sp_memory *mem;
	struct make m;
	uint8_t got[4 * BAND];

	(void)unused;
	make_begin(&m, 4 * BAND / 512);
	make_band(&m, 0, 1);
	make_node(&m);
	make_band(&m, 3, 2);
	for (unsigned nth = 1;; nth++) {
		struct double_faults faults = {.kinds = DOUBLE_READ, .nth = nth};
		struct sp_error err = {0};
		struct sp_io *io;

		int r = make_open(&m, m.size, &faults, &mem, &io, &err);
		if (!r) {
			r = sp_io_read(io, 0, got, sizeof(got), &err);
			sp_io_close(io);
		}
		sp_memory_free(mem);
		if (!faults.failed) {
			assert_int_equal(r, 0);
			assert_int_equal(nth, 5); /* two nodes, two bands */
			break;
		}
		assert_int_equal(r, SP_ERR_IO);
	}
	free(m.data);
}

/* What is in it is looked at in its turn: a disk with a partition table, or nothing that is known.
 */
static void what_is_in_it_is_a_disk(void **unused)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *src;
	struct sp_error err = {0};
	struct sp_io *io;
	struct make m;

	(void)unused;
	make_begin(&m, 4 * BAND / 512);
	make_band(&m, 1, 2);
	assert_int_equal(sp_memory_put(mem, "a.sparseimage", m.data, m.size), 0);
	assert_int_equal(sp_memory_open(mem, "a.sparseimage", false, &io, &err), 0);
	assert_int_equal(sp_format_sparseimage.open(&src, io, NULL, &err), 0);
	assert_int_equal(src->disc->medium, SP_MEDIUM_BLOCK);
	assert_int_equal(sp_disc_sectors(src->disc), 16);
	sp_source_close(src);
	/* a sparse image in a sparse image, again and again */
	struct make outer = m;
	for (unsigned depth = 1; depth <= SP_WRAPPINGS; depth++) {
		struct make inner = outer;

		make_begin(&outer, (inner.size + BAND - 1) / BAND * (BAND / 512));
		for (size_t at = 0; at < inner.size; at += BAND) {
			make_band(&outer, (uint32_t)(at / BAND), 0);
			memcpy(outer.data + outer.size - BAND, inner.data + at,
			       inner.size - at < BAND ? inner.size - at : BAND);
		}
		free(inner.data);
		assert_int_equal(sp_memory_put(mem, "b", outer.data, outer.size), 0);
		assert_int_equal(sp_memory_open(mem, "b", false, &io, &err), 0);
		const int r = sp_format_sparseimage.open(&src, io, NULL, &err);
		if (depth < SP_WRAPPINGS) {
			assert_int_equal(r, 0);
			assert_int_equal(sp_disc_sectors(src->disc), 16);
			sp_source_close(src);
		} else {
			assert_int_equal(r, SP_ERR_UNSUPPORTED);
			assert_string_equal(err.text, "b: more than 3 images lie one in another");
			sp_io_close(io);
		}
	}
	free(outer.data);
	sp_memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bands_are_found_wherever_they_lie),
		cmocka_unit_test(the_last_band_may_end_with_the_disk),
		cmocka_unit_test(further_nodes_go_on_where_the_bands_end),
		cmocka_unit_test(full_nodes_have_all_their_bands),
		cmocka_unit_test(a_huge_disk_takes_no_memory),
		cmocka_unit_test(every_lie_of_a_table_is_named),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(a_read_that_fails_is_told),
		cmocka_unit_test(what_is_in_it_is_a_disk),
	};

	return cmocka_run_group_tests_name("sparse", tests, NULL, NULL);
}
