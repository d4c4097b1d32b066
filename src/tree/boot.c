/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What boots, and from where: El Torito's catalog, the MBR and the partitions. */
#include "tree/boot.h"

#include "base/bytes.h"
#include "stream/volume.h"
#include "tree/disc_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	BOOT_SECTOR = SP_VOLUME_SECTOR,
	BOOT_FIRST = 16,    /* volume descriptors from there, ECMA-119 6.7.1 */
	BOOT_PLACE = 17,    /* the boot record's, El Torito 1.0, 2.0: no other is looked at */
	BOOT_LAST = 64,     /* descriptors looked at */
	BOOT_RECORD = 32,   /* bytes of the catalog's */
	BOOT_RECORDS = 256, /* looked at */
	BOOT_CODE = 440,    /* bytes of an MBR before its table */
	BOOT_UEFI = 0xef,
};

int sp_boot_get(const struct sp_disk *disk, uint64_t at, void *data, size_t size,
		struct sp_error *err)
{
	if (at > disk->size || size > disk->size - at)
		return 0;
	const int r = disk->read(disk->user, at, data, size, err);
	return r < 0 ? r : 1;
}

static void boot_trouble(struct sp_boot *boot, const char *text)
{
	if (boot->troubles < sizeof(boot->trouble) / sizeof(boot->trouble[0]))
		boot->trouble[boot->troubles++] = text;
}

/* 1: an ISO 9660 volume is there, and boot->catalog says where its catalog is. */
static int boot_record(struct sp_boot *boot, const struct sp_disk *disk, uint64_t start,
		       struct sp_error *err)
{
	static const char name[] = "EL TORITO SPECIFICATION";
	uint8_t d[BOOT_SECTOR];
	bool volume = false;

	for (unsigned i = BOOT_FIRST; i < BOOT_LAST; i++) {
		const int r =
			sp_boot_get(disk, start + (uint64_t)i * BOOT_SECTOR, d, sizeof(d), err);

		if (r < 0)
			return r;
		if (!r || memcmp(d + 1, "CD001", 5) != 0)
			break;
		volume = true;
		if (d[0] || memcmp(d + 7, name, sizeof(name) - 1) != 0)
			continue;
		boot->catalog = get_le32(d + 71);
		if (i != BOOT_PLACE)
			boot_trouble(boot, "the boot record is not in sector 17, where it is "
					   "looked for");
		break;
	}
	return volume;
}

static int boot_entry(struct sp_boot *boot, const struct sp_disk *disk, unsigned platform,
		      const uint8_t *e, struct sp_error *err)
{
	static const char many[] = "the catalog has more entries than are shown";
	uint8_t *head;
	int r = 0;

	if (boot->entries == SP_BOOT_ENTRIES) {
		if (!boot->troubles || boot->trouble[boot->troubles - 1] != many)
			boot_trouble(boot, many);
		return 0;
	}
	struct sp_boot_entry *entry = &boot->entry[boot->entries++];
	*entry = (struct sp_boot_entry){
		.platform = platform,
		.bootable = e[0] == 0x88,
		.media = e[1] & 0xf,
		.segment = get_le16(e + 2),
		.load = get_le16(e + 6),
		.lba = get_le32(e + 8),
	};
	const uint64_t at = (uint64_t)entry->lba * BOOT_SECTOR;
	entry->inside = entry->lba && at < disk->size;
	if (!entry->inside)
		return 0;
	const size_t size = disk->size - at < SP_FS_HEAD ? (size_t)(disk->size - at) : SP_FS_HEAD;
	head = malloc(size);
	r = head ? sp_boot_get(disk, at, head, size, err) : sp_fail_memory(err);
	if (r > 0)
		entry->filesystem = sp_filesystem_find(head, size);
	free(head);
	return r < 0 ? r : sp_boot_loaders(entry->loaders, sizeof(entry->loaders), disk, at, err);
}

/* El Torito 1.0, 2.1: the words of the validation entry sum to 0. */
static bool boot_valid(const uint8_t *v)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < BOOT_RECORD; i += 2)
		sum = (uint16_t)(sum + get_le16(v + i));
	return v[0] == 1 && v[30] == 0x55 && v[31] == 0xaa && !sum;
}

/* Records after the first: the entry of the validation's platform, then sections of others. */
static int boot_records(struct sp_boot *boot, const struct sp_disk *disk, unsigned platform,
			struct sp_error *err)
{
	unsigned left = 1;               /* entries of this section */
	bool last = false, more = false; /* sections; records that go on with an entry */
	uint8_t e[BOOT_RECORD];

	for (unsigned i = 1; i < BOOT_RECORDS; i++) {
		int r = sp_boot_get(disk, (uint64_t)boot->catalog * BOOT_SECTOR + i * BOOT_RECORD,
				    e, sizeof(e), err);

		if (r <= 0)
			return r;
		if (more && e[0] == 0x44) {
			more = e[1] & 0x20;
			continue;
		}
		more = false;
		if (left) {
			left--;
			more = i > 1 && e[1] & 0x20;
			r = boot_entry(boot, disk, platform, e, err);
			if (r < 0)
				return r;
			continue;
		}
		if (last || (e[0] != 0x90 && e[0] != 0x91))
			return 0;
		last = e[0] == 0x91;
		platform = e[1];
		left = get_le16(e + 2);
	}
	return 0;
}

static int boot_catalog(struct sp_boot *boot, const struct sp_disk *disk, struct sp_error *err)
{
	uint8_t v[BOOT_RECORD];
	const int r = sp_boot_get(disk, (uint64_t)boot->catalog * BOOT_SECTOR, v, sizeof(v), err);

	if (r < 0)
		return r;
	if (!r || !boot_valid(v)) {
		boot_trouble(boot, r ? "the catalog's first entry is not valid: nothing boots"
				     : "the catalog lies beyond the end");
		return 0;
	}
	memcpy(boot->id, v + 4, sizeof(boot->id) - 1);
	for (size_t i = strlen(boot->id); i && boot->id[i - 1] == ' '; i--)
		boot->id[i - 1] = '\0';
	return boot_records(boot, disk, v[1], err);
}

/* The first bootable entry for these firmwares. */
static const struct sp_boot_entry *boot_first(const struct sp_boot *boot, bool uefi)
{
	for (size_t i = 0; i < boot->entries; i++)
		if (boot->entry[i].bootable && (boot->entry[i].platform == BOOT_UEFI) == uefi &&
		    (uefi || !boot->entry[i].platform))
			return &boot->entry[i];
	return NULL;
}

#define BOOT_SAY(way_, boots_, ...)                                                                \
	do {                                                                                       \
		boot->way[way_].boots = (boots_);                                                  \
		snprintf(boot->way[way_].why, SP_BOOT_TEXT, __VA_ARGS__);                          \
	} while (0)

static void boot_disc(struct sp_boot *boot)
{
	const struct sp_boot_entry *bios = boot_first(boot, false), *uefi = boot_first(boot, true);

	if (!bios)
		BOOT_SAY(SP_BOOT_BIOS_DISC, false, "no entry for it in a boot catalog");
	else if (!bios->inside || !bios->load)
		BOOT_SAY(SP_BOOT_BIOS_DISC, false, "entry %zu: %s", bios - boot->entry + (size_t)1,
			 bios->load ? "its image lies beyond the end" : "nothing is loaded");
	else
		BOOT_SAY(SP_BOOT_BIOS_DISC, true, "entry %zu, %s%s", bios - boot->entry + (size_t)1,
			 sp_boot_media_name(bios->media),
			 bios == boot->entry ? "" : "; not the first one: some BIOSes ignore it");
	if (!uefi)
		BOOT_SAY(SP_BOOT_UEFI_DISC, false, "no entry for it in a boot catalog");
	else if (!uefi->inside || !uefi->loaders[0])
		BOOT_SAY(SP_BOOT_UEFI_DISC, false, "entry %zu: %s", uefi - boot->entry + (size_t)1,
			 uefi->inside ? "no FAT file system with a loader in EFI/BOOT"
				      : "its image lies beyond the end");
	else
		BOOT_SAY(SP_BOOT_UEFI_DISC, true, "entry %zu, for %s",
			 uefi - boot->entry + (size_t)1, uefi->loaders);
}

static bool boot_system(const struct sp_partition *p)
{
	return !p->type[0] || !strcasecmp(p->type, "0xef") ||
	       !strcasecmp(p->type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
}

static int boot_usb_uefi(struct sp_boot *boot, const struct sp_disk *disk,
			 const struct sp_partitions *list, struct sp_error *err)
{
	char loaders[sizeof(boot->entry[0].loaders)];
	unsigned other = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct sp_partition *p = &list->partition[i];
		const int r = sp_boot_loaders(loaders, sizeof(loaders), disk,
					      p->first * SP_DISK_BLOCK, err);

		if (r < 0)
			return r;
		if (loaders[0] && boot_system(p)) {
			BOOT_SAY(SP_BOOT_UEFI_USB, true, "partition %u, for %s", p->number,
				 loaders);
			return 0;
		}
		if (loaders[0] && !other)
			other = p->number;
	}
	if (other)
		BOOT_SAY(SP_BOOT_UEFI_USB, false,
			 "partition %u has a loader, but is not marked as an EFI system partition",
			 other);
	else
		BOOT_SAY(SP_BOOT_UEFI_USB, false, "no EFI system partition with a loader");
	return 0;
}

static int boot_usb(struct sp_boot *boot, const struct sp_disk *disk, struct sp_error *err)
{
	struct sp_partitions list = {0};
	uint8_t mbr[SP_DISK_BLOCK];
	size_t code = 0;
	bool active = false;
	int r = sp_boot_get(disk, 0, mbr, sizeof(mbr), err);

	if (r <= 0)
		return r;
	while (code < BOOT_CODE && !mbr[code])
		code++;
	for (size_t i = 446; i < 510; i += 16)
		active = active || mbr[i] & 0x80;
	if (get_le16(mbr + 510) != 0xaa55 || code == BOOT_CODE)
		BOOT_SAY(SP_BOOT_BIOS_USB, false, "no boot code in the first block");
	else
		BOOT_SAY(SP_BOOT_BIOS_USB, true, "boot code in the MBR%s",
			 active ? "" : "; no partition is active, which some BIOSes want");
	r = sp_partitions_read(&list, disk, err);
	if (!r)
		r = boot_usb_uefi(boot, disk, &list, err);
	sp_partitions_free(&list);
	return r;
}

int sp_boot_read(struct sp_boot *boot, const struct sp_disk *disk, uint64_t start,
		 struct sp_error *err)
{
	*boot = (struct sp_boot){.catalog = SP_LBA_NONE};
	int r = boot_record(boot, disk, start, err);
	if (r <= 0)
		return r;
	if (boot->catalog != SP_LBA_NONE)
		r = boot_catalog(boot, disk, err);
	boot_disc(boot);
	return r < 0 ? r : boot_usb(boot, disk, err);
}

static int boot_bytes(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	return sp_io_read(user, at, data, size, err);
}

int sp_boot_find(struct sp_boot *boot, struct sp_source *src, struct sp_error *err)
{
	const struct sp_disc *disc = src->disc;
	const struct sp_track *track = NULL;
	struct sp_io *io;

	*boot = (struct sp_boot){.catalog = SP_LBA_NONE};
	if (src->caps & SP_SOURCE_ONCE)
		return sp_fail(err, SP_ERR_USAGE, "what boots cannot be told in one pass");
	for (size_t i = disc->tracks; i-- && (!track || track->session == disc->track[i].session);)
		track = &disc->track[i];
	if (!track || track->mode == SP_MODE_AUDIO || !disc->regions || track->start < 0)
		return 0;
	int r = sp_disc_io(&io, src, err);
	if (r < 0)
		return r;
	const struct sp_disk disk = {boot_bytes, io, io->size};
	r = sp_boot_read(boot, &disk, (uint64_t)track->start * BOOT_SECTOR, err);
	sp_io_close(io);
	return r;
}

const char *sp_boot_platform_name(unsigned platform)
{
	static const char *const name[] = {"x86", "PowerPC", "Mac"};

	return platform < 3 ? name[platform] : platform == BOOT_UEFI ? "UEFI" : "";
}

const char *sp_boot_media_name(unsigned media)
{
	static const char *const name[] = {"no emulation", "1.2 MB floppy", "1.44 MB floppy",
					   "2.88 MB floppy", "hard disk"};

	return media < 5 ? name[media] : "";
}
