/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc that is one track of data without framing. */
#ifndef SP_DISC_DATA_H
#define SP_DISC_DATA_H

#include <spindle/disc.h>

/* One session with one track, all of it stored, in SP_MODE_DATA2048 or SP_MODE_BLOCK512. NULL: no
 * memory. */
struct sp_disc *sp_disc_plain(unsigned medium, unsigned mode, uint64_t sectors);
/* The same of 2048-byte sectors; the medium is a guess by size. */
struct sp_disc *sp_disc_data(uint64_t sectors);
/* Give it another length. */
void sp_disc_data_resize(struct sp_disc *disc, uint64_t sectors);

#endif
