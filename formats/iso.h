/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc of one track of 2048-byte sectors, as others find it too. */
#ifndef SP_FORMATS_ISO_H
#define SP_FORMATS_ISO_H

#include <spindle/disc.h>

/* The medium is a guess by size. NULL: no memory. */
struct sp_disc *sp_iso_disc(uint64_t sectors);

#endif
