/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partition tables: which one a disk has, MBR with its logical partitions, Apple's map. */
#include "disc/partition.h"

#include "base/bytes.h"
#include "codec/letters.h"
#include "disc/partition_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PARTITION_LOGICAL = 128, /* hops along a chain of extended boot records */
	PARTITION_APM = 256,
	PARTITION_LOOKED = 256, /* whose file systems are looked for */
};

static bool scheme_is(const uint8_t *head, size_t size, size_t at, const char *bytes, size_t n)
{
	return sp_range_ok(at, n, size) && !memcmp(head + at, bytes, n);
}

static bool scheme_gpt(const uint8_t *head, size_t size)
{
	static const char mark[] = "EFI PART\0\0\1";

	return scheme_is(head, size, 512, mark, 12) || scheme_is(head, size, 4096, mark, 12);
}

static bool scheme_apm(const uint8_t *head, size_t size)
{
	return scheme_is(head, size, 0, "ER", 2) && (scheme_is(head, size, 512, "PM\0\0", 4) ||
						     scheme_is(head, size, 2048, "PM\0\0", 4));
}

/* Boot blocks of file systems end in the same two bytes and have code where the table would be. An
 * optical disc's volume leaves its system area to whoever writes the table (ECMA-119 6.2.1), and
 * one for USB disks has a partition that begins with the disc. */
static bool scheme_mbr(const uint8_t *head, size_t size, uint64_t blocks, bool optical)
{
	unsigned used = 0;

	if (!scheme_is(head, size, 510, "\x55\xaa", 2))
		return false;
	for (const uint8_t *entry = head + 446; entry < head + 510; entry += 16) {
		if (entry[0] & 0x7f)
			return false;
		if (!entry[4])
			continue;
		if (!get_le32(entry + 12) ||
		    (!optical && (!get_le32(entry + 8) || get_le32(entry + 8) >= blocks)))
			return false;
		used++;
	}
	return used;
}

unsigned sp_scheme_find(const uint8_t *head, size_t size, uint64_t blocks)
{
	const unsigned filesystem = sp_filesystem_find(head, size);

	if (scheme_gpt(head, size))
		return SP_SCHEME_GPT;
	if (scheme_apm(head, size))
		return SP_SCHEME_APM;
	/* a volume's boot block may look like a table; that of an optical disc is one */
	const bool optical = sp_filesystem_optical(filesystem);
	if (filesystem && !optical)
		return SP_SCHEME_WHOLE;
	return scheme_mbr(head, size, blocks, optical) ? SP_SCHEME_MBR : SP_SCHEME_WHOLE;
}

void sp_partitions_trouble(struct sp_partitions *list, const char *text)
{
	for (size_t i = 0; i < list->troubles; i++)
		if (list->trouble[i] == text)
			return;
	if (list->troubles < SP_PARTITION_TROUBLES)
		list->trouble[list->troubles++] = text;
}

int sp_partitions_add(struct sp_partitions *list, unsigned number, uint64_t first, uint64_t count,
		      struct sp_partition **out, struct sp_error *err)
{
	struct sp_partition *grown = sp_grow(list->partition, list->count, sizeof(*grown));

	if (!grown)
		return sp_fail_memory(err);
	list->partition = grown;
	*out = &grown[list->count++];
	**out = (struct sp_partition){.number = number,
				      .first = first,
				      .count = count,
				      .kind = "",
				      .beyond = !sp_range_ok(first, count, list->blocks)};
	return 0;
}

int sp_partitions_get(const struct sp_disk *disk, uint64_t at, void *data, size_t size,
		      struct sp_error *err)
{
	if (!sp_range_ok(at, size, disk->size))
		return 0;
	const int r = disk->read(disk->user, at, data, size, err);
	return r < 0 ? r : 1;
}

static bool mbr_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static int mbr_add(struct sp_partitions *list, unsigned number, const uint8_t *entry, uint64_t base,
		   struct sp_error *err)
{
	struct sp_partition *p;
	const uint64_t count = get_le32(entry + 12);

	if (!count)
		return 0;
	const int r = sp_partitions_add(list, number, base + get_le32(entry + 8), count, &p, err);
	if (r < 0)
		return r;
	p->container = mbr_extended(entry[4]);
	p->kind = sp_partition_mbr_kind(entry[4]);
	snprintf(p->type, sizeof(p->type), "0x%02x", entry[4]);
	return 0;
}

/* A chain of boot records within the extended partition: each has one logical partition, which
 * counts from that record, and a link, which counts from the extended partition. */
static int mbr_logical(struct sp_partitions *list, const struct sp_disk *disk, uint64_t extended,
		       unsigned *number, struct sp_error *err)
{
	uint64_t at = extended;
	uint8_t boot[SP_DISK_BLOCK];

	for (unsigned hop = 0; hop < PARTITION_LOGICAL; hop++) {
		int r = sp_partitions_get(disk, at * SP_DISK_BLOCK, boot, sizeof(boot), err);
		if (r < 0)
			return r;
		if (!r || memcmp(boot + 510, "\x55\xaa", 2) != 0) {
			sp_partitions_trouble(list, "the chain of logical partitions is broken");
			return 0;
		}
		const uint8_t *entry = boot + 446, *link = entry + 16;
		r = entry[4] ? mbr_add(list, (*number)++, entry, at, err) : 0;
		if (r < 0 || !mbr_extended(link[4]) || !get_le32(link + 8))
			return r;
		at = extended + get_le32(link + 8);
	}
	sp_partitions_trouble(list, "the chain of logical partitions does not end");
	return 0;
}

static int mbr_read(struct sp_partitions *list, const struct sp_disk *disk, const uint8_t *head,
		    struct sp_error *err)
{
	unsigned logical = 5;

	for (unsigned i = 0; i < 4; i++) {
		const uint8_t *entry = head + 446 + 16 * i;
		int r = entry[4] ? mbr_add(list, i + 1, entry, 0, err) : 0;

		if (!r && mbr_extended(entry[4]))
			r = mbr_logical(list, disk, get_le32(entry + 8), &logical, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Mac OS Roman, ended by a zero or the field's end. */
static int apm_text(const uint8_t *field, char *text, size_t size, struct sp_error *err)
{
	char *out;
	int r = sp_letters_to_utf8("MACINTOSH", field, strnlen((const char *)field, 32), &out);

	if (r == SP_ERR_MEMORY)
		return sp_fail_memory(err);
	if (r < 0)
		return 0;
	snprintf(text, size, "%s", out);
	free(out);
	return 0;
}

/* Inside Macintosh: Devices, 3: entries of one block each, counted in blocks of the map's size. */
static int apm_read(struct sp_partitions *list, const struct sp_disk *disk, const uint8_t *head,
		    struct sp_error *err)
{
	const unsigned block = !memcmp(head + 512, "PM\0\0", 4) ? 512 : 2048;
	const uint32_t count = get_be32(head + block + 4), scale = block / SP_DISK_BLOCK;
	uint8_t entry[80];

	list->block_size = block;
	if (count > PARTITION_APM)
		sp_partitions_trouble(list, "the map claims more than 256 entries");
	for (unsigned i = 1; i <= count && i <= PARTITION_APM; i++) {
		struct sp_partition *p;
		int r = sp_partitions_get(disk, (uint64_t)i * block, entry, sizeof(entry), err);

		if (r < 0)
			return r;
		if (!r || memcmp(entry, "PM", 2) != 0) {
			sp_partitions_trouble(list, "the map ends before its last entry");
			return 0;
		}
		if (!get_be32(entry + 12))
			continue;
		r = sp_partitions_add(list, i, (uint64_t)get_be32(entry + 8) * scale,
				      (uint64_t)get_be32(entry + 12) * scale, &p, err);
		if (!r)
			r = apm_text(entry + 16, p->name, sizeof(p->name), err);
		if (!r)
			r = apm_text(entry + 48, p->type, sizeof(p->type), err);
		if (r < 0)
			return r;
		p->kind = sp_partition_apm_kind(p->type);
	}
	return 0;
}

static int partition_look(struct sp_partition *p, const struct sp_partitions *list,
			  const struct sp_disk *disk, uint8_t *head, struct sp_error *err)
{
	if (p->first >= list->blocks || p->container || !strcmp(p->type, "Apple_Free") ||
	    !strcmp(p->type, "Apple_partition_map"))
		return 0;
	const uint64_t at = p->first * SP_DISK_BLOCK;
	uint64_t size = disk->size - at;
	if (size / SP_DISK_BLOCK > p->count)
		size = p->count * SP_DISK_BLOCK;
	if (size > SP_FS_HEAD)
		size = SP_FS_HEAD;
	const int r = sp_partitions_get(disk, at, head, (size_t)size, err);
	if (r > 0)
		p->filesystem = sp_filesystem_find(head, (size_t)size);
	return r < 0 ? r : 0;
}

static int partitions_table(struct sp_partitions *list, const struct sp_disk *disk,
			    const uint8_t *head, struct sp_error *err)
{
	struct sp_partition *p;

	if (list->scheme == SP_SCHEME_MBR || list->scheme == SP_SCHEME_GPT) {
		const int r = sp_partitions_gpt(list, disk, head, err);
		if (r)
			return r < 0 ? r : 0;
		list->scheme = SP_SCHEME_MBR;
		return mbr_read(list, disk, head, err);
	}
	if (list->scheme == SP_SCHEME_APM)
		return apm_read(list, disk, head, err);
	return list->blocks ? sp_partitions_add(list, 1, 0, list->blocks, &p, err) : 0;
}

/* The table that is of this scheme, whichever one is in force: list->scheme is it, or WHOLE. */
static int partitions_other(struct sp_partitions *list, const struct sp_disk *disk, unsigned scheme,
			    const uint8_t *head, size_t size, struct sp_error *err)
{
	const bool optical = sp_filesystem_optical(sp_filesystem_find(head, size));

	if (scheme == SP_SCHEME_MBR && scheme_mbr(head, size, list->blocks, optical)) {
		list->scheme = scheme;
		return mbr_read(list, disk, head, err);
	}
	if (scheme == SP_SCHEME_APM && scheme_apm(head, size)) {
		list->scheme = scheme;
		return apm_read(list, disk, head, err);
	}
	if (scheme == SP_SCHEME_GPT) {
		const int r = sp_partitions_gpt(list, disk, head, err);
		return r < 0 ? r : 0;
	}
	return 0;
}

int sp_partitions_scheme(struct sp_partitions *list, const struct sp_disk *disk, unsigned scheme,
			 struct sp_error *err)
{
	const size_t size = disk->size < SP_FS_HEAD ? (size_t)disk->size : SP_FS_HEAD;
	uint8_t *head = calloc(1, SP_FS_HEAD);

	*list = (struct sp_partitions){.block_size = SP_DISK_BLOCK,
				       .blocks = disk->size / SP_DISK_BLOCK};
	if (!head)
		return sp_fail_memory(err);
	int r = sp_partitions_get(disk, 0, head, size, err);
	if (r > 0) {
		if (scheme == SP_SCHEME_WHOLE) {
			list->scheme = sp_scheme_find(head, size, list->blocks);
			r = partitions_table(list, disk, head, err);
		} else {
			r = partitions_other(list, disk, scheme, head, size, err);
		}
	}
	for (size_t i = 0; !r && i < list->count && i < PARTITION_LOOKED; i++)
		r = partition_look(&list->partition[i], list, disk, head, err);
	free(head);
	return r;
}

int sp_partitions_read(struct sp_partitions *list, const struct sp_disk *disk, struct sp_error *err)
{
	return sp_partitions_scheme(list, disk, SP_SCHEME_WHOLE, err);
}

void sp_partitions_free(struct sp_partitions *list)
{
	if (!list)
		return;
	free(list->partition);
	*list = (struct sp_partitions){0};
}

const struct sp_partition *sp_partitions_number(const struct sp_partitions *list, unsigned number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->partition[i].number == number)
			return &list->partition[i];
	return NULL;
}

const char *sp_scheme_name(unsigned scheme)
{
	static const char *const name[SP_SCHEMES] = {"whole", "mbr", "gpt", "apm"};

	return scheme < SP_SCHEMES ? name[scheme] : "";
}
