/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc that is one track of 2048-byte sectors. */
#ifndef SP_DISC_DATA_H
#define SP_DISC_DATA_H

#include <spindle/disc.h>

/* NULL: no memory. The medium is a guess by size. */
struct sp_disc *sp_disc_data(uint64_t sectors);
/* Give it another length. */
void sp_disc_data_resize(struct sp_disc *disc, uint64_t sectors);

#endif
