/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What boots: catalogs and FAT file systems that are damaged, lie, or never end. */
#include "base/bytes.h"
#include "tree/boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum {
	SECTOR = 2048,
	SECTORS = 700,
	CATALOG = 20,
	IMAGE = 30, /* of a BIOS */
	ESP = 40,   /* FAT12, 512 sectors of 512 bytes */
	RESERVED = 1,
	TABLE = 2, /* sectors */
	ROOT = 16, /* entries */
};

struct disk {
	uint8_t *data;
	unsigned long reads;
};

static int disk_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct disk *d = user;

	(void)err;
	assert_true(at + size <= (uint64_t)SECTORS * SECTOR);
	d->reads++;
	memcpy(data, d->data + at, size);
	return 0;
}

static uint8_t *record(struct disk *d, unsigned i)
{
	return d->data + (size_t)CATALOG * SECTOR + (size_t)i * 32;
}

/* El Torito 1.0, 2.1: the sum of a validation entry's words is 0. */
static void validate(uint8_t *v)
{
	uint16_t sum = 0;

	put_le16(v + 28, 0);
	for (size_t i = 0; i < 32; i += 2)
		sum = (uint16_t)(sum + get_le16(v + i));
	put_le16(v + 28, (uint16_t)-sum);
}

static void entry(uint8_t *e, unsigned media, unsigned load, uint32_t lba)
{
	e[0] = 0x88;
	e[1] = (uint8_t)media;
	put_le16(e + 6, (uint16_t)load);
	put_le32(e + 8, lba);
}

static uint8_t *esp(struct disk *d)
{
	return d->data + (size_t)ESP * SECTOR;
}
static uint8_t *esp_sector(struct disk *d, unsigned sector)
{
	return esp(d) + (size_t)sector * 512;
}
static uint8_t *esp_cluster(struct disk *d, unsigned cluster)
{
	return esp_sector(d, RESERVED + TABLE + 1 + cluster - 2);
}
static void directory(uint8_t *e, const char *name, unsigned attribute, unsigned cluster)
{
	memcpy(e, name, 11);
	e[11] = (uint8_t)attribute;
	put_le16(e + 26, (uint16_t)cluster);
}
/* An odd cluster's twelve bits are the upper ones. */
static void chain(struct disk *d, unsigned cluster, unsigned next)
{
	uint8_t *p = esp_sector(d, RESERVED) + cluster + cluster / 2;

	put_le16(p, (uint16_t)(cluster & 1 ? (get_le16(p) & 0xf) | next << 4
					   : (get_le16(p) & 0xf000) | next));
}

/* \EFI is cluster 2, \EFI\BOOT cluster 3 and 5, the loader is in the second of those. */
static void fill_esp(struct disk *d)
{
	uint8_t *b = esp(d);

	memcpy(b, "\xeb\x3c\x90MSDOS5.0", 11);
	put_le16(b + 11, 512);
	b[13] = 1;
	put_le16(b + 14, RESERVED);
	b[16] = 1;
	put_le16(b + 17, ROOT);
	put_le16(b + 19, 512);
	b[21] = 0xf8;
	put_le16(b + 22, TABLE);
	put_le16(b + 510, 0xaa55);
	directory(esp_sector(d, RESERVED + TABLE), "LABEL      ", 0x08, 0);
	directory(esp_sector(d, RESERVED + TABLE) + 32, "EFI        ", 0x10, 2);
	chain(d, 2, 0xfff);
	chain(d, 3, 5);
	chain(d, 5, 0xfff);
	directory(esp_cluster(d, 2), "BOOT       ", 0x10, 3);
	for (size_t i = 0; i < 16; i++)
		directory(esp_cluster(d, 3) + i * 32, "FILLER  TXT", 0x20, 9);
	directory(esp_cluster(d, 5), "BOOTX64 EFI", 0x20, 7);
	directory(esp_cluster(d, 5) + 32, "BOOTIA32EFI", 0x10, 8); /* a folder */
	directory(esp_cluster(d, 5) + 64, "BOOTAA64EFI", 0x20, 8);
}

/* BIOS and UEFI boot it, from a disc and from a USB disk. */
static struct disk disk_new(void)
{
	struct disk d = {calloc(SECTORS, SECTOR), 0};

	assert_non_null(d.data);
	memcpy(d.data + (size_t)16 * SECTOR, "\1CD001\1", 7);
	memcpy(d.data + (size_t)17 * SECTOR, "\0CD001\1EL TORITO SPECIFICATION", 30);
	put_le32(d.data + (size_t)17 * SECTOR + 71, CATALOG);
	memcpy(d.data + (size_t)18 * SECTOR, "\377CD001\1", 7);
	record(&d, 0)[0] = 1;
	memcpy(record(&d, 0) + 4, "MAKER", 5);
	put_le16(record(&d, 0) + 30, 0xaa55);
	validate(record(&d, 0));
	entry(record(&d, 1), 0, 4, IMAGE);
	record(&d, 2)[0] = 0x91;
	record(&d, 2)[1] = 0xef;
	put_le16(record(&d, 2) + 2, 1);
	entry(record(&d, 3), 0, 0, ESP);
	fill_esp(&d);
	d.data[0] = 0x33; /* boot code, and an active EFI system partition */
	d.data[446] = 0x80;
	d.data[446 + 4] = 0xef;
	put_le32(d.data + 446 + 8, ESP * 4);
	put_le32(d.data + 446 + 12, 512);
	put_le16(d.data + 510, 0xaa55);
	return d;
}

static void look(struct disk *d, struct sp_boot *boot)
{
	const struct sp_disk disk = {disk_read, d, (uint64_t)SECTORS * SECTOR};
	struct sp_error err = {0};

	assert_int_equal(sp_boot_read(boot, &disk, 0, &err), 0);
}

static void expect(const struct sp_boot *boot, const char *ways)
{
	for (size_t i = 0; i < SP_BOOT_WAYS; i++)
		if (boot->way[i].boots != (ways[i] == 'y'))
			fail_msg("way %zu: %d, %s", i, boot->way[i].boots, boot->way[i].why);
}

static bool trouble(const struct sp_boot *boot, const char *text)
{
	for (size_t i = 0; i < boot->troubles; i++)
		if (strstr(boot->trouble[i], text))
			return true;
	return false;
}

static void what_boots_four_ways_is_told_so(void **state)
{
	struct disk d = disk_new();
	struct sp_boot boot;

	(void)state;
	look(&d, &boot);
	expect(&boot, "yyyy");
	assert_int_equal(boot.catalog, CATALOG);
	assert_string_equal(boot.id, "MAKER");
	assert_int_equal(boot.entries, 2);
	assert_int_equal(boot.entry[0].lba, IMAGE);
	assert_int_equal(boot.entry[0].load, 4);
	assert_int_equal(boot.entry[1].platform, 0xef);
	assert_int_equal(boot.entry[1].filesystem, SP_FS_FAT12);
	assert_string_equal(boot.entry[1].loaders, "x64, aa64");
	assert_int_equal(boot.troubles, 0);
	free(d.data);
}

static void what_lacks_is_told(void **state)
{
	static const struct {
		size_t at;
		unsigned value;
		const char *ways, *why;
		unsigned way;
	} changes[] = {
		{0, 0, "yyny", "no boot code", SP_BOOT_BIOS_USB},
		{510, 0, "yynn", "no boot code", SP_BOOT_BIOS_USB},
		{446, 0, "yyyy", "no partition is active", SP_BOOT_BIOS_USB},
		{446 + 4, 0x0c, "yyyn", "not marked as an EFI", SP_BOOT_UEFI_USB},
		{(size_t)CATALOG * SECTOR + 32, 0, "nyyy", "no entry", SP_BOOT_BIOS_DISC},
		{(size_t)CATALOG * SECTOR + 32 + 6, 0, "nyyy", "nothing is loaded",
		 SP_BOOT_BIOS_DISC},
		{(size_t)CATALOG * SECTOR + 32 + 10, 1, "nyyy", "beyond", SP_BOOT_BIOS_DISC},
		{(size_t)CATALOG * SECTOR + 96, 0, "ynyy", "no entry", SP_BOOT_UEFI_DISC},
		{(size_t)CATALOG * SECTOR + 96 + 10, 1, "ynyy", "beyond", SP_BOOT_UEFI_DISC},
		{(size_t)ESP * SECTOR + 510, 0, "ynyn", "no FAT", SP_BOOT_UEFI_DISC},
		{(size_t)ESP * SECTOR + 512 * (RESERVED + TABLE) + 32, 'X', "ynyn", "no FAT",
		 SP_BOOT_UEFI_DISC},
		{(size_t)16 * SECTOR + 1, 'X', "nnnn", "", SP_BOOT_BIOS_DISC},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct disk d = disk_new();
		struct sp_boot boot;

		d.data[changes[i].at] = (uint8_t)changes[i].value;
		look(&d, &boot);
		expect(&boot, changes[i].ways);
		if (!strstr(boot.way[changes[i].way].why, changes[i].why))
			fail_msg("change %zu: %s", i, boot.way[changes[i].way].why);
		free(d.data);
	}
}

static void a_catalog_that_is_not_valid_boots_nothing(void **state)
{
	static const size_t byte[] = {0, 5, 28, 30, 31};

	(void)state;
	for (size_t i = 0; i < sizeof(byte) / sizeof(byte[0]); i++) {
		struct disk d = disk_new();
		struct sp_boot boot;

		record(&d, 0)[byte[i]] ^= 0x40;
		look(&d, &boot);
		expect(&boot, "nnyy");
		assert_true(trouble(&boot, "not valid"));
		free(d.data);
	}
}

static void a_catalog_beyond_the_end_is_a_trouble(void **state)
{
	struct disk d = disk_new();
	struct sp_boot boot;

	(void)state;
	put_le32(d.data + (size_t)17 * SECTOR + 71, 0xffffffff);
	look(&d, &boot);
	expect(&boot, "nnyy");
	assert_true(trouble(&boot, "beyond the end"));
	free(d.data);
}

static void a_boot_record_elsewhere_is_a_trouble(void **state)
{
	struct disk d = disk_new();
	struct sp_boot boot;

	(void)state;
	memcpy(d.data + (size_t)18 * SECTOR, d.data + (size_t)17 * SECTOR, SECTOR);
	d.data[(size_t)17 * SECTOR] = 2;
	look(&d, &boot);
	expect(&boot, "yyyy");
	assert_true(trouble(&boot, "sector 17"));
	free(d.data);
}

static void a_catalog_without_end_ends(void **state)
{
	struct disk d = disk_new();
	struct sp_boot boot;

	(void)state;
	for (unsigned i = 2; i < 3 * 64; i++) { /* sections that say another one follows */
		memset(record(&d, i), 0, 32);
		record(&d, i)[0] = 0x90;
		put_le16(record(&d, i) + 2, 0xffff);
	}
	look(&d, &boot);
	assert_int_equal(boot.entries, SP_BOOT_ENTRIES);
	assert_true(trouble(&boot, "more entries"));
	assert_int_equal(boot.troubles, 1);
	free(d.data);
}

static void records_that_go_on_with_an_entry_are_none(void **state)
{
	struct disk d = disk_new();
	struct sp_boot boot;

	(void)state;
	put_le16(record(&d, 2) + 2, 2);
	record(&d, 3)[1] = 0x20;
	record(&d, 4)[0] = 0x44;
	record(&d, 4)[1] = 0x20;
	record(&d, 5)[0] = 0x44;
	entry(record(&d, 6), 4, 1, IMAGE);
	look(&d, &boot);
	assert_int_equal(boot.entries, 3);
	assert_int_equal(boot.entry[2].media, 4);
	assert_string_equal(sp_boot_media_name(boot.entry[2].media), "hard disk");
	free(d.data);
}

static void a_folder_whose_clusters_are_a_ring_ends(void **state)
{
	struct disk d = disk_new();
	struct sp_boot boot;

	(void)state;
	for (unsigned i = 2; i < 60; i++) {
		chain(&d, i, i);
		for (size_t j = 0; j < 16; j++)
			directory(esp_cluster(&d, i) + j * 32, "NOTHING TXT", 0x20, 3);
	}
	look(&d, &boot);
	expect(&boot, "ynyn");
	assert_in_range(d.reads, 1, 20000);
	free(d.data);
}

static void a_fat_with_any_header_is_read_within_the_disk(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct disk d = disk_new();
		struct sp_boot boot;

		for (unsigned i = 0; i < 4; i++) {
			seed = seed * 1664525 + 1013904223;
			uint8_t *base = seed & 0x80000000
						? esp(&d) + (seed >> 8 & 63)
						: record(&d, seed >> 8 & 3) + (seed >> 12 & 31);
			*base = (uint8_t)(seed >> 16);
		}
		if (round & 1)
			validate(record(&d, 0));
		look(&d, &boot);
		free(d.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_boots_four_ways_is_told_so),
		cmocka_unit_test(what_lacks_is_told),
		cmocka_unit_test(a_catalog_that_is_not_valid_boots_nothing),
		cmocka_unit_test(a_catalog_beyond_the_end_is_a_trouble),
		cmocka_unit_test(a_boot_record_elsewhere_is_a_trouble),
		cmocka_unit_test(a_catalog_without_end_ends),
		cmocka_unit_test(records_that_go_on_with_an_entry_are_none),
		cmocka_unit_test(a_folder_whose_clusters_are_a_ring_ends),
		cmocka_unit_test(a_fat_with_any_header_is_read_within_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
