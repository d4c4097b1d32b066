/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plain disk image says of itself: partition tables and file systems' first blocks. */
#ifndef SP_FORMATS_IMG_H
#define SP_FORMATS_IMG_H

#include <spindle/format.h>

enum { SP_IMG_BLOCK = 512 };

/* A block disc: one track of so many blocks of 512 bytes. NULL: no memory. */
struct sp_disc *sp_img_disc(uint64_t blocks);
/* Send notes of what was found: a line for the table, one for each partition. What cannot be read
 * or understood is not told. */
void sp_img_describe(struct sp_io *io, const struct sp_notes *notes);

#endif
