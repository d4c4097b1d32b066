/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files one conversion makes, under temporary names while they are written. */
#include "io/outset_own.h"

#include "base/bytes.h"
#include "io/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct outset_io {
	struct sp_io io;
	char *name;
	struct sp_outset *set;
	struct member *member;
	int fd; /* a view's own; -1: the member's, which the set closes */
};

int outset_check(const struct sp_outset *set, const char *name, struct sp_error *err)
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
	/* what an earlier set, killed while it gave names, left is no file to be kept */
	sp_parts_take_back(&set->parts, name);
	status = outset_add(set, name, err);
	if (status)
		goto out;
	*out = set;
	set = NULL;
out:
	sp_outset_close(set);
	return status;
}

int sp_outset_offer(struct sp_outset *set, const char *path, struct sp_error *err)
{
	return set->bundle ? 0 : sp_offer_open(&set->offer, path, err);
}

/* Where a member's bytes are. */
static int outset_fd(const struct sp_outset *set, const struct member *m)
{
	return m->offered ? set->offer->fd : m->fd;
}

static int outset_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct outset_io *oi = (struct outset_io *)io;

	return sp_fd_read(oi->fd >= 0 ? oi->fd : outset_fd(oi->set, oi->member), io->name, at, data,
			  size, err);
}

static int outset_fail_sync(struct sp_outset *set, const struct member *m, int sys_errno,
			    struct sp_error *err)
{
	set->damaged = true;
	return sp_fail_errno(err, sys_errno, "%s: cannot be brought to the disk", m->path);
}

int outset_part_ways(struct sp_outset *set, struct member *m, struct sp_error *err)
{
	const int failed = sp_behind_end(&m->behind, set->pool);

	m->behind = (struct sp_behind){0};
	m->offered = false;
	return failed ? outset_fail_sync(set, m, failed, err)
		      : sp_offer_copy(set->offer, m->fd, m->path, m->size, err);
}

/* 1: the bytes are in the offered file, where they belong. */
static int outset_has(struct sp_outset *set, struct member *m, uint64_t at, const void *data,
		      size_t size, struct sp_error *err)
{
	const bool begins = set->offer && !m->size && !at;

	if (!m->offered && !begins)
		return 0;
	const int has = at > m->size ? 0 : sp_offer_has(set->offer, at, data, size, err);
	if (has)
		m->offered = has > 0;
	else if (m->offered)
		return outset_part_ways(set, m, err);
	return has;
}

static int outset_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
			struct sp_error *err)
{
	struct outset_io *oi = (struct outset_io *)io;
	struct sp_outset *set = oi->set;
	struct member *m = oi->member;

	if (set->closed)
		return sp_fail(err, SP_ERR_USAGE, "%s: was already committed", io->name);
	int status = outset_has(set, m, at, data, size, err);
	if (!status)
		status = sp_fd_write(m->fd, io->name, at, data, size, err);
	if (status < 0) {
		set->damaged = true;
		return status;
	}
	if (at + size > m->size)
		m->size = at + size;
	const int failed = sp_behind_grow(&m->behind, &set->pool, outset_fd(set, m), m->size);
	return failed ? outset_fail_sync(set, m, failed, err) : 0;
}

int outset_fsync(struct sp_outset *set, struct member *m, struct sp_error *err)
{
	/* never asked twice: the kernel forgets what it could not write once it has said so */
	int failed = sp_behind_end(&m->behind, set->pool);

	if (!failed && fsync(outset_fd(set, m)))
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

	if (status == 0 && !ops->write && (fd = fcntl(outset_fd(set, m), F_DUPFD_CLOEXEC, 3)) < 0)
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
	sp_offer_close(set->offer);
	sp_parts_free(&set->parts);
	if (set->dirfd >= 0)
		close(set->dirfd);
	if (set->made) /* if others have put something in, it stays */
		rmdir(set->dir);
	free(set->members);
	free(set->dir);
	free(set);
}
