/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file identifiers of a UDF folder (4/14.4), one after another; what is damaged is passed over
 * up to the next one that is whole. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	FOLDER_HEAD = 38,
	/* the longest identifier: 255 bytes of a name, 65535 of what its writer put there */
	FOLDER_LONGEST = FOLDER_HEAD + 255 + 65535 + 3,
	FOLDER_WINDOW = 2 * 68 << 10,
};

struct folder {
	struct udf *u;
	const struct udf_entry *entry;
	struct sp_io *io;
	uint8_t *window;
	uint64_t at;   /* byte of the folder at which the window begins */
	size_t filled; /* bytes of it */
	size_t pos;    /* where the next identifier begins in it */
	uint64_t bad;  /* byte of the folder from which on nothing was understood … */
	bool lost;     /* … when there is such a place */
	unsigned state;
};

/* Have the longest identifier there is in the window, or all that is left. A block that cannot be
 * read counts as zeros. */
static int folder_fill(struct folder *f, struct sp_error *err)
{
	const size_t left = f->filled - f->pos;
	const uint64_t next = f->at + f->filled;

	if (left >= FOLDER_LONGEST || next >= f->io->size)
		return 0;
	memmove(f->window, f->window + f->pos, left);
	f->at += f->pos;
	f->pos = 0;
	f->filled = left;
	size_t size = FOLDER_WINDOW - left;
	if (size > f->io->size - next)
		size = (size_t)(f->io->size - next);
	int r = sp_io_read(f->io, next, f->window + left, size, err);
	if (udf_fatal(r))
		return r;
	for (size_t i = 0; r < 0 && i < size; i += f->u->block) {
		const size_t n = size - i < f->u->block ? size - i : f->u->block;

		if (sp_io_read(f->io, next + i, f->window + left + i, n, NULL) < 0) {
			memset(f->window + left + i, 0, n);
			sp_fs_damaged(&f->u->fs,
				      "the folder at block %u of partition %u: byte %llu: cannot "
				      "be read",
				      f->entry->at.block, f->entry->at.part,
				      (unsigned long long)(next + i));
		}
	}
	f->filled += size;
	return 0;
}

static void folder_found(struct folder *f)
{
	if (f->lost)
		sp_fs_damaged(
			&f->u->fs,
			"the folder at block %u of partition %u: %llu bytes at %llu: the file "
			"identifier %s",
			f->entry->at.block, f->entry->at.part,
			(unsigned long long)(f->at + f->pos - f->bad), (unsigned long long)f->bad,
			udf_tag_text(f->state));
	f->lost = false;
}

/* The next identifier in the window: its bytes, 0: there is none here. */
static size_t folder_next(struct folder *f, struct udf_id *id)
{
	const uint8_t *d = f->window + f->pos;
	const size_t left = f->filled - f->pos;

	if (left < FOLDER_HEAD) {
		f->state = UDF_TAG_NONE;
		return 0;
	}
	if (get_le16(d) != UDF_TAG_FILE_ID) {
		if (!f->lost)
			f->state = udf_tag(d, left, UDF_TAG_FILE_ID, -1);
		return 0;
	}
	const unsigned state = udf_tag(d, left, UDF_TAG_FILE_ID, -1);
	const size_t name = d[19], use = get_le16(d + 36);
	const size_t size = (FOLDER_HEAD + name + use + 3) & ~(size_t)3;
	if ((state != UDF_TAG_GOOD && state != UDF_TAG_BROKEN) || FOLDER_HEAD + name + use > left) {
		if (!f->lost)
			f->state = UDF_TAG_NONE;
		return 0;
	}
	*id = (struct udf_id){.flags = d[18],
			      .broken = state == UDF_TAG_BROKEN,
			      .icb = udf_long(d + 20),
			      .name = d + FOLDER_HEAD + use,
			      .size = name};
	return size < left ? size : left;
}

static int folder_walk(struct folder *f, udf_id_fn *fn, void *user, struct sp_error *err)
{
	for (;;) {
		struct udf_id id;
		int r = folder_fill(f, err);

		if (r < 0)
			return r;
		if (f->pos == f->filled)
			break;
		const size_t size = folder_next(f, &id);
		if (!size) {
			if (!f->lost)
				f->bad = f->at + f->pos;
			f->lost = true;
			f->pos += f->filled - f->pos < 4 ? f->filled - f->pos : 4;
			continue;
		}
		folder_found(f);
		r = fn(user, &id, err);
		if (r)
			return r;
		f->pos += size;
	}
	folder_found(f);
	return 0;
}

int udf_folder_read(struct udf *u, const struct udf_entry *entry, uint64_t most, udf_id_fn *fn,
		    void *user, struct sp_error *err)
{
	struct folder f = {.u = u, .entry = entry};
	struct sp_fs_extents list = {0};
	struct sp_error why = {0};
	const uint64_t limit = most < u->fs.volume.size ? most : u->fs.volume.size;

	if (entry->size > limit)
		return sp_fail(err, SP_ERR_FORMAT,
			       "the folder at block %u of partition %u: claims %llu bytes",
			       entry->at.block, entry->at.part, (unsigned long long)entry->size);
	int r = udf_entry_map(u, entry, &list, &why);
	if (r < 0 && (udf_fatal(r) || !list.size)) {
		if (err)
			*err = why;
	} else {
		/* what there is of it is better than nothing */
		if (r < 0)
			sp_fs_damaged(&u->fs, "%s", why.text);
		const uint64_t size = list.size;
		r = sp_fs_extents_io(&f.io, u->fs.volume.io, &list, size, "folder", err);
	}
	if (!r) {
		f.window = malloc(FOLDER_WINDOW);
		r = f.window ? folder_walk(&f, fn, user, err) : sp_fail_memory(err);
	}
	free(f.window);
	sp_io_close(f.io);
	sp_fs_extents_free(&list);
	return r;
}
