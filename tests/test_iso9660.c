/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 volumes made by hand, well-formed and hostile: what is listed, what is told, what ends.
 */
#include "base/bytes.h"
#include "tree/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECTORS = 200, ROOT = 20, SUB = 21, DATA = 60, CONT = 100, FOLDER = 2, MULTI = 0x80 };

/* An image, what was told of it, what was listed. */
struct image {
	uint8_t data[SECTORS * 2048];
	struct sp_memory *mem;
	struct sp_io *io;
	struct sp_fs *fs;
	char told[4096], listed[4096];
	unsigned entries;
};

static void both32(uint8_t *p, uint32_t v)
{
	put_le32(p, v);
	put_be32(p + 4, v);
}

static void both16(uint8_t *p, uint16_t v)
{
	put_le16(p, v);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* A record at *p, which is moved behind it. */
static uint8_t *record_bytes(uint8_t *p, const void *name, size_t name_size, uint32_t extent,
			     uint32_t size, unsigned flags, const void *use, size_t use_size)
{
	static const uint8_t date[7] = {126, 11, 27, 16, 5, 9, 4};
	const size_t head = 33 + name_size + !(name_size & 1);

	p[0] = (uint8_t)(head + use_size + (use_size & 1));
	both32(p + 2, extent);
	both32(p + 10, size);
	memcpy(p + 18, date, 7);
	p[25] = (uint8_t)flags;
	both16(p + 28, 1);
	p[32] = (uint8_t)name_size;
	memcpy(p + 33, name, name_size);
	if (use_size)
		memcpy(p + head, use, use_size);
	return p + p[0];
}

static uint8_t *record(uint8_t *p, const char *name, uint32_t extent, uint32_t size, unsigned flags)
{
	return record_bytes(p, name, strlen(name), extent, size, flags, NULL, 0);
}

static uint8_t *dots(uint8_t *p, uint32_t self, uint32_t parent)
{
	p = record_bytes(p, "\0", 1, self, 2048, FOLDER, NULL, 0);
	return record_bytes(p, "\1", 1, parent, 2048, FOLDER, NULL, 0);
}

static uint8_t *sector(struct image *image, size_t n)
{
	return image->data + n * 2048;
}

/* One with an empty root; returns where its entries go. */
static uint8_t *image_begin(struct image *image)
{
	uint8_t *d = sector(image, 16);

	memset(image, 0, sizeof(*image));
	memcpy(d, "\1CD001\1", 7);
	memset(d + 8, ' ', 64);
	memcpy(d + 40, "LABEL", 5);
	both32(d + 80, SECTORS);
	both16(d + 128, 2048);
	record_bytes(d + 156, "\0", 1, ROOT, 2048, FOLDER, NULL, 0);
	memcpy(sector(image, 17), "\377CD001\1", 7);
	return dots(sector(image, ROOT), ROOT, ROOT);
}

/* The same with Rock Ridge: SP and PX in the root's ".". */
static uint8_t *image_rock(struct image *image)
{
	static const uint8_t use[] = "SP\7\1\xbe\xef\0"
				     "PX\44\1\355\101\0\0\0\0\101\355\2\0\0\0\0\0\0\2"
				     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	uint8_t *p = image_begin(image) - 68;

	p = record_bytes(p, "\0", 1, ROOT, 2048, FOLDER, use, 43);
	return record_bytes(p, "\1", 1, ROOT, 2048, FOLDER, NULL, 0);
}

static void told(void *user, const char *text)
{
	struct image *image = user;
	const size_t n = strlen(image->told);

	snprintf(image->told + n, sizeof(image->told) - n, "%s\n", text);
}

static int image_open_as(struct image *image, const struct sp_fs_format *format, uint64_t start,
			 size_t size)
{
	static struct sp_notes notes;
	struct sp_error err;

	notes = (struct sp_notes){told, image};
	image->mem = sp_memory_new();
	assert_non_null(image->mem);
	assert_int_equal(sp_memory_put(image->mem, "d", image->data, size), 0);
	assert_int_equal(sp_memory_open(image->mem, "d", false, &image->io, &err), 0);
	const struct sp_fs_volume volume = {image->io, start, size - start};
	const int found = format->probe(&volume, &err);
	if (found != 1)
		return found;
	const int r = format->open(&image->fs, &volume, &notes, &err);
	if (r < 0)
		fail_msg("%s", err.text);
	return 1;
}

static void image_open(struct image *image, const struct sp_fs_format *format)
{
	assert_int_equal(image_open_as(image, format, 0, sizeof(image->data)), 1);
}

static void image_close(struct image *image)
{
	sp_fs_close(image->fs);
	sp_io_close(image->io);
	sp_memory_free(image->mem);
	image->fs = NULL;
}

static int walk_entry(void *user, const struct sp_walk_entry *entry)
{
	struct image *image = user;
	const size_t n = strlen(image->listed);

	image->entries++;
	snprintf(image->listed + n, sizeof(image->listed) - n, "%s %u %llu|", entry->path,
		 entry->node->type, (unsigned long long)entry->node->size);
	return 0;
}

static const char *walked(struct image *image)
{
	struct sp_error err;

	image->listed[0] = '\0';
	image->entries = 0;
	const int r = sp_fs_walk(image->fs, sp_fs_root(image->fs), "", 0, walk_entry, image, &err);
	if (r < 0)
		fail_msg("%s", err.text);
	return image->listed;
}

static void assert_told(const struct image *image, const char *what)
{
	if (!strstr(image->told, what))
		fail_msg("not told: %s\ntold: %s", what, image->told);
}

/* The file's bytes are `size` of `byte` in each of the runs. */
static void assert_content(struct image *image, const char *path, const char *wanted)
{
	struct sp_node node;
	struct sp_error err;
	struct sp_io *file = NULL;
	char got[4096] = {0};

	if (sp_fs_find(image->fs, path, &node, &err) < 0 ||
	    sp_fs_open_file(image->fs, &node, SP_FORK_DATA, path, &file, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(file->size, strlen(wanted));
	assert_int_equal(sp_io_read(file, 0, got, strlen(wanted), &err), 0);
	assert_string_equal(got, wanted);
	sp_io_close(file);
}

static void plain_names_sizes_and_bytes_are_those_stored(void **state)
{
	struct image *image = *state;
	uint8_t *p = image_begin(image);
	struct sp_node node;
	struct sp_error err;

	p = record(p, "HELLO.TXT;1", DATA, 5, 0);
	p = record(p, "NOEXT.;1", DATA, 5, 0);
	p = record(p, "OLD.TXT;2", DATA, 5, 0);
	p = record(p, "SUB", SUB, 2048, FOLDER);
	memcpy(sector(image, DATA), "hello", 5);
	p = dots(sector(image, SUB), SUB, ROOT);
	record(p, "EMPTY;1", 0, 0, 0);
	image_open(image, &sp_fs_iso9660);
	assert_string_equal(walked(image),
			    "HELLO.TXT 0 5|NOEXT 0 5|OLD.TXT;2 0 5|SUB 1 0|SUB/EMPTY 0 0|");
	assert_content(image, "hello.txt", "hello");
	assert_content(image, "/SUB/EMPTY", "");
	assert_string_equal(sp_fs_label(image->fs), "LABEL");
	assert_int_equal(sp_fs_find(image->fs, "SUB/NONE", &node, &err), SP_ERR_USAGE);
	assert_int_equal(sp_fs_find(image->fs, "HELLO.TXT/X", &node, &err), SP_ERR_USAGE);
	assert_int_equal(sp_fs_find(image->fs, "HELLO.TXT", &node, &err), 0);
	/* 2026-11-27 16:05:09 at +01:00, by date(1) */
	assert_int_equal(node.time[SP_TIME_MODIFIED].seconds, 1795791909);
	assert_string_equal(image->told, "");
	assert_int_equal(sp_fs_damage(image->fs), 0);
	image_close(image);
}

static void extents_of_one_file_follow_one_another(void **state)
{
	struct image *image = *state;
	uint8_t *p = image_begin(image);

	p = record(p, "BIG;1", DATA, 2048, MULTI);
	p = record(p, "BIG;1", DATA + 5, 2, 0);
	p = record(p, "CUT;1", DATA + 5, 2, MULTI);
	memset(sector(image, DATA), 'a', 2048);
	memcpy(sector(image, DATA + 5), "bc", 2);
	image_open(image, &sp_fs_iso9660);
	assert_string_equal(walked(image), "BIG 0 2050|CUT 0 2|");
	char wanted[2051];
	memset(wanted, 'a', 2048);
	memcpy(wanted + 2048, "bc", 3);
	assert_content(image, "BIG", wanted);
	assert_told(image, "CUT: the rest of the file is not in its folder");
	image_close(image);
}

static void joliet_names_are_read_as_utf16(void **state)
{
	struct image *image = *state;
	uint8_t *d;

	image_begin(image);
	d = sector(image, 17);
	memcpy(d, sector(image, 16), 2048);
	d[0] = 2;
	memcpy(d + 88, "%/E", 3);
	memcpy(d + 40, "\0J\0o\0 \0 ", 8);
	memset(d + 48, 0, 24);
	both32(d + 158, 30);
	memcpy(sector(image, 18), "\377CD001\1", 7);
	uint8_t *p = dots(sector(image, 30), 30, 30);
	record_bytes(p,
		     "\x00\xe9\x20\xac\xd8\x3d\xde\x00\x00;\x00"
		     "1",
		     12, DATA, 3, 0, NULL, 0);
	image_open(image, &sp_fs_joliet);
	assert_string_equal(sp_fs_label(image->fs), "Jo");
	assert_string_equal(walked(image), "é€😀 0 3|");
	image_close(image);
}

static void names_may_be_anything_and_are_kept(void **state)
{
	static const uint8_t up[] = "NM\7\1\0..", slash[] = "NM\10\1\0a/b", nul[] = "NM\10\1\0x\0y";
	struct image *image = *state;
	uint8_t *p = image_rock(image);

	p = record_bytes(p, "A;1", 3, DATA, 1, 0, up, 7);
	p = record_bytes(p, "B;1", 3, DATA, 1, 0, slash, 8);
	p = record_bytes(p, "C;1", 3, DATA, 1, 0, nul, 8);
	*sector(image, DATA) = 'z';
	image_open(image, &sp_fs_rockridge);
	assert_string_equal(walked(image), ".. 0 1|a\\x2Fb 0 1|x␀y 0 1|");
	assert_content(image, "a\\x2fb", "z");
	assert_content(image, "..", "z");
	image_close(image);
}

/* SL components: root, "..", a name in two parts, "." */
static void links_are_joined_from_their_components(void **state)
{
	static const uint8_t use[] = "PX\44\1\377\241\0\0\0\0\241\377\1\0\0\0\0\0\0\1"
				     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				     "NM\6\1\0l"
				     "SL\23\1\0\4\0\4\0\1\2ab\0\1c\2\0";
	struct image *image = *state;
	uint8_t *p = image_rock(image);
	struct sp_node node;
	struct sp_error err;
	char *target;

	record_bytes(p, "L;1", 3, 0, 0, 0, use, 36 + 6 + 19);
	image_open(image, &sp_fs_rockridge);
	assert_string_equal(walked(image), "l 2 0|");
	assert_int_equal(sp_fs_find(image->fs, "l", &node, &err), 0);
	assert_int_equal(node.mode, 0777);
	assert_int_equal(sp_fs_link(image->fs, &node, &target, &err), 0);
	assert_string_equal(target, "../../abc/.");
	free(target);
	image_close(image);
}

static void ce(uint8_t *p, uint32_t block, uint32_t offset, uint32_t size)
{
	memcpy(p, "CE\34\1", 4);
	both32(p + 4, block);
	both32(p + 12, offset);
	both32(p + 20, size);
}

/* `hops` continuation areas of one field each, the last one with the name. */
static void chain(struct image *image, uint8_t *p, unsigned hops)
{
	uint8_t use[28];

	ce(use, CONT, 0, 28);
	record_bytes(p, "A;1", 3, DATA, 1, 0, use, 28);
	for (unsigned i = 0; i + 1 < hops; i++)
		ce(sector(image, CONT) + 28 * i, CONT, 28 * (i + 1), 28);
	memset(sector(image, CONT) + 28 * (hops - 1), 0, 28);
	memcpy(sector(image, CONT) + 28 * (hops - 1), "NM\12\1\0right", 10);
}

static void continuations_are_followed_so_far_and_no_further(void **state)
{
	struct image *image = *state;

	chain(image, image_rock(image), 64);
	image_open(image, &sp_fs_rockridge);
	assert_string_equal(walked(image), "right 0 1|");
	assert_string_equal(image->told, "");
	image_close(image);
	chain(image, image_rock(image), 65);
	image_open(image, &sp_fs_rockridge);
	assert_string_equal(walked(image), "A 0 1|");
	assert_told(image, "go on and on");
	image_close(image);
}

static void continuations_that_lead_nowhere_are_told(void **state)
{
	static const struct {
		uint32_t block, offset, size;
		const char *told;
	} bad[] = {{CONT, 0, 28, "go on and on"}, /* to itself */
		   {0xffffffff, 0, 28, "nothing can be read"},
		   {CONT, 0xffffffff, 28, "nothing can be read"},
		   {CONT, 0, 0xffffffff, "go on and on"},
		   {SECTORS - 1, 2040, 28, "nothing can be read"},
		   {CONT, 2048, 28, "nothing can be read"}};
	struct image *image = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t *p = image_rock(image), use[28];

		ce(use, bad[i].block, bad[i].offset, bad[i].size);
		record_bytes(p, "A;1", 3, DATA, 1, 0, use, 28);
		ce(sector(image, CONT), CONT, 0, 28);
		image_open(image, &sp_fs_rockridge);
		assert_string_equal(walked(image), "A 0 1|");
		assert_told(image, bad[i].told);
		assert_true(sp_fs_damage(image->fs) > 0);
		image_close(image);
	}
}

static void a_folder_within_itself_is_entered_once(void **state)
{
	struct image *image = *state;
	uint8_t *p = image_begin(image);

	p = record(p, "LOOP", ROOT, 2048, FOLDER);
	record(p, "SUB", SUB, 2048, FOLDER);
	p = dots(sector(image, SUB), SUB, ROOT);
	p = record(p, "SELF", SUB, 2048, FOLDER);
	record(p, "UP", ROOT, 2048, FOLDER);
	image_open(image, &sp_fs_iso9660);
	assert_string_equal(walked(image), "LOOP 1 0|SUB 1 0|SUB/SELF 1 0|SUB/UP 1 0|");
	assert_told(image, "SUB/SELF: the same folder");
	image_close(image);
}

static void relocated_folders_are_where_they_are_said_to_be(void **state)
{
	static const uint8_t re[] = "RE\4\1";
	uint8_t cl[12] = "CL\14\1", none[12] = "CL\14\1", loop[12] = "CL\14\1";
	struct image *image = *state;
	uint8_t *p = image_rock(image);

	both32(cl + 4, SUB);
	both32(none + 4, 0xfffffff0);
	both32(loop + 4, ROOT);
	p = record_bytes(p, "A;1", 3, DATA, 1, 0, cl, 12);
	p = record_bytes(p, "B;1", 3, DATA, 1, 0, none, 12);
	p = record_bytes(p, "C;1", 3, DATA, 1, 0, loop, 12);
	p = record_bytes(p, "MOVED", 5, SUB, 2048, FOLDER, re, 4);
	record(p, "LAST;1", DATA, 1, 0);
	p = dots(sector(image, SUB), SUB, ROOT);
	record(p, "DEEP;1", DATA, 1, 0);
	image_open(image, &sp_fs_rockridge);
	assert_string_equal(walked(image), "A 1 0|A/DEEP 0 1|C 1 0|LAST 0 1|");
	assert_told(image, "said to lie at block 4294967280");
	assert_told(image, "C: the same folder");
	image_close(image);
}

static void folders_of_gigabytes_cost_what_is_there(void **state)
{
	struct image *image = *state;
	uint8_t *p = image_begin(image);

	/* each claims all, and begins a sector later: without bounds, 4 GiB times 60 */
	for (unsigned i = 0; i < 40; i++) {
		const char name[] = {(char)('A' + i / 26), (char)('A' + i % 26), 0};
		p = record(p, name, SUB + i, 0xffffffff, FOLDER);
	}
	for (unsigned i = 0; i < 40; i++) {
		uint8_t *q = sector(image, SUB + i);
		for (unsigned n = 0; n < 50; n++)
			q = record(q, "F;1", DATA, 1, 0);
	}
	image_open(image, &sp_fs_iso9660);
	walked(image);
	assert_in_range(image->entries, 40, 40 + 40 * 50);
	assert_told(image, "two folders are said to lie here");
	assert_told(image, "nothing of a folder from here on");
	image_close(image);
}

static void a_broken_record_hides_no_other_sector(void **state)
{
	struct image *image = *state;
	uint8_t *p = image_begin(image);

	record(p, "SUB", SUB, 3 * 2048, FOLDER);
	p = dots(sector(image, SUB), SUB, ROOT);
	p = record(p, "FIRST;1", DATA, 1, 0);
	p[0] = 20; /* shorter than a record can be */
	p = record(sector(image, SUB + 1), "SECOND;1", DATA, 1, 0);
	p[0] = 60;
	p[32] = 40; /* a name beyond its record */
	record(sector(image, SUB + 2), "THIRD;1", DATA, 1, 0);
	image_open(image, &sp_fs_iso9660);
	assert_string_equal(walked(image), "SUB 1 0|SUB/FIRST 0 1|SUB/SECOND 0 1|SUB/THIRD 0 1|");
	assert_told(image, "sector 21: a broken directory record");
	assert_told(image, "sector 22: a broken directory record");
	assert_int_equal(sp_fs_damage(image->fs), 2);
	image_close(image);
}

static void files_beyond_the_image_are_refused_with_their_place(void **state)
{
	static const uint32_t at[][2] = {
		{SECTORS, 1}, {0xffffffff, 0xffffffff}, {DATA, 0xffffffff}};
	struct image *image = *state;

	for (size_t i = 0; i < 3; i++) {
		uint8_t *p = image_begin(image);
		struct sp_node node;
		struct sp_error err;
		struct sp_io *file;

		record(p, "F;1", at[i][0], at[i][1], 0);
		image_open(image, &sp_fs_iso9660);
		assert_int_equal(sp_fs_find(image->fs, "F", &node, &err), 0);
		assert_int_equal(node.size, at[i][1]);
		assert_int_equal(sp_fs_open_file(image->fs, &node, 0, "F", &file, &err),
				 SP_ERR_FORMAT);
		assert_non_null(strstr(err.text, "beyond the end"));
		image_close(image);
	}
}

static void zisofs_that_promises_more_than_it_has_is_refused(void **state)
{
	uint8_t use[] = "ZF\20\1pz\4\17\0\0\0\0\0\0\0\0";
	static const struct {
		unsigned header, log2;
		uint32_t size, pointers[2];
	} bad[] = {{4, 15, 100, {24, 30}},        {4, 40, 100, {24, 30}},   {4, 14, 100, {24, 30}},
		   {1, 15, 100, {24, 30}},        {4, 15, 0x7fffffff, {0}}, {4, 15, 100, {30, 24}},
		   {4, 15, 100, {24, 0xffffffff}}};
	struct image *image = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t *p = image_rock(image), *d = sector(image, DATA), byte[200];
		struct sp_node node;
		struct sp_error err;
		struct sp_io *file = NULL;

		use[6] = (uint8_t)bad[i].header;
		use[7] = (uint8_t)bad[i].log2;
		both32(use + 8, bad[i].size);
		record_bytes(p, "Z;1", 3, DATA, 100, 0, use, 16);
		memcpy(d, "\x37\xe4\x53\x96\xc9\xdb\xd6\x07", 8);
		put_le32(d + 16, bad[i].pointers[0]);
		put_le32(d + 20, bad[i].pointers[1]);
		image_open(image, &sp_fs_rockridge);
		assert_int_equal(sp_fs_find(image->fs, "Z", &node, &err), 0);
		int r = sp_fs_open_file(image->fs, &node, 0, "Z", &file, &err);
		if (!r)
			r = sp_io_read(file, 0, byte, 100, &err);
		assert_int_equal(r, SP_ERR_FORMAT);
		sp_io_close(file);
		image_close(image);
	}
}

static void a_volume_that_was_moved_is_found_where_it_is(void **state)
{
	struct image *image = *state;
	uint8_t *p = image_begin(image);

	record(p, "F;1", DATA, 5, 0);
	memcpy(sector(image, DATA), "hello", 5);
	memmove(sector(image, 50), image->data, 100 * 2048);
	memset(image->data, 0, 50 * 2048);
	assert_int_equal(image_open_as(image, &sp_fs_iso9660, 50 * 2048, sizeof(image->data)), 1);
	assert_content(image, "F", "hello");
	assert_string_equal(image->told, "");
	image_close(image);
}

static void a_session_without_those_before_it_is_told(void **state)
{
	struct image *image = *state;
	uint8_t *d;

	image_begin(image);
	d = sector(image, 16);
	both32(d + 158, 1000 + ROOT);
	uint8_t *p = record_bytes(sector(image, ROOT), "\0", 1, 1000 + ROOT, 2048, FOLDER, NULL, 0);
	p = record_bytes(p, "\1", 1, 1000 + ROOT, 2048, FOLDER, NULL, 0);
	p = record(p, "NEW;1", 1000 + DATA, 5, 0);
	record(p, "OLD;1", 500, 5, 0);
	memcpy(sector(image, DATA), "hello", 5);
	image_open(image, &sp_fs_iso9660);
	assert_string_equal(walked(image), "NEW 0 5|OLD 0 5|");
	assert_content(image, "NEW", "hello");
	assert_told(image, "count from 1000");
	image_close(image);
}

/* Everything a file system can be asked. */
static void image_use(struct image *image, const struct sp_fs_format *format, size_t size)
{
	struct sp_error err;

	image->told[0] = '\0';
	image->fs = NULL;
	if (image_open_as(image, format, 0, size) == 1)
		sp_fs_walk(image->fs, sp_fs_root(image->fs), "", SP_WALK_SORTED, walk_entry, image,
			   &err);
	image_close(image);
}

static void image_full(struct image *image)
{
	uint8_t *p = image_rock(image), cl[12] = "CL\14\1";

	both32(cl + 4, SUB);
	chain(image, p, 3);
	p += p[0];
	p = record_bytes(p, "A;1", 3, DATA, 1, 0, cl, 12);
	p = record(p, "BIG;1", DATA, 2048, MULTI);
	p = record(p, "BIG;1", DATA + 5, 2, 0);
	p = dots(sector(image, SUB), SUB, ROOT);
	record(p, "DEEP;1", DATA, 1, 0);
}

static void cut_anywhere_it_ends(void **state)
{
	struct image *image = *state;

	image_full(image);
	for (size_t size = 0; size <= 23 * 2048; size += size < 16 * 2048 ? 2048 : 61) {
		image_use(image, &sp_fs_rockridge, size);
		image_use(image, &sp_fs_iso9660, size);
	}
}

static void changed_anywhere_it_ends(void **state)
{
	struct image *image = *state;
	uint32_t random = 1;

	for (unsigned i = 0; i < 3000; i++) {
		image_full(image);
		for (unsigned n = 0; n < 4; n++) {
			static const unsigned where[] = {16, ROOT, SUB, CONT};
			random = random * 1103515245 + 12345;
			image->data[where[random >> 28 & 3] * 2048 + (random >> 8) % 400] =
				(uint8_t)(random >> 16);
		}
		image_use(image, &sp_fs_rockridge, 150 * 2048);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_names_sizes_and_bytes_are_those_stored),
		cmocka_unit_test(extents_of_one_file_follow_one_another),
		cmocka_unit_test(joliet_names_are_read_as_utf16),
		cmocka_unit_test(names_may_be_anything_and_are_kept),
		cmocka_unit_test(links_are_joined_from_their_components),
		cmocka_unit_test(continuations_are_followed_so_far_and_no_further),
		cmocka_unit_test(continuations_that_lead_nowhere_are_told),
		cmocka_unit_test(a_folder_within_itself_is_entered_once),
		cmocka_unit_test(relocated_folders_are_where_they_are_said_to_be),
		cmocka_unit_test(folders_of_gigabytes_cost_what_is_there),
		cmocka_unit_test(a_broken_record_hides_no_other_sector),
		cmocka_unit_test(files_beyond_the_image_are_refused_with_their_place),
		cmocka_unit_test(zisofs_that_promises_more_than_it_has_is_refused),
		cmocka_unit_test(a_volume_that_was_moved_is_found_where_it_is),
		cmocka_unit_test(a_session_without_those_before_it_is_told),
		cmocka_unit_test(cut_anywhere_it_ends),
		cmocka_unit_test(changed_anywhere_it_ends),
	};
	struct image *image = calloc(1, sizeof(*image));
	struct CMUnitTest with[sizeof(tests) / sizeof(*tests)];

	memcpy(with, tests, sizeof(tests));
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		with[i].initial_state = image;
	const int failed = cmocka_run_group_tests_name("iso9660", with, NULL, NULL);
	free(image);
	return failed;
}
