/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file has besides its data, as the AppleDouble file that goes with it: RFC 1740 and its
 * annex, version 2, with the Finder's information and the resource fork. */
#include "tree/extract.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	APPLE_MAGIC = 0x00051607,
	APPLE_VERSION = 0x00020000,
	APPLE_RESOURCE = 2, /* kinds of entries */
	APPLE_FINDER = 9,
	APPLE_FINDER_SIZE = 32,
	APPLE_ENTRIES = 26, /* behind magic, version, 16 bytes of nothing, their number … */
	APPLE_HEAD = APPLE_ENTRIES + 2 * 12 + APPLE_FINDER_SIZE, /* … 12 bytes each: kind, offset,
								    length */
};

struct apple {
	struct sp_io io;
	struct sp_io *fork; /* NULL: none */
	uint8_t head[APPLE_HEAD];
	char *name;
};

static int apple_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct apple *a = (struct apple *)io;
	uint8_t *out = data;

	if (at < APPLE_HEAD) {
		const size_t left = APPLE_HEAD - (size_t)at, n = size < left ? size : left;
		memcpy(out, a->head + at, n);
		out += n;
		at += n;
		size -= n;
	}
	return size ? sp_io_read(a->fork, at - APPLE_HEAD, out, size, err) : 0;
}

static void apple_close(struct sp_io *io)
{
	struct apple *a = (struct apple *)io;

	sp_io_close(a->fork);
	free(a->name);
	free(a);
}

static int apple_finder(void *user, const char *name, const void *data, size_t size)
{
	if (!strcmp(name, "com.apple.FinderInfo") && size <= APPLE_FINDER_SIZE)
		memcpy(user, data, size);
	return 0;
}

int sp_appledouble_size(struct sp_fs *fs, const struct sp_node *node, uint64_t *size,
			struct sp_error *err)
{
	static const uint8_t none[APPLE_FINDER_SIZE];
	uint8_t finder[APPLE_FINDER_SIZE] = {0};
	int r = 0;

	*size = 0;
	if (!node->resource)
		r = sp_fs_xattrs(fs, node, apple_finder, finder, err);
	if (!r && (node->resource || memcmp(finder, none, sizeof(none)) != 0))
		*size = APPLE_HEAD + (node->resource <= UINT32_MAX ? node->resource : 0);
	return r;
}

int sp_appledouble_open(struct sp_io **out, struct sp_fs *fs, const struct sp_node *node,
			const char *name, struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = apple_read, .close = apple_close};
	struct apple *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (!a)
		return sp_fail_memory(err);
	a->name = strdup(name);
	int r = a->name ? 0 : sp_fail_memory(err);
	if (!r && node->resource > UINT32_MAX)
		r = sp_fail(err, SP_ERR_UNSUPPORTED,
			    "a resource fork of 4 GiB or more: AppleDouble has no room for it");
	if (!r)
		r = sp_fs_xattrs(fs, node, apple_finder, a->head + APPLE_HEAD - APPLE_FINDER_SIZE,
				 err);
	if (!r && node->resource)
		r = sp_fs_open_file(fs, node, SP_FORK_RESOURCE, name, &a->fork, err);
	if (r < 0) {
		apple_close(&a->io);
		return r;
	}
	put_be32(a->head, APPLE_MAGIC);
	put_be32(a->head + 4, APPLE_VERSION);
	put_be16(a->head + 24, 2);
	put_be32(a->head + APPLE_ENTRIES, APPLE_FINDER);
	put_be32(a->head + APPLE_ENTRIES + 4, APPLE_HEAD - APPLE_FINDER_SIZE);
	put_be32(a->head + APPLE_ENTRIES + 8, APPLE_FINDER_SIZE);
	put_be32(a->head + APPLE_ENTRIES + 12, APPLE_RESOURCE);
	put_be32(a->head + APPLE_ENTRIES + 16, APPLE_HEAD);
	put_be32(a->head + APPLE_ENTRIES + 20, (uint32_t)node->resource);
	a->io = (struct sp_io){.ops = &ops, .name = a->name, .size = APPLE_HEAD + node->resource};
	*out = &a->io;
	return 0;
}
