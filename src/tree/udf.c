/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDF 1.02 to 2.60, as a file system that is read. */
#include "tree/udf.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	UDF_FOLDER = 1 << 30, /* bytes of a folder: ten million names */
	UDF_SETS = 64,        /* file set descriptors looked at */
	UDF_GUESS_FIRST = 17, /* sectors in which volume descriptors lie when nothing says where: */
	UDF_GUESS_COUNT = 600, /* writers put them at 32, 64, 98, 257 … */
};

static int udf_probe(const struct sp_fs_volume *volume, struct sp_error *err)
{
	struct udf_anchor anchor;
	const int r = udf_anchor_find(volume, &anchor, NULL, err);

	return r ? r : udf_recognised(volume, err);
}

/* --- folders --- */

struct udf_reading {
	struct udf *u;
	sp_entry_fn *fn;
	void *user;
};

static int udf_entry_tell(void *user, const struct udf_id *id, struct sp_error *err)
{
	const struct udf_reading *reading = user;
	struct udf *u = reading->u;
	struct sp_error why = {0};
	struct sp_node node;

	if (id->flags & UDF_ID_DELETED)
		u->deleted++;
	if (id->flags & (UDF_ID_DELETED | UDF_ID_PARENT))
		return 0;
	char *name = udf_cs0(id->name, id->size);
	if (!name)
		return sp_fail_memory(err);
	int r = udf_node(u, &id->icb, &node, &why);
	if (udf_fatal(r)) {
		if (err)
			*err = why;
	} else if (r < 0) {
		sp_fs_damaged(&u->fs, "%s: %s", name, why.text);
		r = 0;
	} else {
		if (id->broken)
			sp_fs_damaged(&u->fs, "%s: the file identifier has a wrong CRC", name);
		if (id->size && id->name[0] != 8 && id->name[0] != 16)
			sp_fs_odd(&u->fs, "%s: the name is in an encoding unknown", name);
		if (id->flags & UDF_ID_HIDDEN)
			node.has |= SP_NODE_HIDDEN;
		r = reading->fn(reading->user, name, &node);
	}
	free(name);
	return r;
}

static int udf_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
			struct sp_error *err)
{
	struct udf *u = (struct udf *)fs;
	const struct udf_long icb = udf_node_icb(folder);
	struct udf_entry entry = {.block = malloc(u->block)};
	struct udf_reading reading = {u, fn, user};
	int r = entry.block ? udf_entry_read(u, &icb, &entry, err) : sp_fail_memory(err);

	if (!r)
		r = udf_folder_read(u, &entry, UDF_FOLDER, udf_entry_tell, &reading, err);
	free(entry.block);
	return r;
}

/* --- files and links --- */

static int udf_map(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
		   struct sp_fs_extents *list, struct sp_error *err)
{
	struct udf *u = (struct udf *)fs;
	const struct udf_long icb = udf_node_icb(node);
	struct udf_entry entry = {.block = malloc(u->block)}, other = {.block = malloc(u->block)};
	int r = entry.block && other.block ? udf_entry_read(u, &icb, &entry, err)
					   : sp_fail_memory(err);

	if (!r && fork == SP_FORK_RESOURCE) {
		r = udf_resource(u, &entry, &other, err);
		if (!r)
			r = sp_fail(err, SP_ERR_FORMAT, "it has no resource fork");
		if (r == 1)
			r = udf_entry_map(u, &other, list, err);
	} else if (!r) {
		r = udf_entry_map(u, &entry, list, err);
	}
	free(other.block);
	free(entry.block);
	return r;
}

/* Path components, 4/14.16.1: 0 kind, 1 length of the name, 4 name. */
static char *udf_path(struct udf *u, const uint8_t *data, size_t size)
{
	char *path = sp_format_text("%s", "");
	bool first = true;

	for (size_t at = 0; path && size - at >= 4;) {
		const uint8_t *d = data + at;
		char *name = NULL, *longer;

		if (d[1] > size - at - 4) {
			sp_fs_damaged(&u->fs, "a symbolic link is cut short");
			break;
		}
		switch (d[0]) {
		case 1:
		case 2:
			free(path);
			path = sp_format_text("/");
			first = true;
			at += 4u + d[1];
			continue;
		case 3:
			name = sp_format_text("..");
			break;
		case 4:
			name = sp_format_text(".");
			break;
		case 5:
			name = udf_cs0(d + 4, d[1]);
			if (name && strchr(name, '/'))
				sp_fs_odd(&u->fs, "a symbolic link has a name with a '/'");
			break;
		default:
			sp_fs_odd(&u->fs, "a symbolic link has a component of kind %u", d[0]);
			at += 4u + d[1];
			continue;
		}
		longer = name ? sp_format_text("%s%s%s", path, first ? "" : "/", name) : NULL;
		first = false;
		free(name);
		free(path);
		path = longer;
		at += 4u + d[1];
	}
	return path;
}

static int udf_link(struct sp_fs *fs, const struct sp_node *node, char **target,
		    struct sp_error *err)
{
	struct udf *u = (struct udf *)fs;
	const struct udf_long icb = udf_node_icb(node);
	struct udf_entry entry = {.block = malloc(u->block)};
	uint8_t *data = NULL;
	size_t size = 0;
	int r = entry.block ? udf_entry_read(u, &icb, &entry, err) : sp_fail_memory(err);

	if (!r)
		r = udf_entry_load(u, &entry, UDF_LINK, &data, &size, err);
	if (!r) {
		*target = udf_path(u, data, size);
		if (!*target)
			r = sp_fail_memory(err);
	}
	free(data);
	free(entry.block);
	return r;
}

/* --- facts --- */

static void udf_tell(sp_fact_fn *fn, void *user, const char *key, const char *text)
{
	const struct sp_fact fact = {.key = key, .text = text};

	if (text && *text)
		fn(user, &fact);
}

static void udf_count(sp_fact_fn *fn, void *user, const char *key, uint64_t number)
{
	const struct sp_fact fact = {.key = key, .number = number};

	fn(user, &fact);
}

static int udf_describe(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err)
{
	static const char *const kinds[] = {"not understood", "plain", "virtual", "sparable",
					    "metadata"};
	const struct udf *u = (const struct udf *)fs;
	const struct udf_integrity *integrity = &u->integrity;
	char date[SP_FS_DATE];
	char *parts = sp_format_text("%s", u->parts ? kinds[u->part[0].kind] : "");

	for (unsigned i = 1; parts && i < u->parts; i++) {
		char *more = sp_format_text("%s, %s", parts, kinds[u->part[i].kind]);

		free(parts);
		parts = more;
	}
	char *revision = sp_format_text("%x.%02x", u->revision >> 8, u->revision & 0xff);
	if (!parts || !revision) {
		free(revision);
		free(parts);
		return sp_fail_memory(err);
	}
	udf_tell(fn, user, "revision", u->revision ? revision : NULL);
	if (u->parts && u->part[0].blocks)
		udf_count(fn, user, "blocks", u->part[0].blocks);
	udf_count(fn, user, "block_size", u->block);
	udf_tell(fn, user, "partitions", parts);
	udf_tell(fn, user, "volume_id", u->text[UDF_TEXT_VOLUME]);
	udf_tell(fn, user, "volume_set_id", u->text[UDF_TEXT_SET]);
	udf_tell(fn, user, "file_set_id", u->text[UDF_TEXT_FILE_SET]);
	udf_tell(fn, user, "application_id", u->text[UDF_TEXT_APPLICATION]);
	udf_tell(fn, user, "implementation_id", u->text[UDF_TEXT_IMPLEMENTATION]);
	udf_tell(fn, user, "created", sp_fs_date(date, &u->recorded));
	udf_tell(fn, user, "modified", sp_fs_date(date, &integrity->time));
	if (integrity->known)
		udf_tell(fn, user, "integrity", integrity->closed ? "closed" : "open");
	if (integrity->counted) {
		udf_count(fn, user, "declared_files", integrity->files);
		udf_count(fn, user, "declared_folders", integrity->folders);
	}
	if (u->vat)
		udf_count(fn, user, "allocation_table_sector", u->vat_sector);
	free(revision);
	free(parts);
	return 0;
}

static void udf_close(struct sp_fs *fs)
{
	struct udf *u = (struct udf *)fs;

	udf_parts_free(u);
	for (unsigned i = 0; i < UDF_TEXTS; i++)
		free(u->text[i]);
	free(u->node_block);
	free(u->scratch);
	free(u);
}

static const struct sp_fs_ops udf_ops = {
	.read_dir = udf_read_dir,
	.link = udf_link,
	.map = udf_map,
	.xattrs = udf_xattrs,
	.describe = udf_describe,
	.places = udf_places,
	.holds = udf_holds,
	.close = udf_close,
};

/* --- opening --- */

/* 4/14.1: 40 number of the set, 44 of the descriptor, 304 name, 400 root, 448 next, 464 streams.
 * Of each set the descriptor with the highest number is in force; UDF 2.3.2 has one set. */
static int udf_sets(struct udf *u, struct udf_long at, bool everywhere, struct sp_error *err)
{
	uint32_t order = 0;
	bool have = false;
	int r = 0;

	for (unsigned i = 0; i < UDF_SETS && at.size >= u->block; i++) {
		const uint8_t *d = u->scratch;
		struct udf_seen seen;

		r = udf_read_tagged(u, at.at, UDF_TAG_FILE_SET, u->scratch, &seen, err);
		if (r < 0 && (udf_fatal(r) || !everywhere))
			break;
		const bool good = !r && seen.state == UDF_TAG_GOOD;
		if (!good && !everywhere) {
			if (!have && seen.state != UDF_TAG_BLANK && seen.state != UDF_TAG_OTHER)
				sp_fs_damaged(&u->fs,
					      "the file set descriptor at block %u of partition "
					      "%u %s",
					      at.at.block, at.at.part, udf_tag_text(seen.state));
			break;
		}
		if (good && (!have || get_le32(d + 44) >= order)) {
			char *name = udf_dstring(d + 304, 32);

			if (!name)
				return sp_fail_memory(err);
			free(u->text[UDF_TEXT_FILE_SET]);
			u->text[UDF_TEXT_FILE_SET] = name;
			order = get_le32(d + 44);
			u->root = udf_long(d + 400);
			have = true;
		}
		if (good && udf_long(d + 448).size) {
			at = udf_long(d + 448);
		} else {
			at.at.block++;
			at.size -= u->block;
		}
	}
	if (udf_fatal(r))
		return r;
	return have ? 1 : 0;
}

static int udf_root(struct udf *u, struct udf_long set, struct sp_error *err)
{
	int r = udf_sets(u, set, false, err);

	/* where writers put it */
	for (uint16_t part = 0; !r && part < u->parts; part++) {
		const struct udf_long first = {.size = UDF_SETS * u->block, .at = {0, part}};

		r = udf_sets(u, first, true, err);
		if (r == 1)
			sp_fs_odd(&u->fs, "the file set descriptor was found where it is likely");
	}
	if (r < 0)
		return r;
	if (!r)
		return sp_fail(err, SP_ERR_FORMAT,
			       "UDF: no file set descriptor at block %u of partition %u",
			       set.at.block, set.at.part);
	r = udf_node(u, &u->root, &u->fs.root, err);
	if (!r && u->fs.root.type != SP_NODE_FOLDER)
		r = sp_fail(err, SP_ERR_FORMAT, "UDF: the root is no folder");
	return r;
}

/* Of a disc that is written once the partition reaches to the medium's end, recorded or not. */
static void udf_size(struct udf *u)
{
	for (unsigned i = 0; i < u->parts; i++) {
		const struct udf_part *p = &u->part[i];
		uint64_t size;

		if ((p->kind != UDF_PART_PLAIN && p->kind != UDF_PART_SPARABLE) || p->access == 2 ||
		    p->at < u->fs.volume.start || !sp_mul_ok(p->blocks, u->block, &size) ||
		    !sp_add_ok(size, p->at - u->fs.volume.start, &size))
			continue;
		u->fs.declared = size > u->fs.declared ? size : u->fs.declared;
	}
}

/* Everything of a volume whose descriptors an anchor leads to. */
static int udf_begin(struct udf *u, const struct udf_anchor *anchor, struct sp_error *err)
{
	struct udf_long set;

	u->base = anchor->base;
	u->sector = u->block = anchor->sector;
	int r = udf_volume_open(u, anchor, &set, err);
	if (r < 0)
		return r;
	u->scratch = malloc(u->block);
	u->node_block = malloc(u->block);
	if (!u->scratch || !u->node_block)
		return sp_fail_memory(err);
	r = udf_parts_open(u, err);
	udf_size(u);
	/* a disc with an allocation table is in order as of that table */
	if (!r && u->integrity.known && !u->integrity.closed && !u->vat)
		sp_fs_odd(&u->fs, "the volume was not closed: it may be inconsistent");
	return r ? r : udf_root(u, set, err);
}

static int udf_guess(struct udf *u, struct sp_error *err)
{
	struct udf_anchor anchor = {.base = u->fs.volume.start,
				    .sector = 2048,
				    .main = {UDF_GUESS_COUNT * 2048u, UDF_GUESS_FIRST},
				    .guessed = true};

	sp_fs_damaged(&u->fs, "UDF: no anchor at sector 256, nor at the end: descriptors are "
			      "looked for");
	return udf_begin(u, &anchor, err);
}

static int udf_open(struct sp_fs **out, const struct sp_fs_volume *volume,
		    const struct sp_notes *notes, struct sp_error *err)
{
	struct udf *u = calloc(1, sizeof(*u));
	struct udf_anchor anchor, other;

	*out = NULL;
	if (!u)
		return sp_fail_memory(err);
	u->fs = (struct sp_fs){
		.ops = &udf_ops, .format = &sp_fs_udf, .volume = *volume, .notes = notes};
	int r = udf_anchor_find(volume, &anchor, &other, err);
	if (r == 1) {
		if (other.sector)
			sp_fs_odd(&u->fs,
				  "the anchor at sector %llu leads to other descriptors than "
				  "that at %llu: a later session",
				  (unsigned long long)other.at, (unsigned long long)anchor.at);
		r = udf_begin(u, &anchor, err);
	} else if (!r) {
		r = udf_guess(u, err);
	}
	if (r < 0) {
		sp_fs_close(&u->fs);
		return r;
	}
	*out = &u->fs;
	return 0;
}

const struct sp_fs_format sp_fs_udf = {
	.name = "udf",
	.summary = "UDF",
	.probe = udf_probe,
	.open = udf_open,
};
