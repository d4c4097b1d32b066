/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Temporary names of an output set, `.NAME.PID.part`, and what dead programs left of theirs. */
#ifndef SP_IO_PARTS_H
#define SP_IO_PARTS_H

#include <spindle/error.h>

#include <stddef.h>

struct sp_parts {
	int dirfd;    /* borrowed */
	char **stale; /* names in the directory that look like leavings */
	size_t count;
};

/* Look the directory over for leavings; what cannot be read is not found. */
void sp_parts_scan(struct sp_parts *parts, int dirfd);
void sp_parts_free(struct sp_parts *parts);

/* A dead program gave files their names and was killed before the set's descriptor had its own: the
 * temporary names of all are there, and a file's is the same file still. Take those names away
 * again; before the leavings of the descriptor are removed, by which they are known. */
void sp_parts_take_back(const struct sp_parts *parts, const char *descriptor);

/* Make the temporary file of `name`, after removing its leavings: *part is its name (malloc'd),
 * *fd open for reading and writing and locked (flock) for as long as it is open. `path` is for
 * messages. SP_ERR_USAGE: somebody is at work on that name. */
int sp_parts_create(struct sp_parts *parts, const char *name, const char *path, char **part,
		    int *fd, struct sp_error *err);
/* The same of a folder, *fd open for reading and locked. */
int sp_parts_create_folder(struct sp_parts *parts, const char *name, const char *path, char **part,
			   int *fd, struct sp_error *err);
/* Remove a folder with files, and folders of files, in it; -1: not all went, errno says why. */
int sp_parts_remove_folder(int dirfd, const char *name);

#endif
