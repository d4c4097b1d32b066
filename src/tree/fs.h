/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every reader of a file system looks like, and what they share: notes said once, lists of
 * extents, files made of them. A reader is one file, one extern below, one line in fs_formats.c. */
#ifndef SP_TREE_FS_H
#define SP_TREE_FS_H

#include <spindle/tree.h>

/* Where a file system is looked for. */
struct sp_fs_volume {
	struct sp_io *io; /* borrowed: a disc's user data, 2048 bytes a sector from LBA 0 (of 512
			     blocks: as they are). What is damaged on the disc reads as it is there;
			     what is no data (audio) as zeros */
	uint64_t start;   /* byte of the volume's first sector: 0, or that of a session, track or
			     partition. ISO 9660 and UDF count sectors from the disc's start,
			     or, where they were moved as a whole, from here */
	uint64_t size;    /* bytes from `start` on; never beyond the io */
};

struct sp_fs_format {
	const char *name;    /* as --tree has it: rockridge joliet iso9660 udf hfs+ */
	const char *summary; /* for a person: "ISO 9660 with Rock Ridge" */
	/* 1: there is one, 0: not. Fails where the volume cannot be read, or memory. */
	int (*probe)(const struct sp_fs_volume *volume, struct sp_error *err);
	/* After a probe that found it. Notes may come from here on, until the close. */
	int (*open)(struct sp_fs **out, const struct sp_fs_volume *volume,
		    const struct sp_notes *notes, struct sp_error *err);
};

extern const struct sp_fs_format sp_fs_rockridge, sp_fs_joliet, sp_fs_iso9660;

/* NULL-ended, those a person would rather see first. */
extern const struct sp_fs_format *const sp_fs_formats[];

/* A place of the volume that something has: bytes of its io. Not 0: stop, and return that. */
typedef int sp_place_fn(void *user, unsigned what, const char *name, uint64_t at, uint64_t size);

/* NULL: there is nothing of the kind. Nodes are those the reader gave. */
struct sp_fs_ops {
	/* As sp_fs_read_dir. A record that is not understood is sp_fs_damaged and passed over, also
	 * one whose sector is. Bounded by the folder's size, which must be bounded by the
	 * volume's. */
	int (*read_dir)(struct sp_fs *fs, const struct sp_node *folder, sp_entry_fn *fn, void *user,
			struct sp_error *err);
	int (*link)(struct sp_fs *fs, const struct sp_node *node, char **target,
		    struct sp_error *err);
	/* Build with sp_fs_extents_add; the layer frees it. */
	int (*map)(struct sp_fs *fs, const struct sp_node *node, unsigned fork,
		   struct sp_fs_extents *list, struct sp_error *err);
	/* Of a node whose map is `coded`: its bytes, decoded. The extents may be taken (moved). */
	int (*open)(struct sp_fs *fs, const struct sp_node *node, unsigned fork, const char *name,
		    struct sp_fs_extents *list, struct sp_io **out, struct sp_error *err);
	int (*xattrs)(struct sp_fs *fs, const struct sp_node *node, sp_xattr_fn *fn, void *user,
		      struct sp_error *err);
	int (*describe)(struct sp_fs *fs, sp_fact_fn *fn, void *user, struct sp_error *err);
	/* What the volume has for itself: SP_WHERE_VOLUME, each with its name. */
	int (*places)(struct sp_fs *fs, sp_place_fn *fn, void *user, struct sp_error *err);
	/* What a node has besides its forks: SP_WHERE_FOLDER or _ENTRY, and no name. */
	int (*holds)(struct sp_fs *fs, const struct sp_node *node, sp_place_fn *fn, void *user,
		     struct sp_error *err);
	/* Whether the volume says that these bytes are not in use. */
	bool (*unused)(struct sp_fs *fs, uint64_t at, uint64_t size);
	/* As sp_fs_check. */
	int (*check)(struct sp_fs *fs, struct sp_error *err);
	void (*close)(struct sp_fs *fs); /* what the reader holds, and the struct itself */
};

struct sp_fs_said;
/* The first member of a reader's own struct; zeroed but for what is named. */
struct sp_fs {
	const struct sp_fs_ops *ops;
	const struct sp_fs_format *format;
	struct sp_fs_volume volume;
	const struct sp_notes *notes; /* borrowed */
	struct sp_node root;
	char *label;              /* malloc'd; NULL: none */
	struct sp_fs_said *said;  /* what was told, so that it is told once */
	struct sp_inside *inside; /* that opened it: knows of damaged sectors. NULL: none */
	uint64_t damage;
	struct sp_fs_count counted; /* as sp_fs_count found it, whole or not at all */
	uint64_t declared; /* bytes from volume.start on that the volume says it has; 0: unknown */
};

/* Tell of something odd, or (told as damage) of something that is not understood or cannot be read:
 * a line that names the place. The same line is told once; after SP_FS_TOLD lines only the damage
 * is counted. A reader's place is a path or "sector 17". */
#define SP_FS_TOLD 256
void sp_fs_odd(struct sp_fs *fs, const char *fmt, ...) SP_PRINTF(2, 3);
void sp_fs_damaged(struct sp_fs *fs, const char *fmt, ...) SP_PRINTF(2, 3);

/* Bytes of the volume's io: SP_ERR_FORMAT where they are not in volume. */
int sp_fs_read(struct sp_fs *fs, uint64_t at, void *data, size_t size, struct sp_error *err);

/* Append a run, joined to the last one where it goes on there; size 0 is left out. SP_ERR_FORMAT:
 * beyond the volume's io (at LBA …), or more than SP_FS_EXTENTS runs. */
#define SP_FS_EXTENTS (1u << 20)
int sp_fs_extents_add(struct sp_fs_extents *list, const struct sp_fs *fs, uint64_t at,
		      uint64_t size, bool hole, struct sp_error *err);
/* What the extents hold, as a file: `size` bytes, zeros where the extents end earlier. Borrows the
 * disc, takes the list on success; name is copied. */
int sp_fs_extents_io(struct sp_io **out, struct sp_io *disc, struct sp_fs_extents *list,
		     uint64_t size, const char *name, struct sp_error *err);

/* --- names and times --- */

/* A malloc'd UTF-8 name of UTF-16 (big-endian unless `little`), of bytes that are most likely UTF-8
 * and else Latin-1, or of Latin-1 (UDF's 8-bit names): NUL is U+2400, what is no letter U+FFFD.
 * NULL: no memory. */
char *sp_fs_utf16(const uint8_t *text, size_t size, bool little);
char *sp_fs_bytes(const uint8_t *text, size_t size);
char *sp_fs_latin1(const uint8_t *text, size_t size);
/* Seconds since 1970 of a day and time of the Gregorian calendar; false: there is none such. */
bool sp_fs_time(struct sp_time *time, int64_t year, unsigned month, unsigned day, unsigned hour,
		unsigned minute, unsigned second, int offset_minutes);
/* "2026-11-27 16:05:09 +00:00", "" when it is not known. Returns text. */
#define SP_FS_DATE 40
char *sp_fs_date(char text[SP_FS_DATE], const struct sp_time *time);

extern const struct sp_fs_format sp_fs_udf, sp_fs_hfsplus;

#endif
