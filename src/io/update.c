/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are gone on with in place, for work stores: no temporary names, no commit. */
#include <spindle/io.h>

#include "base/bytes.h"
#include "io/behind.h"
#include "io/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct update_io {
	struct sp_io io;
	char *name;
	char *dir; /* "" or with a '/' at its end */
	int fd, dirfd;
	uint64_t end; /* of what was written by us */
	struct sp_behind behind;
	struct sp_pool *pool;
};

static int update_fail_sync(const struct sp_io *io, int sys_errno, struct sp_error *err)
{
	return sp_fail_errno(err, sys_errno, "%s: cannot be brought to the disk", io->name);
}

static int update_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_fd_read(((struct update_io *)io)->fd, io->name, at, data, size, err);
}

static int update_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
			struct sp_error *err)
{
	struct update_io *file = (struct update_io *)io;
	const int status = sp_fd_write(file->fd, io->name, at, data, size, err);

	if (status)
		return status;
	file->end = at + size > file->end ? at + size : file->end;
	const int failed = sp_behind_grow(&file->behind, &file->pool, file->fd, file->end);
	return failed ? update_fail_sync(io, failed, err) : 0;
}

/* The directory too: a file just made must still be there after a power cut. */
static int update_sync(struct sp_io *io, struct sp_error *err)
{
	struct update_io *file = (struct update_io *)io;

	const int failed = sp_behind_end(&file->behind, file->pool);

	if (failed)
		return update_fail_sync(io, failed, err);
	if (fsync(file->fd) || (fsync(file->dirfd) && errno != EINVAL && errno != ENOTSUP))
		return update_fail_sync(io, errno, err);
	return 0;
}

static void update_close(struct sp_io *io)
{
	struct update_io *file = (struct update_io *)io;

	sp_pool_free(file->pool); /* before what it works on is closed */
	if (file->fd >= 0)
		close(file->fd);
	if (file->dirfd >= 0)
		close(file->dirfd);
	free(file->dir);
	free(file->name);
	free(file);
}

static int update_open(struct sp_io **out, const struct sp_io_ops *ops, int dirfd, const char *dir,
		       const char *name, struct sp_error *err)
{
	struct update_io *file = calloc(1, sizeof(*file));
	struct stat st;
	int status = 0;

	if (!file)
		return sp_fail_memory(err);
	file->fd = file->dirfd = -1;
	file->dir = strdup(dir);
	file->name = sp_format_text("%s%s", dir, name);
	if (!file->dir || !file->name) {
		status = sp_fail_memory(err);
		goto out;
	}
	file->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	file->fd =
		openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	if (file->dirfd < 0 || file->fd < 0 || fstat(file->fd, &st)) {
		status = sp_fail_errno(err, errno, "%s", file->name);
		goto out;
	}
	status = sp_require_regular(st.st_mode, file->name, err);
	if (!status && flock(file->fd, LOCK_EX | LOCK_NB))
		status = sp_fail(err, SP_ERR_USAGE, "%s: is being written already", file->name);
	file->io = (struct sp_io){.ops = ops,
				  .name = file->name,
				  .size = status ? 0 : (uint64_t)st.st_size,
				  .flags = SP_IO_WRITABLE};
out:
	if (status)
		update_close(&file->io);
	else
		*out = &file->io;
	return status;
}

static int update_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			  struct sp_error *err)
{
	const struct update_io *file = (const struct update_io *)io;

	if (strchr(name, '/'))
		return sp_fail(err, SP_ERR_USAGE, "%s: files of one set lie in one directory",
			       name);
	return update_open(out, io->ops, file->dirfd, file->dir, name, err);
}

int sp_io_open_update(struct sp_io **out, const char *path, struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = update_read,
					     .write = update_write,
					     .sibling = update_sibling,
					     .sync = update_sync,
					     .close = update_close};
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	*out = NULL;
	char *dir = strndup(path, (size_t)(name - path));
	if (!dir)
		return sp_fail_memory(err);
	const int dirfd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = dirfd < 0 ? sp_fail_errno(err, errno, "%s", slash ? dir : ".") : 0;
	if (!status)
		status = update_open(out, &ops, dirfd, dir, name, err);
	if (dirfd >= 0)
		close(dirfd);
	free(dir);
	return status;
}
