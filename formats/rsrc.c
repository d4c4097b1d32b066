/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Macintosh resource fork: a header, data, and a map of types, references and names. */
#include "formats/rsrc.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	RSRC_HEADER = 16,
	RSRC_MAP = 28,           /* before the list of types */
	RSRC_MAP_MAX = 16 << 20, /* references have 16-bit places: real maps are far smaller */
	RSRC_TYPE = 8,
	RSRC_REFERENCE = 12,
	RSRC_NAMELESS = 0xffff,
};

struct rsrc {
	struct sp_io *io;
	uint64_t fork, data_at, data_size; /* data_at: in the io */
	uint8_t *map;
	size_t map_size;
	size_t types, names; /* places in the map */
};

static int rsrc_wrong(const struct rsrc *r, const char *what, struct sp_error *err)
{
	return sp_fail(err, SP_ERR_FORMAT, "%s: resource fork at byte %llu: %s", r->io->name,
		       (unsigned long long)r->fork, what);
}

/* `size` bytes of the map, NULL where it ends before. */
static const uint8_t *rsrc_at(const struct rsrc *r, size_t at, size_t size)
{
	return sp_range_ok(at, size, r->map_size) ? r->map + at : NULL;
}

static int rsrc_open(struct rsrc *r, uint64_t size, struct sp_error *err)
{
	uint8_t head[RSRC_HEADER];

	if (!sp_range_ok(r->fork, size, r->io->size) || size < RSRC_HEADER + RSRC_MAP)
		return rsrc_wrong(r, "does not lie in the file", err);
	const int status = sp_io_read(r->io, r->fork, head, sizeof(head), err);
	if (status < 0)
		return status;
	const uint32_t data = get_be32(head), map = get_be32(head + 4);
	const uint32_t data_size = get_be32(head + 8), map_size = get_be32(head + 12);
	if (!sp_range_ok(data, data_size, size) || !sp_range_ok(map, map_size, size) ||
	    map_size < RSRC_MAP + 2 || map_size > RSRC_MAP_MAX)
		return rsrc_wrong(r, "its header names places outside of it", err);
	r->data_at = r->fork + data;
	r->data_size = data_size;
	r->map_size = map_size;
	r->map = malloc(map_size);
	if (!r->map)
		return sp_fail_memory(err);
	return sp_io_read(r->io, r->fork + map, r->map, map_size, err);
}

static int rsrc_one(const struct rsrc *r, const uint8_t *reference, struct sp_resource *out,
		    struct sp_error *err)
{
	const uint32_t at = get_be32(reference + 4) & 0xffffff;
	const unsigned name = get_be16(reference + 2);
	const uint8_t *text = name == RSRC_NAMELESS ? NULL : rsrc_at(r, r->names + name, 1);
	uint8_t length[4];

	*out = (struct sp_resource){.id = (int16_t)get_be16(reference), .attributes = reference[4]};
	if (text && rsrc_at(r, r->names + name + 1, text[0])) {
		memcpy(out->name, text + 1, text[0]);
		out->name[text[0]] = '\0';
	}
	if (!sp_range_ok(at, sizeof(length), r->data_size))
		return rsrc_wrong(r, "a resource lies outside of its data", err);
	const int status = sp_io_read(r->io, r->data_at + at, length, sizeof(length), err);
	if (status < 0)
		return status;
	out->at = r->data_at + at + sizeof(length);
	out->size = get_be32(length);
	if (!sp_range_ok(at + sizeof(length), out->size, r->data_size))
		return rsrc_wrong(r, "a resource ends outside of its data", err);
	return 0;
}

/* The entry of a type: its count of resources less one, and their place after `types`. */
static int rsrc_type(const struct rsrc *r, const char type[4], const uint8_t **out,
		     struct sp_error *err)
{
	const uint8_t *head = rsrc_at(r, r->types, 2);

	*out = NULL;
	if (!head)
		return rsrc_wrong(r, "its list of types lies outside of its map", err);
	const size_t count = (get_be16(head) + 1u) & 0xffff; /* 0xffff: none */
	for (size_t i = 0; i < count; i++) {
		const uint8_t *entry = rsrc_at(r, r->types + 2 + i * RSRC_TYPE, RSRC_TYPE);

		if (!entry)
			return rsrc_wrong(r, "its list of types ends outside of its map", err);
		if (!memcmp(entry, type, 4)) {
			*out = entry;
			return 0;
		}
	}
	return 0;
}

static int rsrc_list(struct rsrc *r, const char type[4], struct sp_resource **out, size_t *count,
		     struct sp_error *err)
{
	const uint8_t *entry;

	r->types = get_be16(r->map + 24);
	r->names = get_be16(r->map + 26);
	int status = rsrc_type(r, type, &entry, err);
	if (status < 0 || !entry)
		return status;
	const size_t n = get_be16(entry + 4) + 1u, at = r->types + get_be16(entry + 6);
	if (n > SP_RSRC_MAX || !rsrc_at(r, at, n * RSRC_REFERENCE))
		return rsrc_wrong(r, "a type's resources are listed outside of its map", err);
	struct sp_resource *list = calloc(n, sizeof(list[0]));
	if (!list)
		return sp_fail_memory(err);
	for (size_t i = 0; i < n && !status; i++)
		status = rsrc_one(r, r->map + at + i * RSRC_REFERENCE, &list[i], err);
	if (status < 0) {
		free(list);
		return status;
	}
	*out = list;
	*count = n;
	return 0;
}

int sp_rsrc_list(struct sp_resource **out, size_t *count, struct sp_io *io, uint64_t at,
		 uint64_t size, const char type[4], struct sp_error *err)
{
	struct rsrc r = {.io = io, .fork = at};

	*out = NULL;
	*count = 0;
	int status = rsrc_open(&r, size, err);
	if (!status)
		status = rsrc_list(&r, type, out, count, err);
	free(r.map);
	return status;
}
