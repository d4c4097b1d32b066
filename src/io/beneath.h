/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening what a hostile file names, without leaving one directory. */
#ifndef SP_IO_BENEATH_H
#define SP_IO_BENEATH_H

#include <spindle/error.h>

#include <stdbool.h>

/* Open for reading, beneath `dirfd`, the file `name` (already passed by sp_name_check): exactly
 * so; else, but with `exact`, with '\' as a separator; else, part by part, the only entry alike but
 * for case. *fd and *path (`dir` and the name found, malloc'd) are the caller's. ENOENT as
 * sp_io_sibling; two candidates or a link that leads out are SP_ERR_FORMAT. What it opens may be of
 * any kind. */
int sp_beneath_open(int dirfd, const char *dir, const char *name, bool exact, int *fd, char **path,
		    struct sp_error *err);

/* Open the folder `path`, clean ("": dirfd itself) and of any length, beneath dirfd, without
 * following any link; -1 and errno. */
int sp_beneath_folder(int dirfd, const char *path);

#endif
