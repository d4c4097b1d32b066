/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files in a folder of a test's own, and the job of an output set that has a version. */
#ifndef TESTS_OUTSET_JOB_H
#define TESTS_OUTSET_JOB_H

#include <spindle/io.h>

#define BIN_SIZE 300000

/* cmocka's: a folder of the tests' own to be in, emptied before each, and gone in the end. */
int outset_enter(void **state);
int outset_setup(void **state);
int outset_leave(void **state);

/* A descriptor and two data files, all of one version, 1 to 3. */
int job_write(struct sp_outset *set, int version, struct sp_error *err);
/* The whole job with SP_OUTSET_…; says on stderr why it failed and returns the status negated. */
int job_main(int version, unsigned flags);

/* The version of a data file, and of the descriptor: 0 absent, -1 not whole. */
int bin_version(const char *name);
int cue_version(void);

/* Of the folder we are in: names that end so; nothing is left in it; a file's text. */
unsigned count_entries(const char *end);
void empty_here(void);
void put_file(const char *name, const char *text);
void assert_file(const char *name, const char *text);

#endif
