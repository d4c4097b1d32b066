/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that a FILE line means, where it is no longer called what the sheet calls it. */
#ifndef SP_FORMATS_CUE_FIND_H
#define SP_FORMATS_CUE_FIND_H

#include "formats/cue_parse.h"

#include <spindle/io.h>

/* The last part of a name, whatever separates. */
const char *sp_cue_base(const char *name);
/* `name` with another extension (with its dot); malloc'd, NULL: no memory. */
char *sp_cue_replace(const char *name, const char *extension);
/* *out NULL with status 0: there is no such file beside `io`. */
int sp_cue_sibling(struct sp_io *io, const char *name, struct sp_io **out, struct sp_error *err);

/* Open the data of sheet->file[file], which lies beside or beneath `io`, the sheet: under its name
 * as it stands, in UTF-8, without its folder; of sound with the extension of another kind; where
 * the sheet has one FILE, under the sheet's name. Which one it is is noted when it is not the
 * first. *found, malloc'd: the name that led there. */
int sp_cue_find(struct sp_io *io, const struct sp_cue_sheet *sheet, size_t file,
		const struct sp_notes *notes, struct sp_io **out, char **found,
		struct sp_error *err);

#endif
