/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A once-only source read whole into a temporary file, which then is the source. */
#include "base/bytes.h"

#include <spindle/stream.h>

#include <stdlib.h>
#include <string.h>

enum {
	SPOOL_SECTORS = 256, /* read at a time */
	SPOOL_PROOFS = 4096, /* kept; past that only wrong ones, in the last place */
};

/* A stored region's place in the file: its sectors, then their states. */
struct spool_part {
	struct sp_region region;
	uint64_t offset, states;
	size_t stride;
};

struct spool_proof {
	char *what, *expected, *found;
	bool ok;
};

struct spool_source {
	struct sp_source source;
	struct sp_io *io;
	struct spool_part *part;
	size_t parts;
	struct spool_proof *proof;
	size_t proofs;
	bool no_memory; /* a proof could not be kept */
};

static const struct spool_part *spool_find(const struct spool_source *spool, sp_lba lba)
{
	size_t low = 0, high = spool->parts;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (spool->part[mid].region.lba + (sp_lba)spool->part[mid].region.count <= lba)
			low = mid + 1;
		else
			high = mid;
	}
	return low < spool->parts && spool->part[low].region.lba <= lba ? &spool->part[low] : NULL;
}

static int spool_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct spool_source *spool = (const struct spool_source *)src;
	const struct spool_part *part = spool_find(spool, span->lba);

	if (!part) {
		memset(span->data, 0, span->count * span->stride);
		for (uint32_t i = 0; i < span->count; i++)
			span->state[i] = SP_STATE_GENERATED;
		return 0;
	}
	const uint64_t at = (uint64_t)(span->lba - part->region.lba);
	uint8_t word[SPOOL_SECTORS * 2];
	int rc = sp_io_read(spool->io, part->offset + at * part->stride, span->data,
			    span->count * part->stride, err);

	for (uint32_t done = 0; !rc && done < span->count;) {
		const uint32_t left = span->count - done;
		const uint32_t n = left < SPOOL_SECTORS ? left : SPOOL_SECTORS;

		rc = sp_io_read(spool->io, part->states + (at + done) * 2, word, n * 2, err);
		for (uint32_t i = 0; !rc && i < n; i++)
			span->state[done + i] = get_le16(word + (size_t)i * 2);
		done += n;
	}
	return rc;
}

static int spool_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	const struct spool_source *spool = (const struct spool_source *)src;

	(void)err;
	for (size_t i = 0; i < spool->proofs; i++) {
		const struct spool_proof *kept = &spool->proof[i];
		const struct sp_proof proof = {kept->what, kept->expected, kept->found, kept->ok};

		fn(user, &proof);
	}
	return 0;
}

static void spool_forget(struct spool_proof *proof)
{
	free(proof->what);
	free(proof->expected);
	free(proof->found);
}

static void spool_close(struct sp_source *src)
{
	struct spool_source *spool = (struct spool_source *)src;

	for (size_t i = 0; i < spool->proofs; i++)
		spool_forget(&spool->proof[i]);
	free(spool->proof);
	free(spool->part);
	sp_io_close(spool->io);
	sp_disc_free(src->disc);
	free(spool);
}

static void spool_keep(void *user, const struct sp_proof *proof)
{
	struct spool_source *spool = user;
	struct spool_proof kept = {.ok = proof->ok};

	if (spool->proofs == SPOOL_PROOFS && proof->ok)
		return;
	kept.what = strdup(proof->what ? proof->what : "");
	kept.expected = strdup(proof->expected ? proof->expected : "");
	kept.found = strdup(proof->found ? proof->found : "");
	struct spool_proof *grown =
		spool->proofs == SPOOL_PROOFS
			? spool->proof
			: sp_grow(spool->proof, spool->proofs, sizeof(spool->proof[0]));
	if (grown)
		spool->proof = grown;
	if (!grown || !kept.what || !kept.expected || !kept.found) {
		spool->no_memory = true;
		spool_forget(&kept);
		return;
	}
	if (spool->proofs == SPOOL_PROOFS)
		spool_forget(&grown[--spool->proofs]);
	grown[spool->proofs++] = kept;
}

/* Where everything will lie; *stride is the widest sector's. */
static int spool_plan(struct spool_source *spool, const struct sp_disc *disc, size_t *stride,
		      struct sp_error *err)
{
	uint64_t end = 0;

	spool->part = calloc(disc->regions ? disc->regions : 1, sizeof(spool->part[0]));
	if (!spool->part)
		return sp_fail_memory(err);
	*stride = 1;
	for (size_t i = 0; i < disc->regions; i++) {
		const struct sp_region *r = &disc->region[i];
		struct spool_part *part = &spool->part[spool->parts];
		uint64_t size, words;

		if (!r->stored)
			continue;
		*part = (struct spool_part){
			.region = *r, .offset = end, .stride = sp_sector_size(r->mode, r->parts)};
		if (!part->stride || !sp_mul_ok(r->count, part->stride, &size) ||
		    !sp_mul_ok(r->count, 2, &words) || !sp_add_ok(end, size, &part->states) ||
		    !sp_add_ok(part->states, words, &end) || end > INT64_MAX)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "the disc is too large for a temporary file");
		*stride = part->stride > *stride ? part->stride : *stride;
		spool->parts++;
	}
	return 0;
}

static int spool_fill_part(struct spool_source *spool, struct sp_source *src,
			   const struct spool_part *part, struct sp_span *span,
			   struct sp_error *err)
{
	uint8_t word[SPOOL_SECTORS * 2];

	span->mode = part->region.mode;
	span->parts = part->region.parts;
	span->stride = part->stride;
	for (uint64_t at = 0; at < part->region.count; at += span->count) {
		const uint64_t left = part->region.count - at;

		span->lba = part->region.lba + (sp_lba)at;
		span->count = left < SPOOL_SECTORS ? (uint32_t)left : SPOOL_SECTORS;
		memset(span->state, 0, span->count * sizeof(span->state[0]));
		int rc = sp_source_read(src, span, err);
		if (!rc)
			rc = sp_io_write(spool->io, part->offset + at * part->stride, span->data,
					 span->count * span->stride, err);
		for (uint32_t i = 0; i < span->count; i++)
			put_le16(word + (size_t)i * 2, span->state[i]);
		if (!rc)
			rc = sp_io_write(spool->io, part->states + at * 2, word,
					 (size_t)span->count * 2, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int spool_fill(struct spool_source *spool, struct sp_source *src, size_t stride,
		      struct sp_error *err)
{
	uint16_t state[SPOOL_SECTORS];
	struct sp_span span = {.state = state, .data = malloc(stride * SPOOL_SECTORS)};
	int rc = span.data ? 0 : sp_fail_memory(err);

	for (size_t i = 0; !rc && i < spool->parts; i++)
		rc = spool_fill_part(spool, src, &spool->part[i], &span, err);
	free(span.data);
	return rc;
}

/* While it was read only metadata may have changed. */
static int spool_same(const struct spool_source *spool, const struct sp_disc *disc,
		      struct sp_error *err)
{
	size_t n = 0;
	bool same = true;

	for (size_t i = 0; same && i < disc->regions; i++) {
		const struct sp_region *now = &disc->region[i];

		if (!now->stored)
			continue;
		const struct sp_region *then = n < spool->parts ? &spool->part[n++].region : NULL;
		same = then && now->lba == then->lba && now->count == then->count &&
		       now->mode == then->mode && now->parts == then->parts;
	}
	if (same && n == spool->parts)
		return 0;
	return sp_fail(err, SP_ERR_FORMAT, "the sectors' layout changed while they were read");
}

int sp_spool(struct sp_source **out, struct sp_source *src, struct sp_error *err)
{
	static const struct sp_source_ops ops = {
		.read = spool_read, .prove = spool_prove, .close = spool_close};
	size_t stride = 0;

	if (!(src->caps & SP_SOURCE_ONCE)) {
		*out = src;
		return 0;
	}
	struct spool_source *spool = calloc(1, sizeof(*spool));
	if (!spool)
		return sp_fail_memory(err);
	spool->source.ops = &ops;
	int rc = spool_plan(spool, src->disc, &stride, err);
	if (!rc)
		rc = sp_io_open_temp(&spool->io, err);
	if (!rc)
		rc = spool_fill(spool, src, stride, err);
	if (!rc)
		rc = spool_same(spool, src->disc, err);
	if (!rc)
		rc = sp_source_prove(src, spool_keep, spool, err);
	if (!rc) {
		spool->source.disc = sp_disc_copy(src->disc);
		if (!spool->source.disc || spool->no_memory)
			rc = sp_fail_memory(err);
	}
	if (rc < 0) {
		spool_close(&spool->source);
		return rc;
	}
	sp_source_close(src);
	*out = &spool->source;
	return 0;
}
