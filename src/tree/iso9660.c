/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 volumes: the descriptors, and which trees they lead to: plain, Rock Ridge, Joliet. */
#include "tree/iso9660.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { VOLUME_DESCRIPTORS = 64, VOLUME_SEARCH = 512 };

/* ECMA-119 8.5.6 and the Joliet specification: UCS-2 level 1, 2, 3. */
static bool volume_is_joliet(const uint8_t *d)
{
	return d[0] == 2 && !memcmp(d + 88, "%/", 2) &&
	       (d[90] == '@' || d[90] == 'C' || d[90] == 'E');
}

/* The descriptor of the kind: 1 and *d is it, 0 there is none. */
static int volume_find(struct iso *iso, const struct sp_fs_volume *volume, struct sp_error *err)
{
	uint8_t *d = iso->descriptor;

	for (unsigned i = 16; i < VOLUME_DESCRIPTORS; i++) {
		if (!sp_range_ok((uint64_t)i * ISO_SECTOR, ISO_SECTOR, volume->size))
			return 0;
		const int r = sp_io_read(volume->io, volume->start + (uint64_t)i * ISO_SECTOR, d,
					 ISO_SECTOR, err);
		if (r < 0)
			return r;
		iso->high_sierra = !memcmp(d + 8, "\1CDROM", 6);
		iso->cdi = !memcmp(d, "\1CD-I ", 6);
		iso->sector = i;
		if (iso->kind != ISO_JOLIET &&
		    (!memcmp(d, "\1CD001", 6) || iso->high_sierra || iso->cdi))
			return 1;
		if (iso->kind == ISO_JOLIET && !memcmp(d, "\2CD001", 6) && volume_is_joliet(d))
			return 1;
		if (!memcmp(d + 1, "CD001", 5) ? d[0] == 255 : i > 20)
			return 0;
	}
	return 0;
}

/* An image of a later session alone, whose blocks count from the disc's beginning: the root's "."
 * is looked for, which names its own block. */
static bool volume_shifted(struct iso *iso)
{
	const struct sp_fs_volume *volume = &iso->fs.volume;
	uint8_t sector[ISO_SECTOR];
	struct iso_record self;
	struct sp_error err;

	for (uint64_t i = 17; i < VOLUME_SEARCH; i++) {
		const uint64_t at = volume->start + i * ISO_SECTOR;
		if (!sp_range_ok(i * ISO_SECTOR, ISO_SECTOR, volume->size) ||
		    sp_io_read(volume->io, at, sector, ISO_SECTOR, &err) < 0)
			return false;
		if (iso_record(iso, &self, sector, 0, at) == 1 && self.name_size == 1 &&
		    !self.name[0] && self.flags & ISO_FOLDER && self.extent == iso->root[0] &&
		    self.length == iso->root[1]) {
			iso->base = (int64_t)at - (int64_t)iso->root[0] * iso->block;
			return true;
		}
	}
	return false;
}

/* What block 0 is: the disc's beginning, or the volume's where it was moved as a whole. */
static void volume_base(struct iso *iso)
{
	const uint64_t start = iso->fs.volume.start;
	uint8_t sector[ISO_SECTOR];
	struct iso_record self;

	for (unsigned i = 0; i < 2; i++) {
		iso->base = i ? (int64_t)start : 0;
		if (iso_self(iso, iso->root[0], &self, sector) && self.extent == iso->root[0])
			return;
	}
	if (volume_shifted(iso)) {
		sp_fs_odd(&iso->fs,
			  "the volume's blocks count from %lld: it is a session without those "
			  "before it",
			  (long long)(-iso->base / ISO_SECTOR));
		return;
	}
	iso->base = 0;
	sp_fs_damaged(&iso->fs, "block %u: the root folder is not there", iso->root[0]);
}

/* The root, by its record in the descriptor. */
static void volume_root(struct iso *iso)
{
	struct sp_node *root = &iso->fs.root;
	const uint8_t *d = iso->descriptor;
	const size_t shift = iso->high_sierra ? 8 : 0;
	const uint8_t *record = d + (iso->high_sierra ? 180 : 156);
	const uint16_t block = iso->cdi ? get_be16(d + 130) : get_le16(d + 128 + shift);

	iso->block = block == 512 || block == 1024 ? block : ISO_SECTOR;
	iso->fs.declared = (uint64_t)iso_blocks(iso) * iso->block;
	iso->root[0] = iso->cdi ? get_be32(record + 6) : get_le32(record + 2);
	iso->root[1] = iso->cdi ? get_be32(record + 14) : get_le32(record + 10);
	volume_base(iso);
	*root = (struct sp_node){.key = {iso->root[0], iso->root[1]},
				 .id = (uint64_t)iso->root[0] + 1,
				 .type = SP_NODE_FOLDER};
	iso_date7(&root->time[SP_TIME_MODIFIED], record + 18, !iso->high_sierra);
}

/* Rock Ridge's marks in the root; its facts become the root's. */
static int volume_rockridge(struct iso *iso, bool *found, struct sp_error *err)
{
	uint8_t sector[ISO_SECTOR];
	struct iso_record self;
	struct iso_susp susp;
	struct sp_node *root = &iso->fs.root;

	*found = false;
	if (iso->high_sierra || iso->cdi || !iso_self(iso, iso->root[0], &self, sector))
		return 0;
	const int r = iso_susp_read(iso, &susp, &self, false, err);
	*found = !r && susp.present;
	if (*found) {
		iso->skip = susp.skip;
		root->has = susp.has_mode ? SP_NODE_MODE | SP_NODE_OWNER : 0;
		root->mode = susp.node.mode;
		root->uid = susp.node.uid;
		root->gid = susp.node.gid;
		root->links = susp.node.links;
		for (size_t i = 0; i < SP_TIMES; i++)
			if (susp.node.time[i].known)
				root->time[i] = susp.node.time[i];
	}
	iso_susp_clear(&susp);
	return r;
}

/* --- where it lies --- */

/* ECMA-119 8.4.14 to 8.4.18: size of the path tables, and where they lie, the M ones big-endian. */
static int iso_path_tables(const struct iso *iso, sp_place_fn *fn, void *user)
{
	const uint8_t *d = iso->descriptor;
	const uint32_t size = iso->cdi ? get_be32(d + 136) : get_le32(d + 132);
	uint64_t at;
	int r = 0;

	for (unsigned i = 0; i < 4 && !r && !iso->high_sierra; i++) {
		const uint8_t *where = d + 140 + 4 * (size_t)i;
		const uint32_t block = i < 2 ? get_le32(where) : get_be32(where);
		if (block && size && iso_place(iso, block, size, &at))
			r = fn(user, SP_WHERE_VOLUME, "path table", at, size);
	}
	return r;
}

static int iso_places(struct sp_fs *fs, sp_place_fn *fn, void *user, struct sp_error *err)
{
	const struct iso *iso = (const struct iso *)fs;
	const struct sp_fs_volume *v = &fs->volume;
	uint8_t d[ISO_SECTOR];
	uint64_t at;
	int r = fn(user, SP_WHERE_VOLUME, "system area", v->start, UINT64_C(16) * ISO_SECTOR);

	for (uint64_t i = 16; i < VOLUME_DESCRIPTORS && !r; i++) {
		if (!sp_range_ok(i * ISO_SECTOR, ISO_SECTOR, v->size))
			break;
		r = sp_io_read(v->io, v->start + i * ISO_SECTOR, d, ISO_SECTOR, err);
		if (!r)
			r = fn(user, SP_WHERE_VOLUME, "volume descriptors",
			       v->start + i * ISO_SECTOR, ISO_SECTOR);
		if (!r && !memcmp(d, "\0CD001\1EL TORITO", 16) &&
		    iso_place(iso, get_le32(d + 71), ISO_SECTOR, &at))
			r = fn(user, SP_WHERE_VOLUME, "boot catalog", at, ISO_SECTOR);
		if (!memcmp(d, "\377CD001", 6) || (memcmp(d + 1, "CD", 2) && i > 20))
			break;
	}
	return r ? r : iso_path_tables(iso, fn, user);
}

static int iso_holds(struct sp_fs *fs, const struct sp_node *node, sp_place_fn *fn, void *user,
		     struct sp_error *err)
{
	const struct iso *iso = (const struct iso *)fs;
	uint64_t at;

	(void)err;
	if (node->type != SP_NODE_FOLDER || !iso_place(iso, node->key[0], node->key[1], &at))
		return 0;
	return fn(user, SP_WHERE_FOLDER, NULL, at, node->key[1]);
}

/* --- the reader --- */

static void iso_close(struct sp_fs *fs)
{
	struct iso *iso = (struct iso *)fs;

	free(iso->owners.slot);
	free(iso);
}

static const struct sp_fs_ops iso_ops = {
	.read_dir = iso_read_dir,
	.link = iso_link,
	.map = iso_map,
	.open = iso_open,
	.describe = iso_describe,
	.places = iso_places,
	.holds = iso_holds,
	.check = iso_check,
	.close = iso_close,
};

/* 1 and *out: the volume has such a tree. 0: not. */
static int iso_load(struct sp_fs **out, const struct sp_fs_volume *volume, unsigned kind,
		    const struct sp_fs_format *format, const struct sp_notes *notes,
		    struct sp_error *err)
{
	struct iso *iso = calloc(1, sizeof(*iso));
	bool found = true;

	*out = NULL;
	if (!iso)
		return sp_fail_memory(err);
	iso->fs = (struct sp_fs){
		.ops = &iso_ops, .format = format, .volume = *volume, .notes = notes};
	iso->kind = kind;
	int r = volume_find(iso, volume, err);
	if (r == 1) {
		volume_root(iso);
		r = kind == ISO_ROCKRIDGE ? volume_rockridge(iso, &found, err) : 0;
		r = r < 0 ? r : found;
	}
	if (r == 1) {
		iso->fs.label = iso_text(iso, 40, 32);
		if (!iso->fs.label)
			r = sp_fail_memory(err);
	}
	if (r == 1)
		*out = &iso->fs;
	else
		sp_fs_close(&iso->fs);
	return r;
}

static int iso_has(const struct sp_fs_volume *volume, unsigned kind, struct sp_error *err)
{
	struct sp_fs *fs;
	const int r = iso_load(&fs, volume, kind, NULL, NULL, err);

	sp_fs_close(fs);
	return r;
}

static int iso_get(struct sp_fs **out, const struct sp_fs_volume *volume, unsigned kind,
		   const struct sp_fs_format *format, const struct sp_notes *notes,
		   struct sp_error *err)
{
	const int r = iso_load(out, volume, kind, format, notes, err);

	return r == 0 ? sp_fail(err, SP_ERR_FORMAT, "there is no %s", format->summary)
		      : (r < 0 ? r : 0);
}

static int rockridge_probe(const struct sp_fs_volume *volume, struct sp_error *err)
{
	return iso_has(volume, ISO_ROCKRIDGE, err);
}

static int rockridge_open(struct sp_fs **out, const struct sp_fs_volume *volume,
			  const struct sp_notes *notes, struct sp_error *err)
{
	return iso_get(out, volume, ISO_ROCKRIDGE, &sp_fs_rockridge, notes, err);
}

static int joliet_probe(const struct sp_fs_volume *volume, struct sp_error *err)
{
	return iso_has(volume, ISO_JOLIET, err);
}

static int joliet_open(struct sp_fs **out, const struct sp_fs_volume *volume,
		       const struct sp_notes *notes, struct sp_error *err)
{
	return iso_get(out, volume, ISO_JOLIET, &sp_fs_joliet, notes, err);
}

static int plain_probe(const struct sp_fs_volume *volume, struct sp_error *err)
{
	return iso_has(volume, ISO_PLAIN, err);
}

static int plain_open(struct sp_fs **out, const struct sp_fs_volume *volume,
		      const struct sp_notes *notes, struct sp_error *err)
{
	return iso_get(out, volume, ISO_PLAIN, &sp_fs_iso9660, notes, err);
}

const struct sp_fs_format sp_fs_rockridge = {"rockridge", "ISO 9660 with Rock Ridge",
					     rockridge_probe, rockridge_open};
const struct sp_fs_format sp_fs_joliet = {"joliet", "Joliet", joliet_probe, joliet_open};
const struct sp_fs_format sp_fs_iso9660 = {"iso9660", "ISO 9660", plain_probe, plain_open};
