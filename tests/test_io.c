/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, standard input and output: exact reads, and names that lead nowhere but
 * beside the file that gave them. */
#include <spindle/io.h>

#include "tests/fault.h"
#include "tests/io_said.h"

#include <fcntl.h>
#include <ftw.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/spindle-io.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

/* Each test has an empty directory to itself. */
static int setup(void **state)
{
	(void)state;
	return chdir(top) || nftw(".", remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_file(const char *name, const char *text)
{
	const int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0666);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static struct sp_io *must_open(const char *path)
{
	struct sp_error err;
	struct sp_io *io;

	if (sp_io_open_file(&io, path, &err))
		fail_msg("%s", err.text);
	return io;
}

static void refuse_open(const char *path, int status, int sys_errno, const char *text)
{
	struct sp_error err;
	struct sp_io *io;

	assert_int_equal(sp_io_open_file(&io, path, &err), status);
	assert_string_equal(err.text, text);
	assert_int_equal(err.sys_errno, sys_errno);
	assert_null(io);
}

/* ---- files ---- */

static void a_read_is_exact_or_says_where_the_file_ends(void **state)
{
	struct sp_error err;
	char data[16];

	(void)state;
	put_file("x.bin", "0123456789");
	struct sp_io *io = must_open("x.bin");
	assert_string_equal(io->name, "x.bin");
	assert_int_equal(io->flags, 0);
	assert_holds(io, "0123456789");
	assert_int_equal(sp_io_read(io, 7, data, 3, &err), 0);
	assert_memory_equal(data, "789", 3);
	assert_int_equal(sp_io_read(io, 10, data, 0, &err), 0);
	assert_int_equal(sp_io_read(io, 7, data, 8, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.bin: ends at byte 10, 5 more were expected");
	assert_int_equal(err.offset, 10);
	assert_int_equal(sp_io_read(io, 11, data, 1, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.bin: ends at byte 10, 2 more were expected");
	assert_int_equal(sp_io_read(io, UINT64_MAX - 2, data, 8, &err), SP_ERR_FORMAT);
	assert_int_equal(sp_io_write(io, 0, "x", 1, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "x.bin: is open for reading only");
	assert_int_equal(sp_io_sync(io, &err), 0);
	/* it shrinks under our hands */
	assert_int_equal(truncate("x.bin", 4), 0);
	assert_int_equal(sp_io_read(io, 2, data, 8, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.bin: ends at byte 4, 6 more were expected");
	assert_int_equal(sp_io_read(io, 8, data, 2, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.bin: ends at byte 4, 6 more were expected");
	sp_io_close(io);
	sp_io_close(NULL);
}

static void offsets_beyond_4_gib_are_read(void **state)
{
	struct sp_error err;
	char data[4];

	(void)state;
	const int fd = open("big.iso", O_CREAT | O_RDWR, 0666);
	assert_int_equal(pwrite(fd, "last", 4, (off_t)5 << 30), 4);
	close(fd);
	struct sp_io *io = must_open("big.iso");
	assert_true(io->size == (UINT64_C(5) << 30) + 4);
	assert_int_equal(sp_io_read(io, UINT64_C(5) << 30, data, 4, &err), 0);
	assert_memory_equal(data, "last", 4);
	sp_io_close(io);
}

static void only_regular_files_are_opened(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket.iso"};

	(void)state;
	refuse_open("none.iso", SP_ERR_IO, ENOENT, "none.iso: No such file or directory");
	refuse_open(".", SP_ERR_IO, EISDIR, ".: Is a directory");
	refuse_open("/dev/null", SP_ERR_UNSUPPORTED, 0,
		    "/dev/null: is a character device, not a regular file");
	assert_int_equal(mkfifo("fifo.iso", 0666), 0);
	refuse_open("fifo.iso", SP_ERR_UNSUPPORTED, 0, "fifo.iso: is a FIFO, not a regular file");
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	refuse_open("socket.iso", SP_ERR_UNSUPPORTED, 0,
		    "socket.iso: is a socket, not a regular file");
	assert_int_equal(mkdir("sub", 0777), 0);
	put_file("sub/x.iso", "data");
	assert_int_equal(symlink("sub/x.iso", "link.iso"), 0);
	struct sp_io *io = must_open("link.iso"); /* the user may name a link */
	assert_holds(io, "data");
	sp_io_close(io);
}

/* ---- siblings ---- */

static void a_name_is_found_as_written_then_without_regard_to_case(void **state)
{
	(void)state;
	assert_int_equal(mkdir("Disc", 0777), 0);
	assert_int_equal(mkdir("Disc/Sub Dir", 0777), 0);
	put_file("Disc/x.cue", "cue");
	put_file("Disc/Track 1.BIN", "one");
	put_file("Disc/Sub Dir/Two.bin", "two");
	put_file("Disc/Same.bin", "Same");
	put_file("Disc/same.bin", "same");
	struct sp_io *io = must_open("Disc/x.cue");
	follow(io, "Track 1.BIN", "Disc/Track 1.BIN", "one");
	follow(io, "track 1.bin", "Disc/Track 1.BIN", "one");
	follow(io, "./track 1.bin", "Disc/Track 1.BIN", "one");
	follow(io, "Sub Dir/Two.bin", "Disc/Sub Dir/Two.bin", "two");
	follow(io, "SUB DIR//./TWO.BIN", "Disc/Sub Dir/Two.bin", "two");
	follow(io, "same.bin", "Disc/same.bin", "same");
	follow(io, "Same.bin", "Disc/Same.bin", "Same");
	struct sp_error err;
	struct sp_io *none;
	assert_int_equal(sp_io_sibling(io, "SAME.BIN", &none, &err), SP_ERR_FORMAT);
	assert_true(strstr(err.text, "SAME.BIN: could be ") && strstr(err.text, "Same.bin") &&
		    strstr(err.text, "same.bin"));
	refuse_sibling(io, "none.bin", SP_ERR_IO, ENOENT,
		       "Disc/none.bin: No such file or directory");
	refuse_sibling(io, "x.cue/none.bin", SP_ERR_IO, ENOENT,
		       "Disc/x.cue/none.bin: No such file or directory");
	refuse_sibling(io, "sub dir", SP_ERR_IO, EISDIR, "Disc/Sub Dir: Is a directory");
	sp_io_close(io);
}

static void a_backslash_separates_unless_a_name_has_it(void **state)
{
	(void)state;
	assert_int_equal(mkdir("rip", 0777), 0);
	put_file("x.cue", "cue");
	put_file("rip/one.bin", "one");
	put_file("rip/two.bin", "wrong");
	put_file("rip\\two.bin", "two");
	struct sp_io *io = must_open("x.cue");
	follow(io, "rip\\one.bin", "rip/one.bin", "one");
	follow(io, "RIP\\One.bin", "rip/one.bin", "one");
	follow(io, ".\\rip\\one.bin", "rip/one.bin", "one");
	follow(io, "rip\\two.bin", "rip\\two.bin", "two");
	sp_io_close(io);
}

static void siblings_of_a_sibling_lie_in_the_same_directory(void **state)
{
	struct sp_error err;
	struct sp_io *bin;

	(void)state;
	assert_int_equal(mkdir("d", 0777) + mkdir("d/sub", 0777), 0);
	put_file("d/x.cue", "cue");
	put_file("d/x.sub", "sub");
	put_file("d/sub/x.bin", "bin");
	struct sp_io *io = must_open("d/x.cue");
	/* what was opened stays what it is, wherever the directory goes */
	assert_int_equal(rename("d", "e"), 0);
	assert_int_equal(sp_io_sibling(io, "sub/x.bin", &bin, &err), 0);
	sp_io_close(io);
	follow(bin, "x.sub", "d/x.sub", "sub");
	follow(bin, "x.cue", "d/x.cue", "cue");
	sp_io_close(bin);
}

static void check_outside(struct sp_io *io)
{
	static const char *const links[] = {"out.bin", "away/secret.bin", "abs.bin"};
	char text[128];

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		struct sp_error err;
		struct sp_io *none;
		assert_true(sp_io_sibling(io, links[i], &none, &err) < 0);
		assert_null(none);
	}
	static const char *const absolute[] = {"/etc/passwd", "\\x.bin", "C:x.bin", "z:\\x.bin"};
	for (size_t i = 0; i < sizeof(absolute) / sizeof(*absolute); i++) {
		snprintf(text, sizeof(text), "%s: an absolute file name is not followed",
			 absolute[i]);
		refuse_sibling(io, absolute[i], SP_ERR_FORMAT, 0, text);
	}
	static const char *const up[] = {"../secret.bin", "a/../x.bin", "..\\secret.bin",
					 "a\\../x",       "a/..",       ".."};
	for (size_t i = 0; i < sizeof(up) / sizeof(*up); i++) {
		snprintf(text, sizeof(text),
			 "%s: a name that leads out of the directory is not followed", up[i]);
		refuse_sibling(io, up[i], SP_ERR_FORMAT, 0, text);
	}
	refuse_sibling(io, "", SP_ERR_FORMAT, 0, "an empty file name");
	refuse_sibling(io, "a/", SP_ERR_FORMAT, 0, "a/: not the name of a file");
	refuse_sibling(io, "a\\.", SP_ERR_FORMAT, 0, "a\\.: not the name of a file");
	refuse_sibling(io, "fifo.bin", SP_ERR_UNSUPPORTED, 0,
		       "d/fifo.bin: is a FIFO, not a regular file");
	refuse_sibling(io, "x.cue", SP_ERR_FORMAT, 0, "d/x.cue: names itself");
	refuse_sibling(io, "X.CUE", SP_ERR_FORMAT, 0, "d/x.cue: names itself");
	refuse_sibling(io, "hard.cue", SP_ERR_FORMAT, 0, "d/hard.cue: names itself");
	follow(io, "a/plain.bin", "d/a/plain.bin", "plain");
}

static void make_outside(void)
{
	char absolute[64];

	assert_int_equal(mkdir("d", 0777) + mkdir("d/a", 0777), 0);
	put_file("secret.bin", "secret");
	put_file("d/x.cue", "cue");
	put_file("d/a/plain.bin", "plain");
	snprintf(absolute, sizeof(absolute), "%s/d/a/plain.bin", top);
	assert_int_equal(symlink("../secret.bin", "d/out.bin"), 0);
	assert_int_equal(symlink("..", "d/away"), 0);
	assert_int_equal(symlink(absolute, "d/abs.bin"), 0);
	assert_int_equal(symlink("a/plain.bin", "d/in.bin"), 0);
	assert_int_equal(symlink("a/../a", "d/inner"), 0);
	assert_int_equal(link("d/x.cue", "d/hard.cue"), 0);
	assert_int_equal(mkfifo("d/fifo.bin", 0666), 0);
}

static void nothing_outside_the_directory_is_followed(void **state)
{
	(void)state;
	make_outside();
	struct sp_io *io = must_open("d/x.cue");
	check_outside(io);
	refuse_sibling(io, "out.bin", SP_ERR_FORMAT, 0,
		       "d/out.bin: a link that may lead out of the directory is not followed");
	/* links that stay inside are as good as files */
	follow(io, "in.bin", "d/in.bin", "plain");
	follow(io, "IN.bin", "d/in.bin", "plain");
	follow(io, "inner/plain.bin", "d/inner/plain.bin", "plain");
	sp_io_close(io);
}

/* The same on a kernel without openat2, where links are not followed at all. */
static void outside_main(void **state)
{
	char deep[600];

	(void)state;
	make_outside();
	struct sp_io *io = must_open("d/x.cue");
	check_outside(io);
	refuse_sibling(io, "in.bin", SP_ERR_FORMAT, 0,
		       "d/in.bin: a link that may lead out of the directory is not followed");
	follow(io, "A\\PLAIN.bin", "d/a/plain.bin", "plain");
	memset(deep, 'n', sizeof(deep));
	strcpy(deep + 300, "/x");
	struct sp_error err;
	struct sp_io *none;
	assert_int_equal(sp_io_sibling(io, deep, &none, &err), SP_ERR_IO);
	assert_int_equal(err.sys_errno, ENAMETOOLONG);
	sp_io_close(io);
}

static void without_openat2_nothing_outside_is_followed(void **state)
{
	static const char *const args[] = {"outside", top, NULL};
	static const char *const faults[] = {"openat2:1+:ENOSYS", "openat2:1+:EPERM"};

	(void)state;
	if (!fault_library())
		skip();
	for (int i = 0; i < 2; i++) {
		char said[1024];
		unsigned long count = 0;
		assert_int_equal(setup(NULL), 0);
		const int status = fault_run(faults[i], args, said, &count);
		if (status)
			fail_msg("%s", said);
		assert_true(count > 10);
	}
}

/* ---- standard input and output, temporary files ---- */

static struct sp_io *open_stdin_as(int fd)
{
	const int before = dup(STDIN_FILENO);
	struct sp_error err;
	struct sp_io *io;

	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	const int status = sp_io_open_file(&io, "-", &err);
	dup2(before, STDIN_FILENO);
	close(before);
	close(fd);
	if (status)
		fail_msg("%s", err.text);
	assert_string_equal(io->name, "standard input");
	assert_int_equal(io->flags, 0);
	refuse_sibling(io, "x.bin", SP_ERR_IO, ENOENT,
		       "x.bin: nothing lies beside standard input: No such file or directory");
	assert_int_equal(sp_io_write(io, 0, "x", 1, &err), SP_ERR_USAGE);
	return io;
}

static void standard_input_is_a_file_in_place_or_spooled(void **state)
{
	int ends[2];

	(void)state;
	put_file("x.iso", "0123456789");
	struct sp_io *io = open_stdin_as(open("x.iso", O_RDONLY));
	assert_holds(io, "0123456789");
	put_file("x.iso", "abcdefghij"); /* the same file, not a copy */
	assert_holds(io, "abcdefghij");
	sp_io_close(io);
	const int fd = open("x.iso", O_RDONLY);
	assert_int_equal(lseek(fd, 4, SEEK_SET), 4);
	io = open_stdin_as(fd);
	assert_holds(io, "efghij");
	sp_io_close(io);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "through a pipe", 14), 14);
	close(ends[1]);
	io = open_stdin_as(ends[0]);
	assert_holds(io, "through a pipe");
	sp_io_close(io);
}

static void a_temporary_file_has_no_name(void **state)
{
	struct sp_error err;
	struct sp_io *io;
	char data[6];

	(void)state;
	assert_int_equal(mkdir("tmp", 0777), 0);
	setenv("TMPDIR", "tmp", 1);
	assert_int_equal(sp_io_open_temp(&io, &err), 0);
	assert_string_equal(io->name, "temporary file in tmp");
	assert_int_equal(io->flags, SP_IO_WRITABLE);
	assert_int_equal(rmdir("tmp"), 0);
	assert_int_equal(sp_io_write(io, 2, "data", 4, &err), 0);
	assert_int_equal(sp_io_write(io, 1, "x", 1, &err), 0);
	assert_int_equal(io->size, 6);
	assert_int_equal(sp_io_read(io, 0, data, 6, &err), 0);
	assert_memory_equal(data, "\0xdata", 6);
	assert_int_equal(sp_io_sync(io, &err), 0);
	assert_int_equal(sp_io_write(io, INT64_MAX - 1, "data", 4, &err), SP_ERR_IO);
	assert_int_equal(err.sys_errno, EFBIG);
	assert_int_equal(sp_io_write(io, UINT64_MAX, "data", 4, &err), SP_ERR_IO);
	assert_int_equal(io->size, 6);
	sp_io_close(io);
	assert_int_equal(sp_io_open_temp(&io, &err), SP_ERR_IO);
	assert_string_equal(err.text, "temporary file in tmp: No such file or directory");
	assert_null(io);
	unsetenv("TMPDIR");
	assert_int_equal(sp_io_open_temp(&io, &err), 0);
	assert_string_equal(io->name, "temporary file in /var/tmp");
	sp_io_close(io);
}

static int open_stdout_as(int fd, struct sp_io **io, struct sp_error *err)
{
	fflush(stdout);
	const int before = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	const int status = sp_io_open_stdout(io, err);
	dup2(before, STDOUT_FILENO);
	close(before);
	close(fd);
	return status;
}

static void standard_output_takes_bytes_in_order(void **state)
{
	struct sp_error err;
	struct sp_io *io;
	char data[8];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(open_stdout_as(ends[1], &io, &err), 0);
	assert_int_equal(io->flags, SP_IO_WRITABLE | SP_IO_SEQUENTIAL);
	assert_int_equal(sp_io_write(io, 0, "data", 4, &err), 0);
	assert_int_equal(sp_io_write(io, 4, "more", 4, &err), 0);
	assert_int_equal(sp_io_write(io, 0, "back", 4, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "standard output: takes bytes in order only: at 8, wanted 0");
	assert_int_equal(sp_io_write(io, 9, "gap", 3, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_read(io, 0, data, 4, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_sync(io, &err), 0);
	assert_int_equal(read(ends[0], data, 8), 8);
	assert_memory_equal(data, "datamore", 8);
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	assert_int_equal(sp_io_write(io, 8, "x", 1, &err), SP_ERR_IO);
	assert_string_equal(err.text, "standard output: cannot write at byte 8: Broken pipe");
	assert_int_equal(io->size, 8);
	sp_io_close(io);
}

static void a_full_or_non_blocking_output_is_met(void **state)
{
	struct sp_error err;
	struct sp_io *io;
	int ends[2], status;

	(void)state;
	assert_int_equal(open_stdout_as(open("/dev/full", O_WRONLY), &io, &err), 0);
	assert_int_equal(sp_io_write(io, 0, "data", 4, &err), SP_ERR_IO);
	assert_string_equal(err.text,
			    "standard output: cannot write at byte 0: No space left on device");
	assert_int_equal(err.offset, 0);
	sp_io_close(io);
	/* more than a pipe holds, into one that would rather not wait */
	static char data[300000];
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	const pid_t child = fork();
	if (child == 0) {
		size_t total = 0;
		close(ends[1]);
		fcntl(ends[0], F_SETFL, 0);
		for (ssize_t n; (n = read(ends[0], data, sizeof(data))) > 0;)
			total += (size_t)n;
		_exit(total == sizeof(data) ? 0 : 1);
	}
	close(ends[0]);
	assert_int_equal(open_stdout_as(ends[1], &io, &err), 0);
	assert_int_equal(sp_io_write(io, 0, data, sizeof(data), &err), 0);
	sp_io_close(io);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_terminal_is_no_place_for_an_image(void **state)
{
	struct sp_error err;
	struct sp_io *io;
	const int master = posix_openpt(O_RDWR | O_NOCTTY);

	(void)state;
	if (master < 0 || grantpt(master) || unlockpt(master))
		skip();
	const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_int_equal(open_stdout_as(slave, &io, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "standard output is a terminal: send it to a pipe or a file");
	assert_null(io);
	close(master);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_read_is_exact_or_says_where_the_file_ends, setup),
		cmocka_unit_test_setup(offsets_beyond_4_gib_are_read, setup),
		cmocka_unit_test_setup(only_regular_files_are_opened, setup),
		cmocka_unit_test_setup(a_name_is_found_as_written_then_without_regard_to_case,
				       setup),
		cmocka_unit_test_setup(a_backslash_separates_unless_a_name_has_it, setup),
		cmocka_unit_test_setup(siblings_of_a_sibling_lie_in_the_same_directory, setup),
		cmocka_unit_test_setup(nothing_outside_the_directory_is_followed, setup),
		cmocka_unit_test_setup(without_openat2_nothing_outside_is_followed, setup),
		cmocka_unit_test_setup(standard_input_is_a_file_in_place_or_spooled, setup),
		cmocka_unit_test_setup(a_temporary_file_has_no_name, setup),
		cmocka_unit_test_setup(standard_output_takes_bytes_in_order, setup),
		cmocka_unit_test_setup(a_full_or_non_blocking_output_is_met, setup),
		cmocka_unit_test_setup(a_terminal_is_no_place_for_an_image, setup),
	};

	if (argc == 3 && strcmp(argv[1], "outside") == 0) {
		static const struct CMUnitTest one[] = {cmocka_unit_test(outside_main)};
		if (strlen(argv[2]) != strlen(top))
			return 99;
		strcpy(top, argv[2]);
		return cmocka_run_group_tests(one, NULL, NULL);
	}
	mallopt(M_PERTURB, 0xa5); /* fresh memory is not zeros */
	if (!mkdtemp(top))
		return 99;
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (setup(NULL) || chdir("/") || rmdir(top))
		return 99;
	return failed;
}
