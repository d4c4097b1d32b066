/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders of a disc: an ISO 9660 image made of a folder, what boots, and every file
 * system looked into. */
#ifndef SPINDLE_TREE_H
#define SPINDLE_TREE_H

#include <spindle/error.h>
#include <spindle/stream.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sp_author_id { /* texts of the volume descriptors, ECMA-119 8.4 */
		    SP_AUTHOR_VOLUME,
		    SP_AUTHOR_VOLUME_SET,
		    SP_AUTHOR_PUBLISHER,
		    SP_AUTHOR_PREPARER,
		    SP_AUTHOR_APPLICATION,
		    SP_AUTHOR_SYSTEM,
		    SP_AUTHOR_COPYRIGHT, /* these three name files of the root */
		    SP_AUTHOR_ABSTRACT,
		    SP_AUTHOR_BIBLIOGRAPHY,
		    SP_AUTHOR_IDS
};

enum sp_author_checksum { /* embedded; each changes bytes the other one sums */
			  SP_AUTHOR_NO_CHECKSUM,
			  SP_AUTHOR_ISOMD5,   /* MD5 in the volume descriptor: checkisomd5 */
			  SP_AUTHOR_LIBISOFS, /* MD5 of the session, the tree and each file */
};

struct sp_graft {
	const char *to;   /* path in the image */
	const char *from; /* file or folder; NULL: an empty folder */
};
struct sp_author_weight {
	const char *pattern; /* of paths in the image, as fnmatch(3) */
	int weight;          /* heavier files lie nearer to the beginning */
};

/* What an image is to be made of. Zeroed: nothing; strings are borrowed until the open returns. */
struct sp_author {
	const char *folder; /* its content becomes the root; NULL: the grafts alone */
	const struct sp_graft *graft;
	size_t grafts;
	const char *const *exclude; /* glob(7) patterns of names, or of the last parts of paths */
	size_t excludes;
	const struct sp_author_weight *weight;
	size_t weights;
	const char *id[SP_AUTHOR_IDS]; /* NULL: a new disc's volume is called after the folder, or
					  ISOIMAGE; the rest stays empty */
	bool no_rock_ridge, no_joliet, hfsplus;
	bool follow_links; /* what symbolic links point to, not the links */

	const char *bios; /* El Torito image for BIOSes, a path in the image */
	const char *efi;  /* EFI system partition, a path in the image; "auto": made of its EFI/ */
	const char *mbr;  /* boot code of a USB disk, a file; NULL: the one that fits `bios` */
	bool no_hybrid;   /* boots as a CD alone */

	unsigned checksum;
	bool reproducible; /* dates, owners, modes and identifiers do not depend on the machine */
	int64_t epoch;     /* seconds since 1970 that everything in a reproducible image is dated */

	struct sp_source *append; /* borrowed while the image is open: the disc whose next session
				     this will be, with its files; NULL: a new disc */
	sp_lba next;              /* where that session begins; SP_LBA_NONE: as on a CD */

	bool lossy; /* names a tree cannot hold are changed, and said in a note */
	const struct sp_notes *notes;
};

/* Set author->reproducible and epoch: as the environment's SOURCE_DATE_EPOCH says, and where that
 * is not set, when `asked`, 1 January 1980, since FAT, of which EFI partitions are, knows no
 * earlier day. SP_ERR_USAGE: it is no such time. */
SP_API int sp_author_date(struct sp_author *author, bool asked, struct sp_error *err);

/* The image as a once-only source of 2048-byte sectors, whose size is known at once. Files are read
 * while it is read: one that cannot be read, or has become shorter, is an error. SP_ERR_LOSSY names
 * what a tree cannot hold; SP_ERR_USAGE what was asked and is not there. */
SP_API int sp_author_open(struct sp_source **out, const struct sp_author *author,
			  struct sp_error *err);

enum { SP_BOOT_ENTRIES = 32, SP_BOOT_TEXT = 120 };
enum sp_boot_way {
	SP_BOOT_BIOS_DISC,
	SP_BOOT_UEFI_DISC,
	SP_BOOT_BIOS_USB,
	SP_BOOT_UEFI_USB,
	SP_BOOT_WAYS
};

/* An entry of the boot catalog, El Torito 1.0, 2.2 and 2.4. */
struct sp_boot_entry {
	unsigned platform; /* 0 x86 BIOS, 1 PowerPC, 2 Mac, 0xef UEFI */
	unsigned media;    /* 0 no emulation, 1…3 floppies of 1.2, 1.44, 2.88 MB, 4 hard disk */
	unsigned segment;  /* where a BIOS loads it, 0: 7C0h */
	unsigned load;     /* blocks of 512 bytes that are loaded */
	uint32_t lba;
	unsigned filesystem; /* enum sp_filesystem, of the image */
	bool bootable;
	bool inside;      /* it lies on the disc */
	char loaders[48]; /* machines it has a UEFI loader for, "x64, ia32" */
};

/* What boots, and from where. */
struct sp_boot {
	sp_lba catalog; /* SP_LBA_NONE: none */
	char id[25];    /* who made the catalog */
	struct sp_boot_entry entry[SP_BOOT_ENTRIES];
	size_t entries;
	struct {
		bool boots;
		char why[SP_BOOT_TEXT]; /* what boots, or what lacks */
	} way[SP_BOOT_WAYS];
	const char *trouble[4]; /* sentences without an end; static */
	size_t troubles;
};

/* Look at a disc with an ISO 9660 volume, as disc and as it would be on a USB disk: on other discs
 * nothing boots. Of several sessions the last one does. Damage is no error: what cannot be
 * understood does not boot; what cannot be read is. SP_ERR_USAGE: the source cannot be read in any
 * order. */
SP_API int sp_boot_find(struct sp_boot *boot, struct sp_source *src, struct sp_error *err);
SP_API const char *sp_boot_platform_name(unsigned platform); /* x86 PowerPC Mac UEFI; "" unknown */
SP_API const char *sp_boot_media_name(unsigned media);       /* "no emulation" …; "" unknown */

/* --- looking inside ------------------------------------------------------------------------- */

/* A file system, opened for reading. One thread at a time. */
struct sp_fs;

enum sp_node_type {
	SP_NODE_FILE,
	SP_NODE_FOLDER,
	SP_NODE_LINK, /* symbolic */
	SP_NODE_CHAR,
	SP_NODE_BLOCK,
	SP_NODE_FIFO,
	SP_NODE_SOCKET,
};
enum sp_node_has { /* what the file system says of a node; the rest is 0 */
		   SP_NODE_MODE = 1,
		   SP_NODE_OWNER = 2,
		   SP_NODE_DEVICE = 4,
		   SP_NODE_HIDDEN = 8,  /* marked so */
		   SP_NODE_CODED = 16,  /* lies compressed */
		   SP_NODE_XATTRS = 32, /* extended attributes */
		   SP_NODE_FORM2 = 64,  /* mode 2 form 2 sectors, or audio: of each sector `size`
					   counts 2048 bytes, whatever it holds */
};
enum sp_node_time {
	SP_TIME_MODIFIED,
	SP_TIME_ACCESSED,
	SP_TIME_CHANGED,
	SP_TIME_CREATED,
	SP_TIMES
};
struct sp_time {
	int64_t seconds; /* since 1970 UTC */
	uint32_t nanoseconds;
	bool known;
};
enum sp_fork { SP_FORK_DATA, SP_FORK_RESOURCE };

/* A file, folder or link; plain to copy, valid while its file system is open. */
struct sp_node {
	uint64_t key[3]; /* the reader's own: where it is found */
	uint64_t id;     /* equal: the same file under another name, the same folder. 0: not known,
			    and of files: it has one name */
	unsigned type;   /* enum sp_node_type */
	unsigned has;    /* enum sp_node_has */
	uint64_t size;   /* bytes of the data fork as it is read; of a link or folder 0 */
	uint64_t resource; /* bytes of the resource fork */
	uint32_t mode;     /* the lower 12 bits of POSIX's */
	uint32_t uid, gid, links;
	uint32_t major, minor; /* of devices */
	struct sp_time time[SP_TIMES];
};

/* An entry of a folder. `name` is UTF-8 whatever the disc has: what is no letter is U+FFFD, NUL is
 * U+2400. It may be anything else: have a '/', be "..". Not 0: stop, and return that. */
typedef int sp_entry_fn(void *user, const char *name, const struct sp_node *node);
/* Names and data of an extended attribute. */
typedef int sp_xattr_fn(void *user, const char *name, const void *data, size_t size);

SP_API const struct sp_node *sp_fs_root(const struct sp_fs *fs);
/* Every entry but "." and "..", in the disc's order. Entries that are not understood are told as
 * damage and left out; a folder that cannot be read at all fails. */
SP_API int sp_fs_read_dir(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn,
			  void *user, struct sp_error *err);
/* Where a symbolic link points to, as it is stored; *target is the caller's to free. */
SP_API int sp_fs_link(struct sp_fs *fs, const struct sp_node *node, char **target,
		      struct sp_error *err);
/* A file's bytes. `name` is for messages. The io belongs to the caller and is to be closed before
 * the file system. */
SP_API int sp_fs_open_file(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
			   const char *name, struct sp_io **out, struct sp_error *err);
/* Nothing is called where there are none. */
SP_API int sp_fs_xattrs(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
			struct sp_error *err);

/* A run of a file's bytes. */
struct sp_fs_extent {
	uint64_t at;   /* in the disc, 2048 bytes a sector from LBA 0; a hole: 0 */
	uint64_t size; /* bytes, not 0 */
	bool hole;     /* nothing stored: zeros */
};
/* In the order of the file; together as long as the fork, or what is stored of it where `coded`. */
struct sp_fs_extents {
	struct sp_fs_extent *extent;
	size_t count;
	uint64_t size; /* of all */
	bool coded;    /* they hold it compressed */
};
SP_API void sp_fs_extents_free(struct sp_fs_extents *list); /* zeroed is fine */
/* Where a fork lies. Free *list in any case. */
SP_API int sp_fs_map(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
		     struct sp_fs_extents *list, struct sp_error *err);

/* The volume's name, "" when it has none. */
SP_API const char *sp_fs_label(const struct sp_fs *fs);
/* What the volume says of itself: dates, identifiers, sizes. Facts have no section. */
SP_API int sp_fs_describe(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err);
/* Bytes from its tree's start on that the volume says it has; 0: it does not say. */
SP_API uint64_t sp_fs_declared(const struct sp_fs *fs);
/* Look whether what the volume says twice is the same; what is not is told in notes, a line for
 * each with its place. Costs little, whatever the volume's size. */
SP_API int sp_fs_check(struct sp_fs *fs, struct sp_error *err);
struct sp_fs_count {
	uint64_t files, folders; /* below the root; files are all that is no folder */
	uint64_t coded;          /* of them that lie compressed */
	bool whole;              /* all are counted */
};
/* Count what the tree has; at most so many entries are looked at. */
SP_API int sp_fs_count(struct sp_fs *fs, uint64_t most, struct sp_fs_count *count,
		       struct sp_error *err);
/* Places so far that were not understood or could not be read, and have been told in a note. */
SP_API uint64_t sp_fs_damage(const struct sp_fs *fs);
SP_API void sp_fs_close(struct sp_fs *fs); /* NULL is fine */

/* An entry met on a walk. */
struct sp_walk_entry {
	const char *path; /* from where the walk began; a '/' of a name is \x2F in it */
	const char *name;
	const struct sp_node *node;
	unsigned depth; /* 1: of the folder the walk began in */
	bool last;      /* of its folder */
};
#define SP_WALK_SKIP    1 /* do not enter this folder */
#define SP_WALK_DEPTH   512
#define SP_WALK_ENTRIES 10000000u
/* 0: go on. Negative: stop, and return that. */
typedef int sp_walk_fn(void *user, const struct sp_walk_entry *entry);
enum sp_walk_flags { SP_WALK_SORTED = 1 /* each folder's entries by their names' bytes */ };
/* Everything below `from`, a folder before what is in it. A folder is entered once, whatever names
 * it has; one that cannot be read is told as damage. `path` (may be "") begins every entry's. Stops
 * with SP_ERR_FORMAT behind SP_WALK_ENTRIES. */
SP_API int sp_fs_walk(struct sp_fs *fs, const struct sp_node *from, const char *path,
		      unsigned flags, sp_walk_fn *fn, void *user, struct sp_error *err);
/* A file of one tree whose bytes no file of the other one has; `second`: of b. Not 0: stop, and
 * return that. */
typedef int sp_differ_fn(void *user, bool second, const char *path);
/* Where two trees of one disc disagree, by the places of their files: not by names, which a tree
 * may have to change. Empty files are passed over, and resource forks. At most so many entries of
 * each are looked at; *whole: that was all. */
SP_API int sp_fs_differ(struct sp_fs *a, struct sp_fs *b, uint64_t most, sp_differ_fn *fn,
			void *user, bool *whole, struct sp_error *err);
/* The node at a path from the root: names parted by '/', which is \x2F within a name. Where none is
 * spelt so, the only one alike but for the case of ASCII letters is taken. SP_ERR_USAGE: it is not
 * there. */
SP_API int sp_fs_find(struct sp_fs *fs, const char *path, struct sp_node *node,
		      struct sp_error *err);

/* --- which file systems there are ----------------------------------------------------------- */

/* A tree of files a disc has. */
struct sp_tree {
	const char *name;                   /* rockridge joliet iso9660 udf hfs+ */
	const char *summary;                /* for a person: "ISO 9660 with Rock Ridge" */
	unsigned session, track, partition; /* where; 0: there is but one */
	uint64_t start, size;               /* bytes of the disc */
	const char *label;                  /* the volume's name, "" when it has none */
	const void *format;                 /* private */
};

/* Looks into a source: its trees, and its sectors as they need them. */
struct sp_inside;
/* `src` is borrowed and can be read in any order (SP_ERR_USAGE). */
SP_API int sp_inside_open(struct sp_inside **out, struct sp_source *src,
			  const struct sp_notes *notes, struct sp_error *err);
/* Find the trees, those a person would rather see first: of the last session before earlier ones,
 * of the disc before its partitions. `partition` not 0: of that one alone. SP_ERR_FORMAT: there is
 * none, and what there is instead. */
SP_API int sp_inside_find(struct sp_inside *inside, unsigned partition, struct sp_error *err);
SP_API const struct sp_tree *sp_inside_trees(const struct sp_inside *inside, size_t *count);
/* The partitions that the disc's table has, whatever its sectors are; of the scheme alone, though
 * another one is in force, unless that is SP_SCHEME_WHOLE. As sp_partitions_find; free *list in any
 * case. */
SP_API int sp_inside_partitions(struct sp_inside *inside, unsigned scheme,
				struct sp_partitions *list, struct sp_error *err);
/* Open one of them. */
SP_API int sp_inside_tree(struct sp_inside *inside, const struct sp_tree *tree, struct sp_fs **out,
			  struct sp_error *err);
/* An MD5 that a volume has of itself: isomd5sum's, or one of libisofs' tags. */
enum { SP_CHECKSUMS = 64, SP_CHECKSUM_TEXT = 128 };
struct sp_checksum {
	const char *what;     /* "isomd5sum", "libisofs session"; static */
	sp_lba lba;           /* that it stands in */
	uint64_t start, size; /* bytes of the disc it sums, counted as LBA times sector size */
	char expected[33];
	unsigned pieces; /* of isomd5sum: on the way, 0 none; and digits of their sums */
	char piece[61];
	uint64_t blank; /* … and where 512 bytes count as spaces; 0: nowhere */
	/* out, of a sink */
	char found[33]; /* "": not all of it came */
	bool ok;
	char where[SP_CHECKSUM_TEXT]; /* what is known of where it is wrong; "" */
};
struct sp_checksums {
	struct sp_checksum checksum[SP_CHECKSUMS];
	size_t count;
	uint64_t damaged; /* tags that are damaged themselves */
	sp_lba first;     /* the first of those */
};
/* Those of the ISO 9660 volumes of every data track. Reads a few sectors. */
SP_API int sp_checksums_find(struct sp_checksums *list, struct sp_inside *inside,
			     struct sp_error *err);
/* Sums what comes; *list, which must live as long as the sink, has the results after finish. */
SP_API int sp_sink_checksums(struct sp_sink **out, struct sp_checksums *list, struct sp_error *err);
/* A kind of disc, by a signature it has. */
enum { SP_KINDS = 16, SP_KIND_TEXT = 160, SP_KIND_BY = 64 };
struct sp_kind {
	const char *name;        /* "PlayStation", "DVD-Video"; static */
	char text[SP_KIND_TEXT]; /* what it says of itself: a number, a title, a version; "" */
	char by[SP_KIND_BY];     /* where the signature is: a path, "track 1, sector 0" */
};
struct sp_kinds {
	struct sp_kind kind[SP_KINDS];
	size_t count;
};
/* Look for signatures in the layout, at places of data tracks and in the trees that were found.
 * What cannot be read has none. Folders of very many entries are not gone through. */
SP_API int sp_kinds_find(struct sp_kinds *kinds, struct sp_inside *inside, struct sp_error *err);
/* Sectors read since the last call that were damaged, each time they were read. */
struct sp_inside_damage {
	uint64_t sectors;
	sp_lba first;
	unsigned state; /* SP_STATE bits of all */
};
SP_API void sp_inside_damage(struct sp_inside *inside, struct sp_inside_damage *damage);
SP_API void sp_inside_close(struct sp_inside *inside); /* NULL is fine */

/* --- what lies where ------------------------------------------------------------------------- */

enum sp_where_what {
	SP_WHERE_FILE,
	SP_WHERE_RESOURCE, /* a file's resource fork */
	SP_WHERE_FOLDER,   /* the names in a folder */
	SP_WHERE_ENTRY,    /* what is said of a file or folder */
	SP_WHERE_VOLUME,   /* the file system's own: a path table, … */
	SP_WHERE_FREE,     /* nothing is recorded there */
	SP_WHERE_NONE,     /* nothing that is known: no file, or one of a damaged folder */
	SP_WHERE_OUTSIDE,  /* no file system: audio, a gap, between partitions */
};
struct sp_where_part {
	sp_lba lba;
	uint64_t count; /* sectors */
	unsigned what;  /* enum sp_where_what */
	char *name; /* a path in the tree, "/" its root; "path table", … of SP_WHERE_VOLUME; ""
		       of the last three */
	uint64_t offset;  /* byte of the fork that the first of them has; of a file that lies
			     compressed: of what is stored */
	const char *tree; /* sp_tree's name, static; NULL: in none */
	unsigned session, track, partition; /* sp_tree's */
	bool other;                         /* not the tree a person sees first */
};
/* Parts ascend, each within one of the runs; several may have the same sector, when several names
 * lead to it. */
struct sp_where {
	struct sp_where_part *part;
	size_t parts;
	size_t damaged; /* trees that were not understood whole: more of what is hit may be theirs
			 */
	bool more;      /* there are more parts than are kept */
};
/* Say of runs of sectors, which ascend and do not overlap, what they belong to: each tree is walked
 * once at most, files the first one has are not told of the others. Nothing is kept of files that
 * are not hit. Clear *where in any case. Fails as sp_inside_find does where there is no tree. */
SP_API int sp_where_find(struct sp_where *where, struct sp_inside *inside, const struct sp_run *run,
			 size_t runs, struct sp_error *err);
SP_API void sp_where_clear(struct sp_where *where); /* zeroed is fine */
/* file resource folder entry volume free none outside */
SP_API const char *sp_where_name(unsigned what);

/* --- taking files out ------------------------------------------------------------------------ */

/* What is to be taken out of a tree. Zeroed: nothing. Nothing is ever written outside of `to`,
 * whatever the tree says, and nothing through a symbolic link in it. */
struct sp_extract {
	struct sp_fs *fs;         /* borrowed */
	struct sp_inside *inside; /* that has it: knows of damaged sectors. NULL: none */
	const char *to;          /* a folder; made when it is not there, though not what it is in */
	const char *const *want; /* paths, or patterns as fnmatch(3); of one without '/' any name
				    may be. What is in a folder comes with it */
	size_t wants;            /* 0: everything */
	bool force;              /* replace files that exist */
	bool appledouble;        /* beside a file with a resource fork, or with something to say to
				    the Finder, "._NAME" in AppleDouble's form, which has both */
	const struct sp_notes *notes;
	sp_progress_fn *progress; /* NULL is fine */
	void *user;
	/* out: */
	uint64_t files, folders, links, bytes;
	uint64_t renamed; /* their names could not be, or were taken by another one of the tree */
	uint64_t left;    /* links that lead out of the folder, devices: not made */
	uint64_t exist;   /* files that exist: left as they are */
	uint64_t damaged; /* files that have damaged sectors */
	uint64_t failed;  /* files and folders that could not be read */
};
/* Files are read in the order they lie in, each gets its name when it is whole, and all are on the
 * disk when it returns. A damaged file is written as it is, one that cannot be read is not made;
 * both are told, as all that is counted above. SP_ERR_USAGE: nothing is what was wanted. */
SP_API int sp_extract(struct sp_extract *x, struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
