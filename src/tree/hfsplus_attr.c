/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+'s attributes file: extended attributes, inline or in forks of their own. */
#include "tree/hfsplus.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { ATTR_INLINE = 0x10, ATTR_FORK = 0x20, ATTR_KEY = 14 };

struct attr_walk {
	uint32_t id;
	hfs_attribute_fn *fn;
	void *user;
	int result;
};

/* Key: 2 length, 2 padding, 4 file, 4 first block, 2 letters of the name, then the name. */
static int attr_compare(const void *wanted, const uint8_t *key, size_t size)
{
	const struct attr_walk *w = wanted;

	if (size < ATTR_KEY)
		return -1;
	const uint32_t id = get_be32(key + 4);
	if (id != w->id)
		return id < w->id ? -1 : 1;
	return get_be16(key + 12) ? 1 : 0;
}

static int attr_record(void *user, const uint8_t *record, size_t size, struct hfs_place at,
		       struct sp_error *err)
{
	struct attr_walk *w = user;
	size_t left = 0;
	const uint8_t *data = hfs_data(record, size, &left);

	(void)at;
	if (!data || size - left < ATTR_KEY || get_be32(record + 4) != w->id)
		return 1;
	struct hfs_attribute a = {.name = record + ATTR_KEY,
				  .name_size = 2 * (size_t)get_be16(record + 12)};
	if (a.name_size > size - left - ATTR_KEY || left < 16)
		return 0;
	const uint32_t type = get_be32(data);
	if (type == ATTR_INLINE && get_be32(data + 12) <= left - 16) {
		a.data = data + 16;
		a.size = get_be32(data + 12);
	} else if (type == ATTR_FORK && left >= 8 + HFS_FORK_SIZE) {
		a.fork = data + 8;
	} else {
		return 0;
	}
	w->result = w->fn(w->user, &a, err);
	return w->result ? 1 : 0;
}

int hfs_attributes(struct hfs *h, uint32_t id, hfs_attribute_fn *fn, void *user,
		   struct sp_error *err)
{
	struct attr_walk w = {.id = id, .fn = fn, .user = user};

	if (!h->attributes.io)
		return 0;
	uint8_t *leaf = malloc(h->attributes.node_size);
	const int r = leaf ? hfs_tree_walk(h, &h->attributes, attr_compare, &w, leaf, attr_record,
					   &w, err)
			   : sp_fail_memory(err);
	free(leaf);
	return r < 0 ? r : w.result;
}

static char *attr_name(const struct hfs_attribute *a)
{
	return sp_fs_utf16(a->name, a->name_size, false);
}

/* The attribute's bytes, the caller's to free. */
static int attr_load(struct hfs *h, const struct hfs_attribute *a, uint32_t id, uint8_t **data,
		     size_t *size, struct sp_error *err)
{
	if (a->fork)
		return hfs_fork_load(h, a->fork, id, HFS_FORK_DATA, HFS_XATTR, data, size, err);
	*data = malloc(a->size + 1);
	*size = a->size;
	if (!*data)
		return sp_fail_memory(err);
	memcpy(*data, a->data, a->size);
	return 0;
}

struct attr_find {
	struct hfs *h;
	uint32_t id;
	uint8_t *data;
	size_t size;
};

static int attr_find_decmpfs(void *user, const struct hfs_attribute *a, struct sp_error *err)
{
	struct attr_find *f = user;
	char *name = attr_name(a);

	if (!name)
		return sp_fail_memory(err);
	const bool is = !strcmp(name, "com.apple.decmpfs");
	free(name);
	if (!is)
		return 0;
	const int r = attr_load(f->h, a, f->id, &f->data, &f->size, err);
	return r < 0 ? r : 1;
}

int hfs_decmpfs(struct hfs *h, uint32_t id, uint8_t **data, size_t *size, struct sp_error *err)
{
	struct attr_find f = {.h = h, .id = id};
	const int r = hfs_attributes(h, id, attr_find_decmpfs, &f, err);

	*data = f.data;
	*size = f.size;
	return r < 0 ? r : 0;
}

struct attr_tell {
	struct hfs *h;
	uint32_t id;
	sp_xattr_fn *fn;
	void *user;
};

static int attr_tell(void *user, const struct hfs_attribute *a, struct sp_error *err)
{
	struct attr_tell *t = user;
	char *name = attr_name(a);
	struct sp_error why = {0};
	uint8_t *data = NULL;
	size_t size = 0;
	int r = 0;

	if (!name)
		return sp_fail_memory(err);
	/* what compression is made of is no attribute of the file as it is read */
	if (strcmp(name, "com.apple.decmpfs") != 0) {
		r = attr_load(t->h, a, t->id, &data, &size, &why);
		if (!r)
			r = t->fn(t->user, name, data, size);
		else if (r == SP_ERR_MEMORY)
			r = sp_fail_memory(err);
		else {
			sp_fs_damaged(&t->h->fs, "file %u: the attribute %s: %s", t->id, name,
				      why.text);
			r = 0;
		}
	}
	free(data);
	free(name);
	return r;
}

int hfs_xattrs(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
	       struct sp_error *err)
{
	static const uint8_t none[32];
	struct hfs *h = (struct hfs *)fs;
	struct attr_tell t = {.h = h, .fn = fn, .user = user};
	uint8_t record[HFS_RECORD_SIZE];
	int r = hfs_catalog_get(h, hfs_node_place(node), record, err);

	if (r < 0)
		return r;
	t.id = get_be32(record + 8);
	if (memcmp(record + 48, none, sizeof(none)) != 0)
		r = fn(user, "com.apple.FinderInfo", record + 48, sizeof(none));
	return r ? r : hfs_attributes(h, t.id, attr_tell, &t, err);
}
