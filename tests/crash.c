/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder that loses power keeps two of each file: as seen, and as on the disk. */
#include "tests/crash.h"

#include <stdlib.h>
#include <string.h>

enum { CRASH_FILES = 8, CRASH_FILE_MAX = 1 << 20 };

struct crash_write {
	uint64_t at;
	size_t size;
	uint8_t *data;
};

struct crash_file {
	char name[40];
	uint8_t *seen, *disk;
	uint64_t seen_size, disk_size;
	struct crash_write *write; /* since the last sync */
	size_t writes, room;
};

struct crash_folder {
	struct crash_file file[CRASH_FILES];
	size_t files;
	uint32_t seed;
	unsigned syncs, fail;
};

struct crash_io {
	struct sp_io io;
	struct crash_folder *folder;
	struct crash_file *file;
};

static uint32_t crash_random(struct crash_folder *folder)
{
	folder->seed = folder->seed * 1664525u + 1013904223u;
	return folder->seed >> 8;
}

static void crash_put(uint8_t *data, uint64_t *size, const struct crash_write *w, size_t part)
{
	memcpy(data + w->at, w->data, part);
	if (part && w->at + part > *size)
		*size = w->at + part;
}

static void crash_forget(struct crash_file *f)
{
	while (f->writes)
		free(f->write[--f->writes].data);
}

static int crash_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	(void)err;
	memcpy(data, ((struct crash_io *)io)->file->seen + at, size);
	return 0;
}

static int crash_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		       struct sp_error *err)
{
	struct crash_file *f = ((struct crash_io *)io)->file;

	(void)err;
	if (at + size > CRASH_FILE_MAX)
		abort();
	if (f->writes == f->room) {
		f->room = 2 * f->room + 16;
		f->write = realloc(f->write, f->room * sizeof(f->write[0]));
	}
	struct crash_write *w = f->write ? &f->write[f->writes++] : NULL;
	if (!w || !(w->data = malloc(size)))
		abort();
	memcpy(w->data, data, size);
	w->at = at;
	w->size = size;
	crash_put(f->seen, &f->seen_size, w, size);
	return 0;
}

static int crash_sync(struct sp_io *io, struct sp_error *err)
{
	struct crash_folder *folder = ((struct crash_io *)io)->folder;
	struct crash_file *f = ((struct crash_io *)io)->file;

	folder->syncs++;
	if (folder->fail && !--folder->fail)
		return sp_fail(err, SP_ERR_IO, "%s: cannot be synced", io->name);
	for (size_t i = 0; i < f->writes; i++)
		crash_put(f->disk, &f->disk_size, &f->write[i], f->write[i].size);
	crash_forget(f);
	return 0;
}

static void crash_close(struct sp_io *io)
{
	free(io);
}

static int crash_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			 struct sp_error *err)
{
	(void)err;
	*out = crash_open(((struct crash_io *)io)->folder, name);
	return 0;
}

struct sp_io *crash_open(struct crash_folder *folder, const char *name)
{
	static const struct sp_io_ops ops = {.read = crash_read,
					     .write = crash_write,
					     .sibling = crash_sibling,
					     .sync = crash_sync,
					     .close = crash_close};
	struct crash_io *io = calloc(1, sizeof(*io));
	size_t i = 0;

	while (i < folder->files && strcmp(folder->file[i].name, name) != 0)
		i++;
	if (!io || i == CRASH_FILES || strlen(name) >= sizeof(folder->file[i].name))
		abort();
	struct crash_file *f = &folder->file[i];
	if (i == folder->files) {
		folder->files++;
		strcpy(f->name, name);
		f->seen = calloc(1, CRASH_FILE_MAX);
		f->disk = calloc(1, CRASH_FILE_MAX);
		if (!f->seen || !f->disk)
			abort();
	}
	*io = (struct crash_io){{&ops, f->name, f->seen_size, SP_IO_WRITABLE}, folder, f};
	return &io->io;
}

void crash_now(struct crash_folder *folder, bool lucky)
{
	for (size_t i = 0; i < folder->files; i++) {
		struct crash_file *f = &folder->file[i];

		for (size_t j = 0; lucky && j < f->writes; j++) {
			const uint32_t luck = crash_random(folder) % 4;
			const size_t size = f->write[j].size;

			/* a state word never tears: it lies within one sector of the drive */
			if (luck)
				crash_put(f->disk, &f->disk_size, &f->write[j],
					  luck > 1
						  ? size
						  : crash_random(folder) % (size + 1) & ~(size_t)1);
		}
		crash_forget(f);
		memset(f->seen, 0, CRASH_FILE_MAX);
		memcpy(f->seen, f->disk, f->disk_size);
		f->seen_size = f->disk_size;
	}
}

void crash_fail_sync(struct crash_folder *folder, unsigned nth)
{
	folder->fail = nth;
}

unsigned crash_syncs(const struct crash_folder *folder)
{
	return folder->syncs;
}

struct crash_folder *crash_new(uint32_t seed)
{
	struct crash_folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		abort();
	folder->seed = seed;
	return folder;
}

void crash_free(struct crash_folder *folder)
{
	for (size_t i = 0; i < folder->files; i++) {
		crash_forget(&folder->file[i]);
		free(folder->file[i].write);
		free(folder->file[i].seen);
		free(folder->file[i].disk);
	}
	free(folder);
}
