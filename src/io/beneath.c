/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening what a hostile file names, without leaving one directory. The kernel keeps us beneath it
 * (openat2); where it cannot, links are not followed at all. */
#include "io/beneath.h"

#include "base/bytes.h"
#include "io/name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIR_FLAGS  (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* `path` is clean: no empty, "." or ".." part. */
static int beneath_walk(int dirfd, const char *path, int flags)
{
	char part[NAME_MAX + 1];
	int at = dirfd;

	for (;;) {
		size_t len = strcspn(path, "/");
		const bool last = !path[len];
		int next = -1;
		if (len < sizeof(part)) {
			memcpy(part, path, len);
			part[len] = '\0';
			next = openat(at, part,
				      O_NOFOLLOW |
					      (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC));
		} else {
			errno = ENAMETOOLONG;
		}
		const int sys_errno = errno;
		if (at != dirfd)
			close(at);
		errno = sys_errno;
		if (next < 0 || last)
			return next;
		at = next;
		path += len + 1;
	}
}

static int beneath_try(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	/* EAGAIN: something was renamed while a link with ".." was being resolved */
	for (unsigned tries = 0; tries < 16; tries++) {
		int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
			/* EPERM: a seccomp filter older than the call */
			if (fd < 0 && (errno == ENOSYS || errno == EPERM))
				return beneath_walk(dirfd, path, flags);
			return fd;
		}
	}
	return -1;
}

/* The entry of `dir` called `part`, or the only one alike: *found is malloc'd. */
static int beneath_match(DIR *dir, const char *part, char **found, struct sp_error *err)
{
	char *other = NULL;
	int status = 0;

	*found = NULL;
	for (struct dirent *entry; (entry = readdir(dir));) {
		const bool exact = strcmp(entry->d_name, part) == 0;
		if (!exact && (other || !sp_name_alike(entry->d_name, part)))
			continue;
		char *copy = strdup(entry->d_name);
		if (!copy) {
			status = sp_fail_memory(err);
			break;
		}
		if (exact) {
			free(*found);
			*found = copy;
			free(other);
			return 0;
		}
		if (*found)
			other = copy;
		else
			*found = copy;
	}
	if (status == 0 && other)
		status = sp_fail(err, SP_ERR_FORMAT, "%s: could be %s or %s, which differ in case",
				 part, *found, other);
	free(other);
	if (status) {
		free(*found);
		*found = NULL;
	}
	return status;
}

/* List the directory `path` ("": dirfd itself); NULL: it cannot be. */
static DIR *beneath_list(int dirfd, const char *path)
{
	int fd = *path ? beneath_try(dirfd, path, DIR_FLAGS) : openat(dirfd, ".", DIR_FLAGS);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

/* Spell the clean path `wanted` as the directory does; *found NULL: it does not have it. */
static int beneath_spell(int dirfd, const char *wanted, char **found, struct sp_error *err)
{
	char *want = strdup(wanted);
	char *path = strdup("");
	int status = want && path ? 0 : sp_fail_memory(err);
	char *rest = want;

	*found = NULL;
	while (status == 0 && rest) {
		const char *part = strsep(&rest, "/");
		char *match = NULL;
		DIR *dir = beneath_list(dirfd, path);
		if (dir) {
			status = beneath_match(dir, part, &match, err);
			closedir(dir);
		}
		if (!match)
			goto out;
		char *longer = sp_format_text("%s%s%s", path, *path ? "/" : "", match);
		free(match);
		if (!longer) {
			status = sp_fail_memory(err);
			goto out;
		}
		free(path);
		path = longer;
	}
	if (status == 0) {
		*found = path;
		path = NULL;
	}
out:
	free(path);
	free(want);
	return status;
}

static bool beneath_absent(int sys_errno)
{
	return sys_errno == ENOENT || sys_errno == ENOTDIR;
}

/* Open the clean path; fd < 0 with status 0: it is not there. */
static int beneath_exact(int dirfd, const char *dir, const char *clean, int *fd,
			 struct sp_error *err)
{
	*fd = beneath_try(dirfd, clean, READ_FLAGS);
	if (*fd >= 0 || beneath_absent(errno))
		return 0;
	if (errno == EXDEV || errno == ELOOP)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s%s: a link that may lead out of the directory is not followed",
			       dir, clean);
	return sp_fail_errno(err, errno, "%s%s", dir, clean);
}

int sp_beneath_open(int dirfd, const char *dir, const char *name, bool exact, int *fd, char **path,
		    struct sp_error *err)
{
	char *plain = sp_name_clean(name, false);
	char *slashed = sp_name_clean(name, true);
	char *spelled = NULL;
	int status = plain && slashed ? 0 : sp_fail_memory(err);
	const char *found = plain;

	*fd = -1;
	*path = NULL;
	if (status == 0)
		status = beneath_exact(dirfd, dir, plain, fd, err);
	if (status == 0 && *fd < 0 && !exact && strcmp(plain, slashed) != 0) {
		found = slashed;
		status = beneath_exact(dirfd, dir, slashed, fd, err);
	}
	if (status == 0 && *fd < 0 && !exact) {
		status = beneath_spell(dirfd, slashed, &spelled, err);
		found = spelled;
		if (spelled)
			status = beneath_exact(dirfd, dir, spelled, fd, err);
	}
	if (status == 0 && *fd < 0)
		status = sp_fail_errno(err, ENOENT, "%s%s", dir, slashed);
	if (status == 0 && !(*path = sp_format_text("%s%s", dir, found))) {
		close(*fd);
		status = sp_fail_memory(err);
	}
	free(plain);
	free(slashed);
	free(spelled);
	return status;
}

int sp_beneath_folder(int dirfd, const char *path)
{
	struct open_how how = {
		.flags = DIR_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	if (!*path)
		return openat(dirfd, ".", DIR_FLAGS);
	const int fd = strlen(path) < PATH_MAX
			       ? (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how))
			       : -1;
	if (fd >= 0 || (strlen(path) < PATH_MAX && errno != ENOSYS && errno != EPERM))
		return fd;
	return beneath_walk(dirfd, path, DIR_FLAGS);
}
