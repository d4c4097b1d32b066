/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact transfers on a file descriptor: interrupted and short calls end here. */
#include "io/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

static int fd_fail(struct sp_error *err, int sys_errno, const char *name, const char *what,
		   uint64_t at)
{
	sp_fail_errno(err, sys_errno, "%s: cannot %s at byte %" PRIu64, name, what, at);
	if (err)
		err->offset = at;
	return SP_ERR_IO;
}

int sp_fail_short(const char *name, uint64_t end, uint64_t at, uint64_t size, struct sp_error *err)
{
	uint64_t missing;

	if (__builtin_add_overflow(at, size, &missing))
		missing = UINT64_MAX;
	sp_fail(err, SP_ERR_FORMAT, "%s: ends at byte %" PRIu64 ", %" PRIu64 " more were expected",
		name, end, missing - end);
	if (err)
		err->offset = end;
	return SP_ERR_FORMAT;
}

int sp_fd_read(int fd, const char *name, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fd_fail(err, errno, name, "read", at + done);
		if (n == 0) { /* it shrank since it was opened, perhaps to before `at` */
			struct stat st;
			uint64_t end = at + done;
			if (fstat(fd, &st) == 0 && (uint64_t)st.st_size < end)
				end = (uint64_t)st.st_size;
			return sp_fail_short(name, end, at, size, err);
		}
		done += (size_t)n;
	}
	return 0;
}

int sp_fd_write(int fd, const char *name, uint64_t at, const void *data, size_t size,
		struct sp_error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(fd, (const char *)data + done, size - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) /* a file that takes nothing would be asked for ever */
			return fd_fail(err, n ? errno : ENOSPC, name, "write", at + done);
		done += (size_t)n;
	}
	return 0;
}

int sp_fd_append(int fd, const char *name, uint64_t at, const void *data, size_t size,
		 struct sp_error *err)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)data + done, size - done);
		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fd_fail(err, n ? errno : ENOSPC, name, "write", at + done);
		done += (size_t)n;
	}
	return 0;
}

const char *sp_kind_text(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFBLK:
		return "a block device";
	case S_IFCHR:
		return "a character device";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFLNK:
		return "a symbolic link";
	default:
		return "a file";
	}
}

int sp_require_regular(mode_t mode, const char *name, struct sp_error *err)
{
	if (S_ISREG(mode))
		return 0;
	if (S_ISDIR(mode))
		return sp_fail_errno(err, EISDIR, "%s", name);
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: is %s, not a regular file", name,
		       sp_kind_text(mode));
}
