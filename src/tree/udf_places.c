/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a UDF volume is no file: descriptors, tables, the metadata file, entries, folders. */
#include "tree/udf.h"

#include <stdlib.h>

struct places {
	struct udf *u;
	sp_place_fn *fn;
	void *user;
};

static int places_tell(const struct places *p, const char *name, uint64_t sector, uint64_t size)
{
	return size ? p->fn(p->user, SP_WHERE_VOLUME, name, p->u->base + sector * p->u->sector,
			    size)
		    : 0;
}

static int places_part(const struct places *p, const struct udf_part *part)
{
	int r = 0;

	for (unsigned i = 0; i < part->files && part->kind == UDF_PART_SPARABLE && !r; i++)
		r = places_tell(p, "sparing table", part->file[i], p->u->sector);
	for (unsigned m = 0; m < 2; m++)
		for (size_t i = 0; i < part->meta[m].count && !r; i++)
			r = p->fn(p->user, SP_WHERE_VOLUME, m ? "metadata mirror" : "metadata",
				  part->meta[m].piece[i].at, part->meta[m].piece[i].size);
	return r;
}

int udf_places(struct sp_fs *fs, sp_place_fn *fn, void *user, struct sp_error *err)
{
	struct udf *u = (struct udf *)fs;
	const struct places p = {u, fn, user};
	struct udf_anchor anchor;
	int r = udf_anchor_find(&fs->volume, &anchor, NULL, err);
	const bool found = r == 1;

	r = r < 0 ? r : 0;
	/* 2/8.3: from byte 32768 on; what ends it is not looked for */
	if (!r)
		r = fn(user, SP_WHERE_VOLUME, "volume recognition", fs->volume.start + 32768,
		       3 * UINT64_C(2048));
	if (!r && found)
		r = places_tell(&p, "anchor", anchor.at, u->sector);
	if (!r && found)
		r = places_tell(&p, "volume descriptors", anchor.main.at, anchor.main.size);
	if (!r && found)
		r = places_tell(&p, "reserve volume descriptors", anchor.reserve.at,
				anchor.reserve.size);
	if (!r && u->vat)
		r = places_tell(&p, "allocation table", u->vat_sector, u->block);
	for (unsigned i = 0; i < u->parts && !r; i++)
		r = places_part(&p, &u->part[i]);
	return r;
}

int udf_holds(struct sp_fs *fs, const struct sp_node *node, sp_place_fn *fn, void *user,
	      struct sp_error *err)
{
	struct udf *u = (struct udf *)fs;
	const struct udf_long icb = udf_node_icb(node);
	struct udf_entry entry = {.block = malloc(u->block)};
	struct sp_fs_extents list = {0};
	int r = entry.block ? udf_entry_read(u, &icb, &entry, err) : sp_fail_memory(err);

	if (!r)
		r = fn(user, SP_WHERE_ENTRY, NULL, entry.place, u->block);
	if (!r && node->type == SP_NODE_FOLDER)
		r = udf_entry_map(u, &entry, &list, err);
	for (size_t i = 0; i < list.count && !r; i++)
		if (!list.extent[i].hole)
			r = fn(user, SP_WHERE_FOLDER, NULL, list.extent[i].at, list.extent[i].size);
	sp_fs_extents_free(&list);
	free(entry.block);
	return r;
}
