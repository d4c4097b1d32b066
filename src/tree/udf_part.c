/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a logical block lies on the disc: partitions that are plain, virtual (UDF 2.2.8), sparable
 * (2.2.9) or a file of metadata with its mirror (2.2.10). */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static int part_beyond(const struct udf *u, struct udf_at from, struct sp_error *err)
{
	const struct udf_part *part = &u->part[from.part];

	return sp_fail(err, SP_ERR_FORMAT, "block %u of partition %u: the partition has %llu",
		       from.block, from.part, (unsigned long long)part->blocks);
}

static int part_plain(const struct udf *u, struct udf_at from, uint64_t size, uint64_t *at,
		      uint64_t *run, struct sp_error *err)
{
	const struct udf_part *part = &u->part[from.part];

	if (from.block >= part->blocks)
		return part_beyond(u, from, err);
	const uint64_t left = (part->blocks - from.block) * u->block;
	*at = part->at + (uint64_t)from.block * u->block;
	*run = size < left ? size : left;
	return 0;
}

static int part_virtual(const struct udf *u, struct udf_at from, uint64_t size, uint64_t *at,
			uint64_t *run, struct sp_error *err)
{
	const struct udf_part *part = &u->part[from.part];

	if (from.block >= u->vat_entries)
		return sp_fail(err, SP_ERR_FORMAT,
			       "block %u of partition %u: the allocation table has %zu", from.block,
			       from.part, u->vat_entries);
	const uint32_t first = get_le32(u->vat + 4 * (size_t)from.block);
	if (first == UINT32_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "block %u of partition %u: is not in use",
			       from.block, from.part);
	if (first >= part->blocks)
		return part_beyond(u, (struct udf_at){first, from.part}, err);
	uint64_t count = 1;
	while (count * u->block < size && from.block + count < u->vat_entries &&
	       first + count < part->blocks &&
	       get_le32(u->vat + 4 * (size_t)(from.block + count)) == first + count)
		count++;
	*at = part->at + (uint64_t)first * u->block;
	*run = size < count * u->block ? size : count * u->block;
	return 0;
}

static int part_sparable(const struct udf *u, struct udf_at from, uint64_t size, uint64_t *at,
			 uint64_t *run, struct sp_error *err)
{
	const struct udf_part *part = &u->part[from.part];
	size_t low = 0, high = part->spares;
	int r = part_plain(u, from, size, at, run, err);

	if (r < 0 || !part->spares)
		return r;
	/* the first packet that was moved and does not end before this block */
	while (low < high) {
		const size_t half = low + (high - low) / 2;
		if ((uint64_t)part->spare[half].from + part->packet <= from.block)
			low = half + 1;
		else
			high = half;
	}
	if (low == part->spares)
		return 0;
	const struct udf_spare *spare = &part->spare[low];
	uint64_t left = ((uint64_t)spare->from - from.block) * u->block;
	if (spare->from <= from.block) {
		const uint64_t skip = (uint64_t)(from.block - spare->from) * u->block;

		left = (uint64_t)part->packet * u->block - skip;
		*at = u->base + (uint64_t)spare->to * u->sector + skip;
	}
	if (*run > left)
		*run = left;
	return 0;
}

static int part_metadata(const struct udf *u, struct udf_at from, uint64_t size, bool mirror,
			 uint64_t *at, uint64_t *run, struct sp_error *err)
{
	const struct udf_part *part = &u->part[from.part];
	const struct udf_pieces *meta = &part->meta[mirror || !part->meta[0].count];
	const uint64_t byte = (uint64_t)from.block * u->block;
	size_t low = 0, high = meta->count;

	while (low < high) {
		const size_t half = low + (high - low) / 2;
		if (meta->piece[half].from + meta->piece[half].size <= byte)
			low = half + 1;
		else
			high = half;
	}
	if (low == meta->count || meta->piece[low].from > byte)
		return sp_fail(err, SP_ERR_FORMAT, "block %u of partition %u: no metadata",
			       from.block, from.part);
	const uint64_t skip = byte - meta->piece[low].from, left = meta->piece[low].size - skip;
	*at = meta->piece[low].at + skip;
	*run = size < left ? size : left;
	return 0;
}

int udf_locate(struct udf *u, struct udf_at from, uint64_t size, bool mirror, uint64_t *at,
	       uint64_t *run, struct sp_error *err)
{
	const unsigned kind =
		from.part < u->parts || from.part == UDF_PARTS ? u->part[from.part].kind : 0;

	switch (kind) {
	case UDF_PART_PLAIN:
		return part_plain(u, from, size, at, run, err);
	case UDF_PART_VIRTUAL:
		return part_virtual(u, from, size, at, run, err);
	case UDF_PART_SPARABLE:
		return part_sparable(u, from, size, at, run, err);
	case UDF_PART_METADATA:
		return part_metadata(u, from, size, mirror, at, run, err);
	default:
		return sp_fail(err, SP_ERR_FORMAT, "block %u of partition %u: there is no such %s",
			       from.block, from.part,
			       from.part < u->parts ? "partition on this disc" : "partition map");
	}
}

int udf_read_tagged(struct udf *u, struct udf_at from, int id, uint8_t *block,
		    struct udf_seen *seen, struct sp_error *err)
{
	const bool mirror = from.part < u->parts && u->part[from.part].meta[0].count &&
			    u->part[from.part].meta[1].count;
	struct udf_seen best = {.state = UDF_TAG_NONE};
	bool found = false;

	/* once more after a mirror that was no better */
	for (unsigned i = 0; i < 3; i++) {
		uint64_t at, run;
		int r = udf_locate(u, from, u->block, i == 1, &at, &run, err);

		if (!r && run < u->block)
			r = sp_fail(err, SP_ERR_FORMAT, "block %u of partition %u: is cut short",
				    from.block, from.part);
		if (!r)
			r = sp_fs_read(&u->fs, at, block, u->block, err);
		if (udf_fatal(r) || (r < 0 && !mirror))
			return r;
		if (!r) {
			*seen = (struct udf_seen){udf_tag(block, u->block, id, from.block), at};
			if (seen->state == UDF_TAG_GOOD || !mirror || (i == 2 && found))
				return 0;
			if (i == 1 && !found)
				return 0;
			best = *seen;
			found = true;
		} else if (i == 2) {
			return r;
		}
	}
	*seen = best;
	return 0;
}

/* The map of what a virtual or metadata partition lies in; where it has none, one is made. */
static uint16_t part_below(struct udf *u, unsigned part)
{
	const struct udf_part *above = &u->part[part];

	for (uint16_t i = 0; i < u->parts; i++)
		if ((u->part[i].kind == UDF_PART_PLAIN || u->part[i].kind == UDF_PART_SPARABLE) &&
		    u->part[i].number == above->number)
			return i;
	u->part[UDF_PARTS] = (struct udf_part){.kind = UDF_PART_PLAIN,
					       .number = above->number,
					       .at = above->at,
					       .blocks = above->blocks};
	return UDF_PARTS;
}

static int part_spare_order(const void *a, const void *b)
{
	const struct udf_spare *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* UDF 2.2.12. The copy with the highest number is in force; *order is that of the one before. */
static int part_spares_read(struct udf *u, struct udf_part *part, uint32_t sector, uint32_t *order,
			    struct sp_error *err)
{
	const uint64_t at = u->base + (uint64_t)sector * u->sector;
	uint8_t head[56];
	int r = sp_fs_read(&u->fs, at, head, sizeof(head), err);

	if (r < 0)
		return r;
	const size_t count = get_le16(head + 48), size = sizeof(head) + 8 * count;
	uint8_t *table = malloc(size);
	struct udf_spare *spare = table ? malloc((count + 1) * sizeof(*spare)) : NULL;
	r = spare ? sp_fs_read(&u->fs, at, table, size, err) : sp_fail_memory(err);
	const unsigned state =
		r < 0 ? UDF_TAG_NONE : udf_tag(table, size, UDF_TAG_SPARING, (int64_t)sector);
	if (!r && (state != UDF_TAG_GOOD || !udf_is(head + 16, "*UDF Sparing Table")))
		r = sp_fail(err, SP_ERR_FORMAT, "%s",
			    state == UDF_TAG_GOOD ? "is none" : udf_tag_text(state));
	if (!r && (!part->spare || get_le32(head + 52) > *order)) {
		*order = get_le32(head + 52);
		part->spares = 0;
		for (size_t i = 0; i < count; i++) {
			const uint8_t *entry = table + sizeof(head) + 8 * i;

			/* free entries, and spare packets that are bad themselves */
			if (get_le32(entry) < UINT32_C(0xfffffff0))
				spare[part->spares++] =
					(struct udf_spare){get_le32(entry), get_le32(entry + 4)};
		}
		if (part->spares)
			qsort(spare, part->spares, sizeof(*spare), part_spare_order);
		free(part->spare);
		part->spare = spare;
		spare = NULL;
	}
	free(spare);
	free(table);
	return r;
}

static int part_sparing(struct udf *u, unsigned index, struct sp_error *err)
{
	struct udf_part *part = &u->part[index];
	uint32_t order = 0;

	if (!part->packet) {
		sp_fs_odd(&u->fs, "partition map %u: packets of no blocks", index);
		return 0;
	}
	for (unsigned i = 0; i < part->files; i++) {
		const int r = part_spares_read(u, part, part->file[i], &order, err);

		if (udf_fatal(r))
			return r;
		if (r < 0)
			sp_fs_odd(&u->fs, "sector %u: the sparing table %s", part->file[i],
				  err && err->text[0] ? err->text : "cannot be read");
	}
	if (part->files && !part->spare)
		sp_fs_damaged(&u->fs,
			      "partition map %u: no sparing table: blocks that were moved "
			      "are not found",
			      index);
	return 0;
}

static int part_pieces(struct udf_pieces *to, const struct sp_fs_extents *list,
		       struct sp_error *err)
{
	uint64_t from = 0;

	if (list->count > UDF_META_RUNS)
		return sp_fail(err, SP_ERR_FORMAT, "in more than %u pieces", UDF_META_RUNS);
	to->piece = calloc(list->count + 1, sizeof(*to->piece));
	if (!to->piece)
		return sp_fail_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		const struct sp_fs_extent *e = &list->extent[i];

		if (!e->hole)
			to->piece[to->count++] = (struct udf_piece){from, e->at, e->size};
		from += e->size;
	}
	return 0;
}

static int part_meta_read(struct udf *u, struct udf_part *part, unsigned which, uint16_t below,
			  struct sp_error *err)
{
	struct udf_entry entry = {.block = malloc(u->block)};
	struct sp_fs_extents list = {0};
	const struct udf_long icb = {.size = u->block, .at = {part->file[which], below}};
	int r = entry.block ? udf_entry_read(u, &icb, &entry, err) : sp_fail_memory(err);

	if (!r && entry.type != 250 + which)
		r = sp_fail(err, SP_ERR_FORMAT, "a file of type %u", entry.type);
	if (!r)
		r = udf_entry_map(u, &entry, &list, err);
	if (!r)
		r = part_pieces(&part->meta[which], &list, err);
	sp_fs_extents_free(&list);
	free(entry.block);
	return r;
}

static int part_meta(struct udf *u, unsigned index, struct sp_error *err)
{
	static const char *const name[] = {"metadata file", "metadata mirror"};
	struct udf_part *part = &u->part[index];
	const uint16_t below = part_below(u, index);

	for (unsigned which = 0; which < 2; which++) {
		const int r = part_meta_read(u, part, which, below, err);

		if (udf_fatal(r))
			return r;
		if (r < 0)
			sp_fs_damaged(&u->fs, "partition map %u: the %s: %s", index, name[which],
				      err ? err->text : "");
	}
	if (!part->meta[0].count && !part->meta[1].count)
		return sp_fail(err, SP_ERR_FORMAT,
			       "UDF: neither the metadata file nor its mirror can be read");
	return 0;
}

int udf_parts_open(struct udf *u, struct sp_error *err)
{
	int r = 0;

	for (unsigned i = 0; !r && i < u->parts; i++)
		if (u->part[i].kind == UDF_PART_SPARABLE)
			r = part_sparing(u, i, err);
	for (unsigned i = 0; !r && i < u->parts; i++) {
		if (u->part[i].kind == UDF_PART_VIRTUAL && !u->vat)
			r = udf_vat_open(u, i, part_below(u, i), err);
		if (!r && u->part[i].kind == UDF_PART_METADATA)
			r = part_meta(u, i, err);
	}
	return r;
}

void udf_parts_free(struct udf *u)
{
	for (unsigned i = 0; i < u->parts; i++) {
		free(u->part[i].spare);
		free(u->part[i].meta[0].piece);
		free(u->part[i].meta[1].piece);
	}
	free(u->vat_data);
}
