/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program calls to know what a path or a descriptor is. */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* as programs built with fortified headers call them */
ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room);
char *__realpath_chk(const char *path, char *text, size_t room);

enum { STAT_BLOCK_MAJOR = 11, STAT_SG_MAJOR = 21 };

/* What is said of a device in whichever of the structs. */
#define STAT_FILL(st, kind, number)                                                                \
	do {                                                                                       \
		memset(st, 0, sizeof(*(st)));                                                      \
		(st)->st_mode = (kind) == NODE_BLOCK ? S_IFBLK | 0660                              \
				: (kind) == NODE_SG  ? S_IFCHR | 0660                              \
						     : S_IFLNK | 0777;                              \
		(st)->st_rdev = (kind) == NODE_BLOCK ? makedev(STAT_BLOCK_MAJOR, number)           \
				: (kind) == NODE_SG  ? makedev(STAT_SG_MAJOR, number)              \
						     : 0;                                           \
		(st)->st_dev = makedev(0, 5);                                                      \
		(st)->st_ino = 1000000 + ((kind) == NODE_SG ? DOOR_MAX_DRIVES : 0) + (number);     \
		(st)->st_nlink = 1;                                                                \
		(st)->st_uid = getuid();                                                           \
		(st)->st_gid = getgid();                                                           \
		(st)->st_blksize = 4096;                                                           \
		(st)->st_size = (kind) == NODE_LINK ? 3 + ((number) > 9) : 0;                      \
	} while (0)

/* Follows a link to what it leads to, unless the link itself is meant. What is to be filled in, or
 * NODE_FILE, NODE_NONE: the system is asked about *path; NODE_HIDDEN: there is no such thing. */
static enum node_kind stat_node(struct node *node, const char **path, bool follow)
{
	struct handle handle;

	switch (preload_node(node, *path)) {
	case NODE_LINK:
		return follow ? NODE_BLOCK : NODE_LINK;
	case NODE_FD:
		if (!preload_handle(node->fd, &handle))
			return NODE_NONE;
		return handle.access & DOOR_GENERIC ? NODE_SG : NODE_BLOCK;
	case NODE_FILE:
		*path = node->path;
		return NODE_FILE;
	default:
		return node->kind;
	}
}

#define STAT_PATH(struct_stat, call, st, path, follow)                                             \
	do {                                                                                       \
		struct node node;                                                                  \
		const enum node_kind kind = stat_node(&node, &path, follow);                       \
		if (kind == NODE_NONE || kind == NODE_FILE)                                        \
			return call;                                                               \
		if (kind == NODE_HIDDEN) {                                                         \
			errno = ENOENT;                                                            \
			return -1;                                                                 \
		}                                                                                  \
		STAT_FILL(st, kind, node.drive);                                                   \
		return 0;                                                                          \
	} while (0)

#define STAT_FD(call, st, fd)                                                                      \
	do {                                                                                       \
		struct handle handle;                                                              \
		if (!preload_handle(fd, &handle))                                                  \
			return call;                                                               \
		const enum node_kind kind = handle.access & DOOR_GENERIC ? NODE_SG : NODE_BLOCK;   \
		STAT_FILL(st, kind, handle.drive);                                                 \
		return 0;                                                                          \
	} while (0)

/* stat and lstat in their three generations: plain, 64, with a version in front */
#define STAT_DEFINE(name, type, follow)                                                            \
	DOOR_EXPORT int name(const char *path, type *st)                                           \
	{                                                                                          \
		NEXT_ONE(int(const char *, type *), #name);                                        \
		STAT_PATH(type, real(path, st), st, path, follow);                                 \
	}
#define STAT_DEFINE_X(name, type, follow)                                                          \
	int name(int, const char *, type *);                                                       \
	DOOR_EXPORT int name(int version, const char *path, type *st)                              \
	{                                                                                          \
		NEXT_ONE(int(int, const char *, type *), #name);                                   \
		STAT_PATH(type, real(version, path, st), st, path, follow);                        \
	}
STAT_DEFINE(stat, struct stat, true)
STAT_DEFINE(stat64, struct stat64, true)
STAT_DEFINE(lstat, struct stat, false)
STAT_DEFINE(lstat64, struct stat64, false)
STAT_DEFINE_X(__xstat, struct stat, true)
STAT_DEFINE_X(__xstat64, struct stat64, true)
STAT_DEFINE_X(__lxstat, struct stat, false)
STAT_DEFINE_X(__lxstat64, struct stat64, false)

#define STAT_DEFINE_FD(name, type)                                                                 \
	DOOR_EXPORT int name(int fd, type *st)                                                     \
	{                                                                                          \
		NEXT_ONE(int(int, type *), #name);                                                 \
		STAT_FD(real(fd, st), st, fd);                                                     \
	}
#define STAT_DEFINE_FD_X(name, type)                                                               \
	int name(int, int, type *);                                                                \
	DOOR_EXPORT int name(int version, int fd, type *st)                                        \
	{                                                                                          \
		NEXT_ONE(int(int, int, type *), #name);                                            \
		STAT_FD(real(version, fd, st), st, fd);                                            \
	}
STAT_DEFINE_FD(fstat, struct stat)
STAT_DEFINE_FD(fstat64, struct stat64)
STAT_DEFINE_FD_X(__fxstat, struct stat)
STAT_DEFINE_FD_X(__fxstat64, struct stat64)

#define STAT_DEFINE_AT(name, type)                                                                 \
	DOOR_EXPORT int name(int folder, const char *path, type *st, int flags)                    \
	{                                                                                          \
		NEXT_ONE(int(int, const char *, type *, int), #name);                              \
		if (path && !path[0] && flags & AT_EMPTY_PATH)                                     \
			STAT_FD(real(folder, path, st, flags), st, folder);                        \
		STAT_PATH(type, real(folder, path, st, flags), st, path,                           \
			  !(flags & AT_SYMLINK_NOFOLLOW));                                         \
	}
STAT_DEFINE_AT(fstatat, struct stat)
STAT_DEFINE_AT(fstatat64, struct stat64)

#define STAT_DEFINE_AT_X(name, type)                                                               \
	int name(int, int, const char *, type *, int);                                             \
	DOOR_EXPORT int name(int version, int folder, const char *path, type *st, int flags)       \
	{                                                                                          \
		NEXT_ONE(int(int, int, const char *, type *, int), #name);                         \
		STAT_PATH(type, real(version, folder, path, st, flags), st, path,                  \
			  !(flags & AT_SYMLINK_NOFOLLOW));                                         \
	}
STAT_DEFINE_AT_X(__fxstatat, struct stat)
STAT_DEFINE_AT_X(__fxstatat64, struct stat64)

DOOR_EXPORT int statx(int folder, const char *path, int flags, unsigned mask, struct statx *stx)
{
	NEXT_ONE(int(int, const char *, int, unsigned, struct statx *), "statx");
	struct node node = {.kind = NODE_NONE};
	struct handle handle;
	struct stat st;
	enum node_kind kind;

	if (!path[0] && preload_handle(folder, &handle)) {
		kind = handle.access & DOOR_GENERIC ? NODE_SG : NODE_BLOCK;
		node.drive = handle.drive;
	} else {
		kind = stat_node(&node, &path, !(flags & AT_SYMLINK_NOFOLLOW));
	}
	if (kind == NODE_NONE || kind == NODE_FILE)
		return real(folder, path, flags, mask, stx);
	if (kind == NODE_HIDDEN) {
		errno = ENOENT;
		return -1;
	}
	STAT_FILL(&st, kind, node.drive);
	*stx = (struct statx){.stx_mask = STATX_BASIC_STATS,
			      .stx_blksize = 4096,
			      .stx_nlink = 1,
			      .stx_uid = st.st_uid,
			      .stx_gid = st.st_gid,
			      .stx_mode = (uint16_t)st.st_mode,
			      .stx_ino = st.st_ino,
			      .stx_size = (uint64_t)st.st_size,
			      .stx_rdev_major = major(st.st_rdev),
			      .stx_rdev_minor = minor(st.st_rdev),
			      .stx_dev_minor = 5};
	return 0;
}

/* --- access and links --------------------------------------------------------------------------
 */

static int stat_access(enum node_kind kind, int mode)
{
	if (kind == NODE_HIDDEN)
		errno = ENOENT;
	else if (mode & X_OK)
		errno = EACCES;
	else
		return 0;
	return -1;
}

DOOR_EXPORT int access(const char *path, int mode)
{
	NEXT_ONE(int(const char *, int), "access");
	struct node node;
	const enum node_kind kind = stat_node(&node, &path, true);

	return kind == NODE_NONE || kind == NODE_FILE ? real(path, mode) : stat_access(kind, mode);
}

DOOR_EXPORT int euidaccess(const char *path, int mode)
{
	NEXT_ONE(int(const char *, int), "euidaccess");
	struct node node;
	const enum node_kind kind = stat_node(&node, &path, true);

	return kind == NODE_NONE || kind == NODE_FILE ? real(path, mode) : stat_access(kind, mode);
}

DOOR_EXPORT int faccessat(int folder, const char *path, int mode, int flags)
{
	NEXT_ONE(int(int, const char *, int, int), "faccessat");
	struct node node;
	const enum node_kind kind = stat_node(&node, &path, true);

	return kind == NODE_NONE || kind == NODE_FILE ? real(folder, path, mode, flags)
						      : stat_access(kind, mode);
}

DOOR_EXPORT ssize_t readlink(const char *path, char *text, size_t size)
{
	NEXT_ONE(ssize_t(const char *, char *, size_t), "readlink");
	struct node node;
	const enum node_kind kind = stat_node(&node, &path, false);

	if (kind == NODE_LINK) {
		const size_t n = strlen(node.path) < size ? strlen(node.path) : size;

		memcpy(text, node.path, n);
		return (ssize_t)n;
	}
	if (kind == NODE_NONE || kind == NODE_FILE)
		return real(path, text, size);
	errno = kind == NODE_HIDDEN ? ENOENT : EINVAL;
	return -1;
}

DOOR_EXPORT ssize_t __readlink_chk(const char *path, char *text, size_t size, size_t room)
{
	return readlink(path, text, size < room ? size : room);
}

/* Attributes beyond these: none are kept. */
static bool stat_no_attributes(const char *path, bool follow)
{
	struct node node;
	const enum node_kind kind = stat_node(&node, &path, follow);

	if (kind == NODE_NONE || kind == NODE_FILE)
		return false;
	errno = kind == NODE_HIDDEN ? ENOENT : ENOTSUP;
	return true;
}

#define STAT_DEFINE_ATTRIBUTE(name, follow)                                                        \
	DOOR_EXPORT ssize_t name(const char *path, const char *key, void *value, size_t size)      \
	{                                                                                          \
		NEXT_ONE(ssize_t(const char *, const char *, void *, size_t), #name);              \
		return stat_no_attributes(path, follow) ? -1 : real(path, key, value, size);       \
	}
#define STAT_DEFINE_ATTRIBUTES(name, follow)                                                       \
	DOOR_EXPORT ssize_t name(const char *path, char *list, size_t size)                        \
	{                                                                                          \
		NEXT_ONE(ssize_t(const char *, char *, size_t), #name);                            \
		return stat_no_attributes(path, follow) ? -1 : real(path, list, size);             \
	}
STAT_DEFINE_ATTRIBUTE(getxattr, true)
STAT_DEFINE_ATTRIBUTE(lgetxattr, false)
STAT_DEFINE_ATTRIBUTES(listxattr, true)
STAT_DEFINE_ATTRIBUTES(llistxattr, false)

/* The real path of one of ours, malloc'ed when `text` is NULL; false: not ours. */
static bool stat_realpath(const char *path, char *text, char **result)
{
	struct node node;
	const enum node_kind kind = stat_node(&node, &path, true);

	if (kind == NODE_NONE || kind == NODE_FILE)
		return false;
	*result = NULL;
	if (kind == NODE_HIDDEN)
		errno = ENOENT;
	else if (text || (text = malloc(PATH_MAX)))
		snprintf(*result = text, 24, kind == NODE_SG ? "/dev/sg%u" : "/dev/sr%u",
			 node.drive);
	return true;
}

DOOR_EXPORT char *realpath(const char *path, char *text)
{
	NEXT_ONE(char *(const char *, char *), "realpath");
	char *result;

	return stat_realpath(path, text, &result) ? result : real(path, text);
}

DOOR_EXPORT char *__realpath_chk(const char *path, char *text, size_t room)
{
	NEXT_ONE(char *(const char *, char *, size_t), "__realpath_chk");
	char *result;

	return stat_realpath(path, text, &result) ? result : real(path, text, room);
}

DOOR_EXPORT char *canonicalize_file_name(const char *path)
{
	NEXT_ONE(char *(const char *), "canonicalize_file_name");
	char *result;

	return stat_realpath(path, NULL, &result) ? result : real(path);
}
