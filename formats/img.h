/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plain disk image is, and what it says that it lacks. */
#ifndef SP_FORMATS_IMG_H
#define SP_FORMATS_IMG_H

#include <spindle/format.h>

enum { SP_IMG_BLOCK = 512 };

/* A block disc: one track of so many blocks of 512 bytes. NULL: no memory. */
struct sp_disc *sp_img_disc(uint64_t blocks);
/* Send notes of what is odd: partitions or a volume that end elsewhere, no table and no file
 * system, a name that promises more. What cannot be read or understood is not told. */
void sp_img_describe(struct sp_io *io, const struct sp_notes *notes);

#endif
