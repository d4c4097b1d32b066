/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files one conversion makes: temporary names while they are written, final names when all of
 * them are on the disk, the descriptor's last. */
#include <spindle/io.h>

#include "base/bytes.h"
#include "io/behind.h"
#include "io/bundle.h"
#include "io/fd.h"
#include "io/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct member {
	char *name; /* the final name in the set's directory */
	char *part; /* the temporary one */
	char *path; /* the final name as the user would write it */
	int fd;
	uint64_t size;
	struct sp_behind behind;
	bool has_part; /* the temporary name exists */
	bool has_name; /* the final name exists and is ours */
};

struct sp_outset {
	char *dir; /* "" or with a '/' at its end */
	int dirfd;
	bool force;
	bool made;    /* the directory is ours, and goes with us */
	bool closed;  /* a commit was tried: nothing more is written */
	bool damaged; /* a write failed: what is there is not whole */
	struct sp_parts parts;
	struct member **members; /* the descriptor first; ios point to them */
	size_t count;
	struct sp_pool *pool;     /* brings the members to the disk behind their writers */
	struct sp_bundle *bundle; /* not NULL: it is a folder, and nothing above is used */
};

struct outset_io {
	struct sp_io io;
	char *name;
	struct sp_outset *set;
	struct member *member;
	int fd; /* a view's own; -1: the member's, which the set closes */
};

/* 0 when `name` is free, or FORCE and a regular file. */
static int outset_check(const struct sp_outset *set, const char *name, struct sp_error *err)
{
	struct stat st, target;

	if (fstatat(set->dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno == ENOENT)
			return 0;
		return sp_fail_errno(err, errno, "%s%s", set->dir, name);
	}
	if (S_ISREG(st.st_mode) && set->force)
		return 0;
	if (S_ISREG(st.st_mode))
		return sp_fail(err, SP_ERR_USAGE, "%s%s: exists; use --force to replace it",
			       set->dir, name);
	if (fstatat(set->dirfd, name, &target, 0))
		target = st;
	if (S_ISBLK(target.st_mode) || S_ISCHR(target.st_mode))
		return sp_fail(err, SP_ERR_USAGE,
			       "%s%s: is a device: spindle never writes to a device by path",
			       set->dir, name);
	return sp_fail(err, SP_ERR_USAGE, "%s%s: is %s and is not replaced", set->dir, name,
		       sp_kind_text(st.st_mode));
}

static void outset_free_member(struct member *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->name);
	free(m->part);
	free(m->path);
	free(m);
}

static struct member *outset_find(const struct sp_outset *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->members[i]->name, name) == 0)
			return set->members[i];
	return NULL;
}

/* Add a member `name`, under a temporary name and empty. */
static int outset_add(struct sp_outset *set, const char *name, struct sp_error *err)
{
	/* what an earlier set, killed while it gave names, left is no file to be kept */
	if (!set->force && set->count)
		sp_parts_take_back(&set->parts, name, set->members[0]->name);
	int status = outset_check(set, name, err);

	if (status)
		return status;
	struct member **members = sp_grow(set->members, set->count, sizeof(struct member *));
	if (!members)
		return sp_fail_memory(err);
	set->members = members;
	struct member *m = calloc(1, sizeof(*m));
	if (!m)
		return sp_fail_memory(err);
	m->fd = -1;
	m->name = strdup(name);
	m->path = sp_format_text("%s%s", set->dir, name);
	if (!m->name || !m->path) {
		status = sp_fail_memory(err);
		goto out;
	}
	status = sp_parts_create(&set->parts, name, m->path, &m->part, &m->fd, err);
	if (status)
		goto out;
	m->has_part = true;
	set->members[set->count++] = m;
	m = NULL;
out:
	if (m)
		outset_free_member(m);
	return status;
}

static int outset_open_dir(struct sp_outset *set, unsigned flags, struct sp_error *err)
{
	const char *dir = *set->dir ? set->dir : ".";

	if ((flags & SP_OUTSET_FOLDER) && *set->dir) {
		set->made = mkdir(dir, 0777) == 0;
		if (!set->made && errno != EEXIST)
			return sp_fail_errno(err, errno, "%s: cannot be made", dir);
	}
	set->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return set->dirfd < 0 ? sp_fail_errno(err, errno, "%s", dir) : 0;
}

int sp_outset_create(struct sp_outset **out, const char *path, unsigned flags, struct sp_error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	*out = NULL;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return sp_fail(err, SP_ERR_USAGE, "%s: not the name of a file", path);
	struct sp_outset *set = calloc(1, sizeof(*set));
	if (!set)
		return sp_fail_memory(err);
	set->force = flags & SP_OUTSET_FORCE;
	set->dirfd = -1;
	int status = 0;
	if (flags & SP_OUTSET_BUNDLE) {
		status = sp_bundle_create(&set->bundle, path, set->force, err);
		if (!status) {
			*out = set;
			return 0;
		}
		goto out;
	}
	set->dir = strndup(path, (size_t)(name - path));
	if (!set->dir) {
		status = sp_fail_memory(err);
		goto out;
	}
	status = outset_open_dir(set, flags, err);
	if (!status)
		status = outset_check(set, name, err);
	if (status)
		goto out;
	sp_parts_scan(&set->parts, set->dirfd);
	status = outset_add(set, name, err);
	if (status)
		goto out;
	*out = set;
	set = NULL;
out:
	sp_outset_close(set);
	return status;
}

static int outset_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct outset_io *oi = (struct outset_io *)io;

	return sp_fd_read(oi->fd >= 0 ? oi->fd : oi->member->fd, io->name, at, data, size, err);
}

static int outset_fail_sync(struct sp_outset *set, const struct member *m, int sys_errno,
			    struct sp_error *err)
{
	set->damaged = true;
	return sp_fail_errno(err, sys_errno, "%s: cannot be brought to the disk", m->path);
}

static int outset_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
			struct sp_error *err)
{
	struct outset_io *oi = (struct outset_io *)io;
	struct member *m = oi->member;

	if (oi->set->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed", io->name);
	int status = sp_fd_write(m->fd, io->name, at, data, size, err);
	if (status) {
		oi->set->damaged = true;
		return status;
	}
	if (at + size > m->size)
		m->size = at + size;
	const int failed = sp_behind_grow(&m->behind, &oi->set->pool, m->fd, m->size);
	return failed ? outset_fail_sync(oi->set, m, failed, err) : 0;
}

static int outset_fsync(struct sp_outset *set, struct member *m, struct sp_error *err)
{
	/* never asked twice: the kernel forgets what it could not write once it has said so */
	int failed = sp_behind_end(&m->behind, set->pool);

	if (!failed && fsync(m->fd))
		failed = errno;
	return failed ? outset_fail_sync(set, m, failed, err) : 0;
}

static int outset_sync(struct sp_io *io, struct sp_error *err)
{
	struct outset_io *oi = (struct outset_io *)io;

	return outset_fsync(oi->set, oi->member, err);
}

/* Touches nothing of the set, which may be closed already. */
static void outset_close_io(struct sp_io *io)
{
	struct outset_io *oi = (struct outset_io *)io;

	if (oi->fd >= 0)
		close(oi->fd);
	free(oi->name);
	free(oi);
}

static int outset_wrap(struct sp_outset *set, struct member *m, const struct sp_io_ops *ops,
		       struct sp_io **out, struct sp_error *err)
{
	struct outset_io *oi = malloc(sizeof(*oi));
	char *name = strdup(m->path);
	int fd = -1;
	int status = oi && name ? 0 : sp_fail_memory(err);

	if (status == 0 && !ops->write && (fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 3)) < 0)
		status = sp_fail_errno(err, errno, "%s", m->path);
	if (status) {
		free(oi);
		free(name);
		return status;
	}
	*oi = (struct outset_io){
		.io = {.ops = ops,
		       .name = name,
		       .size = m->size,
		       .flags = ops->write ? SP_IO_WRITABLE : 0},
		.name = name,
		.set = set,
		.member = m,
		.fd = fd,
	};
	*out = &oi->io;
	return 0;
}

static int outset_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			  struct sp_error *err)
{
	struct sp_outset *set = ((struct outset_io *)io)->set;

	if (set->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed", io->name);
	if (strchr(name, '/'))
		return sp_fail(err, SP_ERR_USAGE, "%s: files of one set lie in one directory",
			       name);
	if (outset_find(set, name))
		return sp_fail(err, SP_ERR_USAGE, "%s%s: would be written twice", set->dir, name);
	int status = outset_add(set, name, err);
	return status ? status : outset_wrap(set, set->members[set->count - 1], io->ops, out, err);
}

static int outset_view_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			       struct sp_error *err)
{
	struct outset_io *oi = (struct outset_io *)io;
	struct member *m = outset_find(oi->set, name);

	if (!m)
		return sp_fail_errno(err, ENOENT, "%s%s", oi->set->dir, name);
	if (m == oi->member)
		return sp_fail(err, SP_ERR_FORMAT, "%s: names itself", m->path);
	return outset_wrap(oi->set, m, io->ops, out, err);
}

static const struct sp_io_ops outset_member_ops = {
	.read = outset_read,
	.write = outset_write,
	.sibling = outset_sibling,
	.sync = outset_sync,
	.close = outset_close_io,
};

static const struct sp_io_ops outset_view_ops = {
	.read = outset_read,
	.sibling = outset_view_sibling,
	.close = outset_close_io,
};

int sp_outset_io(struct sp_outset *set, struct sp_io **out, struct sp_error *err)
{
	*out = NULL;
	if (set->bundle)
		return sp_bundle_io(set->bundle, out, err);
	return outset_wrap(set, set->members[0], &outset_member_ops, out, err);
}

int sp_outset_view(struct sp_outset *set, struct sp_io **out, struct sp_error *err)
{
	*out = NULL;
	if (set->bundle)
		return sp_bundle_view(set->bundle, out, err);
	return outset_wrap(set, set->members[0], &outset_view_ops, out, err);
}

/* And the one above, as far as it may be read, for a directory that is new in it. */
static int outset_sync_dir(const struct sp_outset *set, struct sp_error *err)
{
	const int above =
		set->made ? openat(set->dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int failed = fsync(set->dirfd) ? errno : 0;

	if (!failed && above >= 0 && fsync(above))
		failed = errno;
	if (above >= 0)
		close(above);
	/* EINVAL, ENOTSUP: file systems whose directories know no fsync */
	if (!failed || failed == EINVAL || failed == ENOTSUP)
		return 0;
	return sp_fail_errno(err, failed, "%s: cannot be brought to the disk",
			     *set->dir ? set->dir : ".");
}

/* Give `m` its final name, replacing nothing. All but the descriptor keep the temporary one beside
 * it until that has its name: by it the next set knows what a killed one left. */
static int outset_name_new(struct sp_outset *set, struct member *m)
{
	const int fd = set->dirfd;
	struct stat st;

	if (m != set->members[0] && linkat(fd, m->part, fd, m->name, 0) == 0)
		return 0;
	if (renameat2(fd, m->part, fd, m->name, RENAME_NOREPLACE) == 0) {
		m->has_part = false;
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	/* not every file system knows the flag; a hard link replaces nothing either */
	if (linkat(fd, m->part, fd, m->name, 0) == 0) {
		m->has_part = unlinkat(fd, m->part, 0) != 0;
		return 0;
	}
	/* or there are no hard links (FAT): looking first is all that is left */
	if (fstatat(fd, m->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	if (errno != ENOENT || renameat(fd, m->part, fd, m->name))
		return -1;
	m->has_part = false;
	return 0;
}

static int outset_publish(struct sp_outset *set, struct member *m, struct sp_error *err)
{
	if (set->force) {
		int status = outset_check(set, m->name, err);
		if (status)
			return status;
		if (renameat(set->dirfd, m->part, set->dirfd, m->name))
			return sp_fail_errno(err, errno, "%s: cannot be given its name", m->path);
		m->has_part = false;
	} else if (outset_name_new(set, m)) {
		if (errno == EEXIST)
			return sp_fail(err, SP_ERR_USAGE, "%s: exists; use --force to replace it",
				       m->path);
		return sp_fail_errno(err, errno, "%s: cannot be given its name", m->path);
	}
	m->has_name = true;
	return 0;
}

/* The old descriptor goes before any file it speaks of: from here on there is no set. */
static int outset_drop_old(struct sp_outset *set, struct sp_error *err)
{
	const struct member *m = set->members[0];
	int status = outset_check(set, m->name, err);

	if (status)
		return status;
	if (unlinkat(set->dirfd, m->name, 0)) {
		if (errno == ENOENT)
			return 0;
		return sp_fail_errno(err, errno, "%s: cannot be replaced", m->path);
	}
	return outset_sync_dir(set, err);
}

/* Remove the final name, if what bears it is still ours. */
static void outset_unname(const struct sp_outset *set, struct member *m)
{
	struct stat ours, there;

	if (fstat(m->fd, &ours) == 0 &&
	    fstatat(set->dirfd, m->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		unlinkat(set->dirfd, m->name, 0);
	m->has_name = false;
}

/* What cannot be removed now is tried once more when the set is closed. */
static void outset_remove_parts(struct sp_outset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct member *m = set->members[i];

		if (m->has_part)
			m->has_part = unlinkat(set->dirfd, m->part, 0) != 0;
	}
}

static int outset_commit(struct sp_outset *set, struct sp_error *err)
{
	int status = 0;

	for (size_t i = 0; i < set->count && status == 0; i++)
		status = outset_fsync(set, set->members[i], err);
	if (status == 0 && set->force && set->count > 1)
		status = outset_drop_old(set, err);
	for (size_t i = 1; i < set->count && status == 0; i++)
		status = outset_publish(set, set->members[i], err);
	/* or a power cut could keep the descriptor's new name and lose the others' */
	if (status == 0 && set->count > 1)
		status = outset_sync_dir(set, err);
	if (status == 0)
		status = outset_publish(set, set->members[0], err);
	if (status == 0)
		outset_remove_parts(set);
	return status ? status : outset_sync_dir(set, err);
}

int sp_outset_commit(struct sp_outset *set, struct sp_error *err)
{
	if (set->bundle)
		return sp_bundle_commit(set->bundle, err);
	if (set->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed",
			       set->members[0]->path);
	set->closed = true;
	int status = set->damaged ? sp_fail(err, SP_ERR_IO, "%s: was not written whole",
					    set->members[0]->path)
				  : outset_commit(set, err);
	if (status == 0) {
		set->made = false;
		return 0;
	}
	for (size_t i = 0; i < set->count; i++) /* the descriptor first */
		if (set->members[i]->has_name)
			outset_unname(set, set->members[i]);
	outset_remove_parts(set);
	return status;
}

size_t sp_outset_count(const struct sp_outset *set)
{
	return set->bundle ? 1 : set->count;
}

const char *sp_outset_path(const struct sp_outset *set, size_t i, uint64_t *size)
{
	if (set->bundle)
		return i ? NULL : sp_bundle_path(set->bundle, size);
	if (i >= set->count)
		return NULL;
	if (size)
		*size = set->members[i]->size;
	return set->members[i]->path;
}

bool sp_outset_room(const struct sp_outset *set, uint64_t *bytes)
{
	struct statvfs fs;

	/* a file system without blocks (FUSE) has nothing to say */
	if (fstatvfs(set->bundle ? sp_bundle_dir(set->bundle) : set->dirfd, &fs) || !fs.f_blocks)
		return false;
	/* what is kept back is root's to use */
	if (!sp_mul_ok(geteuid() ? fs.f_bavail : fs.f_bfree, fs.f_frsize, bytes))
		*bytes = UINT64_MAX;
	return true;
}

void sp_outset_close(struct sp_outset *set)
{
	if (!set)
		return;
	sp_bundle_close(set->bundle);
	outset_remove_parts(set);
	sp_pool_free(set->pool); /* before what it works on is closed */
	for (size_t i = 0; i < set->count; i++)
		outset_free_member(set->members[i]);
	sp_parts_free(&set->parts);
	if (set->dirfd >= 0)
		close(set->dirfd);
	if (set->made) /* if others have put something in, it stays */
		rmdir(set->dir);
	free(set->members);
	free(set->dir);
	free(set);
}
