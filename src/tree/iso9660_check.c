/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an ISO 9660 volume says twice: numbers in two byte orders, path tables of both, the folders
 * those name, the root. Each kind of disagreement is one line with the first place of it. */
#include "tree/iso9660.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHECK_DESCRIPTORS = 64, /* sectors in which the terminator is looked for */
	CHECK_TABLE = 4 << 20,  /* bytes of a path table: 65535 folders of 31 letters have less */
	CHECK_FOLDERS = 1000,   /* of a path table that are looked at on the disc */
};

static unsigned long long check_lba(const struct iso *iso)
{
	return iso->fs.volume.start / ISO_SECTOR + iso->sector;
}

/* ECMA-119 8.4 and 9.1: what is recorded in both byte orders. */
static void check_orders(struct iso *iso)
{
	static const struct {
		uint8_t at, size;
		const char *what;
	} field[] = {{80, 4, "volume space size"},         {120, 2, "volume set size"},
		     {124, 2, "volume sequence number"},   {128, 2, "logical block size"},
		     {132, 4, "path table size"},          {158, 4, "location of the root folder"},
		     {166, 4, "length of the root folder"}};
	const uint8_t *d = iso->descriptor;

	for (size_t i = 0; i < sizeof(field) / sizeof(*field); i++) {
		const uint8_t *p = d + field[i].at;
		const uint32_t le = field[i].size == 4 ? get_le32(p) : get_le16(p);
		const uint32_t be = field[i].size == 4 ? get_be32(p + 4) : get_be16(p + 2);

		if (le != be)
			sp_fs_odd(&iso->fs, "LBA %llu: %s: %u little-endian, %u big-endian",
				  check_lba(iso), field[i].what, le, be);
	}
}

/* A field that is neither a date nor says that there is none, ECMA-119 8.4.26.1. */
static void check_dates(struct iso *iso)
{
	static const char *const what[] = {"creation", "modification", "expiration", "effective"};

	for (size_t i = 0; i < 4; i++) {
		const uint8_t *d = iso->descriptor + 813 + 17 * i;
		struct sp_time time;
		size_t blank = 0;

		/* writers leave zeros, digits or not, or spaces */
		while (blank < 16 && (d[blank] == '0' || !d[blank] || d[blank] == ' '))
			blank++;
		if (blank < 16 && !iso_date17(&time, d))
			sp_fs_odd(&iso->fs, "LBA %llu: the %s date is none", check_lba(iso),
				  what[i]);
	}
}

/* ECMA-119 8.3: descriptors end with a terminator. */
static int check_terminator(struct iso *iso, struct sp_error *err)
{
	const struct sp_fs_volume *volume = &iso->fs.volume;
	uint8_t d[7];

	for (unsigned i = 16; i < CHECK_DESCRIPTORS; i++) {
		const uint64_t at = (uint64_t)i * ISO_SECTOR;
		if (sp_range_ok(at, sizeof(d), volume->size)) {
			const int r = sp_io_read(volume->io, volume->start + at, d, sizeof(d), err);
			if (r < 0)
				return r;
			if (!memcmp(d + 1, "CD001", 5) && d[0] != 255)
				continue;
			if (d[0] == 255 && !memcmp(d + 1, "CD001", 5))
				return 0;
		}
		sp_fs_odd(&iso->fs,
			  "LBA %llu: no terminator ends the volume descriptors, of which the last "
			  "one lies before here",
			  (unsigned long long)(volume->start / ISO_SECTOR + i));
		return 0;
	}
	return 0;
}

/* The root's record in the descriptor and its own ".". */
static void check_root(struct iso *iso)
{
	uint8_t sector[ISO_SECTOR];
	struct iso_record self;

	if (!iso_self(iso, iso->root[0], &self, sector))
		return; /* told when it was opened */
	if (self.extent != iso->root[0] || self.length != iso->root[1])
		sp_fs_odd(&iso->fs,
			  "LBA %llu: the root's own record says %u bytes at block %u, the volume "
			  "descriptor %u at %u",
			  (unsigned long long)(self.at / ISO_SECTOR), self.length, self.extent,
			  iso->root[1], iso->root[0]);
}

/* --- path tables, ECMA-119 9.4 --- */

struct table {
	uint8_t *data;
	size_t size;
	uint64_t at; /* byte of the io */
	bool big;
};
struct table_entry {
	const uint8_t *name;
	uint32_t block;
	unsigned attributes, parent;
	size_t name_size, next;
};

static bool table_entry(const struct table *table, size_t at, struct table_entry *entry)
{
	const uint8_t *p = table->data + at;

	if (!sp_range_ok(at, 9, table->size) || !p[0] || !sp_range_ok(at, 8u + p[0], table->size))
		return false;
	*entry = (struct table_entry){
		.name = p + 8,
		.block = table->big ? get_be32(p + 2) : get_le32(p + 2),
		.attributes = p[1],
		.parent = table->big ? get_be16(p + 6) : get_le16(p + 6),
		.name_size = p[0],
		.next = at + 8 + p[0] + (p[0] & 1),
	};
	return true;
}

/* 1: it is there. */
static int table_load(struct iso *iso, struct table *table, uint32_t block, const char *what,
		      struct sp_error *err)
{
	const uint32_t size = get_le32(iso->descriptor + 132);
	struct sp_error why;

	*table = (struct table){.big = what[0] == 'M'};
	/* of a volume that is cut short anything may be missing */
	if (size && size <= CHECK_TABLE && iso->fs.declared > iso->fs.volume.size &&
	    !iso_place(iso, block, size, &table->at))
		return 0;
	if (!size || size > CHECK_TABLE || !iso_place(iso, block, size, &table->at)) {
		sp_fs_odd(&iso->fs, "LBA %llu: the type %s path table of %u bytes at block %u %s",
			  check_lba(iso), what, size, block,
			  size && size <= CHECK_TABLE ? "goes beyond the end"
						      : "has no size a path table can have");
		return 0;
	}
	table->data = malloc(size);
	if (!table->data)
		return sp_fail_memory(err);
	table->size = size;
	if (sp_fs_read(&iso->fs, table->at, table->data, size, &why) < 0) {
		sp_fs_odd(&iso->fs, "LBA %llu: the type %s path table cannot be read: %s",
			  (unsigned long long)(table->at / ISO_SECTOR), what, why.text);
		free(table->data);
		table->data = NULL;
		return 0;
	}
	return 1;
}

/* Both tables, entry for entry; from the first name of another length on they cannot be held
 * against each other. */
static void table_compare(struct iso *iso, const struct table *l, const struct table *m)
{
	struct table_entry a, b;
	unsigned differ = 0, number = 1;
	char first[120] = "";

	for (size_t at = 0; table_entry(l, at, &a); at = a.next, number++) {
		const bool alike = table_entry(m, at, &b) && a.name_size == b.name_size &&
				   !memcmp(a.name, b.name, a.name_size);
		if (alike && a.block == b.block && a.parent == b.parent &&
		    a.attributes == b.attributes)
			continue;
		if (!differ++ && alike)
			snprintf(first, sizeof(first),
				 "block %u and parent %u in type L, block %u and parent %u in type "
				 "M",
				 a.block, a.parent, b.block, b.parent);
		else if (differ == 1)
			snprintf(first, sizeof(first), "another name");
		if (differ == 1)
			sp_fs_odd(&iso->fs,
				  "LBA %llu: the path tables differ, first in entry %u: %s",
				  (unsigned long long)((m->at + at) / ISO_SECTOR), number, first);
		if (!alike)
			return;
	}
}

/* One entry's folder on the disc: "." where it is, ".." where its parent is. libisofs makes
 * Joliet's
 * ".." the folder itself, which nobody follows. True: something was told. */
static bool table_folder(struct iso *iso, const struct table_entry *entry, unsigned number,
			 uint64_t at, const uint32_t *block)
{
	const unsigned long long lba = at / ISO_SECTOR;
	uint8_t sector[ISO_SECTOR];
	struct iso_record self, up;

	if (!entry->parent || entry->parent > number) {
		sp_fs_odd(&iso->fs, "LBA %llu: path table entry %u has no parent before it", lba,
			  number);
		return true;
	}
	if (!iso_self(iso, (uint64_t)entry->block + entry->attributes, &self, sector) ||
	    self.extent != entry->block) {
		sp_fs_odd(&iso->fs, "LBA %llu: path table entry %u: no folder lies at block %u",
			  lba, number, entry->block);
		return true;
	}
	if (iso_record(iso, &up, sector, self.size, self.at) != 1 ||
	    up.extent == block[entry->parent] ||
	    (iso->kind == ISO_JOLIET && up.extent == self.extent))
		return false;
	sp_fs_odd(&iso->fs,
		  "LBA %llu: path table entry %u: its parent is the folder at block %u, its own "
		  "\"..\" the one at %u",
		  lba, number, block[entry->parent], up.extent);
	return true;
}

/* The folders a table names, up to the first that is not as it says. */
static int table_follow(struct iso *iso, const struct table *table, struct sp_error *err)
{
	uint32_t *block = calloc(CHECK_FOLDERS + 1, sizeof(*block));
	struct table_entry entry;

	if (!block)
		return sp_fail_memory(err);
	for (size_t at = 0, number = 1; number <= CHECK_FOLDERS && table_entry(table, at, &entry);
	     at = entry.next, number++) {
		block[number] = entry.block;
		if (table_folder(iso, &entry, (unsigned)number, table->at + at, block))
			break;
	}
	free(block);
	return 0;
}

/* Every folder has an entry, when those of the tree have been counted. */
static void table_count(struct iso *iso, const struct table *table)
{
	const struct sp_fs_count *count = &iso->fs.counted;
	struct table_entry entry;
	uint64_t entries = 0;

	for (size_t at = 0; table_entry(table, at, &entry); at = entry.next)
		entries++;
	if (count->whole && entries != count->folders + 1)
		sp_fs_odd(&iso->fs, "LBA %llu: the path table has %llu folders, the tree %llu",
			  (unsigned long long)(table->at / ISO_SECTOR), (unsigned long long)entries,
			  (unsigned long long)count->folders + 1);
}

static int check_tables(struct iso *iso, struct sp_error *err)
{
	const uint8_t *d = iso->descriptor;
	struct table l, m = {0};
	int r = table_load(iso, &l, get_le32(d + 140), "L", err);

	if (r == 1) {
		table_count(iso, &l);
		r = table_follow(iso, &l, err);
	}
	if (!r)
		r = table_load(iso, &m, get_be32(d + 148), "M", err);
	if (r == 1 && l.data)
		table_compare(iso, &l, &m);
	free(l.data);
	free(m.data);
	return r < 0 ? r : 0;
}

int iso_check(struct sp_fs *fs, struct sp_error *err)
{
	struct iso *iso = (struct iso *)fs;

	/* the draft's and CD-i's fields are others; Rock Ridge's descriptor is that of the plain
	 * tree */
	if (iso->high_sierra || iso->cdi || iso->kind == ISO_ROCKRIDGE)
		return 0;
	check_orders(iso);
	check_dates(iso);
	check_root(iso);
	int r = iso->kind == ISO_PLAIN ? check_terminator(iso, err) : 0;
	if (!r)
		r = check_tables(iso, err);
	return r;
}
