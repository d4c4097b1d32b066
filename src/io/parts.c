/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Temporary names of an output set, `.NAME.PID.part`, of files and folders. A lock tells leavings
 * from a file somebody is writing, also where process numbers repeat (containers). */
#include "io/parts.h"

#include "base/bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_END    ".part"
#define PARTS_DIGITS 10 /* of a process number, at most */

/* `text` is a process number and ".part"; 0: it is not. */
static pid_t parts_pid(const char *text)
{
	const size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > PARTS_DIGITS || strcmp(text + digits, PARTS_END) != 0)
		return 0;
	const unsigned long pid = strtoul(text, NULL, 10);
	return pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* What follows the name in ".NAME.PID.part". */
static const char *parts_number(const char *entry)
{
	const char *number = entry + strlen(entry) - strlen(PARTS_END);

	while (number > entry && number[-1] != '.')
		number--;
	return number;
}

/* The owner is gone, or had our number before us. */
static bool parts_is_stale(const char *entry)
{
	const size_t len = strlen(entry);

	if (entry[0] != '.' || len < sizeof(PARTS_END) + 2)
		return false;
	const pid_t pid = parts_pid(parts_number(entry));
	return pid > 0 && (pid == getpid() || (kill(pid, 0) && errno == ESRCH));
}

void sp_parts_scan(struct sp_parts *parts, int dirfd)
{
	const int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	*parts = (struct sp_parts){.dirfd = dirfd};
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (!parts_is_stale(entry->d_name))
			continue;
		char **stale = sp_grow(parts->stale, parts->count, sizeof(char *));
		if (!stale)
			break;
		parts->stale = stale;
		stale[parts->count] = strdup(entry->d_name);
		if (!stale[parts->count])
			break;
		parts->count++;
	}
	closedir(dir);
}

void sp_parts_free(struct sp_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		free(parts->stale[i]);
	free(parts->stale);
	*parts = (struct sp_parts){0};
}

/* Take the file's lock; true also where the file system has no locks. */
static bool parts_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Open and lock the leaving `entry`; -1: it is none, or somebody holds it. */
static int parts_hold(const struct sp_parts *parts, const char *entry, struct stat *st)
{
	const int fd = openat(parts->dirfd, entry,
			      O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) && parts_lock(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What follows `prefix` in the i-th leaving, "PID.part"; NULL: it has another name. */
static const char *parts_end(const struct sp_parts *parts, size_t i, const char *prefix)
{
	const char *end = parts->stale[i] + strlen(prefix);

	return !strncmp(parts->stale[i], prefix, strlen(prefix)) && parts_pid(end) ? end : NULL;
}

static void parts_sweep(const struct sp_parts *parts, const char *prefix)
{
	struct stat st;

	for (size_t i = 0; i < parts->count; i++) {
		const int fd =
			parts_end(parts, i, prefix) ? parts_hold(parts, parts->stale[i], &st) : -1;
		if (fd < 0)
			continue;
		unlinkat(parts->dirfd, parts->stale[i], 0);
		close(fd);
	}
}

/* ".NAME." with NAME cut, and told apart by a hash, where the whole would be too long a name. */
static char *parts_prefix(int dirfd, const char *name)
{
	const long known = fpathconf(dirfd, _PC_NAME_MAX);
	const size_t max = known > 64 ? (size_t)known : 255;
	const size_t room = max - (2 + PARTS_DIGITS + strlen(PARTS_END));
	size_t len = strlen(name);
	uint32_t hash = 2166136261; /* FNV-1a */

	if (len <= room)
		return sp_format_text(".%s.", name);
	for (const char *p = name; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619;
	len = room - 9;
	while (len && ((uint8_t)name[len] & 0xc0) == 0x80) /* not within a UTF-8 character */
		len--;
	return sp_format_text(".%.*s~%08" PRIx32 ".", (int)len, name, hash);
}

static bool parts_have(const struct sp_parts *parts, const char *prefix, const char *end)
{
	for (size_t i = 0; i < parts->count; i++) {
		const char *other = parts_end(parts, i, prefix);

		if (other && !strcmp(other, end))
			return true;
	}
	return false;
}

/* Remove the name of the file `st` whose temporary name is `part`, of which `end` is the end. */
static void parts_unname(const struct sp_parts *parts, const char *part, const char *end,
			 const struct stat *st)
{
	const int fd = openat(parts->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat named;

	if (!dir && fd >= 0)
		close(fd);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char *prefix = entry->d_ino == st->st_ino
				       ? parts_prefix(parts->dirfd, entry->d_name)
				       : NULL;

		if (prefix && strlen(prefix) == (size_t)(end - part) &&
		    !strncmp(part, prefix, (size_t)(end - part)) &&
		    !fstatat(parts->dirfd, entry->d_name, &named, AT_SYMLINK_NOFOLLOW) &&
		    named.st_dev == st->st_dev && named.st_ino == st->st_ino)
			unlinkat(parts->dirfd, entry->d_name, 0);
		free(prefix);
	}
	if (dir)
		closedir(dir);
}

void sp_parts_take_back(const struct sp_parts *parts, const char *descriptor)
{
	char *first = parts->count ? parts_prefix(parts->dirfd, descriptor) : NULL;
	struct stat st;

	for (size_t i = 0; first && i < parts->count; i++) {
		const char *end = parts_number(parts->stale[i]);
		const int fd = parts_have(parts, first, end)
				       ? parts_hold(parts, parts->stale[i], &st)
				       : -1;

		if (fd < 0)
			continue;
		parts_unname(parts, parts->stale[i], end, &st);
		close(fd);
	}
	free(first);
}

int sp_parts_create(struct sp_parts *parts, const char *name, const char *path, char **part,
		    int *fd, struct sp_error *err)
{
	char *prefix = parts_prefix(parts->dirfd, name);
	int status = 0;

	*fd = -1;
	*part = prefix ? sp_format_text("%s%ld" PARTS_END, prefix, (long)getpid()) : NULL;
	if (!*part) {
		status = sp_fail_memory(err);
		goto out;
	}
	parts_sweep(parts, prefix);
	*fd = openat(parts->dirfd, *part, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0666);
	if (*fd < 0 && errno == EEXIST)
		status = sp_fail(err, SP_ERR_USAGE, "%s: is being written already", path);
	else if (*fd < 0)
		status = sp_fail_errno(err, errno, "%s: cannot be made", path);
	else
		parts_lock(*fd);
out:
	free(prefix);
	return status;
}

/* Remove the files in a folder, which is closed, and where `deep` is set folders with nothing but
 * files; how many things went. */
static size_t parts_empty(int fd, bool deep)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t gone = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (unlinkat(dirfd(dir), name, 0) == 0) {
			gone++;
			continue;
		}
		if (!deep || (errno != EISDIR && errno != EPERM))
			continue;
		gone += parts_empty(
			openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			false);
		gone += unlinkat(dirfd(dir), name, AT_REMOVEDIR) == 0;
	}
	closedir(dir);
	return gone;
}

int sp_parts_remove_folder(int dirfd, const char *name)
{
	/* what is removed while a folder is read may hide what is left: again, while that helps */
	while (unlinkat(dirfd, name, AT_REMOVEDIR)) {
		const int failed = errno;

		if ((failed != ENOTEMPTY && failed != EEXIST) ||
		    !parts_empty(
			    openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			    true)) {
			errno = failed;
			return -1;
		}
	}
	return 0;
}

/* Open and lock a folder; -1: it is none, or somebody holds it. */
static int parts_hold_folder(const struct sp_parts *parts, const char *entry)
{
	const int fd = openat(parts->dirfd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && parts_lock(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int sp_parts_create_folder(struct sp_parts *parts, const char *name, const char *path, char **part,
			   int *fd, struct sp_error *err)
{
	char *prefix = parts_prefix(parts->dirfd, name);

	*fd = -1;
	*part = prefix ? sp_format_text("%s%ld" PARTS_END, prefix, (long)getpid()) : NULL;
	for (size_t i = 0; *part && i < parts->count; i++) {
		const int held = parts_end(parts, i, prefix)
					 ? parts_hold_folder(parts, parts->stale[i])
					 : -1;
		if (held < 0)
			continue;
		sp_parts_remove_folder(parts->dirfd, parts->stale[i]);
		close(held);
	}
	int status = *part ? 0 : sp_fail_memory(err);
	if (!status && mkdirat(parts->dirfd, *part, 0777)) {
		status = errno == EEXIST
				 ? sp_fail(err, SP_ERR_USAGE, "%s: is being written already", path)
				 : sp_fail_errno(err, errno, "%s: cannot be made", path);
	} else if (!status && (*fd = parts_hold_folder(parts, *part)) < 0) {
		status = sp_fail_errno(err, errno, "%s: cannot be made", path);
		unlinkat(parts->dirfd, *part, AT_REMOVEDIR);
	}
	if (status) {
		free(*part);
		*part = NULL;
	}
	free(prefix);
	return status;
}
