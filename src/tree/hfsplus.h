/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the reader of HFS+ and HFSX (Apple's TN1150): B-trees, forks, the catalog, extended
 * attributes and compressed files. */
#ifndef SP_TREE_HFSPLUS_H
#define SP_TREE_HFSPLUS_H

#include "tree/fs.h"

enum {
	HFS_FORK_SIZE = 80,
	HFS_NODE_MIN = 512,
	HFS_NODE_MAX = 32768,
	HFS_NODE_HEAD = 14,
	HFS_DEPTH = 16,
	HFS_ROOT_ID = 2,
	HFS_EXTENTS_ID = 3,
	HFS_CATALOG_ID = 4,
	HFS_ALLOCATION_ID = 6,
	HFS_STARTUP_ID = 7,
	HFS_ATTRIBUTES_ID = 8,
	HFS_FIRST_ID = 16,       /* of files of users */
	HFS_SALVAGED = 16 << 20, /* records found without the tree's help */
	HFS_XATTR = 1 << 20,     /* bytes of an extended attribute */
	HFS_LINK = 64 << 10,     /* bytes of a symbolic link */
	HFS_LEAF = -1,           /* kinds of nodes */
	HFS_INDEX = 0,
	HFS_HEADER = 1,
};

struct hfs_tree {
	const char *name;             /* "catalog", … */
	struct sp_io *io;             /* its file; NULL: there is no such tree */
	struct sp_fs_extents extents; /* of it */
	uint32_t node_size, nodes, root, first, depth;
	uint8_t *node;   /* the one loaded last */
	uint32_t loaded; /* its number; UINT32_MAX: none */
};

struct hfs_place { /* of a leaf record */
	uint32_t node;
	uint16_t record;
};
struct hfs_found { /* without the tree's help */
	uint32_t parent;
	struct hfs_place at;
};
struct hfs_inode { /* what hard links lead to */
	uint32_t number;
	bool folder;
	struct hfs_place at;
};

struct hfs {
	struct sp_fs fs;
	uint64_t base, size; /* of the volume in the disc: bytes */
	uint8_t header[512];
	uint32_t block, blocks;
	struct hfs_tree catalog, overflow, attributes;
	struct hfs_found *found; /* sorted by parent; once the catalog proved to be damaged */
	size_t founds;
	bool searched;
	struct hfs_inode *inode; /* sorted */
	size_t inodes;
	bool linked;            /* inode was filled */
	uint32_t private_id[2]; /* folders that hold them: of files, of folders; 0: none */
	bool wrapped;
	struct sp_io *bitmap; /* the allocation file, once it is asked for … */
	bool no_bitmap;       /* … or not to be read */
};

/* --- hfsplus_btree.c --- */

int hfs_tree_open(struct hfs *h, struct hfs_tree *tree, const char *name, unsigned fork_at,
		  uint32_t id, struct sp_error *err);
void hfs_tree_close(struct hfs_tree *tree);
/* Load a node; it stays until the next one. SP_ERR_FORMAT: it is none, or beyond the tree. */
int hfs_node(struct hfs *h, struct hfs_tree *tree, uint32_t number, struct sp_error *err);
/* Record `i` of a node (of `size` bytes); NULL: there is no such, or it is out of its bounds. */
const uint8_t *hfs_record(const uint8_t *node, size_t size, unsigned i, size_t *bytes);
/* The data of a leaf record behind its key; NULL: it is cut short. */
const uint8_t *hfs_data(const uint8_t *record, size_t size, size_t *bytes);
/* <0, 0, >0 as `key` (2 bytes of length before it, `size` with them) lies before, at or behind what
 * is looked for. */
typedef int hfs_compare(const void *wanted, const uint8_t *key, size_t size);
/* Each leaf record from the first that does not lie before `wanted` on, until fn says 1 (or fails).
 * The record is the caller's to look at until it loads a node of the tree. */
typedef int hfs_leaf_fn(void *user, const uint8_t *record, size_t size, struct hfs_place at,
			struct sp_error *err);
int hfs_tree_walk(struct hfs *h, struct hfs_tree *tree, hfs_compare *compare, const void *wanted,
		  uint8_t *leaf, hfs_leaf_fn *fn, void *user, struct sp_error *err);

/* --- hfsplus_fork.c --- */

enum hfs_fork_type { HFS_FORK_DATA = 0, HFS_FORK_RESOURCE = 0xff };
/* Where a fork (80 bytes, TN1150 "Fork Data Structure") of a file lies, its logical size long. */
int hfs_fork_map(struct hfs *h, const uint8_t *fork, uint32_t id, unsigned type,
		 struct sp_fs_extents *list, struct sp_error *err);
/* A fork of at most `most` bytes; *data is the caller's to free. */
int hfs_fork_load(struct hfs *h, const uint8_t *fork, uint32_t id, unsigned type, uint64_t most,
		  uint8_t **data, size_t *size, struct sp_error *err);

/* --- hfsplus_attr.c --- */

struct hfs_attribute {
	const uint8_t *name; /* UTF-16, big-endian */
	size_t name_size;    /* bytes */
	const uint8_t *data; /* inline; NULL: in a fork */
	size_t size;
	const uint8_t *fork;
};
/* Not 0: stop, and return that. */
typedef int hfs_attribute_fn(void *user, const struct hfs_attribute *attribute,
			     struct sp_error *err);
int hfs_attributes(struct hfs *h, uint32_t id, hfs_attribute_fn *fn, void *user,
		   struct sp_error *err);
/* com.apple.decmpfs of a file: a copy of its data, the caller's to free; NULL: it has none. */
int hfs_decmpfs(struct hfs *h, uint32_t id, uint8_t **data, size_t *size, struct sp_error *err);
int hfs_xattrs(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
	       struct sp_error *err);

/* --- hfsplus_catalog.c --- */

/* The catalog record of a node: a copy of at least 248 bytes, zeros behind a folder's 88. */
enum { HFS_RECORD_FOLDER = 1, HFS_RECORD_FILE = 2, HFS_RECORD_SIZE = 248 };
int hfs_catalog_get(struct hfs *h, struct hfs_place at, uint8_t record[HFS_RECORD_SIZE],
		    struct sp_error *err);
static inline struct hfs_place hfs_node_place(const struct sp_node *node)
{
	return (struct hfs_place){(uint32_t)(node->key[0] >> 16), (uint16_t)node->key[0]};
}
int hfs_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
		 struct sp_error *err);
/* The root's node, and the folders hard links lead to. */
int hfs_root(struct hfs *h, struct sp_error *err);

/* --- hfsplus_coded.c --- */

/* Compression of a file (its com.apple.decmpfs): bytes when decoded; whether that is done here. */
struct hfs_coded {
	unsigned type;
	uint64_t size;
	bool resource; /* the compressed blocks are the resource fork */
};
bool hfs_coded(const uint8_t *decmpfs, size_t size, struct hfs_coded *coded);
/* The decoded file. `fork`: its resource fork (closed with the file; taken on success) or NULL. */
int hfs_coded_open(struct sp_io **out, const char *name, const uint8_t *decmpfs, size_t size,
		   struct sp_io *fork, struct sp_error *err);

#endif
