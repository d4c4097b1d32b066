/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directory records of ISO 9660: folders listed, files mapped. Every sector is read as part of one
 * folder only, so that no image costs more than its size. */
#include "tree/iso9660.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	DIR_EMPTY = 64,    /* sectors without a record, after which a folder is believed to end */
	DIR_BROKEN = 64,   /* records of a folder that are not well-formed, the same */
	DIR_EXTENTS = 1024 /* of a file: 4 TiB */
};

bool iso_place(const struct iso *iso, uint64_t block, uint64_t size, uint64_t *at)
{
	int64_t byte;

	if (block > UINT32_MAX ||
	    __builtin_add_overflow((int64_t)(block * iso->block), iso->base, &byte) || byte < 0)
		return false;
	*at = (uint64_t)byte;
	return sp_range_ok(*at, size, iso->fs.volume.io->size);
}

/* A number in both orders, ECMA-119 7.3.3: the little-endian one counts. */
static uint32_t record_both(const struct iso *iso, const uint8_t *p, bool *differs)
{
	const uint32_t le = get_le32(p), be = get_be32(p + 4);

	if (iso->cdi)
		return be;
	*differs |= le != be;
	return le;
}

int iso_record(const struct iso *iso, struct iso_record *record, const uint8_t *sector, size_t at,
	       uint64_t sector_at)
{
	const uint8_t *p = sector + at;
	const size_t left = ISO_SECTOR - at;

	*record = (struct iso_record){.at = sector_at + at};
	if (!left || !p[0])
		return 0;
	if (p[0] > left || p[0] < 34 || p[32] > p[0] - 33)
		return -1;
	record->size = p[0];
	record->attributes = p[1];
	record->extent = record_both(iso, p + 2, &record->differs);
	record->length = record_both(iso, p + 10, &record->differs);
	record->date = p + 18;
	record->flags = p[iso->high_sierra ? 24 : 25];
	record->unit = p[26];
	record->gap = p[27];
	record->name = record->use = p + 33;
	record->name_size = p[32];
	const size_t use = 33u + p[32] + !(p[32] & 1);
	if (use < p[0]) {
		record->use = p + use;
		record->use_size = p[0] - use;
	}
	return 1;
}

bool iso_self(struct iso *iso, uint64_t block, struct iso_record *record,
	      uint8_t sector[ISO_SECTOR])
{
	struct sp_error err;
	uint64_t at;

	return iso_place(iso, block, ISO_SECTOR, &at) &&
	       sp_fs_read(&iso->fs, at, sector, ISO_SECTOR, &err) == 0 &&
	       iso_record(iso, record, sector, 0, at) == 1 && record->name_size == 1 &&
	       !record->name[0] && record->flags & ISO_FOLDER;
}

/* --- whose sector it is --- */

static struct iso_owner *owner_find(const struct iso_owners *owners, uint64_t sector)
{
	size_t i = (size_t)((sector * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (owners->room - 1);

	while (owners->slot[i].sector && owners->slot[i].sector != sector)
		i = (i + 1) & (owners->room - 1);
	return &owners->slot[i];
}

/* Take the sector for the folder: 1, 0 when another one has it. */
static int owner_take(struct iso_owners *owners, uint64_t sector, uint64_t folder,
		      struct sp_error *err)
{
	if (owners->count * 2 >= owners->room) {
		struct iso_owners more = {.room = owners->room ? owners->room * 2 : 1024,
					  .count = owners->count};
		more.slot = calloc(more.room, sizeof(*more.slot));
		if (!more.slot)
			return sp_fail_memory(err);
		for (size_t i = 0; i < owners->room; i++)
			if (owners->slot[i].sector)
				*owner_find(&more, owners->slot[i].sector) = owners->slot[i];
		free(owners->slot);
		*owners = more;
	}
	struct iso_owner *owner = owner_find(owners, sector + 1);
	if (!owner->sector) {
		*owner = (struct iso_owner){sector + 1, folder};
		owners->count++;
	}
	return owner->folder == folder;
}

/* --- names --- */

/* ECMA-119 7.5: NAME.EXT;1, where the first version and an empty extension are not shown. */
static size_t name_plain(const uint8_t *name, size_t size, size_t unit)
{
	if (size > 2 * unit && name[size - 1] == '1' && name[size - 1 - unit] == ';')
		size -= 2 * unit;
	if (unit == 1 && size > 1 && name[size - 1] == '.')
		size--;
	return size;
}

static char *record_name(const struct iso *iso, const struct iso_record *record)
{
	const bool wide = iso->kind == ISO_JOLIET;
	size_t size = record->name_size;

	if (!(record->flags & ISO_FOLDER))
		size = name_plain(record->name, size, wide ? 2 : 1);
	return wide ? sp_fs_utf16(record->name, size, false) : sp_fs_bytes(record->name, size);
}

/* --- nodes --- */

/* The CD-ROM XA attributes say that the file's sectors are form 2 or audio: System Description
 * CD-ROM XA II.2.7. */
static bool record_form2(const struct iso *iso, const struct iso_record *record)
{
	const uint8_t *xa = record->use;

	if (record->use_size < 14 || iso->high_sierra)
		return false;
	if (memcmp(xa + 6, "XA", 2))
		xa = record->use + record->use_size - 14;
	return !memcmp(xa + 6, "XA", 2) && get_be16(xa + 4) & 0x5000;
}

static void node_type(struct sp_node *node, const struct iso_susp *susp)
{
	static const struct {
		uint32_t mode;
		unsigned type;
	} types[] = {{0120000, SP_NODE_LINK},
		     {0020000, SP_NODE_CHAR},
		     {0060000, SP_NODE_BLOCK},
		     {0010000, SP_NODE_FIFO},
		     {0140000, SP_NODE_SOCKET}};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (node->type == SP_NODE_FILE && susp->file_type == types[i].mode)
			node->type = types[i].type;
}

/* A folder of a relocated tree: what it says of itself counts. */
static bool node_child(struct iso *iso, struct sp_node *node, uint32_t block)
{
	uint8_t sector[ISO_SECTOR];
	struct iso_record self;

	if (!iso_self(iso, block, &self, sector))
		return false;
	node->type = SP_NODE_FOLDER;
	node->key[0] = block;
	node->key[1] = self.length;
	return true;
}

/* Facts of a record, Rock Ridge's where the tree has it. `size` is that of all its extents. */
static int node_fill(struct iso *iso, struct sp_node *node, const struct iso_record *record,
		     const struct iso_susp *susp, uint64_t size)
{
	struct sp_time date;

	*node = susp->node;
	node->type = record->flags & ISO_FOLDER ? SP_NODE_FOLDER : SP_NODE_FILE;
	node->has = (record->flags & ISO_HIDDEN ? SP_NODE_HIDDEN : 0u) |
		    (susp->has_mode ? SP_NODE_MODE | SP_NODE_OWNER : 0u) |
		    (record_form2(iso, record) ? SP_NODE_FORM2 : 0u);
	if (!node->time[SP_TIME_MODIFIED].known &&
	    iso_date7(&date, record->date, !iso->high_sierra))
		node->time[SP_TIME_MODIFIED] = date;
	node->key[0] = record->at;
	if (node->type == SP_NODE_FOLDER) {
		node->key[0] = record->extent;
		node->key[1] = record->length;
	} else if (susp->child) {
		if (!node_child(iso, node, susp->child)) {
			sp_fs_damaged(
				&iso->fs,
				"sector %llu: a folder that is said to lie at block %u, and does "
				"not",
				(unsigned long long)(record->at / ISO_SECTOR), susp->child);
			return -1;
		}
	} else {
		node_type(node, susp);
		node->has |=
			(susp->device ? SP_NODE_DEVICE : 0u) | (susp->has_zf ? SP_NODE_CODED : 0u);
		node->size = node->type != SP_NODE_FILE ? 0 : susp->has_zf ? susp->zf_size : size;
	}
	/* folders lie in one place; files with several names have a number, or share their data */
	if (node->type == SP_NODE_FOLDER)
		node->id = node->key[0] + 1;
	else if (susp->node.links > 1 && (susp->serial || record->length))
		node->id = susp->serial ? UINT64_C(1) << 33 | susp->serial
					: UINT64_C(1) << 34 | record->extent;
	return 0;
}

/* --- folders --- */

/* What waits for the records that follow it. */
struct listing {
	struct iso *iso;
	sp_entry_fn *fn;
	void *user;
	struct sp_node node; /* a file whose extents are not all there yet */
	struct iso_susp susp;
	char *name;
	uint8_t raw[256]; /* its name on the disc */
	size_t raw_size;
	uint64_t size;
	unsigned extents; /* 0: nothing waits */
	uint64_t fork[2]; /* of an associated file: byte of its record, bytes */
	uint8_t fork_raw[256];
	size_t fork_size;
};

static void listing_forget(struct listing *l)
{
	iso_susp_clear(&l->susp);
	free(l->name);
	l->name = NULL;
	l->extents = 0;
}

/* A name that says the same as another one in the folder would do harm nowhere but in a loop. */
static bool listing_is_dot(const struct listing *l, const struct iso_record *record)
{
	return record->name_size == 1 && record->name[0] <= 1 &&
	       (l->iso->kind != ISO_JOLIET || record->flags & ISO_FOLDER);
}

static bool same_name(const struct iso_record *record, const uint8_t *name, size_t size)
{
	return record->name_size == size && !memcmp(record->name, name, size);
}

/* ECMA-119 10: level 1 has names of 8 and 3 letters, level 2 of 30 (7.5.1) and for folders 31,
 * level 3 files of several extents. */
static void listing_level(struct iso *iso, const struct iso_record *record)
{
	const bool folder = record->flags & ISO_FOLDER;
	const size_t size =
		folder ? record->name_size : name_plain(record->name, record->name_size, 1);
	const uint8_t *dot = folder ? NULL : memchr(record->name, '.', size);
	const size_t base = dot ? (size_t)(dot - record->name) : size;
	const unsigned level = base <= 8 && size <= base + 4 ? 1 : 2;

	if (size > 31 && size > iso->longest)
		iso->longest = (unsigned)size;
	if (level > iso->level)
		iso->level = level;
	if (record->flags & ISO_MULTI)
		iso->level = 3;
}

/* The first record of a file, or all of a folder. */
static int listing_begin(struct listing *l, const struct iso_record *record, struct sp_error *err)
{
	int r = 0;

	l->extents = 1;
	l->size = record->length;
	listing_level(l->iso, record);
	if (l->iso->kind == ISO_ROCKRIDGE)
		r = iso_susp_read(l->iso, &l->susp, record, false, err);
	if (r < 0)
		return r;
	if (l->susp.name && l->susp.name[0]) {
		l->name = l->susp.name;
		l->susp.name = NULL;
	} else {
		l->name = record_name(l->iso, record);
	}
	if (!l->name)
		return sp_fail_memory(err);
	l->raw_size = record->name_size;
	memcpy(l->raw, record->name, record->name_size);
	if (node_fill(l->iso, &l->node, record, &l->susp, 0) < 0)
		listing_forget(l);
	return 0;
}

static int listing_emit(struct listing *l)
{
	struct sp_node *node = &l->node;
	int r = 0;

	if (node->type == SP_NODE_FILE) {
		if (!l->susp.has_zf)
			node->size = l->size;
		node->key[1] = l->extents;
		if (l->fork[0] && l->fork_size == l->raw_size &&
		    !memcmp(l->fork_raw, l->raw, l->raw_size)) {
			node->key[2] = l->fork[0];
			node->resource = l->fork[1];
		}
	}
	l->fork[0] = 0;
	if (!l->susp.moved)
		r = l->fn(l->user, l->name, node);
	listing_forget(l);
	return r;
}

static int listing_record(struct listing *l, const struct iso_record *record, struct sp_error *err)
{
	const bool goes_on = l->extents && same_name(record, l->raw, l->raw_size);
	int r = 0;

	if (record->differs)
		sp_fs_odd(&l->iso->fs,
			  "sector %llu: records whose little- and big-endian numbers differ; the "
			  "former count",
			  (unsigned long long)(record->at / ISO_SECTOR));
	if (listing_is_dot(l, record))
		return 0;
	if (l->extents && !goes_on) {
		sp_fs_damaged(&l->iso->fs, "%s: the rest of the file is not in its folder",
			      l->name);
		r = listing_emit(l);
	}
	if (r)
		return r;
	if (record->flags & ISO_ASSOCIATED && !(record->flags & ISO_FOLDER) && !l->fork[0]) {
		l->fork[0] = record->at;
		l->fork[1] = record->length;
		l->fork_size = record->name_size;
		memcpy(l->fork_raw, record->name, record->name_size);
		return 0;
	}
	if (goes_on && l->extents < DIR_EXTENTS) {
		l->extents++;
		l->size += record->length;
	} else if (!goes_on) {
		r = listing_begin(l, record, err);
	}
	if (r || !l->extents || record->flags & ISO_MULTI)
		return r;
	return listing_emit(l);
}

static int dir_sector(struct listing *l, const uint8_t *sector, uint64_t at, size_t size,
		      unsigned *broken, bool *any, struct sp_error *err)
{
	struct iso_record record;

	*any = false;
	for (size_t i = 0; i < size; i += record.size) {
		const int kind = iso_record(l->iso, &record, sector, i, at);
		if (kind <= 0) {
			if (kind < 0) {
				++*broken;
				sp_fs_damaged(&l->iso->fs,
					      "sector %llu: a broken directory record at byte %zu; "
					      "what follows it there is not listed",
					      (unsigned long long)(at / ISO_SECTOR), i);
			}
			return 0;
		}
		*any = true;
		const int r = listing_record(l, &record, err);
		if (r)
			return r;
	}
	return 0;
}

int iso_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
		 struct sp_error *err)
{
	struct iso *iso = (struct iso *)fs;
	struct listing l = {.iso = iso, .fn = fn, .user = user};
	const uint64_t size = folder->key[1];
	unsigned broken = 0, empty = 0;
	uint8_t sector[ISO_SECTOR];
	uint64_t at;
	int r = 0;

	if (!iso_place(iso, folder->key[0], size ? 1 : 0, &at))
		return sp_fail(err, SP_ERR_FORMAT,
			       "a folder at block %llu, beyond the end of the image",
			       (unsigned long long)folder->key[0]);
	for (uint64_t done = 0; done < size && !r; done += ISO_SECTOR, at += ISO_SECTOR) {
		const size_t n = size - done < ISO_SECTOR ? (size_t)(size - done) : ISO_SECTOR;
		bool any;

		if (broken >= DIR_BROKEN || empty >= DIR_EMPTY) {
			sp_fs_damaged(fs, "sector %llu: nothing of a folder from here on",
				      (unsigned long long)(at / ISO_SECTOR));
			break;
		}
		r = owner_take(&iso->owners, at / ISO_SECTOR, folder->id, err);
		if (r < 0)
			break;
		if (!r) {
			sp_fs_damaged(fs, "sector %llu: two folders are said to lie here",
				      (unsigned long long)(at / ISO_SECTOR));
			break;
		}
		r = sp_fs_read(fs, at, sector, ISO_SECTOR, err);
		if (r == SP_ERR_FORMAT) {
			sp_fs_damaged(fs, "%s", err->text);
			r = 0;
			break;
		}
		if (!r)
			r = dir_sector(&l, sector, at, n, &broken, &any, err);
		empty = r || any ? 0 : empty + 1;
	}
	if (!r && l.extents) {
		sp_fs_damaged(fs, "%s: the rest of the file is not in its folder", l.name);
		r = listing_emit(&l);
	}
	listing_forget(&l);
	return r;
}

/* --- files --- */

/* The record a node came from, once more. `sector` is where it then lies. */
static int node_record(struct iso *iso, uint64_t at, struct iso_record *record,
		       uint8_t sector[ISO_SECTOR], struct sp_error *err)
{
	const uint64_t sector_at = at - at % ISO_SECTOR;
	int r = sp_fs_read(&iso->fs, sector_at, sector, ISO_SECTOR, err);

	if (!r && iso_record(iso, record, sector, (size_t)(at % ISO_SECTOR), sector_at) != 1)
		r = sp_fail(err, SP_ERR_FORMAT, "sector %llu: the directory record is gone",
			    (unsigned long long)(at / ISO_SECTOR));
	return r;
}

int iso_link(struct sp_fs *fs, const struct sp_node *node, char **target, struct sp_error *err)
{
	struct iso *iso = (struct iso *)fs;
	uint8_t sector[ISO_SECTOR];
	struct iso_record record;
	struct iso_susp susp = {0};

	int r = node_record(iso, node->key[0], &record, sector, err);
	if (!r)
		r = iso_susp_read(iso, &susp, &record, true, err);
	if (!r) {
		*target = susp.target ? susp.target : strdup("");
		susp.target = NULL;
		if (!*target)
			r = sp_fail_memory(err);
	}
	iso_susp_clear(&susp);
	return r;
}

/* ECMA-119 6.4.3: the extent's attribute record, then its data: in one run, or in units with gaps
 * between them. */
static int map_extent(struct iso *iso, const struct iso_record *record, struct sp_fs_extents *list,
		      struct sp_error *err)
{
	const uint64_t first = (uint64_t)record->extent + record->attributes;
	uint64_t left = record->length, block = first, at;
	int r = 0;

	if (!left)
		return 0;
	const uint64_t run =
		record->unit && record->gap ? (uint64_t)record->unit * iso->block : left;
	while (left && !r) {
		const uint64_t n = left < run ? left : run;
		if (!iso_place(iso, block, n, &at))
			return sp_fail(err, SP_ERR_FORMAT,
				       "its %u bytes at block %u go beyond the end of the image",
				       record->length, record->extent);
		r = sp_fs_extents_add(list, &iso->fs, at, n, false, err);
		left -= n;
		block += (uint64_t)record->unit + record->gap;
	}
	return r;
}

int iso_map(struct sp_fs *fs, const struct sp_node *node, unsigned fork, struct sp_fs_extents *list,
	    struct sp_error *err)
{
	struct iso *iso = (struct iso *)fs;
	uint8_t sector[ISO_SECTOR];
	struct iso_record record;
	const bool resource = fork == SP_FORK_RESOURCE;
	uint64_t at = resource ? node->key[2] : node->key[0];
	unsigned left = resource ? 1 : (unsigned)node->key[1];

	list->coded = !resource && node->has & SP_NODE_CODED;
	while (left) {
		int r = node_record(iso, at, &record, sector, err);
		if (!r)
			r = map_extent(iso, &record, list, err);
		if (r < 0)
			return r;
		if (!--left)
			break;
		/* records do not cross sectors; an empty rest leads to the next one */
		const size_t in = (size_t)(at % ISO_SECTOR) + record.size;
		const bool next = in >= ISO_SECTOR || !sector[in];
		at = next ? at - at % ISO_SECTOR + ISO_SECTOR : at + record.size;
	}
	return 0;
}

int iso_open(struct sp_fs *fs, const struct sp_node *node, unsigned fork, const char *name,
	     struct sp_fs_extents *list, struct sp_io **out, struct sp_error *err)
{
	struct iso *iso = (struct iso *)fs;
	uint8_t sector[ISO_SECTOR];
	struct iso_record record;
	struct iso_susp susp = {0};
	struct sp_io *stored = NULL;

	(void)fork;
	int r = node_record(iso, node->key[0], &record, sector, err);
	if (!r)
		r = iso_susp_read(iso, &susp, &record, false, err);
	if (!r) {
		const uint64_t size = list->size;
		r = sp_fs_extents_io(&stored, fs->volume.io, list, size, name, err);
	}
	if (!r)
		r = zisofs_open(out, stored, susp.zf_version, susp.zf_header, susp.zf_log2,
				susp.zf_size, err);
	if (r < 0)
		sp_io_close(stored);
	iso_susp_clear(&susp);
	return r;
}
