/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GUID partition tables (UEFI 5.3): the header whose CRC is right, of the two there are. */
#include "base/bytes.h"
#include "codec/charset.h"
#include "codec/deflate.h"
#include "disc/partition_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	GPT_ENTRIES = 4096,          /* looked at */
	GPT_ENTRIES_BYTES = 4 << 20, /* of all of them: 128 × 128 is what there is in practice */
	GPT_HEADER = 92,
	GPT_ENTRY = 128,
};

struct gpt {
	struct sp_partitions *list;
	const struct sp_disk *disk;
	uint32_t block;
	uint8_t *header; /* a block */
	uint8_t *entries;
	size_t entries_size;
	bool good; /* both CRCs are right, and it lies where it says */
};

/* Read the header at `at` (blocks of the table) and its entries: 1 there is one, 0 none. */
static int gpt_load(struct gpt *g, uint64_t at, struct sp_error *err)
{
	uint64_t bytes, from;

	g->good = false;
	g->entries_size = 0;
	if (!sp_mul_ok(at, g->block, &from))
		return 0;
	int r = sp_partitions_get(g->disk, from, g->header, g->block, err);
	if (r <= 0 || memcmp(g->header, "EFI PART\0\0\1", 12) != 0)
		return r < 0 ? r : 0;
	const uint32_t header_size = get_le32(g->header + 12), count = get_le32(g->header + 80);
	const uint32_t size = get_le32(g->header + 84);
	if (size < GPT_ENTRY || size > 4096 || !sp_mul_ok(count, size, &bytes) ||
	    !sp_mul_ok(get_le64(g->header + 72), g->block, &from))
		return 1;
	/* a wild count loses the CRC, not the entries that are there */
	const bool whole = bytes <= GPT_ENTRIES_BYTES && sp_range_ok(from, bytes, g->disk->size);
	if (from >= g->disk->size)
		return 1;
	if (bytes > GPT_ENTRIES_BYTES)
		bytes = GPT_ENTRIES_BYTES;
	if (bytes > g->disk->size - from)
		bytes = g->disk->size - from;
	free(g->entries);
	g->entries = malloc(bytes ? (size_t)bytes : 1);
	if (!g->entries)
		return sp_fail_memory(err);
	r = bytes ? sp_partitions_get(g->disk, from, g->entries, (size_t)bytes, err) : 1;
	if (r <= 0)
		return r < 0 ? r : 1;
	g->entries_size = (size_t)bytes;
	if (!whole || header_size < GPT_HEADER || header_size > g->block ||
	    get_le64(g->header + 24) != at ||
	    sp_crc32(0, g->entries, g->entries_size) != get_le32(g->header + 88))
		return 1;
	uint8_t *copy = malloc(header_size);
	if (!copy)
		return sp_fail_memory(err);
	memcpy(copy, g->header, header_size);
	memset(copy + 16, 0, 4);
	g->good = sp_crc32(0, copy, header_size) == get_le32(g->header + 16);
	free(copy);
	return 1;
}

/* UEFI appendix A: the first three fields are little-endian. */
static void gpt_guid(const uint8_t guid[16], char text[40])
{
	snprintf(text, 40, "%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", get_le32(guid),
		 get_le16(guid + 4), get_le16(guid + 6), guid[8], guid[9], guid[10], guid[11],
		 guid[12], guid[13], guid[14], guid[15]);
}

static int gpt_entry(struct gpt *g, unsigned number, const uint8_t *entry, struct sp_error *err)
{
	static const uint8_t unused[16];
	const uint64_t first = get_le64(entry + 32), last = get_le64(entry + 40);
	const uint64_t scale = g->block / SP_DISK_BLOCK;
	struct sp_partition *p;
	size_t letters = 0;

	if (!memcmp(entry, unused, sizeof(unused)) || last < first || last > UINT64_MAX / 16)
		return 0;
	int r = sp_partitions_add(g->list, number, first * scale, (last - first + 1) * scale, &p,
				  err);
	if (r < 0)
		return r;
	gpt_guid(entry, p->type);
	p->kind = sp_partition_gpt_kind(p->type);
	while (letters < 36 && get_le16(entry + 56 + 2 * letters))
		letters++;
	char *name = sp_charset_decode(SP_CHARSET_UTF16LE, entry + 56, 2 * letters, NULL);
	if (!name)
		return sp_fail_memory(err);
	snprintf(p->name, sizeof(p->name), "%s", name);
	free(name);
	return 0;
}

static int gpt_entries(struct gpt *g, struct sp_error *err)
{
	const uint32_t count = get_le32(g->header + 80), size = get_le32(g->header + 84);

	if (count > GPT_ENTRIES)
		sp_partitions_trouble(g->list, "the GPT claims more than 4096 entries");
	for (unsigned i = 0; i < count && i < GPT_ENTRIES; i++) {
		const size_t at = (size_t)i * size;
		if (!sp_range_ok(at, GPT_ENTRY, g->entries_size))
			break;
		const int r = gpt_entry(g, i + 1, g->entries + at, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where a good table's parts are, in blocks of 512. */
static void gpt_places(struct gpt *g, unsigned which)
{
	const uint64_t scale = g->block / SP_DISK_BLOCK;
	const uint64_t blocks = (g->entries_size + g->block - 1) / g->block;

	g->list->header[which] = get_le64(g->header + 24) * scale;
	g->list->entries[which] = get_le64(g->header + 72) * scale;
	g->list->entries_count = blocks * scale;
}

/* The MBR of a GPT protects it with one partition; more are a hybrid. */
static void gpt_hybrid(struct gpt *g, const uint8_t *mbr)
{
	unsigned protective = 0, others = 0;

	for (unsigned i = 0; i < 4; i++) {
		const uint8_t type = mbr[446 + 16 * i + 4];
		protective += type == 0xee;
		others += type && type != 0xee;
	}
	if (memcmp(mbr + 510, "\x55\xaa", 2) != 0 || (!protective && !others))
		sp_partitions_trouble(g->list, "there is no protective MBR before the GPT");
	else if (others)
		sp_partitions_trouble(
			g->list,
			"a hybrid: the MBR has partitions too, and those of the GPT are told");
}

/* Of the size of block `block`: as sp_partitions_gpt. */
static int gpt_try(struct gpt *g, struct sp_error *err)
{
	const uint64_t last = g->disk->size / g->block - 1;
	int r = gpt_load(g, 1, err);

	if (r < 0)
		return r;
	const bool first_there = r, first_good = g->good;
	uint64_t other = first_good ? get_le64(g->header + 32) : last;
	if (first_good) {
		gpt_places(g, 0);
		r = gpt_entries(g, err);
	}
	if (r >= 0)
		r = gpt_load(g, other, err);
	if (r >= 0 && first_good && !g->good && other != last)
		r = gpt_load(g, other = last, err);
	if (r < 0)
		return r;
	if (g->good)
		gpt_places(g, 1);
	if (first_good && !g->good)
		sp_partitions_trouble(g->list, "the GPT's backup is missing or damaged");
	if (first_good && g->good && other != last)
		sp_partitions_trouble(g->list, "the GPT's backup is not at the disk's end");
	if (first_good)
		return 1;
	if (g->good) {
		sp_partitions_trouble(g->list, "the GPT is damaged, its backup is used");
		r = gpt_entries(g, err);
		return r < 0 ? r : 1;
	}
	if (!first_there)
		return 0;
	sp_partitions_trouble(g->list, "the GPT and its backup are damaged (CRC)");
	r = gpt_load(g, 1, err);
	if (r > 0)
		r = gpt_entries(g, err);
	return r < 0 ? r : 1;
}

static bool gpt_protected(const uint8_t *mbr)
{
	for (unsigned i = 0; i < 4; i++)
		if (mbr[446 + 16 * i + 4] == 0xee)
			return true;
	return false;
}

int sp_partitions_gpt(struct sp_partitions *list, const struct sp_disk *disk, const uint8_t *head,
		      struct sp_error *err)
{
	static const uint32_t blocks[] = {512, 4096};
	struct gpt g = {.list = list, .disk = disk, .header = malloc(4096)};
	int r = g.header ? 0 : sp_fail_memory(err);

	if (list->scheme != SP_SCHEME_GPT && !gpt_protected(head))
		goto out;
	for (size_t i = 0; !r && i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		g.block = blocks[i];
		if (disk->size >= 2 * (uint64_t)g.block)
			r = gpt_try(&g, err);
	}
	if (r <= 0)
		goto out;
	list->scheme = SP_SCHEME_GPT;
	list->block_size = g.block;
	gpt_hybrid(&g, head);
out:
	free(g.header);
	free(g.entries);
	return r;
}
