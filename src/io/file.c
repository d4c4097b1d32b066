/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regular files for reading, with what lies beside them; temporary files; standard input and
 * output. */
#include <spindle/io.h>

#include "base/bytes.h"
#include "io/beneath.h"
#include "io/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct file_io {
	struct sp_io io;
	char *name;
	int fd;
	int dirfd; /* where siblings are looked for; -1: it stands alone */
	char *dir; /* dirfd's path as the user gave it, "" or with a '/' at its end */
};

static int file_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_fd_read(((struct file_io *)io)->fd, io->name, at, data, size, err);
}

static int file_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		      struct sp_error *err)
{
	return sp_fd_write(((struct file_io *)io)->fd, io->name, at, data, size, err);
}

static int file_append(struct sp_io *io, uint64_t at, const void *data, size_t size,
		       struct sp_error *err)
{
	return sp_fd_append(((struct file_io *)io)->fd, io->name, at, data, size, err);
}

static int file_sync(struct sp_io *io, struct sp_error *err)
{
	/* a pipe has nothing to sync, and says so with EINVAL or EROFS */
	if (fsync(((struct file_io *)io)->fd) && errno != EINVAL && errno != EROFS)
		return sp_fail_errno(err, errno, "%s: cannot be brought to the disk", io->name);
	return 0;
}

static void file_close(struct sp_io *io)
{
	struct file_io *file = (struct file_io *)io;

	if (file->fd >= 0)
		close(file->fd);
	if (file->dirfd >= 0)
		close(file->dirfd);
	free(file->dir);
	free(file->name);
	free(file);
}

static const struct sp_io_ops file_alone = {
	.read = file_read,
	.write = file_write,
	.sync = file_sync,
	.close = file_close,
};

static const struct sp_io_ops file_pipe = {
	.write = file_append,
	.sync = file_sync,
	.close = file_close,
};

/* Takes `fd` (which may be -1: `what` failed with errno) whether it succeeds or not. */
static int file_wrap(struct file_io **out, const struct sp_io_ops *ops, int fd, const char *name,
		     struct sp_error *err)
{
	const int sys_errno = errno;

	*out = NULL;
	if (fd < 0)
		return sp_fail_errno(err, sys_errno, "%s", name);
	struct file_io *file = malloc(sizeof(*file));
	char *copy = strdup(name);
	if (!file || !copy) {
		close(fd);
		free(file);
		free(copy);
		return sp_fail_memory(err);
	}
	*file = (struct file_io){
		.io = {.ops = ops, .name = copy}, .name = copy, .fd = fd, .dirfd = -1};
	*out = file;
	return 0;
}

/* What an open for reading must be, its size, and how it will be read. */
static int file_admit(struct file_io *file, struct sp_error *err)
{
	struct stat st;

	if (fstat(file->fd, &st))
		return sp_fail_errno(err, errno, "%s", file->name);
	int status = sp_require_regular(st.st_mode, file->name, err);
	if (status)
		return status;
	file->io.size = (uint64_t)st.st_size;
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

static bool file_same(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

static int file_beside_open(struct sp_io *io, const char *name, bool exact, struct sp_io **out,
			    struct sp_error *err)
{
	struct file_io *of = (struct file_io *)io, *file = NULL;
	char *path;
	int fd;

	int status = sp_beneath_open(of->dirfd, of->dir, name, exact, &fd, &path, err);
	if (status)
		return status;
	status = file_wrap(&file, io->ops, fd, path, err);
	free(path);
	if (status)
		return status;
	status = file_admit(file, err);
	if (status == 0 && file_same(fd, of->fd))
		status = sp_fail(err, SP_ERR_FORMAT, "%s: names itself", file->name);
	if (status)
		goto out;
	file->dir = strdup(of->dir);
	if (!file->dir) {
		status = sp_fail_memory(err);
		goto out;
	}
	file->dirfd = fcntl(of->dirfd, F_DUPFD_CLOEXEC, 3);
	if (file->dirfd < 0) {
		status = sp_fail_errno(err, errno, "%s", file->name);
		goto out;
	}
	*out = &file->io;
	file = NULL;
out:
	if (file)
		file_close(&file->io);
	return status;
}

static int file_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	return file_beside_open(io, name, false, out, err);
}

static int file_exact(struct sp_io *io, const char *name, struct sp_io **out, struct sp_error *err)
{
	return file_beside_open(io, name, true, out, err);
}

static const struct sp_io_ops file_beside = {
	.read = file_read,
	.sibling = file_sibling,
	.exact = file_exact,
	.close = file_close,
};

/* Copy what is left of standard input, from wherever it stands, to a temporary file. */
static int file_spool(struct sp_io **out, struct sp_error *err)
{
	enum { CHUNK = 1 << 20 };
	struct sp_io *temp = NULL;
	char *name = strdup("standard input");
	char *chunk = malloc(CHUNK);
	int status = name && chunk ? sp_io_open_temp(&temp, err) : sp_fail_memory(err);

	while (status == 0) {
		ssize_t n = read(STDIN_FILENO, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		if (n < 0)
			status = sp_fail_errno(err, errno, "%s: cannot read at byte %" PRIu64, name,
					       temp->size);
		else
			status = sp_io_write(temp, temp->size, chunk, (size_t)n, err);
	}
	free(chunk);
	if (status) {
		sp_io_close(temp);
		free(name);
		return status;
	}
	struct file_io *file = (struct file_io *)temp;
	free(file->name);
	file->io.name = file->name = name;
	file->io.flags = 0;
	*out = temp;
	return 0;
}

static int file_open_stdin(struct sp_io **out, struct sp_error *err)
{
	struct stat st;
	struct file_io *file;

	if (fstat(STDIN_FILENO, &st))
		return sp_fail_errno(err, errno, "standard input");
	/* a file of which somebody before us has read a part goes on from there, as a pipe would */
	if (!S_ISREG(st.st_mode) || lseek(STDIN_FILENO, 0, SEEK_CUR) != 0)
		return file_spool(out, err);
	int status = file_wrap(&file, &file_alone, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3),
			       "standard input", err);
	if (status)
		return status;
	status = file_admit(file, err);
	if (status)
		file_close(&file->io);
	else
		*out = &file->io;
	return status;
}

int sp_io_open_file(struct sp_io **out, const char *path, struct sp_error *err)
{
	struct file_io *file;
	struct stat st;

	*out = NULL;
	if (strcmp(path, "-") == 0)
		return file_open_stdin(out, err);
	/* opening a device or a FIFO already does something to it: look first, and again after */
	if (stat(path, &st))
		return sp_fail_errno(err, errno, "%s", path);
	int status = sp_require_regular(st.st_mode, path, err);
	if (status)
		return status;
	status = file_wrap(&file, &file_beside,
			   open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), path, err);
	if (status)
		return status;
	status = file_admit(file, err);
	if (status)
		goto out;
	const char *slash = strrchr(path, '/');
	file->dir = strndup(path, slash ? (size_t)(slash + 1 - path) : 0);
	if (!file->dir) {
		status = sp_fail_memory(err);
		goto out;
	}
	file->dirfd = open(slash ? file->dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file->dirfd < 0) {
		status = sp_fail_errno(err, errno, "%s", file->dir);
		goto out;
	}
	*out = &file->io;
	file = NULL;
out:
	if (file)
		file_close(&file->io);
	return status;
}

int sp_io_open_temp(struct sp_io **out, struct sp_error *err)
{
	const char *dir = getenv("TMPDIR");
	struct file_io *file = NULL;

	*out = NULL;
	if (!dir || !*dir)
		dir = "/var/tmp";
	char *path = sp_format_text("%s/spindle.XXXXXX", dir);
	char *name = sp_format_text("temporary file in %s", dir);
	int status = path && name ? 0 : sp_fail_memory(err);
	if (status == 0) {
		int fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		/* EISDIR: a kernel, EOPNOTSUPP: a file system that does not know O_TMPFILE */
		if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
			fd = mkostemp(path, O_CLOEXEC);
			if (fd >= 0)
				unlink(path);
		}
		status = file_wrap(&file, &file_alone, fd, name, err);
	}
	if (status == 0) {
		file->io.flags = SP_IO_WRITABLE;
		*out = &file->io;
	}
	free(path);
	free(name);
	return status;
}

int sp_io_open_stdout(struct sp_io **out, struct sp_error *err)
{
	struct file_io *file;

	*out = NULL;
	if (isatty(STDOUT_FILENO))
		return sp_fail(err, SP_ERR_USAGE,
			       "standard output is a terminal: send it to a pipe or a file");
	/* own descriptor: closing the io leaves the program its standard output */
	int status = file_wrap(&file, &file_pipe, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3),
			       "standard output", err);
	if (status)
		return status;
	file->io.flags = SP_IO_WRITABLE | SP_IO_SEQUENTIAL;
	*out = &file->io;
	return 0;
}
