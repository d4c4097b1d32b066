/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names by which one file speaks of another: what is followed, and what counts as the same. */
#ifndef SP_IO_NAME_H
#define SP_IO_NAME_H

#include <spindle/error.h>

#include <stdbool.h>

/* 0 when `name` is relative, ends in a file's name and stays in its directory, read with either
 * separator; otherwise SP_ERR_FORMAT. */
int sp_name_check(const char *name, struct sp_error *err);
/* A copy without empty and "." components, its parts joined by '/'; `backslash`: '\' separates
 * too. NULL: no memory. */
char *sp_name_clean(const char *name, bool backslash);
/* Equal but for the case of ASCII letters, whatever the locale. */
bool sp_name_alike(const char *a, const char *b);

#endif
