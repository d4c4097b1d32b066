/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of CD-Text packs beside a sheet. */
#ifndef SP_FORMATS_CDT_H
#define SP_FORMATS_CDT_H

#include <spindle/disc.h>
#include <spindle/io.h>

/* Packs from `io` into a disc that has its tracks, and the texts they hold where none is set. A
 * file that holds no packs is noted and no failure: only texts are lost. */
int sp_cdt_read(struct sp_io *io, struct sp_disc *disc, const struct sp_notes *notes,
		struct sp_error *err);

#endif
