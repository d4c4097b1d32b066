/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the reader of UDF (ECMA-167, OSTA UDF 1.02 to 2.60): descriptors, the volume,
 * partition maps, file entries. Clauses are ECMA-167's as part/clause, or UDF 2.60's. */
#ifndef SP_TREE_UDF_H
#define SP_TREE_UDF_H

#include "tree/fs.h"

enum udf_tag_id { /* 3/7.2.1, 4/7.2.1 */
		  UDF_TAG_SPARING = 0,
		  UDF_TAG_PRIMARY = 1,
		  UDF_TAG_ANCHOR = 2,
		  UDF_TAG_POINTER = 3,
		  UDF_TAG_USE = 4,
		  UDF_TAG_PARTITION = 5,
		  UDF_TAG_LOGICAL = 6,
		  UDF_TAG_UNALLOCATED = 7,
		  UDF_TAG_TERMINATING = 8,
		  UDF_TAG_INTEGRITY = 9,
		  UDF_TAG_FILE_SET = 256,
		  UDF_TAG_FILE_ID = 257,
		  UDF_TAG_ALLOCATION = 258,
		  UDF_TAG_INDIRECT = 259,
		  UDF_TAG_TERMINAL = 260,
		  UDF_TAG_FILE = 261,
		  UDF_TAG_ATTRIBUTES = 262,
		  UDF_TAG_EXTENDED_FILE = 266,
};

enum {
	UDF_TAG_SIZE = 16,
	UDF_BLOCK_MIN = 512,
	UDF_BLOCK_MAX = 32768,
	UDF_PARTS = 16,            /* partition maps; real volumes have up to three */
	UDF_SPARES = 65535,        /* entries of a sparing table: its count has 16 bits */
	UDF_VAT_ENTRIES = 1 << 24, /* 64 MiB of memory; a BD-R of 25 GB has 12 million blocks */
	UDF_META_RUNS = 1 << 16,   /* pieces of a metadata file */
	UDF_SEQUENCE = 4096,       /* descriptors of a volume descriptor sequence */
	UDF_CHAIN = 64,            /* extents one descriptor after another leads on to */
	UDF_ICB_CHAIN = 4096,      /* entries of strategy 4096: versions of one file */
	UDF_ALLOCATIONS = 1 << 16, /* blocks of allocation descriptors of one file */
	UDF_ATTRIBUTES = 1 << 20,  /* bytes of a file's extended attributes */
	UDF_LINK = 64 << 10,       /* bytes of a symbolic link */
	UDF_REVISION_METADATA = 0x250,
};

/* What a tag says of the descriptor it begins. */
enum udf_tag_state {
	UDF_TAG_GOOD,
	UDF_TAG_BLANK,  /* nothing but zeros: not recorded */
	UDF_TAG_NONE,   /* no tag, or one whose own checksum is wrong */
	UDF_TAG_OTHER,  /* of another kind */
	UDF_TAG_PLACE,  /* says it lies elsewhere: a leftover */
	UDF_TAG_BROKEN, /* what follows it has another CRC */
};

struct udf_at { /* lb_addr, 4/7.1 */
	uint32_t block;
	uint16_t part; /* number of a partition map */
};
struct udf_long {      /* long_ad, 4/14.14.2 */
	uint32_t size; /* bytes */
	unsigned kind; /* enum udf_extent_kind */
	struct udf_at at;
};
enum udf_extent_kind { UDF_RECORDED, UDF_ALLOCATED, UDF_HOLE, UDF_CONTINUED };

struct udf_piece {     /* of a metadata file */
	uint64_t from; /* byte of the file */
	uint64_t at;   /* byte of the disc */
	uint64_t size;
};
struct udf_pieces {
	struct udf_piece *piece;
	size_t count;
};
struct udf_spare {
	uint32_t from, to; /* block of the partition, sector of the disc */
};
enum udf_part_kind {
	UDF_PART_NONE, /* not understood: what lies in it cannot be read */
	UDF_PART_PLAIN,
	UDF_PART_VIRTUAL,
	UDF_PART_SPARABLE,
	UDF_PART_METADATA,
};
struct udf_part {
	unsigned kind;
	unsigned number;     /* of the partition descriptor */
	unsigned access;     /* 3/10.5.7: 1 read only, 2 write once, 3 rewritable, 4 overwritable */
	uint64_t at, blocks; /* of the partition: byte of the disc; logical blocks */
	uint32_t packet;     /* sparable: blocks that are moved together */
	struct udf_spare *spare;
	size_t spares;
	uint32_t file[4]; /* metadata: where the file and its mirror have their entries; sparable:
			     where `files` sparing tables are */
	unsigned files;
	struct udf_pieces meta[2];
	bool twice; /* the mirror has contents of its own */
};

struct udf_integrity { /* 3/10.10 and UDF 2.2.6 */
	bool known, closed, counted;
	uint32_t files, folders;
	unsigned read, write; /* revisions */
	uint64_t free, size;  /* blocks */
	struct sp_time time;
};

struct udf {
	struct sp_fs fs;
	uint64_t base;                       /* byte of sector 0 */
	uint32_t sector;                     /* bytes, ECMA-167's physical unit */
	uint32_t block;                      /* bytes, of a logical block; the same in UDF */
	uint64_t sectors;                    /* up to the end of the volume */
	struct udf_part part[UDF_PARTS + 1]; /* one more: below a virtual partition that has no
						map for what it lies in */
	unsigned parts;
	uint8_t *vat_data;
	const uint8_t *vat; /* in it, 4 bytes for each block of a virtual partition: that of the one
			       below; NULL: there is none */
	size_t vat_entries;
	uint64_t vat_sector;
	unsigned revision; /* 0x102 … 0x260 */
	struct udf_integrity integrity;
	struct udf_long root, streams;
	char *text[5]; /* enum udf_text; malloc'd or NULL */
	struct sp_time recorded;
	uint8_t *scratch;    /* a block */
	uint8_t *node_block; /* and another */
	unsigned hops;       /* along chains of ICBs, so far */
	uint64_t streamed;   /* files met so far that have named streams */
	uint64_t deleted;    /* names met so far that were deleted */
};
enum udf_text {
	UDF_TEXT_VOLUME,
	UDF_TEXT_SET,
	UDF_TEXT_FILE_SET,
	UDF_TEXT_APPLICATION,
	UDF_TEXT_IMPLEMENTATION,
	UDF_TEXTS
};

/* --- udf_tag.c --- */

/* `size` bytes from the tag on are there; id -1: any; location -1: any. */
unsigned udf_tag(const uint8_t *data, size_t size, int id, int64_t location);
/* "its tag is damaged" and so on, for messages. */
const char *udf_tag_text(unsigned state);
/* OSTA CS0 (UDF 2.1.1): a malloc'd UTF-8 text; nothing at all is "". NULL: no memory. */
char *udf_cs0(const uint8_t *text, size_t size);
/* The same of a dstring (1/7.2.12): a field whose last byte says how much of it is used. */
char *udf_dstring(const uint8_t *field, size_t size);
/* 1/7.3 */
struct sp_time udf_time(const uint8_t *stamp);
/* Identifier of an entity (1/7.4), e.g. "*UDF Sparing Table". */
bool udf_is(const uint8_t *regid, const char *name);
struct udf_long udf_long(const uint8_t *ad);
/* Whether a read failed for good: there is no use in looking elsewhere. */
bool udf_fatal(int status);

/* --- udf_anchor.c --- */

struct udf_extent {    /* extent_ad, 3/7.1 */
	uint32_t size; /* bytes */
	uint32_t at;   /* sector */
};
struct udf_anchor {
	uint64_t base;
	uint32_t sector; /* bytes */
	uint64_t at;     /* its own sector */
	struct udf_extent main, reserve;
	bool guessed; /* there is none: `main` is where descriptors are likely */
};
/* 1: found; 0: there is none; fails as reads do. `other` (NULL is fine) is another volume that an
 * anchor at the end points to; its sector 0: there is none. */
int udf_anchor_find(const struct sp_fs_volume *volume, struct udf_anchor *anchor,
		    struct udf_anchor *other, struct sp_error *err);
/* 1: the volume recognition sequence has an NSR descriptor. */
int udf_recognised(const struct sp_fs_volume *volume, struct sp_error *err);

/* --- udf_volume.c --- */

/* Reads both volume descriptor sequences and what they lead to: u->part, texts, *set. */
int udf_volume_open(struct udf *u, const struct udf_anchor *anchor, struct udf_long *set,
		    struct sp_error *err);

/* --- udf_part.c --- */

/* Find the tables of every partition map (sparing, VAT, metadata). What is missing is told, and
 * leaves a partition that cannot be read. */
int udf_parts_open(struct udf *u, struct sp_error *err);
void udf_parts_free(struct udf *u);
/* Where blocks of a partition lie: *at is the byte of the disc, *size how many of `size` bytes
 * follow each other there. `mirror`: where the metadata partition has its copy. SP_ERR_FORMAT says
 * why it is nowhere. */
int udf_locate(struct udf *u, struct udf_at from, uint64_t size, bool mirror, uint64_t *at,
	       uint64_t *run, struct sp_error *err);
/* A block that begins with a tag of that kind (-1: any), from the mirror where the first is
 * damaged. *state tells; the disc that cannot be read there is UDF_TAG_NONE. Fails where there is
 * no such block, or for good. */
struct udf_seen {
	unsigned state; /* enum udf_tag_state */
	uint64_t at;    /* byte of the disc */
};
int udf_read_tagged(struct udf *u, struct udf_at from, int id, uint8_t *block,
		    struct udf_seen *seen, struct sp_error *err);

/* --- udf_vat.c --- */

/* Find the table of a virtual partition in the partition map `below` it. */
int udf_vat_open(struct udf *u, unsigned part, uint16_t below, struct sp_error *err);

/* --- udf_entry.c --- */

/* A file entry or extended file entry (4/14.9, 4/14.17), as it lies in a block. */
struct udf_entry {
	struct udf_at at;
	uint8_t *block; /* u->block bytes, the caller's */
	bool extended;
	unsigned type;        /* 4/14.6.6 */
	unsigned flags;       /* 4/14.6.8 */
	uint64_t size;        /* bytes */
	uint64_t place;       /* byte of the disc where it lies */
	uint32_t attributes;  /* bytes of extended attributes, before … */
	uint32_t allocations; /* … the bytes of allocation descriptors, or the content */
	uint32_t begin;       /* where the attributes begin in the block */
	struct udf_long attribute_file, stream_folder;
};
/* The entry in force at an ICB (strategy 4 or 4096). SP_ERR_FORMAT: there is none. */
int udf_entry_read(struct udf *u, const struct udf_long *icb, struct udf_entry *entry,
		   struct sp_error *err);
/* Where the content lies, up to entry->size; what is missing at the end is told by list->size. */
int udf_entry_map(struct udf *u, const struct udf_entry *entry, struct sp_fs_extents *list,
		  struct sp_error *err);
/* The content of a folder or link, at most `most` bytes; *data is the caller's to free. */
int udf_entry_load(struct udf *u, const struct udf_entry *entry, uint64_t most, uint8_t **data,
		   size_t *size, struct sp_error *err);
/* --- udf_attr.c --- */

typedef int udf_attribute_fn(void *user, uint32_t type, const uint8_t *attribute, size_t size);
/* Each extended attribute (4/14.10) in the entry and in its attribute file. */
int udf_attributes(struct udf *u, const struct udf_entry *entry, udf_attribute_fn *fn, void *user,
		   struct sp_error *err);

/* --- udf_folder.c --- */

enum udf_id_flags { UDF_ID_HIDDEN = 1, UDF_ID_FOLDER = 2, UDF_ID_DELETED = 4, UDF_ID_PARENT = 8 };
struct udf_id { /* a file identifier descriptor, 4/14.4 */
	unsigned flags;
	bool broken; /* its CRC is wrong */
	struct udf_long icb;
	const uint8_t *name; /* OSTA CS0, `size` bytes */
	size_t size;
};
/* Not 0: stop, and return that. */
typedef int udf_id_fn(void *user, const struct udf_id *id, struct sp_error *err);
/* Each identifier of a folder of at most `most` bytes. */
int udf_folder_read(struct udf *u, const struct udf_entry *entry, uint64_t most, udf_id_fn *fn,
		    void *user, struct sp_error *err);

/* --- udf_places.c --- */

int udf_places(struct sp_fs *fs, sp_place_fn *fn, void *user, struct sp_error *err);
int udf_holds(struct sp_fs *fs, const struct sp_node *node, sp_place_fn *fn, void *user,
	      struct sp_error *err);

/* --- udf_node.c --- */

/* A node of what an ICB leads to. */
int udf_node(struct udf *u, const struct udf_long *icb, struct sp_node *node, struct sp_error *err);
static inline struct udf_long udf_node_icb(const struct sp_node *node)
{
	return (struct udf_long){.size = (uint32_t)node->key[1],
				 .at = {(uint32_t)node->key[0], (uint16_t)(node->key[0] >> 32)}};
}
/* 1: the file has a resource fork, whose entry it is; 0: it has none. */
int udf_resource(struct udf *u, const struct udf_entry *file, struct udf_entry *fork,
		 struct sp_error *err);
int udf_xattrs(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
	       struct sp_error *err);

#endif
