/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+'s B-trees: nodes with bounds, and a walk along the leaves that ends whatever they say. */
#include "tree/hfsplus.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static int tree_bad(const struct hfs_tree *tree, uint32_t node, const char *why,
		    struct sp_error *err)
{
	return sp_fail(err, SP_ERR_FORMAT, "node %u of the %s %s", node, tree->name, why);
}

/* Bytes: 0 next, 4 previous, 8 kind, 9 height, 10 records. */
int hfs_node(struct hfs *h, struct hfs_tree *tree, uint32_t number, struct sp_error *err)
{
	(void)h;
	if (tree->loaded == number)
		return 0;
	if (!tree->io || number >= tree->nodes)
		return tree_bad(tree, number, "is beyond its end", err);
	tree->loaded = UINT32_MAX;
	const int r = sp_io_read(tree->io, (uint64_t)number * tree->node_size, tree->node,
				 tree->node_size, err);
	if (r < 0)
		return r;
	if (get_be16(tree->node + 10) > (tree->node_size - HFS_NODE_HEAD) / 4u)
		return tree_bad(tree, number, "has more records than fit", err);
	tree->loaded = number;
	return 0;
}

/* Offsets stand at the end of a node, the first one last; one more than there are records. */
const uint8_t *hfs_record(const uint8_t *node, size_t size, unsigned i, size_t *bytes)
{
	const unsigned count = get_be16(node + 10);

	if (i >= count)
		return NULL;
	const size_t from = get_be16(node + size - 2 * (i + 1));
	const size_t to = get_be16(node + size - 2 * (i + 2));
	const size_t end = size - 2 * ((size_t)count + 1);
	if (from < HFS_NODE_HEAD || from + 2 > to || to > end)
		return NULL;
	*bytes = to - from;
	return node + from;
}

const uint8_t *hfs_data(const uint8_t *record, size_t size, size_t *bytes)
{
	/* keys are padded to an even length */
	const size_t skip = (2 + (size_t)get_be16(record) + 1) & ~(size_t)1;

	if (skip > size)
		return NULL;
	*bytes = size - skip;
	return record + skip;
}

int hfs_tree_open(struct hfs *h, struct hfs_tree *tree, const char *name, unsigned fork_at,
		  uint32_t id, struct sp_error *err)
{
	struct sp_fs_extents copy = {0};
	uint8_t head[HFS_NODE_MIN];

	*tree = (struct hfs_tree){.name = name, .loaded = UINT32_MAX};
	int r = hfs_fork_map(h, h->header + fork_at, id, HFS_FORK_DATA, &tree->extents, err);
	for (size_t i = 0; !r && i < tree->extents.count; i++) {
		const struct sp_fs_extent *e = &tree->extents.extent[i];

		r = sp_fs_extents_add(&copy, &h->fs, e->at, e->size, e->hole, err);
	}
	if (!r)
		r = sp_fs_extents_io(&tree->io, h->fs.volume.io, &copy, tree->extents.size, name,
				     err);
	sp_fs_extents_free(&copy);
	if (!r)
		r = sp_io_read(tree->io, 0, head, sizeof(head), err);
	if (r < 0)
		return r;
	tree->node_size = get_be16(head + HFS_NODE_HEAD + 18);
	if ((int8_t)head[8] != HFS_HEADER || tree->node_size < HFS_NODE_MIN ||
	    tree->node_size > HFS_NODE_MAX || tree->node_size & (tree->node_size - 1))
		return sp_fail(err, SP_ERR_FORMAT, "the %s has no header node", name);
	const uint64_t nodes = tree->io->size / tree->node_size;
	tree->nodes = nodes < UINT32_MAX ? (uint32_t)nodes : UINT32_MAX - 1;
	tree->depth = get_be16(head + HFS_NODE_HEAD);
	tree->root = get_be32(head + HFS_NODE_HEAD + 2);
	tree->first = get_be32(head + HFS_NODE_HEAD + 10);
	tree->node = malloc(tree->node_size);
	return tree->node ? 0 : sp_fail_memory(err);
}

void hfs_tree_close(struct hfs_tree *tree)
{
	sp_io_close(tree->io);
	sp_fs_extents_free(&tree->extents);
	free(tree->node);
	*tree = (struct hfs_tree){.loaded = UINT32_MAX};
}

/* The leaf in which the first record may be that does not lie before what is wanted. */
static int tree_descend(struct hfs *h, struct hfs_tree *tree, hfs_compare *compare,
			const void *wanted, uint32_t *leaf, struct sp_error *err)
{
	uint32_t number = tree->root;
	unsigned height = 256;

	for (unsigned depth = 0; depth < HFS_DEPTH; depth++) {
		const int r = hfs_node(h, tree, number, err);

		if (r < 0)
			return r;
		const uint8_t *node = tree->node;
		if ((int8_t)node[8] == HFS_LEAF) {
			*leaf = number;
			return 0;
		}
		if ((int8_t)node[8] != HFS_INDEX || node[9] >= height)
			return tree_bad(tree, number, "is not what its parent says", err);
		height = node[9];
		uint32_t child = 0;
		bool have = false;
		for (unsigned i = 0; i < get_be16(node + 10); i++) {
			size_t size, left;
			const uint8_t *record = hfs_record(node, tree->node_size, i, &size);
			const uint8_t *data = record ? hfs_data(record, size, &left) : NULL;

			if (!data || left < 4)
				return tree_bad(tree, number, "has a record out of its bounds",
						err);
			if (have && compare(wanted, record, size - left) > 0)
				break;
			child = get_be32(data);
			have = true;
		}
		if (!have)
			return tree_bad(tree, number, "is empty", err);
		number = child;
	}
	return tree_bad(tree, number, "lies too deep", err);
}

int hfs_tree_walk(struct hfs *h, struct hfs_tree *tree, hfs_compare *compare, const void *wanted,
		  uint8_t *leaf, hfs_leaf_fn *fn, void *user, struct sp_error *err)
{
	uint32_t number = 0;

	if (!tree->io || !tree->root)
		return 0;
	int r = tree_descend(h, tree, compare, wanted, &number, err);
	if (r < 0)
		return r;
	for (uint32_t hop = 0, before = 0; number; hop++) {
		r = hfs_node(h, tree, number, err);
		if (r < 0)
			return r;
		if ((int8_t)tree->node[8] != HFS_LEAF)
			return tree_bad(tree, number, "is no leaf", err);
		/* each says which one it follows: so none is come to twice */
		if (hop && (get_be32(tree->node + 4) != before || hop >= tree->nodes))
			return tree_bad(tree, number, "follows another one", err);
		before = number;
		memcpy(leaf, tree->node, tree->node_size);
		for (unsigned i = 0; i < get_be16(leaf + 10); i++) {
			size_t size, left;
			const uint8_t *record = hfs_record(leaf, tree->node_size, i, &size);

			if (!record || !hfs_data(record, size, &left))
				return tree_bad(tree, number, "has a record out of its bounds",
						err);
			if (compare(wanted, record, size - left) < 0)
				continue;
			r = fn(user, record, size, (struct hfs_place){number, (uint16_t)i}, err);
			if (r)
				return r == 1 ? 0 : r;
		}
		number = get_be32(leaf);
	}
	return 0;
}
