/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doubles of sources and files; those of sinks are in doubles_sink.c. */
#include "tests/doubles.h"

#include "tests/doubles_seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct double_source {
	struct sp_source source;
	struct sp_source *inner;
	struct double_source_plan plan;
	struct double_seen *seen;
	sp_lba next, last; /* first sector not given yet; the last stored one */
};

static bool source_touches(const struct sp_span *span, sp_lba lba, uint64_t count)
{
	return count && span->lba < lba + (sp_lba)count && lba < span->lba + (sp_lba)span->count;
}

static void source_damage(const struct double_source_plan *plan, struct sp_span *span)
{
	for (uint32_t i = 0; i < span->count; i++) {
		const sp_lba lba = span->lba + i;

		if (lba < plan->damage_at || lba >= plan->damage_at + (sp_lba)plan->damage_count)
			continue;
		span->data[i * span->stride + plan->damage_byte % span->stride] ^= 0x5a;
		span->state[i] |= plan->damage_state;
	}
}

static void source_learn(struct sp_disc *disc)
{
	struct sp_track *track = &disc->track[0];

	memcpy(track->isrc, "DEABC2400001", sizeof(track->isrc));
	track->index[2] = track->start + 1;
}

static int source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	struct double_source *d = (struct double_source *)src;
	const struct sp_region *region = sp_disc_region(src->disc, span->lba);

	seen_enter(d->seen, "source");
	if (d->plan.delay)
		usleep(d->plan.delay);
	if (!region || span->lba + span->count > region->lba + (sp_lba)region->count)
		seen_break(d->seen, "read of %u sectors at %lld leaves its region", span->count,
			   (long long)span->lba);
	else if (span->mode != region->mode || span->parts != region->parts ||
		 span->stride != sp_sector_size(span->mode, span->parts))
		seen_break(d->seen, "read at %lld: mode, parts or stride not the region's",
			   (long long)span->lba);
	int rc = 0;
	if (d->plan.once && span->lba < d->next) {
		seen_break(d->seen, "once-only source read at %lld after %lld",
			   (long long)span->lba, (long long)d->next - 1);
		rc = sp_fail(err, SP_ERR_USAGE, "%s", d->seen->text);
	} else if (source_touches(span, d->plan.fail_at, d->plan.fail_count)) {
		rc = sp_fail(err, SP_ERR_IO, "double: cannot read LBA %lld",
			     (long long)d->plan.fail_at);
		if (err)
			err->lba = d->plan.fail_at;
	} else {
		rc = sp_source_read(d->inner, span, err);
	}
	if (!rc) {
		source_damage(&d->plan, span);
		d->next = span->lba + span->count;
		if (d->plan.late && d->next > d->last)
			source_learn(src->disc);
	}
	seen_leave(d->seen);
	return rc;
}

static int source_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	struct double_source *d = (struct double_source *)src;
	const bool ok = d->plan.proof == DOUBLE_PROOF_RIGHT;
	const struct sp_proof proof = {.what = "double CRC-32",
				       .expected = "11223344",
				       .found = ok ? "11223344" : "55667788",
				       .ok = ok};

	seen_enter(d->seen, "source");
	seen_leave(d->seen);
	if (d->plan.proof == DOUBLE_PROOF_ERROR)
		return sp_fail(err, SP_ERR_IO, "double: the checksum cannot be read");
	fn(user, &proof);
	return 0;
}

static void source_close(struct sp_source *src)
{
	struct double_source *d = (struct double_source *)src;

	sp_source_close(d->inner);
	sp_disc_free(src->disc);
	free(d);
}

struct sp_source *double_source(struct sp_source *inner, const struct double_source_plan *plan,
				struct double_seen *seen)
{
	static const struct sp_source_ops ops = {.read = source_read, .close = source_close};
	static const struct sp_source_ops proving = {
		.read = source_read, .prove = source_prove, .close = source_close};
	struct double_source *d = calloc(1, sizeof(*d));

	if (!d || !inner || !(d->source.disc = sp_disc_copy(inner->disc)))
		abort();
	d->source.ops = plan->proof ? &proving : &ops;
	d->source.caps = inner->caps | (plan->once ? SP_SOURCE_ONCE : 0);
	d->inner = inner;
	d->plan = *plan;
	d->seen = seen;
	d->next = SP_LBA_NONE;
	d->last = SP_LBA_NONE;
	for (size_t i = 0; i < inner->disc->regions; i++) {
		const struct sp_region *region = &inner->disc->region[i];

		if (region->stored)
			d->last = region->lba + (sp_lba)region->count - 1;
	}
	return &d->source;
}

struct double_io {
	struct sp_io io;
	struct sp_io *inner;
	struct double_faults *faults;
};

static int io_call(struct double_io *d, unsigned kind, struct sp_error *err)
{
	struct double_faults *f = d->faults;

	if (!(f->kinds & kind))
		return 0;
	const unsigned n = atomic_fetch_add(&f->count, 1) + 1;
	if (!f->nth || n < f->nth || (n > f->nth && !f->forever))
		return 0;
	atomic_fetch_add(&f->failed, 1);
	return sp_fail_errno(err, f->sys_errno ? f->sys_errno : EIO, "double: %s", d->io.name);
}

static int io_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct double_io *d = (struct double_io *)io;
	const int rc = io_call(d, DOUBLE_READ, err);

	if (!rc && d->faults->sequential)
		seen_break(&d->faults->seen, "read of a pipe at %llu", (unsigned long long)at);
	return rc ? rc : sp_io_read(d->inner, at, data, size, err);
}

static int io_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		    struct sp_error *err)
{
	struct double_io *d = (struct double_io *)io;
	int rc = io_call(d, DOUBLE_WRITE, err);

	if (!rc && d->faults->sequential && at != d->inner->size) {
		seen_break(&d->faults->seen, "write to a pipe at %llu, which is at %llu",
			   (unsigned long long)at, (unsigned long long)d->inner->size);
		rc = sp_fail(err, SP_ERR_IO, "double: %s", d->faults->seen.text);
	}
	if (!rc)
		rc = sp_io_write(d->inner, at, data, size, err);
	io->size = d->inner->size;
	return rc;
}

static int io_sibling(struct sp_io *io, const char *name, struct sp_io **out, struct sp_error *err)
{
	struct double_io *d = (struct double_io *)io;
	struct sp_io *inner;
	int rc = io_call(d, DOUBLE_SIBLING, err);

	if (!rc && d->faults->sequential) {
		seen_break(&d->faults->seen, "sibling of a pipe");
		rc = sp_fail(err, SP_ERR_USAGE, "double: a pipe has no siblings");
	}
	if (!rc)
		rc = sp_io_sibling(d->inner, name, &inner, err);
	if (!rc)
		*out = double_io(inner, d->faults);
	return rc;
}

static int io_sync(struct sp_io *io, struct sp_error *err)
{
	struct double_io *d = (struct double_io *)io;
	const int rc = io_call(d, DOUBLE_SYNC, err);

	return rc ? rc : sp_io_sync(d->inner, err);
}

static void io_close(struct sp_io *io)
{
	sp_io_close(((struct double_io *)io)->inner);
	free(io);
}

struct sp_io *double_io(struct sp_io *inner, struct double_faults *faults)
{
	static const struct sp_io_ops read_only = {
		.read = io_read, .sibling = io_sibling, .sync = io_sync, .close = io_close};
	static const struct sp_io_ops writable = {.read = io_read,
						  .write = io_write,
						  .sibling = io_sibling,
						  .sync = io_sync,
						  .close = io_close};
	struct double_io *d = calloc(1, sizeof(*d));

	if (!d || !inner)
		abort();
	d->io = *inner;
	d->io.ops = inner->ops->write ? &writable : &read_only;
	d->io.flags = inner->flags | (faults->sequential ? SP_IO_SEQUENTIAL : 0);
	d->inner = inner;
	d->faults = faults;
	return &d->io;
}
