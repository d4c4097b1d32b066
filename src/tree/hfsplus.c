/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+ and HFSX, alone or wrapped in an HFS volume, as a file system that is read. */
#include "tree/hfsplus.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	HFS_HEADER_AT = 1024,
	HFS_UNMOUNTED = 0x100, /* attributes of a volume */
	HFS_JOURNALED = 0x2000,
};

static bool hfs_sound(const uint8_t *d)
{
	const uint32_t block = get_be32(d + 40);

	return (!memcmp(d, "H+\0\4", 4) || !memcmp(d, "HX\0\5", 4)) && block >= 512 &&
	       !(block & (block - 1)) && block <= 1u << 30;
}

/* Blocks are counted in whole ones. */
static bool hfs_fills(const uint8_t *d, uint64_t size)
{
	const uint64_t block = get_be32(d + 40), whole = get_be32(d + 44) * block;

	return whole <= size && size - whole < block + 1024;
}

/* Where the volume lies, and its header (TN1150 "Volume Header"): 1: found, at the beginning; 2:
 * its copy at the end; 0: there is none. In a wrapper, *at and *size become those of what it wraps.
 */
static int hfs_find(const struct sp_fs_volume *volume, uint64_t *at, uint64_t *size, uint8_t *head,
		    bool *wrapped, struct sp_error *err)
{
	*at = 0;
	*size = volume->size;
	*wrapped = false;
	if (volume->size < HFS_HEADER_AT + 512)
		return 0;
	int r = sp_io_read(volume->io, volume->start + HFS_HEADER_AT, head, 512, err);
	if (r < 0)
		return r;
	/* Master Directory Block: 20 size of a block, 28 sector of the first, 124 what is embedded
	 * and in which blocks */
	const uint32_t block = get_be32(head + 20);
	if (!memcmp(head, "BD", 2) && !memcmp(head + 124, "H+", 2) && block && block % 512 == 0) {
		const uint64_t from = get_be16(head + 28) * UINT64_C(512) +
				      (uint64_t)get_be16(head + 126) * block;
		const uint64_t length = (uint64_t)get_be16(head + 128) * block;

		if (length < HFS_HEADER_AT + 512 || !sp_range_ok(from, length, volume->size))
			return 0;
		*at = from;
		*size = length;
		*wrapped = true;
		r = sp_io_read(volume->io, volume->start + from + HFS_HEADER_AT, head, 512, err);
		if (r < 0)
			return r;
	}
	if (hfs_sound(head))
		return 1;
	r = sp_io_read(volume->io, volume->start + *at + *size - 1024, head, 512, err);
	if (r < 0)
		return r == SP_ERR_MEMORY ? r : 0;
	/* of a volume as large as this: a partition may end where its disc does */
	return hfs_sound(head) && hfs_fills(head, *size) ? 2 : 0;
}

static int hfs_probe(const struct sp_fs_volume *volume, struct sp_error *err)
{
	uint64_t at, size;
	uint8_t head[512];
	bool wrapped;
	const int r = hfs_find(volume, &at, &size, head, &wrapped, err);

	return r < 0 ? r : r > 0;
}

static int hfs_map(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
		   struct sp_fs_extents *list, struct sp_error *err)
{
	struct hfs *h = (struct hfs *)fs;
	uint8_t record[HFS_RECORD_SIZE];
	int r = hfs_catalog_get(h, hfs_node_place(node), record, err);
	const uint32_t id = r < 0 ? 0 : get_be32(record + 8);

	if (r < 0)
		return r;
	if (fork == SP_FORK_RESOURCE)
		return hfs_fork_map(h, record + 168, id, HFS_FORK_RESOURCE, list, err);
	if (!(node->has & SP_NODE_CODED))
		return hfs_fork_map(h, record + 88, id, HFS_FORK_DATA, list, err);
	/* what is kept in the attribute lies in a node of its tree, among others' */
	list->coded = true;
	uint8_t *decmpfs = NULL;
	size_t size = 0;
	struct hfs_coded coded;
	r = hfs_decmpfs(h, id, &decmpfs, &size, err);
	if (!r && decmpfs && hfs_coded(decmpfs, size, &coded) && coded.resource)
		r = hfs_fork_map(h, record + 168, id, HFS_FORK_RESOURCE, list, err);
	free(decmpfs);
	return r;
}

static int hfs_open_coded(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
			  const char *name, struct sp_fs_extents *list, struct sp_io **out,
			  struct sp_error *err)
{
	struct hfs *h = (struct hfs *)fs;
	struct sp_io *resource = NULL;
	uint8_t *decmpfs = NULL;
	size_t size = 0;
	int r = hfs_decmpfs(h, (uint32_t)node->key[1], &decmpfs, &size, err);

	(void)fork;
	if (!r && list->count)
		r = sp_fs_extents_io(&resource, fs->volume.io, list, list->size, name, err);
	if (!r)
		r = hfs_coded_open(out, name, decmpfs, decmpfs ? size : 0, resource, err);
	if (r < 0)
		sp_io_close(resource);
	free(decmpfs);
	return r;
}

static int hfs_link(struct sp_fs *fs, const struct sp_node *node, char **target,
		    struct sp_error *err)
{
	struct hfs *h = (struct hfs *)fs;
	uint8_t record[HFS_RECORD_SIZE], *data = NULL;
	size_t size = 0;
	int r = hfs_catalog_get(h, hfs_node_place(node), record, err);

	if (!r)
		r = hfs_fork_load(h, record + 88, get_be32(record + 8), HFS_FORK_DATA, HFS_LINK,
				  &data, &size, err);
	if (!r) {
		*target = sp_fs_bytes(data, size);
		if (!*target)
			r = sp_fail_memory(err);
	}
	free(data);
	return r;
}

static void hfs_count(sp_fact_fn *fn, void *user, const char *key, uint64_t number)
{
	const struct sp_fact fact = {.key = key, .number = number};

	fn(user, &fact);
}

static void hfs_tell(sp_fact_fn *fn, void *user, const char *key, const char *text)
{
	const struct sp_fact fact = {.key = key, .text = text};

	fn(user, &fact);
}

/* Seconds since 1904, 0: none. The date of creation alone is in local time of no known zone (TN1150
 * "HFS Plus Dates"). */
static void hfs_date(sp_fact_fn *fn, void *user, const char *key, uint32_t seconds, bool local)
{
	const struct sp_time time = {.seconds = (int64_t)seconds - 2082844800,
				     .known = seconds != 0};
	char text[SP_FS_DATE];

	sp_fs_date(text, &time);
	if (local && text[0])
		*strrchr(text, ' ') = '\0';
	if (text[0])
		hfs_tell(fn, user, key, text);
}

static int hfs_describe(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err)
{
	static const struct {
		const char *key;
		uint8_t at;
		bool local;
	} date[] = {{"created", 16, true},
		    {"modified", 20, false},
		    {"backed_up", 24, false},
		    {"checked", 28, false}};
	const struct hfs *h = (const struct hfs *)fs;
	const uint8_t *d = h->header;

	(void)err;
	hfs_tell(fn, user, "kind", d[1] == 'X' ? "HFSX" : "HFS+");
	if (fs->label && fs->label[0])
		hfs_tell(fn, user, "volume_id", fs->label);
	for (size_t i = 0; i < sizeof(date) / sizeof(*date); i++)
		hfs_date(fn, user, date[i].key, get_be32(d + date[i].at), date[i].local);
	hfs_count(fn, user, "block_size", h->block);
	hfs_count(fn, user, "blocks", h->blocks);
	hfs_count(fn, user, "free_blocks", get_be32(d + 48));
	hfs_count(fn, user, "declared_files", get_be32(d + 32));
	hfs_count(fn, user, "declared_folders", get_be32(d + 36));
	hfs_tell(fn, user, "journal", get_be32(d + 4) & HFS_JOURNALED ? "yes" : "no");
	hfs_tell(fn, user, "unmounted", get_be32(d + 4) & HFS_UNMOUNTED ? "yes" : "no");
	if (h->wrapped)
		hfs_tell(fn, user, "wrapped", "HFS");
	return 0;
}

/* --- where it lies --- */

static const struct {
	unsigned at; /* of its fork in the volume header */
	uint32_t id;
	const char *name;
} hfs_special[] = {{112, HFS_ALLOCATION_ID, "allocation file"},
		   {192, HFS_EXTENTS_ID, "extents overflow file"},
		   {272, HFS_CATALOG_ID, "catalog"},
		   {352, HFS_ATTRIBUTES_ID, "attributes file"},
		   {432, HFS_STARTUP_ID, "startup file"}};

static int hfs_places(struct sp_fs *fs, sp_place_fn *fn, void *user, struct sp_error *err)
{
	struct hfs *h = (struct hfs *)fs;
	int r = fn(user, SP_WHERE_VOLUME, "volume header", h->base, HFS_HEADER_AT + 512);

	if (!r)
		r = fn(user, SP_WHERE_VOLUME, "copy of the volume header",
		       h->base + h->size - HFS_HEADER_AT, HFS_HEADER_AT);
	for (size_t i = 0; i < sizeof(hfs_special) / sizeof(*hfs_special) && !r; i++) {
		struct sp_fs_extents list = {0};
		struct sp_error why;

		/* what is known of a damaged one counts */
		r = hfs_fork_map(h, h->header + hfs_special[i].at, hfs_special[i].id, HFS_FORK_DATA,
				 &list, &why);
		r = r == SP_ERR_MEMORY ? sp_fail_memory(err) : 0;
		for (size_t n = 0; n < list.count && !r; n++)
			r = fn(user, SP_WHERE_VOLUME, hfs_special[i].name, list.extent[n].at,
			       list.extent[n].size);
		sp_fs_extents_free(&list);
	}
	return r;
}

/* A bit for each block, the first one on top: TN1150 "Allocation File". */
static bool hfs_unused(struct sp_fs *fs, uint64_t at, uint64_t size)
{
	struct hfs *h = (struct hfs *)fs;
	struct sp_error ignored;

	if (at < h->base || at - h->base >= (uint64_t)h->blocks * h->block)
		return false;
	if (!h->bitmap && !h->no_bitmap) {
		struct sp_fs_extents list = {0};
		const uint8_t *fork = h->header + hfs_special[0].at;
		if (hfs_fork_map(h, fork, HFS_ALLOCATION_ID, HFS_FORK_DATA, &list, &ignored) < 0 ||
		    sp_fs_extents_io(&h->bitmap, fs->volume.io, &list, get_be64(fork),
				     "allocation file", &ignored) < 0)
			h->no_bitmap = true;
		sp_fs_extents_free(&list);
	}
	const uint64_t last = (at - h->base + size - 1) / h->block;
	for (uint64_t i = (at - h->base) / h->block; i <= last; i++) {
		uint8_t bits;
		if (h->no_bitmap || i / 8 >= h->bitmap->size ||
		    sp_io_read(h->bitmap, i / 8, &bits, 1, &ignored) < 0 || bits >> (7 - i % 8) & 1)
			return false;
	}
	return true;
}

static void hfs_close(struct sp_fs *fs)
{
	struct hfs *h = (struct hfs *)fs;

	hfs_tree_close(&h->catalog);
	hfs_tree_close(&h->overflow);
	hfs_tree_close(&h->attributes);
	sp_io_close(h->bitmap);
	free(h->found);
	free(h->inode);
	free(h);
}

static const struct sp_fs_ops hfs_ops = {
	.read_dir = hfs_read_dir,
	.link = hfs_link,
	.map = hfs_map,
	.open = hfs_open_coded,
	.xattrs = hfs_xattrs,
	.describe = hfs_describe,
	.places = hfs_places,
	.unused = hfs_unused,
	.close = hfs_close,
};

/* A tree that is missing costs what it holds, not the volume. */
static int hfs_tree_want(struct hfs *h, struct hfs_tree *tree, const char *name, unsigned fork_at,
			 uint32_t id, struct sp_error *err)
{
	struct sp_error why = {0};

	tree->loaded = UINT32_MAX;
	if (!get_be64(h->header + fork_at))
		return 0;
	const int r = hfs_tree_open(h, tree, name, fork_at, id, &why);
	if (r == SP_ERR_MEMORY)
		return sp_fail_memory(err);
	if (r < 0) {
		sp_fs_damaged(&h->fs, "HFS+: the %s cannot be read: %s", name, why.text);
		hfs_tree_close(tree);
	}
	return 0;
}

static int hfs_begin(struct hfs *h, struct sp_error *err)
{
	const struct sp_fs_volume *v = &h->fs.volume;
	uint64_t at;
	int r = hfs_find(v, &at, &h->size, h->header, &h->wrapped, err);

	if (r < 0)
		return r;
	if (!r)
		return sp_fail(err, SP_ERR_FORMAT, "HFS+: no volume header");
	h->base = v->start + at;
	if (r == 2)
		sp_fs_damaged(&h->fs, "HFS+: the volume header is damaged: its copy is used");
	h->block = get_be32(h->header + 40);
	h->blocks = get_be32(h->header + 44);
	h->fs.declared = h->base - v->start + (uint64_t)h->blocks * h->block;
	if ((uint64_t)h->blocks * h->block > h->size)
		sp_fs_damaged(&h->fs, "HFS+: the volume is cut short: %llu of %llu bytes",
			      (unsigned long long)h->size,
			      (unsigned long long)h->blocks * h->block);
	if (!(get_be32(h->header + 4) & HFS_UNMOUNTED))
		sp_fs_odd(&h->fs, "the volume was not unmounted%s",
			  get_be32(h->header + 4) & HFS_JOURNALED
				  ? ": what its journal holds is not seen"
				  : "");
	r = hfs_tree_want(h, &h->overflow, "extents overflow file", 192, HFS_EXTENTS_ID, err);
	if (!r)
		r = hfs_tree_open(h, &h->catalog, "catalog", 272, HFS_CATALOG_ID, err);
	if (!r)
		r = hfs_tree_want(h, &h->attributes, "attributes file", 352, HFS_ATTRIBUTES_ID,
				  err);
	return r ? r : hfs_root(h, err);
}

static int hfs_open(struct sp_fs **out, const struct sp_fs_volume *volume,
		    const struct sp_notes *notes, struct sp_error *err)
{
	struct hfs *h = calloc(1, sizeof(*h));

	*out = NULL;
	if (!h)
		return sp_fail_memory(err);
	h->fs = (struct sp_fs){
		.ops = &hfs_ops, .format = &sp_fs_hfsplus, .volume = *volume, .notes = notes};
	const int r = hfs_begin(h, err);
	if (r < 0) {
		sp_fs_close(&h->fs);
		return r;
	}
	*out = &h->fs;
	return 0;
}

const struct sp_fs_format sp_fs_hfsplus = {
	.name = "hfs+",
	.summary = "HFS+",
	.probe = hfs_probe,
	.open = hfs_open,
};
