/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output sets that are offered a file which is there already: its bytes are not written twice, and
 * nothing ever changes in it. */
#include "tests/outset_job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE  700000u
#define CHUNK 300000u

static uint8_t data[SIZE + 1];

static void put_offer(void)
{
	FILE *file = fopen("offer", "wb");

	for (size_t i = 0; i <= SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, SIZE, file), SIZE);
	assert_int_equal(fclose(file), 0);
}

static ino_t inode(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_ino;
}

static void assert_holds(const char *name, const uint8_t *bytes, size_t size)
{
	static uint8_t back[SIZE + 2];
	FILE *file = fopen(name, "rb");

	assert_non_null(file);
	assert_int_equal(fread(back, 1, sizeof(back), file), size);
	fclose(file);
	assert_memory_equal(back, bytes, size);
}

struct job {
	struct sp_outset *set;
	struct sp_io *io, *bin;
};

static void begin(struct job *job, unsigned flags)
{
	struct sp_error err;

	assert_int_equal(sp_outset_create(&job->set, "x.cue", flags, &err), 0);
	assert_int_equal(sp_outset_offer(job->set, "offer", &err), 0);
	assert_int_equal(sp_outset_io(job->set, &job->io, &err), 0);
	assert_int_equal(sp_io_write(job->io, 0, "a sheet", 7, &err), 0);
	assert_int_equal(sp_io_sibling(job->io, "x.bin", &job->bin, &err), 0);
}

static void put(struct job *job, const uint8_t *bytes, size_t size)
{
	struct sp_error err;

	for (size_t at = 0; at < size; at += CHUNK)
		assert_int_equal(sp_io_write(job->bin, at, bytes + at,
					     size - at < CHUNK ? size - at : CHUNK, &err),
				 0);
}

/* A set that has written all that is offered. */
static void begin_whole(struct job *job)
{
	put_offer();
	begin(job, 0);
	put(job, data, SIZE);
}

static void end(struct job *job)
{
	struct sp_error err;

	assert_int_equal(sp_outset_commit(job->set, &err), 0);
	sp_io_close(job->bin);
	sp_io_close(job->io);
	sp_outset_close(job->set);
	assert_int_equal(count_entries(".part"), 0);
	assert_file("x.cue", "a sheet");
}

static void a_member_that_equals_the_offer_is_that_file(void **state)
{
	struct job job;
	struct sp_error err;
	uint8_t back[4];

	(void)state;
	begin_whole(&job);
	assert_int_equal(sp_io_read(job.bin, SIZE - 4, back, 4, &err), 0);
	assert_memory_equal(back, data + SIZE - 4, 4);
	end(&job);
	assert_holds("x.bin", data, SIZE);
	assert_int_equal(inode("x.bin"), inode("offer"));
}

static void a_view_reads_the_offer_before_the_commit(void **state)
{
	struct job job;
	struct sp_io *view, *bin;
	struct sp_error err;
	static uint8_t back[SIZE];

	(void)state;
	begin_whole(&job);
	assert_int_equal(sp_outset_view(job.set, &view, &err), 0);
	assert_int_equal(sp_io_sibling(view, "x.bin", &bin, &err), 0);
	assert_int_equal(bin->size, SIZE);
	assert_int_equal(sp_io_read(bin, 0, back, SIZE, &err), 0);
	assert_memory_equal(back, data, SIZE);
	sp_io_close(bin);
	sp_io_close(view);
	end(&job);
}

static void other(const uint8_t *bytes, size_t size)
{
	struct job job;

	begin(&job, SP_OUTSET_FORCE);
	put(&job, bytes, size);
	end(&job);
	assert_holds("x.bin", bytes, size);
	assert_int_not_equal(inode("x.bin"), inode("offer"));
	assert_holds("offer", data, SIZE);
}

static void a_member_that_differs_is_whole_and_leaves_the_offer_alone(void **state)
{
	static uint8_t own[SIZE + 1];
	static const size_t at[] = {0, 1, CHUNK - 1, CHUNK, 2 * CHUNK, SIZE - 1};

	(void)state;
	put_offer();
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		memcpy(own, data, sizeof(own));
		own[at[i]] ^= 1;
		other(own, SIZE);
	}
	other(data, SIZE - 1);
	other(data, SIZE + 1);
	other(data, 100);
}

static void what_is_written_over_parts_the_member_from_the_offer(void **state)
{
	struct job job;
	struct sp_error err;
	static uint8_t own[SIZE];

	(void)state;
	begin_whole(&job);
	memcpy(own, data, SIZE);
	memcpy(own + 40, "size", 4);
	assert_int_equal(sp_io_write(job.bin, 40, "size", 4, &err), 0);
	end(&job);
	assert_holds("x.bin", own, SIZE);
	assert_holds("offer", data, SIZE);
}

static void bytes_left_out_are_zeros_and_not_the_offer_s(void **state)
{
	struct job job;
	struct sp_error err;
	static uint8_t own[SIZE];

	(void)state;
	put_offer();
	memcpy(own, data, SIZE);
	memset(own + CHUNK, 0, 1000);
	begin(&job, 0);
	assert_int_equal(sp_io_write(job.bin, 0, data, CHUNK, &err), 0);
	assert_int_equal(
		sp_io_write(job.bin, CHUNK + 1000, data + CHUNK + 1000, SIZE - CHUNK - 1000, &err),
		0);
	end(&job);
	assert_holds("x.bin", own, SIZE);
}

static void where_there_is_no_other_name_to_be_had_it_is_copied(void **state)
{
	struct job job;

	(void)state;
	begin_whole(&job);
	unlink("offer");
	put_file("offer", "of somebody else");
	end(&job);
	assert_holds("x.bin", data, SIZE);
	assert_file("offer", "of somebody else");
}

static void the_file_itself_can_be_replaced_by_itself(void **state)
{
	struct job job;

	(void)state;
	begin_whole(&job);
	end(&job);
	begin(&job, SP_OUTSET_FORCE);
	put(&job, data, SIZE);
	end(&job);
	assert_holds("x.bin", data, SIZE);
	assert_int_equal(count_entries(""), 3);
}

static void a_set_that_is_given_up_leaves_only_the_offer(void **state)
{
	struct job job;

	(void)state;
	begin_whole(&job);
	sp_io_close(job.bin);
	sp_io_close(job.io);
	sp_outset_close(job.set);
	assert_int_equal(count_entries(""), 1);
	assert_holds("offer", data, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_member_that_equals_the_offer_is_that_file, outset_setup),
		cmocka_unit_test_setup(a_view_reads_the_offer_before_the_commit, outset_setup),
		cmocka_unit_test_setup(a_member_that_differs_is_whole_and_leaves_the_offer_alone,
				       outset_setup),
		cmocka_unit_test_setup(what_is_written_over_parts_the_member_from_the_offer,
				       outset_setup),
		cmocka_unit_test_setup(bytes_left_out_are_zeros_and_not_the_offer_s, outset_setup),
		cmocka_unit_test_setup(where_there_is_no_other_name_to_be_had_it_is_copied,
				       outset_setup),
		cmocka_unit_test_setup(the_file_itself_can_be_replaced_by_itself, outset_setup),
		cmocka_unit_test_setup(a_set_that_is_given_up_leaves_only_the_offer, outset_setup),
	};

	return cmocka_run_group_tests(tests, outset_enter, outset_leave);
}
