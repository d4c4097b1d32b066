/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A part of another io, or the whole of it with zeros after: one window serves both. */
#include <spindle/io.h>

#include "base/bytes.h"
#include "io/fd.h"

#include <stdlib.h>
#include <string.h>

struct slice {
	struct sp_io io;
	struct sp_io *inner;
	uint64_t at, stored; /* bytes [at, at + stored) of inner, then zeros */
};

static int slice_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct slice *slice = (struct slice *)io;
	size_t real = 0;

	if (at < slice->stored)
		real = size < slice->stored - at ? size : (size_t)(slice->stored - at);
	memset((char *)data + real, 0, size - real);
	return sp_io_read(slice->inner, real ? slice->at + at : slice->at, data, real, err);
}

static int slice_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			 struct sp_error *err)
{
	return sp_io_sibling(((struct slice *)io)->inner, name, out, err);
}

static void slice_close(struct sp_io *io)
{
	sp_io_close(((struct slice *)io)->inner);
	free(io);
}

static const struct sp_io_ops slice_ops = {
	.read = slice_read,
	.sibling = slice_sibling,
	.close = slice_close,
};

static int slice_make(struct sp_io **out, const struct slice *from, struct sp_error *err)
{
	struct slice *slice = malloc(sizeof(*slice));

	if (!slice)
		return sp_fail_memory(err);
	*slice = *from;
	slice->io.ops = &slice_ops;
	slice->io.name = slice->inner->name;
	*out = &slice->io;
	return 0;
}

int sp_io_slice(struct sp_io **out, struct sp_io *io, uint64_t at, uint64_t size,
		struct sp_error *err)
{
	*out = NULL;
	if (!sp_range_ok(at, size, io->size))
		return sp_fail_short(io->name, io->size, at, size, err);
	const struct slice slice = {.io.size = size, .inner = io, .at = at, .stored = size};
	return slice_make(out, &slice, err);
}

int sp_io_padded(struct sp_io **out, struct sp_io *io, uint64_t size, struct sp_error *err)
{
	*out = NULL;
	if (size < io->size)
		return sp_fail(err, SP_ERR_USAGE, "%s: is longer than what it should be padded to",
			       io->name);
	const struct slice slice = {.io.size = size, .inner = io, .stored = io->size};
	return slice_make(out, &slice, err);
}
