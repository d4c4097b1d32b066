/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a disk is parted into blkx, and what macOS calls them: one for each part of the map, each
 * partition and each gap between. */
#include "formats/dmg_write.h"

#include "base/bytes.h"
#include "disc/partition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAN_PIECES = 8192 }; /* a GPT can have 4096 partitions, each with a gap */

/* A part of the disk before it is numbered. */
struct plan_part {
	uint64_t first, count;
	const char *name, *type;
};

struct plan_parts {
	struct plan_part part[PLAN_PIECES / 2];
	size_t count;
};

const char *dmg_plan_type(unsigned filesystem)
{
	switch (filesystem) {
	case SP_FS_HFS:
	case SP_FS_HFSPLUS:
		return "Apple_HFS";
	case SP_FS_HFSX:
		return "Apple_HFSX";
	case SP_FS_APFS:
		return "Apple_APFS";
	case SP_FS_FAT12:
		return "DOS_FAT_12";
	case SP_FS_FAT16:
		return "DOS_FAT_16";
	case SP_FS_FAT32:
		return "DOS_FAT_32";
	case SP_FS_EXFAT:
	case SP_FS_NTFS:
		return "Windows_NTFS";
	case SP_FS_EXT2:
	case SP_FS_EXT3:
	case SP_FS_EXT4:
		return "Linux";
	default:
		return "unknown partition";
	}
}

/* As diskutil lists them; NULL: by number. */
static const char *plan_mbr_type(const char *type)
{
	static const struct {
		const char *byte, *type;
	} known[] = {
		{"0x01", "DOS_FAT_12"},     {"0x04", "DOS_FAT_16_S"}, {"0x06", "DOS_FAT_16"},
		{"0x07", "Windows_NTFS"},   {"0x0b", "DOS_FAT_32"},   {"0x0c", "Windows_FAT_32"},
		{"0x0e", "Windows_FAT_16"}, {"0x82", "Linux_Swap"},   {"0x83", "Linux"},
		{"0x8e", "Linux_LVM"},      {"0xa8", "Apple_UFS"},    {"0xab", "Apple_Boot"},
		{"0xaf", "Apple_HFS"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].byte, type))
			return known[i].type;
	return type;
}

/* Apple's own have names, others stay GUIDs. */
static const char *plan_gpt_type(const char *guid)
{
	static const struct {
		const char *guid, *type;
	} known[] = {
		{"48465300-0000-11AA-AA11-00306543ECAC", "Apple_HFS"},
		{"7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple_APFS"},
		{"55465300-0000-11AA-AA11-00306543ECAC", "Apple_UFS"},
		{"426F6F74-0000-11AA-AA11-00306543ECAC", "Apple_Boot"},
		{"53746F72-6167-11AA-AA11-00306543ECAC", "Apple_CoreStorage"},
		{"52414944-0000-11AA-AA11-00306543ECAC", "Apple_RAID"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].guid, guid))
			return known[i].type;
	return guid;
}

static bool plan_add(struct plan_parts *parts, uint64_t first, uint64_t count, const char *name,
		     const char *type)
{
	if (parts->count == sizeof(parts->part) / sizeof(parts->part[0]))
		return false;
	parts->part[parts->count++] = (struct plan_part){first, count, name, type};
	return true;
}

/* The parts of the map that are no partitions. */
static bool plan_map(struct plan_parts *parts, const struct sp_partitions *map)
{
	const uint64_t scale = map->block_size / DMG_BLOCK;

	switch (map->scheme) {
	case SP_SCHEME_MBR:
		return plan_add(parts, 0, 1, "Master Boot Record", "MBR");
	case SP_SCHEME_APM:
		return plan_add(parts, 0, scale, "Driver Descriptor Map", "DDM");
	default:
		break;
	}
	static const char *const header[] = {"Primary GPT Header", "Backup GPT Header"};
	static const char *const table[] = {"Primary GPT Table", "Backup GPT Table"};
	/* a table of which a half is lost has no parts of its own */
	if (!map->header[0] || !map->header[1])
		return false;
	bool fits = plan_add(parts, 0, scale, "Protective Master Boot Record", "MBR");
	for (unsigned i = 0; i < 2; i++) {
		fits = fits && plan_add(parts, map->header[i], scale, "GPT Header", header[i]);
		fits = fits && plan_add(parts, map->entries[i], map->entries_count,
					"GPT Partition Data", table[i]);
	}
	return fits;
}

static bool plan_partitions(struct plan_parts *parts, const struct sp_partitions *map)
{
	bool fits = true;

	for (size_t i = 0; fits && i < map->count; i++) {
		const struct sp_partition *p = &map->partition[i];
		const char *type = map->scheme == SP_SCHEME_MBR   ? plan_mbr_type(p->type)
				   : map->scheme == SP_SCHEME_GPT ? plan_gpt_type(p->type)
								  : p->type;
		/* logical partitions stay within their extended one, which macOS takes whole */
		if (map->scheme == SP_SCHEME_MBR && p->number > 4)
			continue;
		/* gaps are found, also where the map tells them */
		if (map->scheme == SP_SCHEME_APM && !strcmp(type, "Apple_Free"))
			continue;
		fits = plan_add(parts, p->first, p->count, p->name, type);
	}
	return fits;
}

static int plan_order(const void *a, const void *b)
{
	const struct plan_part *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* In order, within the disk, none over another. */
static bool plan_sound(struct plan_parts *parts, uint64_t sectors)
{
	uint64_t end = 0;

	qsort(parts->part, parts->count, sizeof(parts->part[0]), plan_order);
	for (size_t i = 0; i < parts->count; i++) {
		const struct plan_part *p = &parts->part[i];

		if (p->first < end || !sp_range_ok(p->first, p->count, sectors))
			return false;
		end = p->first + p->count;
	}
	return true;
}

static int plan_piece(struct dmg_plan *plan, uint64_t first, uint64_t count, const char *name,
		      const char *type, bool free, struct sp_error *err)
{
	struct dmg_piece *grown = sp_grow(plan->piece, plan->pieces, sizeof(*grown));

	if (!grown)
		return sp_fail_memory(err);
	plan->piece = grown;
	struct dmg_piece *p = &grown[plan->pieces];
	*p = (struct dmg_piece){.first = first, .count = count, .free = free};
	snprintf(p->name, sizeof(p->name), "%s (%s : %zu)", name, type, plan->pieces);
	plan->pieces++;
	return 0;
}

static int plan_pieces(struct dmg_plan *plan, const struct plan_parts *parts, struct sp_error *err)
{
	uint64_t end = 0;
	int r = 0;

	for (size_t i = 0; !r && i <= parts->count; i++) {
		const struct plan_part *p = i < parts->count ? &parts->part[i] : NULL;
		const uint64_t next = p ? p->first : plan->sectors;

		if (next > end)
			r = plan_piece(plan, end, next - end, "", "Apple_Free", true, err);
		if (!r && p)
			r = plan_piece(plan, p->first, p->count, p->name, p->type, false, err);
		end = p ? p->first + p->count : end;
	}
	return r;
}

int dmg_plan_make(struct dmg_plan *plan, uint64_t sectors, const struct sp_partitions *map,
		  const char *type, struct sp_error *err)
{
	*plan = (struct dmg_plan){.sectors = sectors};
	if (map && map->scheme != SP_SCHEME_WHOLE) {
		struct plan_parts *parts = calloc(1, sizeof(*parts));
		int r = -1;

		if (!parts)
			return sp_fail_memory(err);
		if (plan_map(parts, map) && plan_partitions(parts, map) &&
		    plan_sound(parts, sectors))
			r = plan_pieces(plan, parts, err);
		else
			r = 1;
		free(parts);
		if (r <= 0)
			return r;
	}
	plan->whole = true;
	return plan_piece(plan, 0, sectors, "whole disk", type, false, err);
}

void dmg_plan_clear(struct dmg_plan *plan)
{
	for (size_t i = 0; i < plan->pieces; i++)
		free(plan->piece[i].run);
	free(plan->piece);
	*plan = (struct dmg_plan){0};
}
