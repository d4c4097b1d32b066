/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel tells of its drives in /proc and /sys, as files for the preloaded library to put
 * in place of them. */
#include "door/server.h"

#include "base/bytes.h"
#include "door/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Relative to the folder, for a drive's number; a text without end is a folder's, "->" a link's. */
struct files_entry {
	const char *path, *text;
};
enum { PATH_SIZE = 200, INFO_SIZE = 4096 };

static const struct files_entry files_common[] = {
	{DOOR_SYS, NULL},
	{DOOR_SYS "/block", NULL},
	{DOOR_SYS "/class", NULL},
	{DOOR_SYS "/class/block", NULL},
	{DOOR_SYS "/class/scsi_generic", NULL},
	{DOOR_SYS "/dev", NULL},
	{DOOR_SYS "/dev/block", NULL},
	{DOOR_SYS "/bus", NULL},
	{DOOR_SYS "/bus/scsi", NULL},
	{DOOR_SYS "/bus/scsi/devices", NULL},
};
/* # is the drive; $v, $p, $r who made it, what it is, its revision */
static const struct files_entry files_drive[] = {
	{DOOR_SYS "/block/sr#", NULL},
	{DOOR_SYS "/block/sr#/dev", "11:#\n"},
	{DOOR_SYS "/block/sr#/removable", "1\n"},
	{DOOR_SYS "/block/sr#/ro", "0\n"},
	{DOOR_SYS "/block/sr#/uevent", "MAJOR=11\nMINOR=#\nDEVNAME=sr#\nDEVTYPE=disk\n"},
	{DOOR_SYS "/block/sr#/queue", NULL},
	{DOOR_SYS "/block/sr#/queue/max_sectors_kb", "64\n"},
	{DOOR_SYS "/block/sr#/queue/max_hw_sectors_kb", "64\n"},
	{DOOR_SYS "/block/sr#/queue/logical_block_size", "2048\n"},
	{DOOR_SYS "/block/sr#/device", NULL},
	{DOOR_SYS "/block/sr#/device/type", "5\n"},
	{DOOR_SYS "/block/sr#/device/vendor", "$v\n"},
	{DOOR_SYS "/block/sr#/device/model", "$p\n"},
	{DOOR_SYS "/block/sr#/device/rev", "$r\n"},
	{DOOR_SYS "/block/sr#/device/block", NULL},
	{DOOR_SYS "/block/sr#/device/block/sr#", "->../.."},
	{DOOR_SYS "/block/sr#/device/scsi_generic", NULL},
	{DOOR_SYS "/block/sr#/device/scsi_generic/sg#", "->../../../../class/scsi_generic/sg#"},
	{DOOR_SYS "/class/scsi_generic/sg#", NULL},
	{DOOR_SYS "/class/scsi_generic/sg#/dev", "21:#\n"},
	{DOOR_SYS "/class/scsi_generic/sg#/device", "->../../../block/sr#/device"},
	{DOOR_SYS "/class/block/sr#", "->../../block/sr#"},
	{DOOR_SYS "/dev/block/11:#", "->../../block/sr#"},
	{DOOR_SYS "/bus/scsi/devices/0:0:#:0", "->../../../block/sr#/device"},
};

static int files_write(const char *path, const char *text, struct sp_error *err)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size) {
		const int r = sp_fail_errno(err, errno, "%s", path);

		if (fd >= 0)
			close(fd);
		return r;
	}
	close(fd);
	return 0;
}

static int files_entry_make(const char *path, const char *text, struct sp_error *err)
{
	if (text && strncmp(text, "->", 2) != 0)
		return files_write(path, text, err);
	if (text ? symlink(text + 2, path) : mkdir(path, 0700))
		return sp_fail_errno(err, errno, "%s", path);
	return 0;
}

/* INQUIRY's names, ended and without their padding. */
static void files_names(struct sp_sim *sim, char vendor[9], char product[17], char revision[5])
{
	static const struct {
		unsigned at, size;
	} fields[] = {{8, 8}, {16, 16}, {32, 4}};
	char *const names[] = {vendor, product, revision};
	uint8_t data[36] = {0};
	struct sp_command c = {.cdb = {0x12, 0, 0, 0, sizeof(data)},
			       .cdb_size = 6,
			       .direction = SP_DATA_IN,
			       .data = data,
			       .size = sizeof(data)};

	sp_sim_execute(sim, &c);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(names[i], data + fields[i].at, fields[i].size);
		names[i][fields[i].size] = '\0';
		for (unsigned n = fields[i].size; n && names[i][n - 1] <= ' '; n--)
			names[i][n - 1] = '\0';
	}
}

/* The same for every drive: what one of them can, all can. */
static int files_info(const char *path, unsigned drives, struct sp_error *err)
{
	static const char *const lines[] = {
		"Can close tray:\t\t", "Can open tray:\t\t",       "Can lock tray:\t\t",
		"Can change speed:\t", "Can select disk:\t",       "Can read multisession:\t",
		"Can read MCN:\t\t",   "Reports media changed:\t", "Can play audio:\t\t",
		"Can write CD-R:\t\t", "Can write CD-RW:\t",       "Can read DVD:\t\t",
		"Can write DVD-R:\t",  "Can write DVD-RAM:\t",     "Can read MRW:\t\t",
		"Can write MRW:\t\t",  "Can write RAM:\t\t"};
	static const char able[] = "11110111111110000";
	char text[INFO_SIZE];
	size_t n = 0;

	n += (size_t)snprintf(text, sizeof(text),
			      "CD-ROM information, Id: cdrom.c 3.20 2003/12/17\n\ndrive name:\t");
	for (unsigned i = drives; i-- > 0;) /* the kernel's order, last found first */
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\tsr%u", i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\ndrive speed:\t");
	for (unsigned i = 0; i < drives; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\t48");
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\ndrive # of slots:");
	for (unsigned i = 0; i < drives; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\t1");
	for (unsigned k = 0; k < sizeof(lines) / sizeof(*lines); k++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\n%s%c", lines[k], able[k]);
		for (unsigned i = 1; i < drives; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "\t%c", able[k]);
	}
	snprintf(text + n, sizeof(text) - n, "\n\n\n");
	return files_write(path, text, err);
}

struct files_names {
	unsigned drive;
	char vendor[9], product[17], revision[5];
};

static void files_expand(char *to, size_t room, const char *text, const struct files_names *names)
{
	char number[12];

	snprintf(number, sizeof(number), "%u", names->drive);
	for (*to = '\0'; *text; text++) {
		const char one[2] = {*text, '\0'};
		const char *part = one;

		if (*text == '#')
			part = number;
		else if (*text == '$')
			part = *++text == 'v' ? names->vendor
			       : *text == 'p' ? names->product
					      : names->revision;
		const size_t n = strlen(part);
		if (n >= room)
			return;
		memcpy(to, part, n + 1);
		to += n;
		room -= n;
	}
}

static int files_drive_make(const char *folder, struct sp_sim *sim, unsigned i,
			    struct sp_error *err)
{
	struct files_names names = {.drive = i};
	int r = 0;

	files_names(sim, names.vendor, names.product, names.revision);
	for (size_t k = 0; !r && k < sizeof(files_drive) / sizeof(*files_drive); k++) {
		char path[PATH_SIZE], name[PATH_SIZE / 2], text[PATH_SIZE / 2];

		files_expand(name, sizeof(name), files_drive[k].path, &names);
		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (files_drive[k].text)
			files_expand(text, sizeof(text), files_drive[k].text, &names);
		r = files_entry_make(path, files_drive[k].text ? text : NULL, err);
	}
	return r;
}

void door_files_remove(const char *folder, unsigned drives)
{
	char path[PATH_SIZE], name[PATH_SIZE / 2];

	struct files_names names = {0};

	for (; names.drive < drives; names.drive++)
		for (size_t k = sizeof(files_drive) / sizeof(*files_drive); k-- > 0;) {
			files_expand(name, sizeof(name), files_drive[k].path, &names);
			snprintf(path, sizeof(path), "%s/%s", folder, name);
			remove(path);
		}
	for (size_t k = sizeof(files_common) / sizeof(*files_common); k-- > 0;) {
		snprintf(path, sizeof(path), "%s/%s", folder, files_common[k].path);
		remove(path);
	}
	snprintf(path, sizeof(path), "%s/" DOOR_INFO, folder);
	remove(path);
}

int door_files_make(const char *folder, struct sp_sim_drive *drive, unsigned drives,
		    struct sp_error *err)
{
	char path[PATH_SIZE];
	int r = 0;

	for (size_t k = 0; !r && k < sizeof(files_common) / sizeof(*files_common); k++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files_common[k].path);
		r = files_entry_make(path, files_common[k].text, err);
	}
	snprintf(path, sizeof(path), "%s/" DOOR_INFO, folder);
	if (!r)
		r = files_info(path, drives, err);
	for (unsigned i = 0; !r && i < drives; i++)
		r = files_drive_make(folder, drive[i].sim, i, err);
	return r;
}
