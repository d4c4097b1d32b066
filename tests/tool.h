/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs, and a folder of a test program's own that they work in. */
#ifndef TESTS_TOOL_H
#define TESTS_TOOL_H

#include <spindle/error.h>

#include <stdbool.h>

/* cmocka's, of a group: the folder is made, and is gone in the end. */
extern char tool_folder[];
int tool_begin(void **state);
int tool_end(void **state);

/* A line of the shell; what system() returns. */
int tool_run(const char *fmt, ...) SP_PRINTF(1, 2);
/* Whether there is such a program; says so where there is none. */
bool tool_has(const char *program);

#endif
