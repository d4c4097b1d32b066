/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The virtual allocation table of write-once discs (UDF 2.2.11): its file entry is the last block
 * that was written. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	VAT_SEARCH =
		16384, /* blocks from the last that was written: it may be run-out, or damaged */
	VAT_BLANK = 1 << 30, /* bytes of zeros behind it: images of discs that have room left */
	VAT_CHUNK = 64,      /* blocks read at once */
	VAT_OLD_TAIL = 36,   /* bytes behind the entries in UDF 1.50: identifier, previous table */
	VAT_HEAD = 152,      /* bytes before them since 2.00, at least */
	VAT_TYPE = 248,
};

/* The table's own words about the volume are newer than the volume descriptors'. */
static int vat_head(struct udf *u, const uint8_t *data, struct sp_error *err)
{
	char *label = udf_dstring(data + 4, 128);

	if (!label)
		return sp_fail_memory(err);
	if (*label) {
		free(u->fs.label);
		u->fs.label = label;
	} else {
		free(label);
	}
	u->integrity.counted = true;
	u->integrity.files = get_le32(data + 136);
	u->integrity.folders = get_le32(data + 140);
	u->integrity.read = get_le16(data + 144);
	u->integrity.write = get_le16(data + 146);
	return 0;
}

static int vat_use(struct udf *u, const struct udf_entry *entry, uint8_t *data, size_t size,
		   struct sp_error *err)
{
	size_t first = 0, end;

	if (entry->type == VAT_TYPE) {
		first = size < VAT_HEAD ? 0 : get_le16(data);
		if (first < VAT_HEAD || first > size)
			return sp_fail(err, SP_ERR_FORMAT, "a header of %zu bytes", first);
		end = size;
	} else {
		if (size < VAT_OLD_TAIL ||
		    !udf_is(data + size - VAT_OLD_TAIL, "*UDF Virtual Alloc Tbl"))
			return sp_fail(err, SP_ERR_FORMAT, "is none");
		end = size - VAT_OLD_TAIL;
	}
	const int r = entry->type == VAT_TYPE ? vat_head(u, data, err) : 0;
	if (r < 0)
		return r;
	u->vat_data = data;
	u->vat = data + first;
	u->vat_entries = (end - first) / 4;
	return 0;
}

/* 1: it is a table, and in use now; 0: it is none. */
static int vat_try(struct udf *u, struct udf_at at, struct udf_entry *entry, struct sp_error *err)
{
	const struct udf_long icb = {.size = u->block, .at = at};
	uint8_t *data = NULL;
	size_t size = 0;
	int r = udf_entry_read(u, &icb, entry, err);

	if (r < 0)
		return udf_fatal(r) ? r : 0;
	if (entry->type != VAT_TYPE && entry->type != 0)
		return 0;
	r = udf_entry_load(u, entry, UDF_VAT_ENTRIES * UINT64_C(4) + UINT16_MAX, &data, &size, err);
	if (!r)
		r = vat_use(u, entry, data, size, err);
	if (!r) {
		u->vat_sector = (entry->place - u->base) / u->sector;
		return 1;
	}
	free(data);
	if (udf_fatal(r))
		return r;
	if (entry->type == VAT_TYPE)
		sp_fs_damaged(&u->fs, "sector %llu: the virtual allocation table: %s",
			      (unsigned long long)((entry->place - u->base) / u->sector),
			      err ? err->text : "");
	return 0;
}

/* A block that may begin a file entry. */
static bool vat_likely(const uint8_t *block, size_t size, uint64_t number)
{
	const unsigned id = get_le16(block);

	return (id == UDF_TAG_FILE || id == UDF_TAG_EXTENDED_FILE) &&
	       (block[27] == VAT_TYPE || block[27] == 0) &&
	       udf_tag(block, size, -1, (int64_t)number) == UDF_TAG_GOOD;
}

/* Blocks [from, from + count) of the partition, the last one first. */
static int vat_chunk(struct udf *u, uint16_t below, uint64_t from, size_t count, uint8_t *chunk,
		     struct udf_entry *entry, struct sp_error *err)
{
	const struct udf_part *part = &u->part[below];
	const uint64_t at = part->at + from * u->block;
	int r = sp_fs_read(&u->fs, at, chunk, count * u->block, err);

	if (udf_fatal(r))
		return r;
	/* one that cannot be read should not hide the others */
	for (size_t i = 0; r < 0 && i < count; i++)
		if (sp_fs_read(&u->fs, at + i * u->block, chunk + i * u->block, u->block, NULL) < 0)
			memset(chunk + i * u->block, 0, u->block);
	for (size_t i = count; i-- > 0;) {
		if (!vat_likely(chunk + i * u->block, u->block, from + i))
			continue;
		r = vat_try(u, (struct udf_at){(uint32_t)(from + i), below}, entry, err);
		if (r)
			return r;
	}
	return 0;
}

int udf_vat_open(struct udf *u, unsigned part, uint16_t below, struct sp_error *err)
{
	const struct udf_part *p = &u->part[below];
	const uint64_t end = u->fs.volume.start + u->fs.volume.size;
	struct udf_entry entry = {.block = malloc(u->block)};
	uint8_t *chunk = malloc((size_t)VAT_CHUNK * u->block);
	int r = entry.block && chunk ? 0 : sp_fail_memory(err);
	uint64_t left = end > p->at ? (end - p->at) / u->block : 0;
	uint64_t seen = 0, blank = 0;

	if (left > p->blocks)
		left = p->blocks;
	if (left > UINT32_MAX)
		left = UINT32_MAX;
	while (!r && left && seen < VAT_SEARCH && blank < VAT_BLANK) {
		const size_t count = left < VAT_CHUNK ? (size_t)left : VAT_CHUNK;

		left -= count;
		r = vat_chunk(u, below, left, count, chunk, &entry, err);
		if (!r && !chunk[0] && !memcmp(chunk, chunk + 1, count * u->block - 1))
			blank += count * u->block;
		else
			seen += count;
	}
	free(chunk);
	free(entry.block);
	if (!r) {
		sp_fs_damaged(&u->fs,
			      "partition map %u: no virtual allocation table in the last "
			      "%u blocks: the disc is cut short, or its last session is "
			      "missing",
			      part, VAT_SEARCH);
		r = sp_fail(err, SP_ERR_FORMAT, "UDF: no virtual allocation table at the end");
	}
	return r < 0 ? r : 0;
}
