/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plain disk image's partitions told in notes; and a FAT volume's own size. */
#include "base/bytes.h"
#include "disc/partition.h"
#include "formats/img.h"

#include <string.h>

enum { TABLE_TOLD = 32 }; /* partitions told one by one, the others are counted */

static int table_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_io_read(user, at, data, size, err);
}

/* By its kind; Apple's types are words already. */
static void table_tell(const struct sp_io *io, const struct sp_notes *notes,
		       const struct sp_partitions *list, const struct sp_partition *p)
{
	const bool kind = *p->kind && list->scheme != SP_SCHEME_APM;

	sp_note(notes, "%s: partition %u: %s%s%s%s%s, block %llu, %llu blocks%s", io->name,
		p->number, !kind && list->scheme == SP_SCHEME_MBR ? "type " : "",
		kind ? p->kind : p->type, *p->name ? " \"" : "", p->name, *p->name ? "\"" : "",
		(unsigned long long)p->first, (unsigned long long)p->count,
		sp_range_ok(p->first, p->count, list->blocks) ? "" : ", beyond the image's end");
}

static void table_map(const struct sp_io *io, const struct sp_notes *notes,
		      const struct sp_partitions *list)
{
	static const char *const table[] = {[SP_SCHEME_MBR] = "MBR partition table",
					    [SP_SCHEME_GPT] = "GUID partition table (GPT)",
					    [SP_SCHEME_APM] = "Apple partition map"};
	static const char *const what[] = {[SP_SCHEME_MBR] = "the MBR",
					   [SP_SCHEME_GPT] = "the GPT",
					   [SP_SCHEME_APM] = "the map"};
	const bool large = list->block_size == 4096;

	sp_note(notes, "%s: a disk with %s %s%s", io->name,
		list->scheme == SP_SCHEME_GPT ? "a" : "an", table[list->scheme],
		large ? " of 4096-byte sectors; given as 512-byte blocks all the same" : "");
	for (size_t i = 0; i < list->troubles; i++)
		sp_note(notes, "%s: %s", io->name, list->trouble[i]);
	for (size_t i = 0; i < list->count && i < TABLE_TOLD; i++)
		table_tell(io, notes, list, &list->partition[i]);
	if (list->count > TABLE_TOLD)
		sp_note(notes, "%s: %s: %zu more partitions", io->name, what[list->scheme],
			list->count - TABLE_TOLD);
	else if (!list->count)
		sp_note(notes, "%s: %s without partitions", io->name, what[list->scheme]);
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

void sp_img_describe(struct sp_io *io, const struct sp_notes *notes)
{
	const struct sp_disk disk = {table_read, io, io->size};
	struct sp_partitions list = {0};

	if (!notes || sp_partitions_read(&list, &disk, NULL))
		goto out;
	if (list.scheme != SP_SCHEME_WHOLE)
		table_map(io, notes, &list);
	else if (list.count && sp_filesystem_optical(list.partition[0].filesystem))
		sp_note(notes,
			"%s: holds an optical disc's volume; as iso its sectors have 2048 bytes",
			io->name);
	else
		table_whole(io, notes, list.count ? list.partition[0].filesystem : SP_FS_UNKNOWN);
out:
	sp_partitions_free(&list);
}
