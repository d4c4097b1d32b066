/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an HFS+ fork lies: eight extents in its record, more in the extents overflow file. */
#include "tree/hfsplus.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { FORK_EXTENTS = 8, FORK_KEY = 12 };

struct fork_map {
	struct hfs *h;
	struct sp_fs_extents *list;
	uint64_t left;  /* bytes */
	uint32_t block; /* of the fork, that comes next */
	uint32_t id;
	unsigned type;
};

/* Eight extents: first block, count. 1: one of no blocks ends them. */
static int fork_extents(struct fork_map *m, const uint8_t *d, struct sp_error *err)
{
	struct hfs *h = m->h;

	for (unsigned i = 0; i < FORK_EXTENTS && m->left; i++) {
		const uint32_t first = get_be32(d + 8 * i), count = get_be32(d + 8 * i + 4);

		if (!count)
			return 1;
		if (first >= h->blocks || count > h->blocks - first || m->block + count < count)
			return sp_fail(err, SP_ERR_FORMAT,
				       "%u blocks at block %u: the volume has %u", count, first,
				       h->blocks);
		const uint64_t size = (uint64_t)count * h->block;
		const uint64_t n = size < m->left ? size : m->left;
		const int r = sp_fs_extents_add(
			m->list, &h->fs, h->base + (uint64_t)first * h->block, n, false, err);
		if (r < 0)
			return r;
		m->left -= n;
		m->block += count;
	}
	return 0;
}

/* Key: 2 length, 2 type of fork, 4 file, 8 block. */
static int fork_compare(const void *wanted, const uint8_t *key, size_t size)
{
	const struct fork_map *m = wanted;

	if (size < FORK_KEY)
		return -1;
	const uint32_t id = get_be32(key + 4), block = get_be32(key + 8);
	if (id != m->id)
		return id < m->id ? -1 : 1;
	if (key[2] != m->type)
		return key[2] < m->type ? -1 : 1;
	return block < m->block ? -1 : block > m->block;
}

static int fork_more(void *user, const uint8_t *record, size_t size, struct hfs_place at,
		     struct sp_error *err)
{
	struct fork_map *m = user;
	size_t left = 0;
	const uint8_t *data = hfs_data(record, size, &left);

	(void)at;
	if (!data || left < 8 * FORK_EXTENTS || fork_compare(m, record, size - left) != 0)
		return 1;
	const int r = fork_extents(m, data, err);
	return r < 0 ? r : r == 1 || !m->left;
}

int hfs_fork_map(struct hfs *h, const uint8_t *fork, uint32_t id, unsigned type,
		 struct sp_fs_extents *list, struct sp_error *err)
{
	struct fork_map m = {.h = h, .list = list, .left = get_be64(fork), .id = id, .type = type};
	int r = fork_extents(&m, fork + 16, err);

	/* the overflow file cannot have more of itself */
	if (!r && m.left && id != HFS_EXTENTS_ID && h->overflow.io) {
		uint8_t *leaf = malloc(h->overflow.node_size);

		r = leaf ? hfs_tree_walk(h, &h->overflow, fork_compare, &m, leaf, fork_more, &m,
					 err)
			 : sp_fail_memory(err);
		free(leaf);
	}
	if (r >= 0 && m.left)
		r = sp_fail(err, SP_ERR_FORMAT, "%llu bytes, of which its extents have %llu",
			    (unsigned long long)get_be64(fork), (unsigned long long)list->size);
	return r < 0 ? r : 0;
}

int hfs_fork_load(struct hfs *h, const uint8_t *fork, uint32_t id, unsigned type, uint64_t most,
		  uint8_t **data, size_t *size, struct sp_error *err)
{
	struct sp_fs_extents list = {0};
	const uint64_t bytes = get_be64(fork);
	int r = bytes <= most ? hfs_fork_map(h, fork, id, type, &list, err)
			      : sp_fail(err, SP_ERR_FORMAT, "is %llu bytes long",
					(unsigned long long)bytes);

	*data = r < 0 ? NULL : calloc(1, (size_t)bytes + 1);
	*size = (size_t)bytes;
	if (!r && !*data)
		r = sp_fail_memory(err);
	uint64_t at = 0;
	for (size_t i = 0; !r && i < list.count; i++) {
		r = sp_fs_read(&h->fs, list.extent[i].at, *data + at, (size_t)list.extent[i].size,
			       err);
		at += list.extent[i].size;
	}
	sp_fs_extents_free(&list);
	if (r < 0) {
		free(*data);
		*data = NULL;
	}
	return r;
}
