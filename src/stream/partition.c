/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The partitions of a source's disc. */
#include "disc/partition.h"

#include <spindle/stream.h>

#include <stdlib.h>
#include <string.h>

enum { PARTITION_SECTORS = 64, PARTITION_STRIDE = 2048 };

struct partition_reader {
	struct sp_source *src;
	uint32_t sector;
	uint8_t data[PARTITION_SECTORS * PARTITION_STRIDE];
	uint16_t state[PARTITION_SECTORS];
};

/* Whole sectors through a buffer: tables and boot blocks are small. */
static int partition_bytes(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct partition_reader *p = user;
	uint8_t *out = data;

	while (size) {
		const sp_lba lba = (sp_lba)(at / p->sector);
		const struct sp_region *region = sp_disc_region(p->src->disc, lba);
		const size_t skip = (size_t)(at % p->sector);
		uint64_t count = (skip + size + p->sector - 1) / p->sector;

		if (!region)
			return sp_fail(err, SP_ERR_FORMAT, "LBA %lld: not on the disc",
				       (long long)lba);
		const uint64_t left = region->count - (uint64_t)(lba - region->lba);
		if (count > left)
			count = left;
		if (count > PARTITION_SECTORS)
			count = PARTITION_SECTORS;
		struct sp_span span = {.lba = lba,
				       .count = (uint32_t)count,
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = p->sector,
				       .data = p->data,
				       .state = p->state};
		const int r = sp_source_read(p->src, &span, err);
		if (r < 0)
			return r;
		size_t n = (size_t)count * p->sector - skip;
		if (n > size)
			n = size;
		memcpy(out, p->data + skip, n);
		out += n;
		at += n;
		size -= n;
	}
	return 0;
}

int sp_partitions_find(struct sp_partitions *list, struct sp_source *src, struct sp_error *err)
{
	const struct sp_disc *disc = src->disc;

	*list = (struct sp_partitions){0};
	bool fits = disc->tracks == 1 && disc->regions && !disc->region[0].lba &&
		    !(src->caps & SP_SOURCE_ONCE);
	for (size_t i = 0; fits && i < disc->regions; i++)
		fits = (disc->region[i].mode == SP_MODE_BLOCK512 ||
			disc->region[i].mode == SP_MODE_DATA2048) &&
		       disc->region[i].mode == disc->region[0].mode &&
		       disc->region[i].parts == SP_PART_USER;
	if (!fits)
		return sp_fail(err, SP_ERR_USAGE, "only a disc of blocks has partitions");
	struct partition_reader *p = malloc(sizeof(*p));
	if (!p)
		return sp_fail_memory(err);
	p->src = src;
	p->sector = disc->region[0].mode == SP_MODE_BLOCK512 ? SP_DISK_BLOCK : 2048;
	const struct sp_disk disk = {partition_bytes, p, sp_disc_sectors(disc) * p->sector};
	const int r = sp_partitions_read(list, &disk, err);
	free(p);
	return r;
}
