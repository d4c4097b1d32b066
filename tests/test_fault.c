/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libfault.so itself: it sees each call the io layer makes, fails the one it was told to, and
 * leaves other programs alone. Without this every sweep could pass by sweeping nothing. */
#include <spindle/io.h>

#include "tests/fault.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/spindle-shim.XXXXXX";

static int write_set(struct sp_outset *set, struct sp_error *err)
{
	struct sp_io *io = NULL, *bin = NULL;
	int status = sp_outset_io(set, &io, err);

	if (status == 0)
		status = sp_io_sibling(io, "x.bin", &bin, err);
	if (status == 0)
		status = sp_io_write(io, 0, "FILE", 4, err);
	if (status == 0)
		status = sp_io_write(bin, 0, "data", 4, err);
	sp_io_close(io);
	sp_io_close(bin);
	return status ? status : sp_outset_commit(set, err);
}

static int read_set(struct sp_error *err)
{
	struct sp_io *cue = NULL, *bin = NULL, *temp = NULL;
	char text[4];
	int status = sp_io_open_file(&cue, "x.cue", err);

	if (status == 0)
		status = sp_io_sibling(cue, "x.bin", &bin, err);
	if (status == 0)
		status = sp_io_read(bin, 0, text, 4, err);
	if (status == 0)
		status = sp_io_open_temp(&temp, err);
	if (status == 0)
		status = sp_io_write(temp, 0, text, 4, err);
	sp_io_close(cue);
	sp_io_close(bin);
	sp_io_close(temp);
	return status;
}

/* One of everything the io layer does with the system. */
static int every_call(void)
{
	struct sp_outset *set;
	struct sp_error err = {0};
	int status = sp_outset_create(&set, "x.cue", 0, &err);

	if (status == 0) {
		status = write_set(set, &err);
		sp_outset_close(set);
	}
	if (status == 0)
		status = read_set(&err);
	if (status == 0)
		status = sp_outset_create(&set, "y.cue", 0, &err);
	if (status == 0)
		sp_outset_close(set); /* uncommitted: unlinked */
	fputs(err.text, stderr);
	return -status;
}

/* Calls made directly, for those the io layer makes rarely or never. */
static int direct_calls(void)
{
	char text[9] = "";
	const int fd = open("f", O_CREAT | O_RDWR, 0666);
	int ends[2];

	if (fd < 0)
		return 10;
	if (pipe(ends) || write(ends[1], "pipe", 4) != 4 || read(ends[0], text, 4) != 4)
		return 11; /* never counted: not a file */
	const ssize_t wrote = write(fd, "01234567", 8);
	if (wrote != 8)
		return wrote == 4 ? 20 : 12;
	if (lseek(fd, 0, SEEK_SET) || read(fd, text, 8) != 8)
		return 13;
	if (ftruncate(fd, 4))
		return 14;
	if (fdatasync(fd))
		return 15;
	if (rename("f", "g"))
		return 16;
	if (renameat(AT_FDCWD, "g", AT_FDCWD, "f"))
		return 17;
	if (linkat(AT_FDCWD, "f", AT_FDCWD, "h", 0))
		return 18;
	char *volatile copy = strdup(text); /* or the compiler does without */
	const bool copied = copy;
	free(copy);
	if (!copied)
		return 19;
	if (close(fd))
		return errno == EIO ? 21 : 22;
	return 0;
}

static void empty_here(void)
{
	static const char *const names[] = {"x.cue", "x.bin", "f", "g", "h"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
}

static int run(const char *fault, const char *what, char said[1024], unsigned long *count)
{
	const char *const args[] = {what, NULL};

	empty_here();
	return fault_run(fault, args, said, count);
}

#define NEED_LIBFAULT()                                                                            \
	if (!fault_library())                                                                      \
	skip()

static bool unseen(const char *call)
{
	return !fault_sees_malloc() && strncmp(call, "malloc", 6) == 0;
}

static void each_call_of_the_io_layer_is_seen(void **state)
{
	static const struct {
		const char *call;
		unsigned long least;
	} calls[] = {{"open", 4},     {"openat", 5}, {"openat2", 1},   {"pread", 1},
		     {"pwrite", 3},   {"fsync", 4},  {"renameat2", 1}, {"linkat", 1},
		     {"unlinkat", 1}, {"close", 8},  {"malloc", 20}};
	unsigned long sum = 0, io = 0;

	(void)state;
	NEED_LIBFAULT();
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		char fault[32];
		unsigned long count = 0;
		if (unseen(calls[i].call))
			continue;
		snprintf(fault, sizeof(fault), "%s:0", calls[i].call);
		assert_int_equal(run(fault, "every", NULL, &count), 0);
		if (count < calls[i].least)
			fail_msg("%s: %lu seen", calls[i].call, count);
		if (strcmp(calls[i].call, "malloc") != 0)
			sum += count;
	}
	assert_int_equal(run("io:0", "every", NULL, &io), 0);
	assert_int_equal(io, sum);
}

static void the_call_that_was_named_fails(void **state)
{
	static const struct {
		const char *fault, *said;
		int status;
	} faults[] = {
		{"pwrite:1:ENOSPC", "x.cue: cannot write at byte 0: No space left on device", 4},
		{"pwrite:2", "x.bin: cannot write at byte 0: Input/output error", 4},
		{"pread:1:EIO", "x.bin: cannot read at byte 0: Input/output error", 4},
		{"openat2:1:EMFILE", "x.bin: Too many open files", 4},
		{"fsync:1:EIO", "x.cue: cannot be brought to the disk: Input/output error", 4},
		{"renameat2:1:EROFS", "x.cue: cannot be given its name: Read-only file system", 4},
		{"open:1:EACCES", ".: Permission denied", 4},
		{"malloc:1", "out of memory", 9},
		{"malloc:3+", "out of memory", 9},
		{"pread:1:EINTR,pwrite:1:short,pwrite:3:EINTR", "", 0},
		{"pread:1+:short", "", 0},
	};

	(void)state;
	NEED_LIBFAULT();
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		char said[1024];
		if (unseen(faults[i].fault))
			continue;
		const int status = run(faults[i].fault, "every", said, NULL);
		assert_true(WIFEXITED(status));
		if (strcmp(said, faults[i].said) != 0 || WEXITSTATUS(status) != faults[i].status)
			fail_msg("%s: %d %s", faults[i].fault, WEXITSTATUS(status), said);
	}
}

static void calls_the_io_layer_does_not_make_are_seen_too(void **state)
{
	static const struct {
		const char *fault;
		int status;
	} faults[] = {{"open:1", 10},
		      {"write:1", 12},
		      {"read:1", 13},
		      {"write:1:short", 20},
		      {"ftruncate:1:EFBIG", 14},
		      {"fdatasync:1", 15},
		      {"rename:1", 16},
		      {"renameat:1", 17},
		      {"linkat:1:EPERM", 18},
		      {"malloc:1+", 19},
		      {"close:1:EIO", 21},
		      {"io:9+:EIO", 21},
		      {"close:2", 0},
		      {"read:2", 0}};

	(void)state;
	NEED_LIBFAULT();
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		if (unseen(faults[i].fault))
			continue;
		const int status = run(faults[i].fault, "direct", NULL, NULL);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != faults[i].status)
			fail_msg("%s: %x", faults[i].fault, (unsigned)status);
	}
}

static void a_kill_comes_before_or_after_the_call(void **state)
{
	(void)state;
	NEED_LIBFAULT();
	int status = run("rename:1:kill", "direct", NULL, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(access("f", F_OK), 0);
	assert_int_not_equal(access("g", F_OK), 0);
	status = run("rename:1:killafter", "direct", NULL, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(access("g", F_OK), 0);
	status = run("close:1:killafter", "direct", NULL, NULL);
	assert_true(WIFSIGNALED(status));
}

static void a_fault_that_is_misspelt_is_not_taken_for_none(void **state)
{
	static const char *const wrong[] = {
		"preed:1", "pread", "pread:", "pread:x", "pread:1:EWHAT", "pread:1-"};
	char said[1024];

	(void)state;
	NEED_LIBFAULT();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		const int status = run(wrong[i], "direct", said, NULL);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 99)
			fail_msg("%s: %x", wrong[i], (unsigned)status);
		assert_non_null(strstr(said, "libfault: not understood"));
	}
}

/* A test's shell must not be struck. */
static void other_programs_are_left_alone(void **state)
{
	char command[9000];

	(void)state;
	NEED_LIBFAULT();
	snprintf(command, sizeof(command),
		 "SPINDLE_FAULT=io:1+:EIO LD_PRELOAD=%s sh -c 'echo text >g; read x <g; "
		 "test \"$x\" = text'",
		 fault_library());
	assert_int_equal(system(command), 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_of_the_io_layer_is_seen),
		cmocka_unit_test(the_call_that_was_named_fails),
		cmocka_unit_test(calls_the_io_layer_does_not_make_are_seen_too),
		cmocka_unit_test(a_kill_comes_before_or_after_the_call),
		cmocka_unit_test(a_fault_that_is_misspelt_is_not_taken_for_none),
		cmocka_unit_test(other_programs_are_left_alone),
	};

	if (argc == 2 && strcmp(argv[1], "every") == 0)
		return every_call();
	if (argc == 2 && strcmp(argv[1], "direct") == 0)
		return direct_calls();
	if (!mkdtemp(top) || chdir(top))
		return 99;
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	empty_here();
	if (chdir("/") || rmdir(top))
		return 99;
	return failed;
}
