/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of an output set: all of it to the disk, then final names, the descriptor's last. */
#include "io/outset_own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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
		/* both were names of one file: then rename has done nothing */
		unlinkat(set->dirfd, m->part, 0);
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

void outset_remove_parts(struct sp_outset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct member *m = set->members[i];

		if (m->has_part)
			m->has_part = unlinkat(set->dirfd, m->part, 0) != 0;
	}
}

/* A member that is the offered file becomes that: its temporary name another name of it. Where that
 * cannot be done it is copied. */
static int outset_settle(struct sp_outset *set, struct member *m, struct sp_error *err)
{
	if (!m->offered)
		return 0;
	if (sp_offer_is(set->offer, m->size) && !unlinkat(set->dirfd, m->part, 0)) {
		const bool linked = sp_offer_link(set->offer, set->dirfd, m->part);
		const int fd =
			linked ? fcntl(set->offer->fd, F_DUPFD_CLOEXEC, 3)
			       : openat(set->dirfd, m->part,
					O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0666);

		m->has_part = linked || fd >= 0;
		if (fd < 0)
			return sp_fail_errno(err, errno, "%s: cannot be made", m->path);
		close(m->fd);
		m->fd = fd;
		if (linked) {
			m->offered = false;
			return 0;
		}
	}
	return outset_part_ways(set, m, err);
}

static int outset_commit(struct sp_outset *set, struct sp_error *err)
{
	int status = 0;

	for (size_t i = 0; i < set->count && status == 0; i++)
		status = outset_settle(set, set->members[i], err);
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
