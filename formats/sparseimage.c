/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sparseimage: a disk whose bands lie in the order they were first written in. A node of 4096 bytes
 * holds the numbers of the bands behind it; the next node is behind those. Apple documents nothing:
 * the first node is as in libmodi's "Mac OS disk image types", further ones as apfs-fuse, mac_apt
 * and fsdump have them, which agree; what is not as they say is refused. */
#include "base/bytes.h"
#include "formats/formats.h"
#include "formats/unwrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPARSE_NODE = 4096,
	SPARSE_FIRST = 64, /* where the numbers begin in the first node */
	SPARSE_LATER = 56, /* and in the others */
	SPARSE_NODES = 65536,
	SPARSE_BAND_MAX = 1 << 21, /* sectors: 1 GiB */
};

/* Where a band of the disk lies in the file. */
struct sparse_band {
	uint64_t number, at;
};

struct sparse {
	struct sp_io io;
	struct sp_io *inner;
	uint64_t band_size;
	struct sparse_band *band; /* ascending by number */
	size_t bands;
};

static int sparse_compare(const void *a, const void *b)
{
	const struct sparse_band *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* The band with that number, or the next one that is stored; NULL: there is none. */
static const struct sparse_band *sparse_find(const struct sparse *s, uint64_t number)
{
	size_t low = 0, high = s->bands;

	while (low < high) {
		const size_t half = low + (high - low) / 2;

		if (s->band[half].number < number)
			low = half + 1;
		else
			high = half;
	}
	return low < s->bands ? &s->band[low] : NULL;
}

static int sparse_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct sparse *s = (struct sparse *)io;
	uint8_t *to = data;

	while (size) {
		const uint64_t number = at / s->band_size, within = at % s->band_size;
		const struct sparse_band *band = sparse_find(s, number);
		/* to the end of the band, or over all that is not stored */
		uint64_t left =
			band ? (band->number == number ? s->band_size
						       : (band->number - number) * s->band_size) -
					within
			     : size;
		const size_t n = left < size ? (size_t)left : size;

		if (band && band->number == number) {
			const int r = sp_io_read(s->inner, band->at + within, to, n, err);
			if (r < 0)
				return r;
		} else {
			memset(to, 0, n);
		}
		at += n;
		to += n;
		size -= n;
	}
	return 0;
}

static void sparse_close(struct sp_io *io)
{
	struct sparse *s = (struct sparse *)io;

	sp_io_close(s->inner);
	free(s->band);
	free(s);
}

static int sparse_add(struct sparse *s, uint32_t number, uint64_t at, struct sp_error *err)
{
	const uint64_t begin = (number - UINT64_C(1)) * s->band_size;
	const uint64_t left = begin < s->io.size ? s->io.size - begin : 0;
	const uint64_t size = left < s->band_size ? left : s->band_size;

	if (!size)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: band %" PRIu32 " lies beyond the disk's end", s->io.name,
			       number);
	if (!sp_range_ok(at, size, s->inner->size))
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: truncated: band %" PRIu32 " at byte %" PRIu64
			       " is not all there",
			       s->io.name, number, at);
	struct sparse_band *list = sp_grow(s->band, s->bands, sizeof(*list));
	if (!list)
		return sp_fail_memory(err);
	s->band = list;
	s->band[s->bands++] = (struct sparse_band){number - UINT64_C(1), at};
	return 0;
}

/* The bands of the node at `at`; *end is where the last of them ends. */
static int sparse_node(struct sparse *s, const uint8_t node[SPARSE_NODE], uint64_t at,
		       uint64_t *end, struct sp_error *err)
{
	const size_t from = at ? SPARSE_LATER : SPARSE_FIRST;

	*end = at + SPARSE_NODE;
	for (size_t i = 0; i < (SPARSE_NODE - from) / 4; i++) {
		const uint32_t number = get_be32(node + from + 4 * i);
		const uint64_t place = at + SPARSE_NODE + i * s->band_size;

		if (!number)
			continue;
		const int r = sparse_add(s, number, place, err);
		if (r < 0)
			return r;
		*end = place + s->band_size;
	}
	return 0;
}

static int sparse_nodes(struct sparse *s, uint8_t node[SPARSE_NODE], struct sp_error *err)
{
	uint64_t at = 0, end;

	for (unsigned count = 1;; count++) {
		int r = sparse_node(s, node, at, &end, err);
		if (r < 0)
			return r;
		const uint64_t next = get_be64(node + (at ? 12 : 20));
		if (!next)
			break;
		if (next < end || count == SPARSE_NODES)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: index node %u is said to be at byte %" PRIu64
				       ", where no known layout has it",
				       s->io.name, count, next);
		if ((r = sp_io_read(s->inner, next, node, SPARSE_NODE, err)) < 0)
			return r;
		if (memcmp(node, "sprs", 4) != 0)
			return sp_fail(err, SP_ERR_UNSUPPORTED,
				       "%s: index node %u at byte %" PRIu64 " is not one as known",
				       s->io.name, count, next);
		at = next;
	}
	if (s->bands)
		qsort(s->band, s->bands, sizeof(s->band[0]), sparse_compare);
	for (size_t i = 1; i < s->bands; i++)
		if (s->band[i].number == s->band[i - 1].number)
			return sp_fail(err, SP_ERR_FORMAT, "%s: band %" PRIu64 " is there twice",
				       s->io.name, s->band[i].number + 1);
	return 0;
}

static int sparse_head(struct sparse *s, const uint8_t node[SPARSE_NODE], struct sp_error *err)
{
	const uint32_t version = get_be32(node + 4), band = get_be32(node + 8);
	const uint64_t low = get_be32(node + 16), whole = get_be64(node + 28);
	const uint64_t sectors = whole ? whole : low;

	if (version != 3)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: version %" PRIu32 " of sparse images is not known", s->io.name,
			       version);
	if (!band || band > SPARSE_BAND_MAX)
		return sp_fail(err, SP_ERR_FORMAT, "%s: bands of %" PRIu32 " sectors", s->io.name,
			       band);
	if ((whole && (whole & UINT32_MAX) != low) || sectors > INT64_MAX / 512)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: says that it has %" PRIu64 " sectors and also %" PRIu64,
			       s->io.name, whole, low);
	s->band_size = UINT64_C(512) * band;
	s->io.size = 512 * sectors;
	return 0;
}

static int sparse_unwrap(struct sp_io **out, struct sp_io *io, const struct sp_options *options,
			 char text[SP_WRAPPING_TEXT], struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = sparse_read, .close = sparse_close};
	struct sparse *s = calloc(1, sizeof(*s));
	uint8_t *node = malloc(SPARSE_NODE);
	int r = s && node ? sp_io_read(io, 0, node, SPARSE_NODE, err) : sp_fail_memory(err);

	(void)options;
	if (!r) {
		s->io = (struct sp_io){.ops = &ops, .name = io->name};
		s->inner = io;
		r = sparse_head(s, node, err);
	}
	if (!r)
		r = sparse_nodes(s, node, err);
	free(node);
	if (r < 0) {
		if (s)
			free(s->band);
		free(s);
		return r;
	}
	snprintf(text, SP_WRAPPING_TEXT, "%zu of %" PRIu64 " bands of %" PRIu64 " KiB", s->bands,
		 s->io.size / s->band_size + (s->io.size % s->band_size != 0), s->band_size / 1024);
	*out = &s->io;
	return 0;
}

static int sparse_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		       struct sp_error *err)
{
	return sp_unwrap_open(out, &sp_format_sparseimage, io, options, err);
}

const struct sp_format sp_format_sparseimage = {
	.name = "sparseimage",
	.summary = "Apple sparse disk image",
	.extension = (const char *const[]){".sparseimage", NULL},
	/* other versions are refused by name */
	.magic = (const struct sp_magic[]){{0, 8, 90, "sprs\0\0\0\3"}, {0, 7, 60, "sprs\0\0"}, {0}},
	.open = sparse_open,
	.unwrap = sparse_unwrap,
};
