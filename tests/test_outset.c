/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output sets: a file under its final name is whole or absent, whatever fails and whenever the
 * program is killed. */
#include <spindle/io.h>

#include "tests/fault.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BIN_SIZE 300000

/* ---- the job: a descriptor and two data files, all of one version ---- */

static void job_fill(uint8_t *data, int version)
{
	for (size_t i = 0; i < BIN_SIZE; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8) + (size_t)version);
}

static int job_write(struct sp_outset *set, int version, struct sp_error *err)
{
	static const char *const names[] = {"a.bin", "b.bin"};
	static uint8_t data[BIN_SIZE];
	struct sp_io *io = NULL, *bin = NULL;
	char text[16];

	int status = sp_outset_io(set, &io, err);
	job_fill(data, version);
	for (int i = 0; i < 2 && status == 0; i++) {
		status = sp_io_sibling(io, names[i], &bin, err);
		for (size_t at = 0; at < BIN_SIZE && status == 0; at += 100000)
			status = sp_io_write(bin, at, data + at, 100000, err);
		sp_io_close(bin);
		bin = NULL;
	}
	snprintf(text, sizeof(text), "version %d", version);
	if (status == 0)
		status = sp_io_write(io, 0, text, strlen(text), err);
	sp_io_close(io);
	return status;
}

/* The whole job, as a child under libfault.so does it: 0 only when it was committed. */
static int job_main(int version, unsigned flags)
{
	struct sp_outset *set;
	struct sp_error err = {0};

	int status = sp_outset_create(&set, "x.cue", flags, &err);
	if (status == 0) {
		status = job_write(set, version, &err);
		if (status == 0)
			status = sp_outset_commit(set, &err);
		sp_outset_close(set);
	}
	if (status)
		fputs(err.text, stderr);
	return -status;
}

static long read_whole(const char *name, uint8_t *data, size_t room)
{
	const int fd = open(name, O_RDONLY);
	const long n = fd < 0 ? -1 : read(fd, data, room);

	if (fd >= 0)
		close(fd);
	return n;
}

/* The version of a data file: 0 absent, -1 not whole. */
static int bin_version(const char *name)
{
	static uint8_t data[BIN_SIZE + 1], want[BIN_SIZE];
	const long n = read_whole(name, data, sizeof(data));

	if (n < 0)
		return 0;
	for (int version = 1; version < 4 && n == BIN_SIZE; version++) {
		job_fill(want, version);
		if (memcmp(data, want, BIN_SIZE) == 0)
			return version;
	}
	return -1;
}

static int cue_version(void)
{
	char text[32] = "";
	const long n = read_whole("x.cue", (uint8_t *)text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	if (n == 9 && strncmp(text, "version ", 8) == 0 && text[8] > '0' && text[8] < '4')
		return text[8] - '0';
	return -1;
}

static unsigned count_entries(const char *end)
{
	DIR *dir = opendir(".");
	unsigned count = 0;

	for (struct dirent *e; (e = readdir(dir));) {
		const size_t len = strlen(e->d_name), tail = strlen(end);
		count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
			 len >= tail && strcmp(e->d_name + len - tail, end) == 0;
	}
	closedir(dir);
	return count;
}

static void empty_here(void)
{
	DIR *dir = opendir(".");

	for (struct dirent *e; (e = readdir(dir));)
		if (unlinkat(dirfd(dir), e->d_name, 0))
			unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	closedir(dir);
}

static void put_file(const char *name, const char *text)
{
	const int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0666);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void assert_file(const char *name, const char *text)
{
	char data[64] = "";

	assert_int_equal(read_whole(name, (uint8_t *)data, sizeof(data) - 1), (long)strlen(text));
	assert_string_equal(data, text);
}

static char top[] = "/tmp/spindle-outset.XXXXXX";

static int setup(void **state)
{
	(void)state;
	empty_here();
	return 0;
}

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
		for (unsigned long n = 1; n <= count; n++) {
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
		cmocka_unit_test_setup(files_appear_only_at_commit_and_whole, setup),
		cmocka_unit_test_setup(closing_without_commit_leaves_nothing, setup),
		cmocka_unit_test_setup(
			ios_may_be_closed_after_the_set_and_write_nothing_after_commit, setup),
		cmocka_unit_test_setup(what_exists_is_not_replaced, setup),
		cmocka_unit_test_setup(paths_that_cannot_be_are_named, setup),
		cmocka_unit_test_setup(folder_is_made_with_the_set_and_goes_without_it, setup),
		cmocka_unit_test_setup(the_longest_names_work_and_stay_apart, setup),
		cmocka_unit_test_setup(members_are_refused_early, setup),
		cmocka_unit_test_setup(a_name_taken_meanwhile_is_kept_and_all_else_goes, setup),
		cmocka_unit_test_setup(force_replaces_a_set, setup),
		cmocka_unit_test_setup(a_failed_commit_removes_only_its_own_files, setup),
		cmocka_unit_test_setup(leavings_of_the_dead_go_and_of_the_living_stay, setup),
		cmocka_unit_test_setup(a_locked_leaving_belongs_to_somebody, setup),
		cmocka_unit_test_setup(a_view_sees_the_set_and_nothing_else, setup),
		cmocka_unit_test_setup(a_write_that_failed_cannot_be_committed, setup),
		cmocka_unit_test_setup(a_directory_without_permission_is_named, setup),
		cmocka_unit_test_setup(a_process_we_may_not_signal_is_alive, setup),
		cmocka_unit_test_setup(killed_before_or_after_any_call_no_file_is_half, setup),
		cmocka_unit_test_setup(any_call_failing_leaves_nothing, setup),
		cmocka_unit_test_setup(any_allocation_failing_leaves_nothing, setup),
		cmocka_unit_test_setup(failures_say_file_and_place, setup),
		cmocka_unit_test_setup(a_failed_fsync_is_not_asked_again, setup),
		cmocka_unit_test_setup(weaker_file_systems_do_not_replace_either, setup),
	};

	if (argc == 4 && strcmp(argv[1], "job") == 0)
		return job_main(atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (argc == 3 && strcmp(argv[1], "raced") == 0)
		return raced_main(argv[2]);
	if (!mkdtemp(top) || chmod(top, 0755) || chdir(top))
		return 99;
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	empty_here();
	if (chdir("/") || rmdir(top))
		return 99;
	return failed;
}
