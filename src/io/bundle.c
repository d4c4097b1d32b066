/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An output that is a folder: filled under a temporary name, then renamed as a whole. */
#include "io/bundle.h"

#include "base/bytes.h"
#include "io/fd.h"
#include "io/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sp_bundle {
	char *path; /* as the user gave it, without a '/' at its end */
	const char *name;
	int above; /* the folder it lies in */
	char *part;
	int fd; /* the folder itself, locked */
	bool force, closed, damaged;
	uint64_t size;
};

struct bundle_io {
	struct sp_io io;
	char *name;
	struct sp_bundle *bundle;
	int fd;
};

/* 0 when the name is free, or `force` and a bundle. */
static int bundle_check(const struct sp_bundle *b, struct sp_error *err)
{
	struct stat st, info;

	if (fstatat(b->above, b->name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return 0;
		return sp_fail_errno(err, errno, "%s", b->path);
	}
	char *inside = sp_format_text("%s/" SP_BUNDLE_FILE, b->name);
	if (!inside)
		return sp_fail_memory(err);
	const bool ours = S_ISDIR(st.st_mode) &&
			  !fstatat(b->above, inside, &info, AT_SYMLINK_NOFOLLOW) &&
			  S_ISREG(info.st_mode);
	free(inside);
	if (!ours)
		return sp_fail(err, SP_ERR_USAGE, "%s: is %s and is not replaced", b->path,
			       sp_kind_text(st.st_mode));
	return b->force ? 0
			: sp_fail(err, SP_ERR_USAGE, "%s: exists; use --force to replace it",
				  b->path);
}

int sp_bundle_create(struct sp_bundle **out, const char *path, bool force, struct sp_error *err)
{
	struct sp_bundle *b = calloc(1, sizeof(*b));
	struct sp_parts parts = {0};
	size_t size = strlen(path);
	char *dir = NULL;
	int r = 0;

	*out = NULL;
	if (!b)
		return sp_fail_memory(err);
	b->above = b->fd = -1;
	b->force = force;
	while (size > 1 && path[size - 1] == '/')
		size--;
	b->path = strndup(path, size);
	const char *slash = b->path ? strrchr(b->path, '/') : NULL;
	if (b->path) {
		b->name = slash ? slash + 1 : b->path;
		dir = b->name > b->path ? strndup(b->path, (size_t)(b->name - b->path))
					: strdup(".");
	}
	if (!dir) {
		r = sp_fail_memory(err);
		goto out;
	}
	if (!*b->name || !strcmp(b->name, ".") || !strcmp(b->name, "..")) {
		r = sp_fail(err, SP_ERR_USAGE, "%s: not the name of a bundle", path);
		goto out;
	}
	b->above = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->above < 0) {
		r = sp_fail_errno(err, errno, "%s", dir);
		goto out;
	}
	r = bundle_check(b, err);
	if (r)
		goto out;
	sp_parts_scan(&parts, b->above);
	r = sp_parts_create_folder(&parts, b->name, b->path, &b->part, &b->fd, err);
	sp_parts_free(&parts);
	if (!r) {
		*out = b;
		b = NULL;
	}
out:
	free(dir);
	sp_bundle_close(b);
	return r;
}

static int bundle_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_fd_read(((struct bundle_io *)io)->fd, io->name, at, data, size, err);
}

static int bundle_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
			struct sp_error *err)
{
	struct bundle_io *bi = (struct bundle_io *)io;
	struct sp_bundle *b = bi->bundle;

	if (b->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed", io->name);
	const int r = sp_fd_write(bi->fd, io->name, at, data, size, err);
	if (r < 0)
		b->damaged = true;
	else
		b->size += size;
	return r;
}

/* A failure is told again by the sync of the whole. */
static void bundle_close_io(struct sp_io *io)
{
	struct bundle_io *bi = (struct bundle_io *)io;

	sync_file_range(bi->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	close(bi->fd);
	free(bi->name);
	free(bi);
}

static int bundle_make(struct sp_bundle *b, const char *name, struct sp_io **out,
		       struct sp_error *err);

static int bundle_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			  struct sp_error *err)
{
	return bundle_make(((struct bundle_io *)io)->bundle, name, out, err);
}

static const struct sp_io_ops bundle_ops = {
	.read = bundle_read,
	.write = bundle_write,
	.sibling = bundle_sibling,
	.close = bundle_close_io,
};

/* A new file in it; the folder that lies in is made with its first one. */
static int bundle_make(struct sp_bundle *b, const char *name, struct sp_io **out,
		       struct sp_error *err)
{
	const int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC;
	const char *slash = strchr(name, '/');

	if (b->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed", b->path);
	if (slash && strchr(slash + 1, '/'))
		return sp_fail(err, SP_ERR_USAGE, "%s: lies too deep in %s", name, b->path);
	struct bundle_io *bi = calloc(1, sizeof(*bi));
	char *path = sp_format_text("%s/%s", b->path, name);
	char *folder = slash ? strndup(name, (size_t)(slash - name)) : NULL;
	int r = bi && path && (folder || !slash) ? 0 : sp_fail_memory(err);
	int fd = r ? -1 : openat(b->fd, name, flags, 0666);

	if (!r && fd < 0 && errno == ENOENT && folder) {
		mkdirat(b->fd, folder, 0777);
		fd = openat(b->fd, name, flags, 0666);
	}
	if (!r && fd < 0)
		r = sp_fail_errno(err, errno, "%s: cannot be made", path);
	free(folder);
	if (r < 0) {
		free(path);
		free(bi);
		return r;
	}
	*bi = (struct bundle_io){
		.io = {.ops = &bundle_ops, .name = path, .flags = SP_IO_WRITABLE},
		.name = path,
		.bundle = b,
		.fd = fd,
	};
	*out = &bi->io;
	return 0;
}

int sp_bundle_io(struct sp_bundle *b, struct sp_io **out, struct sp_error *err)
{
	*out = NULL;
	return bundle_make(b, SP_BUNDLE_FILE, out, err);
}

int sp_bundle_view(struct sp_bundle *b, struct sp_io **out, struct sp_error *err)
{
	char *path = sp_format_text("%.*s%s/" SP_BUNDLE_FILE, (int)(b->name - b->path), b->path,
				    b->part);
	const int r = path ? sp_io_open_file(out, path, err) : sp_fail_memory(err);

	free(path);
	return r;
}

static int bundle_sync_above(const struct sp_bundle *b, struct sp_error *err)
{
	/* EINVAL, ENOTSUP: file systems whose directories know no fsync */
	if (!fsync(b->above) || errno == EINVAL || errno == ENOTSUP)
		return 0;
	return sp_fail_errno(err, errno, "%s: its folder cannot be brought to the disk", b->path);
}

/* Its name where nothing has it; true: done. */
static bool bundle_name_new(struct sp_bundle *b)
{
	struct stat st;

	if (renameat2(b->above, b->part, b->above, b->name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return false;
	/* not every file system knows the flag: looking first is all that is left */
	if (fstatat(b->above, b->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return false;
	}
	return errno == ENOENT && renameat(b->above, b->part, b->above, b->name) == 0;
}

static int bundle_publish(struct sp_bundle *b, struct sp_error *err)
{
	unsigned back = RENAME_NOREPLACE; /* how it would be undone */
	int r = bundle_check(b, err);

	if (r)
		return r;
	if (!bundle_name_new(b)) {
		if (errno == EEXIST && !b->force)
			return sp_fail(err, SP_ERR_USAGE, "%s: exists; use --force to replace it",
				       b->path);
		if (errno != EEXIST)
			return sp_fail_errno(err, errno, "%s: cannot be given its name", b->path);
		back = RENAME_EXCHANGE;
		if (renameat2(b->above, b->part, b->above, b->name, back))
			return sp_fail_errno(err, errno,
					     "%s: cannot change places with the old one: remove "
					     "that first",
					     b->path);
	}
	r = bundle_sync_above(b, err);
	if (r < 0) {
		if (renameat2(b->above, b->name, b->above, b->part, back))
			sp_fail(err, r, "%s: stands, but cannot be brought to the disk", b->path);
		return r;
	}
	/* what cannot be removed is tried once more */
	if (back == RENAME_EXCHANGE && sp_parts_remove_folder(b->above, b->part) &&
	    sp_parts_remove_folder(b->above, b->part))
		r = sp_fail_errno(err, errno,
				  "%s: is made; the old one could not be removed: %.*s%s", b->path,
				  (int)(b->name - b->path), b->path, b->part);
	free(b->part);
	b->part = NULL;
	return r;
}

int sp_bundle_commit(struct sp_bundle *b, struct sp_error *err)
{
	if (b->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed", b->path);
	b->closed = true;
	if (b->damaged)
		return sp_fail(err, SP_ERR_IO, "%s: was not written whole", b->path);
	/* one call for all files and folders in it; since Linux 5.8 it tells what failed */
	if (syncfs(b->fd))
		return sp_fail_errno(err, errno, "%s: cannot be brought to the disk", b->path);
	return bundle_publish(b, err);
}

const char *sp_bundle_path(const struct sp_bundle *b, uint64_t *size)
{
	if (size)
		*size = b->size;
	return b->path;
}

int sp_bundle_dir(const struct sp_bundle *b)
{
	return b->above;
}

void sp_bundle_close(struct sp_bundle *b)
{
	if (!b)
		return;
	if (b->part)
		sp_parts_remove_folder(b->above, b->part);
	if (b->fd >= 0)
		close(b->fd);
	if (b->above >= 0)
		close(b->above);
	free(b->part);
	free(b->path);
	free(b);
}
