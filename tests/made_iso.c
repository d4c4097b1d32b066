/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 volumes made by hand, record after record. */
#include "tests/made_iso.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void made_both32(uint8_t *p, uint32_t v)
{
	put_le32(p, v);
	put_be32(p + 4, v);
}

void made_both16(uint8_t *p, uint16_t v)
{
	put_le16(p, v);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

uint8_t *made_record_bytes(uint8_t *p, const void *name, size_t name_size, uint32_t extent,
			   uint32_t size, unsigned flags, const void *use, size_t use_size)
{
	static const uint8_t date[7] = {126, 11, 27, 16, 5, 9, 4};
	const size_t head = 33 + name_size + !(name_size & 1);

	p[0] = (uint8_t)(head + use_size + (use_size & 1));
	made_both32(p + 2, extent);
	made_both32(p + 10, size);
	memcpy(p + 18, date, 7);
	p[25] = (uint8_t)flags;
	made_both16(p + 28, 1);
	p[32] = (uint8_t)name_size;
	memcpy(p + 33, name, name_size);
	if (use_size)
		memcpy(p + head, use, use_size);
	return p + p[0];
}

uint8_t *made_record(uint8_t *p, const char *name, uint32_t extent, uint32_t size, unsigned flags)
{
	return made_record_bytes(p, name, strlen(name), extent, size, flags, NULL, 0);
}

uint8_t *made_dots(uint8_t *p, uint32_t self, uint32_t parent)
{
	p = made_record_bytes(p, "\0", 1, self, 2048, FOLDER, NULL, 0);
	return made_record_bytes(p, "\1", 1, parent, 2048, FOLDER, NULL, 0);
}

uint8_t *made_sector(struct made_iso *image, size_t n)
{
	return image->data + n * 2048;
}

uint8_t *made_begin(struct made_iso *image)
{
	uint8_t *d = made_sector(image, 16);

	memset(image, 0, sizeof(*image));
	memcpy(d, "\1CD001\1", 7);
	memset(d + 8, ' ', 64);
	memcpy(d + 40, "LABEL", 5);
	made_both32(d + 80, SECTORS);
	made_both16(d + 128, 2048);
	made_record_bytes(d + 156, "\0", 1, ROOT, 2048, FOLDER, NULL, 0);
	memcpy(made_sector(image, 17), "\377CD001\1", 7);
	return made_dots(made_sector(image, ROOT), ROOT, ROOT);
}

uint8_t *made_rock(struct made_iso *image)
{
	static const uint8_t use[] = "SP\7\1\xbe\xef\0"
				     "PX\44\1\355\101\0\0\0\0\101\355\2\0\0\0\0\0\0\2"
				     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	uint8_t *p = made_begin(image) - 68;

	p = made_record_bytes(p, "\0", 1, ROOT, 2048, FOLDER, use, 43);
	return made_record_bytes(p, "\1", 1, ROOT, 2048, FOLDER, NULL, 0);
}

static void told(void *user, const char *text)
{
	struct made_iso *image = user;
	const size_t n = strlen(image->told);

	snprintf(image->told + n, sizeof(image->told) - n, "%s\n", text);
}

int made_open_as(struct made_iso *image, const struct sp_fs_format *format, uint64_t start,
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

void made_open(struct made_iso *image, const struct sp_fs_format *format)
{
	assert_int_equal(made_open_as(image, format, 0, sizeof(image->data)), 1);
}

void made_close(struct made_iso *image)
{
	sp_fs_close(image->fs);
	sp_io_close(image->io);
	sp_memory_free(image->mem);
	image->fs = NULL;
}

int made_entry(void *user, const struct sp_walk_entry *entry)
{
	struct made_iso *image = user;
	const size_t n = strlen(image->listed);

	image->entries++;
	snprintf(image->listed + n, sizeof(image->listed) - n, "%s %u %llu|", entry->path,
		 entry->node->type, (unsigned long long)entry->node->size);
	return 0;
}

const char *made_walked(struct made_iso *image)
{
	struct sp_error err;

	image->listed[0] = '\0';
	image->entries = 0;
	const int r = sp_fs_walk(image->fs, sp_fs_root(image->fs), "", 0, made_entry, image, &err);
	if (r < 0)
		fail_msg("%s", err.text);
	return image->listed;
}

void made_assert_told(const struct made_iso *image, const char *what)
{
	if (!strstr(image->told, what))
		fail_msg("not told: %s\ntold: %s", what, image->told);
}

void made_assert_content(struct made_iso *image, const char *path, const char *wanted)
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

int made_iso_tests(const char *group, const struct CMUnitTest *tests, size_t count)
{
	struct made_iso *image = calloc(1, sizeof(*image));
	struct CMUnitTest *with = calloc(count, sizeof(*with));

	if (!image || !with)
		abort();
	for (size_t i = 0; i < count; i++) {
		with[i] = tests[i];
		with[i].initial_state = image;
	}
	const int failed = _cmocka_run_group_tests(group, with, count, NULL, NULL);
	free(with);
	free(image);
	return failed;
}
