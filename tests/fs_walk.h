/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole file system as lines of text, for tests of its readers. */
#ifndef TESTS_FS_WALK_H
#define TESTS_FS_WALK_H

#include "tree/fs.h"

#include <stdbool.h>
#include <stdio.h>

enum { FS_WALK_FOLDERS = 4096, FS_WALK_NODES = 100000 };

/* What was said while it was walked: notes, and errors of nodes. */
struct fs_walk {
	FILE *out;       /* a line for each entry; NULL: none */
	FILE *said;      /* a line for each note and error; NULL: none */
	unsigned errors; /* nodes that could not be read */
	unsigned nodes;
	uint64_t bytes; /* of files read … */
	uint64_t most;  /* … and where that ends, 0: 64 MiB */
	bool times;     /* with the times of each */
	struct sp_notes notes;
};

/* Open a volume that is a whole io, with that reader. Notes go to walk->said. */
int fs_walk_open(struct fs_walk *walk, const struct sp_fs_format *format, struct sp_io *io,
		 struct sp_fs **fs, struct sp_error *err);
/* Lines "TYPE MODE SIZE CRC PATH" in the disc's order, folders after each other; each folder once.
 * TYPE is one of d f l c b p s; CRC is CRC-32 of the content, of links PATH is "path -> target". */
void fs_walk(struct fs_walk *walk, struct sp_fs *fs);

/* What a fuzzer does with a volume: everything listed and read, every place and whether it is free;
 * aborts where a failure says nothing. `data` stays the caller's. */
void fs_fuzz(const struct sp_fs_format *format, const uint8_t *data, size_t size);

/* And with a disc, whose trees were looked for or not: what its sectors belong to; aborts where one
 * is told nothing of, or a part is of nothing that was asked. */
void fs_fuzz_where(struct sp_inside *inside);

/* A text file whole, the caller's to free; NULL: it is not there. */
char *fs_load(const char *path);

/* CRC-32. */
uint32_t fs_crc(const void *data, size_t size);

struct fs_found {
	char *list, *said;
	char label[256];
	uint64_t damage;
	int status; /* of opening it */
	unsigned errors;
};
/* Everything the file system in a file holds, and all that is said of it. */
struct fs_found fs_find(const struct sp_fs_format *format, const char *path);
void fs_found_free(struct fs_found *found);
/* Its files are those of a real folder and what is beneath it, with their bytes. */
void fs_is_folder(const struct fs_found *found, const char *folder);
/* FOLDER/NAME.EXT against NAME.list and NAME.say (a line that must be part of what is said; without
 * it nothing is damaged). How many differ, which are printed. */
unsigned fs_differs(const struct sp_fs_format *format, const char *folder, const char *name,
		    const char *extension);
/* How many of the folder's files "NAME<extension>" do, all of them; *seen: how many there are. */
unsigned fs_differ_in(const struct sp_fs_format *format, const char *folder, const char *extension,
		      unsigned *seen);

#endif
