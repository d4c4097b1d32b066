/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kind of disk the first bytes of an image are: a partition table or a file system. */
#include "base/bytes.h"
#include "formats/img.h"

#include <string.h>

struct img_head {
	const uint8_t *data;
	size_t size;
	uint64_t disk; /* bytes of the whole image */
};

static const uint8_t *img_at(const struct img_head *h, size_t at, size_t size)
{
	return sp_range_ok(at, size, h->size) ? h->data + at : NULL;
}

static bool img_is(const struct img_head *h, size_t at, const char *bytes, size_t size)
{
	const uint8_t *p = img_at(h, at, size);

	return p && !memcmp(p, bytes, size);
}

/* Hybrid discs carry partition tables too: they are what is on the disc. */
static bool img_has_volume(const struct img_head *h)
{
	return img_is(h, 0x8001, "CD001", 5) || img_is(h, 0x8001, "BEA01", 5) ||
	       img_is(h, 0x8001, "CD-I ", 5) || img_is(h, 0x8009, "CDROM", 5);
}

static bool img_is_gpt(const struct img_head *h)
{
	static const char head[] = "EFI PART\0\0\1";

	return img_is(h, 512, head, 12) || img_is(h, 4096, head, 12);
}

static bool img_is_apm(const struct img_head *h)
{
	return img_is(h, 0, "ER", 2) &&
	       (img_is(h, 512, "PM\0\0", 4) || img_is(h, 2048, "PM\0\0", 4));
}

/* Boot sectors of file systems end in the same two bytes and have code where the table would be. */
static bool img_is_mbr(const struct img_head *h)
{
	const uint8_t *boot = img_at(h, 0, SP_IMG_BLOCK);
	unsigned used = 0;

	if (!boot || memcmp(boot + 510, "\x55\xaa", 2) != 0)
		return false;
	for (const uint8_t *entry = boot + 446; entry < boot + 510; entry += 16) {
		if (entry[0] & 0x7f)
			return false;
		if (!entry[4])
			continue;
		if (!get_le32(entry + 8) || !get_le32(entry + 12) ||
		    get_le32(entry + 8) >= h->disk / SP_IMG_BLOCK)
			return false;
		used++;
	}
	return used;
}

static bool img_power_of_two(unsigned value)
{
	return value && !(value & (value - 1));
}

/* A BIOS parameter block; floppies older than DOS 3 need not end in 55 AA. */
static bool img_is_fat(const struct img_head *h)
{
	const uint8_t *boot = img_at(h, 0, SP_IMG_BLOCK);

	if (!boot || !((boot[0] == 0xeb && boot[2] == 0x90) || boot[0] == 0xe9))
		return false;
	const unsigned block = get_le16(boot + 11), cluster = boot[13];
	return img_power_of_two(block) && block >= 512 && block <= 4096 &&
	       img_power_of_two(cluster) && get_le16(boot + 14) && boot[16] >= 1 && boot[16] <= 2 &&
	       boot[21] >= 0xf0 && (get_le16(boot + 19) || get_le32(boot + 32));
}

static bool img_is_hfsplus(const struct img_head *h)
{
	return img_is(h, 1024, "H+\0\4", 4) || img_is(h, 1024, "HX\0\5", 4);
}

/* Two letters alone are no mark: blocks, their size and the length of the volume's name as well. */
static bool img_is_hfs(const struct img_head *h)
{
	const uint8_t *mdb = img_at(h, 1024, 162);
	const uint32_t block = mdb ? get_be32(mdb + 20) : 0;

	return block && block % SP_IMG_BLOCK == 0 && !memcmp(mdb, "BD", 2) && get_be16(mdb + 18) &&
	       mdb[36] >= 1 && mdb[36] <= 27;
}

static bool img_is_ntfs(const struct img_head *h)
{
	return img_is(h, 3, "NTFS    ", 8);
}

static bool img_is_exfat(const struct img_head *h)
{
	return img_is(h, 3, "EXFAT   ", 8);
}

static bool img_is_apfs(const struct img_head *h)
{
	const uint8_t *block = img_is(h, 32, "NXSB", 4) ? img_at(h, 36, 4) : NULL;

	return block && img_power_of_two(get_le32(block)) && get_le32(block) >= 4096 &&
	       get_le32(block) <= 65536;
}

static bool img_is_ext(const struct img_head *h)
{
	const uint8_t *super = img_at(h, 1024, 60);

	return super && get_le16(super + 56) == 0xef53 && get_le32(super + 24) <= 6 &&
	       get_le32(super + 4);
}

unsigned sp_img_kind(const uint8_t *head, size_t size, uint64_t disk)
{
	/* a boot sector may look like a table: file systems before MBR */
	static const struct {
		bool (*is)(const struct img_head *h);
		unsigned kind;
	} kinds[] = {
		{img_has_volume, SP_IMG_VOLUME},  {img_is_gpt, SP_IMG_GPT},
		{img_is_apm, SP_IMG_APM},         {img_is_fat, SP_IMG_FAT},
		{img_is_ntfs, SP_IMG_NTFS},       {img_is_exfat, SP_IMG_EXFAT},
		{img_is_ext, SP_IMG_EXT},         {img_is_apfs, SP_IMG_APFS},
		{img_is_hfsplus, SP_IMG_HFSPLUS}, {img_is_hfs, SP_IMG_HFS},
		{img_is_mbr, SP_IMG_MBR},
	};
	const struct img_head h = {head, size, disk};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].is(&h))
			return kinds[i].kind;
	return SP_IMG_NONE;
}
