/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source's sectors as bytes, and its partitions by them. */
#include "stream/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_SECTORS = 64, BYTES_STRIDE = 2048 };

struct bytes {
	struct sp_source *src;
	uint32_t sector;
	uint8_t data[BYTES_SECTORS * BYTES_STRIDE];
	uint16_t state[BYTES_SECTORS];
};

/* Whole sectors through a buffer: what is looked for is small. */
static int bytes_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct bytes *b = user;
	uint8_t *out = data;

	while (size) {
		const sp_lba lba = (sp_lba)(at / b->sector);
		const struct sp_region *region = sp_disc_region(b->src->disc, lba);
		const size_t skip = (size_t)(at % b->sector);
		uint64_t count = (skip + size + b->sector - 1) / b->sector;

		if (!region)
			return sp_fail(err, SP_ERR_FORMAT, "LBA %lld: not on the disc",
				       (long long)lba);
		const uint64_t left = region->count - (uint64_t)(lba - region->lba);
		if (count > left)
			count = left;
		if (count > BYTES_SECTORS)
			count = BYTES_SECTORS;
		struct sp_span span = {.lba = lba,
				       .count = (uint32_t)count,
				       .mode = region->mode,
				       .parts = region->parts,
				       .stride = b->sector,
				       .data = b->data,
				       .state = b->state};
		const int r = sp_source_read(b->src, &span, err);
		if (r < 0)
			return r;
		size_t n = (size_t)count * b->sector - skip;
		if (n > size)
			n = size;
		memcpy(out, b->data + skip, n);
		out += n;
		at += n;
		size -= n;
	}
	return 0;
}

static bool bytes_fit(const struct sp_source *src)
{
	const struct sp_disc *disc = src->disc;
	bool fits = disc->tracks == 1 && disc->regions && !disc->region[0].lba &&
		    !(src->caps & SP_SOURCE_ONCE);

	for (size_t i = 0; fits && i < disc->regions; i++)
		fits = (disc->region[i].mode == SP_MODE_BLOCK512 ||
			disc->region[i].mode == SP_MODE_DATA2048) &&
		       disc->region[i].mode == disc->region[0].mode &&
		       disc->region[i].parts == SP_PART_USER;
	return fits;
}

int sp_bytes_open(struct sp_disk *disk, struct sp_source *src, struct sp_error *err)
{
	*disk = (struct sp_disk){0};
	if (!bytes_fit(src))
		return sp_fail(err, SP_ERR_USAGE, "only a disc of blocks has partitions");
	struct bytes *b = malloc(sizeof(*b));
	if (!b)
		return sp_fail_memory(err);
	b->src = src;
	b->sector = src->disc->region[0].mode == SP_MODE_BLOCK512 ? SP_DISK_BLOCK : 2048;
	*disk = (struct sp_disk){bytes_read, b, sp_disc_sectors(src->disc) * b->sector};
	return 0;
}

void sp_bytes_close(struct sp_disk *disk)
{
	free(disk->user);
	*disk = (struct sp_disk){0};
}

int sp_partitions_find(struct sp_partitions *list, struct sp_source *src, struct sp_error *err)
{
	struct sp_disk disk;

	*list = (struct sp_partitions){0};
	int r = sp_bytes_open(&disk, src, err);
	if (!r)
		r = sp_partitions_read(list, &disk, err);
	sp_bytes_close(&disk);
	return r;
}
