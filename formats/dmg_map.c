/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The block maps: each blkx is a header and runs of blocks, in a property list or a resource fork.
 */
#include "formats/dmg.h"

#include "base/bytes.h"
#include "formats/rsrc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_RESOURCE_MAX = 24 << 20 }; /* what a property list of the size that is read can hold */

static const struct {
	uint32_t type;
	const char *name;
	const struct sp_codec *codec;
} map_kind[DMG_KINDS] = {
	[DMG_KIND_ZERO] = {DMG_ZERO, "zero", NULL},
	[DMG_KIND_IGNORE] = {DMG_IGNORE, "ignore", NULL},
	[DMG_KIND_RAW] = {DMG_RAW, "raw", NULL},
	[DMG_KIND_ADC] = {DMG_ADC, "adc", &sp_codec_adc},
	[DMG_KIND_ZLIB] = {DMG_ZLIB, "zlib", &sp_codec_zlib},
	[DMG_KIND_BZIP2] = {DMG_BZIP2, "bzip2", &sp_codec_bzip2},
	[DMG_KIND_LZFSE] = {DMG_LZFSE, "lzfse", &sp_codec_lzfse},
	[DMG_KIND_XZ] = {DMG_XZ, "xz", &sp_codec_xz},
};

const char *dmg_kind_name(unsigned kind)
{
	return map_kind[kind].name;
}

/* What is being read: `part` counts from 0 in the order of the file. */
struct map_reader {
	struct dmg_map *map;
	struct sp_blocks *blocks;
	const struct sp_io *io; /* for its name */
	size_t part;
};

/* `run` from 1; 0: the map as a whole. */
static int map_wrong(const struct map_reader *r, const char *name, uint32_t run, int status,
		     const char *what, struct sp_error *err)
{
	char place[32] = "";

	if (run)
		snprintf(place, sizeof(place), ", run %" PRIu32, run);
	return sp_fail(err, status, "%s: block map %zu%s%s%s%s: %s", r->io->name, r->part + 1,
		       *name ? " \"" : "", name, *name ? "\"" : "", place, what);
}

static int map_ignore(struct dmg_map *map, uint64_t at, uint64_t size, struct sp_error *err)
{
	struct dmg_range *last = map->ignores ? &map->ignore[map->ignores - 1] : NULL;

	if (last && last->at + last->size == at) {
		last->size += size;
		return 0;
	}
	struct dmg_range *list = sp_grow(map->ignore, map->ignores, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	map->ignore = list;
	list[map->ignores++] = (struct dmg_range){at, size};
	return 0;
}

static unsigned map_find_kind(uint32_t type)
{
	unsigned kind = 0;

	while (kind < DMG_KINDS && map_kind[kind].type != type)
		kind++;
	return kind;
}

static void map_tally(struct dmg_map *map, unsigned kind, const struct sp_block *block)
{
	struct dmg_count *count = &map->count[kind];

	count->count++;
	count->size += block->size; /* blocks lie within INT64_MAX bytes and overlap nowhere */
	count->stored += block->stored;
	if (block->size > count->largest)
		count->largest = block->size;
}

/* One run of `part`, whose data counts from `base` of the data fork. Errors say no place. */
static int map_run(struct map_reader *r, const struct dmg_part *part, uint64_t base,
		   const uint8_t *run, struct sp_error *err)
{
	const uint32_t type = get_be32(run);
	const uint64_t first = get_be64(run + 8), count = get_be64(run + 16);
	const unsigned kind = map_find_kind(type);
	struct sp_block block = {.stored_at = get_be64(run + 24), .stored = get_be64(run + 32)};

	if (type == DMG_COMMENT || !count)
		return 0;
	if (kind == DMG_KINDS)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "unknown block type 0x%08" PRIx32, type);
	if (!sp_range_ok(first, count, part->count))
		return sp_fail(err, SP_ERR_FORMAT,
			       "%" PRIu64 " blocks from block %" PRIu64
			       " do not lie within its %" PRIu64,
			       count, first, part->count);
	block.at = (part->first + first) * DMG_BLOCK;
	block.size = count * DMG_BLOCK;
	block.codec = map_kind[kind].codec;
	if (kind == DMG_KIND_ZERO || kind == DMG_KIND_IGNORE)
		block.stored_at = block.stored = 0;
	else if (!sp_add_ok(block.stored_at, base, &block.stored_at))
		return sp_fail(err, SP_ERR_FORMAT, "lies beyond all data");
	if (kind == DMG_KIND_RAW && block.stored != block.size)
		return sp_fail(err, SP_ERR_FORMAT, "%" PRIu64 " bytes are stored for %" PRIu64,
			       block.stored, block.size);
	int status = sp_blocks_add(r->blocks, &block, err);
	if (!status && kind == DMG_KIND_IGNORE)
		status = map_ignore(r->map, block.at, block.size, err);
	if (!status)
		map_tally(r->map, kind, &block);
	return status;
}

static int map_runs(struct map_reader *r, const struct dmg_part *part, const uint8_t *mish,
		    uint32_t runs, struct sp_error *err)
{
	const uint64_t base = get_be64(mish + 24);
	bool ended = false;

	for (uint32_t i = 0; i < runs; i++) {
		const uint8_t *run = mish + DMG_MISH + (size_t)i * DMG_RUN;
		struct sp_error why;
		int status = 0;

		if (get_be32(run) == DMG_END)
			ended = true;
		else if (ended)
			status = sp_fail(&why, SP_ERR_FORMAT, "stands behind the end mark");
		else
			status = map_run(r, part, base, run, &why);
		if (status < 0)
			return map_wrong(r, part->name, i + 1, status, why.text, err);
	}
	return 0;
}

/* One blkx: its header, its runs. */
static int map_part(struct map_reader *r, const uint8_t *mish, size_t size, const char *name,
		    int id, struct sp_error *err)
{
	struct dmg_map *map = r->map;
	struct dmg_part *list = sp_grow(map->part, map->parts, sizeof(list[0]));
	uint64_t end;

	if (!list)
		return sp_fail_memory(err);
	map->part = list;
	if (size < DMG_MISH || memcmp(mish, "mish\0\0\0\1", 8) != 0)
		return map_wrong(r, "", 0, SP_ERR_FORMAT, "does not begin as one", err);
	const uint32_t runs = get_be32(mish + 200);
	if (runs > (size - DMG_MISH) / DMG_RUN)
		return map_wrong(r, "", 0, SP_ERR_FORMAT, "says more runs than it has", err);
	struct dmg_part *part = &list[map->parts];
	*part = (struct dmg_part){
		.name = strdup(name ? name : ""),
		.id = id,
		.first = get_be64(mish + 8),
		.count = get_be64(mish + 16),
	};
	if (!part->name)
		return sp_fail_memory(err);
	map->parts++;
	dmg_sum_parse(&part->sum, mish + 64);
	if (!sp_add_ok(part->first, part->count, &end) || end > r->blocks->size / DMG_BLOCK)
		return map_wrong(r, part->name, 0, SP_ERR_FORMAT,
				 "ends behind the last block of the disk", err);
	if (end > map->sectors)
		map->sectors = end;
	return map_runs(r, part, mish, runs, err);
}

static int map_plist(struct map_reader *r, struct sp_io *io, const struct dmg_koly *koly,
		     struct sp_error *err)
{
	struct sp_plist_node *root;
	int status = sp_plist_read(&root, io, koly->xml, koly->xml_size, err);

	if (status < 0)
		return status;
	const struct sp_plist_node *fork = sp_plist_get(root, "resource-fork", SP_PLIST_DICT);
	const struct sp_plist_node *blkx = sp_plist_get(fork, "blkx", SP_PLIST_ARRAY);
	if (!blkx || !blkx->child)
		status = sp_fail(err, SP_ERR_FORMAT, "%s: the property list has no block maps",
				 io->name);
	for (const struct sp_plist_node *node = blkx ? blkx->child : NULL; node && !status;
	     node = node->next, r->part++) {
		const struct sp_plist_node *data = sp_plist_get(node, "Data", SP_PLIST_DATA);
		const char *name = sp_plist_text(node, "Name"), *id = sp_plist_text(node, "ID");

		if (!name || !*name)
			name = sp_plist_text(node, "CFName");
		if (!data)
			status = map_wrong(r, "", 0, SP_ERR_FORMAT, "has no data", err);
		else
			status = map_part(r, data->data, data->size, name,
					  id ? (int)strtol(id, NULL, 10) : 0, err);
	}
	sp_plist_free(root);
	return status;
}

static int map_resources(struct map_reader *r, struct sp_io *io, const struct dmg_koly *koly,
			 struct sp_error *err)
{
	struct sp_resource *list;
	size_t count;
	int status = sp_rsrc_list(&list, &count, io, koly->rsrc, koly->rsrc_size, "blkx", err);

	if (!status && !count)
		status = sp_fail(err, SP_ERR_FORMAT, "%s: the resource fork has no block maps",
				 io->name);
	for (; !status && r->part < count; r->part++) {
		const struct sp_resource *resource = &list[r->part];
		uint8_t *mish =
			resource->size <= MAP_RESOURCE_MAX ? malloc(resource->size + 1ul) : NULL;

		if (!mish)
			status = sp_fail_memory(err);
		if (!status)
			status = sp_io_read(io, resource->at, mish, resource->size, err);
		if (!status)
			status = map_part(r, mish, resource->size, resource->name, resource->id,
					  err);
		free(mish);
	}
	free(list);
	return status;
}

static int map_compare(const void *a, const void *b)
{
	const struct dmg_range *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

int dmg_map_read(struct dmg_map *map, struct sp_blocks *blocks, struct sp_io *io,
		 const struct dmg_koly *koly, struct sp_error *err)
{
	struct map_reader r = {.map = map, .blocks = blocks, .io = io};
	int status;

	if (koly->xml_size)
		status = map_plist(&r, io, koly, err);
	else if (koly->rsrc_size)
		status = map_resources(&r, io, koly, err);
	else
		status = sp_fail(err, SP_ERR_FORMAT,
				 "%s: there is neither a property list nor a resource fork",
				 io->name);
	if (!status && map->ignores)
		qsort(map->ignore, map->ignores, sizeof(map->ignore[0]), map_compare);
	return status;
}

void dmg_map_clear(struct dmg_map *map)
{
	for (size_t i = 0; i < map->parts; i++)
		free(map->part[i].name);
	free(map->part);
	free(map->ignore);
	*map = (struct dmg_map){0};
}
