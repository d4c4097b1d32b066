/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which paths are a simulated drive's. */
#include "preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned path_drives;
static char path_folder[128];

void *preload_next(const char *name)
{
	const int saved = errno;
	void *found = dlsym(RTLD_NEXT, name);

	errno = saved;
	return found;
}

__attribute__((constructor(101))) static void path_start(void)
{
	const char *value = getenv(DOOR_ENVIRONMENT);
	char *end = NULL;
	const unsigned long drives = value ? strtoul(value, &end, 10) : 0;

	if (!drives || drives > DOOR_MAX_DRIVES || *end != ':' || strlen(end + 1) > 90)
		return;
	memcpy(path_folder, end + 1, strlen(end + 1) + 1);
	path_drives = (unsigned)drives;
}

unsigned preload_drives(void)
{
	return path_drives;
}

const char *preload_folder(void)
{
	return path_folder;
}

/* `path` with single slashes and without "/."; false: too long to be any of ours. */
static bool path_plain(char *to, size_t room, const char *path)
{
	size_t n = 0;

	for (; *path; path++) {
		if (path[0] == '/' && (path[1] == '/' || !path[1]))
			continue;
		if (path[0] == '/' && path[1] == '.' && (path[2] == '/' || !path[2])) {
			path++;
			continue;
		}
		if (n + 1 >= room)
			return false;
		to[n++] = *path;
	}
	to[n] = '\0';
	return true;
}

/* `text` begins with `prefix`, then a number; what follows it, or NULL. */
static const char *path_number(const char *text, const char *prefix, unsigned *number)
{
	const size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) != 0 || text[n] < '0' || text[n] > '9')
		return NULL;
	*number = 0;
	for (text += n; *text >= '0' && *text <= '9'; text++)
		*number = *number < 1000 ? *number * 10 + (unsigned)(*text - '0') : *number;
	return text;
}

static bool path_device(struct node *node, const char *path)
{
	static const struct {
		const char *prefix;
		enum node_kind kind;
	} devices[] = {{"/dev/sr", NODE_BLOCK}, {"/dev/sg", NODE_SG}, {"/dev/scd", NODE_LINK}};
	static const char *const links[] = {"/dev/cdrom", "/dev/dvd", "/dev/cdrw", "/dev/dvdrw"};
	const char *rest;

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		if (!(rest = path_number(path, devices[i].prefix, &node->drive)) || *rest)
			continue;
		node->kind = node->drive < path_drives ? devices[i].kind : NODE_HIDDEN;
		snprintf(node->path, sizeof(node->path), "sr%u", node->drive);
		return true;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		if (strcmp(path, links[i]) != 0)
			continue;
		node->kind = NODE_LINK;
		node->drive = 0;
		memcpy(node->path, "sr0", 4);
		return true;
	}
	return false;
}

/* A file of /sys about a drive, or a folder in which there are drives and nothing else then. */
static bool path_sys(struct node *node, const char *path)
{
	static const struct {
		const char *folder, *drive;
	} places[] = {{"/sys/block", "/sr"},
		      {"/sys/class/block", "/sr"},
		      {"/sys/class/scsi_generic", "/sg"},
		      {"/sys/dev/block", "/11:"},
		      {"/sys/bus/scsi/devices", "/0:0:"}};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const size_t n = strlen(places[i].folder);

		if (strncmp(path, places[i].folder, n) != 0 || (path[n] && path[n] != '/'))
			continue;
		if (path[n] && !path_number(path + n, places[i].drive, &node->drive))
			return false;
		node->kind = !path[n] || node->drive < path_drives ? NODE_FILE : NODE_HIDDEN;
		const int size = snprintf(node->path, sizeof(node->path), "%s/" DOOR_SYS "%s",
					  path_folder, path + strlen("/sys"));
		return size > 0 && (size_t)size < sizeof(node->path);
	}
	return false;
}

static bool path_of_handle(struct node *node, const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	struct handle handle;
	unsigned fd;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const char *rest = path_number(path, folders[i], &fd);

		if (!rest || *rest || !preload_handle((int)fd, &handle))
			continue;
		node->kind = NODE_FD;
		node->fd = (int)fd;
		node->drive = handle.drive;
		return true;
	}
	return false;
}

enum node_kind preload_node(struct node *node, const char *path)
{
	char plain[256];
	const int saved = errno;

	node->kind = NODE_NONE;
	if (!path_drives || !path || path[0] != '/' || !path_plain(plain, sizeof(plain), path))
		return NODE_NONE;
	if (!strncmp(plain, "/dev/", 5) || !strncmp(plain, "/proc/self/fd/", 14)) {
		if (!path_device(node, plain) && !path_of_handle(node, plain))
			node->kind = NODE_NONE;
	} else if (!strncmp(plain, "/sys/", 5)) {
		if (!path_sys(node, plain))
			node->kind = NODE_NONE;
	} else if (!strcmp(plain, "/proc/sys/dev/cdrom/info")) {
		node->kind = NODE_FILE;
		snprintf(node->path, sizeof(node->path), "%s/" DOOR_INFO, path_folder);
	}
	errno = saved;
	return node->kind;
}
