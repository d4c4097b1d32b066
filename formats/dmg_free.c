/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unused space by the volumes' own bitmaps: HFS+'s allocation file and FAT's table. */
#include "formats/dmg_free.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	FREE_PIECE = 64 << 10,
	FREE_RANGES = 1 << 20, /* told; what follows is taken for used */
	FREE_EXTENTS = 8,      /* of a fork in the volume header */
};

struct free_volume {
	struct dmg_free *list;
	const struct sp_disk *disk;
	uint64_t at, size; /* of the partition, bytes */
	const char *why;   /* it is not known what is unused; NULL: it is */
	uint8_t *piece;
};

static int free_add(struct free_volume *v, uint64_t at, uint64_t size, struct sp_error *err)
{
	struct dmg_unused *last = v->list->ranges ? &v->list->range[v->list->ranges - 1] : NULL;

	if (last && last->at + last->size == at) {
		last->size += size;
		return 0;
	}
	/* of partitions that lie over each other, the first has its say */
	if ((last && at < last->at + last->size) || v->list->ranges == FREE_RANGES)
		return 0;
	struct dmg_unused *grown = sp_grow(v->list->range, v->list->ranges, sizeof(*grown));
	if (!grown)
		return sp_fail_memory(err);
	v->list->range = grown;
	grown[v->list->ranges++] = (struct dmg_unused){at, size};
	return 0;
}

static int free_get(struct free_volume *v, uint64_t at, void *data, size_t size,
		    struct sp_error *err)
{
	if (!sp_range_ok(at, size, v->size)) {
		v->why = "its tables go beyond it";
		return 0;
	}
	const int r = v->disk->read(v->disk->user, v->at + at, data, size, err);
	return r < 0 ? r : 1;
}

/* A run of the bitmap's bytes at `at`, which tell of the blocks from *block on. */
static int free_bitmap(struct free_volume *v, uint64_t at, uint64_t size, uint64_t *block,
		       uint64_t blocks, uint32_t block_size, struct sp_error *err)
{
	while (size && *block < blocks) {
		const size_t n = size < FREE_PIECE ? (size_t)size : FREE_PIECE;
		int r = free_get(v, at, v->piece, n, err);

		if (r <= 0)
			return r;
		for (size_t i = 0; i < n * 8 && *block < blocks; i++, (*block)++) {
			if (v->piece[i / 8] & 0x80 >> i % 8)
				continue;
			r = free_add(v, v->at + *block * block_size, block_size, err);
			if (r < 0)
				return r;
		}
		at += n;
		size -= n;
	}
	return 1;
}

/* TN1150: the volume header, and the allocation file, a bit for each block from the highest bit. */
static int free_hfsplus(struct free_volume *v, struct sp_error *err)
{
	uint8_t head[512];
	int r = free_get(v, 1024, head, sizeof(head), err);

	if (r <= 0)
		return r;
	const uint32_t block_size = get_be32(head + 40), blocks = get_be32(head + 44);
	uint64_t left = get_be64(head + 112), block = 0;
	if (memcmp(head, "BD", 2) == 0)
		v->why = "it is wrapped in an HFS volume";
	else if (!(get_be32(head + 4) & 0x100))
		v->why = "it was not unmounted";
	else if (block_size < 512 || block_size & (block_size - 1) ||
		 blocks > v->size / block_size || left < ((uint64_t)blocks + 7) / 8)
		v->why = "its header is not sound";
	if (v->why)
		return 0;
	const size_t had = v->list->ranges;
	for (unsigned i = 0; i < FREE_EXTENTS && left && block < blocks; i++) {
		const uint64_t first = get_be32(head + 128 + 8 * i);
		uint64_t size = (uint64_t)get_be32(head + 132 + 8 * i) * block_size;

		if (size > left)
			size = left;
		r = free_bitmap(v, first * block_size, size, &block, blocks, block_size, err);
		if (r < 0)
			return r;
		if (v->why)
			break;
		left -= size;
	}
	if (block < blocks) {
		v->list->ranges = had;
		v->why = "its bitmap is in pieces";
	}
	return 0;
}

struct free_fat {
	unsigned bits;              /* of an entry */
	uint64_t table, data;       /* bytes from the volume's beginning */
	uint64_t clusters, cluster; /* bytes */
};

static bool free_fat_layout(struct free_fat *f, const uint8_t *boot, unsigned filesystem,
			    uint64_t size)
{
	const uint64_t block = get_le16(boot + 11);
	const uint64_t blocks = get_le16(boot + 19) ? get_le16(boot + 19) : get_le32(boot + 32);
	const uint64_t fat = get_le16(boot + 22) ? get_le16(boot + 22) : get_le32(boot + 36);

	if (block < 512 || !boot[13])
		return false;
	const uint64_t root = (get_le16(boot + 17) * UINT64_C(32) + block - 1) / block;
	const uint64_t before = get_le16(boot + 14) + boot[16] * fat + root;
	f->bits = filesystem == SP_FS_FAT12 ? 12 : filesystem == SP_FS_FAT16 ? 16 : 32;
	f->table = get_le16(boot + 14) * block;
	f->data = before * block;
	f->cluster = boot[13] * block;
	if (blocks <= before || blocks > size / block)
		return false;
	f->clusters = (blocks - before) / boot[13];
	return (f->clusters + 2) * f->bits <= fat * block * 8;
}

static uint32_t free_fat_entry(const struct free_fat *f, const uint8_t *piece, size_t i)
{
	if (f->bits == 32)
		return get_le32(piece + 4 * i) & 0x0fffffff;
	if (f->bits == 16)
		return get_le16(piece + 2 * i);
	const uint32_t pair = get_le16(piece + i * 3 / 2);
	return i % 2 ? pair >> 4 : pair & 0xfff;
}

/* Microsoft's fatgen103: entry 0 is free; entries begin with cluster 2; entry 1 has a bit that is
 * set when the volume was closed. */
static int free_fat(struct free_volume *v, unsigned filesystem, struct sp_error *err)
{
	/* of 12 bits, whole pairs; and one entry reaches into the next byte */
	enum { ENTRIES = 16384 };
	struct free_fat f;
	uint8_t boot[512];
	int r = free_get(v, 0, boot, sizeof(boot), err);

	if (r <= 0)
		return r;
	if (!free_fat_layout(&f, boot, filesystem, v->size)) {
		v->why = "its boot block is not sound";
		return 0;
	}
	for (uint64_t at = 0; at < f.clusters + 2; at += ENTRIES) {
		const uint64_t left = f.clusters + 2 - at;
		const size_t n = left < ENTRIES ? (size_t)left : ENTRIES;

		r = free_get(v, f.table + at * f.bits / 8, v->piece, (n * f.bits + 7) / 8, err);
		if (r <= 0)
			return r;
		const uint32_t closed = f.bits == 16 ? 0x8000 : f.bits == 32 ? 0x08000000 : 0;
		if (!at && closed && !(free_fat_entry(&f, v->piece, 1) & closed)) {
			v->why = "it was not unmounted";
			return 0;
		}
		for (size_t i = at ? 0 : 2; i < n; i++) {
			if (free_fat_entry(&f, v->piece, i))
				continue;
			r = free_add(v, v->at + f.data + (at + i - 2) * f.cluster, f.cluster, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int free_partition(struct free_volume *v, unsigned filesystem, struct sp_error *err)
{
	switch (filesystem) {
	case SP_FS_HFSPLUS:
	case SP_FS_HFSX:
		return free_hfsplus(v, err);
	case SP_FS_FAT12:
	case SP_FS_FAT16:
	case SP_FS_FAT32:
		return free_fat(v, filesystem, err);
	default:
		v->why = "of this file system that is not known";
		return 0;
	}
}

static int free_order(const void *a, const void *b)
{
	const struct sp_partition *const *x = a, *const *y = b;

	return (*x)->first < (*y)->first ? -1 : (*x)->first > (*y)->first;
}

int dmg_free_find(struct dmg_free *list, const struct sp_disk *disk,
		  const struct sp_partitions *map, const char *name, const struct sp_notes *notes,
		  struct sp_error *err)
{
	struct free_volume v = {.list = list, .disk = disk, .piece = malloc(FREE_PIECE + 8)};
	const struct sp_partition **order = calloc(map->count ? map->count : 1, sizeof(*order));
	int r = v.piece && order ? 0 : sp_fail_memory(err);

	*list = (struct dmg_free){0};
	for (size_t i = 0; !r && i < map->count; i++)
		order[i] = &map->partition[i];
	if (!r && map->count)
		qsort(order, map->count, sizeof(*order), free_order);
	for (size_t i = 0; !r && i < map->count; i++) {
		const struct sp_partition *p = order[i];

		if (p->container || !p->filesystem ||
		    !sp_range_ok(p->first, p->count, disk->size / SP_DISK_BLOCK))
			continue;
		v.at = p->first * SP_DISK_BLOCK;
		v.size = p->count * SP_DISK_BLOCK;
		v.why = NULL;
		r = free_partition(&v, p->filesystem, err);
		if (!r && v.why)
			sp_note(notes, "%s: partition %u (%s): its unused space is kept: %s", name,
				p->number, sp_filesystem_name(p->filesystem), v.why);
	}
	free(order);
	free(v.piece);
	return r < 0 ? r : 0;
}

void dmg_free_clear(struct dmg_free *list)
{
	free(list->range);
	*list = (struct dmg_free){0};
}
