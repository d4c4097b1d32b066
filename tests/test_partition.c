/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partition tables and file systems: what tables say, also where they are damaged or lie. */
#include "base/bytes.h"
#include "codec/deflate.h"
#include "disc/partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define BLOCKS 8192u

struct disk {
	uint8_t *data;
	uint64_t fails; /* reads at and beyond this byte fail; 0: none do */
};

static int disk_read(void *user, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	const struct disk *d = user;

	if (d->fails && at + size > d->fails)
		return sp_fail(err, SP_ERR_IO, "it fails");
	memcpy(data, d->data + at, size);
	return 0;
}

static struct disk disk_new(void)
{
	struct disk d = {calloc(BLOCKS, 512), 0};

	assert_non_null(d.data);
	return d;
}

static int disk_list(struct disk *d, uint64_t blocks, struct sp_partitions *list)
{
	const struct sp_disk disk = {disk_read, d, blocks * 512};
	struct sp_error err = {0};

	return sp_partitions_read(list, &disk, &err);
}

static bool has_trouble(const struct sp_partitions *list, const char *text)
{
	for (size_t i = 0; i < list->troubles; i++)
		if (strstr(list->trouble[i], text))
			return true;
	return false;
}

/* The two headers and tables of a GPT of 128 entries; sector size `block`. */
static void gpt_header(uint8_t *data, uint64_t block, uint64_t blocks, bool backup)
{
	const uint64_t tables = 128 * 128 / block;
	const uint64_t at = backup ? blocks - 1 : 1;
	const uint64_t entries = backup ? blocks - 1 - tables : 2;
	uint8_t *h = data + at * block;

	memset(h, 0, block);
	memcpy(h, "EFI PART\0\0\1\0", 12);
	put_le32(h + 12, 92);
	put_le64(h + 24, at);
	put_le64(h + 32, backup ? 1 : blocks - 1);
	put_le64(h + 40, 2 + tables);
	put_le64(h + 48, blocks - 2 - tables);
	put_le64(h + 72, entries);
	put_le32(h + 80, 128);
	put_le32(h + 84, 128);
	put_le32(h + 88, sp_crc32(0, data + entries * block, 128 * 128));
	put_le32(h + 16, sp_crc32(0, h, 92));
}

static void gpt_make(uint8_t *data, uint64_t block, uint64_t blocks)
{
	static const uint8_t efi[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
					0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
	static const uint8_t hfs[16] = {0x00, 0x53, 0x46, 0x48, 0x00, 0x00, 0xaa, 0x11,
					0xaa, 0x11, 0x00, 0x30, 0x65, 0x43, 0xec, 0xac};
	const uint64_t tables = 128 * 128 / block;

	data[446 + 4] = 0xee;
	put_le32(data + 446 + 8, 1);
	put_le32(data + 446 + 12, 0xffffffff);
	memcpy(data + 510, "\x55\xaa", 2);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *e = data + 2 * block + 128 * i * 3; /* entries 1 and 4 */
		memcpy(e, i ? hfs : efi, 16);
		put_le64(e + 32, 2 + tables + 6 + 100 * i);
		put_le64(e + 40, 2 + tables + 6 + 100 * i + 99);
		/* d, i-with-dieresis, a letter beyond 16 bits */
		memcpy(e + 56, "d\0\xef\0\x3d\xd8\x00\xde", 8);
	}
	memcpy(data + (blocks - 1 - tables) * block, data + 2 * block, 128 * 128);
	gpt_header(data, block, blocks, false);
	gpt_header(data, block, blocks, true);
	memcpy(data + (2 + tables + 106) * block + 1024, "H+\0\4", 4);
}

static void expect_gpt(const struct sp_partitions *list, uint64_t scale)
{
	const uint64_t tables = 32 / scale;

	assert_int_equal(list->scheme, SP_SCHEME_GPT);
	assert_int_equal(list->block_size, 512 * scale);
	assert_int_equal(list->count, 2);
	assert_int_equal(list->partition[0].number, 1);
	assert_string_equal(list->partition[0].kind, "EFI system");
	assert_string_equal(list->partition[0].type, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
	assert_string_equal(list->partition[0].name, "d\xc3\xaf\xf0\x9f\x98\x80");
	assert_int_equal(list->partition[1].number, 4);
	assert_string_equal(list->partition[1].kind, "Apple HFS");
	assert_int_equal(list->partition[1].first, (2 + tables + 106) * scale);
	assert_int_equal(list->partition[1].count, 100 * scale);
	assert_int_equal(list->partition[1].filesystem, SP_FS_HFSPLUS);
	assert_ptr_equal(sp_partitions_number(list, 4), &list->partition[1]);
	assert_null(sp_partitions_number(list, 2));
}

static void a_gpt_is_read_with_the_places_of_its_parts(void **unused)
{
	(void)unused;
	for (uint64_t scale = 1; scale <= 8; scale *= 8) {
		struct disk d = disk_new();
		struct sp_partitions list;

		gpt_make(d.data, 512 * scale, BLOCKS / scale);
		assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
		expect_gpt(&list, scale);
		assert_int_equal(list.troubles, 0);
		assert_int_equal(list.header[0], scale);
		assert_int_equal(list.entries[0], 2 * scale);
		assert_int_equal(list.entries_count, 32);
		assert_int_equal(list.header[1], BLOCKS - scale);
		assert_int_equal(list.entries[1], BLOCKS - scale - 32);
		sp_partitions_free(&list);
		free(d.data);
	}
}

static void a_damaged_gpt_is_read_from_its_backup(void **unused)
{
	static const size_t at[] = {512 + 41, 1024 + 57, 512, 512 + 16};

	(void)unused;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct disk d = disk_new();
		struct sp_partitions list;

		gpt_make(d.data, 512, BLOCKS);
		d.data[at[i]] ^= 0x40;
		assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
		expect_gpt(&list, 1);
		assert_true(has_trouble(&list, "its backup is used"));
		assert_int_equal(list.header[0], 0);
		assert_int_equal(list.header[1], BLOCKS - 1);
		sp_partitions_free(&list);
		free(d.data);
	}
}

static void a_lost_or_misplaced_backup_is_told(void **unused)
{
	struct disk d = disk_new();
	struct sp_partitions list;

	(void)unused;
	gpt_make(d.data, 512, BLOCKS - 100);
	assert_int_equal(disk_list(&d, BLOCKS - 100, &list), 0);
	assert_int_equal(list.troubles, 0);
	sp_partitions_free(&list);
	/* the disk was made larger */
	assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
	expect_gpt(&list, 1);
	assert_true(has_trouble(&list, "not at the disk's end"));
	sp_partitions_free(&list);
	/* the file was cut */
	assert_int_equal(disk_list(&d, BLOCKS - 101, &list), 0);
	expect_gpt(&list, 1);
	assert_true(has_trouble(&list, "backup is missing"));
	assert_int_equal(list.header[1], 0);
	sp_partitions_free(&list);
	/* both damaged: told all the same */
	d.data[512 + 41] ^= 1;
	assert_int_equal(disk_list(&d, BLOCKS - 101, &list), 0);
	assert_int_equal(list.count, 2);
	assert_true(has_trouble(&list, "its backup are damaged"));
	sp_partitions_free(&list);
	free(d.data);
}

static void a_hybrid_mbr_is_told_and_the_gpt_read(void **unused)
{
	struct disk d = disk_new();
	struct sp_partitions list;

	(void)unused;
	gpt_make(d.data, 512, BLOCKS);
	d.data[462 + 4] = 0xaf;
	put_le32(d.data + 462 + 8, 140);
	put_le32(d.data + 462 + 12, 100);
	assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
	expect_gpt(&list, 1);
	assert_true(has_trouble(&list, "hybrid"));
	sp_partitions_free(&list);
	free(d.data);
}

static void mbr_put(uint8_t *entry, uint8_t type, uint32_t first, uint32_t count)
{
	entry[4] = type;
	put_le32(entry + 8, first);
	put_le32(entry + 12, count);
}

static void logical_partitions_are_numbered_on_from_5(void **unused)
{
	static const struct {
		unsigned number;
		uint64_t first, count;
		const char *kind;
	} want[] = {
		{1, 100, 50, "FAT16"},      {2, 200, 1000, "extended"}, {5, 263, 30, "Linux"},
		{6, 363, 30, "Linux swap"}, {3, 2000, 500, "extended"}, {7, 2001, 30, "FAT32"},
		{4, 4000, 9000, ""},
	};
	struct disk d = disk_new();
	struct sp_partitions list;

	(void)unused;
	memcpy(d.data + 510, "\x55\xaa", 2);
	mbr_put(d.data + 446, 0x06, 100, 50);
	mbr_put(d.data + 462, 0x05, 200, 1000);
	mbr_put(d.data + 478, 0x0f, 2000, 500);
	mbr_put(d.data + 494, 0xda, 4000, 9000);
	mbr_put(d.data + 200 * 512 + 446, 0x83, 63, 30);
	mbr_put(d.data + 200 * 512 + 462, 0x05, 100, 100);
	mbr_put(d.data + 300 * 512 + 446, 0x82, 63, 30);
	mbr_put(d.data + 2000 * 512 + 446, 0x0b, 1, 30);
	memcpy(d.data + 200 * 512 + 510, "\x55\xaa", 2);
	memcpy(d.data + 300 * 512 + 510, "\x55\xaa", 2);
	memcpy(d.data + 2000 * 512 + 510, "\x55\xaa", 2);
	assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
	assert_int_equal(list.scheme, SP_SCHEME_MBR);
	assert_int_equal(list.count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.partition[i].number, want[i].number);
		assert_int_equal(list.partition[i].first, want[i].first);
		assert_int_equal(list.partition[i].count, want[i].count);
		assert_string_equal(list.partition[i].kind, want[i].kind);
	}
	assert_string_equal(list.partition[6].type, "0xda");
	assert_int_equal(list.troubles, 0);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.partition[i].beyond, i == 6);
	sp_partitions_free(&list);
	/* a circle */
	mbr_put(d.data + 300 * 512 + 462, 0x05, 100, 100);
	assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
	assert_true(has_trouble(&list, "does not end"));
	assert_in_range(list.count, 100, 200);
	sp_partitions_free(&list);
	free(d.data);
}

static void an_apple_map_counts_in_its_own_blocks(void **unused)
{
	(void)unused;
	for (unsigned block = 512; block <= 2048; block *= 4) {
		static const char *const type[] = {"Apple_partition_map", "Apple_HFS",
						   "Apple_Free"};
		struct disk d = disk_new();
		struct sp_partitions list;

		memcpy(d.data, "ER\2\0", 4);
		for (unsigned i = 1; i <= 3; i++) {
			uint8_t *e = d.data + i * block;

			memcpy(e, "PM\0\0\0\0\0\3", 8);
			put_be32(e + 8, i * 100);
			put_be32(e + 12, 100);
			memcpy(e + 16, i == 2 ? "caf\x8e" : "x", i == 2 ? 4 : 1);
			memcpy(e + 48, type[i - 1], strlen(type[i - 1]));
		}
		memcpy(d.data + 200 * block + 1024, "HX\0\5", 4);
		assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
		assert_int_equal(list.scheme, SP_SCHEME_APM);
		assert_int_equal(list.block_size, block);
		assert_int_equal(list.count, 3);
		assert_int_equal(list.partition[1].first, 200 * block / 512);
		assert_int_equal(list.partition[1].count, 100 * block / 512);
		assert_string_equal(list.partition[1].name, "caf\xc3\xa9");
		assert_string_equal(list.partition[1].type, "Apple_HFS");
		assert_int_equal(list.partition[1].filesystem, SP_FS_HFSX);
		assert_int_equal(list.troubles, 0);
		sp_partitions_free(&list);
		/* it claims more than there is */
		put_be32(d.data + block + 4, 0xffffffff);
		assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
		assert_int_equal(list.count, 3);
		assert_true(has_trouble(&list, "more than 256"));
		assert_true(has_trouble(&list, "before its last entry"));
		sp_partitions_free(&list);
		free(d.data);
	}
}

static void a_disk_without_a_table_is_one_partition(void **unused)
{
	struct disk d = disk_new();
	struct sp_partitions list;

	(void)unused;
	memcpy(d.data + 1024, "H+\0\4", 4);
	assert_int_equal(disk_list(&d, BLOCKS, &list), 0);
	assert_int_equal(list.scheme, SP_SCHEME_WHOLE);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.partition[0].number, 1);
	assert_int_equal(list.partition[0].count, BLOCKS);
	assert_int_equal(list.partition[0].filesystem, SP_FS_HFSPLUS);
	sp_partitions_free(&list);
	for (uint64_t blocks = 0; blocks < 5; blocks++) {
		assert_int_equal(disk_list(&d, blocks, &list), 0);
		assert_int_equal(list.count, blocks ? 1 : 0);
		sp_partitions_free(&list);
	}
	free(d.data);
}

struct mark {
	unsigned at, size;
	const char *bytes;
};

static void file_systems_are_known_by_their_signatures(void **unused)
{
#define M(at, text)                                                                                \
	{                                                                                          \
		at, sizeof(text) - 1, text                                                         \
	}
#define BPB(cluster, small, fat16, large, fat32)                                                   \
	M(0, "\xeb\x3c\x90MSDOS5.0\0\2" cluster "\1\0\2\0\2" small "\xf8" fat16                    \
	     "\x20\0\x40\0\0\0\0\0" large fat32)
	/* clang-format off */
	static const struct {
		unsigned filesystem;
		struct mark mark[4];
	} known[] = {
		{SP_FS_FAT12, {BPB("\1", "\x40\x0b", "\x09\0", "\0\0\0\0", "\0\0\0\0")}},
		{SP_FS_FAT12, {BPB("\1", "\x26\x10", "\x09\0", "\0\0\0\0", "\0\0\0\0")}}, /* 4084: 4134 - 51 = 4083 */
		{SP_FS_FAT16, {BPB("\1", "\x28\x10", "\x09\0", "\0\0\0\0", "\0\0\0\0")}}, /* 4136 - 51 = 4085 */
		{SP_FS_FAT16, {BPB("\4", "\0\0", "\xf0\0", "\0\0\2\0", "\0\0\0\0")}},
		{SP_FS_FAT32, {BPB("\1", "\0\0", "\0\0", "\0\0\2\0", "\0\4\0\0")}},
		{SP_FS_EXFAT, {M(0, "\xeb\x76\x90" "EXFAT   "), M(510, "\x55\xaa")}},
		{SP_FS_NTFS, {M(0, "\xeb\x52\x90NTFS    \0\2"), M(510, "\x55\xaa")}},
		{SP_FS_EXT2, {M(1028, "\0\4\0\0"), M(1080, "\x53\xef"), M(1120, "\2\0\0\0\3\0\0\0")}},
		{SP_FS_EXT3, {M(1028, "\0\4\0\0"), M(1080, "\x53\xef"), M(1116, "\x3c\0\0\0\6\0\0\0\3\0\0\0")}},
		{SP_FS_EXT4, {M(1028, "\0\4\0\0"), M(1080, "\x53\xef"), M(1116, "\x3c\0\0\0\xc2\2\0\0\x6b\4\0\0")}},
		{SP_FS_HFS, {M(1024, "BD"), M(1042, "\6\x3f\0\0\2\0"), M(1060, "\4disk")}},
		{SP_FS_HFSPLUS, {M(1024, "BD"), M(1042, "\6\x3f\0\0\2\0"), M(1060, "\4disk"), M(1148, "H+")}},
		{SP_FS_APFS, {M(32, "NXSB\0\x10\0\0")}},
		{SP_FS_ISO9660, {M(0x8000, "\1CD001\1"), M(510, "\x55\xaa")}},
		{SP_FS_HIGH_SIERRA, {M(0x8008, "\1CDROM\1")}},
		{SP_FS_UDF, {M(0x8000, "\0BEA01\1")}},
		{SP_FS_BTRFS, {M(0x10040, "_BHRfS_M")}},
		{SP_FS_XFS, {M(0, "XFSB")}},
		{SP_FS_SWAP, {M(4086, "SWAPSPACE2")}},
		{SP_FS_LUKS, {M(0, "LUKS\xba\xbe")}},
		{SP_FS_UNKNOWN, {M(1024, "BD")}},
		{SP_FS_UNKNOWN, {M(32, "NXSB\0\x10\1\0")}},
		{SP_FS_UNKNOWN, {M(1080, "\x53\xef")}},
	};
	/* clang-format on */
	(void)unused;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t *head = calloc(1, SP_FS_HEAD);

		for (size_t k = 0; k < 4 && known[i].mark[k].size; k++)
			memcpy(head + known[i].mark[k].at, known[i].mark[k].bytes,
			       known[i].mark[k].size);
		const unsigned found = sp_filesystem_find(head, SP_FS_HEAD);
		if (found != known[i].filesystem)
			fail_msg("%zu: '%s' for '%s'", i, sp_filesystem_name(found),
				 sp_filesystem_name(known[i].filesystem));
		free(head);
		/* and no byte beyond what there is */
		uint8_t *little = calloc(1, 1100);
		for (size_t size = 0; size < 1100; size += 36)
			sp_filesystem_find(little, size);
		free(little);
	}
}

/* Whatever the tables say: no crash, no endless loop, numbers within bounds. */
static void wild_tables_are_harmless(void **unused)
{
	struct disk good = disk_new(), d = disk_new();
	uint32_t seed = 7;

	(void)unused;
	gpt_make(good.data, 512, BLOCKS);
	mbr_put(good.data + 462, 0x05, 200, 1000);
	for (unsigned round = 0; round < 3000; round++) {
		struct sp_partitions list;

		memcpy(d.data, good.data, 40 * 512);
		memcpy(d.data + (BLOCKS - 40) * 512, good.data + (BLOCKS - 40) * 512, 40 * 512);
		if (round % 3 == 1)
			memcpy(d.data, "ER\2\0", 4), memcpy(d.data + 512, "PM\0\0\0\0\0\3", 8);
		if (round % 3 == 2)
			memset(d.data + 512, 0, 512), memset(d.data + (BLOCKS - 1) * 512, 0, 512);
		for (unsigned k = 0; k < 8; k++) {
			seed = seed * 1664525u + 1013904223u;
			d.data[440 + (seed >> 8) % 400] = (uint8_t)(seed >> 3);
		}
		/* so that wild numbers get past the check */
		put_le32(d.data + 512 + 16, 0);
		put_le32(d.data + 512 + 16, sp_crc32(0, d.data + 512, 92));
		assert_int_equal(disk_list(&d, BLOCKS - round % 2, &list), 0);
		assert_in_range(list.count, 0, 4096);
		for (size_t i = 0; i < list.count; i++)
			assert_true(list.partition[i].count > 0);
		sp_partitions_free(&list);
	}
	free(good.data);
	free(d.data);
}

static void what_cannot_be_read_is_an_error(void **unused)
{
	struct disk d = disk_new();
	struct sp_partitions list;

	(void)unused;
	gpt_make(d.data, 512, BLOCKS);
	for (uint64_t at = 1; at < 600; at += 7) {
		d.fails = at * 512;
		const int r = disk_list(&d, BLOCKS, &list);
		assert_int_equal(r, SP_ERR_IO);
		sp_partitions_free(&list);
	}
	free(d.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gpt_is_read_with_the_places_of_its_parts),
		cmocka_unit_test(a_damaged_gpt_is_read_from_its_backup),
		cmocka_unit_test(a_lost_or_misplaced_backup_is_told),
		cmocka_unit_test(a_hybrid_mbr_is_told_and_the_gpt_read),
		cmocka_unit_test(logical_partitions_are_numbered_on_from_5),
		cmocka_unit_test(an_apple_map_counts_in_its_own_blocks),
		cmocka_unit_test(a_disk_without_a_table_is_one_partition),
		cmocka_unit_test(file_systems_are_known_by_their_signatures),
		cmocka_unit_test(wild_tables_are_harmless),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
