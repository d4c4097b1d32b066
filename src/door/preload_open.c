/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program calls with a path to open: open and its variants, fopen, folders, glob. */
#include "preload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* as programs built with fortified headers call them */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

/* What is not the system's to open: true, and the descriptor or -1. */
static bool open_ours(const char *path, int flags, int *fd, struct node *node)
{
	switch (preload_node(node, path)) {
	case NODE_BLOCK:
	case NODE_SG:
	case NODE_LINK:
	case NODE_FD:
		*fd = preload_open(node, flags);
		return true;
	case NODE_HIDDEN:
		errno = ENOENT;
		*fd = -1;
		return true;
	case NODE_FILE:
	case NODE_NONE:
		break;
	}
	return false;
}

static int open_any(const char *name, const char *path, int flags, mode_t mode)
{
	NEXT(int(const char *, int, ...), name);
	struct node node;
	int fd;

	if (open_ours(path, flags, &fd, &node))
		return fd;
	fd = real(node.kind == NODE_FILE ? node.path : path, flags, mode);
	preload_mark(fd, false);
	return fd;
}

static int open_any_at(const char *name, int folder, const char *path, int flags, mode_t mode)
{
	NEXT(int(int, const char *, int, ...), name);
	struct node node;
	int fd;

	if (open_ours(path, flags, &fd, &node))
		return fd;
	fd = real(folder, node.kind == NODE_FILE ? node.path : path, flags, mode);
	preload_mark(fd, false);
	return fd;
}

#define OPEN_MODE(mode)                                                                            \
	mode_t mode = 0;                                                                           \
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {                                 \
		va_list list;                                                                      \
		va_start(list, flags);                                                             \
		mode = va_arg(list, mode_t);                                                       \
		va_end(list);                                                                      \
	}

DOOR_EXPORT int open(const char *path, int flags, ...)
{
	OPEN_MODE(mode)
	return open_any("open", path, flags, mode);
}

DOOR_EXPORT int open64(const char *path, int flags, ...)
{
	OPEN_MODE(mode)
	return open_any("open64", path, flags, mode);
}

DOOR_EXPORT int openat(int folder, const char *path, int flags, ...)
{
	OPEN_MODE(mode)
	return open_any_at("openat", folder, path, flags, mode);
}

DOOR_EXPORT int openat64(int folder, const char *path, int flags, ...)
{
	OPEN_MODE(mode)
	return open_any_at("openat64", folder, path, flags, mode);
}

DOOR_EXPORT int __open_2(const char *path, int flags)
{
	return open_any("__open_2", path, flags, 0);
}

DOOR_EXPORT int __open64_2(const char *path, int flags)
{
	return open_any("__open64_2", path, flags, 0);
}

DOOR_EXPORT int __openat_2(int folder, const char *path, int flags)
{
	return open_any_at("__openat_2", folder, path, flags, 0);
}

DOOR_EXPORT int __openat64_2(int folder, const char *path, int flags)
{
	return open_any_at("__openat64_2", folder, path, flags, 0);
}

/* --- streams -----------------------------------------------------------------------------------
 */

static FILE *open_stream(const char *name, const char *path, const char *mode)
{
	NEXT(FILE * (const char *, const char *), name);
	struct node node;
	int fd;

	if (!open_ours(path, mode[0] == 'r' && !strchr(mode, '+') ? O_RDONLY : O_RDWR, &fd, &node))
		return real(node.kind == NODE_FILE ? node.path : path, mode);
	FILE *file = fd < 0 ? NULL : preload_stream(fd);
	if (!file && fd >= 0)
		close(fd);
	return file;
}

#define OPEN_STREAM(name)                                                                          \
	DOOR_EXPORT FILE *name(const char *path, const char *mode)                                 \
	{                                                                                          \
		return open_stream(#name, path, mode);                                             \
	}
OPEN_STREAM(fopen)
OPEN_STREAM(fopen64)

/* --- folders -----------------------------------------------------------------------------------
 */

/* A folder in which drives are added to what there is. */
static struct open_folder {
	DIR *real;
	unsigned next;
	struct dirent entry;
	struct dirent64 entry64;
} open_folders[8];

DOOR_EXPORT DIR *opendir(const char *path)
{
	NEXT_ONE(DIR * (const char *), "opendir");
	const bool dev = preload_drives() && (!strcmp(path, "/dev") || !strcmp(path, "/dev/"));
	struct node node;

	const enum node_kind kind = preload_node(&node, path);
	if (kind == NODE_BLOCK || kind == NODE_SG || kind == NODE_LINK || kind == NODE_HIDDEN) {
		errno = kind == NODE_HIDDEN ? ENOENT : ENOTDIR;
		return NULL;
	}
	if (kind == NODE_FILE)
		return real(node.path);
	DIR *folder = real(path);
	for (size_t i = 0; folder && dev && i < sizeof(open_folders) / sizeof(*open_folders); i++)
		if (!open_folders[i].real) {
			open_folders[i] = (struct open_folder){.real = folder};
			break;
		}
	return folder;
}

static struct open_folder *open_folder_of(DIR *folder)
{
	for (size_t i = 0; i < sizeof(open_folders) / sizeof(*open_folders); i++)
		if (folder && open_folders[i].real == folder)
			return &open_folders[i];
	return NULL;
}

/* The next device added to /dev, in `name`; false: no more. */
static bool open_added(struct open_folder *f, char *name, size_t size, unsigned char *type)
{
	const unsigned n = f->next++, drives = preload_drives();

	*type = n < drives ? DT_BLK : n < 2 * drives ? DT_CHR : DT_LNK;
	if (n < drives)
		snprintf(name, size, "sr%u", n);
	else if (n < 2 * drives)
		snprintf(name, size, "sg%u", n - drives);
	else
		snprintf(name, size, "cdrom");
	return n <= 2 * drives;
}

static bool open_is_device(const char *name)
{
	char path[280];
	struct node node;

	snprintf(path, sizeof(path), "/dev/%s", name);
	return preload_node(&node, path) != NODE_NONE;
}

DOOR_EXPORT struct dirent *readdir(DIR *folder)
{
	NEXT_ONE(struct dirent * (DIR *), "readdir");
	struct open_folder *f = open_folder_of(folder);
	struct dirent *entry = NULL;

	while ((!f || !f->next) && (entry = real(folder)) && f && open_is_device(entry->d_name))
		;
	if (entry || !f)
		return entry;
	f->entry = (struct dirent){.d_ino = 1000000 + f->next, .d_reclen = sizeof(f->entry)};
	return open_added(f, f->entry.d_name, sizeof(f->entry.d_name), &f->entry.d_type) ? &f->entry
											 : NULL;
}

DOOR_EXPORT struct dirent64 *readdir64(DIR *folder)
{
	NEXT_ONE(struct dirent64 * (DIR *), "readdir64");
	struct open_folder *f = open_folder_of(folder);
	struct dirent64 *entry = NULL;

	while ((!f || !f->next) && (entry = real(folder)) && f && open_is_device(entry->d_name))
		;
	if (entry || !f)
		return entry;
	f->entry64 = (struct dirent64){.d_ino = 1000000 + f->next, .d_reclen = sizeof(f->entry64)};
	return open_added(f, f->entry64.d_name, sizeof(f->entry64.d_name), &f->entry64.d_type)
		       ? &f->entry64
		       : NULL;
}

DOOR_EXPORT int closedir(DIR *folder)
{
	NEXT_ONE(int(DIR *), "closedir");
	struct open_folder *f = open_folder_of(folder);

	if (f)
		f->real = NULL;
	return real(folder);
}

/* --- glob --------------------------------------------------------------------------------------
 */

/* glob with these functions in place of libc's own, which nobody can come between. */
DOOR_EXPORT int glob(const char *pattern, int flags, int (*fail)(const char *, int), glob_t *found)
{
	NEXT_ONE(int(const char *, int, int (*)(const char *, int), glob_t *), "glob");

	if (preload_drives() && !(flags & GLOB_ALTDIRFUNC)) {
		flags |= GLOB_ALTDIRFUNC;
		found->gl_closedir = (void (*)(void *))(void (*)(void))closedir;
		found->gl_readdir = (struct dirent * (*)(void *))(void (*)(void))readdir;
		found->gl_opendir = (void *(*)(const char *))(void (*)(void))opendir;
		found->gl_lstat = lstat;
		found->gl_stat = stat;
	}
	return real(pattern, flags, fail, found);
}

DOOR_EXPORT int glob64(const char *pattern, int flags, int (*fail)(const char *, int),
		       glob64_t *found)
{
	NEXT_ONE(int(const char *, int, int (*)(const char *, int), glob64_t *), "glob64");

	if (preload_drives() && !(flags & GLOB_ALTDIRFUNC)) {
		flags |= GLOB_ALTDIRFUNC;
		found->gl_closedir = (void (*)(void *))(void (*)(void))closedir;
		found->gl_readdir = (struct dirent64 * (*)(void *))(void (*)(void))readdir64;
		found->gl_opendir = (void *(*)(const char *))(void (*)(void))opendir;
		found->gl_lstat = lstat64;
		found->gl_stat = stat64;
	}
	return real(pattern, flags, fail, found);
}
