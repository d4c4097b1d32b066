/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which file system the first bytes of a volume are. */
#include "base/bytes.h"
#include "disc/partition.h"

#include <string.h>

struct fs_head {
	const uint8_t *data;
	size_t size;
};

static const uint8_t *fs_at(const struct fs_head *h, size_t at, size_t size)
{
	return sp_range_ok(at, size, h->size) ? h->data + at : NULL;
}

static bool fs_is(const struct fs_head *h, size_t at, const char *bytes, size_t size)
{
	const uint8_t *p = fs_at(h, at, size);

	return p && !memcmp(p, bytes, size);
}

static bool fs_power_of_two(unsigned value)
{
	return value && !(value & (value - 1));
}

/* ECMA-119 8, the High Sierra draft, Green Book III.2 and ECMA-167 2/9: sector 16 of 2048 bytes. */
static unsigned fs_optical(const struct fs_head *h)
{
	if (fs_is(h, 0x8001, "CD001", 5))
		return SP_FS_ISO9660;
	if (fs_is(h, 0x8009, "CDROM", 5))
		return SP_FS_HIGH_SIERRA;
	if (fs_is(h, 0x8001, "CD-I ", 5))
		return SP_FS_CDI;
	return fs_is(h, 0x8001, "BEA01", 5) ? SP_FS_UDF : SP_FS_UNKNOWN;
}

/* A BIOS parameter block; floppies older than DOS 3 need not end in 55 AA. Which FAT it is, the
 * number of clusters alone decides (Microsoft's fatgen103). */
static unsigned fs_fat(const struct fs_head *h)
{
	const uint8_t *boot = fs_at(h, 0, SP_DISK_BLOCK);

	if (!boot || !((boot[0] == 0xeb && boot[2] == 0x90) || boot[0] == 0xe9))
		return SP_FS_UNKNOWN;
	const unsigned block = get_le16(boot + 11), cluster = boot[13];
	const uint64_t blocks = get_le16(boot + 19) ? get_le16(boot + 19) : get_le32(boot + 32);
	if (!fs_power_of_two(block) || block < 512 || block > 4096 || !fs_power_of_two(cluster) ||
	    !get_le16(boot + 14) || boot[16] < 1 || boot[16] > 2 || boot[21] < 0xf0 || !blocks)
		return SP_FS_UNKNOWN;
	const uint64_t fat = get_le16(boot + 22) ? get_le16(boot + 22) : get_le32(boot + 36);
	const uint64_t before = get_le16(boot + 14) + boot[16] * fat +
				(get_le16(boot + 17) * 32u + block - 1) / block;
	const uint64_t clusters = blocks > before ? (blocks - before) / cluster : 0;
	if (!get_le16(boot + 22))
		return SP_FS_FAT32;
	return clusters < 4085 ? SP_FS_FAT12 : clusters < 65525 ? SP_FS_FAT16 : SP_FS_FAT32;
}

/* TN1150: signature and version. */
static unsigned fs_hfsplus(const struct fs_head *h)
{
	if (fs_is(h, 1024, "H+\0\4", 4))
		return SP_FS_HFSPLUS;
	return fs_is(h, 1024, "HX\0\5", 4) ? SP_FS_HFSX : SP_FS_UNKNOWN;
}

/* Two letters alone are no mark: blocks, their size and the length of the volume's name as well.
 * One that only wraps an HFS+ volume (TN1150) is told as what it wraps. */
static unsigned fs_hfs(const struct fs_head *h)
{
	const uint8_t *mdb = fs_at(h, 1024, 162);
	const uint32_t block = mdb ? get_be32(mdb + 20) : 0;

	if (!block || block % SP_DISK_BLOCK || memcmp(mdb, "BD", 2) != 0 || !get_be16(mdb + 18) ||
	    mdb[36] < 1 || mdb[36] > 27)
		return SP_FS_UNKNOWN;
	return !memcmp(mdb + 124, "H+", 2) ? SP_FS_HFSPLUS : SP_FS_HFS;
}

static unsigned fs_apfs(const struct fs_head *h)
{
	const uint8_t *block = fs_is(h, 32, "NXSB", 4) ? fs_at(h, 36, 4) : NULL;

	return block && fs_power_of_two(get_le32(block)) && get_le32(block) >= 4096 &&
			       get_le32(block) <= 65536
		       ? SP_FS_APFS
		       : SP_FS_UNKNOWN;
}

/* ext4 is what has a feature no older kernel writes; ext3 is ext2 with a journal. */
static unsigned fs_ext(const struct fs_head *h)
{
	const uint8_t *super = fs_at(h, 1024, 104);

	if (!super || get_le16(super + 56) != 0xef53 || get_le32(super + 24) > 6 ||
	    !get_le32(super + 4))
		return SP_FS_UNKNOWN;
	/* extents, 64bit, mmp, flex_bg, …; huge_file, gdt_csum, dir_nlink, extra_isize, … */
	if (get_le32(super + 96) & ~0x1fu || get_le32(super + 100) & ~7u)
		return SP_FS_EXT4;
	return get_le32(super + 92) & 4 ? SP_FS_EXT3 : SP_FS_EXT2;
}

static unsigned fs_marked(const struct fs_head *h)
{
	static const struct {
		uint32_t at, size;
		const char *bytes;
		unsigned filesystem;
	} marks[] = {
		{0, 4, "XFSB", SP_FS_XFS},
		{0, 4, "hsqs", SP_FS_SQUASHFS},
		{0, 6, "LUKS\xba\xbe", SP_FS_LUKS},
		{512, 8, "LABELONE", SP_FS_LVM},
		{1024, 4, "\x10\x20\xf5\xf2", SP_FS_F2FS},
		{4086, 10, "SWAPSPACE2", SP_FS_SWAP},
		{0x10040, 8, "_BHRfS_M", SP_FS_BTRFS},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (fs_is(h, marks[i].at, marks[i].bytes, marks[i].size))
			return marks[i].filesystem;
	return SP_FS_UNKNOWN;
}

static unsigned fs_boot(const struct fs_head *h)
{
	if (fs_is(h, 3, "NTFS    ", 8))
		return SP_FS_NTFS;
	if (fs_is(h, 3, "EXFAT   ", 8))
		return SP_FS_EXFAT;
	return fs_is(h, 3, "-FVE-FS-", 8) ? SP_FS_BITLOCKER : SP_FS_UNKNOWN;
}

unsigned sp_filesystem_find(const uint8_t *head, size_t size)
{
	/* optical first: hybrid discs carry other volumes' boot blocks, which are not the disc */
	static unsigned (*const kinds[])(const struct fs_head *) = {
		fs_optical, fs_boot, fs_fat, fs_ext, fs_apfs, fs_hfsplus, fs_hfs, fs_marked,
	};
	const struct fs_head h = {head, size};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const unsigned found = kinds[i](&h);

		if (found)
			return found;
	}
	return SP_FS_UNKNOWN;
}

bool sp_filesystem_optical(unsigned filesystem)
{
	return filesystem >= SP_FS_ISO9660 && filesystem <= SP_FS_UDF;
}

const char *sp_filesystem_name(unsigned filesystem)
{
	static const char *const name[SP_FILESYSTEMS] = {
		[SP_FS_UNKNOWN] = "",
		[SP_FS_FAT12] = "FAT12",
		[SP_FS_FAT16] = "FAT16",
		[SP_FS_FAT32] = "FAT32",
		[SP_FS_EXFAT] = "exFAT",
		[SP_FS_NTFS] = "NTFS",
		[SP_FS_EXT2] = "ext2",
		[SP_FS_EXT3] = "ext3",
		[SP_FS_EXT4] = "ext4",
		[SP_FS_HFS] = "HFS",
		[SP_FS_HFSPLUS] = "HFS+",
		[SP_FS_HFSX] = "HFSX",
		[SP_FS_APFS] = "APFS",
		[SP_FS_ISO9660] = "ISO 9660",
		[SP_FS_HIGH_SIERRA] = "High Sierra",
		[SP_FS_CDI] = "CD-i",
		[SP_FS_UDF] = "UDF",
		[SP_FS_BTRFS] = "btrfs",
		[SP_FS_XFS] = "XFS",
		[SP_FS_F2FS] = "F2FS",
		[SP_FS_SQUASHFS] = "squashfs",
		[SP_FS_SWAP] = "Linux swap",
		[SP_FS_LUKS] = "LUKS",
		[SP_FS_LVM] = "LVM",
		[SP_FS_BITLOCKER] = "BitLocker",
	};

	return filesystem < SP_FILESYSTEMS ? name[filesystem] : "";
}
