/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signatures by which kinds of discs are known. */
#ifndef SP_TREE_KIND_H
#define SP_TREE_KIND_H

#include <spindle/tree.h>

/* What was read at a signature's place. */
struct kind_seen {
	const uint8_t *data;
	size_t size;
	char *text; /* what the disc says of itself there, "" so far; SP_KIND_TEXT */
};
/* More than the bytes show: false, it is none after all. */
typedef bool kind_tell_fn(struct kind_seen *seen);

/* Of data tracks: bytes from the track's first sector on. */
struct kind_sector {
	const char *name;
	uint32_t at; /* of the bytes */
	uint8_t size;
	const char *bytes;
	uint32_t from; /* what `tell` is given begins there: KIND_BYTES from there on */
	kind_tell_fn *tell;
};
/* Of trees: a file or folder (whose path ends with '/'), whatever its case; a component may be a
 * pattern as fnmatch(3). */
struct kind_file {
	const char *name;
	const char *path;
	uint32_t at;  /* of the bytes in the file */
	uint8_t size; /* 0: that it is there is enough */
	const char *bytes;
	kind_tell_fn *tell; /* given the file's first KIND_BYTES */
};
enum { KIND_BYTES = 2048 };

extern const struct kind_sector kind_sectors[]; /* ended by no name */
extern const struct kind_file kind_files[];

#endif
