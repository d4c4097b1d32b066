/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output sets: which names they take, whose files they leave alone, and how they are read back. */
#include "tests/outset_job.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- names ---- */

static void files_appear_only_at_commit_and_whole(void **state)
{
	struct sp_outset *set;
	struct sp_error err;
	struct stat st;
	uint64_t size;

	(void)state;
	const mode_t before = umask(027);
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	umask(before);
	assert_int_equal(count_entries(""), 3);
	assert_int_equal(count_entries(".part"), 3);
	assert_int_equal(sp_outset_count(set), 3);
	assert_string_equal(sp_outset_path(set, 0, &size), "x.cue");
	assert_int_equal(size, 9);
	assert_string_equal(sp_outset_path(set, 2, &size), "b.bin");
	assert_int_equal(size, BIN_SIZE);
	assert_null(sp_outset_path(set, 3, NULL));
	assert_int_equal(sp_outset_commit(set, &err), 0);
	assert_int_equal(cue_version(), 1);
	assert_int_equal(bin_version("a.bin"), 1);
	assert_int_equal(bin_version("b.bin"), 1);
	assert_int_equal(stat("a.bin", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(sp_outset_commit(set, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "x.cue: was already committed");
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 3);
}

static void closing_without_commit_leaves_nothing(void **state)
{
	struct sp_outset *set;
	struct sp_error err;

	(void)state;
	assert_int_equal(sp_outset_create(&set, "./x.cue", 0, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 0);
	sp_outset_close(NULL);
}

static void ios_may_be_closed_after_the_set_and_write_nothing_after_commit(void **state)
{
	struct sp_outset *set;
	struct sp_io *io, *bin, *more;
	struct sp_error err;

	(void)state;
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	assert_int_equal(sp_outset_io(set, &io, &err), 0);
	assert_int_equal(sp_io_sibling(io, "a.bin", &bin, &err), 0);
	assert_int_equal(sp_io_write(bin, 3, "data", 4, &err), 0);
	char back[7];
	assert_int_equal(sp_io_read(bin, 0, back, 7, &err), 0);
	assert_memory_equal(back, "\0\0\0data", 7);
	assert_int_equal(sp_io_sync(bin, &err), 0);
	assert_int_equal(sp_outset_commit(set, &err), 0);
	assert_int_equal(sp_io_write(bin, 0, "x", 1, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_sibling(io, "b.bin", &more, &err), SP_ERR_USAGE);
	sp_outset_close(set);
	sp_io_close(bin);
	sp_io_close(io);
	assert_int_equal(count_entries(""), 2);
}

static void refuse_create(const char *path, unsigned flags, int status, const char *text)
{
	struct sp_outset *set;
	struct sp_error err;

	assert_int_equal(sp_outset_create(&set, path, flags, &err), status);
	assert_string_equal(err.text, text);
	assert_null(set);
}

static void what_exists_is_not_replaced(void **state)
{
	(void)state;
	put_file("x.cue", "mine");
	refuse_create("x.cue", 0, SP_ERR_USAGE, "x.cue: exists; use --force to replace it");
	assert_file("x.cue", "mine");
	assert_int_equal(mkdir("dir.cue", 0777), 0);
	assert_int_equal(mkfifo("fifo.cue", 0666), 0);
	assert_int_equal(symlink("nowhere", "link.cue"), 0);
	assert_int_equal(symlink("/dev/null", "null.cue"), 0);
	for (unsigned flags = 0; flags <= SP_OUTSET_FORCE; flags++) {
		refuse_create("dir.cue", flags, SP_ERR_USAGE,
			      "dir.cue: is a directory and is not replaced");
		refuse_create("fifo.cue", flags, SP_ERR_USAGE,
			      "fifo.cue: is a FIFO and is not replaced");
		refuse_create("link.cue", flags, SP_ERR_USAGE,
			      "link.cue: is a symbolic link and is not replaced");
		refuse_create("null.cue", flags, SP_ERR_USAGE,
			      "null.cue: is a device: spindle never writes to a device by path");
		refuse_create("/dev/null", flags, SP_ERR_USAGE,
			      "/dev/null: is a device: spindle never writes to a device by path");
	}
	assert_int_equal(count_entries(""), 5);
}

static void paths_that_cannot_be_are_named(void **state)
{
	char name[300];

	(void)state;
	refuse_create("no/such/x.cue", 0, SP_ERR_IO, "no/such/: No such file or directory");
	refuse_create("", 0, SP_ERR_USAGE, ": not the name of a file");
	refuse_create("..", 0, SP_ERR_USAGE, "..: not the name of a file");
	refuse_create("./", 0, SP_ERR_USAGE, "./: not the name of a file");
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	struct sp_outset *set;
	struct sp_error err;
	assert_int_equal(sp_outset_create(&set, name, 0, &err), SP_ERR_IO);
	assert_int_equal(err.sys_errno, ENAMETOOLONG);
}

static void folder_is_made_with_the_set_and_goes_without_it(void **state)
{
	struct sp_outset *set;
	struct sp_error err;

	(void)state;
	refuse_create("new/x.cue", 0, SP_ERR_IO, "new/: No such file or directory");
	refuse_create("no/new/x.cue", SP_OUTSET_FOLDER, SP_ERR_IO,
		      "no/new/: cannot be made: No such file or directory");
	assert_int_equal(sp_outset_create(&set, "new/x.cue", SP_OUTSET_FOLDER, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	assert_int_equal(count_entries("new"), 1);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 0);

	assert_int_equal(sp_outset_create(&set, "new/x.cue", SP_OUTSET_FOLDER, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	assert_int_equal(sp_outset_commit(set, &err), 0);
	sp_outset_close(set);
	assert_file("new/x.cue", "version 1");

	/* one that was there stays */
	assert_int_equal(sp_outset_create(&set, "new/y.cue", SP_OUTSET_FOLDER, &err), 0);
	sp_outset_close(set);
	assert_file("new/x.cue", "version 1");
	refuse_create("new/x.cue", SP_OUTSET_FOLDER, SP_ERR_USAGE,
		      "new/x.cue: exists; use --force to replace it");
	put_file("file", "");
	refuse_create("file/x.cue", SP_OUTSET_FOLDER, SP_ERR_IO, "file/: Not a directory");

	/* and so does what somebody else put into ours */
	assert_int_equal(sp_outset_create(&set, "ours/x.cue", SP_OUTSET_FOLDER, &err), 0);
	put_file("ours/theirs", "precious");
	sp_outset_close(set);
	assert_file("ours/theirs", "precious");
	unlink("ours/theirs");
	unlink("new/x.cue");
	unlink("new/a.bin");
	unlink("new/b.bin");
}

static void the_longest_names_work_and_stay_apart(void **state)
{
	struct sp_outset *set;
	struct sp_io *io, *bin[2];
	struct sp_error err;
	char name[256], track[2][256];

	(void)state;
	memset(name, 'n', sizeof(name));
	strcpy(name + 251, ".cue");
	for (int i = 0; i < 2; i++) {
		for (size_t at = 0; at < 252; at += 3) /* a UTF-8 character at every cut */
			memcpy(track[i] + at, "€", 3);
		snprintf(track[i] + 249, 7, "%d.bin", i);
	}
	for (unsigned flags = 0; flags <= SP_OUTSET_FORCE; flags++) {
		assert_int_equal(sp_outset_create(&set, name, flags, &err), 0);
		assert_int_equal(sp_outset_io(set, &io, &err), 0);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(sp_io_sibling(io, track[i], &bin[i], &err), 0);
			assert_int_equal(sp_io_write(bin[i], 0, i ? "1" : "0", 1, &err), 0);
			sp_io_close(bin[i]);
		}
		sp_io_close(io);
		assert_int_equal(sp_outset_commit(set, &err), 0);
		sp_outset_close(set);
		assert_int_equal(count_entries(""), 3);
		assert_file(track[0], "0");
		assert_file(track[1], "1");
	}
}

static void members_are_refused_early(void **state)
{
	struct sp_outset *set;
	struct sp_io *io, *bin;
	struct sp_error err;

	(void)state;
	put_file("a.bin", "mine");
	assert_int_equal(mkdir("sub", 0777), 0);
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	assert_int_equal(sp_outset_io(set, &io, &err), 0);
	assert_int_equal(sp_io_sibling(io, "a.bin", &bin, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "a.bin: exists; use --force to replace it");
	assert_int_equal(sp_io_sibling(io, "sub/a.bin", &bin, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_sibling(io, "../a.bin", &bin, &err), SP_ERR_FORMAT);
	assert_int_equal(sp_io_sibling(io, "x.cue", &bin, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "x.cue: would be written twice");
	assert_null(bin);
	assert_int_equal(sp_outset_count(set), 1);
	sp_io_close(io);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 2);
}

static void race(const char *taken)
{
	struct sp_outset *set;
	struct sp_error err;
	char text[64];

	empty_here();
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	put_file(taken, "mine");
	assert_int_equal(sp_outset_commit(set, &err), SP_ERR_USAGE);
	snprintf(text, sizeof(text), "%s: exists; use --force to replace it", taken);
	assert_string_equal(err.text, text);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 1);
	assert_file(taken, "mine");
}

static void a_name_taken_meanwhile_is_kept_and_all_else_goes(void **state)
{
	(void)state;
	race("a.bin");
	race("b.bin");
	race("x.cue");
}

static void force_replaces_a_set(void **state)
{
	struct sp_outset *set;
	struct sp_error err;

	(void)state;
	assert_int_equal(job_main(1, 0), 0);
	assert_int_equal(job_main(2, SP_OUTSET_FORCE), 0);
	assert_int_equal(cue_version() + bin_version("a.bin") + bin_version("b.bin"), 6);
	assert_int_equal(count_entries(""), 3);
	/* what became something else in the meantime is not replaced even so */
	assert_int_equal(sp_outset_create(&set, "x.cue", SP_OUTSET_FORCE, &err), 0);
	assert_int_equal(job_write(set, 3, &err), 0);
	assert_int_equal(unlink("b.bin"), 0);
	assert_int_equal(symlink("a.bin", "b.bin"), 0);
	assert_int_equal(sp_outset_commit(set, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "b.bin: is a symbolic link and is not replaced");
	sp_outset_close(set);
	assert_int_equal(cue_version(), 0);
	assert_int_equal(count_entries(".part"), 0);
}

static void a_failed_commit_removes_only_its_own_files(void **state)
{
	struct sp_outset *set;
	struct sp_error err;

	(void)state;
	assert_int_equal(sp_outset_create(&set, "x.cue", SP_OUTSET_FORCE, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	assert_int_equal(mkdir("b.bin", 0777), 0);
	assert_int_equal(sp_outset_commit(set, &err), SP_ERR_USAGE);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 1);
}

/* ---- leavings of other runs ---- */

static pid_t dead_pid(void)
{
	const pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	return child;
}

static void leavings_of_the_dead_go_and_of_the_living_stay(void **state)
{
	struct sp_outset *set, *other;
	struct sp_io *io, *bin;
	struct sp_error err;
	char name[64];
	const long dead = dead_pid(), self = getpid();

	(void)state;
	snprintf(name, sizeof(name), ".x.cue.%ld.part", dead);
	put_file(name, "");
	snprintf(name, sizeof(name), ".x.cue.%ld.part", self); /* a container's numbers repeat */
	put_file(name, "");
	snprintf(name, sizeof(name), ".a.bin.%ld.part", dead);
	put_file(name, "");
	snprintf(name, sizeof(name), ".other.cue.%ld.part", dead);
	put_file(name, "");
	snprintf(name, sizeof(name), ".x.cue.7.%ld.part", dead);
	put_file(name, "");
	put_file(".x.cue.part", "");
	put_file(".x.cue.99999999999.part", "");
	put_file(".x.cue.1.part", ""); /* init lives */
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	assert_int_equal(count_entries(""), 7);
	assert_int_equal(sp_outset_io(set, &io, &err), 0);
	assert_int_equal(sp_io_sibling(io, "a.bin", &bin, &err), 0);
	sp_io_close(bin);
	sp_io_close(io);
	assert_int_equal(count_entries(""), 7);
	assert_int_equal(sp_outset_create(&other, "x.cue", 0, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "x.cue: is being written already");
	assert_int_equal(sp_outset_commit(set, &err), 0);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 7);
	assert_int_equal(count_entries(".part"), 5);
}

static void a_locked_leaving_belongs_to_somebody(void **state)
{
	struct sp_outset *set;
	struct sp_error err;
	char name[64];

	(void)state;
	/* a process of another container has no number here, and looks dead */
	snprintf(name, sizeof(name), ".x.cue.%ld.part", (long)dead_pid());
	put_file(name, "");
	const int fd = open(name, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 1);
	close(fd);
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	sp_outset_close(set);
	assert_int_equal(count_entries(""), 0);
}

/* ---- reading back ---- */

static void a_view_sees_the_set_and_nothing_else(void **state)
{
	struct sp_outset *set;
	struct sp_io *view, *bin, *none;
	struct sp_error err;
	char text[9];

	(void)state;
	put_file("foreign.bin", "mine");
	assert_int_equal(sp_outset_create(&set, "./x.cue", 0, &err), 0);
	assert_int_equal(job_write(set, 1, &err), 0);
	assert_int_equal(sp_outset_view(set, &view, &err), 0);
	assert_string_equal(view->name, "./x.cue");
	assert_int_equal(view->size, 9);
	assert_int_equal(view->flags, 0);
	assert_int_equal(sp_io_read(view, 0, text, 9, &err), 0);
	assert_memory_equal(text, "version 1", 9);
	assert_int_equal(sp_io_write(view, 0, "x", 1, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_sibling(view, "foreign.bin", &none, &err), SP_ERR_IO);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_int_equal(sp_io_sibling(view, "x.cue", &none, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "./x.cue: names itself");
	assert_int_equal(sp_io_sibling(view, "b.bin", &bin, &err), 0);
	assert_string_equal(bin->name, "./b.bin");
	assert_int_equal(bin->size, BIN_SIZE);
	assert_int_equal(sp_io_sibling(bin, "x.cue", &none, &err), 0);
	sp_io_close(none);
	assert_int_equal(sp_outset_commit(set, &err), 0);
	sp_outset_close(set);
	assert_int_equal(sp_io_read(bin, BIN_SIZE - 4, text, 4, &err), 0);
	assert_int_equal(sp_io_read(bin, BIN_SIZE - 4, text, 5, &err), SP_ERR_FORMAT);
	sp_io_close(bin);
	sp_io_close(view);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(files_appear_only_at_commit_and_whole, outset_setup),
		cmocka_unit_test_setup(closing_without_commit_leaves_nothing, outset_setup),
		cmocka_unit_test_setup(
			ios_may_be_closed_after_the_set_and_write_nothing_after_commit,
			outset_setup),
		cmocka_unit_test_setup(what_exists_is_not_replaced, outset_setup),
		cmocka_unit_test_setup(paths_that_cannot_be_are_named, outset_setup),
		cmocka_unit_test_setup(folder_is_made_with_the_set_and_goes_without_it,
				       outset_setup),
		cmocka_unit_test_setup(the_longest_names_work_and_stay_apart, outset_setup),
		cmocka_unit_test_setup(members_are_refused_early, outset_setup),
		cmocka_unit_test_setup(a_name_taken_meanwhile_is_kept_and_all_else_goes,
				       outset_setup),
		cmocka_unit_test_setup(force_replaces_a_set, outset_setup),
		cmocka_unit_test_setup(a_failed_commit_removes_only_its_own_files, outset_setup),
		cmocka_unit_test_setup(leavings_of_the_dead_go_and_of_the_living_stay,
				       outset_setup),
		cmocka_unit_test_setup(a_locked_leaving_belongs_to_somebody, outset_setup),
		cmocka_unit_test_setup(a_view_sees_the_set_and_nothing_else, outset_setup),
	};

	return cmocka_run_group_tests(tests, outset_enter, outset_leave);
}
