/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain disk images: told by their tables and file systems, never taken from the discs that carry
 * such tables too. */
#include "base/bytes.h"
#include "formats/formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 0x100000

struct patch {
	size_t at, size;
	const char *bytes;
};
#define P(at, text)                                                                                \
	{                                                                                          \
		at, sizeof(text) - 1, text                                                         \
	}

struct disk {
	const char *name; /* of the file */
	uint64_t size;
	const char *format; /* "": none */
	const char *said;   /* in the notes, NULL: nothing is looked for */
	struct patch patch[6];
};

#define BOOT  P(510, "\x55\xaa")
#define LINUX "\x80\0\2\0\x83\xff\xff\xff\0\x08\0\0\0\x08\0\0"
#define PMBR  "\0\0\2\0\xee\xff\xff\xff\1\0\0\0\xff\x27\0\0"
/* a 1.44 MB floppy's parameter block: 2880 blocks of 512 */
#define FLOPPY "\xeb\x3c\x90MSDOS5.0\0\2\1\1\0\2\xe0\0\x40\x0b\xf0\x9\0\x12\0\2\0"

/* clang-format off */
static const struct disk disks[] = {
	{"a.bin", 5 * MIB, "img", "partition 1: Linux, block 2048, 2048 blocks", {P(446, LINUX), BOOT}},
	{"a.bin", 5 * MIB, "img", "table: gpt of 512", {P(446, PMBR), BOOT, P(512, "EFI PART\0\0\1\0")}},
	{"a.bin", 5 * MIB, "img", "table: gpt of 4096",
		{P(446, PMBR), BOOT, P(4096, "EFI PART\0\0\1\0")}},
	{"a.bin", 5 * MIB, "img", "table: apm of 512", {P(0, "ER\2\0"), P(512, "PM\0\0\0\0\0\3")}},
	{"a.bin", 5 * MIB, "img", "table: apm of 2048", {P(0, "ER\x8\0"), P(2048, "PM\0\0\0\0\0\3")}},
	{"a.bin", 1474560, "img", "a FAT12 file system", {P(0, FLOPPY), BOOT}},
	{"a.bin", 1474560, "img", "a FAT12 file system", {P(0, FLOPPY)}}, /* as old DOS leaves it */
	{"a.bin", 1474560 - 512, "img", "truncated: the file system has 1474560 bytes", {P(0, FLOPPY)}},
	{"a.bin", 1474560 + 512, "img", "512 bytes follow the file system's end", {P(0, FLOPPY)}},
	{"a.bin", MIB, "img", "an NTFS file system", {P(0, "\xeb\x52\x90NTFS    \0\2"), BOOT}},
	{"a.bin", MIB, "img", "an exFAT file system", {P(0, "\xeb\x76\x90" "EXFAT   "), BOOT}},
	{"a.bin", MIB, "img", "an HFS+ file system", {P(1024, "H+\0\4")}},
	{"a.bin", MIB, "img", "an HFSX file system", {P(1024, "HX\0\5")}},
	{"a.bin", 819200, "img", "an HFS file system",
		{P(1024, "BD"), P(1024 + 18, "\6\x3f\0\0\2\0"), P(1024 + 36, "\4disk")}},
	{"a.bin", MIB, "img", "an APFS file system", {P(32, "NXSB\0\x10\0\0")}},
	{"a.bin", MIB, "img", "an ext2 file system", {P(1028, "\0\4\0\0"), P(1024 + 56, "\x53\xef")}},
	/* nothing known: by its name alone */
	{"a.img", 5000 * 512, "img", "plain blocks of 512 bytes", {{0}}},
	{"a.IMA", 5000 * 512, "img", NULL, {{0}}},
	{"a.img", 511, "", NULL, {{0}}},
	{"a.bin", 5000 * 512, "", NULL, {{0}}},
	/* letters and a boot mark alone */
	{"a.bin", MIB, "", NULL, {P(1024, "BD")}},
	{"a.bin", MIB, "", NULL, {P(446, "\x31\xc0\x8e\xd8\xcd\x13"), BOOT}},
	{"a.bin", MIB, "", NULL, {P(0, "ER\2\0")}},
	/* a partition beyond the end is no table */
	{"a.bin", MIB, "", NULL, {P(446, LINUX), BOOT}},
	/* hybrids: discs */
	{"a.img", MIB, "iso", NULL, {P(0x8000, "\1CD001\1"), P(446, "\x80\0\2\0\x17\xff\xff\xff\4\0\0\0\0\4\0\0"), BOOT}},
	{"a.img", MIB, "iso", NULL, {P(0x8000, "\1CD001\1"), P(512, "EFI PART\0\0\1\0")}},
	{"a.bin", MIB, "iso", NULL, {P(0x8000, "\1CD001\1"), P(0, "ER\x8\0"), P(2048, "PM\0\0\0\0\0\3")}},
	{"a.img", MIB, "iso", NULL, {P(0x8000, "\0BEA01\1"), P(446, LINUX), BOOT}},
	{"a.img", MIB, "iso", NULL, {P(0x8008, "\1CDROM\1"), P(0, FLOPPY), BOOT}},
	{"a.img", MIB, "iso", NULL, {P(0x8000, "\1CD-I \1")}},
	/* a Macintosh CD without an ISO volume, where its name says that it is a disc */
	{"a.iso", MIB, "iso", NULL, {P(0, "ER\2\0"), P(512, "PM\0\0\0\0\0\3")}},
	{"a.iso", MIB + 512, "img", NULL, {P(0, "ER\2\0"), P(512, "PM\0\0\0\0\0\3")}},
	{"a.iso", 5 * MIB, "img", NULL, {P(446, LINUX), BOOT}},
	/* containers */
	{"a.img", 5 * MIB, "dmg", NULL, {P(446, LINUX), BOOT, P(5 * MIB - 512, "koly\0\0\0\4\0\0\2\0")}},
	{"a.img", 2352 * 4, "raw", NULL, {P(0, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\2\0\1"),
		P(2352, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\2\1\1")}},
};
/* clang-format on */
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

struct opened {
	struct sp_memory *mem;
	char notes[8000];
};

static void img_note(void *user, const char *text)
{
	struct opened *o = user;
	const size_t used = strlen(o->notes);

	snprintf(o->notes + used, sizeof(o->notes) - used, "%s\n", text);
}

static uint8_t *disk_bytes(const struct disk *d)
{
	uint8_t *data = calloc(1, d->size + 1);

	assert_non_null(data);
	for (size_t i = 0; i < COUNT(d->patch) && d->patch[i].size; i++)
		memcpy(data + d->patch[i].at, d->patch[i].bytes, d->patch[i].size);
	return data;
}

static struct sp_io *opened_io(struct opened *o, const char *name, const void *data, uint64_t size)
{
	struct sp_io *io;

	o->notes[0] = '\0';
	o->mem = sp_memory_new();
	assert_int_equal(sp_memory_put(o->mem, name, data, size), 0);
	assert_int_equal(sp_memory_open(o->mem, name, false, &io, NULL), 0);
	return io;
}

/* The table as info lists it, behind the notes. */
static void opened_tell(struct opened *o, struct sp_source *src)
{
	struct sp_partitions list;
	char line[400];

	assert_int_equal(sp_partitions_find(&list, src, NULL), 0);
	snprintf(line, sizeof(line), "table: %s of %u", sp_scheme_name(list.scheme),
		 list.block_size);
	img_note(o, line);
	for (size_t i = 0; i < list.troubles; i++) {
		snprintf(line, sizeof(line), "trouble: %s", list.trouble[i]);
		img_note(o, line);
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct sp_partition *p = &list.partition[i];
		const char *quote = *p->name ? "\"" : "";

		snprintf(line, sizeof(line), "partition %u: %s%s%s%s%s, block %llu, %llu blocks",
			 p->number, *p->kind ? p->kind : p->type, *quote ? " " : "", quote, p->name,
			 quote, (unsigned long long)p->first, (unsigned long long)p->count);
		img_note(o, line);
	}
	sp_partitions_free(&list);
}

/* As img, whatever else it is. */
static int opened_as_img(struct opened *o, const void *data, uint64_t size, struct sp_source **src,
			 struct sp_error *err)
{
	const struct sp_notes notes = {img_note, o};
	const struct sp_options options = {.notes = &notes};
	struct sp_io *io = opened_io(o, "a.img", data, size);
	const int r = sp_format_img.open(src, io, &options, err);

	if (r)
		sp_io_close(io);
	else
		opened_tell(o, *src);
	return r;
}

static void a_disk_image_without_its_trailer_is_told(void **unused)
{
	static const uint8_t data[4096] = {0};
	struct opened o;
	struct sp_source *src;
	struct sp_io *io = opened_io(&o, "a.DMG", data, sizeof(data));
	const struct sp_options options = {.notes = &(struct sp_notes){img_note, &o}};

	(void)unused;
	assert_int_equal(sp_format_img.open(&src, io, &options, NULL), 0);
	assert_non_null(strstr(o.notes, "a.DMG: has no UDIF trailer: plain blocks (UDRW), or cut "
					"before its trailer"));
	sp_source_close(src);
	sp_memory_free(o.mem);
}

static void every_disk_is_named_and_described(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(disks); i++) {
		const struct disk *d = &disks[i];
		uint8_t *data = disk_bytes(d);
		const struct sp_format *found = NULL;
		struct opened o;
		struct sp_error err = {0};
		struct sp_source *src;
		struct sp_io *io = opened_io(&o, d->name, data, d->size);
		const int r = sp_identify(&found, io, &err);

		if (strcmp(r ? "" : found->name, d->format) != 0)
			fail_msg("disk %zu: taken for '%s'", i, r ? "" : found->name);
		sp_io_close(io);
		sp_memory_free(o.mem);
		if (d->said) {
			assert_int_equal(opened_as_img(&o, data, d->size, &src, &err), 0);
			if (!strstr(o.notes, d->said))
				fail_msg("disk %zu: no \"%s\" in:\n%s", i, d->said, o.notes);
			sp_source_close(src);
			sp_memory_free(o.mem);
		}
		free(data);
	}
}

static void put_mbr(uint8_t *entry, uint8_t type, uint32_t start, uint32_t size)
{
	entry[4] = type;
	put_le32(entry + 8, start);
	put_le32(entry + 12, size);
}

static void logical_partitions_are_told(void **unused)
{
	static const char *const said[] = {
		"partition 2: extended, block 2000, 6000 blocks",
		"partition 5: Linux, block 2063, 900 blocks",
		"partition 6: Linux swap, block 3063, 500 blocks",
		"partition 7: FAT32, block 4001, 90000 blocks",
		"truncated: partition 7 ends at block 94001, the image at 10000",
		"partition 3: 0xda, block 9000, 100 blocks",
	};
	uint8_t *data = calloc(10000, 512);
	struct opened o;
	struct sp_error err;
	struct sp_source *src;

	(void)unused;
	put_mbr(data + 446 + 16, 0x05, 2000, 6000);
	put_mbr(data + 446 + 32, 0xda, 9000, 100);
	put_mbr(data + 2000 * 512 + 446, 0x83, 63, 900);
	put_mbr(data + 2000 * 512 + 462, 0x05, 1000, 1000);
	put_mbr(data + 3000 * 512 + 446, 0x82, 63, 500);
	put_mbr(data + 3000 * 512 + 462, 0x05, 2000, 1000);
	put_mbr(data + 4000 * 512 + 446, 0x0c, 1, 90000);
	for (size_t at = 0; at <= 4000; at += at ? 1000 : 2000)
		memcpy(data + at * 512 + 510, "\x55\xaa", 2);
	assert_int_equal(opened_as_img(&o, data, 10000 * 512, &src, &err), 0);
	for (size_t i = 0; i < COUNT(said); i++)
		if (!strstr(o.notes, said[i]))
			fail_msg("no \"%s\" in:\n%s", said[i], o.notes);
	sp_source_close(src);
	sp_memory_free(o.mem);
	/* a chain that runs in a circle ends */
	put_mbr(data + 4000 * 512 + 462, 0x05, 1000, 1000);
	assert_int_equal(opened_as_img(&o, data, 10000 * 512, &src, &err), 0);
	assert_non_null(strstr(o.notes, "trouble: the chain of logical partitions does not end"));
	sp_source_close(src);
	sp_memory_free(o.mem);
	free(data);
}

static void gpt_at(uint8_t *data, size_t block, unsigned entries)
{
	static const uint8_t efi[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
					0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};

	memcpy(data + block, "EFI PART\0\0\1", 12);
	put_le64(data + block + 72, 2);
	put_le32(data + block + 80, entries);
	put_le32(data + block + 84, 128);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *entry = data + 2 * block + 128 * i;

		memcpy(entry, efi, 16);
		entry[0] += (uint8_t)i;
		put_le64(entry + 32, 100 + 100 * i);
		put_le64(entry + 40, 199 + 100 * i);
		memcpy(entry + 56, "a\0\"\0\1\0\0\1", 8);
	}
}

static void gpt_partitions_are_told_in_blocks_of_512(void **unused)
{
	uint8_t *data = calloc(1, 4 * MIB);
	struct opened o;
	struct sp_error err;
	struct sp_source *src;

	(void)unused;
	gpt_at(data, 512, 128);
	assert_int_equal(opened_as_img(&o, data, 4 * MIB, &src, &err), 0);
	assert_non_null(
		strstr(o.notes, "partition 1: EFI system \"a\"\x01\xc4\x80\", block 100, 100"));
	assert_non_null(strstr(o.notes, "partition 2: C12A7329-F81F-11D2-BA4B-00A0C93EC93B"));
	sp_source_close(src);
	sp_memory_free(o.mem);
	memset(data, 0, 4 * MIB);
	gpt_at(data, 4096, UINT32_MAX);
	assert_int_equal(opened_as_img(&o, data, 4 * MIB, &src, &err), 0);
	assert_non_null(
		strstr(o.notes, "partition 1: EFI system \"a\"\x01\xc4\x80\", block 800, 800"));
	assert_int_equal(src->disc->track[0].mode, SP_MODE_BLOCK512);
	assert_int_equal(src->disc->track[0].length, 4 * MIB / 512);
	sp_source_close(src);
	sp_memory_free(o.mem);
	free(data);
}

static void an_apple_map_is_told(void **unused)
{
	uint8_t *data = calloc(1, MIB);
	struct opened o;
	struct sp_error err;
	struct sp_source *src;

	(void)unused;
	memcpy(data, "ER\2\0", 4);
	for (unsigned i = 1; i <= 3; i++) {
		uint8_t *entry = data + 512 * i;

		memcpy(entry, "PM\0\0\0\0\0\3", 8);
		put_be32(entry + 8, 64 * i);
		put_be32(entry + 12, 64);
		memcpy(entry + 16, "disk image with a name so long..", 32);
		memcpy(entry + 48, "Apple_HFS", 9);
	}
	assert_int_equal(opened_as_img(&o, data, MIB, &src, &err), 0);
	assert_non_null(strstr(o.notes, "partition 3: Apple HFS \"disk image with a name so "
					"long..\", block 192, 64 blocks"));
	sp_source_close(src);
	sp_memory_free(o.mem);
	free(data);
}

/* Whatever the tables say: no crash, no endless loop, a sound disc. */
static void wild_tables_are_harmless(void **unused)
{
	uint32_t seed = 1;

	(void)unused;
	for (size_t i = 0; i < COUNT(disks); i++)
		for (unsigned round = 0; round < 40; round++) {
			uint8_t *data = disk_bytes(&disks[i]);
			const uint64_t size = disks[i].size < 70000 ? disks[i].size : 70000;
			struct opened o;
			struct sp_error err = {0};
			struct sp_source *src;

			for (unsigned k = 0; size && k < 300; k++) {
				seed = seed * 1664525u + 1013904223u;
				data[(seed >> 8) % (k % 2 ? 600 : 5000) % size] = (uint8_t)seed;
			}
			if (!opened_as_img(&o, data, size, &src, &err)) {
				assert_int_equal(sp_disc_check(src->disc, &err), 0);
				sp_source_close(src);
			} else {
				assert_true(size < 512 && err.text[0]);
			}
			sp_memory_free(o.mem);
			free(data);
		}
}

static void a_block_cut_short_is_padded_and_told(void **unused)
{
	uint8_t data[2048], block[512];
	struct opened o;
	struct sp_error err;
	struct sp_source *src;
	uint16_t state = 0;
	struct sp_span span = {3, 1, SP_MODE_BLOCK512, SP_PART_USER, 512, block, &state};

	(void)unused;
	memset(data, 7, sizeof(data));
	assert_int_equal(opened_as_img(&o, data, 2000, &src, &err), 0);
	assert_non_null(strstr(o.notes, "ends inside block 3: 48 bytes missing"));
	assert_int_equal(sp_source_read(src, &span, &err), 0);
	assert_int_equal(state, SP_STATE_PADDED);
	assert_int_equal(block[463], 7);
	assert_int_equal(block[464], 0);
	sp_source_close(src);
	sp_memory_free(o.mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_disk_is_named_and_described),
		cmocka_unit_test(logical_partitions_are_told),
		cmocka_unit_test(gpt_partitions_are_told_in_blocks_of_512),
		cmocka_unit_test(an_apple_map_is_told),
		cmocka_unit_test(wild_tables_are_harmless),
		cmocka_unit_test(a_disk_image_without_its_trailer_is_told),
		cmocka_unit_test(a_block_cut_short_is_padded_and_told),
	};

	return cmocka_run_group_tests_name("img", tests, NULL, NULL);
}
