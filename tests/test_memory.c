/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in memory, and parts of files: they read, write and find each other as those of a folder.
 */
#include "tests/io_said.h"

#include <errno.h>
#include <malloc.h>

/* ---- memory ---- */

static struct sp_io *memory_open(struct sp_memory *mem, const char *name, bool create)
{
	struct sp_error err;
	struct sp_io *io;

	if (sp_memory_open(mem, name, create, &io, &err))
		fail_msg("%s", err.text);
	return io;
}

static void memory_finds_names_as_a_directory_does(void **state)
{
	struct sp_memory *mem = sp_memory_new();

	(void)state;
	sp_memory_put(mem, "d/x.cue", "cue", 3);
	sp_memory_put(mem, "d/Track.BIN", "one", 3);
	sp_memory_put(mem, "d/sub/two.bin", "two", 3);
	sp_memory_put(mem, "d/sub\\three.bin", "three", 5);
	sp_memory_put(mem, "d/sub/three.bin", "wrong", 5);
	sp_memory_put(mem, "d/Same.bin", "Same", 4);
	sp_memory_put(mem, "d/same.bin", "same", 4);
	sp_memory_put(mem, "x.bin", "outside", 7);
	struct sp_io *io = memory_open(mem, "d/x.cue", false);
	assert_holds(io, "cue");
	follow(io, "track.bin", "d/Track.BIN", "one");
	follow(io, "./Track.BIN", "d/Track.BIN", "one");
	follow(io, "sub\\two.bin", "d/sub/two.bin", "two");
	follow(io, "SUB\\Two.bin", "d/sub/two.bin", "two");
	follow(io, "sub\\three.bin", "d/sub\\three.bin", "three");
	follow(io, "same.bin", "d/same.bin", "same");
	refuse_sibling(io, "SAME.bin", SP_ERR_FORMAT, 0,
		       "d/SAME.bin: could be d/Same.bin or d/same.bin, which differ in case");
	refuse_sibling(io, "x.bin", SP_ERR_IO, ENOENT, "d/x.bin: No such file or directory");
	refuse_sibling(io, "X.cue", SP_ERR_FORMAT, 0, "d/x.cue: names itself");
	refuse_sibling(io, "../x.bin", SP_ERR_FORMAT, 0,
		       "../x.bin: a name that leads out of the directory is not followed");
	struct sp_error err;
	struct sp_io *two;
	assert_int_equal(sp_io_sibling(io, "sub/two.bin", &two, &err), 0);
	follow(two, "x.cue", "d/x.cue", "cue");
	assert_int_equal(sp_io_write(two, 0, "x", 1, &err), SP_ERR_USAGE);
	sp_io_close(two);
	sp_io_close(io);
	assert_int_equal(sp_memory_open(mem, "none", false, &io, &err), SP_ERR_IO);
	assert_int_equal(err.sys_errno, ENOENT);
	sp_memory_free(mem);
	sp_memory_free(NULL);
}

static void memory_files_grow_and_outlive_their_ios(void **state)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err;
	struct sp_io *bin, *again;
	uint64_t size = 9;
	char back[3];

	(void)state;
	struct sp_io *io = memory_open(mem, "x.cue", true);
	assert_int_equal(io->flags, SP_IO_WRITABLE);
	assert_non_null(sp_memory_get(mem, "x.cue", &size));
	assert_int_equal(size, 0);
	assert_int_equal(sp_io_sibling(io, "x.bin", &bin, &err), 0);
	assert_int_equal(sp_io_sibling(io, "x.bin", &again, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_sibling(io, "x.cue", &again, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_write(bin, 50000, "end", 3, &err), 0);
	assert_int_equal(sp_io_write(bin, 0, "start", 5, &err), 0);
	assert_int_equal(bin->size, 50003);
	assert_int_equal(sp_io_read(bin, 4, back, 3, &err), 0);
	assert_memory_equal(back, "t\0\0", 3);
	for (unsigned i = 0; i < 70000; i++)
		assert_int_equal(sp_io_write(io, i, "x", 1, &err), 0);
	assert_int_equal(sp_io_write(bin, (UINT64_C(1) << 30) - 1, "xx", 2, &err), SP_ERR_IO);
	assert_int_equal(err.sys_errno, EFBIG);
	sp_io_close(bin);
	sp_io_close(io);
	const uint8_t *data = sp_memory_get(mem, "x.bin", &size);
	assert_int_equal(size, 50003);
	assert_memory_equal(data, "start\0", 6);
	assert_memory_equal(data + 49998, "\0\0end", 5);
	assert_int_equal(sp_memory_count(mem), 2);
	assert_string_equal(sp_memory_name(mem, 0), "x.cue");
	assert_string_equal(sp_memory_name(mem, 1), "x.bin");
	assert_null(sp_memory_name(mem, 2));
	io = memory_open(mem, "x.cue", true); /* anew: empty */
	assert_int_equal(io->size, 0);
	sp_io_close(io);
	assert_int_equal(sp_memory_count(mem), 2);
	assert_null(sp_memory_get(mem, "none", &size));
	sp_memory_free(mem);
}

static void huge_zeros_cost_nothing(void **state)
{
	struct sp_memory *mem = sp_memory_new();
	const uint64_t huge = UINT64_C(1) << 60;
	struct sp_error err;
	uint64_t size;
	char data[8];

	(void)state;
	assert_int_equal(sp_memory_put(mem, "huge.bin", NULL, huge), 0);
	assert_null(sp_memory_get(mem, "huge.bin", &size));
	assert_true(size == huge);
	struct sp_io *io = memory_open(mem, "huge.bin", false);
	assert_true(io->size == huge);
	memset(data, 1, sizeof(data));
	assert_int_equal(sp_io_read(io, huge - 8, data, 8, &err), 0);
	assert_memory_equal(data, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(sp_io_read(io, huge - 7, data, 8, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text,
			    "huge.bin: ends at byte 1152921504606846976, 1 more were expected");
	/* put anew, shorter, while it is open */
	assert_int_equal(sp_memory_put(mem, "huge.bin", "data", 4), 0);
	assert_int_equal(sp_io_read(io, 2, data, 8, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "huge.bin: ends at byte 4, 6 more were expected");
	sp_io_close(io);
	assert_int_equal(sp_memory_put(mem, "empty", "", 0), 0);
	assert_non_null(sp_memory_get(mem, "empty", NULL));
	sp_memory_free(mem);
}

/* ---- slices ---- */

static void a_slice_is_a_part_and_padding_is_zeros(void **state)
{
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err;
	struct sp_io *slice, *padded, *none;
	char data[16];

	(void)state;
	sp_memory_put(mem, "x.bin", "0123456789", 10);
	sp_memory_put(mem, "x.sub", "sub", 3);
	struct sp_io *io = memory_open(mem, "x.bin", false);
	assert_int_equal(sp_io_slice(&none, io, 4, 7, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.bin: ends at byte 10, 1 more were expected");
	assert_int_equal(sp_io_slice(&none, io, UINT64_MAX, 2, &err), SP_ERR_FORMAT);
	assert_int_equal(sp_io_padded(&none, io, 9, &err), SP_ERR_USAGE);
	assert_null(none);
	assert_int_equal(sp_io_slice(&slice, io, 4, 5, &err), 0);
	assert_holds(slice, "45678");
	assert_string_equal(slice->name, "x.bin");
	assert_int_equal(sp_io_read(slice, 4, data, 2, &err), SP_ERR_FORMAT);
	assert_int_equal(sp_io_write(slice, 0, "x", 1, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_padded(&padded, slice, 12, &err), 0);
	assert_int_equal(padded->size, 12);
	memset(data, 1, sizeof(data));
	assert_int_equal(sp_io_read(padded, 0, data, 12, &err), 0);
	assert_memory_equal(data, "45678\0\0\0\0\0\0\0\1", 13);
	memset(data, 1, sizeof(data));
	assert_int_equal(sp_io_read(padded, 5, data, 7, &err), 0);
	assert_memory_equal(data, "\0\0\0\0\0\0\0\1", 8);
	assert_int_equal(sp_io_read(padded, 3, data, 3, &err), 0);
	assert_memory_equal(data, "78\0", 3);
	assert_int_equal(sp_io_read(padded, 11, data, 2, &err), SP_ERR_FORMAT);
	follow(padded, "x.sub", "x.sub", "sub");
	sp_io_close(padded);
	sp_memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_finds_names_as_a_directory_does),
		cmocka_unit_test(memory_files_grow_and_outlive_their_ios),
		cmocka_unit_test(huge_zeros_cost_nothing),
		cmocka_unit_test(a_slice_is_a_part_and_padding_is_zeros),
	};

	mallopt(M_PERTURB, 0xa5); /* fresh memory is not zeros */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
