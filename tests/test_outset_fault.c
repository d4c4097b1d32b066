/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output sets: a file under its final name is whole or absent, whatever fails and whenever the
 * program is killed. */
#include "tests/outset_job.h"

#include "tests/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- things that go wrong ---- */

static void a_write_that_failed_cannot_be_committed(void **state)
{
	const struct rlimit limit = {.rlim_cur = 150000, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	struct sp_outset *set;
	struct sp_error err;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(sp_outset_create(&set, "x.cue", 0, &err), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	const int status = job_write(set, 1, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, SP_ERR_IO);
	assert_string_equal(err.text, "a.bin: cannot write at byte 150000: File too large");
	assert_int_equal(err.offset, 150000);
	assert_int_equal(sp_outset_commit(set, &err), SP_ERR_IO);
	assert_string_equal(err.text, "x.cue: was not written whole");
	assert_int_equal(count_entries(""), 0);
	sp_outset_close(set);
}

/* Run `body` as somebody who is not root; its exit status, 2: that cannot be. */
static void as_nobody(int (*body)(void))
{
	const pid_t child = fork();
	int status;

	if (child == 0)
		_exit(geteuid() == 0 && setresuid(65534, 65534, 65534) ? 2 : body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 2)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int locked_body(void)
{
	static const char text[] = "locked/x.cue: cannot be made: Permission denied";
	struct sp_outset *set;
	struct sp_error err;

	if (access("locked", R_OK | X_OK))
		return 2;
	const int status = sp_outset_create(&set, "locked/x.cue", 0, &err);
	return status != SP_ERR_IO || err.sys_errno != EACCES || strcmp(err.text, text) != 0;
}

static void a_directory_without_permission_is_named(void **state)
{
	(void)state;
	assert_int_equal(mkdir("locked", 0555), 0);
	as_nobody(locked_body);
}

static int owner_body(void)
{
	struct sp_outset *set;
	struct sp_error err;

	if (access("open", R_OK | W_OK | X_OK) || kill(1, 0) == 0)
		return 2;
	const int fd = open("open/.x.cue.1.part", O_CREAT | O_WRONLY, 0666);
	if (fd < 0 || sp_outset_create(&set, "open/x.cue", 0, &err))
		return 1;
	close(fd);
	sp_outset_close(set);
	return unlink("open/.x.cue.1.part");
}

static void a_process_we_may_not_signal_is_alive(void **state)
{
	(void)state;
	assert_int_equal(mkdir("open", 0777) + chmod("open", 0777), 0);
	as_nobody(owner_body);
}

/* ---- under libfault.so ---- */

static const char *const job_new[] = {"job", "2", "0", NULL};
static const char *const job_force[] = {"job", "2", "1", NULL};

static void check_state(int old, int status, const char *fault)
{
	const int cue = cue_version(), a = bin_version("a.bin"), b = bin_version("b.bin");
	const bool ok = cue >= 0 && a >= 0 && b >= 0 && (!cue || (a == cue && b == cue)) &&
			(cue == 2 || !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) &&
			(cue != 1 || old);

	if (!ok)
		print_error("%s over %d: cue %d, a %d, b %d, status %x\n", fault, old, cue, a, b,
			    (unsigned)status);
	assert_true(ok);
}

static unsigned long count_calls(const char *call, const char *const *job)
{
	char fault[32];
	unsigned long count = 0;

	snprintf(fault, sizeof(fault), "%s:0", call);
	const int status = fault_run(fault, job, NULL, &count);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(count > 5);
	return count;
}

/* Fail the job at every call, over nothing and over an old set; a run after it must mend all. */
static void sweep(const char *call, const char *action)
{
	for (int old = 0; old < 2; old++) {
		const char *const *job = old ? job_force : job_new;
		empty_here();
		const unsigned long count = count_calls(call, job_new) + 8;
		unsigned failed = 0;
		for (unsigned long n = 1; n <= count; n += sweep_step(count, 100)) {
			char fault[64], said[1024];
			empty_here();
			if (old)
				assert_int_equal(job_main(1, 0), 0);
			snprintf(fault, sizeof(fault), "%s:%lu%s", call, n, action);
			const int status = fault_run(fault, job, said, NULL);
			check_state(old, status, fault);
			if (WIFSIGNALED(status)) {
				assert_int_equal(WTERMSIG(status), SIGKILL);
			} else if (WEXITSTATUS(status)) {
				assert_true(WEXITSTATUS(status) < 10);
				assert_true(*said);
				if (!old && !strchr(action, '+'))
					assert_int_equal(count_entries(""), 0);
			}
			failed += status != 0;
			assert_int_equal(job_main(3, SP_OUTSET_FORCE), 0);
			check_state(0, 1, "after");
			assert_int_equal(cue_version(), 3);
			assert_int_equal(count_entries(""), 3);
		}
		if (strcmp(action, ":EINTR") && strcmp(action, ":short"))
			assert_true(failed > 5);
	}
}

static void need_libfault(void)
{
	if (!fault_library())
		skip();
}

static void killed_before_or_after_any_call_no_file_is_half(void **state)
{
	(void)state;
	need_libfault();
	sweep("io", ":kill");
	sweep("io", ":killafter");
}

static void what_two_killed_runs_left_is_in_nobody_s_way(void **state)
{
	char fault[64];

	(void)state;
	need_libfault();
	const unsigned long count = count_calls("io", job_new);
	for (unsigned long n = 1; n <= count; n += sweep_step(count, 100)) {
		empty_here();
		fault_run("linkat:1:killafter", job_new, NULL, NULL);
		assert_int_equal(bin_version("a.bin"), 2);
		assert_int_equal(cue_version(), 0);
		snprintf(fault, sizeof(fault), "io:%lu:kill", n);
		fault_run(fault, job_new, NULL, NULL);
		if (cue_version() == 2)
			continue;
		assert_int_equal(job_main(3, 0), 0);
		assert_int_equal(cue_version(), 3);
		assert_int_equal(count_entries(""), 3);
	}
}

static void any_call_failing_leaves_nothing(void **state)
{
	(void)state;
	need_libfault();
	sweep("io", ":EIO");
	sweep("io", "+:ENOSPC");
	sweep("io", ":EINTR");
	sweep("io", ":short");
}

static void any_allocation_failing_leaves_nothing(void **state)
{
	(void)state;
	need_libfault();
	if (!fault_sees_malloc())
		skip(); /* here; the build without sanitizers does it */
	sweep("malloc", "");
	sweep("malloc", "+");
}

static void one_fault(const char *fault, const char *text)
{
	char said[1024];

	empty_here();
	const int status = fault_run(fault, job_new, said, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), -SP_ERR_IO);
	assert_string_equal(said, text);
	assert_int_equal(count_entries(""), 0);
}

static void failures_say_file_and_place(void **state)
{
	(void)state;
	need_libfault();
	one_fault("pwrite:2:ENOSPC", "a.bin: cannot write at byte 100000: No space left on device");
	one_fault("pwrite:4:short,pwrite:5:EDQUOT",
		  "b.bin: cannot write at byte 50000: Disk quota exceeded");
	one_fault("fsync:2", "a.bin: cannot be brought to the disk: Input/output error");
	one_fault("fsync:4", ".: cannot be brought to the disk: Input/output error");
	one_fault("fsync:5", ".: cannot be brought to the disk: Input/output error");
	one_fault("linkat:1:EROFS,renameat2:1:EROFS",
		  "a.bin: cannot be given its name: Read-only file system");
	one_fault("renameat2:1:EROFS", "x.cue: cannot be given its name: Read-only file system");
}

static void a_failed_fsync_is_not_asked_again(void **state)
{
	unsigned long count = 0;

	(void)state;
	need_libfault();
	fault_run("fsync:1", job_new, NULL, &count);
	assert_int_equal(count, 1);
	assert_int_equal(count_entries(""), 0);
}

static void a_flush_that_failed_behind_the_writer_is_told(void **state)
{
	static const char *const job_long[] = {"long", NULL};
	unsigned long count = 0;
	char said[1024];

	(void)state;
	need_libfault();
	assert_int_equal(fault_run("fdatasync:0", job_long, said, &count), 0);
	assert_in_range(count, 1, 3);
	assert_int_equal(count_entries(""), 1);
	empty_here();
	/* fsync is not asked any more: it could say that all is well */
	const int status = fault_run("fsync:0,fdatasync:1:ENOSPC", job_long, said, &count);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), -SP_ERR_IO);
	assert_string_equal(said, "x.iso: cannot be brought to the disk: No space left on device");
	assert_int_equal(count, 0);
	assert_int_equal(count_entries(""), 0);
}

/* File systems without RENAME_NOREPLACE, and without hard links. */
static void weaker_file_systems_do_not_replace_either(void **state)
{
	static const char *const faults[] = {"renameat2:1+:EINVAL", "renameat2:1+:ENOSYS",
					     "renameat2:1+:EINVAL,linkat:1+:EPERM"};

	(void)state;
	need_libfault();
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		static const char *const taken[] = {"raced", "b.bin", NULL};
		char said[1024];
		empty_here();
		assert_int_equal(fault_run(faults[i], job_new, said, NULL), 0);
		check_state(0, 0, faults[i]);
		assert_int_equal(count_entries(""), 3);
		empty_here();
		const int status = fault_run(faults[i], taken, said, NULL);
		assert_int_equal(WEXITSTATUS(status), -SP_ERR_USAGE);
		assert_string_equal(said, "b.bin: exists; use --force to replace it");
		assert_int_equal(count_entries(""), 1);
		assert_file("b.bin", "mine");
	}
	sweep("io", ":kill,renameat2:1+:EINVAL");
}

/* A file long enough to be brought to the disk while it is written; most of it is a hole. */
static int long_main(void)
{
	struct sp_outset *set;
	struct sp_io *io = NULL;
	struct sp_error err = {0};

	int status = sp_outset_create(&set, "x.iso", 0, &err);
	if (status)
		return 90;
	status = sp_outset_io(set, &io, &err);
	for (uint64_t at = 1; at <= 3 && !status; at++)
		status = sp_io_write(io, (at << 25) - 1, "x", 1, &err);
	sp_io_close(io);
	if (status == 0)
		status = sp_outset_commit(set, &err);
	sp_outset_close(set);
	fputs(err.text, stderr);
	return -status;
}

/* Another program takes the name between the last write and the commit. */
static int raced_main(const char *taken)
{
	struct sp_outset *set;
	struct sp_error err = {0};

	int status = sp_outset_create(&set, "x.cue", 0, &err);
	if (status)
		return 90;
	status = job_write(set, 2, &err);
	put_file(taken, "mine");
	if (status == 0)
		status = sp_outset_commit(set, &err);
	sp_outset_close(set);
	fputs(err.text, stderr);
	return -status;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_write_that_failed_cannot_be_committed, outset_setup),
		cmocka_unit_test_setup(a_directory_without_permission_is_named, outset_setup),
		cmocka_unit_test_setup(a_process_we_may_not_signal_is_alive, outset_setup),
		cmocka_unit_test_setup(killed_before_or_after_any_call_no_file_is_half,
				       outset_setup),
		cmocka_unit_test_setup(what_two_killed_runs_left_is_in_nobody_s_way, outset_setup),
		cmocka_unit_test_setup(any_call_failing_leaves_nothing, outset_setup),
		cmocka_unit_test_setup(any_allocation_failing_leaves_nothing, outset_setup),
		cmocka_unit_test_setup(failures_say_file_and_place, outset_setup),
		cmocka_unit_test_setup(a_failed_fsync_is_not_asked_again, outset_setup),
		cmocka_unit_test_setup(a_flush_that_failed_behind_the_writer_is_told, outset_setup),
		cmocka_unit_test_setup(weaker_file_systems_do_not_replace_either, outset_setup),
	};

	if (argc == 4 && strcmp(argv[1], "job") == 0)
		return job_main(atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (argc == 2 && strcmp(argv[1], "long") == 0)
		return long_main();
	if (argc == 3 && strcmp(argv[1], "raced") == 0)
		return raced_main(argv[2]);
	return cmocka_run_group_tests(tests, outset_enter, outset_leave);
}
