/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The partitions of a plain disk image, told in notes: MBR with its logical ones, GPT, Apple map;
 * and a FAT volume's own size. */
#include "base/bytes.h"
#include "formats/img.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TABLE_TOLD = 32, /* partitions told one by one, the others are counted */
	TABLE_LOGICAL = 128,
	TABLE_GPT = 1024,
	TABLE_APM = 256,
	TABLE_HEAD = 0x8800,
};

struct table {
	struct sp_io *io;
	const struct sp_notes *notes;
	unsigned found;
};

static bool table_read(const struct table *t, uint64_t at, void *data, size_t size)
{
	return sp_range_ok(at, size, t->io->size) && !sp_io_read(t->io, at, data, size, NULL);
}

/* `start` and `size` in 512-byte blocks, whatever the table counts in. */
static void table_tell(struct table *t, unsigned number, const char *type, const char *name,
		       uint64_t start, uint64_t size)
{
	const uint64_t disk = t->io->size / SP_IMG_BLOCK;

	if (++t->found > TABLE_TOLD)
		return;
	sp_note(t->notes, "%s: partition %u: %s%s%s%s, block %llu, %llu blocks%s", t->io->name,
		number, type, *name ? " \"" : "", name, *name ? "\"" : "",
		(unsigned long long)start, (unsigned long long)size,
		sp_range_ok(start, size, disk) ? "" : ", beyond the image's end");
}

static void table_count(const struct table *t, const char *what)
{
	if (t->found > TABLE_TOLD)
		sp_note(t->notes, "%s: %s: %u more partitions", t->io->name, what,
			t->found - TABLE_TOLD);
	else if (!t->found)
		sp_note(t->notes, "%s: %s without partitions", t->io->name, what);
}

static const char *table_mbr_type(uint8_t type, char text[24])
{
	static const struct {
		uint8_t type;
		const char *name;
	} known[] = {
		{0x01, "FAT12"},      {0x04, "FAT16"},      {0x05, "extended"},
		{0x06, "FAT16"},      {0x07, "NTFS/exFAT"}, {0x0b, "FAT32"},
		{0x0c, "FAT32"},      {0x0e, "FAT16"},      {0x0f, "extended"},
		{0x82, "Linux swap"}, {0x83, "Linux"},      {0x85, "extended"},
		{0x8e, "Linux LVM"},  {0xa5, "FreeBSD"},    {0xa8, "Apple UFS"},
		{0xaf, "Apple HFS"},  {0xee, "GPT"},        {0xef, "EFI system"},
		{0xfd, "Linux RAID"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == type)
			return known[i].name;
	snprintf(text, 24, "type 0x%02x", type);
	return text;
}

static bool table_mbr_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* A chain of boot records within the extended partition: each has one logical partition, which
 * counts from that record, and a link, which counts from the extended partition. */
static void table_logical(struct table *t, uint64_t extended)
{
	uint64_t at = extended;
	uint8_t boot[SP_IMG_BLOCK];
	char text[24];

	for (unsigned hop = 0; hop < TABLE_LOGICAL; hop++) {
		if (!table_read(t, at * SP_IMG_BLOCK, boot, sizeof(boot)) ||
		    memcmp(boot + 510, "\x55\xaa", 2) != 0)
			return;
		const uint8_t *entry = boot + 446, *link = entry + 16;
		if (entry[4])
			table_tell(t, 5 + hop, table_mbr_type(entry[4], text), "",
				   at + get_le32(entry + 8), get_le32(entry + 12));
		if (!table_mbr_extended(link[4]) || !get_le32(link + 8))
			return;
		at = extended + get_le32(link + 8);
	}
}

static void table_mbr(struct table *t, const uint8_t *head)
{
	char text[24];

	sp_note(t->notes, "%s: a disk with an MBR partition table", t->io->name);
	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *entry = head + 446 + 16 * i;

		if (!entry[4])
			continue;
		table_tell(t, i + 1, table_mbr_type(entry[4], text), "", get_le32(entry + 8),
			   get_le32(entry + 12));
		if (table_mbr_extended(entry[4]))
			table_logical(t, get_le32(entry + 8));
	}
	table_count(t, "the MBR");
}

/* UEFI 5.3.3: the first three fields are little-endian. */
static const char *table_guid(const uint8_t guid[16], char text[40])
{
	static const struct {
		const char *guid, *name;
	} known[] = {
		{"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI system"},
		{"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "basic data"},
		{"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux"},
		{"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "Linux swap"},
		{"21686148-6449-6E6F-744E-656564454649", "BIOS boot"},
		{"48465300-0000-11AA-AA11-00306543ECAC", "Apple HFS"},
		{"7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"},
	};

	snprintf(text, 40, "%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", get_le32(guid),
		 get_le16(guid + 4), get_le16(guid + 6), guid[8], guid[9], guid[10], guid[11],
		 guid[12], guid[13], guid[14], guid[15]);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].guid, text))
			return known[i].name;
	return text;
}

static void table_gpt_entry(struct table *t, unsigned number, const uint8_t entry[128],
			    uint64_t scale)
{
	static const uint8_t unused[16];
	const uint64_t first = get_le64(entry + 32), last = get_le64(entry + 40);
	char text[40], name[37];
	size_t n = 0;

	if (!memcmp(entry, unused, sizeof(unused)) || last < first || last > UINT64_MAX / 16)
		return;
	for (; n < 36 && get_le16(entry + 56 + 2 * n); n++)
		name[n] = get_le16(entry + 56 + 2 * n) < 0x80 ? (char)entry[56 + 2 * n] : '?';
	name[n] = '\0';
	table_tell(t, number, table_guid(entry, text), name, first * scale,
		   (last - first + 1) * scale);
}

static void table_gpt(struct table *t, const uint8_t *head)
{
	const uint64_t block = !memcmp(head + 512, "EFI PART", 8) ? 512 : 4096;
	const uint8_t *gpt = head + block;
	const uint64_t at = get_le64(gpt + 72), size = get_le32(gpt + 84);
	uint32_t count = get_le32(gpt + 80);
	uint8_t entry[128];

	sp_note(t->notes, "%s: a disk with a GUID partition table (GPT)%s", t->io->name,
		block == 512 ? "" : " of 4096-byte sectors; given as 512-byte blocks all the same");
	if (size < 128 || size > 4096 || at > t->io->size / block)
		return;
	if (count > TABLE_GPT)
		count = TABLE_GPT;
	for (uint32_t i = 0; i < count; i++) {
		if (!table_read(t, at * block + i * size, entry, sizeof(entry)))
			break;
		table_gpt_entry(t, i + 1, entry, block / SP_IMG_BLOCK);
	}
	table_count(t, "the GPT");
}

/* Inside Macintosh: Devices, 3: entries of one block each, counted in blocks of the map's size. */
static void table_apm(struct table *t, const uint8_t *head)
{
	const uint64_t block = !memcmp(head + 512, "PM\0\0", 4) ? 512 : 2048;
	uint32_t count = get_be32(head + block + 4);
	uint8_t entry[80];
	char name[33] = "", type[33] = "";

	sp_note(t->notes, "%s: a disk with an Apple partition map", t->io->name);
	if (count > TABLE_APM)
		count = TABLE_APM;
	for (uint32_t i = 1; i <= count; i++) {
		if (!table_read(t, i * block, entry, sizeof(entry)) || memcmp(entry, "PM", 2) != 0)
			break;
		memcpy(name, entry + 16, 32);
		memcpy(type, entry + 48, 32);
		table_tell(t, i, type, name, get_be32(entry + 8) * (block / SP_IMG_BLOCK),
			   get_be32(entry + 12) * (block / SP_IMG_BLOCK));
	}
	table_count(t, "the map");
}

static void table_fat(struct table *t, const uint8_t *head)
{
	const uint64_t block = get_le16(head + 11);
	const uint64_t blocks = get_le16(head + 19) ? get_le16(head + 19) : get_le32(head + 32);
	const uint64_t bytes = blocks * block, disk = t->io->size;

	sp_note(t->notes, "%s: a disk without partitions, with a FAT file system", t->io->name);
	if (bytes > disk)
		sp_note(t->notes,
			"%s: truncated: the file system has %llu bytes, the file %llu; %llu "
			"missing",
			t->io->name, (unsigned long long)bytes, (unsigned long long)disk,
			(unsigned long long)(bytes - disk));
	else if (bytes < disk)
		sp_note(t->notes, "%s: %llu bytes follow the file system's end, kept", t->io->name,
			(unsigned long long)(disk - bytes));
}

void sp_img_describe(struct sp_io *io, const struct sp_notes *notes)
{
	static const char *const system[] = {
		[SP_IMG_NTFS] = "an NTFS", [SP_IMG_EXFAT] = "an exFAT",
		[SP_IMG_EXT] = "an ext",   [SP_IMG_APFS] = "an APFS",
		[SP_IMG_HFS] = "an HFS",   [SP_IMG_HFSPLUS] = "an HFS+",
	};
	static void (*const tell[])(struct table * t, const uint8_t *head) = {
		[SP_IMG_GPT] = table_gpt,
		[SP_IMG_APM] = table_apm,
		[SP_IMG_MBR] = table_mbr,
		[SP_IMG_FAT] = table_fat,
	};
	struct table t = {io, notes, 0};
	const size_t size = io->size < TABLE_HEAD ? (size_t)io->size : TABLE_HEAD;
	uint8_t *head = calloc(1, TABLE_HEAD);

	if (!notes || !head || !table_read(&t, 0, head, size))
		goto out;
	const unsigned kind = sp_img_kind(head, size, io->size);
	if (kind == SP_IMG_VOLUME)
		sp_note(notes,
			"%s: holds an optical disc's volume; as iso its sectors have 2048 bytes",
			io->name);
	else if (kind < sizeof(tell) / sizeof(tell[0]) && tell[kind])
		tell[kind](&t, head);
	else if (kind < sizeof(system) / sizeof(system[0]) && system[kind])
		sp_note(notes, "%s: a disk without partitions, with %s file system", io->name,
			system[kind]);
	else
		sp_note(notes,
			"%s: no partition table or file system known here; taken as plain "
			"blocks of 512 bytes",
			io->name);
out:
	free(head);
}
