/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loaders in a FAT file system's EFI/BOOT: all that is read of it. */
#include "tree/boot.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

enum {
	FAT_SECTOR = 512,
	FAT_ENTRY = 32,
	FAT_NAME = 11,        /* eight letters and three, padded */
	FAT_ENTRIES = 65536,  /* of a directory, and no more are read */
	FAT12_MOST = 4084,    /* clusters: with more it is FAT16 … */
	FAT16_MOST = 65524,   /* … with more FAT32 */
	FAT_DIRECTORY = 0x10, /* attribute */
	FAT_LABEL = 0x08,     /* a volume's label, or a piece of a long name */
};

struct fat {
	const struct sp_disk *disk;
	uint64_t table, root, data; /* bytes of the disk */
	uint32_t cluster;           /* bytes */
	uint32_t clusters;
	uint32_t root_entries; /* of a root that is no chain; 0: it is one */
	uint32_t root_cluster;
};

static int fat_open(struct fat *fat, const struct sp_disk *disk, uint64_t at, struct sp_error *err)
{
	uint8_t b[FAT_SECTOR];

	*fat = (struct fat){.disk = disk};
	const int r = sp_boot_get(fat->disk, at, b, sizeof(b), err);
	if (r <= 0)
		return r;
	const uint32_t sector = get_le16(b + 11), spc = b[13], reserved = get_le16(b + 14);
	const uint32_t entries = get_le16(b + 17), fats = b[16];
	const uint64_t total = get_le16(b + 19) ? get_le16(b + 19) : get_le32(b + 32);
	const uint64_t table = get_le16(b + 22) ? get_le16(b + 22) : get_le32(b + 36);

	if (get_le16(b + 510) != 0xaa55 || sector < FAT_SECTOR || sector > 4096 ||
	    sector & (sector - 1) || !spc || spc & (spc - 1) || !reserved || !fats || !table)
		return 0;
	const uint64_t root = reserved + fats * table;
	const uint64_t data = root + ((uint64_t)entries * FAT_ENTRY + sector - 1) / sector;
	if (data >= total || (total - data) / spc > UINT32_MAX / 16)
		return 0;
	fat->clusters = (uint32_t)((total - data) / spc);
	if ((fat->clusters > FAT16_MOST) != !entries)
		return 0;
	fat->table = at + (uint64_t)reserved * sector;
	fat->root = at + root * sector;
	fat->data = at + data * sector;
	fat->cluster = spc * sector;
	fat->root_entries = entries;
	fat->root_cluster = entries ? 0 : get_le32(b + 44);
	return 1;
}

/* The cluster after this one, 0 at the end of its chain. */
static int fat_next(const struct fat *fat, uint32_t *cluster, struct sp_error *err)
{
	const uint64_t c = *cluster;
	uint8_t b[4] = {0};
	int r;

	*cluster = 0;
	if (fat->clusters > FAT16_MOST) {
		r = sp_boot_get(fat->disk, fat->table + c * 4, b, 4, err);
		*cluster = r > 0 ? get_le32(b) & 0x0fffffff : 0;
	} else if (fat->clusters > FAT12_MOST) {
		r = sp_boot_get(fat->disk, fat->table + c * 2, b, 2, err);
		*cluster = r > 0 ? get_le16(b) : 0;
	} else {
		r = sp_boot_get(fat->disk, fat->table + c + c / 2, b, 2, err);
		*cluster = r <= 0 ? 0 : c & 1 ? get_le16(b) >> 4 : get_le16(b) & 0xfff;
	}
	if (*cluster < 2 || *cluster - 2 >= fat->clusters)
		*cluster = 0;
	return r < 0 ? r : 0;
}

/* True: enough. */
typedef bool fat_fn(void *user, const uint8_t *entry);

/* Entries of the directory that begins at `cluster`, 0: the root. */
static int fat_each(const struct fat *fat, uint32_t cluster, fat_fn *fn, void *user,
		    struct sp_error *err)
{
	uint32_t left = FAT_ENTRIES;
	uint8_t b[FAT_SECTOR];
	int r = 0;

	if (!cluster)
		cluster = fat->root_cluster;
	if (cluster && (cluster < 2 || cluster - 2 >= fat->clusters))
		return 0;
	if (!cluster && fat->root_entries < left)
		left = fat->root_entries;
	for (uint64_t done = 0; left && r >= 0; done += FAT_SECTOR) {
		if (fat->cluster && cluster && done && done % fat->cluster == 0) {
			r = fat_next(fat, &cluster, err);
			if (r < 0 || !cluster)
				return r;
		}
		const uint64_t at = cluster ? fat->data + (uint64_t)(cluster - 2) * fat->cluster +
						      done % fat->cluster
					    : fat->root + done;
		r = sp_boot_get(fat->disk, at, b, sizeof(b), err);
		if (r <= 0)
			return r;
		for (size_t i = 0; i < FAT_SECTOR && left; i += FAT_ENTRY, left--)
			if (!b[i] || (b[i] != 0xe5 && !(b[i + 11] & FAT_LABEL) && fn(user, b + i)))
				return 0;
	}
	return r < 0 ? r : 0;
}

struct fat_search {
	const char *name;
	uint32_t cluster; /* 0: not found */
};

static bool fat_folder(void *user, const uint8_t *entry)
{
	struct fat_search *s = user;

	if (memcmp(entry, s->name, FAT_NAME) != 0 || !(entry[11] & FAT_DIRECTORY))
		return false;
	s->cluster = (uint32_t)get_le16(entry + 20) << 16 | get_le16(entry + 26);
	return true;
}

struct fat_loaders {
	char *text;
	size_t size, used;
};

static bool fat_loader(void *user, const uint8_t *entry)
{
	/* the last two have longer names than FAT's own; these are what drivers make of them */
	static const char *const known[][2] = {
		{"BOOTX64 EFI", "x64"}, {"BOOTIA32EFI", "ia32"},    {"BOOTAA64EFI", "aa64"},
		{"BOOTARM EFI", "arm"}, {"BOOTRI~1EFI", "riscv64"}, {"BOOTLO~1EFI", "loongarch64"},
	};
	struct fat_loaders *l = user;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (memcmp(entry, known[i][0], FAT_NAME) != 0 || entry[11] & FAT_DIRECTORY)
			continue;
		const int n = snprintf(l->text + l->used, l->size - l->used, "%s%s",
				       l->used ? ", " : "", known[i][1]);
		if (n > 0 && (size_t)n < l->size - l->used)
			l->used += (size_t)n;
	}
	return false;
}

int sp_boot_loaders(char *text, size_t size, const struct sp_disk *disk, uint64_t at,
		    struct sp_error *err)
{
	static const char *const path[] = {"EFI        ", "BOOT       "};
	struct fat_search s = {NULL, 0};
	struct fat_loaders loaders = {text, size, 0};
	struct fat fat;

	text[0] = '\0';
	int r = fat_open(&fat, disk, at, err);
	if (r <= 0)
		return r;
	r = 0;
	for (size_t i = 0; !r && i < 2; i++) {
		const uint32_t from = s.cluster;

		s = (struct fat_search){path[i], 0};
		r = fat_each(&fat, from, fat_folder, &s, err);
		if (!r && !s.cluster)
			return 0;
	}
	return r ? r : fat_each(&fat, s.cluster, fat_loader, &loaders, err);
}
