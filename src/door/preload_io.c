/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program calls with a descriptor: ioctl, read and seek, fcntl, dup, close. */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* as programs built with fortified headers call it */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);

enum { IO_AT_ONCE = 64 << 10 };

DOOR_EXPORT int ioctl(int fd, unsigned long request, ...)
{
	NEXT_ONE(int(int, unsigned long, ...), "ioctl");
	struct handle handle;
	va_list list;

	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);
	request &= 0xffffffff; /* some callers have it as an int, and negative */
	if (!preload_handle(fd, &handle))
		return real(fd, request, argument);
	const unsigned group = request >> 8 & 0xff;
	if (group == 0x22 || (request >= 0x5382 && request <= 0x5387 && request != 0x5382))
		return preload_sg_ioctl(&handle, request, argument);
	if (request == 0x5382) /* SCSI_IOCTL_GET_IDLUN, and CDROMAUDIOBUFSIZ, which sr has not */
		return preload_sg_ioctl(&handle, request, argument);
	return preload_cdrom_ioctl(&handle, request, argument);
}

/* --- bytes -------------------------------------------------------------------------------------
 */

static ssize_t io_some(const struct handle *handle, void *data, size_t size, int64_t at)
{
	struct door_request request = {.what = DOOR_READ,
				       .drive = handle->drive,
				       .access = handle->access,
				       .handle = handle->number,
				       .offset = at,
				       .size = (uint32_t)size};
	struct door_answer answer;

	return preload_ask(&request, NULL, &answer, data, size) < 0 ? -1 : (ssize_t)answer.done;
}

/* As read and pread answer: fewer bytes at the end or where an error comes later. */
static ssize_t io_read(const struct handle *handle, void *data, size_t size, int64_t at)
{
	size_t done = 0;

	if (handle->access & DOOR_GENERIC) {
		errno = EINVAL; /* the way without SG_IO */
		return -1;
	}
	while (done < size) {
		const size_t n = size - done < IO_AT_ONCE ? size - done : IO_AT_ONCE;
		const ssize_t got =
			io_some(handle, (char *)data + done, n, at < 0 ? at : at + (int64_t)done);

		if (got < 0 && !done)
			return -1;
		if (got <= 0)
			break;
		done += (size_t)got;
		if ((size_t)got < n)
			break;
	}
	return (ssize_t)done;
}

static off64_t io_seek(const struct handle *handle, off64_t offset, int whence)
{
	struct door_request request = {.what = DOOR_SEEK,
				       .drive = handle->drive,
				       .handle = handle->number,
				       .offset = offset,
				       .whence = (uint32_t)whence};
	struct door_answer answer;

	return preload_ask(&request, NULL, &answer, NULL, 0) < 0 ? -1 : answer.offset;
}

DOOR_EXPORT ssize_t read(int fd, void *data, size_t size)
{
	NEXT_ONE(ssize_t(int, void *, size_t), "read");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_read(&handle, data, size, -1)
					   : real(fd, data, size);
}

DOOR_EXPORT ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	NEXT_ONE(ssize_t(int, void *, size_t, size_t), "__read_chk");
	struct handle handle;

	return preload_handle(fd, &handle) && size <= room ? io_read(&handle, data, size, -1)
							   : real(fd, data, size, room);
}

DOOR_EXPORT ssize_t readv(int fd, const struct iovec *part, int parts)
{
	NEXT_ONE(ssize_t(int, const struct iovec *, int), "readv");
	struct handle handle;
	ssize_t done = 0;

	if (!preload_handle(fd, &handle))
		return real(fd, part, parts);
	for (int i = 0; i < parts; i++) {
		const ssize_t n = io_read(&handle, part[i].iov_base, part[i].iov_len, -1);

		if (n < 0)
			return done ? done : -1;
		done += n;
		if ((size_t)n < part[i].iov_len)
			break;
	}
	return done;
}

static ssize_t io_pread(const struct handle *handle, void *data, size_t size, off64_t at)
{
	if (at < 0) {
		errno = EINVAL;
		return -1;
	}
	return io_read(handle, data, size, at);
}

DOOR_EXPORT ssize_t pread(int fd, void *data, size_t size, off_t at)
{
	NEXT_ONE(ssize_t(int, void *, size_t, off_t), "pread");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_pread(&handle, data, size, at)
					   : real(fd, data, size, at);
}

DOOR_EXPORT ssize_t pread64(int fd, void *data, size_t size, off64_t at)
{
	NEXT_ONE(ssize_t(int, void *, size_t, off64_t), "pread64");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_pread(&handle, data, size, at)
					   : real(fd, data, size, at);
}

/* Writing goes by SG_IO alone. */
static ssize_t io_no_write(void)
{
	errno = EROFS;
	return -1;
}

DOOR_EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	NEXT_ONE(ssize_t(int, const void *, size_t), "write");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_no_write() : real(fd, data, size);
}

DOOR_EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	NEXT_ONE(ssize_t(int, const void *, size_t, off_t), "pwrite");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_no_write() : real(fd, data, size, at);
}

DOOR_EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	NEXT_ONE(ssize_t(int, const void *, size_t, off64_t), "pwrite64");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_no_write() : real(fd, data, size, at);
}

DOOR_EXPORT off_t lseek(int fd, off_t offset, int whence)
{
	NEXT_ONE(off_t(int, off_t, int), "lseek");
	struct handle handle;

	return preload_handle(fd, &handle) ? (off_t)io_seek(&handle, offset, whence)
					   : real(fd, offset, whence);
}

DOOR_EXPORT off64_t lseek64(int fd, off64_t offset, int whence)
{
	NEXT_ONE(off64_t(int, off64_t, int), "lseek64");
	struct handle handle;

	return preload_handle(fd, &handle) ? io_seek(&handle, offset, whence)
					   : real(fd, offset, whence);
}

DOOR_EXPORT int posix_fadvise(int fd, off_t at, off_t size, int advice)
{
	NEXT_ONE(int(int, off_t, off_t, int), "posix_fadvise");
	struct handle handle;

	return preload_handle(fd, &handle) ? 0 : real(fd, at, size, advice);
}

DOOR_EXPORT int posix_fadvise64(int fd, off64_t at, off64_t size, int advice)
{
	NEXT_ONE(int(int, off64_t, off64_t, int), "posix_fadvise64");
	struct handle handle;

	return preload_handle(fd, &handle) ? 0 : real(fd, at, size, advice);
}

DOOR_EXPORT int fsync(int fd)
{
	NEXT_ONE(int(int), "fsync");
	struct handle handle;

	return preload_handle(fd, &handle) ? 0 : real(fd);
}

/* --- descriptors -------------------------------------------------------------------------------
 */

static int io_fcntl(int (*real)(int, int, ...), int fd, int what, void *argument)
{
	struct handle handle;
	int r;

	if (!preload_handle(fd, &handle))
		return real(fd, what, argument);
	switch (what) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		r = real(fd, what, argument);
		preload_mark(r, true);
		return r;
	case F_GETFL:
		return (handle.access & DOOR_WRITE ? O_RDWR : O_RDONLY) |
		       (handle.access & DOOR_NONBLOCK ? O_NONBLOCK : 0);
	case F_GETLK:
	case F_OFD_GETLK:
		((struct flock *)argument)->l_type = F_UNLCK;
		return 0;
	case F_SETFL: /* O_DIRECT is nothing to a socket; locks keep to programs that take turns */
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return 0;
	default:
		return real(fd, what, argument);
	}
}

DOOR_EXPORT int fcntl(int fd, int what, ...)
{
	NEXT_ONE(int(int, int, ...), "fcntl");
	va_list list;

	va_start(list, what);
	void *argument = va_arg(list, void *);
	va_end(list);
	return io_fcntl(real, fd, what, argument);
}

DOOR_EXPORT int fcntl64(int fd, int what, ...)
{
	NEXT_ONE(int(int, int, ...), "fcntl64");
	va_list list;

	va_start(list, what);
	void *argument = va_arg(list, void *);
	va_end(list);
	return io_fcntl(real, fd, what, argument);
}

DOOR_EXPORT int flock(int fd, int what)
{
	NEXT_ONE(int(int, int), "flock");
	struct handle handle;

	return preload_handle(fd, &handle) ? 0 : real(fd, what);
}

DOOR_EXPORT int dup(int fd)
{
	NEXT_ONE(int(int), "dup");
	struct handle handle;
	const int r = real(fd);

	if (r >= 0)
		preload_mark(r, preload_handle(fd, &handle));
	return r;
}

DOOR_EXPORT int dup2(int fd, int to)
{
	NEXT_ONE(int(int, int), "dup2");
	struct handle handle;
	const int r = real(fd, to);

	if (r >= 0 && fd != to)
		preload_mark(to, preload_handle(fd, &handle));
	return r;
}

DOOR_EXPORT int dup3(int fd, int to, int flags)
{
	NEXT_ONE(int(int, int, int), "dup3");
	struct handle handle;
	const int r = real(fd, to, flags);

	if (r >= 0)
		preload_mark(to, preload_handle(fd, &handle));
	return r;
}

DOOR_EXPORT int close(int fd)
{
	NEXT_ONE(int(int), "close");

	preload_mark(fd, false);
	return real(fd);
}

/* --- streams -----------------------------------------------------------------------------------
 */

static ssize_t io_stream_read(void *cookie, char *data, size_t size)
{
	return read((int)(intptr_t)cookie, data, size);
}

static int io_stream_seek(void *cookie, off64_t *offset, int whence)
{
	const off64_t at = lseek64((int)(intptr_t)cookie, *offset, whence);

	*offset = at;
	return at < 0 ? -1 : 0;
}

static int io_stream_close(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *preload_stream(int fd)
{
	const cookie_io_functions_t functions = {
		.read = io_stream_read, .seek = io_stream_seek, .close = io_stream_close};

	return fopencookie((void *)(intptr_t)fd, "r", functions);
}

/* A program that was given a drive as its standard input: what libc itself reads from it cannot be
 * come between. */
__attribute__((constructor(103))) static void io_standard_input(void)
{
	struct handle handle;

	if (preload_handle(STDIN_FILENO, &handle)) {
		FILE *file = preload_stream(STDIN_FILENO);

		stdin = file ? file : stdin;
	}
}

DOOR_EXPORT FILE *fdopen(int fd, const char *mode)
{
	NEXT_ONE(FILE * (int, const char *), "fdopen");
	struct handle handle;

	return preload_handle(fd, &handle) ? preload_stream(fd) : real(fd, mode);
}
