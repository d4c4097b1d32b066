/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where files lie, and the bytes that lie there as one file. */
#include "tree/fs.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

void sp_fs_extents_free(struct sp_fs_extents *list)
{
	free(list->extent);
	*list = (struct sp_fs_extents){0};
}

int sp_fs_extents_add(struct sp_fs_extents *list, const struct sp_fs *fs, uint64_t at,
		      uint64_t size, bool hole, struct sp_error *err)
{
	uint64_t whole;

	if (!size)
		return 0;
	if (!hole && !sp_range_ok(at, size, fs->volume.io->size))
		return sp_fail(err, SP_ERR_FORMAT,
			       "%llu bytes at sector %llu: beyond the end of the disc",
			       (unsigned long long)size, (unsigned long long)(at / 2048));
	if (!sp_add_ok(list->size, size, &whole) || whole > INT64_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "larger than a file can be");
	struct sp_fs_extent *last = list->count ? &list->extent[list->count - 1] : NULL;
	if (last && last->hole == hole && (hole || last->at + last->size == at)) {
		last->size += size;
		list->size = whole;
		return 0;
	}
	if (list->count >= SP_FS_EXTENTS)
		return sp_fail(err, SP_ERR_FORMAT, "a file in more than %u pieces", SP_FS_EXTENTS);
	struct sp_fs_extent *more = sp_grow(list->extent, list->count, sizeof(*more));
	if (!more)
		return sp_fail_memory(err);
	list->extent = more;
	more[list->count++] = (struct sp_fs_extent){hole ? 0 : at, size, hole};
	list->size = whole;
	return 0;
}

struct file {
	struct sp_io io;
	struct sp_io *disc;
	struct sp_fs_extents list;
	uint64_t *begins; /* byte of the file at which each extent begins */
	char *name;
};

/* The extent that has the byte, list.count behind them all. */
static size_t file_find(const struct file *file, uint64_t at)
{
	size_t low = 0, high = file->list.count;

	while (low < high) {
		const size_t half = low + (high - low) / 2;
		if (file->begins[half] + file->list.extent[half].size <= at)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

static int file_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct file *file = (struct file *)io;
	uint8_t *out = data;
	int r = 0;

	for (size_t i = file_find(file, at); size && i < file->list.count && !r; i++) {
		const struct sp_fs_extent *extent = &file->list.extent[i];
		const uint64_t skip = at - file->begins[i], left = extent->size - skip;
		const size_t n = size < left ? size : (size_t)left;

		if (extent->hole)
			memset(out, 0, n);
		else
			r = sp_io_read(file->disc, extent->at + skip, out, n, err);
		out += n;
		at += n;
		size -= n;
	}
	if (!r && size)
		memset(out, 0, size);
	return r;
}

static void file_close(struct sp_io *io)
{
	struct file *file = (struct file *)io;

	sp_fs_extents_free(&file->list);
	free(file->begins);
	free(file->name);
	free(file);
}

static const struct sp_io_ops file_ops = {.read = file_read, .close = file_close};

int sp_fs_extents_io(struct sp_io **out, struct sp_io *disc, struct sp_fs_extents *list,
		     uint64_t size, const char *name, struct sp_error *err)
{
	struct file *file = calloc(1, sizeof(*file));
	uint64_t begins = 0;

	*out = NULL;
	if (file) {
		file->begins = calloc(list->count + 1, sizeof(*file->begins));
		file->name = strdup(name);
	}
	if (!file || !file->begins || !file->name) {
		if (file)
			file_close(&file->io);
		return sp_fail_memory(err);
	}
	for (size_t i = 0; i < list->count; i++) {
		file->begins[i] = begins;
		begins += list->extent[i].size;
	}
	file->io = (struct sp_io){.ops = &file_ops, .name = file->name, .size = size};
	file->disc = disc;
	file->list = *list;
	*list = (struct sp_fs_extents){0};
	*out = &file->io;
	return 0;
}
