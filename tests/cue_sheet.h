/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cue sheet made of a disc, in a folder in memory. */
#ifndef TESTS_CUE_SHEET_H
#define TESTS_CUE_SHEET_H

#include "tests/cue_folder.h"

/* Copy `src` (borrowed) to out.cue with options "key=value key=value". */
int sheet_make(struct folder *folder, struct sp_source *src, const char *settings, bool lossy,
	       struct sp_error *err);
/* A file's, until the next is asked for. */
const char *sheet_text(struct folder *folder, const char *name);
uint64_t sheet_size(struct folder *folder, const char *name);
/* No files at all. */
void sheet_empty(struct folder *folder);
/* What was written says the same as `src`. */
void sheet_check_same(struct folder *folder, struct sp_source *src, const char *what);

#endif
