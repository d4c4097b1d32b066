/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plain disk image lacks, by its partitions or a FAT volume's own size, told in notes. */
#include "base/bytes.h"
#include "disc/partition.h"
#include "formats/img.h"

#include <string.h>
#include <strings.h>

static int table_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_io_read(user, at, data, size, err);
}

/* The list itself is told by those who show a disk. */
static void table_cut(const struct sp_io *io, const struct sp_notes *notes,
		      const struct sp_partitions *list)
{
	const struct sp_partition *last = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct sp_partition *p = &list->partition[i];

		if (!sp_range_ok(p->first, p->count, list->blocks) &&
		    (!last || p->first + p->count > last->first + last->count))
			last = p;
	}
	if (last)
		sp_note(notes, "%s: truncated: partition %u ends at block %llu, the image at %llu",
			io->name, last->number, (unsigned long long)(last->first + last->count),
			(unsigned long long)list->blocks);
}

static void table_fat(struct sp_io *io, const struct sp_notes *notes)
{
	uint8_t head[SP_IMG_BLOCK];

	if (sp_io_read(io, 0, head, sizeof(head), NULL))
		return;
	const uint64_t block = get_le16(head + 11);
	const uint64_t blocks = get_le16(head + 19) ? get_le16(head + 19) : get_le32(head + 32);
	const uint64_t bytes = blocks * block, disk = io->size;
	if (bytes > disk)
		sp_note(notes,
			"%s: truncated: the file system has %llu bytes, the file %llu; %llu "
			"missing",
			io->name, (unsigned long long)bytes, (unsigned long long)disk,
			(unsigned long long)(bytes - disk));
	else if (bytes < disk)
		sp_note(notes, "%s: %llu bytes follow the file system's end, kept", io->name,
			(unsigned long long)(disk - bytes));
}

static void table_whole(struct sp_io *io, const struct sp_notes *notes, unsigned filesystem)
{
	const char *name = sp_filesystem_name(filesystem);

	if (!filesystem)
		sp_note(notes,
			"%s: no partition table or file system known here; taken as plain "
			"blocks of 512 bytes",
			io->name);
	else
		sp_note(notes, "%s: a disk without partitions, with %s %s file system", io->name,
			/* as the letters are said: an NTFS, a FAT */
			strchr("AHNXe", *name) ? "an" : "a", name);
	if (filesystem == SP_FS_FAT12 || filesystem == SP_FS_FAT16 || filesystem == SP_FS_FAT32)
		table_fat(io, notes);
}

/* An uncompressed image without its trailer is a disk like any other, whole or not. */
static void table_named(const struct sp_io *io, const struct sp_notes *notes)
{
	const char *dot = strrchr(io->name, '.');

	if (dot && !strcasecmp(dot, ".dmg"))
		sp_note(notes,
			"%s: has no UDIF trailer: plain blocks (UDRW), or cut before its trailer",
			io->name);
}

void sp_img_describe(struct sp_io *io, const struct sp_notes *notes)
{
	const struct sp_disk disk = {table_read, io, io->size};
	struct sp_partitions list = {0};

	if (!notes || sp_partitions_read(&list, &disk, NULL))
		goto out;
	table_named(io, notes);
	if (list.scheme != SP_SCHEME_WHOLE)
		table_cut(io, notes, &list);
	else if (list.count && sp_filesystem_optical(list.partition[0].filesystem) &&
		 io->size % 2048 == 0)
		sp_note(notes,
			"%s: holds an optical disc's volume; as iso its sectors have 2048 bytes",
			io->name);
	else
		table_whole(io, notes, list.count ? list.partition[0].filesystem : SP_FS_UNKNOWN);
out:
	sp_partitions_free(&list);
}
