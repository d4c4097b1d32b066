/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is to be told of a UDIF image: its kind, blocks by method, block maps and checksums. */
#include "formats/dmg.h"

#include <stdio.h>

static void info_text(sp_fact_fn *fn, void *user, const char *section, unsigned row,
		      const char *key, const char *text)
{
	fn(user, &(struct sp_fact){section, row, key, text, 0});
}

static void info_number(sp_fact_fn *fn, void *user, const char *section, unsigned row,
			const char *key, uint64_t number)
{
	fn(user, &(struct sp_fact){section, row, key, NULL, number});
}

const char *dmg_kind_of(const struct dmg_map *map)
{
	static const char *const name[DMG_KINDS] = {
		[DMG_KIND_ADC] = "UDCO",   [DMG_KIND_ZLIB] = "UDZO", [DMG_KIND_BZIP2] = "UDBZ",
		[DMG_KIND_LZFSE] = "ULFO", [DMG_KIND_XZ] = "ULMO",
	};
	const char *found = NULL;

	for (unsigned kind = DMG_KIND_ADC; kind < DMG_KINDS; kind++) {
		if (map->count[kind].count && found)
			return "mixed";
		if (map->count[kind].count)
			found = name[kind];
	}
	return found ? found : "UDRO";
}

static void info_blocks(const struct dmg_map *map, sp_fact_fn *fn, void *user)
{
	unsigned row = 0;

	for (unsigned kind = 0; kind < DMG_KINDS; kind++) {
		const struct dmg_count *count = &map->count[kind];

		if (!count->count)
			continue;
		info_text(fn, user, "blocks", ++row, "method", dmg_kind_name(kind));
		info_number(fn, user, "blocks", row, "count", count->count);
		info_number(fn, user, "blocks", row, "size", count->size);
		info_number(fn, user, "blocks", row, "stored", count->stored);
		info_number(fn, user, "blocks", row, "largest", count->largest);
	}
}

static void info_sum(const struct dmg_sum *sum, const char *of, unsigned *row, sp_fact_fn *fn,
		     void *user)
{
	char name[32], value[2 * sizeof(sum->value) + 1] = "";

	if (!sum->type)
		return;
	for (unsigned i = 0; i < sum->size; i++)
		snprintf(value + 2 * i, 3, "%02x", sum->value[i]);
	info_text(fn, user, "checksums", ++*row, "of", of);
	info_text(fn, user, "checksums", *row, "type", dmg_sum_name(sum, name));
	info_text(fn, user, "checksums", *row, "value", value);
}

void dmg_describe(const struct dmg_koly *koly, const struct dmg_map *map, sp_fact_fn *fn,
		  void *user)
{
	unsigned row = 0;

	info_text(fn, user, NULL, 0, "kind", dmg_kind_of(map));
	info_text(fn, user, NULL, 0, "variant",
		  koly->variant == 1   ? "device"
		  : koly->variant == 2 ? "partition"
				       : "unknown");
	info_text(fn, user, NULL, 0, "trailer", koly->at ? "at the end" : "at the beginning");
	info_text(fn, user, NULL, 0, "block_maps",
		  koly->xml_size ? "property list" : "resource fork");
	info_number(fn, user, NULL, 0, "segments", koly->segments > 1 ? koly->segments : 1);
	if (koly->signature_size)
		info_number(fn, user, NULL, 0, "code_signature", koly->signature_size);
	info_blocks(map, fn, user);
	for (size_t i = 0; i < map->parts; i++) {
		const struct dmg_part *part = &map->part[i];

		info_text(fn, user, "maps", ++row, "name", part->name);
		info_number(fn, user, "maps", row, "start", part->first);
		info_number(fn, user, "maps", row, "length", part->count);
	}
	row = 0;
	info_sum(&koly->fork_sum, "data fork", &row, fn, user);
	for (size_t i = 0; i < map->parts; i++)
		info_sum(&map->part[i].sum, map->part[i].name, &row, fn, user);
	info_sum(&koly->master, "all block maps", &row, fn, user);
}
