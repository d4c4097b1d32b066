/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tests of output sets do in their folder. */
#include "tests/outset_job.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void job_fill(uint8_t *data, int version)
{
	for (size_t i = 0; i < BIN_SIZE; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8) + (size_t)version);
}

int job_write(struct sp_outset *set, int version, struct sp_error *err)
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

int job_main(int version, unsigned flags)
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

int bin_version(const char *name)
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

int cue_version(void)
{
	char text[32] = "";
	const long n = read_whole("x.cue", (uint8_t *)text, sizeof(text) - 1);

	if (n < 0)
		return 0;
	if (n == 9 && strncmp(text, "version ", 8) == 0 && text[8] > '0' && text[8] < '4')
		return text[8] - '0';
	return -1;
}

unsigned count_entries(const char *end)
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

void empty_here(void)
{
	DIR *dir = opendir(".");

	for (struct dirent *e; (e = readdir(dir));)
		if (unlinkat(dirfd(dir), e->d_name, 0))
			unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	closedir(dir);
}

void put_file(const char *name, const char *text)
{
	const int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0666);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

void assert_file(const char *name, const char *text)
{
	char data[64] = "";

	assert_int_equal(read_whole(name, (uint8_t *)data, sizeof(data) - 1), (long)strlen(text));
	assert_string_equal(data, text);
}

static char top[] = "/tmp/spindle-outset.XXXXXX";

int outset_enter(void **state)
{
	(void)state;
	return !mkdtemp(top) || chmod(top, 0755) || chdir(top) ? -1 : 0;
}

int outset_setup(void **state)
{
	(void)state;
	empty_here();
	return 0;
}

int outset_leave(void **state)
{
	(void)state;
	empty_here();
	return chdir("/") || rmdir(top) ? -1 : 0;
}
