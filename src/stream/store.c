/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work store: records are written in any order, and their states follow once they are safe. */
#include "stream/store.h"

#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "stream/store_inside.h"

#include <stdlib.h>
#include <string.h>

static uint64_t store_index(const struct sp_store *store, sp_lba lba)
{
	return (uint64_t)(lba - store->text.origin);
}

int sp_store_checkpoint(struct sp_store *store, struct sp_error *err)
{
	int rc = 0;

	if (store->broken)
		return sp_fail(err, SP_ERR_IO, "%s: what was written before an error may be lost",
			       store->io->name);
	if (!store->states.pages)
		return 0;
	rc = sp_io_sync(store->main, err);
	if (!rc && store->sub)
		rc = sp_io_sync(store->sub, err);
	if (!rc)
		rc = sp_states_flush(&store->states, err);
	store->broken = rc < 0;
	return rc;
}

/* The region a span lies in, when it can be read or written as that. */
static const struct sp_region *store_region(const struct sp_store *store,
					    const struct sp_span *span, struct sp_error *err)
{
	const struct sp_region *r = sp_disc_region(store->text.disc, span->lba);

	if (r && (uint64_t)(span->lba - r->lba) + span->count <= r->count)
		return r;
	sp_fail(err, SP_ERR_USAGE, "%s: LBA %lld and on is not one region of this disc",
		store->io->name, (long long)span->lba);
	return NULL;
}

/* P-W of a span's sector, whichever way it has the sub-channel. */
static void store_sub_of(const struct sp_span *span, uint32_t i, uint8_t *pw)
{
	const uint8_t *end = span->data + (i + 1) * span->stride;

	if (span->parts & SP_PART_PW) {
		memcpy(pw, end - SP_SUB_SIZE, SP_SUB_SIZE);
		return;
	}
	const uint8_t *q = end - SP_Q_SIZE;
	/* MMC: P is the highest bit of the last byte of formatted Q */
	memset(pw, q[SP_Q_SIZE - 1] & 0x80 ? 0x80 : 0, SP_SUB_SIZE);
	sp_sub_set_q(pw, q);
}

/* At most SP_STATES_CHUNK sectors, from the span's `first` on. */
static int store_put(struct sp_store *store, const struct sp_span *span, uint32_t first,
		     uint32_t count, struct sp_error *err)
{
	const uint64_t index = store_index(store, span->lba) + first;
	const size_t size = sp_sector_size(span->mode, span->parts & SP_PART_MAIN);
	const size_t stride = store->text.stride;
	const uint8_t *data = span->data + first * span->stride;
	int rc = 0;

	if (size == stride && size == span->stride) {
		rc = sp_io_write(store->main, index * stride, data, count * stride, err);
	} else if (size) {
		for (uint32_t i = 0; i < count; i++) {
			memcpy(store->bounce + i * stride, data + i * span->stride, size);
			memset(store->bounce + i * stride + size, 0, stride - size);
		}
		rc = sp_io_write(store->main, index * stride, store->bounce, count * stride, err);
	}
	if (rc || !store->sub || !(span->parts & (SP_PART_PW | SP_PART_Q)))
		return rc;
	for (uint32_t i = 0; i < count; i++)
		store_sub_of(span, first + i, store->bounce + (size_t)i * SP_SUB_SIZE);
	return sp_io_write(store->sub, index * SP_SUB_SIZE, store->bounce,
			   (size_t)count * SP_SUB_SIZE, err);
}

/* Nothing is there until it is written; at most SP_STATES_CHUNK sectors. */
static int store_take_out(struct sp_store *store, uint64_t index, uint32_t count,
			  struct sp_error *err)
{
	int rc = sp_states_full(&store->states) ? sp_store_checkpoint(store, err) : 0;

	if (!rc)
		rc = sp_states_take_out(&store->states, index, count, err);
	return rc ? rc : sp_states_set(&store->states, index, count, NULL, err);
}

static int store_have(struct sp_store *store, uint64_t index, uint32_t count, const uint16_t *state,
		      struct sp_error *err)
{
	uint16_t states[SP_STATES_CHUNK];

	for (uint32_t i = 0; i < count; i++)
		states[i] = state[i] | SP_STORE_HAVE;
	return sp_states_set(&store->states, index, count, states, err);
}

int sp_store_write(struct sp_store *store, const struct sp_span *span, struct sp_error *err)
{
	const struct sp_region *r = store_region(store, span, err);

	if (!r)
		return SP_ERR_USAGE;
	if (!r->stored || (span->parts & SP_PART_MAIN) != (r->parts & SP_PART_MAIN) ||
	    sp_sector_size(span->mode, span->parts) != span->stride ||
	    sp_sector_size(span->mode, span->parts & SP_PART_MAIN) !=
		    sp_sector_size(r->mode, r->parts & SP_PART_MAIN) ||
	    (r->parts & SP_PART_PW && !(span->parts & (SP_PART_PW | SP_PART_Q))))
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: sectors at LBA %lld come in another form than the store's",
			       store->io->name, (long long)span->lba);
	for (uint32_t done = 0; done < span->count;) {
		const uint32_t left = span->count - done;
		const uint32_t n = left < SP_STATES_CHUNK ? left : SP_STATES_CHUNK;
		const uint64_t index = store_index(store, span->lba) + done;

		int rc = store_take_out(store, index, n, err);
		if (!rc)
			rc = store_put(store, span, done, n, err);
		if (!rc)
			rc = store_have(store, index, n, span->state + done, err);
		if (rc < 0)
			return rc;
		done += n;
	}
	return 0;
}

int sp_store_write_apart(struct sp_store *store, const struct sp_span *span, const uint8_t *sub,
			 struct sp_error *err)
{
	const struct sp_region *r = store_region(store, span, err);
	const size_t stride = store->text.stride;
	int rc = 0;

	if (!r)
		return SP_ERR_USAGE;
	if (!r->stored || span->stride != stride ||
	    sp_sector_size(r->mode, r->parts & SP_PART_MAIN) != stride ||
	    !(r->parts & SP_PART_PW) != !sub)
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: sectors at LBA %lld come in another form than the store's",
			       store->io->name, (long long)span->lba);
	for (uint32_t done = 0, n; !rc && done < span->count; done += n) {
		const uint32_t left = span->count - done;
		const uint64_t index = store_index(store, span->lba) + done;

		n = left < SP_STATES_CHUNK ? left : SP_STATES_CHUNK;
		rc = store_take_out(store, index, n, err);
		if (!rc)
			rc = sp_io_write(store->main, index * stride, span->data + done * stride,
					 n * stride, err);
		if (!rc && sub)
			rc = sp_io_write(store->sub, index * SP_SUB_SIZE,
					 sub + (size_t)done * SP_SUB_SIZE, (size_t)n * SP_SUB_SIZE,
					 err);
		if (!rc)
			rc = store_have(store, index, n, span->state + done, err);
	}
	return rc;
}

/* Sectors that are all there; at most SP_STATES_CHUNK. */
static int store_get(struct sp_store *store, struct sp_span *span, uint32_t first, uint32_t count,
		     struct sp_error *err)
{
	const uint64_t index = store_index(store, span->lba) + first;
	const size_t size = sp_sector_size(span->mode, span->parts & SP_PART_MAIN);
	const size_t stride = store->text.stride;
	uint8_t *data = span->data + first * span->stride;
	int rc = 0;

	if (size == stride && size == span->stride) {
		rc = sp_io_read(store->main, index * stride, data, count * stride, err);
	} else if (size) {
		rc = sp_io_read(store->main, index * stride, store->bounce, count * stride, err);
		for (uint32_t i = 0; !rc && i < count; i++)
			memcpy(data + i * span->stride, store->bounce + i * stride, size);
	}
	if (rc || !(span->parts & SP_PART_PW))
		return rc;
	rc = sp_io_read(store->sub, index * SP_SUB_SIZE, store->bounce, (size_t)count * SP_SUB_SIZE,
			err);
	for (uint32_t i = 0; !rc && i < count; i++)
		memcpy(data + (i + 1) * span->stride - SP_SUB_SIZE,
		       store->bounce + (size_t)i * SP_SUB_SIZE, SP_SUB_SIZE);
	return rc;
}

/* At most SP_STATES_CHUNK sectors, there or not. */
static int store_read_some(struct sp_store *store, struct sp_span *span, uint32_t first,
			   uint32_t count, struct sp_error *err)
{
	uint16_t *state = span->state + first;
	int rc = sp_states_get(&store->states, store_index(store, span->lba) + first, count, state,
			       err);

	for (uint32_t i = 0; !rc && i < count;) {
		const bool have = state[i] & SP_STORE_HAVE;
		uint32_t n = 0;

		for (; i + n < count && !(state[i + n] & SP_STORE_HAVE) == !have; n++)
			state[i + n] =
				have ? state[i + n] & (uint16_t)~SP_STORE_HAVE : SP_STATE_UNREAD;
		if (have)
			rc = store_get(store, span, first + i, n, err);
		else
			memset(span->data + (first + i) * span->stride, 0, n * span->stride);
		i += n;
	}
	return rc;
}

int sp_store_read(struct sp_store *store, struct sp_span *span, struct sp_error *err)
{
	const struct sp_region *r = store_region(store, span, err);
	int rc = 0;

	if (!r)
		return SP_ERR_USAGE;
	if (!r->stored) {
		memset(span->data, 0, span->count * span->stride);
		for (uint32_t i = 0; i < span->count; i++)
			span->state[i] = SP_STATE_GENERATED;
		return 0;
	}
	if (span->mode != r->mode ||
	    (span->parts != r->parts && span->parts != (r->parts & SP_PART_MAIN)) ||
	    span->stride != sp_sector_size(r->mode, span->parts))
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: sectors at LBA %lld are asked for in another form",
			       store->io->name, (long long)span->lba);
	for (uint32_t done = 0; !rc && done < span->count; done += SP_STATES_CHUNK) {
		const uint32_t left = span->count - done;

		rc = store_read_some(store, span, done,
				     left < SP_STATES_CHUNK ? left : SP_STATES_CHUNK, err);
	}
	return rc;
}

struct sp_disc *sp_store_normal(const struct sp_disc *disc)
{
	struct sp_disc *copy = sp_disc_copy(disc);

	for (size_t i = 0; copy && i < copy->regions; i++) {
		struct sp_region *r = &copy->region[i];
		const bool sub = r->parts & (SP_PART_PW | SP_PART_Q);

		r->parts = (r->parts & SP_PART_MAIN) | (sub ? SP_PART_PW : 0);
	}
	return copy;
}

int sp_store_limits(const struct sp_disc *disc, struct sp_error *err)
{
	if (!disc->regions)
		return sp_fail(err, SP_ERR_USAGE, "a disc without sectors cannot be stored");
	const struct sp_region *first = &disc->region[0], *last = &disc->region[disc->regions - 1];
	if (first->lba < -SP_STORE_LBA_LIMIT || last->lba > SP_STORE_LBA_LIMIT ||
	    last->count > (uint64_t)(SP_STORE_LBA_LIMIT - last->lba))
		return sp_fail(err, SP_ERR_UNSUPPORTED, "the disc is too large for a work store");
	return 0;
}

/* What records have to be for a normal disc. */
static int store_shape(struct sp_store_text *text, struct sp_error *err)
{
	const struct sp_disc *disc = text->disc;
	const int rc = sp_store_limits(disc, err);

	if (rc < 0)
		return rc;
	text->origin = disc->region[0].lba;
	for (size_t i = disc->regions; i-- > 0;) {
		const struct sp_region *r = &disc->region[i];
		const size_t size = sp_sector_size(r->mode, r->parts & SP_PART_MAIN);

		if (!r->stored)
			continue;
		text->origin = r->lba; /* `main` begins with what there is: so an image may */
		if (!sp_sector_size(r->mode, r->parts))
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "sectors from LBA %lld on have no fixed size",
				       (long long)r->lba);
		text->stride = size > text->stride ? (unsigned)size : text->stride;
		text->sub |= (r->parts & SP_PART_PW) != 0;
	}
	return 0;
}

static int store_sibling(struct sp_store *store, const char *extension, struct sp_io **out,
			 struct sp_error *err)
{
	char *name = sp_format_text("%s.%s", store->text.stem, extension);
	const int rc = name ? sp_io_sibling(store->io, name, out, err) : sp_fail_memory(err);

	free(name);
	return rc;
}

int sp_store_siblings(struct sp_store *store, struct sp_error *err)
{
	int rc = store_sibling(store, "main", &store->main, err);

	if (!rc)
		rc = store_sibling(store, "state", &store->state, err);
	if (!rc && store->text.sub)
		rc = store_sibling(store, "sub", &store->sub, err);
	store->states.io = store->state;
	return rc;
}

void sp_store_free(struct sp_store *store)
{
	sp_states_clear(&store->states);
	sp_io_close(store->main);
	sp_io_close(store->sub);
	sp_io_close(store->state);
	sp_store_text_clear(&store->text);
	free(store);
}

int sp_store_describe(struct sp_store *store, const struct sp_store_text *text,
		      struct sp_error *err)
{
	char *bytes;
	size_t size;
	int rc = sp_store_print(text, &bytes, &size, err);

	if (rc < 0)
		return rc;
	if (store->text_end + size > SP_STORE_TEXT_MAX)
		rc = sp_fail(err, SP_ERR_UNSUPPORTED, "%s: was changed too often", store->io->name);
	if (!rc)
		rc = sp_io_write(store->io, store->text_end, bytes, size, err);
	if (!rc)
		rc = sp_io_sync(store->io, err);
	if (!rc)
		store->text_end += size;
	free(bytes);
	return rc;
}

int sp_store_create(struct sp_store **out, struct sp_io *io, const char *stem,
		    const struct sp_disc *disc, const char *identity, struct sp_error *err)
{
	if (!sp_store_stem_valid(stem))
		return sp_fail(err, SP_ERR_USAGE, "“%s” cannot be the name of a store's files",
			       stem);
	int rc = sp_disc_check(disc, err);
	if (rc < 0)
		return rc;
	struct sp_store *store = calloc(1, sizeof(*store));
	if (!store)
		return sp_fail_memory(err);
	store->io = io;
	store->text.stem = strdup(stem);
	store->text.identity = strdup(identity ? identity : "");
	store->text.disc = sp_store_normal(disc);
	if (!store->text.stem || !store->text.identity || !store->text.disc)
		rc = sp_fail_memory(err);
	if (!rc)
		rc = store_shape(&store->text, err);
	if (!rc)
		rc = sp_store_siblings(store, err);
	if (!rc)
		rc = sp_store_describe(store, &store->text, err);
	if (rc < 0)
		sp_store_free(store);
	else
		*out = store;
	return rc;
}

int sp_store_open(struct sp_store **out, struct sp_io *io, struct sp_error *err)
{
	if (io->size > SP_STORE_TEXT_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: too large for a work store's description",
			       io->name);
	struct sp_store *store = calloc(1, sizeof(*store));
	uint8_t *data = malloc(io->size ? (size_t)io->size : 1);
	int rc = store && data ? sp_io_read(io, 0, data, (size_t)io->size, err)
			       : sp_fail_memory(err);

	if (!rc) {
		store->io = io;
		rc = sp_store_parse(&store->text, io->name, data, (size_t)io->size,
				    &store->text_end, err);
	}
	if (!rc)
		rc = sp_store_siblings(store, err);
	free(data);
	if (rc < 0 && store)
		sp_store_free(store);
	else if (!rc)
		*out = store;
	return rc;
}

/* Records that were written so far have to mean the same in the new layout. */
static int store_fits(const struct sp_store *store, const struct sp_disc *disc,
		      struct sp_error *err)
{
	const struct sp_store_text *text = &store->text;
	const struct sp_disc *old = text->disc;
	size_t j = 0;

	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];
		const size_t size = sp_sector_size(r->mode, r->parts & SP_PART_MAIN);
		bool fits = r->lba >= text->origin && size <= text->stride &&
			    (text->sub || !(r->parts & SP_PART_PW));

		if (!r->stored)
			continue;
		while (j < old->regions &&
		       old->region[j].lba + (sp_lba)old->region[j].count <= r->lba)
			j++;
		for (size_t k = j;
		     k < old->regions && old->region[k].lba < r->lba + (sp_lba)r->count; k++) {
			const struct sp_region *was = &old->region[k];

			if (was->stored &&
			    (sp_sector_size(was->mode, was->parts & SP_PART_MAIN) != size ||
			     (was->parts ^ r->parts) & SP_PART_PW))
				fits = false;
		}
		if (!fits)
			return sp_fail(err, SP_ERR_USAGE,
				       "%s: sectors from LBA %lld on were stored in another form",
				       store->io->name, (long long)r->lba);
	}
	return 0;
}

bool sp_store_unchanged(const struct sp_store_text *a, const struct sp_store_text *b)
{
	char *one = NULL, *other = NULL;
	size_t n, m;
	const bool same = !sp_store_print(a, &one, &n, NULL) &&
			  !sp_store_print(b, &other, &m, NULL) && n == m && !memcmp(one, other, n);

	free(one);
	free(other);
	return same;
}

int sp_store_update(struct sp_store *store, const struct sp_disc *disc, struct sp_error *err)
{
	struct sp_store_text text = store->text;
	int rc = sp_disc_check(disc, err);

	if (rc < 0)
		return rc;
	text.disc = sp_store_normal(disc);
	if (!text.disc)
		return sp_fail_memory(err);
	rc = sp_store_limits(text.disc, err);
	if (!rc)
		rc = store_fits(store, text.disc, err);
	if (!rc)
		rc = sp_store_checkpoint(store, err);
	if (!rc && !sp_store_unchanged(&store->text, &text))
		rc = sp_store_describe(store, &text, err);
	if (rc < 0) {
		sp_disc_free(text.disc);
		return rc;
	}
	sp_disc_free(store->text.disc);
	store->text.disc = text.disc;
	return 0;
}

const struct sp_disc *sp_store_disc(const struct sp_store *store)
{
	return store->text.disc;
}

const char *sp_store_identity(const struct sp_store *store)
{
	return store->text.identity;
}

struct sp_io *sp_store_release(struct sp_store *store)
{
	struct sp_io *io = store->io;

	sp_store_free(store);
	return io;
}

void sp_store_close(struct sp_store *store)
{
	if (store)
		sp_io_close(sp_store_release(store));
}
