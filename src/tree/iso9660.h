/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ISO 9660 (ECMA-119), Joliet, High Sierra and Rock Ridge (SUSP 1.12, RRIP 1.12), as the files that
 * read them share it. */
#ifndef SP_TREE_ISO9660_H
#define SP_TREE_ISO9660_H

#include "tree/fs.h"

enum { ISO_SECTOR = 2048, ISO_PLAIN = 0, ISO_ROCKRIDGE, ISO_JOLIET };

/* Which folder a sector belongs to: one has its sectors to itself. Open addressing. */
struct iso_owners {
	struct iso_owner {
		uint64_t sector, folder; /* sector + 1; 0: free */
	} * slot;
	size_t room, count;
};

struct iso {
	struct sp_fs fs;
	unsigned kind;    /* ISO_… */
	bool high_sierra; /* the draft's fields */
	bool cdi;         /* big-endian numbers alone */
	unsigned skip;    /* SUSP: bytes of each system use area that are not its own */
	uint32_t block;   /* logical block size */
	int64_t base;     /* byte that block 0 lies at */
	uint32_t root[2]; /* block and bytes */
	unsigned sector;  /* of the volume, that its descriptor lies in */
	uint8_t descriptor[ISO_SECTOR];
	unsigned level;   /* of interchange (ECMA-119 10), as far as records were seen: 0…3 */
	unsigned longest; /* letters of a name, where it is too long for any level */
	struct iso_owners owners;
};

/* A directory record, ECMA-119 9.1. It points into the sector it lies in. */
struct iso_record {
	uint64_t at; /* byte of the io */
	size_t size;
	uint32_t extent, length; /* block, bytes */
	unsigned attributes;     /* blocks of the extended attribute record */
	unsigned flags, unit, gap;
	bool differs; /* little- and big-endian numbers do */
	const uint8_t *date, *name, *use;
	size_t name_size, use_size;
};
enum { ISO_HIDDEN = 1, ISO_FOLDER = 2, ISO_ASSOCIATED = 4, ISO_MULTI = 0x80 };

/* Where a block lies: a byte of the io, which `size` bytes from there are in. */
bool iso_place(const struct iso *iso, uint64_t block, uint64_t size, uint64_t *at);
/* 1: a record; 0: none begins there, the rest of the sector is empty; -1: it is not well-formed. */
int iso_record(const struct iso *iso, struct iso_record *record, const uint8_t *sector, size_t at,
	       uint64_t sector_at);
/* The "." of the folder at `block`; `sector` is where the record then lies. False: there is none.
 */
bool iso_self(struct iso *iso, uint64_t block, struct iso_record *record,
	      uint8_t sector[ISO_SECTOR]);

/* --- what the volume says of itself --- */

/* A field of the descriptor without spaces at its end, UTF-8, the caller's to free. NULL: no
 * memory. `at` is that of ECMA-119, from 0. */
char *iso_text(const struct iso *iso, size_t at, size_t size);
/* Blocks the descriptor says the volume has. */
uint32_t iso_blocks(const struct iso *iso);
int iso_describe(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err);
/* What is said twice (in two byte orders, path tables, the root) is told where it differs. */
int iso_check(struct sp_fs *fs, struct sp_error *err);

/* --- Rock Ridge --- */

/* What the system use fields of one record say. */
struct iso_susp {
	bool present; /* any field of Rock Ridge */
	bool sp;      /* SP, of a root's "." */
	unsigned skip;
	bool moved;     /* RE: it is shown elsewhere */
	uint32_t child; /* CL: the folder lies there; 0: no */
	bool has_mode, device, has_zf;
	uint32_t file_type; /* POSIX's, upper 4 bits */
	uint32_t serial;
	struct sp_node node; /* the facts */
	char *name;          /* NM, UTF-8; NULL: none */
	char *target;        /* SL; NULL: none, or not asked for */
	unsigned zf_version, zf_header, zf_log2;
	uint64_t zf_size;
};
/* Fill *susp from the record; `want_target` says that SL is of interest. Oddities are told for the
 * sector. SP_ERR_MEMORY alone fails. Clear it in any case. */
int iso_susp_read(struct iso *iso, struct iso_susp *susp, const struct iso_record *record,
		  bool want_target, struct sp_error *err);
void iso_susp_clear(struct iso_susp *susp);
/* 7 bytes of a record or 17 of a descriptor. */
bool iso_date7(struct sp_time *time, const uint8_t *date, bool zone);
bool iso_date17(struct sp_time *time, const uint8_t *date);

/* --- folders and files --- */

int iso_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
		 struct sp_error *err);
int iso_link(struct sp_fs *fs, const struct sp_node *node, char **target, struct sp_error *err);
int iso_map(struct sp_fs *fs, const struct sp_node *node, unsigned fork, struct sp_fs_extents *list,
	    struct sp_error *err);
int iso_open(struct sp_fs *fs, const struct sp_node *node, unsigned fork, const char *name,
	     struct sp_fs_extents *list, struct sp_io **out, struct sp_error *err);

/* --- zisofs --- */

/* A file whose ZF field said these; takes `stored` on success. */
int zisofs_open(struct sp_io **out, struct sp_io *stored, unsigned version, unsigned header,
		unsigned log2, uint64_t size, struct sp_error *err);

#endif
