/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File entries (4/14.9, 4/14.17): the one in force at an ICB, and where its content lies. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	ENTRY_FREE_HOPS =
		1 << 18, /* along chains of ICBs, for a whole volume; then, for each file: */
	ENTRY_FEW_HOPS = 16,
	AD_SHORT = 0,
	AD_LONG = 1,
	AD_EXTENDED = 2,
	AD_EMBEDDED = 3,
};

static int entry_bad(const struct udf_at *at, struct sp_error *err, const char *why)
{
	return sp_fail(err, SP_ERR_FORMAT, "the file entry at block %u of partition %u %s",
		       at->block, at->part, why);
}

/* What the block says; the fields of both kinds of entry differ from byte 64 on. */
static int entry_parse(struct udf *u, struct udf_entry *entry, struct sp_error *err)
{
	const uint8_t *d = entry->block;

	entry->extended = get_le16(d) == UDF_TAG_EXTENDED_FILE;
	entry->type = d[27];
	entry->flags = get_le16(d + 34);
	entry->size = get_le64(d + 56);
	entry->begin = entry->extended ? 216 : 176;
	entry->attributes = get_le32(d + entry->begin - 8);
	entry->allocations = get_le32(d + entry->begin - 4);
	entry->attribute_file = udf_long(d + (entry->extended ? 136 : 112));
	entry->stream_folder = entry->extended ? udf_long(d + 152) : (struct udf_long){.size = 0};
	if (!sp_range_ok(entry->attributes, entry->allocations, u->block - entry->begin))
		return entry_bad(&entry->at, err, "is longer than its block");
	return 0;
}

/* Whether a chain of ICBs may be followed further. */
static bool entry_hop(struct udf *u, unsigned hop)
{
	if (u->hops < ENTRY_FREE_HOPS) {
		u->hops += hop > 1;
		return hop < UDF_ICB_CHAIN;
	}
	return hop < ENTRY_FEW_HOPS;
}

/* 4/14.6.2: with strategy 4096 each entry is followed by an indirect entry, which leads to the next
 * version; the last one counts. */
int udf_entry_read(struct udf *u, const struct udf_long *icb, struct udf_entry *entry,
		   struct sp_error *err)
{
	struct udf_at at = icb->at, loop = at;
	uint64_t left = icb->size;
	bool have = false;
	unsigned hop = 0;

	for (; entry_hop(u, hop); hop++) {
		struct udf_seen seen;
		const int r = udf_read_tagged(u, at, -1, u->scratch, &seen, err);

		if (r < 0 && (!have || udf_fatal(r)))
			return r;
		const unsigned id = r < 0 || seen.state == UDF_TAG_BLANK ? UDF_TAG_TERMINAL
				    : seen.state == UDF_TAG_NONE         ? 0
									 : get_le16(u->scratch);
		if (id == UDF_TAG_FILE || id == UDF_TAG_EXTENDED_FILE) {
			memcpy(entry->block, u->scratch, u->block);
			entry->at = at;
			entry->place = seen.at;
			have = true;
			if (seen.state != UDF_TAG_GOOD)
				sp_fs_damaged(&u->fs,
					      "the file entry at block %u of partition %u %s",
					      at.block, at.part, udf_tag_text(seen.state));
			const unsigned strategy = get_le16(entry->block + 20);
			if (strategy != 4096 || left < 2 * (uint64_t)u->block)
				break;
			at.block++;
			left -= u->block;
		} else if (id == UDF_TAG_INDIRECT && udf_long(u->scratch + 36).size) {
			const struct udf_long next = udf_long(u->scratch + 36);

			at = next.at;
			left = next.size;
		} else if (have) {
			break;
		} else {
			return entry_bad(&at, err,
					 seen.state == UDF_TAG_GOOD ? udf_tag_text(UDF_TAG_OTHER)
								    : udf_tag_text(seen.state));
		}
		if (hop && at.block == loop.block && at.part == loop.part)
			return entry_bad(&at, err, "leads back to itself");
		if (!(hop & (hop - 1)))
			loop = at;
	}
	if (!have)
		return entry_bad(&icb->at, err, "is behind too many others");
	return entry_parse(u, entry, err);
}

/* --- where the content lies --- */

struct entry_map {
	struct udf *u;
	const struct udf_entry *entry;
	struct sp_fs_extents *list;
	uint64_t left; /* bytes of the file */
};

static int map_add(struct entry_map *m, struct udf_at at, uint64_t size, struct sp_error *err)
{
	struct udf *u = m->u;

	while (size) {
		uint64_t byte, run;
		int r = udf_locate(u, at, size, false, &byte, &run, err);

		if (!r)
			r = sp_fs_extents_add(m->list, &u->fs, byte, run, false, err);
		if (r < 0)
			return r;
		size -= run;
		at.block += (uint32_t)(run / u->block);
	}
	return 0;
}

/* Allocation descriptors (4/14.14). 1: they go on in the block *next leads to; 0: that was all. */
static int map_descriptors(struct entry_map *m, const uint8_t *data, size_t size,
			   struct udf_long *next, struct sp_error *err)
{
	const unsigned kind = m->entry->flags & 7;
	const size_t step = kind == AD_SHORT ? 8 : kind == AD_LONG ? 16 : 20;

	for (; size >= step && m->left; data += step, size -= step) {
		struct udf_long ad;

		if (kind == AD_LONG)
			ad = udf_long(data);
		else if (kind == AD_SHORT)
			ad = (struct udf_long){get_le32(data) & 0x3fffffff,
					       get_le32(data) >> 30,
					       {get_le32(data + 4), m->entry->at.part}};
		else
			ad = (struct udf_long){get_le32(data) & 0x3fffffff,
					       get_le32(data) >> 30,
					       {get_le32(data + 12), get_le16(data + 16)}};
		if (!ad.size)
			return 0;
		if (ad.kind == UDF_CONTINUED) {
			*next = ad;
			return 1;
		}
		const uint64_t n = ad.size < m->left ? ad.size : m->left;
		const int r = ad.kind == UDF_RECORDED
				      ? map_add(m, ad.at, n, err)
				      : sp_fs_extents_add(m->list, &m->u->fs, 0, n, true, err);
		if (r < 0)
			return r;
		m->left -= n;
	}
	return 0;
}

/* 4/14.5: blocks of further allocation descriptors, each of which may lead to the next. */
static int map_chain(struct entry_map *m, struct udf_long next, struct sp_error *err)
{
	struct udf *u = m->u;
	uint8_t *block = malloc(u->block);
	struct udf_at loop = next.at;
	int r = block ? 1 : sp_fail_memory(err);

	for (unsigned hop = 0; r == 1; hop++) {
		struct udf_seen seen;

		r = hop < UDF_ALLOCATIONS
			    ? udf_read_tagged(u, next.at, UDF_TAG_ALLOCATION, block, &seen, err)
			    : sp_fail(err, SP_ERR_FORMAT, "its extents are in too many pieces");
		if (r < 0)
			break;
		const size_t size = get_le32(block + 20);
		if ((seen.state != UDF_TAG_GOOD && seen.state != UDF_TAG_BROKEN) ||
		    size > u->block - 24) {
			r = sp_fail(err, SP_ERR_FORMAT,
				    "its extents at block %u of partition %u: the descriptor %s",
				    next.at.block, next.at.part,
				    seen.state == UDF_TAG_GOOD ? "is longer than its block"
							       : udf_tag_text(seen.state));
			break;
		}
		if (seen.state != UDF_TAG_GOOD)
			sp_fs_damaged(&u->fs, "the extents at block %u of partition %u: %s",
				      next.at.block, next.at.part, udf_tag_text(seen.state));
		r = map_descriptors(m, block + 24, size, &next, err);
		if (r == 1 && next.at.block == loop.block && next.at.part == loop.part)
			r = sp_fail(err, SP_ERR_FORMAT,
				    "its extents at block %u of partition %u lead back to "
				    "themselves",
				    next.at.block, next.at.part);
		if (!(hop & (hop - 1)))
			loop = next.at;
	}
	free(block);
	return r;
}

int udf_entry_map(struct udf *u, const struct udf_entry *entry, struct sp_fs_extents *list,
		  struct sp_error *err)
{
	struct entry_map m = {.u = u, .entry = entry, .list = list, .left = entry->size};
	const uint32_t at = entry->begin + entry->attributes;
	struct udf_long next;
	int r;

	switch (entry->flags & 7) {
	case AD_SHORT:
	case AD_LONG:
	case AD_EXTENDED:
		r = map_descriptors(&m, entry->block + at, entry->allocations, &next, err);
		if (r == 1)
			r = map_chain(&m, next, err);
		break;
	case AD_EMBEDDED:
		if (m.left > entry->allocations)
			m.left = entry->allocations;
		r = sp_fs_extents_add(list, &u->fs, entry->place + at, m.left, false, err);
		break;
	default:
		return entry_bad(&entry->at, err, "has allocation descriptors of a kind unknown");
	}
	if (!r && list->size < entry->size)
		r = sp_fail(err, SP_ERR_FORMAT,
			    "the file entry at block %u of partition %u: %llu bytes, of which its "
			    "extents have %llu",
			    entry->at.block, entry->at.part, (unsigned long long)entry->size,
			    (unsigned long long)list->size);
	return r;
}

int udf_entry_load(struct udf *u, const struct udf_entry *entry, uint64_t most, uint8_t **data,
		   size_t *size, struct sp_error *err)
{
	struct sp_fs_extents list = {0};
	/* all of it is to be held: a hole does not make it larger than the disc */
	int r = entry->size <= most && entry->size <= u->fs.volume.size
			? udf_entry_map(u, entry, &list, err)
			: sp_fail(err, SP_ERR_FORMAT, "is %llu bytes long",
				  (unsigned long long)entry->size);

	*data = r < 0 ? NULL : calloc(1, (size_t)entry->size + 1);
	*size = (size_t)entry->size;
	if (!r && !*data)
		r = sp_fail_memory(err);
	uint64_t at = 0;
	for (size_t i = 0; !r && i < list.count; i++) {
		const struct sp_fs_extent *e = &list.extent[i];

		if (!e->hole)
			r = sp_fs_read(&u->fs, e->at, *data + at, (size_t)e->size, err);
		at += e->size;
	}
	sp_fs_extents_free(&list);
	if (r < 0) {
		free(*data);
		*data = NULL;
	}
	return r;
}
