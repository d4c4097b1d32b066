/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks that hold for every io, whatever lies behind it. */
#include <spindle/io.h>

#include "base/bytes.h"
#include "io/fd.h"
#include "io/name.h"

#include <errno.h>
#include <inttypes.h>

int sp_io_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	if (!io->ops->read)
		return sp_fail(err, SP_ERR_USAGE, "%s: cannot be read back", io->name);
	if (!sp_range_ok(at, size, io->size))
		return sp_fail_short(io->name, io->size, at, size, err);
	return size ? io->ops->read(io, at, data, size, err) : 0;
}

int sp_io_write(struct sp_io *io, uint64_t at, const void *data, size_t size, struct sp_error *err)
{
	uint64_t end;

	if (!(io->flags & SP_IO_WRITABLE) || !io->ops->write)
		return sp_fail(err, SP_ERR_USAGE, "%s: is open for reading only", io->name);
	if ((io->flags & SP_IO_SEQUENTIAL) && at != io->size)
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: takes bytes in order only: at %" PRIu64 ", wanted %" PRIu64,
			       io->name, io->size, at);
	if (!sp_add_ok(at, size, &end) || end > INT64_MAX)
		return sp_fail_errno(err, EFBIG, "%s: cannot write at byte %" PRIu64, io->name, at);
	if (!size)
		return 0;
	int status = io->ops->write(io, at, data, size, err);
	if (status == 0 && end > io->size)
		io->size = end;
	return status;
}

int sp_io_sibling(struct sp_io *io, const char *name, struct sp_io **out, struct sp_error *err)
{
	*out = NULL;
	int status = sp_name_check(name, err);
	if (status)
		return status;
	if (!io->ops->sibling)
		return sp_fail_errno(err, ENOENT, "%s: nothing lies beside %s", name, io->name);
	return io->ops->sibling(io, name, out, err);
}

int sp_io_sibling_exact(struct sp_io *io, const char *name, struct sp_io **out,
			struct sp_error *err)
{
	*out = NULL;
	if (!io->ops->exact)
		return sp_io_sibling(io, name, out, err);
	const int status = sp_name_check(name, err);
	return status ? status : io->ops->exact(io, name, out, err);
}

int sp_io_sync(struct sp_io *io, struct sp_error *err)
{
	return io->ops->sync ? io->ops->sync(io, err) : 0;
}

void sp_io_close(struct sp_io *io)
{
	if (io)
		io->ops->close(io);
}
