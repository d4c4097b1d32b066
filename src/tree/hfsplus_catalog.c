/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+'s catalog: folders as runs of leaf records, files and what they are, hard links. Where the
 * tree is damaged, its leaves are found one by one. */
#include "tree/hfsplus.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	CAT_KEY = 8,
	CAT_FOLDER_SIZE = 88,
	CAT_HAS_ATTRIBUTES = 4, /* flags of a record */
	CAT_COMPRESSED = 0x20,  /* UF_COMPRESSED, of its owner's flags */
	CAT_INVISIBLE = 0x4000, /* the Finder's */
};

static const char cat_private[] = "\0\0\0\0HFS+ Private Data";
static const char cat_private_folders[] = ".HFS+ Private Directory Data\r";

struct cat_key {
	uint32_t parent;
};

/* Key: 2 length, 4 parent, 2 letters of the name, then the name. */
static int cat_compare(const void *wanted, const uint8_t *key, size_t size)
{
	const struct cat_key *w = wanted;

	if (size < CAT_KEY)
		return -1;
	const uint32_t parent = get_be32(key + 2);
	if (parent != w->parent)
		return parent < w->parent ? -1 : 1;
	return get_be16(key + 6) ? 1 : 0;
}

/* A record's data when it is a folder's or file's, whole. */
static const uint8_t *cat_data(const uint8_t *record, size_t size, uint32_t *parent)
{
	size_t left = 0;
	const uint8_t *data = hfs_data(record, size, &left);

	if (!data || size - left < CAT_KEY || left < 2 ||
	    2 * (size_t)get_be16(record + 6) > size - left - CAT_KEY)
		return NULL;
	*parent = get_be32(record + 2);
	const unsigned type = get_be16(data);
	if (type == HFS_RECORD_FOLDER && left >= CAT_FOLDER_SIZE)
		return data;
	return type == HFS_RECORD_FILE && left >= HFS_RECORD_SIZE ? data : NULL;
}

int hfs_catalog_get(struct hfs *h, struct hfs_place at, uint8_t out[HFS_RECORD_SIZE],
		    struct sp_error *err)
{
	const int r = hfs_node(h, &h->catalog, at.node, err);
	uint32_t parent;
	size_t size = 0;

	if (r < 0)
		return r;
	const uint8_t *record = hfs_record(h->catalog.node, h->catalog.node_size, at.record, &size);
	const uint8_t *data = record ? cat_data(record, size, &parent) : NULL;
	if (!data)
		return sp_fail(err, SP_ERR_FORMAT, "record %u of node %u of the catalog: is none",
			       at.record, at.node);
	memset(out, 0, HFS_RECORD_SIZE);
	memcpy(out, data, get_be16(data) == HFS_RECORD_FOLDER ? CAT_FOLDER_SIZE : HFS_RECORD_SIZE);
	return 0;
}

static bool cat_named(const uint8_t *record, const char *name, size_t size)
{
	if (get_be16(record + 6) != size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (get_be16(record + CAT_KEY + 2 * i) != (uint8_t)name[i])
			return false;
	return true;
}

/* Which of the two folders that hold what hard links lead to; -1: neither. */
static int cat_private_kind(const uint8_t *record, uint32_t parent)
{
	if (parent != HFS_ROOT_ID)
		return -1;
	if (cat_named(record, cat_private, sizeof(cat_private) - 1))
		return 0;
	return cat_named(record, cat_private_folders, sizeof(cat_private_folders) - 1) ? 1 : -1;
}

/* --- without the tree's help --- */

static int cat_found_order(const void *a, const void *b)
{
	const struct hfs_found *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->at.node != y->at.node)
		return x->at.node < y->at.node ? -1 : 1;
	return (int)x->at.record - (int)y->at.record;
}

/* Whether the tree has a use for the node; its map is in the header node (and others, which are not
 * looked at: what they tell of counts as used). */
static bool cat_used(const uint8_t *header, size_t size, uint32_t node)
{
	size_t bytes = 0;
	const uint8_t *map = hfs_record(header, size, 2, &bytes);

	return !map || node / 8 >= bytes || map[node / 8] & 0x80 >> node % 8;
}

static int cat_search(struct hfs *h, struct sp_error *err)
{
	struct hfs_tree *tree = &h->catalog;
	uint8_t *header = malloc(tree->node_size);
	int r = 0;

	h->searched = true;
	if (!header)
		return sp_fail_memory(err);
	if (hfs_node(h, tree, 0, NULL) == 0)
		memcpy(header, tree->node, tree->node_size);
	else
		memset(header, 0, tree->node_size);
	for (uint32_t n = 1; r >= 0 && n < tree->nodes; n++) {
		if (!cat_used(header, tree->node_size, n) || hfs_node(h, tree, n, NULL) < 0 ||
		    (int8_t)tree->node[8] != HFS_LEAF)
			continue;
		for (unsigned i = 0; r >= 0 && i < get_be16(tree->node + 10); i++) {
			size_t size;
			uint32_t parent;
			const uint8_t *record = hfs_record(tree->node, tree->node_size, i, &size);

			if (!record || !cat_data(record, size, &parent) ||
			    h->founds == HFS_SALVAGED)
				continue;
			struct hfs_found *more = sp_grow(h->found, h->founds, sizeof(*more));
			if (!more) {
				r = sp_fail_memory(err);
				break;
			}
			h->found = more;
			more[h->founds++] = (struct hfs_found){parent, {n, (uint16_t)i}};
		}
	}
	free(header);
	if (r >= 0 && h->founds)
		qsort(h->found, h->founds, sizeof(*h->found), cat_found_order);
	return r < 0 ? r : 0;
}

/* --- the records of one folder --- */

typedef int cat_fn(void *user, const uint8_t *record, const uint8_t *data, struct hfs_place at,
		   struct sp_error *err);

struct cat_folder {
	struct hfs *h;
	uint32_t id;
	cat_fn *fn;
	void *user;
	uint32_t *seen; /* leaves whose records were told */
	size_t leaves;
	struct hfs_place last;
	int result; /* of fn */
};

static int cat_record(void *user, const uint8_t *record, size_t size, struct hfs_place at,
		      struct sp_error *err)
{
	struct cat_folder *f = user;
	uint32_t parent = 0;
	size_t left = 0;
	const uint8_t *any = hfs_data(record, size, &left);
	const uint8_t *data = cat_data(record, size, &parent);

	if (size - left >= CAT_KEY && get_be32(record + 2) != f->id)
		return 1;
	if (!f->leaves || f->seen[f->leaves - 1] != at.node) {
		uint32_t *more = sp_grow(f->seen, f->leaves, sizeof(*more));

		if (!more)
			return sp_fail_memory(err);
		f->seen = more;
		more[f->leaves++] = at.node;
	}
	f->last = at;
	if (!data) {
		/* threads lead from an item to its name */
		const unsigned type = any && left >= 2 ? get_be16(any) : 0;
		if (type != 3 && type != 4)
			sp_fs_damaged(&f->h->fs,
				      "record %u of node %u of the catalog: of type %u, %zu bytes",
				      at.record, at.node, type, left);
		return 0;
	}
	f->result = f->fn(f->user, record, data, at, err);
	return f->result ? 1 : 0;
}

static int cat_node_order(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int cat_rest(struct cat_folder *f, struct sp_error *err)
{
	struct hfs *h = f->h;
	struct hfs_tree *tree = &h->catalog;
	int r = h->searched ? 0 : cat_search(h, err);
	size_t low = 0, high = h->founds;
	uint8_t *leaf = r < 0 ? NULL : malloc(tree->node_size);
	uint32_t loaded = UINT32_MAX;

	if (r >= 0 && !leaf)
		r = sp_fail_memory(err);
	if (f->leaves)
		qsort(f->seen, f->leaves, sizeof(*f->seen), cat_node_order);
	while (low < high) {
		const size_t half = low + (high - low) / 2;
		if (h->found[half].parent < f->id)
			low = half + 1;
		else
			high = half;
	}
	for (; r >= 0 && low < h->founds && h->found[low].parent == f->id && !f->result; low++) {
		const struct hfs_place at = h->found[low].at;
		size_t size = 0;
		uint32_t parent;

		if (f->leaves &&
		    bsearch(&at.node, f->seen, f->leaves, sizeof(*f->seen), cat_node_order) &&
		    (at.node != f->last.node || at.record <= f->last.record))
			continue;
		if (loaded != at.node) {
			r = hfs_node(h, tree, at.node, err);
			if (r < 0)
				break;
			memcpy(leaf, tree->node, tree->node_size);
			loaded = at.node;
		}
		const uint8_t *record = hfs_record(leaf, tree->node_size, at.record, &size);
		const uint8_t *data = record ? cat_data(record, size, &parent) : NULL;
		if (data)
			f->result = f->fn(f->user, record, data, at, err);
	}
	free(leaf);
	return r;
}

static int cat_folder(struct hfs *h, uint32_t id, cat_fn *fn, void *user, struct sp_error *err)
{
	struct cat_folder f = {.h = h, .id = id, .fn = fn, .user = user};
	const struct cat_key key = {id};
	uint8_t *leaf = malloc(h->catalog.node_size);
	struct sp_error why = {0};
	int r = leaf ? 0 : sp_fail_memory(&why);

	if (!r && !h->searched)
		r = hfs_tree_walk(h, &h->catalog, cat_compare, &key, leaf, cat_record, &f, &why);
	if (r < 0 && !f.result && r != SP_ERR_MEMORY && r != SP_ERR_CANCELLED) {
		sp_fs_damaged(&h->fs, "%s: its leaves are looked for", why.text);
		h->searched = false;
		r = 0;
		if (!h->found)
			r = cat_search(h, &why);
		h->searched = true;
	}
	if (!r && h->searched && !f.result)
		r = cat_rest(&f, &why);
	if ((r < 0 || f.result < 0) && err && why.status)
		*err = why;
	free(f.seen);
	free(leaf);
	return r < 0 ? r : f.result;
}

/* --- hard links --- */

struct cat_links {
	struct hfs *h;
	bool folder;
	size_t digits; /* letters before the number */
};

static int cat_link_private(void *user, const uint8_t *record, const uint8_t *data,
			    struct hfs_place at, struct sp_error *err)
{
	struct hfs *h = user;
	const int kind = cat_private_kind(record, HFS_ROOT_ID);

	(void)at;
	(void)err;
	if (kind >= 0 && get_be16(data) == HFS_RECORD_FOLDER)
		h->private_id[kind] = get_be32(data + 8);
	return 0;
}

/* "iNode" or "dir_", and a decimal number. */
static int cat_link_inode(void *user, const uint8_t *record, const uint8_t *data,
			  struct hfs_place at, struct sp_error *err)
{
	struct cat_links *links = user;
	struct hfs *h = links->h;
	const size_t size = get_be16(record + 6);
	uint64_t number = 0;

	(void)data;
	if (size <= links->digits || size > links->digits + 10)
		return 0;
	for (size_t i = links->digits; i < size; i++) {
		const unsigned c = get_be16(record + CAT_KEY + 2 * i);
		if (c < '0' || c > '9')
			return 0;
		number = number * 10 + (c - '0');
	}
	if (number > UINT32_MAX || h->inodes == HFS_SALVAGED)
		return 0;
	struct hfs_inode *more = sp_grow(h->inode, h->inodes, sizeof(*more));
	if (!more)
		return sp_fail_memory(err);
	h->inode = more;
	more[h->inodes++] = (struct hfs_inode){(uint32_t)number, links->folder, at};
	return 0;
}

static int cat_inode_order(const void *a, const void *b)
{
	const struct hfs_inode *x = a, *y = b;

	if (x->folder != y->folder)
		return x->folder ? 1 : -1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int cat_links(struct hfs *h, struct sp_error *err)
{
	int r = cat_folder(h, HFS_ROOT_ID, cat_link_private, h, err);

	h->linked = true;
	for (unsigned i = 0; !r && i < 2; i++) {
		struct cat_links links = {h, i == 1, i == 1 ? 4 : 5};

		if (h->private_id[i])
			r = cat_folder(h, h->private_id[i], cat_link_inode, &links, err);
	}
	if (h->inodes)
		qsort(h->inode, h->inodes, sizeof(*h->inode), cat_inode_order);
	return r;
}

/* A hard link is a file of its own kind, whose `special` is the number of what it leads to. */
static int cat_follow(struct hfs *h, uint8_t record[HFS_RECORD_SIZE], struct hfs_place *at,
		      struct sp_error *err)
{
	const bool file = !memcmp(record + 48, "hlnkhfs+", 8);
	const bool folder = !memcmp(record + 48, "fdrpMACS", 8);

	if (get_be16(record) != HFS_RECORD_FILE || (!file && !folder))
		return 0;
	const int r = h->linked ? 0 : cat_links(h, err);
	if (r < 0)
		return r;
	const struct hfs_inode key = {get_be32(record + 44), folder, {0}};
	const struct hfs_inode *inode =
		h->inodes ? bsearch(&key, h->inode, h->inodes, sizeof(key), cat_inode_order) : NULL;
	/* an alias to a folder looks the same but for where it leads */
	if (!inode && folder)
		return 0;
	if (!inode)
		return sp_fail(err, SP_ERR_FORMAT, "the hard link leads to %u, which is not there",
			       key.number);
	*at = inode->at;
	return hfs_catalog_get(h, *at, record, err);
}

/* --- nodes --- */

/* Seconds since 1904; 0: none. */
static struct sp_time cat_time(const uint8_t *d)
{
	const uint32_t seconds = get_be32(d);

	return (struct sp_time){.seconds = seconds ? (int64_t)seconds - 2082844800 : 0,
				.known = seconds};
}

static unsigned cat_type(const uint8_t *record)
{
	static const uint8_t types[16] = {[1] = SP_NODE_FIFO,
					  [2] = SP_NODE_CHAR,
					  [6] = SP_NODE_BLOCK,
					  [10] = SP_NODE_LINK,
					  [12] = SP_NODE_SOCKET};
	const unsigned kind = get_be16(record + 42) >> 12;

	if (get_be16(record) == HFS_RECORD_FOLDER)
		return SP_NODE_FOLDER;
	if (!memcmp(record + 48, "slnkrhap", 8))
		return SP_NODE_LINK;
	return kind == 4 ? SP_NODE_FILE : types[kind];
}

static int cat_compressed(struct hfs *h, uint32_t id, struct sp_node *node, struct sp_error *err)
{
	struct hfs_coded coded;
	struct sp_error why = {0};
	uint8_t *data;
	size_t size;
	const int r = hfs_decmpfs(h, id, &data, &size, &why);

	if (r == SP_ERR_MEMORY)
		return sp_fail_memory(err);
	if (r < 0 || !data || !hfs_coded(data, size, &coded)) {
		sp_fs_damaged(&h->fs, "file %u: is marked compressed, and how is not there%s%s", id,
			      r < 0 ? ": " : "", r < 0 ? why.text : "");
	} else {
		node->has |= SP_NODE_CODED;
		node->size = coded.size;
		if (coded.resource)
			node->resource = 0;
	}
	free(data);
	return 0;
}

static int cat_node(struct hfs *h, const uint8_t *record, struct hfs_place at, struct sp_node *node,
		    struct sp_error *err)
{
	static const uint8_t none[32];
	const uint32_t id = get_be32(record + 8);
	const unsigned mode = get_be16(record + 42);

	*node = (struct sp_node){
		.key = {(uint64_t)at.node << 16 | at.record, id},
		.id = id,
		.type = cat_type(record),
		.links = 1,
		.time = {[SP_TIME_CREATED] = cat_time(record + 12),
			 [SP_TIME_MODIFIED] = cat_time(record + 16),
			 [SP_TIME_CHANGED] = cat_time(record + 20),
			 [SP_TIME_ACCESSED] = cat_time(record + 24)},
	};
	if (mode) {
		node->has |= SP_NODE_MODE | SP_NODE_OWNER;
		node->mode = mode & 07777;
		node->uid = get_be32(record + 32);
		node->gid = get_be32(record + 36);
	}
	if (get_be16(record + 56) & CAT_INVISIBLE)
		node->has |= SP_NODE_HIDDEN;
	if (get_be16(record + 2) & CAT_HAS_ATTRIBUTES ||
	    memcmp(record + 48, none, sizeof(none)) != 0)
		node->has |= SP_NODE_XATTRS;
	if (node->type == SP_NODE_CHAR || node->type == SP_NODE_BLOCK) {
		node->has |= SP_NODE_DEVICE;
		node->major = get_be32(record + 44) >> 24;
		node->minor = get_be32(record + 44) & 0xffffff;
	}
	if (node->type != SP_NODE_FILE)
		return 0;
	node->size = get_be64(record + 88);
	node->resource = get_be64(record + 168);
	return record[41] & CAT_COMPRESSED ? cat_compressed(h, id, node, err) : 0;
}

/* ':' never stands in a name, as it once parted them; '/' may, and is shown as ':'. */
static char *cat_name(const uint8_t *record)
{
	char *name = sp_fs_utf16(record + CAT_KEY, 2 * (size_t)get_be16(record + 6), false);

	for (char *p = name; p && *p; p++)
		*p = *p == '/' ? ':' : *p == ':' ? '/' : *p;
	return name;
}

struct cat_reading {
	struct hfs *h;
	sp_entry_fn *fn;
	void *user;
};

static int cat_entry(void *user, const uint8_t *key, const uint8_t *data, struct hfs_place at,
		     struct sp_error *err)
{
	struct cat_reading *reading = user;
	struct hfs *h = reading->h;
	uint8_t record[HFS_RECORD_SIZE] = {0};
	struct sp_error why = {0};
	struct sp_node node;
	const struct hfs_place own = at;

	if (cat_private_kind(key, get_be32(key + 2)) >= 0)
		return 0;
	memcpy(record, data,
	       get_be16(data) == HFS_RECORD_FOLDER ? CAT_FOLDER_SIZE : HFS_RECORD_SIZE);
	char *name = cat_name(key);
	if (!name)
		return sp_fail_memory(err);
	int r = cat_follow(h, record, &at, &why);
	if (!r)
		r = cat_node(h, record, at, &node, &why);
	if (!r) {
		const bool linked = at.node != own.node || at.record != own.record;

		if (linked)
			node.links = get_be32(record + 44) ? get_be32(record + 44) : 1;
		if (!linked && node.type == SP_NODE_FILE)
			node.id = 0;
		r = reading->fn(reading->user, name, &node);
	} else if (r == SP_ERR_MEMORY) {
		sp_fail_memory(err);
	} else {
		sp_fs_damaged(&h->fs, "%s: %s", name, why.text);
		r = 0;
	}
	free(name);
	return r;
}

int hfs_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
		 struct sp_error *err)
{
	struct cat_reading reading = {(struct hfs *)fs, fn, user};

	return cat_folder(reading.h, (uint32_t)folder->key[1], cat_entry, &reading, err);
}

/* --- the root --- */

static int cat_root(void *user, const uint8_t *key, const uint8_t *data, struct hfs_place at,
		    struct sp_error *err)
{
	struct hfs *h = user;
	uint8_t record[HFS_RECORD_SIZE] = {0};

	if (get_be16(data) != HFS_RECORD_FOLDER || get_be32(data + 8) != HFS_ROOT_ID)
		return 0;
	memcpy(record, data, CAT_FOLDER_SIZE);
	free(h->fs.label);
	h->fs.label = cat_name(key);
	if (!h->fs.label)
		return sp_fail_memory(err);
	return cat_node(h, record, at, &h->fs.root, err);
}

int hfs_root(struct hfs *h, struct sp_error *err)
{
	const int r = cat_folder(h, 1, cat_root, h, err);

	if (r < 0)
		return r;
	if (h->fs.root.type == SP_NODE_FOLDER)
		return 0;
	/* its name is lost, what it holds need not be */
	sp_fs_damaged(&h->fs, "HFS+: the catalog has no root folder");
	h->fs.root = (struct sp_node){
		.key = {0, HFS_ROOT_ID}, .id = HFS_ROOT_ID, .type = SP_NODE_FOLDER, .links = 1};
	return 0;
}
