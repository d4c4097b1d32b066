/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drives as libcdio finds them, and those of sysfs that it does not. */
#include "drive/discover.h"

#include "base/bytes.h"
#include "drive/sgio.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cdio/cdio.h>
#include <cdio/logging.h>

#define DRIVES_MAX 64

struct discover {
	char **name;
	dev_t device[DRIVES_MAX];
	size_t count;
};

/* Names of one drive are many (/dev/cdrom, /dev/sr0): the device counts. `name` stays the
 * caller's. */
static void discover_add(struct discover *d, const char *name)
{
	struct stat st;

	if (d->count == DRIVES_MAX || !sp_sgio_is_drive(name) || stat(name, &st))
		return;
	for (size_t i = 0; i < d->count; i++)
		if (d->device[i] == st.st_rdev)
			return;
	char *copy = strdup(name);
	if (!copy)
		return;
	d->device[d->count] = st.st_rdev;
	d->name[d->count++] = copy;
}

static void discover_sysfs(struct discover *d)
{
	DIR *dir = opendir("/sys/class/block");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "sr", 2) != 0)
			continue;
		char *path = sp_format_text("/dev/%s", entry->d_name);
		if (path)
			discover_add(d, path);
		free(path);
	}
	if (dir)
		closedir(dir);
}

static int discover_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* libcdio's own one prints. */
static void discover_silent(cdio_log_level_t level, const char *message)
{
	(void)level;
	(void)message;
}

char **sp_discover(void)
{
	struct discover d = {.name = calloc(DRIVES_MAX + 1, sizeof(d.name[0]))};

	if (!d.name)
		return NULL;
	/* device names of the system first, so that they win over links to them */
	discover_sysfs(&d);
	const cdio_log_handler_t before = cdio_log_set_handler(discover_silent);
	char **found = cdio_get_devices(DRIVER_DEVICE);
	for (size_t i = 0; found && found[i]; i++)
		discover_add(&d, found[i]);
	cdio_free_device_list(found);
	cdio_log_set_handler(before);
	qsort(d.name, d.count, sizeof(d.name[0]), discover_order);
	return d.name;
}

void sp_discover_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}
