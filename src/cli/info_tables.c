/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle info: partition tables, all that a hybrid disc has, and what boots from where. */
#include "cli/info.h"

#include <spindle/tree.h>

#include <inttypes.h>
#include <string.h>

/* --- booting --- */

static void tables_boot_entry(struct facts *facts, unsigned row, const struct sp_boot_entry *entry)
{
	const struct sp_fact fact[] = {
		{"boot_catalog", row, "entry", NULL, row},
		{"boot_catalog", row, "platform", sp_boot_platform_name(entry->platform), 0},
		{"boot_catalog", row, "bootable", entry->bootable ? "yes" : "no", 0},
		{"boot_catalog", row, "media", sp_boot_media_name(entry->media), 0},
		{"boot_catalog", row, "start", NULL, entry->lba},
		{"boot_catalog", row, "load", NULL, entry->load},
		{"boot_catalog", row, "filesystem", sp_filesystem_name(entry->filesystem), 0},
	};

	for (size_t i = 0; i < sizeof(fact) / sizeof(fact[0]); i++)
		facts_take(facts, &fact[i]);
}

/* What boots where, of a disc that has a boot catalog or would boot from a USB disk. */
static void tables_boot(struct facts *facts, struct ui *ui, const struct sp_boot *boot)
{
	static const char *const way[SP_BOOT_WAYS][2] = {
		{"BIOS", "disc"}, {"UEFI", "disc"}, {"BIOS", "USB disk"}, {"UEFI", "USB disk"}};
	bool any = false;

	for (size_t i = 0; i < SP_BOOT_WAYS; i++)
		any = any || boot->way[i].boots;
	for (size_t i = 0; i < boot->troubles; i++)
		ui_note(ui, "booting: %s", boot->trouble[i]);
	if (boot->catalog == SP_LBA_NONE && !any)
		return;
	for (size_t i = 0; i < boot->entries; i++)
		tables_boot_entry(facts, (unsigned)i + 1, &boot->entry[i]);
	for (unsigned i = 0; i < SP_BOOT_WAYS; i++) {
		const struct sp_fact fact[] = {
			{"boots", i + 1, "firmware", way[i][0], 0},
			{"boots", i + 1, "from", way[i][1], 0},
			{"boots", i + 1, "boots", boot->way[i].boots ? "yes" : "no", 0},
			{"boots", i + 1, "by", boot->way[i].why, 0},
		};

		for (size_t j = 0; j < sizeof(fact) / sizeof(fact[0]); j++)
			facts_take(facts, &fact[j]);
	}
}

/* --- partitions --- */

/* What else of the disc a partition is: a boot image; on an optical disc the volume, where it
 * begins with it, or with the system area alone before it. */
static void tables_covers(char covers[32], const struct sp_partition *p, const struct sp_boot *boot,
			  bool disk)
{
	covers[0] = '\0';
	for (size_t i = 0; i < boot->entries && !covers[0]; i++)
		if (boot->entry[i].lba && (uint64_t)boot->entry[i].lba * 4 == p->first)
			snprintf(covers, 32, "boot image %zu", i + 1);
	/* of other discs it is not known what boots, nor why not */
	const bool volume = boot->way[SP_BOOT_BIOS_DISC].why[0];
	if (!disk && volume && !covers[0] && p->first < 64 && p->count > 64)
		snprintf(covers, 32, p->first ? "the volume, but its start" : "the volume");
}

struct tables_row {
	const char *section;
	unsigned row;
	const char *table; /* NULL: no column for it */
};

static void tables_partition(struct facts *facts, const struct tables_row *at,
			     const struct sp_partition *p, const struct sp_boot *boot, bool disk)
{
	char covers[32];

	tables_covers(covers, p, boot, disk);
	const struct sp_fact fact[] = {
		{at->section, at->row, "table", at->table, 0},
		{at->section, at->row, "number", NULL, p->number},
		{at->section, at->row, "start", NULL, p->first},
		{at->section, at->row, "length", NULL, p->count},
		{at->section, at->row, "filesystem", sp_filesystem_name(p->filesystem), 0},
		{at->section, at->row, "kind", p->kind, 0},
		{at->section, at->row, "type", p->type, 0},
		{at->section, at->row, "name", p->name, 0},
		{at->section, at->row, "covers", covers, 0},
	};

	for (size_t j = at->table ? 0 : 1; j < sizeof(fact) / sizeof(fact[0]); j++)
		if (j + 1 < sizeof(fact) / sizeof(fact[0]) || !disk)
			facts_take(facts, &fact[j]);
}

/* Notes of one table; `name` begins them. */
static void tables_troubles(struct ui *ui, const char *name, const struct sp_partitions *list)
{
	unsigned told = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct sp_partition *p = &list->partition[i];
		if (p->beyond && told++ < 4)
			ui_note(ui,
				"%s: partition %u ends at block %" PRIu64
				", beyond the end at %" PRIu64,
				name, p->number, p->first + p->count, list->blocks);
	}
	if (told > 4)
		ui_note(ui, "%s: %u more partitions end beyond it", name, told - 4);
	for (size_t i = 0; i < list->troubles; i++)
		ui_note(ui, "%s: %s", name, list->trouble[i]);
}

static bool tables_protective(const struct sp_partitions *list)
{
	return list->scheme == SP_SCHEME_MBR && list->count == 1 &&
	       !strcmp(list->partition[0].type, "0xee");
}

/* Tables a hybrid disc has beside the one that is in force. */
static int tables_others(struct facts *facts, struct ui *ui, struct sp_inside *inside,
			 unsigned scheme, const struct sp_boot *boot, bool disk,
			 struct sp_error *err)
{
	struct tables_row at = {.section = "other_tables"};

	for (unsigned other = SP_SCHEME_MBR; other < SP_SCHEMES; other++) {
		struct sp_partitions list;

		if (other == scheme)
			continue;
		const int r = sp_inside_partitions(inside, other, &list, err);
		at.table = sp_scheme_name(other);
		if (!r && list.scheme == other && !tables_protective(&list)) {
			for (size_t i = 0; i < list.count; i++) {
				at.row++;
				tables_partition(facts, &at, &list.partition[i], boot, disk);
			}
			tables_troubles(ui, at.table, &list);
		}
		sp_partitions_free(&list);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The table of a disk, or of a disc that has one besides. */
static int tables_partitions(struct facts *facts, struct ui *ui, struct sp_inside *inside,
			     const struct sp_boot *boot, bool disk, struct sp_error *err)
{
	struct tables_row at = {.section = "partitions"};
	struct sp_partitions list;
	int r = sp_inside_partitions(inside, SP_SCHEME_WHOLE, &list, err);

	if (!r && (disk || list.scheme != SP_SCHEME_WHOLE)) {
		facts_take(facts,
			   &(struct sp_fact){.key = "scheme", .text = sp_scheme_name(list.scheme)});
		facts_take(facts,
			   &(struct sp_fact){.key = "table_blocks", .number = list.block_size});
		for (size_t i = 0; i < list.count; i++) {
			at.row++;
			tables_partition(facts, &at, &list.partition[i], boot, disk);
		}
		tables_troubles(ui, "the partition table", &list);
		if (list.scheme != SP_SCHEME_WHOLE)
			r = tables_others(facts, ui, inside, list.scheme, boot, disk, err);
	}
	sp_partitions_free(&list);
	return r;
}

int info_tables(struct facts *partitions, struct facts *boots, struct ui *ui, struct sp_source *src,
		struct sp_error *err)
{
	const struct sp_disc *disc = src->disc;
	struct sp_boot boot;
	struct sp_inside *inside;

	if (src->caps & SP_SOURCE_SLOW)
		ui_note(ui, "partitions and file systems are not looked for: the disk is in blocks "
			    "that would have to be unpacked first");
	if (src->caps & (SP_SOURCE_SLOW | SP_SOURCE_ONCE))
		return 0;
	/* what cannot be read is told and no reason to say nothing of the rest */
	if (sp_boot_find(&boot, src, err) < 0) {
		ui_note(ui, "what boots cannot be told: %s", err->text);
		memset(&boot, 0, sizeof(boot));
		boot.catalog = SP_LBA_NONE;
	}
	/* a table counts from the disc's beginning */
	if (disc->tracks && disc->track[0].mode != SP_MODE_AUDIO && !disc->track[0].start) {
		int r = sp_inside_open(&inside, src, NULL, err);
		if (r < 0)
			return r;
		r = tables_partitions(partitions, ui, inside, &boot,
				      disc->medium == SP_MEDIUM_BLOCK, err);
		sp_inside_close(inside);
		if (r == SP_ERR_MEMORY)
			return r;
		if (r < 0)
			ui_note(ui, "partitions cannot be told: %s", err->text);
	}
	tables_boot(boots, ui, &boot);
	return 0;
}
